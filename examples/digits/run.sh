#!/bin/sh
# run.sh [--quick] [--seed N] [--work DIR] - from a folder of pictures to a tested net, each step shown: 1,797 handwritten
# digits and a LeNet.
set -eu
. "$(dirname "$0")/../common.sh"
# shellcheck disable=SC2034 # example looks at it
data_is=none
example digits "From a folder of pictures of digits to a tested net, each step shown." "$@"

digits=$top/data/digits
iterations=1000
[ -z "$quick" ] || iterations=250

for part in train test; do
    step "the $part pictures become an LMDB" convert_imageset --gray --resize_height 28 --resize_width 28 \
        "$digits/" "$digits/$part.txt" ${part}_lmdb
done
step "their mean" compute_image_mean train_lmdb mean.binaryproto

net=$here/train_test.prototxt
weights=digits_iter_$iterations.caffemodel
step "train: $iterations iterations of 64 digits"
train train.log --solver "$here/solver.prototxt" --set "net=$net" --set max_iter=$iterations
step "the curves" crema plot train.log --out curves.png --title "LeNet, digits, seed $seed"
step "test on digits the net has not seen: which is taken for which" crema confusion --model "$net" --weights $weights \
    --out confusion.png --mistakes mistakes.png
step "name a few of them" crema predict --model "$here/deploy.prototxt" --weights $weights --labels "$here/labels.txt" \
    --mean mean.binaryproto --top 3 --sheet predictions.png "$digits/2/0050.png" "$digits/3/0045.png" \
    "$digits/0/0055.png" "$digits/5/0005.png" "$digits/8/0040.png"
accuracy=$(score "$net" $weights accuracy)
step "result, on $(machine)"
# shellcheck disable=SC2154 # train sets $seconds
result data digits seed "$seed" iterations $iterations training,s "$seconds" test-accuracy "$accuracy"
echo "pictures in $work: curves.png confusion.png mistakes.png predictions.png"
