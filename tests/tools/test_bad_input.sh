#!/bin/sh
# test_bad_input.sh - what is wrong with the user's files and flags is said in one message, with its place, and
# the exit status is 1 (2: wrong use).  Nothing crashes, nothing is lost.
set -u

failures=0
data=$CREMA_SOURCE/data/digits

# bad STATUS TEXT COMMAND.. - fails as it should: exactly one error, and it says TEXT (an extended regex)
bad() {
    want=$1 text=$2
    shift 2
    "$@" >out 2>&1
    got=$?
    errors=$(grep -cE '^E[0-9]{4} ' out)
    if [ "$got" -ne "$want" ]; then
        echo "exit $got instead of $want: $*"
    elif ! grep -qE -e "$text" out; then
        echo "does not say \"$text\": $*"
    elif [ "$want" -eq 1 ] && [ "$errors" -gt 1 ]; then
        echo "$errors errors instead of one: $*"
    else
        return 0
    fi
    tail -n 5 out
    failures=$((failures + 1))
}

# ---- material

find "$data" -name '*.png' | sort | head -n 12 | sed "s|^$data/||" | awk '{ print $1, NR % 4 }' >list.txt
convert_imageset --gray "$data/" list.txt db >convert.log 2>&1 || { cat convert.log && exit 1; }
convert_imageset --gray --encoded "$data/" list.txt encoded >convert.log 2>&1 || { cat convert.log && exit 1; }

# net FILE SOURCE CLASSES [MORE]
net() {
    cat >"$1" <<END
layer {
  name: "data" type: "Data" top: "data" top: "label"
  data_param { source: "$2" batch_size: 4 }
}
layer {
  name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: $3 weight_filler { type: "xavier" } }
}
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
${4:-}
END
}
net net.prototxt db 4
cat >solver.prototxt <<END
net: "net.prototxt"
base_lr: 0.001
lr_policy: "fixed"
max_iter: 4
snapshot: 2
snapshot_prefix: "out"
random_seed: 1
END
crema train --solver solver.prototxt --device ref >train.log 2>&1 || { cat train.log && exit 1; }
train() { bad "$1" "$2" crema train --solver solver.prototxt --device ref --set snapshot=0 --set snapshot_prefix=bad \
    --set net="$3"; }
# layer TEXT: an input, then the layer
layer() { printf 'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }\n%s\n' "$1" >case.prototxt; }
forward() { layer "$2" && bad 1 "$1" crema forward --model case.prototxt --device ref --dump dump; }

# ---- flags

bad 2 'unknown verb "trian", did you mean "train"\?' crema trian
bad 2 'wants --solver FILE' crema train
bad 2 'unknown flag --solvr, did you mean --solver\?' crema train --solvr x
bad 2 'leave --weights out' crema train --solver solver.prototxt --snapshot a --weights b
bad 2 '--threads wants 0 to 1024, got -3' crema train --solver solver.prototxt --threads -3
bad 2 '--threads wants 0 to 1024' crema summary --model net.prototxt --threads 99999999999
bad 2 '--ranks wants 1 to 65536, got 0' crema train --solver solver.prototxt --ranks 0
bad 2 '--rank wants 0 to 1, got 2' crema train --solver solver.prototxt --ranks 2 --rank 2
bad 2 '--data_threads wants 0 to 1024, got -1' crema train --solver solver.prototxt --data_threads -1
for verb in test time summary; do
    bad 2 'give --device or --gpu, not both' crema $verb --model net.prototxt --weights x --device cpu --gpu 0
done
bad 1 'weights ",": there is no file.s name' crema train --solver solver.prototxt --weights ,
bad 2 'wants at least 1' crema predict --model net.prototxt --weights x --top 0 x.png
bad 1 'cannot open a: No such file' crema convert a b c
bad 2 'wants --weights FILE' crema test --model net.prototxt
bad 2 'wants --model FILE' crema time
bad 2 'wants --dump DIR' crema forward --model net.prototxt
bad 1 'unknown device "gpu"' crema train --solver solver.prototxt --device gpu
bad 1 '--gpu 0,1: one GPU' crema train --solver solver.prototxt --gpu 0,1
bad 1 'decoded by a GPU where one computes' crema train --solver solver.prototxt --device cpu --decode gpu
bad 2 'leave --decode gpu out' crema train --solver solver.prototxt --deterministic --decode gpu
bad 1 '--gpu all: one GPU' crema train --solver solver.prototxt --gpu all
bad 1 '--set bas_lr=1: there is no field "bas_lr".*did you mean "base_lr"\?' crema train --solver solver.prototxt --set bas_lr=1
if crema device_query | grep -q '^cuda *none'; then
    bad 1 '--gpu 0: .*--device cpu' crema train --solver solver.prototxt --gpu 0
    bad 1 '--device cuda: .*--device cpu' crema train --solver solver.prototxt --device cuda
    bad 1 '--gpu 0: .*--device cpu' crema test --model net.prototxt --weights out_iter_4.caffemodel --gpu 0
