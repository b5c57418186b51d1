#!/bin/sh
# run_gpu.sh [FOLDER] - runs the GPU tests in FOLDER (default: its own) on a machine with a GPU, and ends with a table.
#
# In the package: libexec/crema/tests/run_gpu.sh.  In a build: tests/gpu/run_gpu.sh build/tests.  A test that was
# skipped counts as a failure here: this is only run where there is a GPU.  Logs go to $LOGS (default: a new folder).
set -u

folder=$(cd "${1:-$(dirname "$0")}" && pwd) || exit 2
logs=${LOGS:-$(mktemp -d)}
mkdir -p "$logs" || exit 2
table=$logs/table
: >"$table"
bad=0

crema=$folder/../../../bin/crema
[ -x "$crema" ] || crema=$folder/../tools/crema
[ -x "$crema" ] && "$crema" device_query 2>&1 | head -n 20

ran=0
for test in "$folder"/test_gpu_*; do
    [ -f "$test" ] && [ -x "$test" ] || continue
    name=$(basename "$test")
    log=$logs/$name.log
    echo "== $name"
    start=$(date +%s)
    (cd "$logs" && "$test") >"$log" 2>&1
    status=$?
    seconds=$(($(date +%s) - start))
    ran=$((ran + 1))
    case $status in
    0) result=passed ;;
    77) result=SKIPPED ;;
    *) result=FAILED ;;
    esac
    [ "$result" = passed ] || bad=1
    # what failed, in Check's own lines; a crash has none
    grep -E ':[FE]:|^skipped' "$log" | head -n 40
    [ "$result" != FAILED ] || grep -qE ':[FE]:' "$log" || tail -n 5 "$log"
    printf '%-20s %-8s %5s s   %s\n' "$name" "$result" "$seconds" \
        "$(grep -E '^[0-9]+%: Checks' "$log" | tail -n 1)" >>"$table"
done

echo
echo "logs: $logs"
cat "$table"
[ $ran -gt 0 ] || {
    echo "no test_gpu_* in $folder"
    exit 2
}
exit $bad
