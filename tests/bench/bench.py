"""Runs crema and PyTorch in turns on the same nets and prints a table.  Nothing here passes or fails.

Each measurement is a process of its own.  Ours and theirs alternate, and the ratio is the median of the rounds' ratios,
so that a machine that slows down for a while slows both.  CPU time stands beside wall time: where others use the
processor, cpu/wall stays below the number of threads, and the ratio of CPU times says more than that of wall times.
"""
import argparse
import collections
import datetime
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# glibc gives freed blocks of this size back to the system, each time anew; without that PyTorch is up to twice as fast
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "8589934592", "MALLOC_TRIM_THRESHOLD_": "17179869184",
             "MALLOC_TOP_PAD_": "268435456"}

# name, folder of models/, mode, batch, shape of a picture, iterations between two lines of the log
Case = collections.namedtuple("Case", "name net mode batch picture lines")
CPU_CASES = [
    Case("AlexNet train b=64", "alexnet", "train", 64, (3, 227, 227), 1),
    Case("AlexNet train b=32", "alexnet", "train", 32, (3, 227, 227), 1),
    Case("LeNet train b=64", "lenet", "train", 64, (1, 28, 28), 10),
    Case("CIFAR quick train b=100", "cifar10_quick", "train", 100, (3, 32, 32), 5),
    Case("AlexNet infer b=1", "alexnet", "infer", 1, (3, 227, 227), 0),
    Case("AlexNet infer b=32", "alexnet", "infer", 32, (3, 227, 227), 0),
]
GPU_CASES = [
    Case("AlexNet train b=256", "alexnet", "train", 256, (3, 227, 227), 20),
    Case("LeNet train b=64", "lenet", "train", 64, (1, 28, 28), 200),
]


# ---- nets: models/ with constants in place of the data --------------------------------------------------------------


def layers(text):
    """What precedes the first layer, and the layers' texts."""
    text = re.sub(r"#[^\n]*", "", text)
    found, head = [], None
    for match in re.finditer(r"^layer\s*{", text, re.M):
        head = text[:match.start()] if head is None else head
        depth, end = 1, match.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        found.append(text[match.start():end])
    return head, found


def shape(*dims):
    return "shape { " + " ".join(f"dim: {d}" for d in dims) + " }"


def dummy(case):
    """Constants are filled in once, so the data costs neither side anything."""
    tops, shapes = ['top: "data"'], [shape(case.batch, *case.picture)]
    if case.mode == "train":
        tops.append('top: "label"')
        shapes.append(shape(case.batch))
    filler = 'data_filler { type: "constant" value: 1 }'
    return (f'layer {{ name: "data" type: "DummyData" {" ".join(tops)}\n'
            f'  dummy_data_param {{ {" ".join(shapes)} {" ".join([filler] * len(shapes))} }} }}')


def make_net(models, case):
    with open(os.path.join(models, case.net, "train_val.prototxt")) as f:
        head, parts = layers(f.read())
    kept = [dummy(case)]
    for part in parts:
        kind = re.search(r'\btype:\s*"(\w+)"', part).group(1)
        if kind in ("Data", "Accuracy"):
            continue
        if kind == "SoftmaxWithLoss" and case.mode == "infer":
            part = part.replace(kind, "Softmax").replace('bottom: "label"', "")
        kept.append(part)
    return head + "\n".join(kept) + "\n"


def make_solver(models, case):
    """The recipe's momentum and decay; a rate that keeps the weights where they are, or the net would learn the
    constants by heart and calculate with numbers close to nothing."""
    with open(os.path.join(models, case.net, "solver.prototxt")) as f:
        recipe = f.read()
    kept = re.findall(r"^(?:momentum|weight_decay):.*$", recipe, re.M)
    return "\n".join(['net: "net.prototxt"', 'base_lr: 1e-6', 'lr_policy: "fixed"', "max_iter: 100000000",
                      f"display: {case.lines}", "snapshot_after_train: false", *kept]) + "\n"


# ---- measuring ------------------------------------------------------------------------------------------------------


def ticks(text):
    return sum(map(int, text)) / os.sysconf("SC_CLK_TCK")


def cpu_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        return ticks(f.read().rpartition(")")[2].split()[11:13])


