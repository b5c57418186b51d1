#!/bin/sh
# test_alexnet.sh - AlexNet as published learns from an LMDB of photos: the mean of its last five losses is at
# least 0.5 below that of its first five.  Prints images a second and peak memory.
set -eu

make_photos photos 320
convert_imageset --shuffle photos/ photos/list.txt train_lmdb
compute_image_mean train_lmdb mean.binaryproto

# the model's own files, but for data, batch, length, and a rate for the smaller batch
sed -e 's|source: ".*"|source: "train_lmdb"|' -e 's|mean_file: ".*"|mean_file: "mean.binaryproto"|' \
    -e 's|batch_size: [0-9]*|batch_size: 32|' "$CREMA_SOURCE/models/alexnet/train_val.prototxt" >train_val.prototxt
sed -e 's|^net: .*|net: "train_val.prototxt"|' -e 's|^max_iter: .*|max_iter: 30|' -e 's|^base_lr: .*|base_lr: 0.002|' -e 's|^display: .*|display: 1|' \
    -e '/^test_iter/d' -e '/^test_interval/d' -e 's|^snapshot: .*|snapshot: 0|' \
    -e 's|^snapshot_prefix: .*|snapshot_after_train: false|' \
    "$CREMA_SOURCE/models/alexnet/solver.prototxt" >solver.prototxt

/usr/bin/env time -f 'peak memory %M kB, %e s' crema train --solver solver.prototxt --device cpu --set random_seed=1 \
    2>train.log || { tail -n 5 train.log; exit 1; }
grep -v Iteration train.log | tail -n 3
grep -o 'Iteration [0-9]*.*loss = .*' train.log | tail -n 2
grep -o 'Iteration [0-9]* .*loss = [0-9.e+-]*' train.log | sed 's/.*loss = //' >losses
awk '{ v[NR] = $1 } END { for (i = 1; i <= 5; i++) { a += v[i] / 5; b += v[NR - 5 + i] / 5 }
    printf "mean loss %.4f at first, %.4f at last, of %d\n", a, b, NR; exit !(NR >= 30 && b < a - 0.5) }' losses
