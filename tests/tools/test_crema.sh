#!/bin/sh
# test_crema.sh - what crema's verbs do with good input: exit status, what goes to stdout, files, signals.
set -u

. "$CREMA_SOURCE/tests/tools/counted.sh"
data=$CREMA_SOURCE/data/digits

# every unknown layer at once, with the fork that has it
cat >unknown.prototxt <<'END'
layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } }
layer { name: "a" type: "RegionLoss" bottom: "x" top: "a" }
layer { name: "b" type: "CenterLoss" bottom: "x" top: "b" }
layer { name: "c" type: "CenterLoss" bottom: "x" top: "c" }
layer { name: "d" type: "MyOwn" bottom: "x" top: "d" }
END
good crema check unknown.prototxt
says '^note: unknown.prototxt:2:19: unknown layer type "RegionLoss" of the YOLO forks, which crema lacks' err
says '^unknown.prototxt:3:19: unknown layer type "CenterLoss" of caffe-face' err
says '"MyOwn"; if a plugin has it, say --plugin FILE' err
[ "$(grep -c 'CenterLoss" of' err)" = 1 ] || fail "CenterLoss more than once"

# a plugin's layers
plugin=$CREMA_BUILD/tests/my_layers.so
sed 's/"MyOwn"/"Mish"/; /RegionLoss\|CenterLoss/d' unknown.prototxt >mish.prototxt
good crema check --plugin "$plugin" mish.prototxt
says "mish.prototxt: net, 2 layers in TRAIN, 2 in TEST: fine" out
good crema describe --plugin "$plugin" Mish
says "^  beta: a number" out
good crema summary --plugin "$plugin" --model mish.prototxt
says "Plugin .*my_layers.so: Mish, ReZero" err
! crema check --plugin missing.so mish.prototxt 2>err || fail "a plugin that is not there"
says "missing.so: cannot open" err

# what layers say of themselves
good crema describe
says "^  Convolution  +weighted sums" out
says "^  solver  " out
good crema describe pooling solver
says "^  kernel_h: uint32$" out
says "^  base_lr: float$" out
! crema describe Convoluton >out 2>err || fail "Convoluton is no layer"
says 'did you mean "Convolution"' err
good crema describe forks
says "^  forward_math: " out
good crema describe --markdown pages
says "^\| \[Eltwise\]\(Eltwise.md\) " pages/index.md
says "^# Eltwise" pages/Eltwise.md
! crema describe --markdown /dev/null/pages 2>err || fail "pages in /dev/null"
says "/dev/null/pages: Not a directory" err

find "$data" -name '*.png' | sort | head -n 14 | sed "s|^$data/||" | awk '{ print $1, NR % 4 }' >list.txt
convert_imageset --gray "$data/" list.txt db >convert.log 2>&1 || { cat convert.log && exit 1; }
cat >net.prototxt <<'END'
name: "small"
layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "db" batch_size: 4 } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
  convolution_param { num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "relu" }
