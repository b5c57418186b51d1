#!/bin/sh
# What the tree offers is whole: each prototxt passes `crema check`, the models have the published sizes, each of their
# blobs the shape that its readme has from the paper, and those no other test trains take a step on generated photos.
set -eu

cd "$CREMA_SOURCE"
crema check models/*/*.prototxt examples/*/*.prototxt
cd - >/dev/null

# size MODEL PARAMETERS MFLOP - as published, the latter of one picture, a multiplication and an addition counted as two
size() {
    crema summary --layout rule --model "$CREMA_SOURCE/models/$1/deploy.prototxt" >"$1.txt"
    tr -d ', ' <"$1.txt" | grep -q "^parameters$2$" || {
        echo "crema summary of $1 does not say $2 parameters"
        exit 1
    }
    awk -v model="$1" -v published="$3" '
        $1 == "data" && $2 == "Input" { images = $3 + 0 }
        $1 == "forward" { counted = 1000 * $2; round = 0.5 }
        END {
            off = counted - published * images
            if (images > 0 && off * off <= (0.01 * counted + round) ^ 2) exit 0
            print "crema summary counts", counted / images, "MFLOP for a picture of", model "; published:", published
            exit 1
        }' "$1.txt"
    # the readme says the same
    tr -d ', ' <"$CREMA_SOURCE/models/$1/README.md" | grep -q "^|all|||$2|$"
    python3 "$CREMA_SOURCE/tests/whole/model_shapes.py" "$1.txt" "$CREMA_SOURCE/models/$1/README.md"
}

# Sources of the counts.  Papers: alexnet (60 million; 0.724 billion multiplications, arXiv 1703.09039), lenet5 (60,000 to
# be learnt without the output's), vgg (138 and 144 million), googlenet (7 million; 1.5 billion), resnet (1.8 and 3.8 billion), squeezenet's
# authors (1.24 million).  torchvision's table, which adds no biases' additions: alexnet_owt 61,100,840 and 0.714,
# vgg16 138,357,544 and 15.47, vgg19 143,667,240 and 19.63, resnet18 11,689,512 and 1.814, squeezenet 1,235,496 and
# 0.349 (224 x 224; here 227 x 227), in 10^9.  Others from the shapes in the papers.
size alexnet 60965224 1455
size alexnet_two_towers 60965224 1455
size caffenet 60965224 1450
size alexnet_half 16630440 622
size alexnet_bn 13217873 64.5 # 13,202,826 to be learnt, 15,047 of statistics
size alexnet_fashion 46764746 1876
size alexnet_owt 61100840 1428
size lenet5 60850 0.65
size lenet 431080 4.59
size cifar10_quick 145578 24.6
size zfnet 62357608 2340
size vgg16 138357544 30940
size vgg19 143667240 39260
size nin 7595176 2200
size googlenet 6998552 3170
size resnet18 11699132 3628 # 11,689,512 to be learnt, 9,620 of statistics
size resnet50 25610269 7716 # 25,557,032 to be learnt, 64 biases that the authors' file has, 53,173 of statistics
size squeezenet 1235496 776

# step MODEL PARAMETERS - of the net to train; a step on two photos, from losses near the logarithm of 1000 classes
step() {
    sed -e 's|batch_size: [0-9]*|batch_size: 2|' "$CREMA_SOURCE/models/$1/train_val.prototxt" >"$1.prototxt"
    crema summary --layout rule --model "$1.prototxt" --phase TRAIN | tr -d ', ' | grep -q "^parameters$2$" || {
        echo "crema summary of $1 in TRAIN does not say $2 parameters"
        exit 1
    }
    sed -e "s|^net: .*|net: \"$1.prototxt\"|" -e 's|^max_iter: .*|max_iter: 2|' -e 's|^display: .*|display: 1|' \
        -e '/^test_/d' -e "s|^snapshot_prefix: .*|snapshot_prefix: \"$1\"|" \
        "$CREMA_SOURCE/models/$1/solver.prototxt" >solver.prototxt
    crema train --solver solver.prototxt --device cpu --layout rule --set random_seed=1 2>log || { tail -n 5 log; exit 1; }
    grep -o 'Iteration 0 .*loss = .*' log
    awk '/Iteration 0 .*loss = / { n = $NF; exit } END { exit !(n > 4 && n < 25) }' log
    [ -s "$1_iter_2.caffemodel" ]
    # what was trained is what deploy.prototxt reads: nothing is missing, nothing has another shape
    crema predict --model "$CREMA_SOURCE/models/$1/deploy.prototxt" --weights "$1_iter_2.caffemodel" --device cpu \
        --mean_value 104,117,123 "$(find photos -name '*.jpg' | head -n 1)" >scores 2>log || { tail -n 5 log; exit 1; }
    [ "$(grep -c class scores)" -eq 5 ]
}
make_photos photos 4
convert_imageset photos/ photos/list.txt imagenet_train_lmdb
ln -s imagenet_train_lmdb imagenet_val_lmdb
compute_image_mean imagenet_train_lmdb imagenet_mean.binaryproto
step googlenet 13378280
step resnet18 11699132
step resnet50 25610269
step squeezenet 1235496
step nin 7595176
step alexnet_half 16630440
