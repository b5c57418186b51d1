#!/bin/sh
# Curves out of logs: pictures that are pictures, and what cannot be drawn is told.
set -eu

for run in one two; do
    cat >"$run.log" <<'END'
I1122 07:20:01.000001 1 train] Iteration 0, Testing net (#0)
I1122 07:20:01.000002 1 train]     Test net output #0: accuracy = 0.1
I1122 07:20:01.000003 1 train] Iteration 0 (0 iter/s, 1s/1 iters), loss = 2.3
I1122 07:20:01.000004 1 train] Iteration 0, lr = 0.01
I1122 07:20:02.000002 1 train] Iteration 100 (99 iter/s, 1s/100 iters), loss = 0.3
I1122 07:20:02.000004 1 train] Iteration 100, lr = 0.001
I1122 07:20:03.000001 1 train] Iteration 200, Testing net (#0)
I1122 07:20:03.000002 1 train]     Test net output #0: accuracy = 0.9
END
done

# size FILE - width and height in a PNG's header
size() {
    od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4, $7 * 256 + $8 }'
}
[ "$(crema plot one.log --out one.png --width 500 --height 400)" = one.png ]
[ "$(size one.png)" = "500 400" ]
[ "$(head -c 4 one.png | od -An -tx1)" = " 89 50 4e 47" ]

# text is drawn as outlines; both runs have a curve in each of the three panels
crema plot one.log two.log --o two.svg --names first,second --tests validation --title "two runs" --epoch 50 \
    --smooth 2 >out
grep -q '^<svg' two.svg
[ "$(grep -c '</svg>' two.svg)" -eq 1 ]
[ "$(grep -c '<text' two.svg)" -eq 0 ]

# one run's curves are told apart by what tests are called
crema plot one.log --out test.svg >out
crema plot one.log --out validation.svg --tests validation >out
if cmp -s test.svg validation.svg; then
    echo "tests of any name make the same curves"
    exit 1
fi

# legends of many runs stand above the curves, and make the picture higher unless its height is said
crema plot one.log two.log one.log two.log one.log two.log one.log two.log --out many.png \
    --names alexnet,googlenet,resnet18,resnet50,squeezenet,vgg16,vgg19,zfnet >out
[ "$(size many.png)" = "800 760" ]
[ "$(crema plot one.log --out one.png && size one.png)" = "one.png
800 640" ]

# fails WORDS.. - with status 1 (wrong use: 2), one line, and nothing written
fails() {
    status=$1 says=$2
    shift 2
    code=0
    crema plot "$@" >out 2>err || code=$?
    [ "$code" -eq "$status" ] && grep -q "$says" err || {
        echo "crema plot $*: status $code"
        cat err
        exit 1
    }
}
fails 2 "wants --out" one.log
fails 1 "must end in .png or .svg" one.log --out one.gif
fails 1 "is it the log of a training" two.svg --out x.png
fails 1 "missing.log" missing.log --out x.png
fails 1 "no-such-folder" one.log --out no-such-folder/x.png
grep -v accuracy one.log >blind.log
fails 1 "no accuracy in blind.log" blind.log --what accuracy --out x.png
[ ! -e x.png ]

# what Caffe itself wrote, where it is at hand
logs=${CREMA_SHARED:-$CREMA_SOURCE/../shared}/logs
[ ! -d "$logs" ] || for log in "$logs"/*; do
    crema plot "$log" --out "$(basename "$log").png" 2>err
    [ ! -s err ] || { cat err; exit 1; }
done
