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

# bytes NUMBER.. - these bytes
bytes() {
    for byte in "$@"; do
        # shellcheck disable=SC2059 # the format is made here: an octal number
        printf "\\$(printf %03o "$byte")"
    done
}

# bmp_head - of 28 x 28 grey values, rows from above: 54 bytes of header, 256 of palette by 4
bmp_head() {
    bytes 66 77 70 7 0 0 0 0 0 0 54 4 0 0 # "BM", 1862 bytes in all, pixels from 1078 on
    bytes 40 0 0 0 28 0 0 0 228 255 255 255 1 0 8 0 0 0 0 0 16 3 0 0 0 0 0 0 0 0 0 0 0 1 0 0 0 0 0 0
    # shellcheck disable=SC2046 # numbers
    bytes $(awk 'BEGIN { for (i = 0; i < 256; i++) print i, i, i, 0 }')
}

# test_pictures N - paths of the first test pictures, of idx files made .bmp
test_pictures() {
    if [ -z "$data" ]; then
        head -n "$1" "$top/data/digits/test.txt" | sed "s|\(.*\) .*|$top/data/digits/\1|"
        return
    fi
    mkdir pictures
    bmp_head >head.bmp
    gzip -dc "$data/t10k-images-idx3-ubyte.gz" 2>/dev/null | head -c $((16 + 784 * $1)) >first
    for i in $(seq -w 0 $(($1 - 1))); do
        file=pictures/test_$i.bmp
        { cat head.bmp && tail -c +$((17 + 784 * ${i#0})) first | head -c 784; } >"$file"
        echo "$file"
    done
}

labels="--labels $here/labels.txt"
if [ -z "$data" ] && [ -z "$quick" ]; then
    step "the data, into $build/data/fashion-mnist"
    fashion_mnist
fi
[ -n "$data" ] || labels=
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
    --set test_interval=$((iterations / 10)) ${quick:+--set test_iter=10}
step "the curves" crema plot train.log --out curves.png --smooth 2 --title "LeNet, $(data_name), seed $seed"
# shellcheck disable=SC2154 # train sets it
spent=$seconds
# shellcheck disable=SC2086 # two words or none
step "which class is taken for which" crema confusion --model "$model" --weights $weights $labels \
    --out confusion.png --mistakes mistakes.png
# shellcheck disable=SC2046,SC2086 # lists of words
step "what the net says of a few test pictures" crema predict --model "$top/models/lenet/deploy.prototxt" \
    --weights $weights $labels --scale 0.00390625 --top 3 --sheet predictions.png $(test_pictures 15)
accuracy=$(score "$model" $weights accuracy)
step "result, on $(machine)"
{
    printf '%-14s %-5s %-11s %-11s %s\n' data seed iterations training,s test-accuracy
    printf '%-14s %-5s %-11s %-11s %s\n' "$(data_name)" "$seed" $iterations "$spent" "$accuracy"
} | tee result.txt
echo "pictures in $work: curves.png confusion.png mistakes.png predictions.png"
