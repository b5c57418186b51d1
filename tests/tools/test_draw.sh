#!/bin/sh
# Nets as graphs: the graph itself, and pictures of it where Graphviz is installed.
set -eu

# has TEXT FILE
has() {
    grep -qF -e "$1" "$2" || {
        echo "no '$1' in $2:"
        cat "$2"
        exit 1
    }
}
models=$CREMA_SOURCE/models
[ "$(crema draw "$models/lenet/deploy.prototxt" --out lenet.dot)" = lenet.dot ]
has 'label="conv1\nConvolution 5x5, 20"' lenet.dot
has 'label="pool1\nPooling 2x2 /2"' lenet.dot
has '[label=" 64x20x24x24"]' lenet.dot
[ "$(grep -c -- '->' lenet.dot)" -eq 8 ]

# in-place layers lie on the way; both phases; shapes that only data tell are open
crema draw --model "$models/lenet/train_val.prototxt" --phase TEST --o train.dot
has 'label="accuracy\nAccuracy"' train.dot
has '[label=" ?"]' train.dot
crema draw "$models/lenet/train_val.prototxt" --out train.dot
! grep -q accuracy train.dot

if command -v dot >/dev/null; then
    crema draw "$models/googlenet/deploy.prototxt" --across --out net.svg
    has '</svg>' net.svg
    has 'inception_3a/5x5_reduce' net.svg
fi

# fails STATUS WORDS ARG..
fails() {
    status=$1 says=$2
    shift 2
    code=0
    crema draw "$@" >out 2>err || code=$?
    [ "$code" -eq "$status" ] || { echo "crema draw $*: status $code"; exit 1; }
    has "$says" err
}
fails 2 "wants a net" --out x.svg
fails 2 "wants --out" "$models/lenet/deploy.prototxt"
fails 1 "must end in .svg" "$models/lenet/deploy.prototxt" --out x.jpg
fails 1 "missing.prototxt" missing.prototxt --out x.dot
alone=$(dirname "$(command -v crema)") # no dot is there
! PATH=$alone crema draw "$models/googlenet/deploy.prototxt" --out x.svg 2>err
has "install graphviz" err
[ ! -e x.svg ] && [ ! -e x.jpg ] && [ ! -e x.dot ]
