# counted.sh - for scripts that go on when something is wrong, and end with `exit` of whether $failures is 0.
failures=0

fail() {
    echo "$*"
    failures=$((failures + 1))
}
# says TEXT FILE - an extended regex on one line
says() {
    grep -qE -e "$1" "$2" || {
        fail "no \"$1\" in $2:"
        tail -n 5 "$2"
    }
}
# good COMMAND.. - exit 0; stdout in out, stderr in err
good() {
    "$@" >out 2>err || {
        fail "exit $?: $*"
        tail -n 3 err
    }
}
