#!/bin/sh
# run.sh [--data DIR] [--quick] [--seed N] [--work DIR] - what was learned of five classes helps with five others of which
# there are few pictures: fine-tuning against training from scratch.
set -eu
. "$(dirname "$0")/../common.sh"
example finetune "A net trained on classes 0 to 4 learns 5 to 9 from few pictures; against one that starts anew." "$@"

pictures=5000
few="20 50 100"
tested=0
before=400
iterations=200
if [ -n "$quick" ]; then
    few=50
    tested=500
    before=60
    iterations=40
fi

step "data"
records train first_train_lmdb 0 $pictures 0,1,2,3,4
records test first_test_lmdb 0 $tested 0,1,2,3,4
records test second_test_lmdb 0 $tested 5,6,7,8,9

step "classes 0 to 4"
train first.log --solver "$here/solver.prototxt" --set "net=$here/net.prototxt" --stage first \
    --set test_state.stage=first --set "max_iter=$before" --set "test_interval=$before" --set snapshot_prefix=first \
    --threads 1

# one STAGE COUNT FLAGS.. - classes 5 to 9, COUNT pictures of them
one() {
    stage=$1
    count=$2
    shift 2
    train "$stage.$count.log" --solver "$here/solver.prototxt" --set "net=$here/net.prototxt" --stage "$stage" \
        --set "test_state.stage=$stage" --set "max_iter=$iterations" --set "test_interval=$((iterations / 10))" \
        --set snapshot_after_train=false --threads 1 "$@" >"$stage.$count.out"
}

step "classes 5 to 9, tuned and from scratch"
for n in $few; do
    rm -rf second_train_lmdb
    records train second_train_lmdb 0 "$n" 5,6,7,8,9
    spawn one tuned "$n" --weights "first_iter_$before.caffemodel" --set base_lr=0.002
    spawn one scratch "$n"
    settle
done

step "test error on classes 5 to 9 in %, $(data_name); $(machine)"
{
    printf '%-10s%12s%12s\n' pictures "from scratch" fine-tuned
    for n in $few; do
        echo "$n $(final "scratch.$n.log" accuracy) $(final "tuned.$n.log" accuracy)"
    done | awk '{ printf "%-10d%12.2f%12.2f\n", $1, 100 * (1 - $2), 100 * (1 - $3) }'
} | tee table.txt
n=${few%% *}
step "picture" crema plot "scratch.$n.log" "tuned.$n.log" --names "from scratch,fine-tuned" \
    --title "Five new classes, $n pictures" --out "$work/finetune.png"
