#!/bin/sh
# crema test --oversample: the mean probability of ten cuts, the same that crema predict --oversample gives; batches of
# other sizes change nothing.
set -eu

images=$CREMA_SOURCE/tests/data/images

. "$CREMA_SOURCE/tests/tools/at_once.sh"
mkdir img
cp "$images/img/p_rgb.bmp" "$images/img/a_444.jpg" "$images/img/b_420.jpg" img
for i in 0 1 2 3; do
    for name in a_444.jpg b_420.jpg p_rgb.bmp; do echo "$name $i"; done
done >list.txt
convert_imageset --resize_height 32 --resize_width 40 img/ list.txt db 2>err
compute_image_mean db mean.binaryproto 2>err
echo 'p_rgb.bmp 2' >one.txt
convert_imageset --resize_height 32 --resize_width 40 img/ one.txt one 2>err

# layers DATABASE BATCH
layers() {
    cat <<END
layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "$1" batch_size: $2 backend: LMDB }
  transform_param { crop_size: 24 mirror: true scale: 0.02 mean_file: "mean.binaryproto" } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
layer { name: "top1" type: "Accuracy" bottom: "ip" bottom: "label" top: "top1" include { phase: TEST } }
layer { name: "top2" type: "Accuracy" bottom: "ip" bottom: "label" top: "top2" include { phase: TEST }
  accuracy_param { top_k: 2 } }
END
}
layers db 12 >net.prototxt
layers db 110 >large.prototxt
layers one 1 >one.prototxt
cat >deploy.prototxt <<'END'
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: [1, 3, 24, 24] } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4 } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
END
echo 'net: "net.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 1 snapshot_prefix: "net" random_seed: 1' >solver.prototxt
crema train --solver solver.prototxt --device cpu 2>log || fail "$(tail -n 3 log)"
weights=net_iter_1.caffemodel

# value NAME FILE - what `crema test` says of an output
value() {
    sed -n "s/^$1 = \([^ ]*\).*/\1/p" "$2"
}
crema test --model one.prototxt --weights $weights --device cpu --oversample >single 2>err || fail "$(cat err)"
crema predict --model deploy.prototxt --weights $weights --mean mean.binaryproto --scale 0.02 --oversample \
    --device cpu --top 4 img/p_rgb.bmp >named 2>err || fail "$(cat err)"
awk -v loss="$(value loss single)" '/class 2/ { d = exp(-loss) - $1; exit d > 6e-5 || d < -6e-5 }' named ||
    fail "test: $(cat one); predict: $(cat named)"
best=$(awk 'NR == 2 { print $3 }' named)
[ "$(value top1 single)" = "$([ "$best" = 2 ] && echo 1 || echo 0)" ] || fail "$(cat single named)"

# two records a batch; eleven and a rest of one: 12 records, each once
crema test --model net.prototxt --weights $weights --device cpu --oversample >small 2>err || fail "$(cat err)"
crema test --model large.prototxt --weights $weights --device cpu --oversample >many 2>err || fail "$(cat err)"
for name in loss top1 top2; do
    awk -v a="$(value $name small)" -v b="$(value $name many)" 'BEGIN { d = a - b; exit d > 1e-5 || d < -1e-5 }' ||
        fail "$name: $(cat small many)"
done
[ "$(value top1 small)" = 0.25 ] || fail "three pictures under four labels each: $(cat small)"
crema test --model net.prototxt --weights $weights --device cpu >plain 2>err
if cmp -s plain small; then fail '--oversample changes nothing'; fi

sed 's/crop_size: 24//' net.prototxt >whole.prototxt
if crema test --model whole.prototxt --weights $weights --device cpu --oversample >out 2>err; then fail 'no crop'; fi
grep -q 'say crop_size' err || fail "$(cat err)"