fi

# ---- files

bad 1 'cannot open nope.prototxt: No such file' crema train --solver nope.prototxt
sed 's/net.prototxt/nope.prototxt/' solver.prototxt >bad_solver.prototxt
bad 1 'bad_solver.prototxt:1:1: cannot open net nope.prototxt: No such file' \
    crema train --solver bad_solver.prototxt --device ref
bad 1 'cannot (open|read) .*folder' crema train --solver .
bad 1 'nope.caffemodel: No such file' crema test --model net.prototxt --weights nope.caffemodel --device ref
bad 1 'net.prototxt is .*text' crema test --model net.prototxt --weights net.prototxt --device ref
bad 1 'out_iter_4.solverstate is a .solverstate' \
    crema test --model net.prototxt --weights out_iter_4.solverstate --device ref
bad 1 'is a .caffemodel' crema train --solver solver.prototxt --device ref --snapshot out_iter_2.caffemodel
head -c 500 out_iter_2.solverstate >cut.solverstate
bad 1 'cut.solverstate' crema train --solver solver.prototxt --device ref --snapshot cut.solverstate
head -c 500 out_iter_2.caffemodel >cut.caffemodel
bad 1 'cut.caffemodel' crema test --model net.prototxt --weights cut.caffemodel --device ref
mkdir -p elsewhere && cp net.prototxt solver.prototxt elsewhere
mv net.prototxt hidden
bad 1 'there is elsewhere/net.prototxt' crema train --solver elsewhere/solver.prototxt --device ref
mv hidden net.prototxt

# ---- texts

printf 'layer { nme: "x" }\n' >case.prototxt
bad 1 'case.prototxt:1:9: unknown field "nme" in layer; did you mean "name"\?' crema summary --model case.prototxt
printf 'layer { name: "x" type: "ReLU" bottom: "q" top: "y" }\n' >case.prototxt
bad 1 'case.prototxt:1:32: layer "x": no layer before it makes blob "q"' crema time --model case.prototxt --device ref
forward 'case.prototxt:2:19: unknown layer type "RelU"; did you mean "ReLU"\?' \
    'layer { name: "r" type: "RelU" bottom: "x" top: "y" }'
forward 'unknown layer type "Python"; .*replace it' 'layer { name: "p" type: "Python" bottom: "x" top: "y" }'
forward 'blob "x" is already made by layer "in"' 'layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 1 } } }'
forward 'layer "p": .*(axes|4)' 'layer { name: "f" type: "Flatten" bottom: "x" top: "f" }
layer { name: "p" type: "Pooling" bottom: "f" top: "y" pooling_param { kernel_size: 2 } }'
forward 'case.prototxt:2:.*num_output' \
    'layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 0 } }'
forward 'case.prototxt:2:.*num_output' \
    'layer { name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 0 kernel_size: 3 } }'
forward 'case.prototxt:2:.*kernel.*(9|larger)' \
    'layer { name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 2 kernel_size: 9 } }'
forward 'case.prototxt:2:.*kernel_size' \
    'layer { name: "c" type: "Convolution" bottom: "x" top: "y" convolution_param { num_output: 2 } }'

: >case.prototxt
bad 1 '^case.prototxt: no layer at all' crema check case.prototxt
# A text cut anywhere: an error with its place when something was left open, never a crash.
size=$(wc -c <net.prototxt)
at=1
while [ "$at" -lt "$size" ]; do
    head -c "$at" net.prototxt >case.prototxt
    crema check case.prototxt >out 2>&1
    status=$?
    open=$(tr -dc '{}' <case.prototxt | awk '{ n = gsub(/{/, ""); m = gsub(/}/, ""); print n - m }')
    if [ $status -gt 1 ] || { [ "${open:-0}" -gt 0 ] && ! grep -qE '^case.prototxt:[0-9]+:[0-9]+: ' out; }; then
        echo "cut at $at: exit $status"
        tail -n 3 out
        failures=$((failures + 1))
    fi
    at=$((at + 13))
done

# ---- data

net bad.prototxt nowhere 4
train 1 'bad.prototxt:3:16: .*nowhere' bad.prototxt
mkdir -p empty && : >empty/data.mdb
net bad.prototxt empty 4
train 1 'empty' bad.prototxt
mkdir -p short && head -c 9000 db/data.mdb >short/data.mdb
net bad.prototxt short 4
train 1 'short' bad.prototxt
mkdir -p level && touch level/CURRENT level/MANIFEST-000001 level/000005.ldb
sed -i 's/source: "short"/source: "level" backend: LEVELDB/' bad.prototxt
train 1 'bad.prototxt:3:.*LevelDB.*convert' bad.prototxt
# a mean that is not there
net bad.prototxt db 4
sed -i 's/data_param/transform_param { mean_file: "nomean" } data_param/' bad.prototxt
train 1 'bad.prototxt:3:21: .*cannot open nomean: No such file' bad.prototxt
# a label that the loss does not know: its record is named
net bad.prototxt db 3
train 1 'label 3 of .*0000000[0-9]_.*\.png.*0..2' bad.prototxt
# a picture that cannot be decoded
mkdir -p garbage && LC_ALL=C sed 's/\x89PNG/\x00XXX/g' encoded/data.mdb >garbage/data.mdb
net bad.prototxt garbage 4
train 1 '0000000[0-9]_' bad.prototxt
# ... may be left out where the others are good
mkdir -p mixed && LC_ALL=C awk 'BEGIN { RS = "\x89PNG"; ORS = "" } { print (NR == 1 ? "" : NR == 5 ? "\x00XXX" : RS) $0 }' \
    encoded/data.mdb >mixed/data.mdb
