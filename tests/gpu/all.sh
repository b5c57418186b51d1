#!/bin/sh
# all.sh [PACKAGE.tar.gz] [FLAGS OF gpu.sh] - everything there is to do on a machine with a GPU, in one go: unpacks the
# package beside it, runs the GPU tests, then the benchmarks against the PyTorch of python3; the tables come last.
#
# In the package (libexec/crema/tests/all.sh) without PACKAGE: the one it lies in.  Benchmarks are --quick unless flags
# are given.  Exit status 1 when a test failed; without PyTorch the benchmarks are skipped and that is said.
set -u

case ${1-} in
*.tar.gz)
    tar -xzf "$1" || exit 2
    root=$PWD/$(basename "$1" .tar.gz)
    shift
    ;;
*) root=$(cd "$(dirname "$0")/../../.." && pwd) || exit 2 ;;
esac
[ -x "$root/libexec/crema/tests/run_gpu.sh" ] || {
    echo "$root is no package: libexec/crema/tests/run_gpu.sh is missing"
    exit 2
}
[ $# -gt 0 ] || set -- --quick

LOGS=${LOGS:-$(mktemp -d)}
export LOGS
"$root/libexec/crema/tests/run_gpu.sh"
tested=$?
sh "$root/share/crema/bench/gpu.sh" --output "$LOGS/bench.txt" "$@" 2>"$LOGS/bench.log"
measured=$?
[ $measured -eq 0 ] || [ $measured -eq 77 ] || tail -n 5 "$LOGS/bench.log"

echo
echo "tests:"
cat "$LOGS/table"
[ $measured -ne 77 ] || echo "benchmarks: skipped"
exit $tested
