#!/bin/sh
# What gpu-check.sh does on its own account - order, time, tables, exit status - in a package whose programs, and whose
# PyTorch, are stand-ins that say what they are told to.  The benchmarks' scripts are the real ones.
set -eu

fail() {
    echo "$*"
    [ ! -f out ] || cat out
    exit 1
}

python=$(command -v python3) || {
    echo "no python3"
    exit 77
}
package=$PWD/package
tests=$package/libexec/crema/tests
mkdir -p "$package/bin" "$tests" "$package/share/crema/data" fake
cp "$CREMA_SOURCE/tests/gpu/gpu-check.sh" "$package/share/crema/"
cp -r "$CREMA_SOURCE/tests/bench" "$CREMA_SOURCE/models" "$package/share/crema/"
mkdir -p "$package/share/crema/examples"
cp -r "$CREMA_SOURCE/examples/digits" "$package/share/crema/examples/"
check=$package/share/crema/gpu-check.sh

# ---- stand-ins --------------------------------------------------------------

program() {
    cat >"$1"
    chmod +x "$1"
}

# 33,280 images a second in AlexNet's benchmark, from time stamps; snapshots are what $BITS says
program "$package/bin/crema" <<'EOF'
#!/bin/sh
case $1 in
--version) echo "crema stand-in" ;;
device_query) printf 'cpu     a processor\n%s\n' "$DEVICES" ;;
test) echo "accuracy = $ACCURACY" ;;
time)
    echo "Testing for 1000 iterations." >&2
    echo "I1122 10:00:00.000000 1 time] Average Forward pass: 0.25 ms." >&2
    ;;
train)
    shift
    [ "$1" != --help ] || exec echo "--math"
    if [ -e net.prototxt ]; then
        ! grep -q jpeg_lmdb net.prototxt || exit 3
        echo "I1122 10:00:00.000000 1 train] Iteration 20, lr = 1" >&2
        echo "I1122 10:00:10.000000 1 train] Iteration 1320, lr = 1" >&2
        exec sleep 20
    fi
    for word in "$@"; do
        case $word in
        snapshot_prefix=*) name=${word#*=} ;;
        max_iter=*) steps=${word#*=} ;;
        esac
    done
    if [ "${BITS:-same}" = same ]; then echo 1; else date +%N; fi >"${name:-lenet}_iter_${steps:-1000}.caffemodel"
    ;;
esac
EOF
for name in convert_imageset compute_image_mean; do
    printf '#!/bin/sh\n' | program "$package/bin/$name"
done
for name in memory ops feed lenet plans; do
    program "$tests/test_gpu_$name" <<EOF
#!/bin/sh
echo "100%: Checks: 3, Failures: 0, Errors: 0"
EOF
done
program "$tests/test_gpu_decode" <<EOF
#!/bin/sh
echo "not tried: libnvjpeg.so.13 was not found"
echo "100%: Checks: 1, Failures: 0, Errors: 0"
EOF
printf '#!/bin/sh\n' | program "$tests/make_photos"

# half as fast op by op, two thirds in a graph; $COMPILE runs before the third
program fake/python3 <<EOF
#!/bin/sh
case \$1 in
-c) echo 2.11.0 ;;
*/gpu_pytorch.py)
    [ "\$2" != --available ] || exec echo yes
    echo "a warning"
    printf '\n{"way": "eager", "layout": "channels_last", "steps": 650, "wall": 10, "cpu": 1, "best": 0.01}\n'
    printf '\n{"way": "graph", "layout": "channels_last", "steps": 867, "wall": 10, "cpu": 1, "best": 0.01}\n'
    \${COMPILE:-true}
    printf '\n{"way": "compile", "failed": "no compiler"}\n'
    ;;
*) exec "$python" "\$@" ;;
esac
EOF

export DEVICES="cuda:0  NVIDIA STAND-IN" ACCURACY=0.99
# run STATUS FLAGS.. - the script's output is in `out`, its logs in `logs`
run() {
    wanted=$1
    shift
    rm -rf logs
    status=0
    PATH="$PWD/fake:$PATH" sh "$check" --logs logs "$@" >out 2>&1 || status=$?
    [ $status -eq "$wanted" ] || fail "status $status instead of $wanted: $*"
}