layer { name: "ip" type: "InnerProduct" bottom: "relu" top: "ip"
  inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" include { phase: TEST } }
END
cat >deploy.prototxt <<'END'
name: "small"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 1 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 3 kernel_size: 3 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "relu" }
layer { name: "ip" type: "InnerProduct" bottom: "relu" top: "ip" inner_product_param { num_output: 4 } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
END
cat >solver.prototxt <<'END'
net: "net.prototxt"
base_lr: 0.0001
lr_policy: "fixed"
max_iter: 10
display: 5
test_iter: 2
test_interval: 5
snapshot_prefix: "out"
solver_mode: CPU
END

# ---- help

good crema
says '^usage: crema VERB' out
good crema --version
says '^crema [0-9]' out
for verb in train test predict time summary check forward convert convert_imageset compute_image_mean device_query; do
    good crema $verb --help
    says '^usage: ' out
    good crema help $verb
done

# ---- waiting for data

# pictures that are much resized for a net that does little with them
cat >waits.prototxt <<END
layer {
  name: "data" type: "ImageData" top: "data" top: "label" transform_param { crop_size: 8 }
  image_data_param { source: "list.txt" root_folder: "$data/" batch_size: 32 new_height: 1200 new_width: 1200 }
}
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 4 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
END
cat >waits_solver.prototxt <<'END'
net: "waits.prototxt"
base_lr: 0.0001
lr_policy: "fixed"
max_iter: 11
display: 10
END
good crema train --solver waits_solver.prototxt --device cpu
says '\] Iteration 10 \([0-9.e+-]+ iter/s, [0-9.e-]+s/10 iters, [0-9]+% waiting for data\), loss = ' err
[ "$(grep -c '^W.*The net waits for data [0-9]*% of the time' err)" = 1 ] || fail "no warning, or two, of waiting"

# each picture of the list counts once, whatever the batch
for batch in 4 14; do
    sed "s/batch_size: 32 .*}/batch_size: $batch }/" waits.prototxt >once.prototxt
    good crema test --model once.prototxt --weights waits_solver_iter_11.caffemodel --device cpu
    says 'Running over 14 records' err
    sed -n 's/^loss = \([0-9.e-]*\) .*/\1/p' out >>losses
done
awk '{ loss[NR] = $1 } END { d = loss[1] - loss[2]; exit !(NR == 2 && d * d < 1e-8 * loss[1] * loss[1]) }' losses ||
    fail "another batch, another loss: $(cat losses)"

# ---- train, test

good crema train -solver solver.prototxt --set random_seed=1
says '\] Iteration 0, Testing net \(#0\)$' err
says '\]     Test net output #0: accuracy = [0-9.e-]+$' err
says '\]     Test net output #1: loss = [0-9.e-]+ \(\* 1 = [0-9.e-]+ loss\)$' err
says '\] Iteration 5 \([0-9.e+-]+ iter/s, [0-9.e-]+s/5 iters(, [0-9]+% waiting for data)?\), loss = [0-9.e-]+$' err
says '\] Iteration 5, lr = 0.0001$' err
says '\] Snapshotting to binary proto file out_iter_10.caffemodel$' err
says '\] Optimization Done.$' err
[ -s out ] && fail "train writes to stdout"
grep -q "$(printf '\r')" err && fail "a status line in a file"
cp err first
good crema train --solver=solver.prototxt --set random_seed=1
[ "$(grep -oE 'loss = .*' first)" = "$(grep -oE 'loss = .*' err)" ] || fail "the same seed gives another run"
good crema train --solver solver.prototxt --set random_seed=1 --deterministic
[ "$(grep -oE 'loss = .*' first)" = "$(grep -oE 'loss = .*' err)" ] || fail "--deterministic gives another run"

# 14 records in batches of 4: three whole ones, and one of 2 that weighs half
good crema test --model net.prototxt --weights out_iter_10.caffemodel
says 'Running over 14 records' err
[ "$(grep -c 'Batch [0-3], loss' err)" -eq 4 ] || fail "not 4 batches"
sed 's/batch_size: 4/batch_size: 14/' net.prototxt >whole.prototxt
cp out by4
good crema test --model whole.prototxt --weights out_iter_10.caffemodel
awk '/^accuracy = / { if (++n == 1) a = $3; else d = a - $3 } END { exit !(n == 2 && d < 1e-6 && d > -1e-6) }' by4 out ||
    fail "accuracy over batches is not that of the whole: $(cat by4 out)"
good crema test --model net.prototxt --weights out_iter_10.caffemodel --iterations 3
[ "$(grep -c 'Batch [0-9]*, accuracy' err)" -eq 3 ] || fail "not 3 batches"
says '^Loss: ' out
says '^loss = [0-9.e-]+ \(\* 1 = [0-9.e-]+ loss\)$' out

# ---- levels, stages and fields from the command line

cat >staged.prototxt <<'END'
layer { name: "x" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 dim: 2 } } }
layer { name: "a" type: "InnerProduct" bottom: "x" top: "a" inner_product_param { num_output: 1 }
  include { stage: "one" min_level: 2 } loss_weight: 1 }
END
good crema train --solver solver.prototxt --set net=staged.prototxt --set test_interval=0 --set test_iter=1 \
    --set test_interval=100 --set snapshot_prefix=staged --stage one,two --level 2
says 'Train net output #0: a = ' err

# ---- resuming, signals

rm -f out_iter_*
good crema train --solver solver.prototxt --snapshot auto --set snapshot=5
says 'No snapshot out_iter_\*.solverstate yet' err
good crema train --solver solver.prototxt --snapshot auto --set max_iter=15
says 'Resuming from out_iter_10.solverstate' err
[ -f out_iter_15.solverstate ] || fail "no snapshot at 15"

