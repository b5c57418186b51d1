#!/bin/sh
# The net of examples/digits names at least 97 of 100 digits that it has not seen.
set -eu
. "$CREMA_SOURCE/tests/whole/digits.sh"

digits_data
digits_train 1
