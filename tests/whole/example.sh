# shellcheck shell=sh
# example.sh - for scripts that source it: an example's quick run, and what it must leave behind.

# run_example NAME LEAST PICTURE.. - each row of result.txt ends in an accuracy of at least LEAST, the pictures are PNGs,
# and nothing is written into the source tree
run_example() {
    name=$1
    least=$2
    shift 2
    touch before
    "$CREMA_SOURCE/examples/$name/run.sh" --quick --work work >log 2>&1 || {
        tail -n 20 log
        exit 1
    }
    cat work/result.txt
    awk -v least="$least" 'NR > 1 { rows++; if (!($NF >= least && $NF <= 1)) bad = 1 } END { exit bad || !rows }' \
        work/result.txt || {
        echo "an accuracy is below $least"
        exit 1
    }
    for picture in "$@"; do
        [ "$(head -c 8 "work/$picture" | od -An -tx1)" = " 89 50 4e 47 0d 0a 1a 0a" ] || {
            echo "$picture is no PNG"
            exit 1
        }
    done
    written=$(find "$CREMA_SOURCE/examples/$name" -newer before -type f)
    [ -z "$written" ] || {
        echo "written into the source tree: $written"
        exit 1
    }
}
