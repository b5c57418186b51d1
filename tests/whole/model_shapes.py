"""model_shapes.py SUMMARY README - is each blob of a net as its readme's table of the paper says?

SUMMARY is what `crema summary` printed.  A row of the table has the output of the layers it names; of a row that
stands for several layers the rest follows from its description (GoogLeNet's inceptions, SqueezeNet's fires, blocks of
residual nets, towers).  Layers that are not named keep the shape of the layer before them, and are of types that do.
"""
import re
import sys

KEEP = {"ReLU", "TanH", "Power", "Dropout", "LRN", "BatchNorm", "Scale", "Softmax"}


def read_rows(text):
    """name of a layer -> (its row's last name, description, output as numbers); rows in order."""
    rows = {}
    for names, what, output in re.findall(r"^\| (.*?) \| (.*?) \| ([\dx ]+?) \| .*\|$", text, re.M):
        names = names.split(", ")
        for name in names:
            rows[name] = (names[-1], what, [int(n) for n in output.split(" x ")])
    return rows


def inception(part, what, output, before):
    """Channels of a branch; `what` is "1x1, reduce - 3x3, reduce - 5x5, projection"."""
    names = ["1x1", "3x3_reduce", "3x3", "5x5_reduce", "5x5", "pool_proj"]
    channels = dict(zip(names, (int(n) for n in re.findall(r"\d+", what))), pool=before[0], output=output[0])
    assert sum(channels[n] for n in ("1x1", "3x3", "5x5", "pool_proj")) == output[0], what
    return channels.get(part)


def fire(part, what, output):
    squeeze, expand = (int(n) for n in re.match(r"1 x 1 to (\d+), then 1 x 1 and 3 x 3 to (\d+) each", what).groups())
    return {"squeeze1x1": squeeze, "expand1x1": expand, "expand3x3": expand, "concat": output[0]}.get(part)


def block(branch, what, output):
    """A residual block's convolutions: those of a bottleneck but for its last one have the channels named first."""
    bottleneck = re.match(r"1 x 1 to (\d+), 3 x 3", what)
    narrow = bottleneck and branch in ("branch2a", "branch2b")
    return [int(bottleneck.group(1)) if narrow else output[0]] + output[1:]


def lenet5(name):
    """The paper's table I: which of s2's 6 maps each of c3's 16 sees."""
    part = re.fullmatch(r"(s2_maps|c3_(\d+)(_in)?)", name)
    if not part:
        return None
    if name == "s2_maps":
        return [1, 14, 14]
    sees = 3 if int(part.group(2)) < 6 else 6 if int(part.group(2)) == 15 else 4
    return [sees, 14, 14] if part.group(3) else [1, 10, 10]


def expected(name, kind, rows, last):
    """Of the layer; None: the readme does not say.  last: the shape of the layer before it, and before its row."""
    if name in rows:
        named, _, output = rows[name]
        tower = re.search(r"_[ab]$", name) and not re.search(r"_[ab]$", named)
        return [output[0] // 2] + output[1:] if tower else output
    if kind in KEEP:
        return last["layer"]
    head, _, part = name.partition("/")
    if part and head in rows:
        _, what, output = rows[head]
        channels = {"i": lambda: inception(part, what, output, last["before"]), "f": lambda: fire(part, what, output)}
        if head[0] in channels:
            return [channels[head[0]]()] + output[1:]
        return output
    head, _, part = name.partition("_")
    if head in rows and part.startswith("branch"):
        return block(part, *rows[head][1:])
    tower = re.fullmatch(r"(\w+)_[ab]", name)
    if tower and tower.group(1) in rows:
        output = rows[tower.group(1)][2]
        return [output[0] // 2] + output[1:]
    if name.endswith("_towers"):
        return [last["layer"][0] // 2] + last["layer"][1:]
    return lenet5(name)


def row_of(name, rows):
    """The row that the layer belongs to, or None."""
    for row in (name, name.partition("/")[0], name.partition("_")[0]):
        if row in rows:
            return row
    return None


def main():
    summary, readme = (open(name, encoding="utf-8").read() for name in sys.argv[1:])
    rows = read_rows(readme.split("\n| all |")[0])
    layers = re.findall(r"^(\S+) +([A-Z]\w+) +(\d[\dx]*)", summary.split("\nparameters ")[0], re.M)
    last = {"layer": None, "before": None}
    named = set()
    wrong = []
    for name, kind, shape in layers:
        shape = [int(n) for n in shape.split("x")[1:]]
        if kind != "Input":
            row = row_of(name, rows)
            if row and row not in named:
                named.add(row)
                last["before"] = last["layer"]
            should = expected(name, kind, rows, last)
            if shape != should:
                wrong.append(f"{name} is {shape}, not {should}")
        last["layer"] = shape
    missing = [name for name in rows if name not in named]
    if wrong or missing or len(rows) < 6:
        sys.exit(f"{sys.argv[2]}: {'; '.join(wrong)}; not in the net: {missing}")
    print(f"{len(layers)} blobs as in {sys.argv[2]}")


main()
