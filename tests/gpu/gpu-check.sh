#!/bin/sh
# gpu-check.sh [PACKAGE.tar.gz] [FLAGS] - all there is to see on a machine with a GPU, within ten minutes: is what crema
# computes right, and how fast is it beside the PyTorch found there?
#
# Correctness first, then the benchmarks' first row, then the rest; what there is no time for is named.  It prints as it
# goes, the short tables last, writes into a folder of its own (and unpacks PACKAGE, if one is named), and needs no
# network.  In the package it is share/crema/gpu-check.sh, and needs no PACKAGE.
#
# Exit status: 0 all was right, 1 something was not, or there was no time to find out, 2 wrong usage or no package, 77
# no GPU.  Figures of speed neither pass nor fail; the tables have in brackets what is aimed at.
set -u

usage() {
    cat <<'EOF'
usage: gpu-check.sh [PACKAGE.tar.gz] [FLAGS]
  --mnist DIR     MNIST's four idx files, plain or .gz: LeNet has to reach 0.99; without them the digits 0.97
  --fashion DIR   Fashion-MNIST's: a book's AlexNet has to reach 0.88 in 10 epochs
  --python P      the Python whose PyTorch is measured, and whose CUDA libraries are used (python3)
  --seconds N     to be done in (560)
  --logs DIR      for all that is written (a new folder)
EOF
}

say() { printf '%s\n' "$*"; }

# fail TEXT - the reason on stderr; status 2
fail() {
    printf '%s\n' "$*" >&2
    exit 2
}

# ---- time and table ---------------------------------------------------------

left() { echo $((end - $(date +%s))); }

# result WHAT passed|FAILED|skipped SECONDS REMARK - a line of the table, shown at once
result() {
    line=$(printf '%-34s %-8s %4s s  %s' "$1" "$2" "$3" "$4")
    say "   $line"
    say "$line" >>"$logs/table"
    [ "$2" != FAILED ] || bad=1
}

# may NAME WHAT - begins a step, unless there is no time left for any
may() {
    [ "$(left)" -gt 3 ] || {
        result "$2" "$without_time" 0 "no time left"
        return 1
    }
    say "== $2"
    begun=$(date +%s)
    log=$logs/$1.log
}

# limited PERCENT COMMAND.. - its output into $log; stopped after so much of all the time there is, or at its end
limited() {
    limit=$((seconds * $1 / 100))
    shift
    [ "$limit" -le "$(left)" ] || limit=$(left)
    [ "$limit" -gt 0 ] || limit=1
    timeout -k 5 "$limit" "$@" >>"$log" 2>&1
}

# ended WHAT STATUS [REMARK] - of a step that has begun; 124 and 137 are timeout's, 77 a test's that cannot run
ended() {
    took=$(($(date +%s) - begun))
    case $2 in
    0) result "$1" passed $took "${3:-}" ;;
    77) result "$1" FAILED $took "could not run: $(tail -n 1 "$log")" ;;
    124 | 137) result "$1" FAILED $took "stopped: its time was up" ;;
    *)
        grep -E ':[FE]:' "$log" | head -n 20 || true
        grep -qE ':[FE]:' "$log" || tail -n 5 "$log"
        result "$1" FAILED $took "${3:-status $2}; $log"
        ;;
    esac
}

# ---- correctness ------------------------------------------------------------

# suite NAME PERCENT WHAT - a program of the package's tests
suite() {
    may "$1" "$3" || return 0
    limited "$2" "$tests/$1"
    status=$?
    ended "$3" $status "$(grep -E '^([0-9]+%: Checks|not tried)' "$log" | sort | tail -n 1)"
}

# in_idx DIR train|t10k images-idx3|labels-idx1 - that file, plain or compressed
in_idx() {
    for file in "$1/$2-$3-ubyte" "$1/$2-$3-ubyte.gz"; do
        [ ! -e "$file" ] || break
    done
    say "$file"
}

