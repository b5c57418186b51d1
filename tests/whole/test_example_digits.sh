#!/bin/sh
# examples/digits: a short run knows most digits, and leaves its pictures.
set -eu
. "$CREMA_SOURCE/tests/whole/example.sh"

run_example digits 0.9 curves.png confusion.png mistakes.png predictions.png

if "$CREMA_SOURCE/examples/digits/run.sh" --data . 2>err; then
    echo "--data is taken"
    exit 1
fi
grep -q 'has its own data' err
