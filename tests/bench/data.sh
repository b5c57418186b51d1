#!/bin/sh
# data.sh [--quick] [--build DIR] [--python PYTHON] [--workers 1,2] [--output FILE] .. - how fast records become batches,
# crema against PyTorch's DataLoader on the same files with as many workers; --help says the rest.
#
# Uses the build in DIR (build/ of these sources), in which it builds two small programs; PyTorch, torchvision and lmdb
# are PYTHON's, else the newest that pip finds, installed once into ${XDG_CACHE_HOME:-~/.cache}/crema-bench.
PYTHONDONTWRITEBYTECODE=1 exec python3 "$(dirname "$0")/data.py" "$@"
