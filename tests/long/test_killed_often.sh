#!/bin/sh
# A run that is killed twenty times gives the weights of one that is not, bit for bit.
set -eu
. "$CREMA_SOURCE/tests/whole/killed.sh"
killed 20 40000
