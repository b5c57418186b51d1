#!/bin/sh
# cpu.sh [--quick] [--crema DIR] [--python PYTHON].. [--threads 1,2] [--only REGEX] [--output FILE] .. - crema against
# PyTorch on this processor; --help says the rest.
#
# Builds nothing: crema is the one in DIR, in the package that this file lies in, or in $PATH.  PyTorch is PYTHON's,
# else the newest that pip finds, installed once into ${XDG_CACHE_HOME:-~/.cache}/crema-bench (remove that folder for a
# newer one), and beside it the distribution's where python3-torch is installed.  Ends with a short table; ^C ends it
# early, with what has been measured.
PYTHONDONTWRITEBYTECODE=1 exec python3 "$(dirname "$0")/bench.py" --device cpu "$@"
