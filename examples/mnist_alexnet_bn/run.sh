#!/bin/sh
# run.sh - models/alexnet_bn on digits: a tenth held back for validation, the history of the run as curves, then the
# confusion matrix and the surest mistakes on the test digits.
set -eu
. "$(dirname "$0")/../common.sh"
example mnist_alexnet_bn "AlexNet with batch norm on MNIST: history, evaluation, confusion matrix, mistakes" "$@"

all=$(count_records train)
# whole batches of 100, and at least two
held=$((all / 10 - all / 10 % 100))
[ $held -ge 200 ] || held=200
epoch=$(((all - held) / 128))
step "three databases"
records train mnist_train_lmdb 0 $((all - held))
records train mnist_validation_lmdb $((all - held)) $held
records test mnist_test_lmdb

# While it trains, the net is tested on the validation part, and tells its accuracy in training, too.
model=$top/models/alexnet_bn/train_val.prototxt
sed -e 's/mnist_test_lmdb/mnist_validation_lmdb/' -e '/type: "Accuracy"/s/include { phase: TEST }//' \
    "$model" >train.prototxt
iterations=$((2 * epoch))
[ $iterations -ge 150 ] || iterations=150
[ -z "$quick" ] || iterations=60
weights=mnist_alexnet_bn_iter_$iterations.caffemodel
step "train: $iterations iterations of 128 digits, $epoch of them an epoch"
train train.log --solver "$top/models/alexnet_bn/solver.prototxt" --set net=train.prototxt \
    --set max_iter=$iterations --set snapshot=$iterations --set snapshot_prefix=mnist_alexnet_bn \
    --set test_iter=$((held / 100)) --set test_interval=$((iterations / 6)) --set display=$((iterations / 40 + 1))
step "the history" crema plot train.log --out history.png --epoch $epoch --what loss,accuracy \
    --tests validation --title "AlexNet with batch norm, $(data_name), seed $seed"

step "evaluation on the test digits" crema confusion --model "$model" --weights $weights --out confusion.png \
    --mistakes mistakes.png
validated=$(score train.prototxt $weights accuracy)
accuracy=$(score "$model" $weights accuracy)
# shellcheck disable=SC2154 # train sets $seconds
step "result, on $(machine)"
result data "$(data_name)" seed "$seed" iterations $iterations training,s "$seconds" \
    validation-accuracy "$validated" test-accuracy "$accuracy"
echo "pictures in $work: history.png confusion.png mistakes.png"
