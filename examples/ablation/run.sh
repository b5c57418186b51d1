#!/bin/sh
# run.sh [--data DIR] [--quick] [--seed N] [--work DIR] - what parts of AlexNet are worth: the test error of a small one
# without each of them, means of three seeds.
set -eu
. "$(dirname "$0")/../common.sh"
example ablation "What overlapping pooling, LRN, dropout and augmentation are worth in a small AlexNet." "$@"

stages="all no_overlap no_lrn no_dropout no_augmentation"
seeds="$seed $((seed + 1)) $((seed + 2))"
pictures=1500
tested=2000
epochs=15
if [ -n "$quick" ]; then
    seeds=$seed
    pictures=500
    tested=500
    epochs=5
fi

step "data"
records test test_lmdb 0 $tested
records train train_lmdb 0 $pictures
interval=$((epochs * written / 64 / 5))
iterations=$((5 * interval))

# one STAGE SEED - trains the net of this stage
one() {
    seed=$2
    train "$1.$2.log" --solver "$here/solver.prototxt" --set "net=$here/net.prototxt" --set "max_iter=$iterations" \
        --set "test_interval=$interval" --stage "$1" --set "test_state.stage=$1" --threads 1 >"$1.$2.out"
    echo "$1, seed $2: test accuracy $(final "$1.$2.log" accuracy)"
}

step "trainings, $iterations iterations each"
for s in $seeds; do
    for stage in $stages; do
        spawn one "$stage" "$s"
    done
done
settle

step "test error in %, $(data_name), $written pictures to train on; $(machine)"
for stage in $stages; do
    for s in $seeds; do
        final "$stage.$s.log" accuracy
    done | awk -v stage="$stage" '{ error = 100 * (1 - $1); line = line sprintf("%9.2f", error); sum += error }
        END { print stage, sum / NR, line }'
done >errors
awk -v seeds="$seeds" '
    BEGIN { n = split(seeds, seed, " "); printf "%-22s", ""
        for (i = 1; i <= n; i++) printf "%9s", "seed " seed[i]
        print "     mean   worse by" }
    NR == 1 { all = $2 }
    { name = $1; sub("no_", "without ", name); printf "%-22s", name
        for (i = 1; i <= n; i++) printf "%9s", $(2 + i)
        printf "%9.2f", $2
        printf NR == 1 ? "\n" : "%+9.2f\n", $2 - all }' errors | tee table.txt

set --
for stage in $stages; do
    set -- "$@" "$stage.$seed.log"
done
step "picture" crema plot "$@" --names "$(echo "$stages" | sed 's/ /,/g; s/no_/without /g')" --what accuracy \
    --title "A small AlexNet without one of its parts" --out "$work/ablation.png"
