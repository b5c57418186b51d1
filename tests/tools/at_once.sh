# at_once.sh - for scripts that end with the first thing that is wrong.
fail() {
    echo "$*"
    exit 1
}
# is_png FILE
is_png() {
    [ "$(head -c 8 "$1" | od -An -tx1)" = " 89 50 4e 47 0d 0a 1a 0a" ] || fail "$1 is no PNG"
}
# fails STATUS WORDS COMMAND.. - the exit status, and words in what it says
fails() {
    status=$1 says=$2
    shift 2
    code=0
    "$@" >out 2>err || code=$?
    [ "$code" -eq "$status" ] || fail "status $code: $*"
    grep -qF -e "$says" err || fail "not told '$says': $(cat err)"
}
