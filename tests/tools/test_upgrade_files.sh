#!/bin/sh
# test_upgrade_files.sh - crema upgrade finds out what a file is, tells what it did, and keeps what was there.
set -u

. "$CREMA_SOURCE/tests/tools/counted.sh"
# quiet COMMAND.. - good, and nothing on stdout
quiet() {
    good "$@"
    [ -s out ] && fail "stdout of $*: $(head -n 1 out)"
}
# bad STATUS COMMAND.. - that exit status
bad() {
    want=$1
    shift
    "$@" >out 2>err
    got=$?
    [ $got = "$want" ] || fail "exit $got instead of $want: $*"
}
same() {
    cmp -s "$1" "$2" || fail "$1 and $2 differ"
}

# ---- a net of 2013, with a layer that only pads
cat >v0.prototxt <<'END'
# a comment
name: "old"
input: "data" input_dim: 1 input_dim: 1 input_dim: 8 input_dim: 8
layers { layer { name: "pad" type: "padding" pad: 1 } bottom: "data" top: "pad" }
layers { layer { name: "conv" type: "conv" num_output: 2 kernelsize: 3 blobs_lr: 1 blobs_lr: 2 }
  bottom: "pad" top: "conv" }
layers { layer { name: "prob" type: "softmax" } bottom: "conv" top: "prob" }
END
cat >new.prototxt <<'END'
name: "old"
layer {
  name: "input"
  type: "Input"
  top: "data"
  input_param {
    shape {
      dim: 1
      dim: 1
      dim: 8
      dim: 8
    }
  }
}
layer {
  name: "conv"
  type: "Convolution"
  bottom: "data"
  top: "conv"
  param {
    lr_mult: 1
  }
  param {
    lr_mult: 2
  }
  convolution_param {
    num_output: 2
    pad: 1
    kernel_size: 3
  }
}
layer {
  name: "prob"
  type: "Softmax"
  bottom: "conv"
  top: "prob"
}
END
quiet crema upgrade v0.prototxt made.prototxt
same made.prototxt new.prototxt
says 'v0.prototxt: net, 3 layers$' err
says 'layers . layer . . . of 2013 are layer' err
says 'padding layers: 1,' err
says 'comments are lost' err
quiet upgrade_net_proto_text v0.prototxt again.prototxt
same again.prototxt new.prototxt

# ---- today's form stays as it is, and is said to be
quiet crema upgrade new.prototxt made.prototxt
same made.prototxt new.prototxt
says "today's form already" err
grep -q comments err && fail "a comment was found where none is"

# ---- a solver
printf 'net: "net.prototxt" base_lr: 0.1 solver_type: NESTEROV max_iter: 7\n' >solver.prototxt
printf 'base_lr: 0.1\nmax_iter: 7\nnet: "net.prototxt"\ntype: "Nesterov"\n' >want.prototxt
quiet crema upgrade solver.prototxt made.prototxt
same made.prototxt want.prototxt
says 'solver_type is type: "Nesterov" now' err
quiet upgrade_solver_proto_text solver.prototxt made.prototxt
same made.prototxt want.prototxt
bad 1 upgrade_net_proto_text solver.prototxt made.prototxt
bad 1 crema upgrade --kind net solver.prototxt made.prototxt
same made.prototxt want.prototxt

# ---- weights: a convolution of V1 with its four sizes, two numbers
printf '\022\031\050\004\042\001a\062\022\010\001\020\001\030\001\040\002\052\010\0\0\200\077\0\0\0\100' >v1.caffemodel
quiet crema upgrade v1.caffemodel v2.caffemodel
says 'v1.caffemodel: weights, 1 layers, 1 blobs' err
says 'of 2014' err
quiet upgrade_net_proto_binary v2.caffemodel v3.caffemodel
same v2.caffemodel v3.caffemodel
says "today's form already" err

# ---- nothing is overwritten that was not meant
cp v0.prototxt kept.prototxt
ln -s v0.prototxt link.prototxt
bad 1 crema upgrade v0.prototxt ./v0.prototxt
says 'is what would be read' err
bad 1 crema upgrade v0.prototxt link.prototxt
same v0.prototxt kept.prototxt
quiet crema upgrade --in_place v0.prototxt
same v0.prototxt new.prototxt
quiet crema upgrade --in_place v1.caffemodel
same v1.caffemodel v2.caffemodel
bad 2 crema upgrade v0.prototxt
bad 2 crema upgrade --in_place v0.prototxt out.prototxt

# ---- what fails leaves OUT as it was, and nothing beside it
echo precious >out.prototxt
printf 'layers { layer { type: "no such" } }\n' >wrong.prototxt
bad 1 crema upgrade wrong.prototxt out.prototxt
says 'wrong.prototxt:1:18: ' err
head -c 20 v2.caffemodel >cut.caffemodel
bad 1 crema upgrade cut.caffemodel out.prototxt
says 'cut.caffemodel is cut short' err
bad 1 crema upgrade nowhere out.prototxt
says 'nowhere' err
[ "$(cat out.prototxt)" = precious ] || fail "out.prototxt was touched"
ls ./*.tmp >/dev/null 2>&1 && fail "left behind: $(ls ./*.tmp)"

# ---- what Caffe's own tools made, where those files are at hand
golden=${CREMA_SHARED:-$CREMA_SOURCE/../shared}/golden/upgrade
for folder in "$golden"/history/*/ "$golden"/solver/*/ "$golden"/bn_params/; do
    [ -f "$folder/in.prototxt" ] || continue
    if [ -f "$folder/out.prototxt" ]; then
        quiet crema upgrade "$folder/in.prototxt" made.prototxt
        same made.prototxt "$folder/out.prototxt"
    else
        bad 1 crema upgrade "$folder/in.prototxt" made.prototxt
    fi
done

[ $failures = 0 ]
