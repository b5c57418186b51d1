#!/bin/sh
# run.sh [--data DIR] [--quick] [--seed N] [--work DIR] - AlexNet on ImageNet, from folders of pictures to the test.
# What is there already stays: the same command goes on where an earlier one was interrupted.
set -eu
. "$(dirname "$0")/../common.sh"
# shellcheck disable=SC2034 # example looks at them
data_is="ImageNet, train/CLASS/*.JPEG and val/CLASS/*.JPEG" keep=1
example imagenet "AlexNet on ImageNet as published; without --data a trial run of all steps with a few digits." "$@"

# trial LIST PART - of the digits of a list 4 of each class, in the layout of ImageNet
trial() {
    for class in 0 1 2 3 4 5 6 7 8 9; do
        mkdir -p "pictures/$2/$class"
        grep "^$class/" "$top/data/digits/$1.txt" | head -n 4 | while read -r file label; do
            cp "$top/data/digits/$file" "pictures/$2/$label"
        done
    done
}

# one_of_each - the first validation picture of each class
one_of_each() {
    for class in "$pictures"/val/*; do
        find "$class" -type f | sort | head -n 1
    done
}

model=$top/models/alexnet
pictures=$data
set --
if [ -z "$data" ]; then
    pictures=pictures
    step "a trial: some digits in ImageNet's layout"
    trial train train
    trial test val
    set -- --set max_iter=6 --set test_interval=6 --set test_iter=4 --set display=1 --set base_lr=0.001
fi

for part in train val; do
    [ -d "imagenet_${part}_lmdb" ] || step "the $part pictures, the middle of each, 256 x 256" convert_imageset \
        --resize_width 256 --resize_height 256 --resize_mode crop --shuffle --seed "$seed" --encoded --encode_type jpg \
        "$pictures/$part/" "imagenet_${part}_lmdb"
done
[ -e imagenet_pca.txt ] || step "mean, and what colours vary along" compute_image_mean --pca imagenet_pca.txt \
    imagenet_train_lmdb imagenet_mean.binaryproto

# the paper's noise of colours, which the model leaves out
sed 's|mirror: true crop_size: 227|& lighting_file: "imagenet_pca.txt"|' "$model/train_val.prototxt" >train_val.prototxt
[ -n "$data" ] || sed -i 's|batch_size: [0-9]*|batch_size: 10|' train_val.prototxt
grep -q lighting_file train_val.prototxt
step "what the net sees: cut, mirrored, in another light" crema augment --model train_val.prototxt --n 24 --out seen.png
step "train"
train train.log --solver "$model/solver.prototxt" --set net=train_val.prototxt --set snapshot_keep=2 --snapshot auto "$@"
step "the curves" crema plot train.log --smooth 20 --title "AlexNet, seed $seed" --out imagenet.png

weights=$(ls -t alexnet_iter_*.caffemodel | head -n 1)
# shellcheck disable=SC2046 # a list of pictures without blanks in their names
step "what the net says of a picture of each of ten classes" crema predict --model "$model/deploy.prototxt" \
    --weights "$weights" --mean imagenet_mean.binaryproto --labels imagenet_train_lmdb.labels.txt \
    --sheet predictions.png $(one_of_each | head -n 10)
step "test: the centre of each picture, on $(machine)" crema test --model train_val.prototxt --weights "$weights" |
    tee table.txt
step "test: the mean of ten crops" crema test --model train_val.prototxt --weights "$weights" --oversample |
    tee -a table.txt
echo "pictures in $work: seen.png imagenet.png predictions.png"
