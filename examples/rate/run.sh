#!/bin/sh
# run.sh [--data DIR] [--quick] [--seed N] [--work DIR] - when the rate falls: after so many iterations, or when tests no
# longer improve.
set -eu
. "$(dirname "$0")/../common.sh"
example rate "A rate that falls after so many iterations, and one that falls when tests no longer improve." "$@"

pictures=3000
tested=1000
epochs=15
if [ -n "$quick" ]; then
    pictures=500
    tested=500
    epochs=6
fi

step "data"
records test test_lmdb 0 $tested
records train train_lmdb 0 $pictures
interval=$(((epochs * written / 64 + 29) / 30))
iterations=$((30 * interval))

# one POLICY FLAGS..
one() {
    policy=$1
    shift
    train "$policy.log" --solver "$here/$policy.prototxt" --set "net=$top/examples/ablation/net.prototxt" --stage all \
        --set test_state.stage=all --set "max_iter=$iterations" --set "test_interval=$interval" \
        --set "display=$interval" --threads 1 "$@" >"$policy.out"
}

step "two trainings, $iterations iterations each, $interval between tests"
spawn one step --set "stepsize=$((iterations / 3))"
spawn one plateau --set "plateau_winsize=$((3 * interval))" --set "plateau_winsize+=$((3 * interval))"
settle

# row POLICY - iterations at which the rate fell, as the log shows them; the best test and the last one
row() {
    awk -v policy="$1" '
        /Iteration [0-9]*, lr = / { at = $0; sub(/.*Iteration /, "", at); sub(/,.*/, "", at); sub(/.*lr = /, "")
            if (rate && $1 < rate) falls = falls (falls ? ", " : "") at
            rate = $1 + 0 }
        / accuracy = / { sub(/.* = /, ""); last = 100 * (1 - $1); if (!n++ || last < best) best = last }
        END { printf "%-10s%18s%12.2f%12.2f\n", policy, falls ? falls : "never", best, last }' "$1.log"
}

step "test error in %, $(data_name), $written pictures to train on; $(machine)"
{
    printf '%-10s%18s%12s%12s\n' "" "rate falls at" "best test" "at the end"
    row step
    row plateau
} | tee table.txt
step "picture" crema plot step.log plateau.log --names step,plateau --title "The rate by a plan, and by the tests" \
    --out "$work/rate.png"
