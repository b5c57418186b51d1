#!/bin/sh
# run.sh [--long] - set-up, build, all tests.  The last line counts them; the exit status is 1 when one failed.
#
# Unit tests and bad input run under AddressSanitizer and UndefinedBehaviorSanitizer (build-dev/), those of the data
# floor under ThreadSanitizer too (build-threads/), whole jobs and GPU tests on the release build (build/).  --long adds what does not fit into 15 minutes on two cores.
set -u

cd "$(dirname "$0")/.." || exit 1
case ${1:-} in
"") long="-LE long" ;;
--long) long="" ;;
*)
    echo "usage: tests/run.sh [--long]"
    exit 2
    ;;
esac
jobs=$(nproc)

heading() { printf '\n== %s ==\n' "$1"; }

# give_up REASON - nothing was tested, which counts as a failure
give_up() {
    printf '%s\n\n0 passed, 1 failed\n' "$1"
    exit 1
}

# build PRESET FOLDER
build() {
    heading "build, $1"
    mkdir -p "$2"
    { cmake --preset "$1" && cmake --build --preset "$1" -j "$jobs"; } >"$2/build.log" 2>&1
    built=$?
    # what the compilers say matters, progress does not
    grep -vE '^\[ *[0-9]+%\]|^-- |^Preset CMake|^  [A-Z_]+=|^$' "$2/build.log"
    [ $built -eq 0 ] || give_up "the $1 build failed; its log is $2/build.log"
}

# tests FOLDER ctest-options.. - leaves each test's line in FOLDER/tests.log
tests() {
    folder=$1
    shift
    heading "tests in $folder"
    ctest --test-dir "$folder" -j "$jobs" --output-on-failure "$@" 2>&1 | tee "$folder/tests.log" |
        grep -vE '^ +Start |^Internal ctest|^$|^Label Time|^[a-z]+ += '
    # why a test was skipped: its last line
    for name in $(sed -nE 's/^.*Test +#[0-9]+: ([^ ]+) .*\*\*\*Skipped.*/\1/p' "$folder/tests.log"); do
        awk -v name="$name" -v start="\"$name\" start" '
            index($0, start) { mine = 1 }
            mine && /^<end of output>/ { exit }
            { line = $0 }
            END { print name ": " line }' "$folder/Testing/Temporary/LastTest.log"
    done
}

heading "set-up"
tools/setup.sh || give_up "set-up failed"
build dev build-dev
build threads build-threads
build release build
tests build-dev -LE release
tests build-threads
# shellcheck disable=SC2086 # two words or none
tests build -L release $long

# count END - the tests whose line ends so
count() { cat build-dev/tests.log build-threads/tests.log build/tests.log | grep -cE "^ *[0-9]+/[0-9]+ Test +#[0-9]+: .*$1"; }
passed=$(count ' Passed +[0-9.]+ sec$')
skipped=$(count '\*\*\*Skipped +[0-9.]+ sec$')
total=$(count ' +[0-9.]+ sec$')
failed=$((total - passed - skipped))
more=""
[ "$skipped" -eq 0 ] || more=", $skipped skipped"
printf '\n%d passed, %d failed%s\n' "$passed" "$failed" "$more"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
