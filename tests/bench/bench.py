"""Runs crema and PyTorch in turns on the same nets and prints a table.  Nothing here passes or fails.

Each measurement is a process of its own.  Ours and theirs alternate, and the ratio is the median of the rounds' ratios,
so that a machine that slows down for a while slows both.  One thread is compared by CPU time, which others on the
machine hardly change; several threads by wall time, without the rounds in which others kept one of them waiting.
Stopped with ^C it prints what it has.
"""
import argparse
import re
import signal
import statistics
import sys

from machine import compile_limits, cores, find_crema, find_models, find_pythons, lacks, limits, said_by, skip, \
    torch_version
from measure import HERE, Failed, better_layout, original, ours, start, theirs
from nets import CPU_CASES, GPU_CASES
from report import Row, report, told


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crema", metavar="DIR", help="where crema is (the package around this file, else PATH)")
    parser.add_argument("--python", action="append", metavar="PYTHON",
                        help="a Python with torch; given several times, each is a column (cpu: one in "
                        "~/.cache/crema-bench, and /usr/bin/python3 if it has torch; cuda: python3)")
    parser.add_argument("--caffe", metavar="PROGRAM", help="the original Caffe's `caffe`, measured beside them")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--threads", type=lambda s: [int(x) for x in s.split(",")], default=[1, 2][:cores()],
                        metavar="N,..", help="of the processor (1,2)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6, help="of one measurement")
    parser.add_argument("--only", default="", metavar="REGEX", help="nets whose name has a match: '^LeNet|b=1$'")
    parser.add_argument("--quick", action="store_true", help="two rounds of two seconds")
    parser.add_argument("--output", metavar="FILE", help="the tables, to keep: results/cpu-DATE.txt")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.seconds = 2, 2
    return args


def prepare(args):
    args.crema, args.models = find_crema(args.crema), find_models()
    args.limits = compile_limits() if args.device == "cpu" else None
    args.pythons = find_pythons(args.python, args.device)
    args.versions = {label: torch_version(python) for label, python in args.pythons.items()}
    ways = ["eager", "graph", "compile"] if args.device == "cuda" else ["eager"]
    args.columns = {label if len(ways) == 1 else f"{label} {way}": (python, way)
                    for label, python in args.pythons.items() for way in ways}
    if args.device == "cpu":
        return
    args.threads = [1]
    for python in args.pythons.values():
        if said_by([python, f"{HERE}/gpu_pytorch.py", "--available"]) != "yes":
            skip(f"PyTorch of {python} finds no GPU")
    if not re.search(r"^cuda:\d+ +(?!not usable)", said_by([args.crema, "device_query"]), re.M):
        skip(f"crema finds no GPU; {args.crema} device_query says more")


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure_row(args, row):
    """Rounds are in the row as soon as they are whole."""
    case, threads = row.case, row.threads
    layouts = {}
    for label, (python, _) in args.columns.items():
        # what is best op by op is best for the same ops captured or compiled
        if python not in layouts:
            layouts[python] = better_layout(args, (python, "eager"), case, threads, args.seconds / 2)
        row.layouts[label] = layouts[python]
    for i in range(args.rounds):
        found = {"crema": ours(args, case, threads, args.seconds)}
        for label, column in args.columns.items():
            try:
                found[label] = theirs(args, column, case, threads, row.layouts[label], args.seconds)
            except Failed as reason:
                if column[1] == "eager":
                    raise
                say(f"{case.name}, {label}: {reason}")
        if args.caffe and not case.flags:
            found["Caffe"] = original(args, case, threads, args.seconds)
        row.rounds.append(found)
        say(told(row, i))


def measure_start(args, notes):
    found = [start(args) for _ in range(args.rounds)]
    wall, cpu = (statistics.median(x) for x in zip(*found))
    notes.append("crema time on AlexNet's deploy.prototxt, from its start to the end of the first forward of 10 "
                 f"pictures: {wall:.2f} s, CPU {cpu:.2f} s")


def measure(args, rows, notes):
    """Fills both; what fails or cannot run here is a note."""
    def attempt(name, what, *given):
        try:
            what(*given)
        except Failed as reason:
            notes.append(f"{name}: {reason}")
            say(notes[-1])

    cases = []
    for case in GPU_CASES if args.device == "cuda" else CPU_CASES:
        missing = lacks(args, case) if re.search(args.only, case.name) else None
        if missing:
            notes.append(f"{case.name}: skipped, {missing}")
        elif missing == "":
            cases.append(case)
    for threads in args.threads:
        for case in cases:
            rows.append(Row(case, threads, args.device))
            attempt(case.name, measure_row, args, rows[-1])
    if not args.only:
        attempt("start", measure_start, args, notes)


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, interrupt)
    rows, notes, before, after = [], [], {}, {}
    try:
        prepare(args)
    except KeyboardInterrupt:
        sys.exit("stopped before it began")
    try:
        before = limits(args)
        measure(args, rows, notes)
        after = limits(args)
    except KeyboardInterrupt:
        notes.append("stopped before its end")
    text = report(args, rows, notes, before, after)
    print(text)
    if args.output:
        with open(args.output, "w") as f:
            f.write(text + "\n")


if __name__ == "__main__":
    main()