def cpu_of_all():
    with open("/proc/stat") as f:
        field = f.readline().split()[1:]
    return ticks(field[:3] + field[5:8])


class Process:
    """A child; at its end `peak` is its memory in MiB and `others` how many cores everybody else used meanwhile."""

    def __init__(self, command, **options):
        self.wall, self.busy, self.mine = time.monotonic(), cpu_of_all(), time.process_time()
        self.child = subprocess.Popen(command, text=True, errors="replace", **options)

    def end(self):
        _, status, usage = os.wait4(self.child.pid, 0)
        self.child.returncode = os.waitstatus_to_exitcode(status)
        self.cpu = usage.ru_utime + usage.ru_stime
        own = self.cpu + time.process_time() - self.mine
        self.peak = usage.ru_maxrss / 1024
        self.others = max(0.0, (cpu_of_all() - self.busy - own) / (time.monotonic() - self.wall))
        return self.child.returncode


def fail(what, text):
    sys.exit(f"{what} failed:\n{text}")


def result(process, batch, steps, wall, cpu):
    return {"rate": batch * steps / wall, "per_cpu": batch * steps / max(cpu, 1e-9), "cores": cpu / wall,
            "peak": process.peak, "others": process.others}


LINE = re.compile(r"I\d+ (\d+):(\d+):([\d.]+) .*\] Iteration (\d+), lr")


def our_training(crema, flags, folder, case, seconds):
    """Between two lines of the log, from the second on; then it is killed, and writes no snapshot."""
    process = Process([crema, "train", "--solver", "solver.prototxt", *flags], cwd=folder, stderr=subprocess.PIPE)
    first, log = None, ""
    for line in process.child.stderr:
        log += line
        match = LINE.match(line)
        if not match or match.group(4) == "0":
            continue
        hours, minutes, secs, step = (float(x) for x in match.groups())
        now = (hours * 3600 + minutes * 60 + secs, step, cpu_of(process.child.pid))
        first = first or now
        wall, steps, cpu = (b - a for a, b in zip(first, now))
        wall %= 86400
        if wall >= seconds and steps >= 3:
            process.child.kill()
            process.end()
            return result(process, case.batch, steps, wall, cpu)
    process.end()
    fail("crema", log)


def our_inference(crema, flags, folder, case, seconds):
    """crema time measures the whole net N times, then layer by layer N times; cpu/wall is that of both together."""
    count = max(3, int(seconds * {1: 20, 32: 2.5}[case.batch]))
    process = Process([crema, "time", "--model", "net.prototxt", "--phase", "TEST", "--iterations", str(count),
                       "--json", "time.json", *flags], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    log, wall, cpu = "", 0, 0
    for line in process.child.stderr:
        log += line
        if "Testing for" in line:
            wall, cpu = time.monotonic(), cpu_of(process.child.pid)
    wall = time.monotonic() - wall
    if process.end() != 0:
        fail("crema", log)
    cores = (process.cpu - cpu) / wall
    with open(os.path.join(folder, "time.json")) as f:
        one = json.load(f)["forward_ms"] / 1000
    return result(process, case.batch, 1, one, one * cores)


def theirs(args, case, threads, layout, seconds):
    script = os.path.join(HERE, f"{'gpu' if args.device == 'cuda' else 'cpu'}_pytorch.py")
    process = Process([args.python, script, case.net, case.mode, str(case.batch), "--format", layout,
                       "--seconds", str(seconds), "--threads", str(threads)],
                      env={**os.environ, **ALLOCATOR}, stdout=subprocess.PIPE)
    text = process.child.stdout.read()
    if process.end() != 0:
        fail("PyTorch", text)
    said = json.loads(text)
    return {**result(process, case.batch, said["steps"], said["wall"], said["cpu"]), **said}


def ours(args, case, threads, seconds):
    measure_ours = our_training if case.mode == "train" else our_inference
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "net.prototxt"), "w") as f:
            f.write(make_net(args.models, case))
        with open(os.path.join(folder, "solver.prototxt"), "w") as f:
            f.write(make_solver(args.models, case))
        return measure_ours(args.crema, ["--device", args.device, "--threads", str(threads)], folder, case, seconds)


