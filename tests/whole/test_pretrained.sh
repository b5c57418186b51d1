#!/bin/sh
# test_pretrained.sh - nets and weights of others that Caffe wrote give Caffe's outputs, and LeNet its accuracy on MNIST.
# Wants their folders in $CREMA_PRETRAINED: each a net, its weights, and in ref/ what goes in and what came out, as .npy.
set -eu

shared=$CREMA_SOURCE/../shared
pretrained=${CREMA_PRETRAINED:-$shared/pretrained}
mnist=${CREMA_MNIST:-$shared/data/mnist}
if [ ! -d "$pretrained/lenet_v2_JachinShen" ] || ! command -v python3 >/dev/null; then
    echo "skipped: no pretrained nets in $pretrained (set CREMA_PRETRAINED), or no python3"
    exit 77
fi

# FOLDER NET WEIGHTS INPUT BLOB PREFIX SHARE BLOB=FILE..: forward of ref/PREFIX_in.npy gives ref/PREFIX_FILE.npy in each
# BLOB, but for a share of its largest value.
hold() {
    folder=$pretrained/$1 net=$2 weights=$3 input=$4 prefix=$5 share=$6
    shift 6
    for device in ref cpu; do
        crema forward --model "$folder/$net" --weights "$folder/$weights" --phase TEST --device $device \
            --input "$input=$folder/ref/${prefix}_in.npy" --optimized --dump out 2>forward.log ||
            { cat forward.log; exit 1; }
        for pair in "$@"; do
            PYTHONPATH=$CREMA_SOURCE/tests/golden PYTHONDONTWRITEBYTECODE=1 python3 - \
                "$folder/ref/${prefix}_${pair#*=}.npy" "out/data_${pair%%=*}.npy" "$share" <<'PY'
import sys
import check_golden
off = check_golden.difference(*map(check_golden.load_npy, sys.argv[1:3]), float(sys.argv[3]))
sys.exit('%s: %s' % (sys.argv[1], off) if off else 0)
PY
        done
        rm -r out
    done
    echo "$folder/$net $prefix"
}

for i in 0 1 2 3; do
    hold lenet_v2_JachinShen deploy.prototxt lenet_iter_10000.caffemodel data $i 2e-5 loss=out
done
for i in 0 1; do
    hold lenet_v1_2014_everpeace deploy.prototxt lenet_iter_10000.caffemodel data $i 1e-3 prob=out
    hold cifar10_full_v1_2014_everpeace deploy.prototxt cifar10_full_iter_70000.caffemodel data $i 1e-3 prob=out
done
hold squeezenet_v1.0 deploy_from_songhan.prototxt squeezenet_v1.0_decoded.caffemodel data 0 1e-3 pool_final=out
hold mtcnn_v2 det1.prototxt det1.caffemodel data det1_0 1e-3 prob1=prob1 conv4-2=conv4-2
hold mtcnn_v2 det2.prototxt det2.caffemodel data det2_0 1e-3 prob1=prob1 conv5-2=conv5-2
hold mtcnn_v2 det3.prototxt det3.caffemodel data det3_0 1e-3 prob1=prob1 conv6-2=conv6-2 conv6-3=conv6-3
hold mtcnn_v2 det4.prototxt det4.caffemodel data det4_0 1e-3 fc5_1=fc5_1 fc5_5=fc5_5
hold ultralight_face_RFB-320 deploy.prototxt RFB-320.caffemodel input 0 1e-3 boxes=boxes scores=scores

ls "$mnist"/t10k-images-idx3-ubyte* >/dev/null 2>&1 || exit 0
crema convert "$mnist"/t10k-images-idx3-ubyte* "$mnist"/t10k-labels-idx1-ubyte* t10k_lmdb
sed -e 's|source: "[^"]*"|source: "t10k_lmdb"|' "$CREMA_SOURCE/models/lenet/train_val.prototxt" >train_val.prototxt
crema test --model train_val.prototxt --weights "$pretrained/lenet_v2_JachinShen/lenet_iter_10000.caffemodel" \
    --device cpu 2>test.log >result
grep accuracy result
sed -n 's/^accuracy = \([0-9.e-]*\).*/\1/p' result | awk '{ exit !($1 >= 0.990) }'
