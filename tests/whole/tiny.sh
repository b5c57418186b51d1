# shellcheck shell=sh
# tiny.sh - for scripts that source it: a net small enough to train in a second, on 100 digits.

# tiny_files FOLDER - all that the job below reads
tiny_files() {
    mkdir -p "$1"
    cp -r "$CREMA_SOURCE"/tests/whole/tiny/*.prototxt "$CREMA_SOURCE/data/digits" "$CREMA_SOURCE/examples/digits/labels.txt" "$1"
    head -n 100 "$1/digits/train.txt" >"$1/list.txt"
}

# tiny_train COMMAND.. - pictures to weights, tiny_iter_100.caffemodel, in the folder that COMMAND runs programs in
tiny_train() {
    "$@" convert_imageset --gray digits/ list.txt digits_lmdb
    "$@" compute_image_mean digits_lmdb mean.binaryproto
    "$@" crema train --solver solver.prototxt
    "$@" crema test --model train_test.prototxt --weights tiny_iter_100.caffemodel
}
