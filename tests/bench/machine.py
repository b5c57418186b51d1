"""What a benchmark takes, and what the machine is: programs, PyTorch, processor, limits."""
import functools
import os
import platform
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def said_by(command, environment=None):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment).stdout.strip()
    except OSError:
        return ""


def cores():
    return len(os.sched_getaffinity(0))


def cpuinfo(name):
    with open("/proc/cpuinfo") as f:
        found = re.search(rf"^{name}\s*: (.*)", f.read(), re.M)
    return found.group(1) if found else ""


def processor():
    return f"{cpuinfo('model name') or platform.machine()}, {cores()} cores"


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


# ---- crema -----------------------------------------------------------------------------------------------------------


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


def lacks(args, case):
    """Why this case cannot run here; "" if it can."""
    flags = [flag for flag in case.flags if flag.startswith("--")]
    missing = [flag for flag in flags if flag not in said_by([args.crema, "train", "--help"])]
    if missing:
        return f"this crema has no {missing[0]}"
    if case.feed and not args.photos:
        return "no --photos"
    if case.math == "bf16" and args.device == "cpu" and "avx512_bf16" not in cpuinfo("flags").split():
        return "this processor lacks avx512_bf16"
    return ""


# ---- PyTorch ---------------------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=None)  # importing torch takes seconds
def torch_version(python):
    """"" where there is none."""
    return said_by([python, "-c", "import torch; print(torch.__version__)"])


def cache():
    folder = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "crema-bench")
    os.makedirs(folder, exist_ok=True)
    return folder


def install_torch():
    """The newest that pip finds, installed once."""
    folder = os.path.join(cache(), "venv")
    python = os.path.join(folder, "bin/python3")
    if os.path.exists(python) and torch_version(python):
        return python
    print(f"installing PyTorch in {folder}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    pip = [python, "-m", "pip", "install", "-q"]
    # the build without CUDA is the smaller one; where its index is out of reach, the usual one computes the same
    smaller = ["--retries", "0", "--index-url", "https://download.pytorch.org/whl/cpu"]
    if subprocess.run(pip + smaller + ["torch", "numpy"], stderr=subprocess.DEVNULL, check=False).returncode:
        subprocess.run(pip + ["torch", "numpy"], check=True)
    return python


def install_vision(python):
    """What PyTorch's users read pictures and databases with, beside its torch; returns python."""
    wanted = "import torchvision, PIL, lmdb"
    if subprocess.run([python, "-c", wanted], stderr=subprocess.DEVNULL, check=False).returncode:
        torch = "torch==" + torch_version(python).partition("+")[0]
        subprocess.run([python, "-m", "pip", "install", "-q", torch, "torchvision", "pillow", "lmdb"], check=True)
    return python


def default_pythons(device):
    """On a processor: pip's newest, and the distribution's if it is installed."""
    if device == "cuda":
        return [shutil.which("python3")]
    return [install_torch()] + (["/usr/bin/python3"] if torch_version("/usr/bin/python3") else [])


def find_pythons(named, device):
    """{how its column is headed: program}"""
    found = {}
    for python in named or default_pythons(device):
        version = torch_version(python) if python else ""
        if not version:
            why = f"{python} has no PyTorch (import torch fails)"
            if device == "cpu":
                sys.exit(why)
            print(f"{why}: crema alone is measured", file=sys.stderr)
            continue
        label = "PyTorch " + ".".join(version.split(".")[:2])
        found[label if label not in found else f"{label} ({len(found) + 1})"] = python
    return found


# ---- limits ----------------------------------------------------------------------------------------------------------


def compile_limits():
    program = os.path.join(cache(), "limits")
    command = [os.environ.get("CC", "cc"), "-O3", "-march=native", "-fopenmp", "-o", program,
               os.path.join(HERE, "limits.c"), "-ldl"]
    try:
        return program if subprocess.run(command, check=False).returncode == 0 else None
    except OSError:
        return None


def limits(args):
    """{threads: (GFLOP/s of sgemm, GB/s of a triad)}; empty without a compiler."""
    # the oneDNN that crema loads
    loaded = re.search(r"libdnnl\S* => (\S+)", said_by(["ldd", args.crema]))
    library = loaded.group(1) if loaded else "libdnnl.so"
    # as long as nobody spins, a thread that others keep waiting costs the other one nothing
    quiet = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    found = {}
    for threads in args.threads:
        text = said_by([args.limits, str(threads), library], quiet) if args.limits else ""
        if text:
            found[threads] = tuple(map(float, text.split()))
    return found


def better_of(before, after):
    """Measured at the beginning and at the end: what is idle only for a while can still show what it can do."""
    both = {threads: [x[threads] for x in (before, after) if threads in x] for threads in {**before, **after}}
    return {threads: tuple(max(pair) for pair in zip(*found)) for threads, found in both.items()}
