#!/bin/sh
# test_pretrained.sh - LeNet weights that Caffe wrote give Caffe's outputs, and its accuracy on MNIST.
# Wants a folder with deploy.prototxt, *.caffemodel and ref/N_in.npy, ref/N_out.npy in $CREMA_PRETRAINED.
set -eu

shared=$CREMA_SOURCE/../shared
weights=${CREMA_PRETRAINED:-$shared/pretrained/lenet_v2_JachinShen}
mnist=${CREMA_MNIST:-$shared/data/mnist}
if [ ! -d "$weights" ] || ! command -v python3 >/dev/null; then
    echo "skipped: no pretrained LeNet in $weights (set CREMA_PRETRAINED), or no python3"
    exit 77
fi
model=$(ls "$weights"/*.caffemodel)
for input in "$weights"/ref/*_in.npy; do
    for device in ref cpu; do
        crema forward --model "$weights/deploy.prototxt" --weights "$model" --input "data=$input" --dump out \
            --device $device 2>forward.log || { cat forward.log; exit 1; }
        PYTHONPATH=$CREMA_SOURCE/tests/golden python3 - "${input%_in.npy}_out.npy" out/data_loss.npy <<'PY'
import sys
import check_golden
off = check_golden.difference(check_golden.load_npy(sys.argv[1]), check_golden.load_npy(sys.argv[2]), 2e-5)
sys.exit('%s: %s' % (sys.argv[1], off) if off else 0)
PY
    done
done
ls "$mnist"/t10k-images-idx3-ubyte* >/dev/null 2>&1 || exit 0
crema convert "$mnist"/t10k-images-idx3-ubyte* "$mnist"/t10k-labels-idx1-ubyte* t10k_lmdb
sed -e 's|source: "[^"]*"|source: "t10k_lmdb"|' "$CREMA_SOURCE/models/lenet/train_val.prototxt" >train_val.prototxt
crema test --model train_val.prototxt --weights "$model" --device cpu 2>test.log >result
grep accuracy result
sed -n 's/^accuracy = \([0-9.e-]*\).*/\1/p' result | awk '{ exit !($1 >= 0.990) }'
