#!/bin/sh
# run.sh [--data DIR] [--quick] [--seed N] [--work DIR] - the paper's figure 1: epochs until a net of four layers makes 25 %
# errors on what it is trained on, with ReLU and with tanh, each at the rate, of several, that suits it best.
set -eu
. "$(dirname "$0")/../common.sh"
example relu_vs_tanh "Epochs until a net of four layers makes 25 % training errors, with ReLU and with tanh." "$@"

rates="0.01 0.03 0.1 0.3"
pictures=5000
epochs=12
[ -z "$data" ] || epochs=6
if [ -n "$quick" ]; then
    rates="0.03 0.1"
    pictures=1000
    epochs=5
fi

step "data"
records train train_lmdb 0 $pictures
epoch=$((written / 100))
interval=$(((epoch + 4) / 5))

# one ACTIVATION RATE
one() {
    train "$1.$2.log" --solver "$here/solver.prototxt" --set "net=$here/net.prototxt" --set "base_lr=$2" \
        --set "max_iter=$((epochs * epoch))" --set "test_interval=$interval" --stage "$1" \
        --set "test_state.stage=$1" --threads 1 >"$1.$2.out"
    echo "$1 at rate $2: $(until_error 0.25 "$1.$2.log") epochs to 25 % training error"
}

# until_error SHARE LOG - epochs until the first test with so few errors, or "-"
until_error() {
    awk -v share="$1" -v epoch="$epoch" '
        /Testing net/ { sub(/.*Iteration /, ""); at = $1 + 0 }
        /training_error = / { sub(/.* = /, ""); if ($1 <= share) { printf "%.2f\n", at / epoch; found = 1; exit } }
        END { if (!found) print "-" }' "$2"
}

step "trainings, $epochs epochs of $written pictures each"
for act in relu tanh; do
    for rate in $rates; do
        spawn one $act "$rate"
    done
done
settle

# fastest ACTIVATION - the rate at which 25 % came first
fastest() {
    for rate in $rates; do
        echo "$(until_error 0.25 "$1.$rate.log") $rate"
    done | awk '$1 != "-" && (!n++ || $1 < best) { best = $1; rate = $2 } { last = $2 } END { print n ? rate : last }'
}

step "epochs to a training error, $(data_name); $(machine)"
{
    printf '%-6s%10s%10s%10s%10s\n' "" "rate" "25 %" "10 %" "5 %"
    for act in relu tanh; do
        rate=$(fastest $act)
        log=$act.$rate.log
        printf '%-6s%10s%10s%10s%10s\n' $act "$rate" "$(until_error 0.25 "$log")" "$(until_error 0.1 "$log")" \
            "$(until_error 0.05 "$log")"
    done
} | tee table.txt
step "picture" crema plot "relu.$(fastest relu).log" "tanh.$(fastest tanh).log" --names ReLU,tanh --epoch $epoch \
    --title "Training error of four layers with ReLU and with tanh" --height 420 --out "$work/relu_vs_tanh.png"
