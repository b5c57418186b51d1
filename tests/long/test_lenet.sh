#!/bin/sh
# test_lenet.sh - Caffe's LeNet recipe, 10,000 iterations on MNIST, names at least 0.990 of the test images.
# Wants the four idx files, .gz or not, in $CREMA_MNIST.
set -eu

mnist=${CREMA_MNIST:-$CREMA_SOURCE/../shared/data/mnist}
if ! ls "$mnist"/train-images-idx3-ubyte* >/dev/null 2>&1; then
    echo "skipped: no MNIST in $mnist (set CREMA_MNIST)"
    exit 77
fi
for part in train t10k; do
    crema convert "$mnist"/$part-images-idx3-ubyte* "$mnist"/$part-labels-idx1-ubyte* ${part}_lmdb
done
sed -e 's|source: "[^"]*train[^"]*"|source: "train_lmdb"|' -e 's|source: "[^"]*test[^"]*"|source: "t10k_lmdb"|' \
    "$CREMA_SOURCE/models/lenet/train_val.prototxt" >train_val.prototxt
sed -e 's|^net: .*|net: "train_val.prototxt"|' -e 's|^snapshot_prefix: .*|snapshot_prefix: "lenet"|' \
    "$CREMA_SOURCE/models/lenet/solver.prototxt" >solver.prototxt
crema train --solver solver.prototxt --device cpu --set random_seed=1 2>train.log || { tail -n 3 train.log; exit 1; }
grep 'Test net output' train.log | tail -n 2
crema test --model train_val.prototxt --weights lenet_iter_10000.caffemodel --device cpu 2>test.log >result
tail -n 2 result
sed -n 's/^accuracy = \([0-9.e-]*\).*/\1/p' result | awk '{ exit !($1 >= 0.990) }'
