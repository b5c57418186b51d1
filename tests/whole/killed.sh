# shellcheck shell=sh
# killed.sh - for scripts that source it: a training run that is killed at random moments and goes on each time.

# killed_net - a net with dropout; its data are shuffled in blocks, two databases of them mixed, and changed in every way
# at random: colours, angle, part, crop, mirror, what is erased, light
killed_net() {
    head -n 100 "$CREMA_SOURCE/data/digits/train.txt" >list.txt
    tail -n 70 "$CREMA_SOURCE/data/digits/train.txt" >more.txt
    convert_imageset "$CREMA_SOURCE/data/digits/" list.txt digits_lmdb
    convert_imageset --encoded "$CREMA_SOURCE/data/digits/" more.txt more_lmdb
    compute_image_mean --pca light.binaryproto digits_lmdb
    cat >net.prototxt <<END
layer {
  name: "digits" type: "Data" top: "data" top: "label"
  transform_param {
    mean_value: 78 scale: 0.02 crop_size: 7 mirror: true force_color: true
    distort_param { brightness_prob: 0.5 brightness_delta: 32 contrast_prob: 0.5 contrast_lower: 0.5 contrast_upper: 1.5 }
    max_rotation_angle: 15
    random_aspect_ratio_param { min_area_ratio: 0.5 aspect_ratio_change: 1.3 resize_param { height: 9 width: 9 } }
    erase_ratio: 0.2
    lighting_file: "../light.binaryproto" lighting_std: 0.1
  }
  data_param {
    source: "../digits_lmdb" more_source: "../more_lmdb" source_weight: 3 source_weight: 2
    batch_size: 9 backend: LMDB shuffle: true shuffle_block: 8 shuffle_window: 3 rand_skip: 30
  }
}
layer {
  name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 8 kernel_size: 3 weight_filler { type: "xavier" } }
}
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" }
layer {
  name: "ip" type: "InnerProduct" bottom: "conv" top: "ip"
  inner_product_param { num_output: 10 weight_filler { type: "xavier" } }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
END
}

seconds() { date +%s.%N; }

# killed_train FOLDER THREADS - a run in that folder, on top of this shell
killed_train() {
    cd "$1"
    exec crema train --solver ../solver.prototxt --deterministic --data_threads "$2" --snapshot auto 2>>log
}

# killed TIMES ITERATIONS - fails unless the last weights are those of a run that nobody killed
killed() {
    times=$1 iterations=$2 done=0
    killed_net
    cat >solver.prototxt <<END
net: "../net.prototxt"
base_lr: 0.01 lr_policy: "inv" gamma: 0.001 power: 0.75 momentum: 0.9 weight_decay: 0.001
max_iter: $iterations display: 1000 snapshot: 100 snapshot_prefix: "out" average_loss: 7 random_seed: 5
END
    mkdir whole pieces
    begun=$(seconds)
    (killed_train whole 1)
    ended=$(seconds)
    while [ "$done" -lt "$times" ]; do
        # what it takes to start, and up to the time that a piece would have if all were alike
        pause=$(awk -v seed="$$$done" -v a="$begun" -v b="$ended" -v n="$times" \
            'BEGIN { srand(seed); print 0.1 + rand() * (b - a) / n }')
        (killed_train pieces $((1 + done % 4))) &
        sleep "$pause"
        kill -KILL $! 2>/dev/null || break
        wait $! 2>/dev/null || true
        done=$((done + 1))
    done
    wait
    (killed_train pieces 2)
    echo "killed $done times, $(grep -c 'Resuming from' pieces/log) times resumed"
    [ "$done" -gt 0 ]
    grep -q 'Resuming from' pieces/log
    for kind in caffemodel solverstate; do
        cmp "whole/out_iter_$iterations.$kind" "pieces/out_iter_$iterations.$kind"
    done
}
