#!/bin/sh
# run.sh [--data DIR] [--quick] [--seed N] [--work DIR] - what the mean of ten crops gains over the centre crop, for nets
# of three seeds.
set -eu
. "$(dirname "$0")/../common.sh"
example ten_crop "What the mean of ten crops - centre, corners, mirrored too - gains over the centre alone." "$@"

seeds="$seed $((seed + 1)) $((seed + 2))"
pictures=1500
tested=2000
epochs=15
net=$top/examples/ablation/net.prototxt
if [ -n "$quick" ]; then
    seeds=$seed
    pictures=500
    epochs=8
fi

step "data"
records test test_lmdb 0 $tested
records train train_lmdb 0 $pictures
iterations=$((epochs * written / 64))

# one SEED
one() {
    seed=$1
    train "$1.log" --solver "$top/examples/ablation/solver.prototxt" --set "net=$net" --stage mirrored \
        --set "max_iter=$iterations" --set snapshot_after_train=true --set "snapshot_prefix=seed$1" --threads 1 >"$1.out"
}

step "trainings with random crops and mirror images, $iterations iterations each"
for s in $seeds; do
    spawn one "$s"
done
settle

step "test error in %, $(data_name), $written pictures to train on; $(machine)"
for s in $seeds; do
    weights=seed${s}_iter_$iterations.caffemodel
    centre=$(score "$net" "$weights" accuracy)
    crops=$(score "$net" "$weights" accuracy --oversample)
    echo "$s $centre $crops"
done | awk 'BEGIN { printf "%-8s%10s%12s%10s\n", "seed", "centre", "ten crops", "gain" }
    { a = 100 * (1 - $2); b = 100 * (1 - $3); x += a; y += b; printf "%-8s%10.2f%12.2f%+10.2f\n", $1, a, b, a - b }
    END { printf "%-8s%10.2f%12.2f%+10.2f\n", "mean", x / NR, y / NR, (x - y) / NR }' | tee table.txt
step "picture: crops as the net is trained on them" crema augment --model "$net" --stage mirrored --out "$work/ten_crop.png"