# wait_for TEXT FILE
wait_for() {
    tries=0
    until grep -qE "$1" "$2"; do
        tries=$((tries + 1))
        [ $tries -lt 300 ] || {
            fail "no \"$1\" in $2 in 30 s"
            return
        }
        sleep 0.1
    done
}
# stop SIGNAL FLAGS.. - a long run, sent the signal; its exit status
stop() {
    name=$1
    shift
    : >sig.log
    crema train --solver solver.prototxt --device ref --set max_iter=100000000 --set display=1000 \
        --set test_interval=100000000 --set snapshot_prefix=sig "$@" >sig.log 2>&1 &
    run=$!
    wait_for 'Iteration 1000 ' sig.log
    kill "-$name" $run
}
stop HUP
wait_for 'Snapshotting solver state' sig.log
kill -INT $run # a shell ignores it for what runs in the background; crema listens all the same
wait $run || fail "after SIGINT: exit $?"
says 'Optimization stopped early' sig.log
[ "$(find . -name 'sig_iter_*.solverstate' | wc -l)" -eq 2 ] || fail "not two snapshots: $(ls)"
stop HUP --sighup_effect stop
wait $run || fail "--sighup_effect stop: exit $?"
says 'Optimization stopped early' sig.log
# killed at any moment, the newest snapshot is whole
rm -f sig_iter_*
stop KILL --set snapshot=200
wait $run
good crema train --solver solver.prototxt --device ref --set snapshot_prefix=sig --snapshot auto --set max_iter=1
says 'Resuming from sig_iter_' err

# ---- the others

good crema check net.prototxt solver.prototxt deploy.prototxt
[ "$(grep -c 'fine$' out)" -eq 3 ] || fail "check: $(cat out)"
printf 'net: "nowhere.prototxt" base_lr: 1 lr_policy: "fixed" max_iter: 1\n' >lonely.prototxt
good crema check lonely.prototxt
says '1 note$' out
says '^note: lonely.prototxt:1:1: net nowhere.prototxt is not there' err
crema check --strict lonely.prototxt >out 2>&1 && fail "--strict passes a note"
printf 'layer { name: "a" type: "Sofmax" top: "y" }\nlayer { name: "b" type: "Elephant" top: "z" }\n' >odd.prototxt
good crema check odd.prototxt
printf 'layer { name: "a" tpye: "ReLU" }\nlayer { nmae: "b" type: "ReLU" }\n' >typos.prototxt
crema check typos.prototxt >out 2>err && fail "check passes unknown fields"
says '^typos.prototxt:1:19: unknown field "tpye"' err
says '^typos.prototxt:2:9: unknown field "nmae"' err
# two shapes that cannot be, in one go
cat >shapes.prototxt <<'END'
layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 5 dim: 5 } } }
layer { name: "p" type: "Pooling" bottom: "x" top: "p" pooling_param { kernel_size: 9 } }
layer { name: "c" type: "Convolution" bottom: "x" top: "c" convolution_param { num_output: 4 kernel_size: 9 } }
END
crema check shapes.prototxt >out 2>err && fail "check passes impossible shapes"
says '^shapes.prototxt:3:.*layer "c"' err

good crema summary --model deploy.prototxt
says '^conv +Convolution +1x3x6x6 +30 ' out
says '^parameters +466$' out
says '^  their history +0\.0$' out
good crema summary --solver solver.prototxt
says '^parameters +466$' out
says '^  test nets +[0-9.]+$' out
mv db away
good crema summary --model net.prototxt --phase TRAIN # data that is not there leaves shapes open
says '^conv +Convolution +\?' out
grep -q '^parameters' out && fail "a sum of what is not known: $(cat out)"
mv away db

good crema time --model net.prototxt --iterations 2 --json time.json
# Caffe's lines, in the log
says '\] Average time per layer: $' err
says '\]  +conv	forward: [0-9.e-]+ ms\.$' err
says '\]  +conv	backward: [0-9.e-]+ ms\.$' err
says '\] Average Forward pass: [0-9.e-]+ ms\.$' err
says '\] Average Backward pass: [0-9.e-]+ ms\.$' err
says '\] Average Forward-Backward: [0-9.e-]+ ms\.$' err
# the table: both directions' ms, share, GFLOP/s, GB/s, implementations
says '^layer +fwd ms +bwd ms +% +fwd GFLOP/s +bwd GFLOP/s +fwd GB/s +bwd GB/s +implementation$' out
says '^conv( +[0-9]+\.[0-9]+){7}  [a-z].*$' out
says '^all ops( +[0-9]+\.[0-9]+){7}' out
for sum in forward backward whole 'outside of ops' reorders 'wait for data'; do
    says "^$sum +-?[0-9]+\.[0-9]{3} ms +-?[0-9]+\.[0-9] %$" out
done
python3 - time.json <<'END' || fail "time.json is not as it should be"
import json
import sys
t = json.load(open(sys.argv[1]))
layers = {layer["name"]: layer for layer in t["layers"]}
assert list(layers) == ["data", "conv", "relu", "ip", "loss"] and t["iterations"] == 2 and t["phase"] == "TRAIN"
for s in "forward", "backward":
    assert abs(sum(layer[s + "_ms"] for layer in t["layers"]) - sum(
        op["ms"] for op in t["ops"] if op["layer"] and op["backward"] == (s == "backward"))) < 1e-3
    # 4 pictures, 3 channels of 6 x 6, 9 products each; backward has the filter's alone, the data wants no gradient
    assert layers["conv"][s]["flop"] == 2 * 4 * 3 * 6 * 6 * 9, layers["conv"]
    # input or its gradient, output or its, weights or theirs: floats, at least as many as the shapes say
    assert layers["ip"][s]["bytes"] >= 4 * (4 * 108 + 108 * 4 + 4 * 4), layers["ip"]
