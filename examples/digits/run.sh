#!/bin/sh
# run.sh [SEED] - from a folder of pictures to a tested net: 1,797 handwritten digits, about a minute of training.
set -eu

seed=${1:-1}
cd "$(dirname "$0")/../.."
here=examples/digits
made=$here/made
pictures=data/digits

step() {
    printf '\n== %s ==\n' "$1"
    shift
    if [ $# -gt 0 ]; then
        echo "$*"
        "$@"
    fi
}

step "set-up" tools/setup.sh
step "build, into build/; its log is build/build.log"
mkdir -p build
{ cmake --preset release && cmake --build build --target programs -j "$(nproc)"; } >build/build.log 2>&1 || {
    tail -n 30 build/build.log
    exit 1
}
PATH=$PWD/build/tools:$PATH

rm -rf $made
mkdir -p $made
for part in train test; do
    step "the $part pictures become an LMDB" convert_imageset --gray --resize_height 28 --resize_width 28 \
        $pictures/ $pictures/$part.txt $made/${part}_lmdb
done
step "their mean" compute_image_mean $made/train_lmdb $made/mean.binaryproto
step "train" crema train --solver $here/solver.prototxt --set "random_seed=$seed"
weights=$made/digits_iter_1000.caffemodel
step "test on digits the net has not seen" crema test --model $here/train_test.prototxt --weights $weights
step "name a few of them" crema predict --model $here/deploy.prototxt --weights $weights --labels $here/labels.txt \
    --mean $made/mean.binaryproto $pictures/2/0050.png $pictures/3/0045.png $pictures/0/0055.png
