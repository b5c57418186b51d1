#!/bin/sh
# The experiments in examples/, --quick: each ends with a table whose numbers are better than chance, and with a picture.
set -eu

export CREMA_BUILD

# experiment NAME - its table stays in NAME/table.txt, its picture is one
experiment() {
    "$CREMA_SOURCE/examples/$1/run.sh" --quick --work "$PWD/$1" >"$1.out" 2>&1 || {
        cat "$1.out"
        exit 1
    }
    cat "$1/table.txt"
    [ "$(head -c 4 "$1/$1.png" | od -An -tx1)" = " 89 50 4e 47" ]
}

# rows NAME COUNT COLUMN FROM TO - so many lines of the table have a number of FROM to TO in this column, the last one is 0
rows() {
    awk -v column="$3" -v from="$4" -v to="$5" '{ v = $(NF - column) } v ~ /^[-+0-9.]+$/ && v >= from && v <= to { n++ }
        END { print n + 0 }' "$1/table.txt" >count
    [ "$(cat count)" -eq "$2" ] || { echo "$1: $(cat count) rows of $2 within $4 and $5"; exit 1; }
}

# of ten classes 90 % errors are chance, of five 80 %
experiment ablation
awk 'NR > 1 && $0 ~ /^(all|without)/ && $(NR == 2 ? NF : NF - 1) < 60 { n++ } END { exit n != 5 }' ablation/table.txt
experiment relu_vs_tanh
rows relu_vs_tanh 2 2 0.1 5
experiment rate
rows rate 2 0 0 50
experiment finetune
rows finetune 1 0 0 60
rows finetune 1 1 0 60
experiment ten_crop
rows ten_crop 2 2 0 60
rows ten_crop 2 1 0 60

# a trial of all steps: what they leave, and that the same command, once more, converts and trains nothing
experiment imagenet
for file in imagenet_train_lmdb imagenet_val_lmdb imagenet_mean.binaryproto imagenet_pca.txt alexnet_iter_6.caffemodel \
    seen.png predictions.png; do
    [ -e imagenet/$file ] || { echo "imagenet: no $file"; exit 1; }
done
[ "$(grep -c '^accuracy_5 = ' imagenet/table.txt)" -eq 2 ]
ls -l --time-style=full-iso imagenet/imagenet_train_lmdb/data.mdb imagenet/imagenet_mean.binaryproto imagenet/*.caffemodel >before
experiment imagenet
ls -l --time-style=full-iso imagenet/imagenet_train_lmdb/data.mdb imagenet/imagenet_mean.binaryproto imagenet/*.caffemodel >after
cmp before after
rm -r imagenet
