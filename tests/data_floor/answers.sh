# answers.sh - what scripts that run the data tools share.
die() {
    echo "$1"
    [ ! -f log ] || cat log
    exit 1
}
# answers STATUS TEXT COMMAND.. - the exit status, and a text in what it says
answers() {
    want=$1 text=$2
    shift 2
    got=0
    "$@" >log 2>&1 || got=$?
    [ "$got" = "$want" ] || die "$*: exit status $got, expected $want"
    grep -q -- "$text" log || die "$*: does not say '$text'"
}
