#!/bin/sh
# test_tools.sh - convert_imageset and compute_image_mean: what they make, say and answer to wrong use.
set -eu

images=$CREMA_SOURCE/tests/data/images

. "$CREMA_SOURCE/tests/data_floor/answers.sh"

answers 2 'wants ROOT/ \[LIST\] DB' convert_imageset
answers 2 'did you mean --resize_width' convert_imageset --resize_with=3 a b c
answers 2 'LMDB only' convert_imageset --backend leveldb a b c
answers 2 'jpg, png, bmp or ppm' convert_imageset --encode_type=gif a b c
answers 0 'usage: convert_imageset' convert_imageset --help
answers 1 'cannot open none.txt' convert_imageset "$images/img/" none.txt db
answers 2 'wants DB' compute_image_mean

answers 0 'A total of 16 images.' convert_imageset -resize_width 20 --resize_height=24 "$images/img/" "$images/list.txt" db
grep -q 'I[0-9]* [0-9:.]* *[0-9]* convert_imageset\] Processed 16 files.' log || die 'not a log line as glog has it'
answers 1 'exists already' convert_imageset "$images/img/" "$images/list.txt" db
answers 0 'Number of channels: 3' compute_image_mean db mean.binaryproto
grep -q 'mean_value channel \[2\]: ' log || die 'no mean of channel 2'
[ "$(wc -c <mean.binaryproto)" -ge $((3 * 24 * 20 * 4)) ] || die 'the mean is too short'
for threads in 1 3; do
    answers 0 'component \[2\]: ' compute_image_mean --threads $threads --pca pca$threads db mean$threads
    cmp mean$threads mean.binaryproto || die 'threads change the mean'
done
cmp pca1 pca3 || die 'threads change the components'
# what is no file is written to, not replaced
mkfifo pipe
timeout 60 cat pipe >piped &
answers 0 'Write to pipe' compute_image_mean db pipe
wait
if [ ! -p pipe ] || ! cmp -s piped mean.binaryproto; then die 'a pipe gets something else than a file'; fi
ln -s /dev/full full
answers 1 'cannot write full: No space left' compute_image_mean db full
answers 1 'a mean wants one size' sh -c "convert_imageset $images/img/ $images/list.txt sizes && compute_image_mean sizes"
answers 1 'check_size: b_420.jpg is' convert_imageset --check_size "$images/img/" "$images/list.txt" same
[ ! -e same ] || die 'a database is left of a failed run'

# Pictures that are none are named and left out; their numbers stay theirs.
printf 'a_444.jpg 0\nmissing file.jpg 1\nsub/f_rgb.png 2\n' >list.txt
answers 0 'img/missing file.jpg' convert_imageset "$images/img/" list.txt some
grep -q '1 of 3 pictures could not be read' log || die 'the pictures left out are not counted'
answers 1 '1 of 3' convert_imageset --strict "$images/img/" list.txt strict
printf 'nothing.jpg 0\n' >list.txt
answers 1 'none of the 1 pictures' convert_imageset "$images/img/" list.txt none
printf 'a_444.jpg 0\nb_420.jpg\n' >list.txt
answers 1 'list.txt:2:1: no label' convert_imageset "$images/img/" list.txt none
[ ! -e none ] || die 'an empty database is left'

# The same database whatever the threads do.
for threads in 1 3; do
    answers 0 'Processed 16' convert_imageset --threads $threads --shuffle "$images/img/" "$images/list.txt" db$threads
done
cmp db1/data.mdb db3/data.mdb || die 'threads change the database'

answers 1 'no such\|No such' compute_image_mean nowhere
mkdir leveldb && touch leveldb/CURRENT
answers 1 'LevelDB' compute_image_mean leveldb
head -c 10000 db/data.mdb >cut.mdb && mkdir cut && mv cut.mdb cut/data.mdb
answers 1 'cut short' compute_image_mean cut

rm -f log
golden=$CREMA_SOURCE/tests/golden
if command -v mdb_dump >/dev/null; then
    python3 "$golden/check_images.py" --bin-dir "$CREMA_BUILD/tools" "$golden/images" || die 'golden images'
fi
