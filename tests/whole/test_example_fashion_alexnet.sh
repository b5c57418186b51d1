#!/bin/sh
# examples/fashion_alexnet: its few quick iterations, which reach no accuracy yet, run, and are drawn.
set -eu
. "$CREMA_SOURCE/tests/whole/example.sh"

run_example fashion_alexnet 0 curves.png
