#!/bin/sh
# check_cases.sh - every layer's gradient is checked: it stands in a table of tests/layers/test_*gradients*.c, or
# below, among those through which none flows.  Prints the layers that are in neither, or in both.  First it proves
# itself on planted ones.
set -eu

without=' ArgMax Data DetectionOutput DummyData Filter HDF5Data HDF5Output ImageData Input MemoryData Threshold WindowData '

# check ROOT - a line for each offender
check() {
    for layer in $(sed -n 's/^X(\(.*\))$/\1/p' "$1/src/layers/list.h"); do
        has=no
        ! grep -qE "['\"]${layer}['\"]" "$1"/tests/layers/test_*gradients*.c || has=yes
        case $without in *" $layer "*) none=yes ;; *) none=no ;; esac
        [ $has$none != nono ] || echo "$layer: no case in tests/layers/test_gradients_*.c"
        [ $has$none != yesyes ] || echo "$layer: has a case, but check_cases.sh says that it needs none"
    done
}

planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
mkdir -p "$planted/src/layers" "$planted/tests/layers"
printf 'X(ArgMax)\nX(Data)\nX(Known)\nX(New)\n' >"$planted/src/layers/list.h"
echo "type: 'Known' type: 'Data' type: 'NewToo'" >"$planted/tests/layers/test_gradients_planted.c"
found=$(check "$planted" | cut -d: -f1 | tr '\n' ' ')
if [ "$found" != 'Data New ' ]; then
    echo "check_cases.sh is blind: of planted layers it finds '$found'"
    exit 1
fi

offenders=$(check "$(dirname "$0")/..")
if [ -n "$offenders" ]; then
    echo "$offenders"
    exit 1
fi
