"""Tells what was measured: conditions, a table of details, a short table of ratios."""
import datetime
import os
import re
import statistics

import floor
from machine import HERE, better_of, processor, said_by
from nets import FLOOR_CASE, SHARE, SYNTHETIC

# two threads that got less than this of two cores were kept waiting by others; their wall time says nothing
ENOUGH = 0.9


class Row:
    """One case with one number of threads.  A round is {who: result}; who is "crema", "Caffe", or a PyTorch's label."""

    def __init__(self, case, threads, device):
        self.case, self.threads = case, threads
        self.by_cpu, self.strict = (device == "cpu" and alone for alone in (threads == 1, threads > 1))
        self.layouts, self.rounds, self.late, self.broken = {}, [], [], False

    def good(self, result):
        """Had it the processor for itself, where that matters?"""
        return not self.strict or result["cores"] >= ENOUGH * self.threads

    def fit(self, *who):
        """The rounds in which all of these were measured, and well."""
        return [r for r in self.rounds if all(w in r and self.good(r[w]) for w in who)]

    def median(self, who, what):
        found = [r[who][what] for r in self.rounds if who in r]
        return statistics.median(found) if found else None

    def rate(self, who):
        """Images a second: of CPU time or of wall time."""
        found = [r[who]["per_cpu" if self.by_cpu else "rate"] for r in self.fit(who)]
        return statistics.median(found) if found else None

    def ratio(self, label):
        """Median of the rounds' ratios, crema's rate over PyTorch's."""
        what = "per_cpu" if self.by_cpu else "rate"
        found = [r["crema"][what] / r[label][what] for r in self.fit("crema", label)]
        return statistics.median(found) if found else None

    def name(self):
        return self.case.name


def number(value, digits=2, otherwise="-"):
    return otherwise if value is None else f"{value:.{digits}f}"


def counted(threads):
    return f"{threads} thread{'s' * (threads > 1)}"


def told(row, found):
    """The latest round, as it comes."""
    rates = " / ".join(f"{r['rate']:.1f}" for r in found.values())
    cores = " / ".join(f"{r['cores']:.2f}" for r in found.values())
    others = max(r["others"] for r in found.values())
    bad = "" if all(map(row.good, found.values())) else "; rejected: threads were kept waiting"
    return (f"{row.name()}, {counted(row.threads)}, round {len(row.rounds)}: "
            f"{' / '.join(found)}: {rates} img/s, cpu/wall {cores}, others {others:.1f} cores{bad}")


# ---- tables ----------------------------------------------------------------------------------------------------------


def aligned(lines):
    """Cells to lines; the first column to the left."""
    width = [max(len(line[c]) for line in lines) for c in range(len(lines[0]))]
    return ["  ".join(cell.ljust(w) if c == 0 else cell.rjust(w) for c, (cell, w) in enumerate(zip(line, width)))
            .rstrip() for line in lines]


def details(rows):
    """A line for crema and each other of each row."""
    lines = [("net", "thr", "who", "img/s", "img/CPU-s", "cpu/wall", "MiB", "others", "rounds fit", "layout")]
    for row in rows:
        for who in dict.fromkeys(w for r in row.rounds for w in r):
            lines.append((row.name(), str(row.threads), who, number(row.median(who, "rate"), 1),
                          number(row.median(who, "per_cpu"), 1), number(row.median(who, "cores")),
                          number(row.median(who, "peak"), 0), number(row.median(who, "others"), 1),
                          f"{len(row.fit(who))}/{len(row.rounds)}", row.layouts.get(who, "")))
    return aligned(lines)


def short(rows, labels):
    """Ratios, a line for each net and number of threads."""
    with_caffe = any("Caffe" in r for row in rows for r in row.rounds)
    lines = [("crema / PyTorch", "threads", "by", "crema img/s", *labels) + (("Caffe img/s",) if with_caffe else ())]
    for row in rows:
        none = "rejected" if row.strict else "-"
        lines.append((row.name(), str(row.threads), "cpu" if row.by_cpu else "wall",
                      number(row.rate("crema"), 1, none), *(number(row.ratio(label), 2, none) for label in labels))
                     + ((number(row.rate("Caffe"), 1),) if with_caffe else ()))
    return aligned(lines)


