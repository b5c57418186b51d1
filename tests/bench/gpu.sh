#!/bin/sh
# gpu.sh [--quick] [--crema DIR] [--python PYTHON] [--only REGEX] .. - crema against PyTorch on this machine's GPU:
# PyTorch op by op, captured as a CUDA graph, and compiled; in bf16, TF32 and 32-bit floats.
#
# In the package: sh share/crema/bench/gpu.sh, once share/crema/gpu-check.sh has passed.  PyTorch is PYTHON's, else
# python3's; without one crema is measured alone.  Ends with a short table; without a GPU it says so and stops, with
# status 77.
PYTHONDONTWRITEBYTECODE=1 exec python3 "$(dirname "$0")/bench.py" --device cuda "$@"
