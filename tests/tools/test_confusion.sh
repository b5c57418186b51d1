#!/bin/sh
# A net whose scores are its pictures' pixels: the counts are known, each record counts once, and what cannot be counted
# is told.
set -eu

. "$CREMA_SOURCE/tests/tools/at_once.sh"
# confusion FLAGS..
confusion() { crema confusion --device cpu "$@"; }

# five pictures of 1 x 3 and their labels 0 0 1 2 2
printf '\000\000\010\003\000\000\000\005\000\000\000\001\000\000\000\003' >images
printf '\011\000\000\000\011\000\001\011\001\000\000\003\000\002\001' >>images
printf '\000\000\010\001\000\000\000\005\000\000\001\002\002' >labels
crema convert images labels db 2>err || fail "$(cat err)"
cat >net.prototxt <<'END'
layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "db" batch_size: 2 backend: LMDB } }
layer { name: "flat" type: "Flatten" bottom: "data" top: "flat" }
layer { name: "one" type: "Scale" bottom: "flat" top: "scores" param { lr_mult: 0 } scale_param { num_axes: 0 } }
layer { name: "accuracy" type: "Accuracy" bottom: "scores" bottom: "label" top: "accuracy" }
END
cat >any.prototxt <<'END'
layer { name: "data" type: "DummyData" top: "data" dummy_data_param { shape { dim: [1, 2] } } }
layer { name: "one" type: "Scale" bottom: "data" top: "one" loss_weight: 1 param { lr_mult: 0 } scale_param { num_axes: 0 } }
END
echo 'net: "any.prototxt" base_lr: 0.01 lr_policy: "fixed" max_iter: 1 snapshot_prefix: "any"' >solver.prototxt
crema train --solver solver.prototxt --device cpu 2>log || fail "$(tail -n 3 log)"
weights=any_iter_1.caffemodel
printf 'naught\none\ntwo' >names.txt

crema confusion --model net.prototxt --weights $weights --device cpu --labels names.txt --out matrix.png \
    --mistakes mistakes.png --most 1 >out 2>err || fail "$(cat err)"
tr -s ' ' <out >told
cat >expected <<'END'
true \ guessed naug one two
naught 1 1 0
one 0 1 0
two 0 1 1

class records recall precision most often taken for
naught 2 0.5000 1.0000 one (1)
one 1 1.0000 0.3333
two 2 0.5000 1.0000 one (1)
accuracy = 0.6000 (3 of 5)
matrix.png
mistakes.png
END
diff told expected
is_png matrix.png
is_png mistakes.png

# the loss names scores and labels, too
sed 's/Accuracy/SoftmaxWithLoss/' net.prototxt >loss.prototxt
crema confusion --model loss.prototxt --weights $weights --device cpu >out 2>err || fail "$(cat err)"
grep -q '^accuracy = 0.6000 (3 of 5)' out || fail "$(cat out)"

# labels that do not count; a class without records has no recall
sed 's/bottom: "scores" bottom: "label"/& accuracy_param { ignore_label: 2 }/' net.prototxt >ignores.prototxt
crema confusion --model ignores.prototxt --weights $weights --device cpu --out matrix.svg >out 2>err || fail "$(cat err)"
grep -q '^accuracy = 0.6667 (2 of 3)' out || fail "$(cat out)"
grep -q '^2  *0  *-  *-' out || fail "$(cat out)"
grep -q '</svg>' matrix.svg

fails 2 "wants --model" confusion --weights $weights
fails 2 "wants --weights" confusion --model net.prototxt
fails 2 "want names ending in" confusion --model net.prototxt --weights $weights --out matrix.gif
fails 2 "--most wants" confusion --model net.prototxt --weights $weights --most 0
fails 1 "neither Accuracy nor SoftmaxWithLoss" confusion --model any.prototxt --weights $weights
sed 's/"Data".*/"DummyData" top: "data" top: "label"\n  dummy_data_param { shape { dim: [2, 3] } shape { dim: 2 } } }/' \
    net.prototxt >dummy.prototxt
fails 1 "no source of data" confusion --model dummy.prototxt --weights $weights
printf '\000\000\010\001\000\000\000\005\000\000\001\003\002' >labels
crema convert images labels wrong_db 2>err || fail "$(cat err)"
sed 's/"db"/"wrong_db"/' net.prototxt >wrong.prototxt
fails 1 "label 3 of record 00000003" confusion --model wrong.prototxt --weights $weights
