"""One net's steps on the GPU, in PyTorch; a line of JSON for each way."""
import sys

import torch

from pytorch_nets import arguments, report

if sys.argv[1:] == ["--available"]:
    print("yes" if torch.cuda.is_available() else "no")
    sys.exit()


def capture(step):
    """A CUDA graph of one step; before that some on a stream of their own, in which everything is allocated."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(5):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()

    def replay(_owner=step):  # the graph reads and writes what belongs to the step
        graph.replay()
    return replay


args = arguments(__doc__)
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = args.math == "tf32"
torch.backends.cudnn.benchmark = True  # sizes never change: let it look for the quickest
report(args, "cuda", torch.cuda.synchronize, capture)
