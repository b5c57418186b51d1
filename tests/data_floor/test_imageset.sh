#!/bin/sh
# test_imageset.sh - convert_imageset on folders, in two parts, on damaged pictures, interrupted.
set -eu

images=$CREMA_SOURCE/tests/data/images

. "$CREMA_SOURCE/tests/data_floor/answers.sh"
same() { cmp "$1/data.mdb" "$2/data.mdb" || die "$1 and $2 differ"; }

# ---- a name too long for a key stops it before any work is done
printf 'a_444.jpg 0\n%0500d.jpg 1\n' 0 >long.txt
answers 1 'does not fit into a key' convert_imageset "$images/img/" long.txt long
[ ! -e long ] && [ ! -e long.partial ] || die 'something is left'

# ---- a folder for each class is the list that names them in order
mkdir -p classes/cat classes/ant/deep classes/dog classes/.hidden
cp "$images/img/a_444.jpg" classes/cat/2.JPG
cp "$images/img/b_420.jpg" classes/cat/10.jpg
cp "$images/img/g_gray.png" classes/ant/deep/x.png
cp "$images/img/p_rgb.bmp" classes/dog/y.bmp
cp "$images/img/p_rgb.bmp" classes/.hidden/z.bmp
echo none >classes/dog/notes.txt
printf 'ant/deep/x.png 0\ncat/10.jpg 1\ncat/2.JPG 1\ndog/y.bmp 2\n' >list.txt
answers 0 '3 classes, ant is 0' convert_imageset --resize_height 9 --resize_width 9 classes folders
grep -q '1 files are no pictures' log || die 'a file that is no picture is not counted'
answers 0 'total of 4' convert_imageset --resize_height 9 --resize_width 9 classes/ list.txt listed
same folders listed
printf 'ant\ncat\ndog\n' | cmp - folders.labels.txt || die 'the labels'
answers 0 'total of 4' convert_imageset --labels names.txt classes/ named
cmp names.txt folders.labels.txt || die '--labels'
[ ! -e named.labels.txt ] || die 'two files of labels'
answers 2 'a list has none' convert_imageset --labels names.txt classes/ list.txt other
answers 1 'has no sub-folders' convert_imageset classes/cat other
mkdir -p nothing/here
answers 1 'no pictures' convert_imageset nothing other
[ ! -e other ] && [ ! -e other.partial ] || die 'something is left of what failed'

# ---- two parts
awk '{ for (i = 0; i < 5; i++) print }' "$images/list.txt" >many.txt
answers 0 'Processed 16' convert_imageset --split 0.8 --seed 3 "$images/img/" many.txt part
grep -q 'Processed 64' log || die 'not four fifths'
answers 0 'Processed 16' convert_imageset --split 0.8 --seed 3 --threads 1 "$images/img/" many.txt again
same part_train again_train
same part_test again_test
answers 0 'Processed 16' convert_imageset --split 0.8 --seed 4 "$images/img/" many.txt other
! cmp -s part_test/data.mdb other_test/data.mdb || die '--seed changes nothing'
answers 2 'between 0 and 1' convert_imageset --split 1 "$images/img/" many.txt bad
answers 1 'leaves one database empty' convert_imageset --split 0.001 "$images/img/" many.txt bad
answers 1 'exists already' convert_imageset --split 0.8 "$images/img/" many.txt part

# ---- damaged: kept as far as it goes, unless --strict
mkdir damaged
cp "$images/img/a_444.jpg" damaged/good.jpg
size=$(wc -c <damaged/good.jpg)
head -c $((size * 2 / 3)) damaged/good.jpg >damaged/cut.jpg
head -c 20 damaged/good.jpg >damaged/header.jpg
printf 'good.jpg 0\ncut.jpg 1\nheader.jpg 2\n' >damaged.txt
answers 0 'damaged/cut.jpg is cut or damaged' convert_imageset damaged/ damaged.txt kept
tail -n 1 log | grep -q '1 of 3 pictures are damaged' || die 'the last line does not count the damaged'
grep -q '1 of 3 pictures could not be read' log || die 'the unreadable are not counted'
answers 1 '2 of 3 pictures could not be read' convert_imageset --strict damaged/ damaged.txt strict

# ---- interrupted: gone on with by the same flags alone
answers 0 'total of 80' convert_imageset --resize_height 200 --resize_width 200 "$images/img/" many.txt whole
# a full disk: what is done is kept
full() { (ulimit -f "$1" && trap '' XFSZ && exec convert_imageset --resize_height 200 --resize_width 200 "$images/img/" many.txt piece); }
answers 1 'piece.partial keeps what is done' full 100
[ ! -e piece ] || die 'a database that is not whole has the name of one'
answers 1 'other flags or another list' convert_imageset "$images/img/" many.txt piece
answers 0 'total of 80' convert_imageset --resize_height 200 --resize_width 200 "$images/img/" many.txt piece
same whole piece
[ ! -e piece.partial ] && [ ! -e piece/journal ] || die 'something is left of the interruption'
answers 1 'piece.partial keeps' sh -c 'mv piece away; ulimit -f 100; trap "" XFSZ; exec "$@"' sh \
    convert_imageset --resize_height 200 --resize_width 200 "$images/img/" many.txt piece
answers 0 'total of 16' convert_imageset --restart "$images/img/" "$images/list.txt" piece
[ ! -e piece.partial ] || die '--restart leaves the old one'
# a small disk of our own, where the system lets us have one
mkdir disk
if unshare -rm mount -t tmpfs tmpfs disk 2>/dev/null; then
    answers 1 'cannot write database .*No space left' unshare -rm sh -c 'mount -t tmpfs -o size=1m tmpfs disk && exec "$@"' sh \
        convert_imageset --resize_height 200 --resize_width 200 "$images/img/" many.txt disk/db
fi
# of two databases the first may be whole already
convert_imageset --split 0.2 --resize_height 200 --resize_width 200 "$images/img/" many.txt two 2>log
answers 1 'three_test.partial keeps what is done' sh -c 'ulimit -f 8000; trap "" XFSZ; exec "$@"' sh \
    convert_imageset --split 0.2 --resize_height 200 --resize_width 200 "$images/img/" many.txt three
[ -e three_train ] || die 'the first database is small enough'
answers 0 'three_train is whole' convert_imageset --split 0.2 --resize_height 200 --resize_width 200 \
    "$images/img/" many.txt three
same two_train three_train
same two_test three_test
mkdir foreign.partial && cp whole/data.mdb foreign.partial
answers 1 'no unfinished database' convert_imageset "$images/img/" many.txt foreign
# one at a time
mkdir busy.partial
flock busy.partial/journal sleep 2 &
sleep 0.3
answers 1 'another process' convert_imageset "$images/img/" many.txt busy
wait
