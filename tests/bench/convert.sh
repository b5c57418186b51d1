#!/bin/sh
# convert.sh [--pictures N] [--rounds N] [--build DIR] [--keep DIR] - convert_imageset on one core and on all.
#
# Makes N JPEGs of 500 x 375 (20000: some 2.5 GB; --keep DIR puts them there, and takes them from there the next time),
# converts them to raw records of 256 x 256 and to encoded ones, on one core and on all in turns, and prints the best of
# the rounds (3).  Needs twice their space.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$here/../../build pictures=20000 rounds=3 keep=""
while [ $# -gt 0 ]; do
    case $1 in
    --pictures) pictures=$2 ;;
    --rounds) rounds=$2 ;;
    --build) build=$2 ;;
    --keep) keep=$2 ;;
    *) sed -n '2,6s/^# //p' "$0" && exit 2 ;;
    esac
    shift 2
done
build=$(cd "$build" && pwd)
cmake --build "$build" --target make_photos convert_imageset >/dev/null

work=$(mktemp -d "${TMPDIR:-/tmp}/crema_convert_XXXXXX")
trap 'rm -rf "$work"' EXIT
photos=${keep:-$work/photos}
if [ "$(wc -l 2>/dev/null <"$photos/list.txt" || echo 0)" -ne "$pictures" ]; then
    rm -f "$photos/list.txt"
    "$build/tests/make_photos" "$photos" "$pictures" 375 500
fi
cat "$photos"/*.jpg >/dev/null # all are read from memory

# seconds CORES FLAGS - of one conversion
seconds() {
    rm -rf "$work/db"
    begun=$(date +%s.%N)
    # shellcheck disable=SC2086 # words
    taskset -c "$1" "$build/tools/convert_imageset" --resize_height 256 --resize_width 256 $2 "$photos/" \
        "$photos/list.txt" "$work/db" 2>"$work/log" || { cat "$work/log" && exit 1; }
    date +%s.%N | awk -v begun="$begun" '{ print $1 - begun }'
}

least() { printf '%s\n' "$@" | sort -g | head -n 1; }

cores=$(nproc)
date -u '+%Y-%m-%d %H:%M'
echo "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $cores cores; load $(cut -d ' ' -f 1 /proc/loadavg)"
echo "$pictures JPEGs of 500 x 375, $(du -sm "$photos" | cut -f 1) MB; best of $rounds"
for kind in "raw:" "encoded:--encoded --encode_type jpg"; do
    flags=${kind#*:} one="" all=""
    for _ in $(seq "$rounds"); do
        one="$one $(seconds 0 "$flags")"
        all="$all $(seconds "0-$((cores - 1))" "$flags")"
    done
    # shellcheck disable=SC2086 # numbers
    awk -v kind="${kind%%:*}" -v one="$(least $one)" -v all="$(least $all)" -v cores="$cores" -v n="$pictures" 'BEGIN {
        printf "%-8s one core %.1f s (%.0f/s), %d cores %.1f s (%.0f/s): %.2f times as fast\n",
            kind, one, n / one, cores, all, n / all, one / all }'
done