def better_layout(args, case, threads, seconds):
    """Contiguous or channels last: whichever has the quickest step."""
    best = {x: theirs(args, case, threads, x, seconds)["best"] for x in ("contiguous", "channels_last")}
    return min(best, key=best.get)


def compare(args, case, threads):
    layout = better_layout(args, case, threads, args.seconds / 2)
    rounds = []
    for i in range(args.rounds):
        pair = ours(args, case, threads, args.seconds), theirs(args, case, threads, layout, args.seconds)
        rounds.append(pair)
        print(f"{case.name}, {threads} threads, round {i + 1}: {pair[0]['rate']:.1f} / {pair[1]['rate']:.1f} img/s, "
              f"cpu/wall {pair[0]['cores']:.2f} / {pair[1]['cores']:.2f}, "
              f"others {pair[0]['others']:.1f} / {pair[1]['others']:.1f} cores", file=sys.stderr)
    return layout, rounds


# ---- telling --------------------------------------------------------------------------------------------------------

HEAD = ("net", "thr", "crema", "PyTorch", "ratio", "by cpu", "cpu/wall", "", "peak MiB", "", "others", "layout")
ROW = "{:<24}{:>4}{:>10}{:>10}{:>8}{:>8}{:>10}{:>6}{:>10}{:>6}{:>8}  {}"


def row(case, threads, layout, rounds):
    def middle(of):
        return statistics.median(of(mine, other) for mine, other in rounds)

    return ROW.format(
        case.name, threads, f"{middle(lambda a, b: a['rate']):.1f}", f"{middle(lambda a, b: b['rate']):.1f}",
        f"{middle(lambda a, b: a['rate'] / b['rate']):.2f}", f"{middle(lambda a, b: a['per_cpu'] / b['per_cpu']):.2f}",
        f"{middle(lambda a, b: a['cores']):.2f}", f"{middle(lambda a, b: b['cores']):.2f}",
        f"{max(a['peak'] for a, b in rounds):.0f}", f"{max(b['peak'] for a, b in rounds):.0f}",
        f"{middle(lambda a, b: (a['others'] + b['others']) / 2):.1f}", layout)


def said_by(command, environment=None):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment).stdout.strip()
    except OSError:
        return ""


def processor():
    with open("/proc/cpuinfo") as f:
        names = re.findall(r"model name\s*: (.*)", f.read())
    return f"{names[0] if names else platform.machine()}, {len(os.sched_getaffinity(0))} cores"


def conditions(args, version):
    commit = said_by(["git", "-C", HERE, "rev-parse", "--short", "HEAD"])
    lines = [datetime.datetime.now().strftime("%Y-%m-%d %H:%M"), processor()]
    if args.device == "cuda":
        lines.append(said_by(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]))
    lines.append(f"{said_by([args.crema, '--version'])} {'(these scripts: commit ' + commit + ')' if commit else ''}")
    lines.append(f"PyTorch {version}, 32-bit floats, SGD fused"
                 + (", TF32 off, cudnn.benchmark" if args.device == "cuda" else ", allocator tuned"))
    variables = [f"{k}={v}" for k, v in sorted(os.environ.items()) if re.match(r"OMP_|GOMP_|DNNL_|MKL_|CREMA_", k)]
    lines.append("environment: " + (" ".join(variables) or "nothing set for OpenMP or oneDNN"))
    lines.append(f"{args.rounds} rounds of {args.seconds:g} s each; load {os.getloadavg()[0]:.1f}")
    return lines


def limits(args):
    """Measured before and after; what is idle only for a while can still show what it can do."""
    # as long as nobody spins, a thread that others keep waiting costs the other one nothing
    quiet = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    found = []
    for threads in args.threads:
        text = said_by([args.limits, str(threads), args.dnnl], quiet) if args.limits else ""
        if text:
            found.append((threads, *map(float, text.split())))
    return found


def tell_limits(before, after):
    for (threads, *old), (_, *new) in zip(before, after):
        flops, bytes_ = (max(pair) for pair in zip(old, new))
        print(f"limits, {threads} threads: sgemm {flops:.0f} GFLOP/s, triad {bytes_:.1f} GB/s")


# ---- what it takes --------------------------------------------------------------------------------------------------


def cache():
    folder = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "crema-bench")
    os.makedirs(folder, exist_ok=True)
    return folder