# has TEXT - in the output
has() {
    grep -qF -- "$1" out || fail "not in the output: $1"
}

# ---- usage, and no GPU ------------------------------------------------------

run 2 --speed
has "unknown flag --speed"
run 2 --seconds soon
run 2 missing.tar.gz
DEVICES="cuda    none: no NVIDIA driver is installed" run 77
has "no GPU is present"
DEVICES="cuda:0  not usable: too old" run 1
has "the GPU cannot be used"

# ---- everything -------------------------------------------------------------

run 1 # a benchmark in which crema breaks down is a failure
cut -c1-34 logs/table | sed 's/ *$//' >order
cat >wanted <<'EOF'
memory of the GPU
every op against the definition
batches fed while it computes
JPEGs by nvJPEG, if it is there
LeNet's steps as on the CPU
digits, 1000 steps
digits, 1000 steps in bf16
--deterministic: the same bits
EOF
head -n 8 order | diff wanted - || fail "another order"
tail -n 3 order | tr '\n' ' ' | grep -q "databases of photos benchmarks cuDNN's plans" || fail "another order at the end"
[ "$(grep FAILED logs/table | cut -d' ' -f1)" = benchmarks ] || fail "something else failed"
table() { grep "^$1" out | tail -n 1; }
table 'AlexNet train b=256, bf16  ' | grep -qF '33280 (33000)' || fail "another rate"
table 'AlexNet train b=256, bf16  ' | grep -q '2.00 (2.00) *1.50 (1.60) *- (1.25)' || fail "other ratios"
table 'AlexNet train b=256, bf16, LMDB of pixels' | grep -q '1.00 (0.95)$' || fail "another share"
table 'AlexNet infer b=1, bf16' | grep -q '^[^(]* 4000 ' || fail "another rate of inference"
has "no compiler"
grep -q '^JPEGs.*passed.*not tried: libnvjpeg' logs/table || fail "it is not said that nvJPEG was not tried"
tail -n 1 out | grep -q "^cuDNN's plans" || fail "the table is not the last"

# from the archive, too
tar -czf crema-package.tar.gz -C "$PWD" --transform 's/^package/crema-package/' package
mkdir elsewhere
(cd elsewhere && PATH="$PWD/../fake:$PATH" sh "$CREMA_SOURCE/tests/gpu/gpu-check.sh" ../crema-package.tar.gz --seconds 8 \
    --logs logs >out 2>&1) || true
grep -q "^memory of the GPU *passed" elsewhere/logs/table || fail "the archive was not unpacked"

# ---- what is wrong is told --------------------------------------------------

ACCURACY=0.9 BITS=other run 1 --seconds 12
grep -q '^digits, 1000 steps  *FAILED.*accuracy 0.9, 0.97 is wanted' logs/table || fail "0.9 has passed"
grep -q '^--deterministic.*FAILED' logs/table || fail "other bits have passed"
printf '#!/bin/sh\necho "op.c:7:F:parity:dense:3: conv: 0.5 off"\nexit 1\n' | program "$tests/test_gpu_ops"
run 1 --seconds 12
has "conv: 0.5 off"
grep -q '^every op.*FAILED' logs/table || fail "a failed test has passed"
printf '#!/bin/sh\nexit 77\n' | program "$tests/test_gpu_ops"
run 1 --seconds 12
grep -q '^every op.*FAILED.*could not run' logs/table || fail "a skipped test has passed"

# ---- time -------------------------------------------------------------------

printf '#!/bin/sh\nexec sleep 60\n' | program "$tests/test_gpu_ops"
run 1 --seconds 4
grep -q '^every op.*FAILED.*time was up' logs/table || fail "a test that hangs was not stopped"
grep -q '^LeNet.*FAILED.*no time left' logs/table || fail "correctness without time has passed"
printf '#!/bin/sh\n' | program "$tests/test_gpu_ops"
begun=$(date +%s)
COMPILE="sleep 100" run 0 --seconds 30
[ $(($(date +%s) - begun)) -le 60 ] || fail "it took too long"
has "stopped, the time was up"
has "AlexNet train b=256, TF32, eager and graph: skipped, no time left"
table 'AlexNet train b=256, bf16  ' | grep -q '2.00 (2.00) *1.50 (1.60)' || fail "what was measured before is lost"
echo "order, time, tables and statuses are as described"
