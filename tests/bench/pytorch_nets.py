"""The nets of models/ in PyTorch, and their steps measured; cpu_pytorch.py and gpu_pytorch.py run it."""
import argparse
import json
import time

import torch
from torch import nn
from torch.nn import functional as F


def lrn():
    return nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0)


# ---- AlexNet ---------------------------------------------------------------------------------------------------------


def alexnet_of(groups, norm):
    """norm: what makes one normalisation, as a list of modules."""
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, 4), nn.ReLU(True), *norm(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, 1, 2, groups=groups), nn.ReLU(True), *norm(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, 1, 1), nn.ReLU(True),
        nn.Conv2d(384, 384, 3, 1, 1, groups=groups), nn.ReLU(True),
        nn.Conv2d(384, 256, 3, 1, 1, groups=groups), nn.ReLU(True), nn.MaxPool2d(3, 2),
        nn.Flatten(), nn.Linear(9216, 4096), nn.ReLU(True), nn.Dropout(),
        nn.Linear(4096, 4096), nn.ReLU(True), nn.Dropout(), nn.Linear(4096, 1000))


def alexnet():
    return alexnet_of(2, lambda: [lrn()])


def alexnet_plain():
    return alexnet_of(1, lambda: [])


# ---- small nets ------------------------------------------------------------------------------------------------------


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


# ---- GoogLeNet -------------------------------------------------------------------------------------------------------


