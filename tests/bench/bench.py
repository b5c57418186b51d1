"""Runs crema and PyTorch in turns on the same nets and prints a table.  No figure passes or fails: the status is 1 only
where crema itself broke down.

Each measurement is a process of its own.  Ours and theirs alternate, and the ratio is the median of the rounds' ratios,
so that a machine that slows down for a while slows both.  One thread is compared by CPU time, which others on the
machine hardly change; several threads by wall time, without the rounds in which others kept one of them waiting.
Stopped with ^C it prints what it has.

With --budget, for a GPU, each net has one round: the first with everything; then all others but for torch.compile, which
takes longest to begin; then that.  What there is no time for is named.
"""
import argparse
import re
import signal
import statistics
import sys
import time

from machine import compile_limits, cores, find_crema, find_models, find_pythons, lacks, limits, said_by, skip, \
    torch_version
from measure import HERE, Failed, Late, better_layout, original, ours, start, theirs
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
    parser.add_argument("--photos", metavar="DIR", help="cuda: raw_lmdb and jpeg_lmdb of 256 x 256 pictures, to be fed "
                        "from; share/crema/gpu-check.sh makes some")
    parser.add_argument("--budget", type=float, metavar="SECONDS", help="cuda: end by then")
    parser.add_argument("--quick", action="store_true", help="two rounds of two seconds")
    parser.add_argument("--output", metavar="FILE", help="the tables, to keep: results/cpu-DATE.txt")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.seconds = 2, 2
    args.until = time.monotonic() + args.budget if args.budget else None
    return args


# seconds; nothing begun with less left comes to anything
LEAST = 8


def say(text):
    print(text, file=sys.stderr, flush=True)


def sees_gpu(python):
    return said_by([python, f"{HERE}/gpu_pytorch.py", "--available"]) == "yes"


def prepare(args):
    args.crema, args.models = find_crema(args.crema), find_models()
    args.limits = compile_limits() if args.device == "cpu" else None
    if args.device == "cuda" and not re.search(r"^cuda:\d+ +(?!not usable)", said_by([args.crema, "device_query"]), re.M):
        skip(f"crema finds no GPU; {args.crema} device_query says more")
    args.pythons = find_pythons(args.python, args.device)
    args.versions = {label: torch_version(python) for label, python in args.pythons.items()}
    if args.device == "cuda":
        args.threads = [1]
        for label in [label for label, python in args.pythons.items() if not sees_gpu(python)]:
            say(f"{label} of {args.pythons.pop(label)} finds no GPU")
    args.ways = ["eager", "graph", "compile"] if args.device == "cuda" else ["eager"]
    args.columns = {label if len(args.ways) == 1 else f"{label} {way}": (python, way)
                    for label, python in args.pythons.items() for way in args.ways}


def measure_theirs(args, row, ways, found):
    """Into found, by their columns."""
    case, threads = row.case, row.threads
    for python in args.pythons.values():
        columns = {way: label for label, column in args.columns.items() for way in ways if column == (python, way)}
        # what was best once is best for all rounds and ways
        known = [row.layouts[label] for label, column in args.columns.items()
                 if column[0] == python and label in row.layouts]
        layout = known[0] if known else better_layout(args, python, case, threads, args.seconds / 2)
        for way, result in theirs(args, python, list(columns), case, threads, layout, args.seconds).items():
            if not isinstance(result, Failed):
                found[columns[way]], row.layouts[columns[way]] = result, result["layout"]
            elif isinstance(result, Late):
                row.late.append(columns[way])
            elif args.device == "cpu":
                raise result
            else:
                say(f"{case.name}, {columns[way]}: {result}")


def measure_round(args, row, ways):
    """In the row as soon as crema's part is there."""
    found = {}
    try:
        found["crema"] = ours(args, row.case, row.threads, args.seconds)
    except Failed as reason:
        row.broken = not isinstance(reason, Late)
        raise
    row.rounds.append(found)
    if ways:
        measure_theirs(args, row, ways, found)
    if args.caffe and not row.case.flags:
        found["Caffe"] = original(args, row.case, row.threads, args.seconds)
    say(told(row, found))


def visits(args, rows):
    """[(row, the ways of PyTorch's)], in the order in which they are measured."""
    def ways(row, some):
        return [] if row.case.feed or not args.pythons else [way for way in args.ways if way in some]

    if not args.budget:
        return [(row, ways(row, args.ways)) for row in rows for _ in range(args.rounds)]
    return ([(row, ways(row, args.ways)) for row in rows[:1]]
            + [(row, ways(row, ("eager", "graph"))) for row in rows[1:]]
            + [(row, ["compile"]) for row in rows[1:] if ways(row, ("compile",))])


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
            return False
        return True

    cases = []
    for case in GPU_CASES if args.device == "cuda" else CPU_CASES:
        missing = lacks(args, case) if re.search(args.only, case.name) else None
        if missing:
            notes.append(f"{case.name}: skipped, {missing}")
        elif missing == "":
            cases.append(case)
    rows += [Row(case, threads, args.device) for threads in args.threads for case in cases]
    given_up = []
    for row, ways in visits(args, rows):
        if row in given_up:
            continue
        if args.until and args.until - time.monotonic() < LEAST:
            notes.append(f"{row.case.name}{', ' + ' and '.join(ways) if ways else ''}: skipped, no time left")
        elif not attempt(row.case.name, measure_round, args, row, ways):
            given_up.append(row)
    notes += [f"{row.case.name}, {who}: stopped, the time was up" for row in rows for who in row.late]
    if not args.only and not args.budget:
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
    sys.exit(any(row.broken for row in rows))


if __name__ == "__main__":
    main()
