# shellcheck shell=sh
# convert_killed.sh - for scripts that source it: a conversion that is killed at random moments and goes on each time.

# convert_killed TIMES PICTURES - fails unless the database is that of a conversion which nobody killed, and unless
# nothing ever stands under its name before it is whole
convert_killed() {
    times=$1 pictures=$2 done=0 on=0
    make_photos photos "$pictures"
    begun=$(date +%s.%N)
    convert_imageset photos/ photos/list.txt whole 2>whole.log
    ended=$(date +%s.%N)
    while [ "$done" -lt "$times" ]; do
        # a conversion that has been whole begins again
        if [ -e pieces ]; then
            cmp whole/data.mdb pieces/data.mdb
            rm -rf pieces
        fi
        pause=$(awk -v seed="$$$done" -v a="$begun" -v b="$ended" 'BEGIN { srand(seed); print rand() * (b - a) * 0.8 }')
        convert_imageset --threads $((1 + done % 3)) photos/ photos/list.txt pieces 2>log &
        sleep "$pause"
        kill -KILL $! 2>/dev/null || true
        wait $! 2>/dev/null || true
        ! grep -q 'E[0-9]* .*\]' log || { cat log && return 1; }
        ! grep -q 'Going on' log || on=$((on + 1))
        done=$((done + 1))
    done
    [ -e pieces ] || convert_imageset photos/ photos/list.txt pieces 2>log
    ! grep -q 'Going on' log || on=$((on + 1))
    echo "killed $done times, $on times gone on"
    cmp whole/data.mdb pieces/data.mdb
    [ "$(ls pieces)" = "$(ls whole)" ]
    [ ! -e pieces.partial ]
}
