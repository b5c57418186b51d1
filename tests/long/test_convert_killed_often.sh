#!/bin/sh
# A conversion that is killed twenty times gives the database of one that is not, bit for bit.
set -eu
. "$CREMA_SOURCE/tests/whole/convert_killed.sh"
convert_killed 20 3000
[ "$on" -gt 0 ]
