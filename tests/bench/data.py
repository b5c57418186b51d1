"""Records to batches, in crema and in PyTorch, in turns; prints a table.  Nothing here passes or fails.

Both read the same files: raw 256 x 256 records of an LMDB, JPEGs of 256 x 256, and JPEGs of 500 x 375, resized to
256 x 256, once as long as photos of quality 95 (80 KB), once with much grain (120 KB, hard to decode for both); crop
227, mirror half of them, subtract a mean for each channel, 32 floats to a batch, shuffled.  PyTorch has the better of
two ways: Pillow, or torchvision's decoder and transforms on bytes.  One worker is compared by CPU time, that of all
processes together, which others on the machine hardly change; several by wall time.  The ratio is the median of the
rounds' ratios.  Before that: what each step costs beside bare calls of the libraries.
"""
import argparse
import datetime
import json
import os
import statistics
import subprocess
import sys
import tempfile

from machine import HERE, cores, install_torch, install_vision, processor, said_by, torch_version

PHOTOS = 512
ROWS = {"raw LMDB": "raw", "JPEG 256x256": "small", "JPEG 500x375, resized": "large",
        "the same, grainy": "grainy"}
GRAINS = {"large": "10", "small": "10", "grainy": "40"}  # of make_photos
WAYS = {"raw LMDB": ["tensor"]}  # no picture is decoded: both are one


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", metavar="DIR", default=os.path.join(HERE, "../../build"))
    parser.add_argument("--python", metavar="PYTHON", help="a Python with torch, torchvision and lmdb")
    parser.add_argument("--workers", type=lambda s: [int(x) for x in s.split(",")], default=[1, 2][:cores()],
                        metavar="N,..", help="threads, and processes (1,2)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of one measurement")
    parser.add_argument("--quick", action="store_true", help="two rounds of a second and a half")
    parser.add_argument("--output", metavar="FILE", help="the tables, to keep: results/data-DATE.txt")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.seconds = 2, 1.5
    args.build = os.path.abspath(args.build)
    args.python = args.python or install_vision(install_torch())
    return args


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_files(args):
    run("cmake", "--build", args.build, "--target", "bench_loader", "bench_records", "make_photos", "convert_imageset")
    for folder, grain in GRAINS.items():
        size = ["256", "256"] if folder == "small" else ["375", "500"]
        run(f"{args.build}/tests/make_photos", folder, str(PHOTOS), *size, grain)
    run(f"{args.build}/tools/convert_imageset", "small/", "small/list.txt", "raw")


def measured(*command):
    """{by CPU time, by wall time: records a second}"""
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {"cpu": found["records"] / found["cpu"], "wall": found["records"] / found["wall"],
            "cores": found["cpu"] / found["wall"]}


def ours(args, source, workers):
    return measured(f"{args.build}/tests/bench_loader", source, str(workers), str(args.seconds))


def theirs(args, source, workers, way):
    return measured(args.python, f"{HERE}/data_pytorch.py", source, str(workers), str(args.seconds), way)


def measure(args, name, workers):
    by = "cpu" if workers == 1 else "wall"
    ways = WAYS.get(name, ["pil", "tensor"])
    rounds = []
    for _ in range(args.rounds):
        found = {"crema": ours(args, ROWS[name], workers)}
        found.update({way: theirs(args, ROWS[name], workers, way) for way in ways})
        rounds.append(found)
    way = max(ways, key=lambda w: statistics.median(r[w][by] for r in rounds))
    middle = {who: statistics.median(r[who][by] for r in rounds) for who in ("crema", way)}
    ratio = statistics.median(r["crema"][by] / r[way][by] for r in rounds)
    busy = statistics.median(r["crema"]["cores"] for r in rounds)
    return (f"{name:<24}{workers:>8}{'CPU' if by == 'cpu' else 'wall':>6}{middle['crema']:>10.0f}{middle[way]:>10.0f}"
            f"  {way if len(ways) > 1 else 'lmdb':<8}{ratio:>6.2f}{busy:>10.2f}")


def conditions(args):
    commit = said_by(["git", "-C", HERE, "log", "-1", "--format=%h"]) or "unknown"
    vision = said_by([args.python, "-c", "import torchvision; print(torchvision.__version__)"])
    return [f"{datetime.datetime.now():%Y-%m-%d %H:%M}", processor(),
            f"crema at commit {commit}; PyTorch {torch_version(args.python)}, torchvision {vision}",
            f"{args.rounds} rounds of {args.seconds:g} s each; load {os.getloadavg()[0]:.1f}", ""]


def main():
    args = arguments()
    output = os.path.abspath(args.output) if args.output else None
    lines = conditions(args)
    with tempfile.TemporaryDirectory(prefix="crema_data_") as folder:
        os.chdir(folder)
        make_files(args)
        lines += subprocess.run([f"{args.build}/tests/bench_records"], check=True, capture_output=True,
                                text=True).stdout.splitlines()
        lines += ["", "records a second of CPU time, or of wall time:", "",
                  f"{'':<24}{'workers':>8}{'by':>6}{'crema':>10}{'PyTorch':>10}  {'way':<8}{'ratio':>6}{'cpu/wall':>10}"]
        print("\n".join(lines), flush=True)
        for workers in args.workers:
            for name in ROWS:
                lines.append(measure(args, name, workers))
                print(lines[-1], flush=True)
        os.chdir("/")
    if output:
        with open(output, "w") as f:
            f.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
