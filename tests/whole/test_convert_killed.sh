#!/bin/sh
# A conversion that is killed three times gives the database of one that is not, bit for bit.
set -eu
. "$CREMA_SOURCE/tests/whole/convert_killed.sh"
convert_killed 3 600
