#!/bin/sh
# crema augment: a sheet of what a net sees, the same for the same seed; pixels without mean and scale.
set -eu

images=$CREMA_SOURCE/tests/data/images

. "$CREMA_SOURCE/tests/tools/at_once.sh"

printf 'a_444.jpg 0\nb_420.jpg 1\ne_prog.jpg 2\np_rgb.bmp 3\n' >list.txt
convert_imageset --resize_height 32 --resize_width 40 "$images/img/" list.txt db 2>err
compute_image_mean --pca pca.binaryproto db mean.binaryproto 2>err

# net TRANSFORM - with layers behind the data that want no weights here
net() {
    cat <<END
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN }
  data_param { source: "db" batch_size: 3 backend: LMDB } transform_param { $1 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
END
}
crop='crop_size: 24 mirror: true'
random='rotate: true erase_ratio: 0.5 max_rotation_angle: 9 distort_param { hue_prob: 1 hue_delta: 90 }
    lighting_file: "pca.binaryproto"'

net "$crop $random" >all.prototxt
crema augment --model all.prototxt --n 10 --out a.png 2>err
is_png a.png
crema augment --model all.prototxt --n 10 --out b.png 2>err
cmp a.png b.png || fail 'the same seed draws something else'
crema augment --model all.prototxt --n 10 --seed 2 --out b.png 2>err
if cmp -s a.png b.png; then fail 'another seed draws the same'; fi

# mean and scale are undone, to the pixel
net "$crop" >plain.prototxt
crema augment --model plain.prototxt --out a.png 2>err
net "$crop scale: 0.017 mean_file: 'mean.binaryproto'" >plain.prototxt
crema augment --model plain.prototxt --out b.png 2>err
cmp a.png b.png || fail 'mean and scale are seen'

crema augment --model all.prototxt --n 2 --out a.svg 2>err
grep -q '</svg>' a.svg || fail 'no SVG'
fails 2 'wants --out' crema augment --model all.prototxt --out a.gif
fails 2 '--n wants 1 to' crema augment --model all.prototxt --out a.png --n 0
net 'lighting_file: "mean.binaryproto"' >wrong.prototxt
fails 1 'wrong.prototxt:2:77: mean.binaryproto is 3 x 32 x 40, not the 1 x C x C' \
    crema augment --model wrong.prototxt --out a.png
sed '1,3d' all.prototxt >wrong.prototxt
fails 1 'has no layer that reads data' crema augment --model wrong.prototxt --out a.png
