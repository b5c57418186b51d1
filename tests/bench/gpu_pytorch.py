"""One net's steps on the GPU, in PyTorch; a line of JSON.  32-bit floats throughout: TF32 is off, as it is in crema."""
import sys

import torch

from pytorch_nets import arguments, report

if sys.argv[1:] == ["--available"]:
    print("yes" if torch.cuda.is_available() else "no")
    sys.exit()
args = arguments(__doc__)
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True  # sizes never change: let it look for the quickest
report(args, "cuda", torch.cuda.synchronize)
