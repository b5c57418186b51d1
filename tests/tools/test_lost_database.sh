#!/bin/sh
# test_lost_database.sh - a database that becomes shorter while a net trains on it ends the run with status 1 and a line.
set -eu

data=$CREMA_SOURCE/data/digits
head -n 50 "$data/train.txt" >list.txt
convert_imageset --gray "$data/" list.txt db 2>convert.log || { cat convert.log && exit 1; }
cat >net.prototxt <<END
layer { name: "data" type: "Data" top: "data" top: "label" data_param { source: "db" batch_size: 10 } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 10 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
END
cat >solver.prototxt <<END
net: "net.prototxt" base_lr: 0.001 lr_policy: "fixed" max_iter: 100000000 display: 1000 snapshot_after_train: false
END
crema train --solver solver.prototxt --device ref 2>log &
for _ in $(seq 300); do
    ! grep -q 'Iteration 0' log || break
    sleep 0.1
done
truncate -s 4096 db/data.mdb
status=0
wait $! || status=$?
tail -n 2 log
[ "$status" -eq 1 ]
grep -q 'a database cannot be read any more' log
