#!/bin/sh
# test_lenet_bf16.sh - LeNet in bf16 ends where LeNet in fp32 ends: the mean accuracies over three seeds, on MNIST and on
# Fashion-MNIST, differ by less than 0.003.
#
# $CREMA_ITERATIONS each (2000), with a rate that falls to 0, so that what is compared is not the noise of the last
# steps.  Wants the four idx files, .gz or not, in $CREMA_MNIST and in $CREMA_FASHION_MNIST; one will do.  A processor
# with AVX-512 but without bf16 emulates it, which takes twice as long.
set -eu

data=$CREMA_SOURCE/../shared/data
iterations=${CREMA_ITERATIONS:-2000}
export CREMA_CPU_BF16=emulate

# convert FOLDER: its two databases and a net that reads them
convert() {
    for part in train t10k; do
        crema convert "$1"/$part-images-idx3-ubyte* "$1"/$part-labels-idx1-ubyte* ${part}_lmdb
    done
    sed -e 's|source: "[^"]*train[^"]*"|source: "train_lmdb"|' -e 's|source: "[^"]*test[^"]*"|source: "t10k_lmdb"|' \
        "$CREMA_SOURCE/models/lenet/train_val.prototxt" >train_val.prototxt
    sed -e 's|^net: .*|net: "train_val.prototxt"|' "$CREMA_SOURCE/models/lenet/solver.prototxt" >solver.prototxt
}

# accuracy MATH SEED: trains and tests
accuracy() {
    crema train --solver solver.prototxt --device cpu --math "$1" --set random_seed="$2" \
        --set max_iter="$iterations" --set lr_policy=poly --set power=1 --set test_interval=1000000 \
        --set test_initialization=false --set snapshot=0 --set snapshot_prefix="$1_$2" 2>train.log ||
        { tail -n 3 train.log >&2; exit 1; }
    crema test --model train_val.prototxt --weights "$1_$2_iter_$iterations.caffemodel" --device cpu \
        --math "$1" 2>test.log | sed -n 's/^accuracy = \([0-9.e-]*\).*/\1/p'
}

# compare NAME FOLDER: false when the folder is there and the means differ
compare() {
    ls "$2"/train-images-idx3-ubyte* >/dev/null 2>&1 || return 0
    mkdir "$1"
    cd "$1"
    convert "$2"
    for seed in 1 2 3; do
        echo "$1 $seed $(accuracy fp32 $seed) $(accuracy bf16 $seed)"
    done | tee accuracies
    awk '{ fp32 += $3 / 3; bf16 += $4 / 3 }
        END {
            printf "means: fp32 %.4f, bf16 %.4f\n", fp32, bf16
            difference = fp32 - bf16
            exit !(fp32 > 0.7 && difference < 0.003 && difference > -0.003)
        }' accuracies
    cd ..
    compared=yes
}

compared=no
compare mnist "${CREMA_MNIST:-$data/mnist}"
compare fashion "${CREMA_FASHION_MNIST:-$data/fashion-mnist}"
if [ $compared = no ]; then
    echo "skipped: no MNIST in $data (set CREMA_MNIST or CREMA_FASHION_MNIST)"
    exit 77
fi
