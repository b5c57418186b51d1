#!/bin/sh
# test_db.sh - crema db: what it says of a database, whole, with bad records in it, or damaged.
set -eu

images=$CREMA_SOURCE/tests/data/images

. "$CREMA_SOURCE/tests/data_floor/answers.sh"
# says TEXT - the last answer has that line, too
says() { grep -q -- "$1" log || die "no '$1'"; }
convert() { convert_imageset "$@" 2>convert.log || die "$(cat convert.log)"; }

convert --resize_height 24 --resize_width 20 "$images/img/" "$images/list.txt" raw
answers 0 '^records   16$' crema db raw
says '^kinds     raw bytes: 16$'
says '^shapes    3 x 24 x 20: 16$'
says '^labels    7, from 0 to 6$'
[ "$(grep -cE '^  [0-6] +[23] +#+$' log)" -eq 7 ] || die 'a row for each label'
convert --encoded "$images/img/" "$images/list.txt" files
answers 0 '^kinds     JPEG pictures: 8$' crema db --check files
says 'PNG pictures: 7$'
says 'BMP pictures: 1$'

# ---- one record
answers 0 '^key       00000000_' crema db raw --key 00000000
says '^shape     3 x 24 x 20 (channels x height x width)$'
says '^label     '
answers 1 'no key that is or begins with nothing' crema db raw --key nothing
first=$(sed -n '1s/ [0-9]*$//p' "$images/list.txt")
answers 0 "_$first" crema db files --key 00000000 --dump same.jpg
cmp same.jpg "$images/img/$first" || die "a picture's own bytes"
answers 0 key crema db raw --dump small.png
printf 'small.png 0\n' >small.txt
convert ./ small.txt small
answers 0 '^shapes    3 x 24 x 20: 1$' crema db small
answers 1 'as .png, .jpg, .bmp or .ppm' crema db raw --dump small.gif

# ---- the shape of a picture is kept: a white one with black beside it, or cut
python3 - <<'PY' 2>/dev/null || skip=1
import struct, zlib
def chunk(kind, body):
    return struct.pack('>I', len(body)) + kind + body + struct.pack('>I', zlib.crc32(kind + body))
w, h = 40, 20
rows = b''.join(b'\0' + bytes([255 if 10 <= x < 30 else 100 for x in range(w)]) for _ in range(h))
open('wide.png', 'wb').write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, 8, 0, 0, 0, 0)) +
                             chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))
PY
if [ -z "${skip:-}" ]; then
    printf 'wide.png 0\n' >wide.txt
    for mode in warp crop fill; do
        convert --gray --resize_height 10 --resize_width 10 --resize_mode $mode ./ wide.txt $mode
        crema db $mode --dump $mode.bmp >/dev/null
        answers 0 '1 x 10 x 10' crema db $mode
    done
    # a row's ten grey values from the file's end, where each row has twelve bytes
    row() { tail -c $((12 * $2)) "$1.bmp" | head -c 10 | od -An -v -tu1 | xargs; }
    [ "$(row crop 5)" = '255 255 255 255 255 255 255 255 255 255' ] || die "crop: $(row crop 5)"
    [ "$(row warp 5 | cut -d ' ' -f 1,5,10)" = '100 255 100' ] || die "warp: $(row warp 5)"
    [ "$(row fill 5 | cut -d ' ' -f 1,5,10)" = '100 255 100' ] || die "fill: $(row fill 5)"
    [ "$(row fill 1)$(row fill 10)" = '0 0 0 0 0 0 0 0 0 00 0 0 0 0 0 0 0 0 0' ] || die 'fill: no black beside it'
fi

# ---- a contact sheet
crema db files --sheet sheet.png --count 9 || die 'no sheet'
[ "$(head -c 4 sheet.png | tail -c 3)" = PNG ] || die 'no sheet'
crema db raw --sheet sheet.svg || die 'no sheet'
answers 1 'as .png or .svg' crema db raw --sheet sheet.gif
answers 2 'wants 1 to 10000' crema db raw --sheet sheet.png --count 0

# ---- bad records are named
mkdir mixed
LC_ALL=C awk 'BEGIN { RS = "\x89PNG"; ORS = "" } { print (NR == 1 ? "" : NR == 5 ? "\x00XXX" : RS) $0 }' \
    files/data.mdb >mixed/data.mdb
answers 1 '^bad       1$' crema db mixed
says '^  000000[0-9]*_.*  it says that it is encoded, but'
mkdir cut
size=$(wc -c <"$images/img/a_444.jpg")
head -c $((size / 2)) "$images/img/a_444.jpg" >cut.jpg
printf 'cut.jpg 3\n' >cut.txt
convert --encoded ./ cut.txt damaged
answers 0 '^records   1$' crema db damaged
answers 1 'a picture that is cut or damaged' crema db --check damaged

# ---- what is no database, or no whole one
answers 1 'cannot open database nowhere' crema db nowhere
head -c 10000 raw/data.mdb >cut/data.mdb
answers 1 'cut short' crema db --check cut
mkdir level && touch level/CURRENT
answers 1 'level is a LevelDB database.*convert_imageset' crema db level
answers 2 'wants DB' crema db

# ---- pages that lead nowhere: said, and where
awk '{ for (i = 0; i < 40; i++) print }' "$images/list.txt" >many.txt
convert "$images/img/" many.txt many
pages=$(($(wc -c <many/data.mdb) / 4096))
mkdir broken
page=2 told=0 fill=377
while [ $page -lt $pages ]; do
    cp many/data.mdb broken/data.mdb
    head -c 4096 /dev/zero | tr '\0' "\\$fill" | dd of=broken/data.mdb bs=4096 seek=$page conv=notrunc 2>/dev/null
    got=0
    crema db --check broken >log 2>&1 || got=$?
    [ $got -le 1 ] || die "page $page damaged: exit status $got"
    [ $got -eq 0 ] || told=$((told + 1))
    [ $got -eq 0 ] || grep -qE 'damaged|cannot (be )?read|^bad' log || die "page $page damaged: not a word"
    page=$((page + pages / 25 + 1))
    fill=$((378 - fill))
    cat log >>damages
done
[ $told -gt 0 ] || die 'no damage was told'
grep -qE 'cannot be read at record [0-9]+ of 640: a page of it is damaged' damages || die 'no damage found on the way'