# idx_databases DIR NAME - NAME_train_lmdb and NAME_test_lmdb of the four files in DIR
idx_databases() {
    for part in train t10k; do
        db=$2_train_lmdb
        [ $part = train ] || db=$2_test_lmdb
        limited 10 crema convert "$(in_idx "$1" $part images-idx3)" "$(in_idx "$1" $part labels-idx1)" "$db" || return 1
    done
}

# The package's digits, as its example has them: examples/digits/made/{train,test}_lmdb and their mean.
digit_databases() {
    mkdir -p examples
    cp -r "$share/examples/digits" examples/
    mkdir -p examples/digits/made
    for part in train test; do
        limited 10 convert_imageset --gray --resize_height 28 --resize_width 28 "$share/data/digits/" \
            "$share/data/digits/$part.txt" "examples/digits/made/${part}_lmdb" || return 1
    done
    limited 10 compute_image_mean examples/digits/made/train_lmdb examples/digits/made/mean.binaryproto
}

# learns WHAT WANTED PERCENT NET WEIGHTS FLAGS OF crema train.. - the net's accuracy on its test data afterwards
learns() {
    what=$1 wanted=$2 percent=$3 net=$4 weights=$5
    shift 5
    limited "$percent" crema train --device cuda "$@"
    status=$?
    [ $status -eq 0 ] || {
        ended "$what" $status
        return 0
    }
    limited "$percent" crema test --device cuda --model "$net" --weights "$weights"
    status=$?
    reached=$(awk '$1 == "accuracy" && $2 == "=" { value = $3 } END { print value }' "$log")
    [ $status -ne 0 ] || awk -v a="${reached:-0}" -v b="$wanted" 'BEGIN { exit !(a + 0 >= b + 0) }' || status=1
    ended "$what" $status "accuracy ${reached:-none}, $wanted is wanted"
}

learn_digits() {
    may digits "digits, 1000 steps" || return 0
    digit_databases || {
        ended "digits, 1000 steps" 1 "no databases"
        return 0
    }
    net=examples/digits/train_test.prototxt
    learns "digits, 1000 steps" 0.97 10 "$net" digits_iter_1000.caffemodel --solver examples/digits/solver.prototxt \
        --set snapshot_prefix=digits
    may digits_bf16 "digits, 1000 steps in bf16" || return 0
    learns "digits, 1000 steps in bf16" 0.96 10 "$net" bf16_iter_1000.caffemodel --math bf16 \
        --solver examples/digits/solver.prototxt --set snapshot_prefix=bf16
}

learn_mnist() {
    may mnist "LeNet on MNIST, its recipe" || return 0
    idx_databases "$mnist" mnist || {
        ended "LeNet on MNIST, its recipe" 1 "no databases"
        return 0
    }
    learns "LeNet on MNIST, its recipe" 0.99 10 "$models/lenet/train_val.prototxt" lenet_iter_10000.caffemodel \
        --solver "$models/lenet/solver.prototxt" --set "net=$models/lenet/train_val.prototxt"
}

learn_fashion() {
    may fashion "AlexNet on Fashion-MNIST" || return 0
    idx_databases "$fashion" fashion || {
        ended "AlexNet on Fashion-MNIST" 1 "no databases"
        return 0
    }
    learns "AlexNet on Fashion-MNIST" 0.88 60 "$models/alexnet_fashion/train_val.prototxt" \
        alexnet_fashion_iter_4690.caffemodel --solver "$models/alexnet_fashion/solver.prototxt" \
        --set "net=$models/alexnet_fashion/train_val.prototxt"
}

