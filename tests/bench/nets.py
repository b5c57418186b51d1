"""What is measured: the nets of models/ with constants in place of their data."""
import collections
import os
import re

# name; net as pytorch_nets.py calls it; mode; batch; shape of a picture; iterations between two lines of the log;
# crema's flags; PyTorch's --math; the ratios that are aimed at; images a second that are; a database of --photos
Case = collections.namedtuple("Case", "name net mode batch picture lines flags math goals rate feed",
                              defaults=((), "fp32", {}, None, None))

BIG, MIDDLE = (3, 227, 227), (3, 224, 224)
CPU_CASES = [
    Case("AlexNet train b=64", "alexnet", "train", 64, BIG, 1),
    Case("AlexNet train b=32", "alexnet", "train", 32, BIG, 1),
    Case("AlexNet train b=64, --winograd", "alexnet", "train", 64, BIG, 1, ("--winograd",)),
    Case("AlexNet without LRN, groups b=64", "alexnet_plain", "train", 64, BIG, 1),
    Case("GoogLeNet train b=32", "googlenet", "train", 32, MIDDLE, 1),
    Case("ResNet-18 train b=32", "resnet18", "train", 32, MIDDLE, 1),
    Case("LeNet train b=64", "lenet", "train", 64, (1, 28, 28), 10),
    Case("CIFAR quick train b=100", "cifar10_quick", "train", 100, (3, 32, 32), 5),
    Case("AlexNet infer b=1", "alexnet", "infer", 1, BIG, 0),
    Case("AlexNet infer b=32", "alexnet", "infer", 32, BIG, 0),
    Case("AlexNet train b=64, bf16", "alexnet", "train", 64, BIG, 1, ("--math", "bf16"), "bf16"),
    Case("AlexNet without LRN, groups b=64, bf16", "alexnet_plain", "train", 64, BIG, 1, ("--math", "bf16"), "bf16"),
]


def goals(eager, graph, compiled):
    return {"eager": eager, "graph": graph, "compile": compiled}


BF16, TF32 = (("--math", "bf16"), "bf16"), (("--math", "tf32"), "tf32")
# the most telling ones first: time may run out
GPU_CASES = [
    Case("AlexNet train b=256, bf16", "alexnet", "train", 256, BIG, 20, *BF16, goals(2.0, 1.6, 1.25), 33000),
    Case("AlexNet train b=256, TF32", "alexnet", "train", 256, BIG, 20, *TF32, goals(1.6, 1.4, 1.15)),
    Case("AlexNet without LRN, groups b=256, bf16", "alexnet_plain", "train", 256, BIG, 20, *BF16,
         goals(1.35, 1.15, 1.05)),
    Case("LeNet train b=64", "lenet", "train", 64, (1, 28, 28), 500, goals=goals(5, 1.3, 1.3)),
    Case("CIFAR quick train b=100", "cifar10_quick", "train", 100, (3, 32, 32), 500, goals=goals(5, 1.3, 1.3)),
    Case("AlexNet infer b=1, bf16", "alexnet", "infer", 1, BIG, 0, *BF16, goals(3, 1.2, 1.2)),
    Case("AlexNet train b=256, bf16, LMDB of pixels", "alexnet", "train", 256, BIG, 20, *BF16, feed="raw_lmdb"),
    Case("AlexNet train b=256, bf16, LMDB of JPEGs", "alexnet", "train", 256, BIG, 20, *BF16, feed="jpeg_lmdb"),
    Case("AlexNet train b=256, bf16, JPEGs by the CPU", "alexnet", "train", 256, BIG, 20,
         (*BF16[0], "--decode", "cpu"), BF16[1], feed="jpeg_lmdb"),
    Case("AlexNet train b=256", "alexnet", "train", 256, BIG, 20),
    Case("AlexNet infer b=1", "alexnet", "infer", 1, BIG, 0),
]
# what the rows with a feed are a share of, and the share that is aimed at with pixels
SYNTHETIC, SHARE = GPU_CASES[0], {"raw_lmdb": 0.95}
# the row whose distance from the floor is told
FLOOR_CASE = CPU_CASES[0]

FOLDERS = {"alexnet_plain": "alexnet"}


def read(models, case, name):
    with open(os.path.join(models, FOLDERS.get(case.net, case.net), name)) as f:
        return f.read()


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


def field(part, name):
    found = re.search(rf'\b{name}:\s*"([^"]+)"', part)
    return found.group(1) if found else ""


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


def fed(case, photos):
    """Crops of 256 x 256 pictures, as AlexNet's recipe has them."""
    return (f'layer {{ name: "data" type: "Data" top: "data" top: "label"\n'
            f'  transform_param {{ mirror: true crop_size: {case.picture[1]} mean_value: 104 mean_value: 117 '
            f'mean_value: 123 }}\n'
            f'  data_param {{ source: "{os.path.join(photos, case.feed)}" batch_size: {case.batch} backend: LMDB }} }}')


def without_lrn_and_groups(parts):
    renamed = {field(part, "top"): field(part, "bottom") for part in parts if field(part, "type") == "LRN"}
    kept = [re.sub(r"\bgroup: \d+", "", part) for part in parts if field(part, "type") != "LRN"]
    return [re.sub(r'bottom: "([^"]+)"', lambda m: f'bottom: "{renamed.get(m.group(1), m.group(1))}"', part)
            for part in kept]


def make_net(models, case, photos=None):
    head, parts = layers(read(models, case, "train_val.prototxt"))
    if case.net == "alexnet_plain":
        parts = without_lrn_and_groups(parts)
    kept = [fed(case, photos) if case.feed else dummy(case)]
    for part in parts:
        kind = field(part, "type")
        if kind in ("Data", "Accuracy"):
            continue
        if kind == "SoftmaxWithLoss" and case.mode == "infer":
            part = part.replace(kind, "Softmax").replace('bottom: "label"', "")
        kept.append(part)
    return head + "\n".join(kept) + "\n"


def make_solver(models, case):
    """The recipe's momentum and decay; a rate that keeps the weights where they are, or the net would learn the
    constants by heart and calculate with numbers close to nothing."""
    kept = re.findall(r"^(?:momentum|weight_decay):.*$", read(models, case, "solver.prototxt"), re.M)
    return "\n".join(['net: "net.prototxt"', 'base_lr: 1e-6', 'lr_policy: "fixed"', "max_iter: 100000000",
                      f"display: {case.lines}", "snapshot_after_train: false", "solver_mode: CPU", *kept]) + "\n"