def conv_relu(channels, out, kernel, stride=1):
    return nn.Sequential(nn.Conv2d(channels, out, kernel, stride, kernel // 2), nn.ReLU(True))


def shrink():
    return nn.MaxPool2d(3, 2, ceil_mode=True)


class Inception(nn.Module):
    def __init__(self, channels, one, three_reduce, three, five_reduce, five, project):
        super().__init__()
        self.branches = nn.ModuleList([
            conv_relu(channels, one, 1),
            nn.Sequential(conv_relu(channels, three_reduce, 1), conv_relu(three_reduce, three, 3)),
            nn.Sequential(conv_relu(channels, five_reduce, 1), conv_relu(five_reduce, five, 5)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), conv_relu(channels, project, 1))])

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


def auxiliary(channels):
    return nn.Sequential(nn.AvgPool2d(5, 3, ceil_mode=True), conv_relu(channels, 128, 1), nn.Flatten(),
                         nn.Linear(2048, 1024), nn.ReLU(True), nn.Dropout(0.7), nn.Linear(1024, 1000))


class GoogLeNet(nn.Module):
    """Gives the main result; in training those of both auxiliary classifiers, too, which weigh 0.3."""

    def __init__(self):
        super().__init__()
        self.until_4a = nn.Sequential(
            conv_relu(3, 64, 7, 2), shrink(), lrn(), conv_relu(64, 64, 1), conv_relu(64, 192, 3), lrn(), shrink(),
            Inception(192, 64, 96, 128, 16, 32, 32), Inception(256, 128, 128, 192, 32, 96, 64), shrink(),
            Inception(480, 192, 96, 208, 16, 48, 64))
        self.until_4d = nn.Sequential(
            Inception(512, 160, 112, 224, 24, 64, 64), Inception(512, 128, 128, 256, 24, 64, 64),
            Inception(512, 112, 144, 288, 32, 64, 64))
        self.rest = nn.Sequential(
            Inception(528, 256, 160, 320, 32, 128, 128), shrink(), Inception(832, 256, 160, 320, 32, 128, 128),
            Inception(832, 384, 192, 384, 48, 128, 128), nn.AvgPool2d(7, 1), nn.Flatten(), nn.Dropout(0.4),
            nn.Linear(1024, 1000))
        self.heads = nn.ModuleList([auxiliary(512), auxiliary(528)])

    def forward(self, x):
        a = self.until_4a(x)
        b = self.until_4d(a)
        y = self.rest(b)
        return (y, self.heads[0](a), self.heads[1](b)) if self.training else y


# ---- ResNet-18 -------------------------------------------------------------------------------------------------------


def conv_norm(channels, out, kernel, stride=1):
    return nn.Sequential(nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(out))


class Block(nn.Module):
    def __init__(self, channels, out, stride):
        super().__init__()
        self.residual = nn.Sequential(conv_norm(channels, out, 3, stride), nn.ReLU(True), conv_norm(out, out, 3))
        self.shortcut = conv_norm(channels, out, 1, stride) if channels != out else nn.Identity()

    def forward(self, x):
        return F.relu(self.residual(x) + self.shortcut(x), True)


def resnet18():
    blocks = [block for n in (64, 128, 256, 512)
              for block in (Block(max(64, n // 2), n, 1 if n == 64 else 2), Block(n, n, 1))]
    return nn.Sequential(conv_norm(3, 64, 7, 2), nn.ReLU(True), shrink(), *blocks, nn.AvgPool2d(7, 1), nn.Flatten(),
                         nn.Linear(512, 1000))


# ---- a step ----------------------------------------------------------------------------------------------------------

# net, picture, weight decay of the recipe
NETS = {
    "alexnet": (alexnet, (3, 227, 227), 5e-4),
    "alexnet_plain": (alexnet_plain, (3, 227, 227), 5e-4),
    "googlenet": (GoogLeNet, (3, 224, 224), 2e-4),
    "resnet18": (resnet18, (3, 224, 224), 1e-4),
    "lenet": (lenet, (1, 28, 28), 5e-4),
    "cifar10_quick": (cifar10_quick, (3, 32, 32), 4e-3),
}


def optimizer(net, decay):
    """Caffe's: biases at twice the rate, without decay.  The quickest that this PyTorch offers."""
    weights = [p for p in net.parameters() if p.dim() > 1]
    biases = [p for p in net.parameters() if p.dim() == 1]
    groups = [{"params": weights, "lr": 1e-6, "weight_decay": decay}, {"params": biases, "lr": 2e-6}]
    for quick in ({"fused": True}, {"foreach": True}):
        try:
            return torch.optim.SGD(groups, lr=1e-6, momentum=0.9, **quick)
        except (RuntimeError, TypeError):
            pass
    return torch.optim.SGD(groups, lr=1e-6, momentum=0.9)


def loss_of(outputs, labels):
    if not isinstance(outputs, tuple):
        return F.cross_entropy(outputs, labels)
    return F.cross_entropy(outputs[0], labels) + 0.3 * sum(F.cross_entropy(y, labels) for y in outputs[1:])


def make_step(args, device, way, layout):
    make, picture, decay = NETS[args.net]
    layout = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    net = make().to(device=device, memory_format=layout)
    data = torch.ones(args.batch, *picture, device=device).to(memory_format=layout)
    if way == "compile":
        net = torch.compile(net, mode="max-autotune")

    def run():
        # what a captured step casts, it casts anew each time
        with torch.autocast(device, dtype=torch.bfloat16, enabled=args.math == "bf16",
                            cache_enabled=way != "graph"):
            return net(data)
    if args.mode == "infer":
        net.eval()

        def infer():
            with torch.inference_mode():
                F.softmax(run(), 1)
        return infer
    labels = torch.ones(args.batch, dtype=torch.long, device=device)
    update = optimizer(net, decay)

    def train():
        update.zero_grad(set_to_none=True)
        loss_of(run(), labels).backward()
        update.step()
    return train


def measure(step, seconds, finish, one_by_one):
    """finish() waits for the device: after each step, or after as many as take a tenth of a second."""
    begun = time.perf_counter()
    count = 0
    while count < 2 or time.perf_counter() - begun < min(1.0, seconds / 4):
        step()
        finish()
        count += 1
    chunk = 1 if one_by_one else max(1, int(0.1 * count / (time.perf_counter() - begun)))
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
    parser.add_argument("--format", choices=["contiguous", "channels_last", "better"], default="contiguous",
                        help="better: that with the quicker steps, op by op")
    parser.add_argument("--math", choices=["fp32", "tf32", "bf16"], default="fp32", help="bf16: by autocast")
    parser.add_argument("--way", type=lambda s: s.split(","), default=["eager"], metavar="WAY,..",
                        help="eager: a step op by op; graph: captured as a CUDA graph; compile: the net by "
                        "torch.compile(max-autotune)")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--profile", action="store_true", help="says instead where the time of a step goes")
    return parser.parse_args()


def profile(step):
    """Milliseconds of CPU time a step, by op: the fewest of some steps."""
    step()
    best = {}
    for _ in range(5):
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as watched:
            step()
        for event in watched.key_averages():
            ms = event.self_cpu_time_total / 1000
            best[event.key] = min(best.get(event.key, ms), ms)
    return {"ops": best}


def better_format(args, device, finish):
    """What is best op by op is best for the same ops captured or compiled."""
    best = {layout: measure(make_step(args, device, "eager", layout), args.seconds / 2, finish, False)["best"]
            for layout in ("contiguous", "channels_last")}
    return min(best, key=best.get)


def run(args, device, finish, capture, way, layout):
    step = make_step(args, device, way, layout)
    if way == "graph":
        step = capture(step)
    # as crema time does: who asks for one result waits for it
    return profile(step) if args.profile else measure(step, args.seconds, finish, args.mode == "infer")


def report(args, device, finish, capture=None):
    """A line of JSON for each way, as soon as it is known.  capture(step): the same as one order to the device."""
    layout = better_format(args, device, finish) if args.format == "better" else args.format
    for way in args.way:
        said = {"way": way, "layout": layout, "torch": torch.__version__}
        try:
            said.update(run(args, device, finish, capture, way, layout))
        except Exception as reason:  # pylint: disable=broad-exception-caught
            said["failed"] = (str(reason).strip() or type(reason).__name__).splitlines()[0]
        print("\n" + json.dumps(said), flush=True)
