# shellcheck shell=sh
# digits.sh - for scripts that source it: the job of examples/digits in a folder of its own.

# digits_data - databases and mean
digits_data() {
    for part in train test; do
        convert_imageset --gray --resize_height 28 --resize_width 28 "$CREMA_SOURCE/data/digits/" \
            "$CREMA_SOURCE/data/digits/$part.txt" ${part}_lmdb
    done
    compute_image_mean train_lmdb mean.binaryproto
}

# digits_train SEED - fails below 0.97
digits_train() {
    net=$CREMA_SOURCE/examples/digits/train_test.prototxt
    crema train --solver "$CREMA_SOURCE/examples/digits/solver.prototxt" --set "net=$net" --set "random_seed=$1"
    crema test --model "$net" --weights digits_iter_1000.caffemodel >result 2>test.log
    cat test.log result
    accuracy=$(cat test.log result | sed -n 's/.*accuracy = \([0-9.e-]*\).*/\1/p' | tail -n 1)
    echo "seed $1: accuracy $accuracy"
    awk -v accuracy="$accuracy" 'BEGIN { exit !(accuracy >= 0.97) }'
}
