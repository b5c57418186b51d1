#!/bin/sh
# examples/mnist_alexnet_bn: well above chance after a few iterations, and its pictures.
set -eu
. "$CREMA_SOURCE/tests/whole/example.sh"

run_example mnist_alexnet_bn 0.4 history.png confusion.png mistakes.png