def find_crema(named):
    """In the package this lies in share/crema/bench, beside share/crema/models and bin; in the sources in tests."""
    packaged = os.path.join(HERE, "../../../bin/crema")
    if named:
        crema = os.path.join(named, "crema") if os.path.isdir(named) else named
    else:
        crema = packaged if os.access(packaged, os.X_OK) else shutil.which("crema")
    if not crema or not os.access(crema, os.X_OK):
        sys.exit(f"{crema or 'crema'}: no such program; put it into PATH or name its folder: --crema DIR")
    return os.path.abspath(crema)


def find_models():
    beside = os.path.join(HERE, "../models")
    return beside if os.path.isdir(beside) else os.path.join(HERE, "../../models")


def has_torch(python):
    return subprocess.run([python, "-c", "import torch"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def install_torch():
    """The newest that pip finds, installed once."""
    folder = os.path.join(cache(), "venv")
    python = os.path.join(folder, "bin/python3")
    if os.path.exists(python) and has_torch(python):
        return python
    print(f"installing PyTorch in {folder}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    pip = [python, "-m", "pip", "install", "-q"]
    # the build without CUDA is the smaller one; where its index is out of reach, the usual one computes the same
    smaller = ["--retries", "0", "--index-url", "https://download.pytorch.org/whl/cpu"]
    if subprocess.run(pip + smaller + ["torch", "numpy"], stderr=subprocess.DEVNULL, check=False).returncode:
        subprocess.run(pip + ["torch", "numpy"], check=True)
    return python


def compile_limits():
    program = os.path.join(cache(), "limits")
    command = [os.environ.get("CC", "cc"), "-O3", "-march=native", "-fopenmp", "-o", program,
               os.path.join(HERE, "limits.c"), "-ldl"]
    try:
        return program if subprocess.run(command, check=False).returncode == 0 else None
    except OSError:
        return None


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def prepare(args):
    args.crema, args.models = find_crema(args.crema), find_models()
    args.limits = None
    if args.device == "cpu":
        args.python = args.python or install_torch()
        args.limits = compile_limits()
        # the oneDNN that crema loads
        loaded = re.search(r"libdnnl\S* => (\S+)", said_by(["ldd", args.crema]))
        args.dnnl = loaded.group(1) if loaded else "libdnnl.so"
        return
    args.threads = [1]
    args.python = args.python or shutil.which("python3")
    if not has_torch(args.python):
        skip(f"{args.python} has no PyTorch (import torch fails)")
    if said_by([args.python, os.path.join(HERE, "gpu_pytorch.py"), "--available"]) != "yes":
        skip("PyTorch finds no GPU")
    if not re.search(r"^cuda:\d+ +(?!not usable)", said_by([args.crema, "device_query"]), re.M):
        skip(f"crema finds no GPU; {args.crema} device_query says more")


def arguments():
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crema", metavar="DIR", help="where crema is (the package around this file, else PATH)")
    parser.add_argument("--python", help="a Python with torch (cpu: one in ~/.cache/crema-bench; cuda: python3)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=lambda s: [int(x) for x in s.split(",")], default=[1, 2][:cores],
                        metavar="N,..", help="of the processor (1,2)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6, help="of one measurement")
    parser.add_argument("--only", default="", metavar="REGEX", help="nets whose name has a match: 'LeNet|b=1$'")
    parser.add_argument("--quick", action="store_true", help="two rounds of two seconds")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.seconds = 2, 2
    return args


def main():
    args = arguments()
    prepare(args)
    before = limits(args)
    rows, version = [], ""
    for case in GPU_CASES if args.device == "cuda" else CPU_CASES:
        for threads in args.threads if re.search(args.only, case.name) else []:
            layout, rounds = compare(args, case, threads)
            version = rounds[0][1]["torch"]
            rows.append(row(case, threads, layout, rounds))
    print("\n".join(conditions(args, version)))
    tell_limits(before, limits(args))
    print("\n" + ROW.format(*HEAD), *rows, sep="\n")
    print("\ncrema, PyTorch: img/s.  ratio: of wall times, by cpu: of CPU times, both crema / PyTorch, medians of the "
          "rounds.\ncpu/wall and peak MiB: crema, PyTorch.  others: cores that others kept busy meanwhile.")


if __name__ == "__main__":
    main()
