#!/bin/sh
# test_opencv.sh - OpenCV's importer of Caffe models opens what crema writes, and gives the same outputs.
set -eu

python=${CREMA_PYTHON:-python3}
if ! "$python" -c 'import cv2; cv2.dnn.readNetFromCaffe' 2>/dev/null; then
    echo "skipped: $python has no cv2 that reads Caffe models (python3-opencv)"
    exit 77
fi
fillers='weight_filler { type: "xavier" } bias_filler { type: "uniform" min: -0.1 max: 0.1 }'
for model in lenet alexnet; do
    # one picture; weights as the fillers make them
    sed -e '0,/dim: [0-9]*/s//dim: 1/' -e "s/num_output: [0-9]*/& $fillers/" \
        "$CREMA_SOURCE/models/$model/deploy.prototxt" >$model.prototxt
    printf 'net: "%s" base_lr: 0.1 lr_policy: "fixed" max_iter: 0 random_seed: 3 snapshot_prefix: "%s"\n' \
        $model.prototxt $model >solver.prototxt
    crema train --solver solver.prototxt --device cpu 2>train.log || { tail -n 3 train.log; exit 1; }
    "$python" "$CREMA_SOURCE/tests/whole/compare_opencv.py" $model.prototxt ${model}_iter_0.caffemodel
    rm -f ./*.caffemodel
done
