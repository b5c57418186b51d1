#!/bin/sh
# examples/fashion_alexnet: above chance after a few iterations.
set -eu
. "$CREMA_SOURCE/tests/whole/example.sh"

run_example fashion_alexnet 0.2 curves.png
