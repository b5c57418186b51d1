#!/bin/sh
# setup.sh - installs what building and testing crema needs, on Debian 12, Debian 13 or Ubuntu 24.04.
# Does nothing where nothing is missing.
set -eu

packages="gcc libc6-dev make cmake pkgconf protobuf-c-compiler libprotobuf-c-dev liblmdb-dev
    libturbojpeg0-dev libspng-dev zlib1g-dev libhdf5-dev libdnnl-dev libcairo2-dev
    fonts-dejavu-core check patchelf python3 time lmdb-utils"
# nvcc hands host code to g++
if command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ]; then
    packages="$packages g++"
fi

if ! command -v dpkg-query >/dev/null; then
    echo "setup.sh knows Debian and Ubuntu only; on other systems install what these packages hold:"
    echo "$packages"
    exit 1
fi

missing=""
for package in $packages; do
    case $(dpkg-query -W -f='${db:Status-Status} ' "$package" 2>/dev/null || true) in
    installed*) ;;
    *) missing="$missing $package" ;;
    esac
done
if [ -z "$missing" ]; then
    echo "setup: everything crema needs is installed"
    exit 0
fi

sudo=""
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: not root and no sudo; as root, run:"
        echo "apt-get update && apt-get install -y --no-install-recommends$missing"
        exit 1
    fi
    sudo="sudo"
fi

echo "setup: installing$missing"
$sudo apt-get -qq update
# shellcheck disable=SC2086 # a list of words
$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing >/dev/null
echo "setup: done"
