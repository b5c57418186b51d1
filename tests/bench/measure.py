"""Runs a case once: crema, PyTorch, the original Caffe.  Each measurement is a process of its own."""
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time

from nets import make_net, make_solver

HERE = os.path.dirname(os.path.abspath(__file__))
# glibc gives freed blocks of this size back to the system, each time anew; without that PyTorch is up to twice as fast
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "8589934592", "MALLOC_TRIM_THRESHOLD_": "17179869184",
             "MALLOC_TOP_PAD_": "268435456"}


class Failed(Exception):
    """A measurement that gave nothing; the text says why."""


class Late(Failed):
    """It would have gone on beyond the end of the time that there is."""


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
    """A child, killed when the block ends before it does, or at the time `until`; after end() `peak` is its memory in MiB
    and `others` how many cores everybody else used meanwhile."""

    def __init__(self, command, until=None, **options):
        self.late, self.clock = False, None
        if until is not None:
            self.clock = threading.Timer(max(0, until - time.monotonic()), self.stop)
        self.wall, self.busy, self.mine = time.monotonic(), cpu_of_all(), time.process_time()
        # a group of its own: what a child starts is stopped with it
        self.child = subprocess.Popen(command, text=True, errors="replace", start_new_session=True, **options)
        if self.clock:
            self.clock.start()

    def stop(self):
        self.late = True
        self.kill()

    def kill(self):
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.returncode is None:
            self.kill()
            self.end()

    def end(self):
        _, status, usage = os.wait4(self.child.pid, 0)
        self.child.returncode = os.waitstatus_to_exitcode(status)
        if self.clock:
            self.clock.cancel()
        self.cpu = usage.ru_utime + usage.ru_stime
        own = self.cpu + time.process_time() - self.mine
        self.peak = usage.ru_maxrss / 1024
        self.others = max(0.0, (cpu_of_all() - self.busy - own) / (time.monotonic() - self.wall))
        return self.child.returncode


def failed(process, what, text):
    said = text.strip().splitlines()
    if process.late:
        return Late("stopped, the time is up")
    return Failed(f"{what}: {said[-1] if said else 'failed without a word'}")


def result(process, batch, steps, wall, cpu):
    return {"rate": batch * steps / wall, "per_cpu": batch * steps / max(cpu, 1e-9), "cores": cpu / wall,
            "peak": process.peak, "others": process.others}


# ---- crema, and Caffe, whose log has the same lines ------------------------------------------------------------------

LINE = re.compile(r"I\d+ (\d+):(\d+):([\d.]+) .*\] Iteration (\d+), lr")


def training(args, program, flags, environment, folder, case, seconds):
    """Between two lines of the log, from the second on; then it is killed, and writes no snapshot."""
    first, log = None, ""
    with Process([program, "train", "--solver", "solver.prototxt", *flags], args.until, cwd=folder,
                 env=environment, stderr=subprocess.PIPE) as process:
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
                process.kill()
                process.end()
                return result(process, case.batch, steps, wall, cpu)
        process.end()
        raise failed(process, program, log)


def inference(args, program, flags, environment, folder, case, seconds):
    """The whole net's forward; cpu/wall is that of the time in which it was measured."""
    count = max(3, int(seconds * (500 if "cuda" in flags else {1: 10, 32: 1.3}[case.batch])))
    log, wall, cpu = "", 0, 0
    with Process([program, "time", "--model", "net.prototxt", "--phase", "TEST", "--iterations", str(count), *flags],
                 args.until, cwd=folder, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        for line in process.child.stderr:
            log += line
            if "Testing for" in line:
                wall, cpu = time.monotonic(), cpu_of(process.child.pid)
        wall = time.monotonic() - wall
        one = re.search(r"Average Forward pass: ([\d.e+-]+) ms", log)
        if process.end() != 0 or not one:
            raise failed(process, program, log)
    one = float(one.group(1)) / 1000
    return result(process, case.batch, 1, one, one * (process.cpu - cpu) / wall)


def run_caffe_like(args, program, flags, environment, case, seconds):
    texts = {"net.prototxt": make_net(args.models, case, args.photos), "solver.prototxt": make_solver(args.models, case)}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            with open(os.path.join(folder, name), "w") as f:
                f.write(text)
        run = training if case.mode == "train" else inference
        return run(args, program, flags, environment, folder, case, seconds)


def ours(args, case, threads, seconds):
    return run_caffe_like(args, args.crema, ["--device", args.device, "--threads", str(threads), *case.flags], None, case,
                          seconds)


def original(args, case, threads, seconds):
    """Its threads are those of the BLAS that it has."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return run_caffe_like(args, args.caffe, [], {**os.environ, **dict.fromkeys(names, str(threads))}, case, seconds)


def start(args):
    """Seconds of wall and CPU time from the start of `crema time` to the end of its first forward, on AlexNet's
    deploy.prototxt."""
    model = os.path.join(args.models, "alexnet/deploy.prototxt")
    with Process([args.crema, "time", "--model", model, "--phase", "TEST", "--device", args.device], args.until,
                 stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        log = ""
        for line in process.child.stderr:
            log += line
            if "Testing for" in line:
                return time.monotonic() - process.wall, cpu_of(process.child.pid)
        process.end()
        raise failed(process, args.crema, log)


# ---- PyTorch ---------------------------------------------------------------------------------------------------------


def theirs(args, python, ways, case, threads, layout, seconds):
    """{how its steps are run: result, or the Failed that it came to}; whatever was measured before the time was up."""
    script = os.path.join(HERE, f"{'gpu' if args.device == 'cuda' else 'cpu'}_pytorch.py")
    with Process([python, script, case.net, case.mode, str(case.batch), "--format", layout, "--math", case.math,
                  "--way", ",".join(ways), "--seconds", str(seconds), "--threads", str(threads)], args.until,
                 env={**os.environ, **ALLOCATOR}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        text = process.child.stdout.read()
        process.end()
    found = {}
    for said in map(json.loads, re.findall(r'^{"way".*}$', text, re.M)):
        found[said["way"]] = Failed(said["failed"]) if "failed" in said else \
            {**result(process, case.batch, said["steps"], said["wall"], said["cpu"]), **said}
    return {way: found.get(way) or failed(process, python, text) for way in ways}


def better_layout(args, python, case, threads, seconds):
    """Contiguous or channels last: whichever takes the least CPU time.  On a GPU the measuring process finds out."""
    if args.device == "cuda":
        return "better"
    rates = {}
    for layout in ("contiguous", "channels_last"):
        found = theirs(args, python, ["eager"], case, threads, layout, seconds)["eager"]
        if isinstance(found, Failed):
            raise found
        rates[layout] = found["per_cpu"]
    return max(rates, key=rates.get)
