#!/bin/sh
# run.sh - Fashion-MNIST, fetched where --data does not name it, a LeNet trained on it: curves, accuracy, confusion
# matrix, and a sheet of what the net takes a few test pictures for.
set -eu
. "$(dirname "$0")/../common.sh"
example fashion_mnist "A LeNet on Fashion-MNIST, which is downloaded; with --quick alone it is the digits instead." "$@"

# fetch URL FILE - by curl or wget
fetch() {
    if command -v curl >/dev/null; then
        curl -fsSL --retry 2 -o "$2" "$1"
    else
        wget -q -O "$2" "$1"
    fi
}

# fashion_mnist - the files in $build/data/fashion-mnist, there already or fetched, each held against its size and MD5
fashion_mnist() {
    url=${FASHION_MNIST_URL:-http://fashion-mnist.s3-website.eu-central-1.amazonaws.com}
    data=$build/data/fashion-mnist
    mkdir -p "$data"
    while read -r size md5 file; do
        if ! intact "$data/$file"; then
            echo "$url/$file, $size bytes"
            fetch "$url/$file" "$data/$file.part" ||
                fail "cannot fetch it: give the folder of the four files by --data DIR, or another FASHION_MNIST_URL"
            intact "$data/$file.part" || fail "$data/$file.part is not the file that Fashion-MNIST's authors published"
            mv "$data/$file.part" "$data/$file"
        fi
    done <<EOF
26421880 8d4fb7e6c68d591d4c3dfef9ec88bf0d train-images-idx3-ubyte.gz
29515 25c81989df183df01b3e8a0aad5dffbe train-labels-idx1-ubyte.gz
4422102 bef4ecab320f06d8554ea6380940ec79 t10k-images-idx3-ubyte.gz
5148 bb300cfdad3c16e7a12a480ee83cd310 t10k-labels-idx1-ubyte.gz
EOF
}

# intact FILE - is it there, of $size and $md5?
intact() {
    [ -e "$1" ] && [ "$(wc -c <"$1")" -eq "$size" ] && [ "$(md5sum <"$1" | cut -d ' ' -f 1)" = "$md5" ]
}

if [ -z "$data" ] && [ -z "$quick" ]; then
    step "the data, into $build/data/fashion-mnist"
    fashion_mnist
fi
labels=$here/labels.txt
[ -n "$data" ] || labels=$top/examples/digits/labels.txt
step "two databases"
records train mnist_train_lmdb
records test mnist_test_lmdb

iterations=9380
[ -z "$quick" ] || iterations=200
weights=lenet_iter_$iterations.caffemodel
model=$top/models/lenet/train_val.prototxt
step "train: $iterations iterations of 64, the rate falling to 0"
train train.log --solver "$top/models/lenet/solver.prototxt" --set "net=$model" --set max_iter=$iterations \
    --set lr_policy=poly --set power=1 --set snapshot=$iterations --set snapshot_prefix=lenet \
    --set test_interval=$((iterations / 10)) --set display=$((iterations / 50)) ${quick:+--set test_iter=10}
step "the curves" crema plot train.log --out curves.png --smooth 2 --title "LeNet, $(data_name), seed $seed"
step "which class is taken for which" crema confusion --model "$model" --weights $weights --labels "$labels" \
    --out confusion.png --mistakes mistakes.png
mkdir pictures
for i in $(seq 10 24); do
    crema db mnist_test_lmdb --key 000000$i --dump pictures/test_$i.png >/dev/null
done
step "what the net says of a few test pictures" crema predict --model "$top/models/lenet/deploy.prototxt" \
    --weights $weights --labels "$labels" --scale 0.00390625 --top 3 --sheet predictions.png pictures/*.png
accuracy=$(score "$model" $weights accuracy)
# shellcheck disable=SC2154 # train sets $seconds
step "result, on $(machine)"
result data "$(data_name)" seed "$seed" iterations $iterations training,s "$seconds" test-accuracy "$accuracy"
echo "pictures in $work: curves.png confusion.png mistakes.png predictions.png"
