#!/bin/sh
# test_golden.sh - every result of the original Caffe, on the definition and on the CPU, plain and as in training.
set -eu

if ! command -v python3 >/dev/null; then
    echo "skipped: no python3"
    exit 77
fi
golden=$CREMA_SOURCE/tests/golden
data=$golden/data
[ -e "$CREMA_BUILD/src/libcrema_hdf5.so" ] || {
    echo "without HDF5"
    data=$(find "$golden/data" -mindepth 1 -maxdepth 1 ! -name 'hdf5*')
}
for device in ref cpu; do
    for how in "" --optimized; do
        echo "$device $how"
        # shellcheck disable=SC2086 # a list of folders
        python3 "$golden/check_golden.py" --bin "$(command -v crema)" --device $device $how "$golden/cases" $data
    done
    python3 "$golden/check_golden.py" --bin "$(command -v crema)" --device $device "$golden/solver"
done
