# shellcheck shell=sh
# common.sh - what the scripts of the examples share; each sources it and begins with
#
#     example NAME "what it shows" "$@"
#
# which reads the flags, builds crema unless $CREMA_BUILD names a build, and goes into an empty work folder.  After it:
#
#     $top    the source tree            $data   the folder of --data, or empty: the digits in data/digits
#     $here   the example's folder       $seed   of --seed; 1
#     $quick  1 with --quick, else empty
#
# Before it a script may say data_is="what --data names", data_is=none where there is no such flag, and keep=1: what its
# work folder holds stays, logs too.

# fail TEXT - the reason on stderr; status 1
fail() {
    echo "$1" >&2
    exit 1
}

mark=.made-by-an-example

example_usage() {
    emptied=", emptied before"
    [ -z "${keep:-}" ] || emptied=
    of_data=" [--data DIR]"
    [ "${data_is:-}" != none ] || of_data=
    echo "usage: examples/$1/run.sh$of_data [--quick] [--seed N] [--work DIR]"
    echo "$2"
    echo
    [ -z "$of_data" ] ||
        echo "  --data DIR  ${data_is:-the four .gz files of MNIST or Fashion-MNIST}; without it: digits in data/digits"
    cat <<EOF
  --quick     less of everything: under two minutes
  --seed N    of all random numbers; 1
  --work DIR  where everything is written$emptied; build/examples/$1
EOF
}

# example NAME SUMMARY FLAGS..
example() {
    example=$1
    summary=$2
    shift 2
    data=
    quick=
    seed=1
    work=
    while [ $# -gt 0 ]; do
        case $1 in
        --data=* | --seed=* | --work=*)
            flag=${1%%=*}
            value=${1#*=}
            shift
            set -- "$flag" "$value" "$@"
            continue
            ;;
        --quick)
            # shellcheck disable=SC2034 # the scripts look at it
            quick=1
            ;;
        --data | --seed | --work)
            [ $# -gt 1 ] || fail "$1 wants a value"
            case $1 in
            --data)
                [ "${data_is:-}" != none ] || fail "this example has its own data"
                data=$(cd "$2" && pwd) || exit 1
                ;;
            --seed) seed=$2 ;;
            --work) work=$2 ;;
            esac
            shift
            ;;
        -h | --help)
            example_usage "$example" "$summary"
            exit 0
            ;;
        *) fail "unknown flag $1; --help lists them" ;;
        esac
        shift
    done
    here=$(cd "$(dirname "$0")" && pwd)
    top=$(cd "$here/../.." && pwd)
    build_crema
    work=${work:-$build/examples/$example}
    [ -n "${keep:-}" ] || empty_work
    mkdir -p "$work"
    cd "$work" || exit 1
    : >"$mark"
    work=$PWD
    step "everything is written into $work"
}

# empty_work - but not a folder that is not ours
empty_work() {
    [ ! -e "$work" ] || [ -e "$work/$mark" ] || [ -z "$(ls -A "$work")" ] ||
        fail "$work is no work folder of an example: remove it first, or name another"
    rm -rf "$work"
}

