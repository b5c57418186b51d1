#!/bin/sh
# check_sizes.sh - functions up to 60 lines, files up to 400; over 100, 800, or 400 for a header, is an error.
# Prints the offenders.  First it proves itself on planted ones.
set -eu

# check ROOT - a line for each offender; "long" is over the limit, "longish" over the aim
check() {
    (cd "$1" && find src tools tests examples -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' | sort | xargs -r awk '
    function judge(what, lines, aim, limit) {
        if (lines > limit) print what ": long, " lines " lines, at most " limit
        else if (lines > aim) print what ": longish, " lines " lines, better " aim
    }
    function end_of_file() {
        if (file ~ /\.h$/) judge(file, last, 200, 400)
        else if (file) judge(file, last, 400, 800)
    }
    FNR == 1 { end_of_file(); file = FILENAME; start = 0 }
    { last = FNR }
    /^[A-Za-z_].*[(]/ { name = $0; at = FNR; sub(/[(].*/, "", name); sub(/.*[ *]/, "", name) }
    /^[{]/ { start = at ? at : FNR }
    /^[}]/ && start { judge(file ":" start ": " name, FNR - start + 1, 60, 100); start = at = 0 }
    END { end_of_file() }')
}

# lines N TEXT
lines() { awk -v n="$1" -v text="$2" 'BEGIN { for (i = 0; i < n; i++) print text }'; }

planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
mkdir -p "$planted/src/base" "$planted/tools" "$planted/tests" "$planted/examples"
lines 801 '' >"$planted/src/base/file.c"
lines 401 '' >"$planted/src/base/header.h"
{ printf 'static int\nbig(int a,\n    int b)\n{\n' && lines 100 '    a++;' && echo '}'; } >"$planted/tools/function.c"
{ printf 'int fair(void)\n{\n' && lines 57 '    a++;' && echo '}'; } >"$planted/tests/fair.c"
{ lines 10 'static int a;' && printf 'int many(void)\n{\n}\n'; } >"$planted/examples/fair.c"
found=$(check "$planted" | cut -d' ' -f1-3)
expected='src/base/file.c: long, 801
src/base/header.h: long, 401
tools/function.c:2: big: long,'
if [ "$found" != "$expected" ]; then
    echo "check_sizes.sh is blind: on planted offenders it says"
    echo "$found"
    exit 1
fi

offenders=$(check "$(dirname "$0")/..")
[ -z "$offenders" ] || echo "$offenders"
case $offenders in
*': long, '*) exit 1 ;;
esac