# A net of few numbers with what the big ones have.
small_net() {
    cat <<'EOF'
base_lr: 0.01 lr_policy: "fixed" momentum: 0.9 weight_decay: 0.0005 max_iter: 4 snapshot_prefix: "small" display: 1
net_param {
  layer {
    name: "data" type: "DummyData" top: "data" top: "label"
    dummy_data_param {
      shape { dim: 4 dim: 3 dim: 35 dim: 35 } shape { dim: 4 }
      data_filler { type: "gaussian" std: 1 } data_filler { type: "constant" value: 1 }
    }
  }
  layer {
    name: "conv1" type: "Convolution" bottom: "data" top: "conv1"
    convolution_param { num_output: 16 kernel_size: 5 stride: 2 weight_filler { type: "xavier" } }
  }
  layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
  layer { name: "norm1" type: "LRN" bottom: "conv1" top: "norm1" }
  layer { name: "pool1" type: "Pooling" bottom: "norm1" top: "pool1" pooling_param { kernel_size: 3 stride: 2 } }
  layer {
    name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2"
    convolution_param { num_output: 32 kernel_size: 3 pad: 1 group: 2 weight_filler { type: "xavier" } }
  }
  layer { name: "relu2" type: "ReLU" bottom: "conv2" top: "conv2" }
  layer {
    name: "fc3" type: "InnerProduct" bottom: "conv2" top: "fc3"
    inner_product_param { num_output: 24 weight_filler { type: "xavier" } }
  }
  layer { name: "relu3" type: "ReLU" bottom: "fc3" top: "fc3" }
  layer { name: "drop3" type: "Dropout" bottom: "fc3" top: "fc3" }
  layer {
    name: "fc4" type: "InnerProduct" bottom: "drop3" top: "fc4"
    inner_product_param { num_output: 10 weight_filler { type: "xavier" } }
  }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc4" bottom: "label" top: "loss" }
}
EOF
}

repeat_bit_by_bit() {
    may repeats "--deterministic: the same bits" || return 0
    for run in one other; do
        limited 5 crema train --device cuda --deterministic --solver small.prototxt --set random_seed=1 \
            --set max_iter=50 --set snapshot_prefix=$run
        status=$?
        [ $status -eq 0 ] || {
            ended "--deterministic: the same bits" $status
            return 0
        }
    done
    cmp one_iter_50.caffemodel other_iter_50.caffemodel >>"$log" 2>&1
    ended "--deterministic: the same bits" $? "weights after 50 steps, twice"
}

sanitize() {
    sanitizer=$(PATH=$PATH:/usr/local/cuda/bin command -v compute-sanitizer) || {
        result compute-sanitizer skipped 0 "not installed"
        return 0
    }
    may sanitizer "compute-sanitizer: a small net" || return 0
    for math in fp32 bf16; do
        limited 8 "$sanitizer" --tool memcheck --error-exitcode 86 crema train --device cuda --deterministic \
            --solver small.prototxt --math $math
        status=$?
        if grep -q "Device not supported" "$log"; then
            result "compute-sanitizer: a small net" skipped 0 "it does not support this device"
            return 0
        fi
        [ $status -eq 0 ] || break
    done
    ended "compute-sanitizer: a small net" "$status" "memcheck, fp32 and bf16"
}

# ---- speed ------------------------------------------------------------------

# Databases of 1024 photos: pixels, and the JPEGs themselves.
photos() {
    may photos "databases of photos" || return 1
    limited 5 "$tests/make_photos" photos 1024 &&
        limited 5 convert_imageset photos/ photos/list.txt raw_lmdb &&
        limited 5 convert_imageset --encoded photos/ photos/list.txt jpeg_lmdb
    status=$?
    ended "databases of photos" $status "1024 of 256 x 256"
    return $status
}

# benchmarks SECONDS FLAGS.. - shows each round as it comes
benchmarks() {
    budget=$1
    shift
    may bench "benchmarks" || return 0
    {
        timeout -k 5 $((budget + 20)) "$python" "$share/bench/bench.py" --device cuda --python "$python" --seconds 3 \
            --budget "$budget" --output "$logs/bench.txt" "$@" 2>&1
        echo $? >"$logs/bench.status"
    } | tee "$log"
    ended benchmarks "$(cat "$logs/bench.status")" "$logs/bench.txt"
}

