#!/bin/sh
# run.sh - LeNet and an AlexNet on the same digits, in the same batches: how large they are, how long a picture takes,
# and how far the same number of pictures gets them.
set -eu
. "$(dirname "$0")/../common.sh"
example lenet_vs_alexnet "LeNet and AlexNet (with batch norm, for 28 x 28) side by side on the same data" "$@"

step "two databases"
records train mnist_train_lmdb
records test mnist_test_lmdb

iterations=$(($(count_records train) / 64)) # an epoch
[ $iterations -ge 200 ] || iterations=200
[ -z "$quick" ] || iterations=60
tests=$(($(count_records test) / 100))
[ -z "$quick" ] || tests=3

# one NET - trains models/NET in batches of 64, the rate falling to 0; then a line of the table in NET.line
one() {
    sed 's/batch_size: 128/batch_size: 64/' "$top/models/$1/train_val.prototxt" >"$1.prototxt"
    step "train $1: $iterations iterations of 64"
    train "$1.log" --solver "$top/models/$1/solver.prototxt" --set "net=$1.prototxt" --set max_iter=$iterations \
        --set lr_policy=poly --set power=1 --set snapshot=$iterations --set "snapshot_prefix=$1" \
        --set test_initialization=false --set test_interval=$((iterations / 5)) --set test_iter=$tests \
        --set display=$((iterations / 50 + 1))
    accuracy=$(score "$1.prototxt" "$1_iter_$iterations.caffemodel" accuracy)
    crema summary --layout rule --model "$top/models/$1/deploy.prototxt" >"$1.summary"
    crema time --model "$top/models/$1/deploy.prototxt" --phase TEST --iterations 20 --json - >"$1.json" 2>"$1.time"
    # both count a whole batch: of as many pictures as the data layer says
    awk -v net="$1" -v accuracy="$accuracy" -v seconds="$seconds" '
        $1 == "data" { batch = $3 + 0 }
        $1 == "parameters" && !parameters { gsub(",", "", $2); parameters = $2 }
        $1 == "forward" && !flop { flop = $2 }
        match($0, /"forward_ms": [0-9.]+/) && !ms { ms = substr($0, RSTART + 14, RLENGTH - 14) }
        END { printf "%-12s %11d %13.2f %16.3f %12d %14s\n", net, parameters, 1000 * flop / batch, ms / batch, seconds,
            accuracy }' "$1.summary" "$1.json" >"$1.line"
}

one lenet
one alexnet_bn
step "both runs" crema plot lenet.log alexnet_bn.log --names LeNet,AlexNet --what loss,accuracy --smooth 2 \
    --out runs.png --title "$(data_name), batches of 64, seed $seed"
step "result on $(data_name), seed $seed, $iterations iterations of 64, on $(machine)"
{
    printf '%-12s %11s %13s %16s %12s %14s\n' net parameters MFLOP/image forward,ms/image training,s test-accuracy
    cat lenet.line alexnet_bn.line
} | tee result.txt
echo "the picture is $work/runs.png"
