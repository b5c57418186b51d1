#!/bin/sh
# Nets as graphs: the graph itself, and pictures of it where Graphviz is installed.
set -eu

. "$CREMA_SOURCE/tests/tools/at_once.sh"
# has TEXT FILE
has() {
    grep -qF -e "$1" "$2" || fail "no '$1' in $2: $(cat "$2")"
}
# lacks TEXT FILE
lacks() {
    ! grep -qF -e "$1" "$2" || fail "'$1' in $2"
}
models=$CREMA_SOURCE/models
[ "$(crema draw "$models/lenet/deploy.prototxt" --out lenet.dot)" = lenet.dot ]
has '<b>conv1</b><br/>Convolution 5x5, 20</td>' lenet.dot
has '<b>pool1</b><br/>Pooling 2x2 /2</td>' lenet.dot
has '[label=" 64x20x24x24"]' lenet.dot
[ "$(grep -c -- '->' lenet.dot)" -eq 7 ]

# what works in place stands in the box it works on
has 'InnerProduct 500</td></tr><tr><td bgcolor="#ccebc5">ReLU <font' lenet.dot
crema draw "$models/resnet18/deploy.prototxt" --out resnet.dot
has 'BatchNorm <font color="#505050" point-size="9">bn2a_branch2a</font>' resnet.dot
[ "$(grep -c '<table' resnet.dot)" -eq 33 ] # input, 20 convolutions, 2 poolings, 8 sums, inner product, softmax

# both phases; shapes that only data tell are open, unless --input tells
crema draw --model "$models/lenet/train_val.prototxt" --phase TEST --o train.dot 2>err
has 'cannot open database mnist_test_lmdb' err
has '<b>accuracy</b><br/>Accuracy</td>' train.dot
has '[label=" "]' train.dot
crema draw "$models/lenet/train_val.prototxt" --input 1x28x28 --out train.dot 2>err
lacks accuracy train.dot
lacks 'cannot open' err
has '[label=" 64x20x24x24"]' train.dot
has '[label=" 64"]' train.dot
for unclear in 28x28 1x28x28x 0x28x28 3x227x227x227 cat; do
    fails 1 '--input wants channels x height x width' crema draw "$models/lenet/train_val.prototxt" --input $unclear \
        --out train.dot
done
crema summary --model "$models/alexnet/train_val.prototxt" --input 3x227x227 --layout rule >summary
has '50x256x27x27' summary
grep -q '^forward *72.7' summary

# text of a prototxt is text in the graph
cat >odd.prototxt <<'END'
name: "a \"net\""
layer { name: "<a> & \"b\"" type: "Input" top: "a" input_param { shape { dim: 1 dim: 2 } } }
layer { name: "r" type: "ReLU" bottom: "a" top: "a" }
END
crema draw odd.prototxt --out odd.dot
has '<b>&lt;a&gt; &amp; &quot;b&quot;</b>' odd.dot

if command -v dot >/dev/null; then
    crema draw "$models/googlenet/deploy.prototxt" --across --out net.svg
    has '</svg>' net.svg
    has 'inception_3a/5x5_reduce' net.svg
    crema draw odd.prototxt --out odd.svg
    has '&lt;a&gt; &amp; &quot;b&quot;' odd.svg
fi

fails 2 "wants a net" crema draw --out x.svg
fails 2 "wants --out" crema draw "$models/lenet/deploy.prototxt"
fails 1 "must end in .svg" crema draw "$models/lenet/deploy.prototxt" --out x.jpg
fails 1 "missing.prototxt" crema draw missing.prototxt --out x.dot
alone=$(dirname "$(command -v crema)") # no dot is there
! PATH=$alone crema draw "$models/googlenet/deploy.prototxt" --out x.svg 2>err || fail "drawn without dot"
has "install graphviz" err
[ ! -e x.svg ] && [ ! -e x.jpg ] && [ ! -e x.dot ]
