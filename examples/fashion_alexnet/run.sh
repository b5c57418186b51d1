#!/bin/sh
# run.sh - models/alexnet_fashion, the AlexNet of Dive into Deep Learning: 28 x 28 pictures made 224 x 224 as they are
# read.  An epoch of 60,000 takes a processor hours, so this trains on a small part, by Adam and at a rate that falls to
# 0: the book's plain descent gets nowhere in so few steps.  $ITERATIONS says how many; CREMA_FLAGS="--device cuda"
# trains on a GPU.
set -eu
. "$(dirname "$0")/../common.sh"
example fashion_alexnet "The AlexNet of Dive into Deep Learning on a small part of Fashion-MNIST, or of the digits" "$@"

iterations=${ITERATIONS:-400}
pictures=0
batch=16
tested=1000 # at the end; on the way 200
if [ -n "$quick" ]; then
    iterations=8
    pictures=64
    batch=8
    tested=20
fi

step "two databases"
records train fashion_train_lmdb 0 $pictures
records test fashion_test_lmdb 0 $tested
[ $tested -le 200 ] || tested=200
sed -e "s/batch_size: 128/batch_size: $batch/" -e 's/batch_size: 100/batch_size: 20/' \
    "$top/models/alexnet_fashion/train_val.prototxt" >train_val.prototxt

weights=fashion_alexnet_iter_$iterations.caffemodel
step "train: $iterations iterations of $batch pictures, 224 x 224"
# shellcheck disable=SC2086 # words
train train.log --solver "$top/models/alexnet_fashion/solver.prototxt" --set net=train_val.prototxt \
    --set type=Adam --set base_lr=0.0002 --set momentum=0.9 --set momentum2=0.999 --set lr_policy=poly --set power=1 \
    --set max_iter=$iterations --set snapshot=$iterations --set snapshot_prefix=fashion_alexnet \
    --set test_initialization=false --set test_interval=$((iterations / 4)) --set test_iter=$((tested / 20)) \
    --set display=$((iterations / 50 + 1)) ${CREMA_FLAGS:-}
step "the curves" crema plot train.log --out curves.png --title "AlexNet, $(data_name) at 224 x 224, seed $seed"
accuracy=$(score train_val.prototxt "$weights" accuracy)
# shellcheck disable=SC2154 # train sets $seconds
step "result, on $(machine)"
result data "$(data_name)" seed "$seed" iterations "$iterations" batch $batch training,s "$seconds" \
    test-accuracy "$accuracy"
echo "the picture is $work/curves.png"
