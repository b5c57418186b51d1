#!/bin/sh
# examples/digits: a short run knows most digits, and leaves its pictures.
set -eu
. "$CREMA_SOURCE/tests/whole/example.sh"

run_example digits 0.9 curves.png confusion.png mistakes.png predictions.png

! "$CREMA_SOURCE/examples/digits/run.sh" --data . 2>err
grep -q 'has its own data' err
