"""The nets of models/ in PyTorch, and their steps measured; cpu_pytorch.py and gpu_pytorch.py run it."""
import argparse
import json
import time

import torch
from torch import nn
from torch.nn import functional as F


def lrn():
    return nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0)


def alexnet():
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, 4), nn.ReLU(True), lrn(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, 1, 2, groups=2), nn.ReLU(True), lrn(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, 1, 1), nn.ReLU(True),
        nn.Conv2d(384, 384, 3, 1, 1, groups=2), nn.ReLU(True),
        nn.Conv2d(384, 256, 3, 1, 1, groups=2), nn.ReLU(True), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Linear(9216, 4096), nn.ReLU(True), nn.Dropout(),
        nn.Linear(4096, 4096), nn.ReLU(True), nn.Dropout(), nn.Linear(4096, 1000))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.MaxPool2d(2, 2), nn.Conv2d(20, 50, 5), nn.MaxPool2d(2, 2),
        nn.Flatten(), nn.Linear(800, 500), nn.ReLU(True), nn.Linear(500, 10))


def cifar10_quick():
    # Caffe rounds the size of a pooled picture up
    return nn.Sequential(
        nn.Conv2d(3, 32, 5, 1, 2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.ReLU(True),
        nn.Conv2d(32, 32, 5, 1, 2), nn.ReLU(True), nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Conv2d(32, 64, 5, 1, 2), nn.ReLU(True), nn.AvgPool2d(3, 2, ceil_mode=True),
        nn.Flatten(), nn.Linear(1024, 64), nn.Linear(64, 10))


# net, picture, weight decay of the recipe
NETS = {
    "alexnet": (alexnet, (3, 227, 227), 5e-4),
    "lenet": (lenet, (1, 28, 28), 5e-4),
    "cifar10_quick": (cifar10_quick, (3, 32, 32), 4e-3),
}


def optimizer(net, decay):
    """Caffe's: biases at twice the rate, without decay.  Fused where this PyTorch has it: the quickest it offers."""
    weights = [p for p in net.parameters() if p.dim() > 1]
    biases = [p for p in net.parameters() if p.dim() == 1]
    groups = [{"params": weights, "lr": 1e-6, "weight_decay": decay}, {"params": biases, "lr": 2e-6}]
    try:
        return torch.optim.SGD(groups, lr=1e-6, momentum=0.9, fused=True)
    except (RuntimeError, TypeError):
        return torch.optim.SGD(groups, lr=1e-6, momentum=0.9)


def make_step(args, device):
    make, picture, decay = NETS[args.net]
    layout = torch.channels_last if args.format == "channels_last" else torch.contiguous_format
    net = make().to(device=device, memory_format=layout)
    data = torch.ones(args.batch, *picture, device=device).to(memory_format=layout)
    if args.mode == "infer":
        net.append(nn.Softmax(1)).eval()

        def infer():
            with torch.inference_mode():
                net(data)
        return infer
    labels = torch.ones(args.batch, dtype=torch.long, device=device)
    update = optimizer(net, decay)

    def train():
        update.zero_grad(set_to_none=True)
        F.cross_entropy(net(data), labels).backward()
        update.step()
    return train


def measure(step, seconds, finish):
    """finish() waits for the device; between two of them lie as many steps as take a tenth of a second."""
    begun = time.perf_counter()
    count = 0
    while count < 2 or time.perf_counter() - begun < min(1.0, seconds / 4):
        step()
        finish()
        count += 1
    chunk = max(1, int(0.1 * count / (time.perf_counter() - begun)))
    steps, best = 0, float("inf")
    begun, cpu = time.perf_counter(), time.process_time()
    now = begun
    while steps < 3 or now - begun < seconds:
        for _ in range(chunk):
            step()
        finish()
        before, now = now, time.perf_counter()
        best = min(best, (now - before) / chunk)
        steps += chunk
    wall = now - begun
    return {"steps": steps, "wall": wall, "cpu": time.process_time() - cpu, "best": best}


def arguments(doc):
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("net", choices=sorted(NETS))
    parser.add_argument("mode", choices=["train", "infer"])
    parser.add_argument("batch", type=int)
    parser.add_argument("--format", choices=["contiguous", "channels_last"], default="contiguous")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def report(args, device, finish):
    result = measure(make_step(args, device), args.seconds, finish)
    result["torch"] = torch.__version__
    print(json.dumps(result))
