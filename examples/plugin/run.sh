#!/bin/sh
# run.sh PICTURES - builds the plugin, says what is in it, trains a net with its layers and tests it: some seconds.
# PICTURES is the folder data/digits of crema's source.  crema's programs are found in PATH, its headers by pkg-config.
set -eu

pictures=$(cd "${1:?which folder of digits}" && pwd)
cd "$(dirname "$0")"

step() {
    printf '\n== %s ==\n' "$1"
    shift
    echo "$*"
    "$@"
}

step "build" make
step "what a layer says of itself" crema describe --plugin my_layers.so Mish
rm -rf made
mkdir made
for part in train test; do
    step "the $part pictures become an LMDB" convert_imageset --gray --resize_height 28 --resize_width 28 \
        "$pictures/" "$pictures/$part.txt" made/${part}_lmdb
done
step "look for mistakes" crema check --plugin my_layers.so solver.prototxt
step "train" crema train --plugin my_layers.so --solver solver.prototxt
step "test on digits the net has not seen" crema test --plugin my_layers.so --model net.prototxt \
    --weights made/plugin_iter_300.caffemodel
