#!/bin/sh
# check_symbols.sh - libcrema neither ends the process nor prints, and keeps no writable globals: what `nm` and
# `size` say of each object.  First it proves itself on planted violations.
set -eu

build=${CREMA_BUILD:?the build folder}
forbidden='exit|_exit|_Exit|quick_exit|abort|__assert_fail|printf|vprintf|puts|putchar|putc|perror|stdout|stderr|__printf_chk|__vprintf_chk|getopt|optarg|errx?|warnx?|strtok|srand|rand'

# check FOLDER - a line for each violation in the objects below it
check() {
    find "$1" -name '*.o' -exec nm -f sysv {} + | awk -F '|' -v folder="$1/" -v forbidden="^($forbidden)$" '
        /^(Symbols|Undefined symbols) from / || /\.o:$/ {
            object = $0
            sub(/^.* from /, "", object)
            sub(/(\[.*\])?:$/, "", object)
            sub(folder, "", object)
            next
        }
        { gsub(/ /, "", $1); gsub(/ /, "", $7) }
        $7 == "*UND*" && $1 ~ forbidden { print object ": calls " $1 }
        # a constant table of pointers lies in .data.rel.ro and is fine
        $4 ~ /OBJECT|TLS/ && $7 ~ /^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && $7 !~ /^\.data\.rel\.ro/ {
            print object ": variable " $1
        }'
}

# plant TEXT - must be reported
plant() {
    printf '%s\n' "$1" >"$planted/a.c"
    gcc -O0 -c -o "$planted/a.o" "$planted/a.c"
    [ -n "$(check "$planted")" ] || {
        echo "check_symbols.sh is blind: it missed '$1'"
        exit 1
    }
}

planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
plant 'void exit(int); void f(void) { exit(1); }'
plant 'void abort(void); void f(void) { abort(); }'
plant '#include <stdio.h>
void f(void) { fprintf(stderr, "x"); }'
plant '#include <stdio.h>
void f(int a) { printf("%d", a); }'
plant 'int counter; int f(void) { return counter++; }'
plant 'int f(void) { static int n = 7; return n++; }'
plant 'static _Thread_local int e; int *f(void) { return &e; }'
printf 'static const char *const names[] = { "a", "b" };\nconst char *f(int i) { return names[i]; }\n' >"$planted/a.c"
gcc -fPIC -c -o "$planted/a.o" "$planted/a.c"
[ -z "$(check "$planted")" ] || {
    echo "check_symbols.sh is wrong: it reports a constant table"
    exit 1
}

objects=$build/src/CMakeFiles/crema_objects.dir
[ -n "$(find "$objects" -name '*.o' | head -n 1)" ] || {
    echo "no objects under $objects"
    exit 1
}
offenders=$(check "$objects")
if [ -n "$offenders" ]; then
    echo "$offenders"
    exit 1
fi
