#!/bin/sh
# check_floors.sh - a file includes its own floor and below; a vendor's header stays in the vendor's folder;
# no #if asks for hardware.  Prints what breaks this.  First it proves itself on planted violations.
set -eu

# check ROOT - prints one line for each violation under ROOT
check() {
    (cd "$1" && find src tools -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' | sort | xargs -r awk '
    BEGIN {
        split("base 0 proto 1 device 1 dist 2 data 2 layers 3 net 4 solver 5 tools 6", words, " ")
        for (i = 1; i in words; i += 2) floor[words[i]] = words[i + 1]
        home["^(oneapi/|dnnl)"] = "^src/device/cpu/"
        home["^(cuda|cublas|cudnn|curand|cuda_|nvrtc)"] = "^src/device/cuda/"
        home["^(nccl|mpi)"] = "^src/dist/"
        home["^(lmdb|turbojpeg|spng|jpeglib|png)"] = "^src/data/"
        home["^hdf5"] = "^src/proto/hdf5/"
    }
    function say(text) { print FILENAME ":" FNR ": " text }
    FNR == 1 { # src/crema.h stands above all folders
        split(FILENAME, part, "/")
        here = part[1] == "tools" ? "tools" : part[2]
        if (FILENAME != "src/crema.h" && !(here in floor)) say("folder " here " is on no floor")
    }
    /^[ \t]*#[ \t]*include[ \t]*["<]/ {
        name = $0
        sub(/^[^"<]*["<]/, "", name)
        sub(/[">].*$/, "", name)
        for (vendor in home)
            if (name ~ vendor && FILENAME !~ home[vendor]) say(name " belongs to " substr(home[vendor], 2))
        there = name ~ /\.pb-c\.h$/ ? "proto" : name
        sub(/\/.*$/, "", there)
        if ($0 ~ /</ || !(there in floor)) next
        if (floor[there] > floor[here]) say(here " is below " there)
        if (floor[there] == 1 && floor[here] == 1 && there != here) say(here " and " there " do not know each other")
    }
    /^[ \t]*#[ \t]*(if|ifdef|ifndef|elif)/ && /CUDA|DNNL|CUDNN|NCCL|HAVE_|__AVX|__SSE|__x86_64|__linux|_OPENMP/ {
        if (FILENAME ~ /^src\/(device\/(cpu|cuda)\/|device\/backends\.c$|base\/wide\.h$)/) next
        if (FILENAME ~ /^src\/(base\/formula\.h|device\/formula\/)/ && /__CUDACC__/) next
        say("hardware in #if")
    }')
}

# plant FILE LINE - must be reported
plant() {
    rm -rf "$planted/src" "$planted/tools"
    mkdir -p "$planted/src" "$planted/tools" "$planted/$(dirname "$1")"
    printf '/* planted */\n%s\n' "$2" >"$planted/$1"
    [ -n "$(check "$planted")" ] || {
        echo "check_floors.sh is blind: it missed '$2' in $1"
        exit 1
    }
}
# pass FILE LINE - must not
pass() {
    rm -rf "$planted/src" "$planted/tools"
    mkdir -p "$planted/src" "$planted/tools" "$planted/$(dirname "$1")"
    printf '%s\n' "$2" >"$planted/$1"
    [ -z "$(check "$planted")" ] || {
        echo "check_floors.sh is wrong: it reports '$2' in $1"
        exit 1
    }
}

planted=$(mktemp -d)
trap 'rm -rf "$planted"' EXIT
plant src/base/a.c '#include "proto/text.h"'
plant src/base/a.c '#include "crema.pb-c.h"'
plant src/device/ops/a.c '#include "proto/text.h"'
plant src/proto/a.c '#  include "device/ops.h"'
plant src/layers/a.h '#include "net/net.h"'
plant src/solver/a.c '#include "tools/flags.h"'
plant src/device/a.c '#include <oneapi/dnnl/dnnl.h>'
plant src/device/cpu/a.c '#include <cuda_runtime.h>'
plant src/device/program/a.c '#include "cudnn.h"'
plant src/layers/a.c '#include <lmdb.h>'
plant src/data/a.c '#include <hdf5.h>'
plant tools/a.c '#include <turbojpeg.h>'
plant src/net/a.c '#ifdef CREMA_CUDA'
plant src/device/a.c '#if defined(__AVX2__)'
plant src/base/a.h '#ifdef __CUDACC__'
plant src/stray/a.c '/* */'
pass src/base/formula.h '#ifdef __CUDACC__'
pass src/device/formula/relu.h '#include "base/formula.h"'
pass src/device/cpu/conv.c '#if DNNL_VERSION_MAJOR < 3'
pass src/solver/a.c '#include "net/net.h"'
pass src/data/a.c '#include <spng.h>'
pass src/proto/hdf5/a.c '#include <hdf5.h>'
pass src/layers/a.c '#include "crema.h"'
pass tools/a.c '#include "flags.h"'

offenders=$(check "$(dirname "$0")/..")
if [ -n "$offenders" ]; then
    echo "$offenders"
    exit 1
fi
