#!/bin/sh
# run.sh [--data DIR] [--quick] [--seed N] [--work DIR] - what was learned of five classes helps with five others of which
# there are few pictures: fine-tuning against training from scratch.
set -eu
. "$(dirname "$0")/../common.sh"
example finetune "A net trained on classes 0 to 4 learns 5 to 9 from few pictures; against one that starts anew." "$@"

pictures=10000
few="20 50 100"
tested=2000
before=800
iterations=200
seeds="$seed $((seed + 1)) $((seed + 2))"
if [ -n "$quick" ]; then
    few=50
    tested=500
    before=60
    iterations=40
    seeds=$seed
fi

step "data"
records train first_train_lmdb 0 $pictures 0,1,2,3,4
records test first_test_lmdb 0 $tested 0,1,2,3,4
records test second_test_lmdb 0 $tested 5,6,7,8,9

# first SEED - a net for classes 0 to 4
first() {
    seed=$1
    train "first.$1.log" --solver "$here/solver.prototxt" --set "net=$here/net.prototxt" --stage first \
        --set test_state.stage=first --set "max_iter=$before" --set "test_interval=$before" \
        --set "snapshot_prefix=first.$1" --threads 1 >"first.$1.out"
    echo "seed $1: test accuracy $(final "first.$1.log" accuracy)"
}

# one STAGE COUNT SEED FLAGS.. - classes 5 to 9, COUNT pictures of them
one() {
    stage=$1
    count=$2
    seed=$3
    log=$stage.$count.$seed.log
    shift 3
    train "$log" --solver "$here/solver.prototxt" --set "net=$here/net.prototxt" --stage "$stage" \
        --set "test_state.stage=$stage" --set "max_iter=$iterations" --set "test_interval=$((iterations / 10))" \
        --set snapshot_after_train=false --threads 1 "$@" >"$log.out"
}

step "classes 0 to 4"
for s in $seeds; do
    spawn first "$s"
done
settle

step "classes 5 to 9, tuned and from scratch"
for n in $few; do
    rm -rf second_train_lmdb
    records train second_train_lmdb 0 "$n" 5,6,7,8,9
    for s in $seeds; do
        spawn one tuned "$n" "$s" --weights "first.${s}_iter_$before.caffemodel" --set base_lr=0.002
        spawn one scratch "$n" "$s"
    done
    settle
done

# error STAGE COUNT - its test error in %, mean of the seeds
error() {
    for s in $seeds; do
        final "$1.$2.$s.log" accuracy
    done | awk '{ sum += 100 * (1 - $1) } END { printf "%.2f\n", sum / NR }'
}

step "test error on classes 5 to 9 in %, mean of seeds $seeds, $(data_name), $(machine)"
{
    printf '%-10s%14s%12s\n' pictures "from scratch" fine-tuned
    for n in $few; do
        printf '%-10s%14s%12s\n' "$n" "$(error scratch "$n")" "$(error tuned "$n")"
    done
} | tee table.txt
n=${few%% *}
step "picture" crema plot "scratch.$n.$seed.log" "tuned.$n.$seed.log" --names "from scratch,fine-tuned" \
    --what loss,accuracy --title "Five new classes, $n pictures, seed $seed" --out "$work/finetune.png"