net bad.prototxt mixed 4
train 1 '0000000[0-9]_' bad.prototxt
bad 0 '1 records could not be decoded and were left out' crema train --solver solver.prototxt --device ref \
    --set snapshot=0 --set snapshot_prefix=bad --set net=bad.prototxt --bad-records skip

# ... and when testing, where each of the others counts once, whatever the batches
bad 1 '0000000[0-9]_' crema test --model bad.prototxt --weights out_iter_4.caffemodel --device ref
sed 's|source: "mixed"|source: "good"|' bad.prototxt >good.prototxt
bad_key=$(crema test --model bad.prototxt --weights out_iter_4.caffemodel --device ref 2>&1 | grep -oE '0000000[0-9]' | head -n 1)
awk -v bad="$((1${bad_key:-00000000} - 100000000 + 1))" 'NR != bad' list.txt >good.txt
convert_imageset --gray --encoded "$data/" good.txt good >convert.log 2>&1 || failures=$((failures + 1))
crema test --model good.prototxt --weights out_iter_4.caffemodel --device ref 2>good.log >want || failures=$((failures + 1))
for batch in 1 4 5 11 12; do
    sed -i "s/batch_size: [0-9]*/batch_size: $batch/" bad.prototxt
    bad 0 '1 records could not be decoded and were left out' crema test --model bad.prototxt \
        --weights out_iter_4.caffemodel --device ref --bad_records skip
    awk '{ print $NF }' want >want.number
    grep '^Loss' out | awk '{ print $NF }' | paste - want.number | awk '
        NR == 1 && ($1 - $2 > 1e-4 || $2 - $1 > 1e-4) { exit 1 }' || {
        echo "batches of $batch: another loss than without the bad record"
        failures=$((failures + 1))
    }
done
bad 0 '1 records could not be decoded and were left out' crema test --model bad.prototxt \
    --weights out_iter_4.caffemodel --device ref --bad-records skip --iterations 3
# a label that the loss does not know is named here, too
awk 'NR == 6 { $2 = 9 } { print }' list.txt >nine.txt
convert_imageset --gray "$data/" nine.txt nine >convert.log 2>&1 || failures=$((failures + 1))
sed -i 's/source: "good"/source: "nine"/' good.prototxt
bad 1 'label 9 of .*00000005_.*\.png.*0..3' crema test --model good.prototxt --weights out_iter_4.caffemodel --device ref

# ---- weights of another shape

net bad.prototxt db 5
bad 1 'layer "ip": blob 0 is 4x64 in the file, 5x64 in the net' \
    crema test --model bad.prototxt --weights out_iter_4.caffemodel --device ref
sed 's/name: "ip"/name: "other"/' net.prototxt >bad.prototxt
bad 1 'no layer of this net by name' crema test --model bad.prototxt --weights out_iter_4.caffemodel --device ref

# ---- while training

cp out_iter_4.caffemodel kept
train 0 'Optimization Done' net.prototxt
sed 's/batch_size: 4 }/& transform_param { scale: nan }/' net.prototxt >nan.prototxt
train 1 'the loss is nan; .*is blob "data" of layer "data", record 00000000_.*; weights and snapshots stay as they were$' nan.prototxt
bad 1 'the loss is nan; .*of layer "(ip|loss)".*base_lr' \
    crema train --solver solver.prototxt --device ref --set base_lr=1e38 --set snapshot=0 --set max_iter=50
cmp -s kept out_iter_4.caffemodel || {
    echo "a loss that is not finite overwrote a snapshot"
    failures=$((failures + 1))
}
{
    (
        ulimit -f 1
        crema train --solver solver.prototxt --device ref
    )
    echo $? >status
} 2>&1 | cat >out
status=$(cat status)
if [ $status -ne 1 ] || ! grep -q 'cannot write out_iter_2.caffemodel' out || ! cmp -s kept out_iter_4.caffemodel; then
    echo "a full disk: exit $status"
    tail -n 3 out
    failures=$((failures + 1))
fi
bad 1 'no/such/x_iter_N.caffemodel: No such file' \
    crema train --solver solver.prototxt --device ref --set snapshot_prefix=no/such/x

[ $failures -eq 0 ]
