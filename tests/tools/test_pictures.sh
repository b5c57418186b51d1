#!/bin/sh
# Kernels, activations and guesses as pictures, features as databases: files that are what they say, and what cannot be
# drawn is told.
set -eu

. "$CREMA_SOURCE/tests/tools/at_once.sh"

cat >net.prototxt <<'END'
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: [1, 3, 20, 24] } } }
layer { name: "c/1" type: "Convolution" bottom: "data" top: "c/1"
  convolution_param { num_output: 5 kernel_size: 5 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "c/1" top: "c/1" }
layer { name: "ip" type: "InnerProduct" bottom: "c/1" top: "ip"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
END
cat >train.prototxt <<'END'
layer { name: "data" type: "DummyData" top: "data" top: "label"
  dummy_data_param { shape { dim: [2, 3, 20, 24] } shape { dim: 2 } data_filler { type: "uniform" } data_filler {} } }
END
sed -e '/"Input"/d' -e '/Softmax/d' net.prototxt >>train.prototxt
echo 'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }' >>train.prototxt
echo 'net: "train.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 1 snapshot_prefix: "net" random_seed: 1' >solver.prototxt
crema train --solver solver.prototxt --device cpu 2>log || fail "$(tail -n 3 log)"
weights=net_iter_1.caffemodel

crema filters net.prototxt $weights -o kernels.png 2>err
is_png kernels.png
crema filters net.prototxt $weights c/1 --o kernels.svg --each --magnify 3 2>err
grep -q '</svg>' kernels.svg
fails 1 'no layer "ip" with kernels' crema filters net.prototxt $weights ip --out x.png
fails 2 "wants a net and its weights" crema filters net.prototxt --out x.png
fails 1 "must end in .png" crema filters net.prototxt $weights --out x.bmp

make_photos photos 3
photo=$(find photos -name '*.jpg' | sort | head -n 1)
crema features --model net.prototxt --weights $weights --mean_value 100 --device cpu --out drawn "$photo" >out 2>err
[ "$(cat out)" = "$(printf 'drawn/00_data.png\ndrawn/01_c-1.png\ndrawn/02_ip.png\ndrawn/03_prob.png')" ] || fail "$(cat out)"
for file in drawn/*; do is_png "$file"; done
fails 1 'no blob "c1"' crema features --model net.prototxt --weights $weights --blobs c1 --device cpu --out drawn "$photo"

printf 'first\nsecond\nthird\nfourth\n' >labels.txt
find photos -name '*.jpg' | sort >list
# shellcheck disable=SC2046 # a list of words
crema predict --model net.prototxt --weights $weights --labels labels.txt --device cpu --sheet sheet.png $(cat list) >plain 2>err
is_png sheet.png
[ "$(grep -c 'class' plain)" -eq 12 ]
fails 2 "--sheet wants" crema predict --model net.prototxt --weights $weights --sheet sheet.gif "$photo"
[ ! -e x.png ] && [ ! -e x.bmp ] && [ ! -e sheet.gif ]

# Caffe's extract_features: two batches of two records, in phase TEST
extract_features $weights train.prototxt ip,c/1 ip_lmdb,c_lmdb 2 lmdb CPU 2>err
mdb_dump ip_lmdb >dump
[ "$(sed -n '/HEADER=END/,$p' dump | grep -c '^ ')" -eq 8 ]
grep -q '^ 30303030303030303033$' dump # "0000000003"
grep -q '^ 080410011801' dump          # 4 x 1 x 1
mdb_dump c_lmdb | grep -q '^ 080510101814' # 5 x 16 x 20
fails 1 'no blob "ipp"' extract_features $weights train.prototxt ipp x_lmdb 1 lmdb
fails 2 "kind lmdb" extract_features $weights train.prototxt ip x_lmdb 1 leveldb
fails 2 "as many databases" extract_features $weights train.prototxt ip,c/1 x_lmdb 1 lmdb
fails 1 "ip_lmdb" extract_features $weights train.prototxt ip ip_lmdb 1 lmdb # is there already
[ ! -e x_lmdb ]
