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
