"""One net's steps on the processor, in PyTorch; a line of JSON for each way."""
import torch

from pytorch_nets import arguments, report

args = arguments(__doc__)
torch.set_num_threads(args.threads)
report(args, "cpu", lambda: None)
