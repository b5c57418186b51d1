#!/bin/sh
# The package runs from any folder, on a system that has a C library and nothing else, and trains there.
set -eu
. "$CREMA_SOURCE/tests/whole/tiny.sh"

cmake --build "$CREMA_BUILD" --target package >package.log 2>&1 || {
    cat package.log
    exit 1
}
archive=$(find "$CREMA_BUILD" -maxdepth 1 -name 'crema-*.tar.gz')
root=$PWD/root
mkdir -p "$root/opt" "$root/tmp"
tar -xzf "$archive" -C "$root/opt"
mv "$root"/opt/crema-* "$root/opt/crema"

fail() {
    echo "$*"
    exit 1
}
for file in README.md LICENSE; do
    [ -f "$root/opt/crema/share/doc/crema/$file" ] || fail "the package lacks $file"
done
for package in libdnnl ocl-icd-libopencl1 libgomp1 libstdc++6 libgcc-s1 libprotobuf-c1 liblmdb0 libturbojpeg libspng zlib1g; do
    set -- "$root/opt/crema/share/doc/crema/licences/$package"*
    [ -f "$1" ] || fail "the package lacks the licence of $package"
done
set -- "$root"/opt/crema/share/doc/crema/licences/libhdf5*
[ -f "$1" ] || [ ! -e "$root/opt/crema/lib/libcrema_hdf5.so" ] || fail "the package lacks the licence of libhdf5"
[ -f "$root/opt/crema/share/crema/models/alexnet/train_val.prototxt" ] || fail "the package lacks models"

# Every library is in the package, but for the C library's own and NVIDIA's.
find "$root/opt/crema" -type f \( -perm -u+x -o -name '*.so*' \) | while read -r file; do
    head -c 4 "$file" | grep -q ELF || continue
    readelf -d "$file" | sed -n "s|^.*NEEDED.*\[\(.*\)\]|\1|p" | while read -r needed; do
        case $needed in
        libc.so.6 | libm.so.6 | libpthread.so.0 | libdl.so.2 | librt.so.1 | libresolv.so.2 | ld-linux-*) continue ;;
        libcublas* | libcudnn* | libcuda.so.1)
            case $file in */libcrema_cuda.so | */libexec/*) continue ;; esac
            ;;
        esac
        [ -e "$root/opt/crema/lib/$needed" ] || echo "$file needs $needed, which is not in the package"
    done
    readelf -d "$file" | grep -E '(RPATH|RUNPATH)' | grep -vE '\[\$ORIGIN[^:]*(:\$ORIGIN[^:]*)*\]' || true
done >problems
for name in libc.so.6 libcuda.so.1 'libcublas*' 'libcudnn*'; do
    find "$root/opt/crema/lib" -name "$name" >>problems
done
[ ! -s problems ] || fail "$(cat problems)"

# A system with the C library and nothing else.
for library in /lib64/ld-linux-x86-64.so.2 $(/sbin/ldconfig -p | sed -nE 's,^\t(libc|libm|libpthread|libdl|librt|libresolv)\.so\.[0-9] \(libc6\,x86-64.*=> (.*),\2,p'); do
    mkdir -p "$root/$(dirname "$library")"
    cp -L "$library" "$root/$library"
done
tiny_files "$root"
enter=""
[ "$(id -u)" -eq 0 ] || enter="unshare --map-root-user"
$enter chroot / true || {
    echo "no chroot here: the package was not run on a system of its own"
    exit 77
}
# alone PROGRAM ARGUMENT.. - runs it there; without /proc the loader has to be told what $ORIGIN is
alone() {
    program=$1
    shift
    $enter env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LD_ORIGIN_PATH=/opt/crema/bin chroot "$root" "/opt/crema/bin/$program" "$@"
}
tiny_train alone
[ -s "$root/tiny_iter_100.caffemodel" ] || fail "no weights were written"

# A driver that shows a GPU, but no cuBLAS and no cuDNN: one line says which and what to do, and the processor computes.
if [ -e "$root/opt/crema/lib/libcrema_cuda.so" ]; then
    mkdir -p "$root/usr/lib"
    echo 'int cuInit(unsigned f) { return (int)f; } int cuDeviceGetCount(int *n) { *n = 1; return 0; }' |
        gcc -shared -fPIC -nostdlib -x c -o "$root/usr/lib/libcuda.so.1" -
    alone crema device_query >devices
    grep -qE '^cuda:0 +not usable: libcu(blas|blasLt)\.so\.[0-9]+ was not found: set CREMA_CUDA_PATH' devices ||
        fail "$(cat devices)"
    ! alone crema test --device cuda --model train_test.prototxt --weights tiny_iter_100.caffemodel 2>why ||
        fail "it tested on no GPU"
    [ "$(grep -c 'was not found: set CREMA_CUDA_PATH' why)" -eq 1 ] || fail "$(cat why)"
    alone crema test --model train_test.prototxt --weights tiny_iter_100.caffemodel
fi

# The part for HDF5 runs there too, where the package has it.
if [ -e "$root/opt/crema/lib/libcrema_hdf5.so" ]; then
    alone crema train --solver solver.prototxt --set snapshot_format=HDF5
    alone crema test --model train_test.prototxt --weights tiny_iter_100.caffemodel.h5
fi