def aimed(value, goal, digits=2):
    """3.1 (2.0): the figure, and in brackets the one that is aimed at."""
    return number(value, digits) + (f" ({goal:.{digits}f})" if goal else "")


def short_gpu(rows, columns):
    """A line for each net; a net that is fed from a database beside itself without one."""
    synthetic = next((row.rate("crema") for row in rows if row.case == SYNTHETIC), None)
    lines = [("crema / PyTorch (goal)", "crema img/s", *columns, "of its speed unfed")]
    for row in rows:
        rate, feed = row.rate("crema"), row.case.feed
        share = rate / synthetic if feed and rate and synthetic else None
        lines.append((row.name(), aimed(rate, row.case.rate, 0),
                      *(aimed(row.ratio(label), row.case.goals.get(way)) for label, (_, way) in columns.items()),
                      aimed(share, SHARE.get(feed)) if feed else ""))
    return aligned(lines)


# ---- the whole -------------------------------------------------------------------------------------------------------


def conditions(args):
    commit = said_by(["git", "-C", HERE, "rev-parse", "--short", "HEAD"])
    lines = [datetime.datetime.now().strftime("%Y-%m-%d %H:%M"), processor()]
    if args.device == "cuda":
        lines.append(said_by(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]))
    lines.append(said_by([args.crema, "--version"]) + (f" (these scripts: commit {commit})" if commit else ""))
    lines += [f"{label}: {version}" for label, version in args.versions.items()]
    lines.append("PyTorch has 32-bit floats but where bf16 is said, SGD fused where it can, the better memory format, "
                 + ("TF32 where it is said, cudnn.benchmark; graph: a step captured as a CUDA graph, compile: "
                    "torch.compile(max-autotune)" if args.device == "cuda" else "a tuned allocator")
                 + "; inference is waited for, result by result")
    variables = [f"{k}={v}" for k, v in sorted(os.environ.items()) if re.match(r"OMP_|GOMP_|DNNL_|MKL_|CREMA_", k)]
    lines.append("environment: " + (" ".join(variables) or "nothing set for OpenMP or oneDNN"))
    lines.append(f"{args.rounds} rounds of {args.seconds:g} s each; load {os.getloadavg()[0]:.1f}")
    return lines


def floor_lines(rows, limits):
    lines = []
    for row in rows:
        rate, limit = row.rate("crema"), limits.get(row.threads)
        if row.case == FLOOR_CASE and rate and limit and limit[0]:
            least = floor.seconds(row.case.batch, *limit)
            took = row.case.batch / rate
            lines.append(f"{row.name()}, {counted(row.threads)}: {1000 * took:.0f} ms a step, the floor of direct "
                         f"convolution is {1000 * least:.0f} ms: {took / least:.2f} times the floor")
    return lines


def report(args, rows, notes, before, after):
    limits = better_of(before, after)
    measured = [row for row in rows if row.rounds]
    parts = [conditions(args),
             [f"limits, {counted(threads)}: sgemm {flops:.0f} GFLOP/s, triad {rate:.1f} GB/s"
              for threads, (flops, rate) in limits.items()] + floor_lines(measured, limits) + notes]
    if measured:
        table = short_gpu(measured, args.columns) if args.device == "cuda" else short(measured, list(args.columns))
        parts += [details(measured),
                  ["img/s, img/CPU-s: of wall and CPU time.  MiB: peak, libraries included.  others: cores that others "
                   "kept busy meanwhile.", "rounds fit: with several threads those in which cpu/wall was at least "
                   f"{ENOUGH:g} of their number; the others are rejected."],
                  ["Ratios above 1: crema is quicker.  Medians of the rounds' ratios.  by cpu: of CPU times, the main "
                   "figures; by wall: of wall times."], table]
    return "\n\n".join("\n".join(part) for part in parts if part)
