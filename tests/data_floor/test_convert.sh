#!/bin/sh
# crema convert: idx files become records; which ones, --first, --count and --classes say.
set -eu

# six pictures of 1 x 2, labels 0 1 2 0 1 2
printf '\0\0\010\003\0\0\0\006\0\0\0\001\0\0\0\002abcdefghijkl' >pictures
printf '\0\0\010\001\0\0\0\006\0\001\002\0\001\002' | gzip >labels.gz

# records PIXELS FLAGS.. - the pixels of the records written are these
records() {
    want=$1
    shift
    rm -rf db
    crema convert "$@" pictures labels.gz db 2>log || { cat log; exit 1; }
    # a Datum has its pixels in field 4, 2 bytes here; a page of LMDB lists records from its end
    got=$(LC_ALL=C tr '\002' '#' <db/data.mdb | LC_ALL=C grep -ao '"#..(' | sort | tr -d '"#(\n')
    [ "$got" = "$want" ] || { echo "crema convert $*: '$got', not '$want'"; exit 1; }
    grep -q "] $((${#want} / 2)) records of 1 x 1 x 2" log
}
records abcdefghijkl
records efghijkl --first 2
records efghij --first 2 --count 3
records cdij --classes 1
records ghkl --classes 2,0 --first 3
records efgh --classes=0,2 --count 2 --first 1

# fails STATUS TEXT FLAGS..
fails() {
    status=$1 says=$2
    shift 2
    code=0
    rm -rf db
    crema convert "$@" pictures labels.gz db 2>log || code=$?
    [ "$code" -eq "$status" ] && grep -q -- "$says" log && [ ! -e db ] || {
        echo "crema convert $*: status $code"
        cat log
        exit 1
    }
}
fails 1 'none of the 6 pictures of pictures is wanted' --classes 7
fails 1 'wants numbers of 0 to 255 and commas' --classes 1,256
fails 1 'wants numbers of 0 to 255 and commas' --classes 1,,2
fails 2 'want at least 0' --first -1

# ---- CIFAR's binary files: one label or two, then red, green and blue planes of 32 x 32
# plane VALUE: 1024 bytes of it, in octal
plane() { head -c 1024 /dev/zero | tr '\0' "\\$1"; }
# batch FILE LABELS..: a picture of 100, 150 and 200 for each, where LABELS are one byte or two
batch() {
    file=$1
    shift
    for label in "$@"; do
        # shellcheck disable=SC2059 # the labels are escapes
        printf "$label" && plane 144 && plane 226 && plane 310
    done >"$file"
}
# cifar STATUS TEXT WORDS..: the exit status, and what the log says
cifar() {
    want=$1 text=$2 code=0
    shift 2
    rm -rf db
    crema convert "$@" db 2>log || code=$?
    if [ $code -ne "$want" ] || ! grep -q "$text" log; then
        echo "crema convert $*: status $code, or does not say '$text'"
        cat log
        exit 1
    fi
}
# has TEXT: crema db says so
has() {
    crema db db >said
    grep -qE "$1" said || { echo "no '$1'"; cat said; exit 1; }
}
# first_pixel B G R: of the first record's picture, as a BMP has them
first_pixel() {
    crema db db --key 00000000 --dump first.bmp >/dev/null
    [ "$(tail -c +55 first.bmp | head -c 3 | od -An -tu1 | xargs)" = "$*" ] || { echo "a pixel is not $*"; exit 1; }
}
batch data_batch_1.bin '\003' '\001' '\007'
batch data_batch_2.bin '\003' '\011'
cifar 0 '5 records of 3 x 32 x 32' data_batch_1.bin data_batch_2.bin
has '^shapes +3 x 32 x 32: 5$'
has '^  3  2  #+$'
first_pixel 100 150 200
cifar 0 '5 records' --bgr data_batch_1.bin data_batch_2.bin
first_pixel 200 150 100
cifar 0 '2 records' --classes 3 data_batch_1.bin data_batch_2.bin
cifar 0 '5 records' --shuffle --seed 2 data_batch_1.bin data_batch_2.bin
order=$(for k in 0 1 2 3 4; do crema db db --key 0000000$k | sed -n 's/^label *//p'; done | xargs)
[ "$order" != '3 1 7 3 9' ] || { echo '--shuffle leaves the order'; exit 1; }
[ "$(echo "$order" | tr ' ' '\n' | sort -n | xargs)" = '1 3 3 7 9' ] || { echo '--shuffle loses records'; exit 1; }
cifar 1 'has one label for each' --coarse data_batch_1.bin
batch train.bin '\002\143' '\004\144'
cifar 0 '2 records' train.bin
has '^labels +2, from 99 to 100$'
cifar 0 '2 records' --coarse train.bin
has '^labels +2, from 2 to 4$'
cifar 1 'is of CIFAR-10, train.bin of CIFAR-100' data_batch_1.bin train.bin
head -c 5000 data_batch_2.bin >cut.bin
cifar 1 'cut.bin is no binary file of CIFAR: its size' data_batch_1.bin cut.bin
cifar 1 'idx files come in twos' pictures
cifar 1 'are for CIFAR' --bgr pictures labels.gz
mkdir level && touch level/CURRENT
cifar 1 'LevelDB.*make it again as LMDB' level
[ ! -e db ] && [ ! -e db.partial ] || { echo 'something is left of what failed'; exit 1; }
# what an interrupted one has left is replaced
mkdir db.partial && echo something >db.partial/data.mdb && echo else >db.partial/journal
cifar 0 '2 records' train.bin
[ ! -e db.partial ] && [ "$(ls db)" = "data.mdb
lock.mdb" ] || { echo 'more than a database'; ls db; exit 1; }
