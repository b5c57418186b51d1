#!/bin/sh
# examples/lenet_vs_alexnet: two rows, both well above chance.
set -eu
. "$CREMA_SOURCE/tests/whole/example.sh"

run_example lenet_vs_alexnet 0.4 runs.png