# step TITLE [COMMAND..] - shows both, runs the command
step() {
    printf '\n== %s ==\n' "$1"
    shift
    if [ $# -gt 0 ]; then
        echo "$*"
        "$@"
    fi
}

build_crema() {
    build=${CREMA_BUILD:-$top/build}
    if [ -z "${CREMA_BUILD:-}" ]; then
        step "set-up" "$top/tools/setup.sh"
        step "build, into $build; its log is build.log there"
        mkdir -p "$build"
        (cd "$top" && cmake --preset release && cmake --build build --target programs -j "$(nproc)") \
            >"$build/build.log" 2>&1 || {
            tail -n 30 "$build/build.log"
            exit 1
        }
    fi
    PATH=$build/tools:$PATH
}

# count_records train|test - how many there are
count_records() {
    if [ -z "$data" ]; then
        wc -l <"$top/data/digits/$1.txt" | tr -d ' '
    elif [ "$1" = train ]; then
        echo 60000
    else
        echo 10000
    fi
}

# records train|test DB [FIRST [COUNT [CLASSES]]] - an LMDB of grey pictures, 28 x 28: COUNT of those after the first
# FIRST, with the labels CLASSES, "5,6"; all by default, and with a COUNT of 0
records() {
    part=$1
    db=$2
    first=${3:-0}
    count=${4:-0}
    classes=${5:-0,1,2,3,4,5,6,7,8,9}
    if [ -n "$data" ]; then
        [ "$part" = train ] || part=t10k
        crema convert --first "$first" --count "$count" --classes "$classes" "$data/$part-images-idx3-ubyte.gz" \
            "$data/$part-labels-idx1-ubyte.gz" "$db" 2>"$db.log" || fail "$(cat "$db.log")"
        written=$(sed -n 's/.*] \([0-9]*\) records.*/\1/p' "$db.log")
    else
        tail -n +$((first + 1)) "$top/data/digits/$part.txt" |
            awk -v count="$count" -v classes=",$classes," 'index(classes, "," $2 ",") && (!count || n++ < count)' \
                >"$db.txt"
        convert_imageset --gray --resize_height 28 --resize_width 28 "$top/data/digits/" "$db.txt" "$db" 2>"$db.log" ||
            fail "$(cat "$db.log")"
        written=$(wc -l <"$db.txt")
    fi
    echo "$db: $((written)) records, of the $1 data"
}

# train LOG FLAGS.. - crema train with its log in LOG; tells how the tests on the way come out, and the time it took
train() {
    log=$1
    shift
    echo "crema train $* 2>$log"
    begun=$(date +%s)
    {
        crema train --set "random_seed=$seed" "$@" 2>&1 >/dev/null || touch "$log.failed"
    } | tee ${keep:+-a} "$log" | while IFS= read -r line; do
        case $line in
        *"Testing net"*) echo "  ${line#*] }" ;;
        *"Test net output"*) echo "  ${line#*] }" ;;
        esac
    done
    if [ -e "$log.failed" ]; then
        tail -n 5 "$log"
        fail "training failed; its log is $work/$log"
    fi
    seconds=$(($(date +%s) - begun))
    echo "trained in $seconds s"
}

# score MODEL WEIGHTS OUTPUT [FLAGS..] - this output of crema test, a number
score() {
    model=$1
    weights=$2
    output=$3
    shift 3
    crema test --model "$model" --weights "$weights" "$@" >score.txt 2>score.log || fail "$(tail -n 5 score.log)"
    awk -v name="$output" '$1 == name && $2 == "=" { printf "%.4f\n", $3; found = 1 } END { exit !found }' score.txt ||
        fail "crema test of $model tells no $output"
}

# final LOG OUTPUT - of the last test in a training's log
final() {
    awk -v name="$2" '/Test net output/ && index($0, ": " name " = ") { sub(/.* = /, ""); value = $1 } END { print value }' \
        "$1"
}

# spawn COMMAND.. - in the background, as many at a time as there are cores; settle waits for all and ends with a
# failure where one did.  For trainings with --threads 1: small nets make more of cores side by side than together.
spawned=
spawn() {
    "$@" &
    spawned="$spawned $!"
    # shellcheck disable=SC2086 # a list of numbers
    set -- $spawned
    [ $# -lt "$(nproc)" ] || settle
}

settle() {
    failed=
    for process in $spawned; do
        wait "$process" || failed=1
    done
    spawned=
    [ -z "$failed" ] || exit 1
}

# result NAME VALUE .. - a table of one row, also in result.txt
result() {
    for word in "$@"; do
        echo "$word"
    done | awk 'NR % 2 { name = $0 } NR % 2 == 0 { width = 2 + (length(name) > length($0) ? length(name) : length($0))
        names = names sprintf("%-" width "s", name); values = values sprintf("%-" width "s", $0) }
        END { sub(/ +$/, "", names); sub(/ +$/, "", values); print names; print values }' | tee result.txt
}

# machine - one line on what computed
machine() {
    awk -F ': *' '/^model name/ && !n++ { name = $2 } /^processor/ { cores++ }
        END { print (name ? name : "a processor") ", " cores + 0 " cores" }' /proc/cpuinfo
}

# data_name - of what is trained on: the folder's, or digits
data_name() {
    basename "${data:-digits}"
}