assert all(op["best_ms"] <= op["ms"] + 1e-9 and op["implementation"] for op in t["ops"])
assert abs(t["ops_ms"] + t["outside_ms"] + t["wait_ms"] - t["forward_ms"] - t["backward_ms"]) < 1e-3
END
good crema time --model deploy.prototxt --phase TEST --iterations 1 --json -
python3 -m json.tool out >/dev/null || fail "--json - writes more than JSON"
good crema time --model deploy.prototxt --phase TEST --iterations 1
grep -q 'bwd' out && fail "time in phase TEST has columns for backward"
grep -q 'Backward' err && fail "time in phase TEST tells of backward"
crema time --model deploy.prototxt --iterations 1 --json nowhere/x.json >out 2>err && fail "time writes to nowhere"
says 'cannot write nowhere/x.json' err

# the mean of the class scores is 1; the best comes first
good crema predict --model deploy.prototxt --weights out_iter_15.caffemodel --mean_value 120 \
    "$data/2/0002.png" "$data/3/0003.png"
[ "$(grep -c '  class ' out)" -eq 8 ] || fail "not 4 classes for each of 2 pictures: $(cat out)"
awk '/class/ { sum += $1 } END { exit !(sum > 1.99 && sum < 2.01) }' out || fail "scores do not add up"
printf 'a\nb\n' >labels.txt
good crema predict --model deploy.prototxt --weights out_iter_15.caffemodel --labels labels.txt "$data/2/0002.png"
says 'labels.txt has 2 lines, the net 4 classes' err
crema predict --model deploy.prototxt --weights out_iter_15.caffemodel --mean_value 1,2 "$data/2/0002.png" 2>err &&
    fail "two means for one channel are accepted"
says 'wants one number, got "1,2"' err
good crema predict --model deploy.prototxt --weights out_iter_15.caffemodel --oversample --top 1 "$data/2/0002.png"
crema predict --model deploy.prototxt --weights out_iter_15.caffemodel "$data/README.md" "$data/2/0002.png" >out 2>err &&
    fail "predict passes over a bad picture in silence"
says 'class' out

# ---- forward, the microscope

python3 - <<'END'
import struct
def npy(path, shape, values):
    head = "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }" % (shape,)
    head += ' ' * (63 - (10 + len(head)) % 64) + '\n'
    open(path, 'wb').write(b'\x93NUMPY\x01\x00' + struct.pack('<H', len(head)) + head.encode() +
                           struct.pack('<%df' % len(values), *values))
npy('prob.npy', (1, 4), [1, 0, 0, -1])
npy('one.npy', (1, 1, 8, 8), [i / 64 for i in range(64)])
npy('two.npy', (2, 1, 8, 8), [i / 128 for i in range(128)])
END
good crema forward --model deploy.prototxt --weights out_iter_15.caffemodel --dump a --backward --diff prob=prob.npy \
    --input data=one.npy
for file in data_data data_conv data_relu data_prob diff_conv diff_data param_conv_0 param_diff_conv_0 param_ip_1; do
    [ -f a/$file.npy ] || fail "forward wrote no $file.npy"
done
[ -f a/absent.txt ] && fail "something is absent: $(cat a/absent.txt)"
good crema forward --model deploy.prototxt --weights out_iter_15.caffemodel --dump b --optimized --input data=one.npy
says '^data_conv$' b/absent.txt
cmp -s a/data_prob.npy b/data_prob.npy || fail "optimized gives another result"
# file k for forward k; another shape reshapes the net
good crema forward --model deploy.prototxt --weights out_iter_15.caffemodel --dump c --iterations 3 --input data=one.npy,two.npy
cmp -s a/data_prob.npy c/0/data_prob.npy || fail "the first forward differs"
says "'shape': \(2, 4\)" c/1/data_prob.npy
cmp -s c/1/data_prob.npy c/2/data_prob.npy || fail "the last file does not stay"
good crema forward --model deploy.prototxt --weights out_iter_15.caffemodel --dump d --iterations 0
[ "$(find d -type f | wc -l)" -eq 4 ] || fail "--iterations 0 writes more than parameters: $(ls d)"

[ $failures -eq 0 ]
