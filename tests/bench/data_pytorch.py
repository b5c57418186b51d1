"""PyTorch's DataLoader on the records of bench_loader.c; a line of JSON.

    data_pytorch.py SOURCE WORKERS SECONDS pil|tensor

pil: Pillow decodes and resizes, as torchvision's examples have it; tensor: torchvision's own decoder and its transforms
on bytes.  A database is read with lmdb, its raw Datums without protobuf: both ways then differ by nothing.
"""
import io
import json
import os
import sys
import time

import torch
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

SIDE, CROP, BATCH = 256, 227, 32
MEANS = [104.0, 117.0, 123.0]


class Pictures(Dataset):
    """The files of a list."""

    def __init__(self, folder, way):
        with open(f"{folder}/list.txt") as f:
            lines = [line.rsplit(" ", 1) for line in f]
        self.items = [(f"{folder}/{name}", int(label)) for name, label in lines]
        sizes = way == "pil" and v2.Resize((SIDE, SIDE)) or v2.Resize((SIDE, SIDE), antialias=False)
        self.resize, self.way = sizes, way
        self.crop, self.mirror = v2.RandomCrop(CROP), v2.RandomHorizontalFlip()
        self.means = torch.tensor(MEANS).view(3, 1, 1)

    def __len__(self):
        return len(self.items)

    def picture(self, path):
        if self.way == "pil":
            from PIL import Image
            with open(path, "rb") as f:
                return Image.open(io.BytesIO(f.read())).convert("RGB")
        from torchvision.io import ImageReadMode, decode_jpeg, read_file
        return decode_jpeg(read_file(path), ImageReadMode.RGB)

    def __getitem__(self, i):
        path, label = self.items[i]
        picture = self.picture(path)
        size = picture.size if self.way == "pil" else tuple(picture.shape[1:])
        if size != (SIDE, SIDE):
            picture = self.resize(picture)
        picture = self.mirror(self.crop(picture))
        if self.way == "pil":
            picture = v2.functional.pil_to_tensor(picture)
        return picture.float().sub_(self.means), label


class Records(Dataset):
    """Raw Datums: the pixels are the one field that is long."""

    def __init__(self, path):
        import lmdb
        self.path, self.env = path, None
        with lmdb.open(path, readonly=True, lock=False) as env, env.begin() as txn:
            self.keys = [bytes(key) for key in txn.cursor().iternext(values=False)]
            value = txn.get(self.keys[0])
        length = 3 * SIDE * SIDE
        varint = bytes([0x22, length & 127 | 128, length >> 7 & 127 | 128, length >> 14])
        self.begin, self.length = value.index(varint) + 4, length
        self.crop, self.mirror = v2.RandomCrop(CROP), v2.RandomHorizontalFlip()
        self.means = torch.tensor(MEANS).view(3, 1, 1)

    def __len__(self):
        return len(self.keys)

    def __getitem__(self, i):
        import lmdb
        if self.env is None:  # in this worker
            self.env = lmdb.open(self.path, readonly=True, lock=False, readahead=False)
            self.txn = self.env.begin(buffers=True)
        value = self.txn.get(self.keys[i])
        pixels = torch.frombuffer(value, dtype=torch.uint8, offset=self.begin, count=self.length)
        picture = self.mirror(self.crop(pixels.view(3, SIDE, SIDE)))
        return picture.float().sub_(self.means), value[-1]


def cpu_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def forever(loader):
    while True:
        yield from loader


def main():
    source, workers, seconds, way = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
    torch.set_num_threads(1)
    data = Records(source) if os.path.exists(f"{source}/data.mdb") else Pictures(source, way)
    loader = DataLoader(data, BATCH, shuffle=True, num_workers=workers, drop_last=True, persistent_workers=True,
                        prefetch_factor=4)
    batches = forever(loader)
    for _ in range(8):
        next(batches)
    pids = [os.getpid()] + [w.pid for w in loader._iterator._workers]
    begun, cpu, records = time.monotonic(), sum(map(cpu_of, pids)), 0
    while time.monotonic() - begun < seconds:
        records += len(next(batches)[0])
    wall = time.monotonic() - begun
    print(json.dumps({"records": records, "wall": wall, "cpu": sum(map(cpu_of, pids)) - cpu}))
    sys.stdout.flush()
    os._exit(0)  # workers are waited for in vain now and then


if __name__ == "__main__":
    import warnings
    warnings.filterwarnings("ignore")  # a buffer that cannot be written is not going to be
    main()