# The last paragraph of the benchmarks' report, and what is missing from it.
bench_table() {
    [ -s "$logs/bench.txt" ] || return 0
    say
    grep -E ': (skipped, no time|stopped, the time)' "$logs/bench.txt"
    awk 'BEGIN { RS = "" } { last = $0 } END { print last }' "$logs/bench.txt"
}

# ---- all of it --------------------------------------------------------------

find_package() {
    if [ -n "$package" ]; then
        tar -xzf "$package" || exit 2
        root=$PWD/$(basename "$package" .tar.gz)
    else
        root=$(cd "$(dirname "$0")/../.." && pwd)
    fi
    tests=$root/libexec/crema/tests share=$root/share/crema models=$root/share/crema/models
    if [ ! -x "$root/bin/crema" ] || [ ! -d "$tests" ]; then fail "$root is no package of crema's with its tests"; fi
    PATH=$root/bin:$PATH
}

find_gpu() {
    crema --version
    crema device_query
    crema device_query 2>/dev/null | grep -qE '^cuda:[0-9]+ ' || {
        say "no GPU is present: nothing was checked"
        exit 77
    }
    if crema device_query 2>/dev/null | grep -E '^cuda:0 +not usable'; then
        say "the GPU cannot be used"
        exit 1
    fi
}

check_all() {
    without_time=FAILED
    suite test_gpu_memory 5 "memory of the GPU"
    suite test_gpu_ops 30 "every op against the definition"
    suite test_gpu_feed 5 "batches fed while it computes"
    suite test_gpu_decode 10 "JPEGs by nvJPEG, if it is there"
    suite test_gpu_lenet 8 "LeNet's steps as on the CPU"
    if [ -n "$mnist" ]; then learn_mnist; else learn_digits; fi
    small_net >small.prototxt
    repeat_bit_by_bit
    sanitize
}

measure_all() {
    without_time=skipped
    set --
    photos && set -- --photos "$PWD"
    reserve=10
    [ -z "$fashion" ] || reserve=$((seconds / 5))
    benchmarks $(($(left) - reserve)) "$@"
    [ -z "$fashion" ] || learn_fashion
    # needs no GPU, so it comes last
    suite test_gpu_plans 30 "cuDNN's plans for an H200"
}

package='' mnist='' fashion='' python=python3 seconds=560 logs=''
while [ $# -gt 0 ]; do
    case $1 in
    --mnist | --fashion | --python | --seconds | --logs) [ $# -gt 1 ] || fail "$1 wants a value" ;;
    esac
    case $1 in
    --mnist) mnist=$(cd "$2" && pwd) || exit 2 ;;
    --fashion) fashion=$(cd "$2" && pwd) || exit 2 ;;
    --python) python=$2 ;;
    --seconds) seconds=$2 ;;
    --logs) logs=$2 ;;
    -h | --help)
        usage
        exit 0
        ;;
    *.tar.gz)
        package=$1
        set -- "$1" "$@"
        ;;
    *) fail "unknown flag $1; --help lists them" ;;
    esac
    shift 2
done
case $seconds in '' | *[!0-9]*) fail "--seconds wants a whole number" ;; esac

end=$(($(date +%s) + seconds))
bad=0
python=$(command -v "$python") || python=
[ -z "$python" ] || PATH=$(dirname "$python"):$PATH
find_package
find_gpu
mkdir -p "${logs:=$(mktemp -d)}"
logs=$(cd "$logs" && pwd) && cd "$logs" || exit 2
: >table
say "logs: $logs"
check_all
if [ -n "$python" ]; then measure_all; else result benchmarks skipped 0 "no python3"; fi

say
bench_table
say
cat table
exit $bad
