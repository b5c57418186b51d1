#!/bin/sh
# examples/fashion_mnist, on the digits: a LeNet that knows most of them.
set -eu
. "$CREMA_SOURCE/tests/whole/example.sh"

run_example fashion_mnist 0.8 curves.png confusion.png mistakes.png predictions.png
