# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""digits.py PROGRAM WEIGHTS MODEL FOLDER: one model, three ways.

A C program on the generated library, `weft run` and PyTorch see the same 64 digits; the program sees
them in batches of several sizes as well, where each row must keep its bytes.
"""
import pathlib
import subprocess
import sys

import numpy
import torch

program, weights, model, folder = sys.argv[1], sys.argv[2], sys.argv[3], pathlib.Path(sys.argv[4])
source = pathlib.Path(model).parent
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models"))
from digitnet import DigitNet  # noqa: E402

image = (numpy.load(source / "data" / "image.npy")[-64:].astype("f4") / 16)[:, None]
numpy.save(folder / "image.npy", image)


def compiled(count, first=0):
    """The program's answer for `count` digits from number `first`."""
    image[first : first + count].tofile(folder / "image.raw")
    run = subprocess.run([program, weights, folder / "image.raw", str(count)], capture_output=True, check=True)
    return numpy.frombuffer(run.stdout, "f4").reshape(count, 10)


def pytorch():
    """The same network with the same weights, read from the safetensors file by hand."""
    import json
    import struct

    data = pathlib.Path(weights).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    state = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        state[name] = torch.from_numpy(numpy.frombuffer(data[begin:end], "f4").reshape(entry["shape"]).copy())
    net = DigitNet()
    net.load_state_dict(state)
    with torch.no_grad():
        return torch.softmax(net(torch.from_numpy(image)), 1).numpy()


def agree(what, ours, theirs):
    # A probability is compared with the largest of its row, which is what f32 sums carry an error of.
    error = (numpy.abs(ours.astype("f8") - theirs) / theirs.max(axis=1, keepdims=True)).max()
    print(f"{what}: {error:.1e}")
    assert error <= 1e-5, what


whole = compiled(64)
agree("PyTorch", whole, pytorch())
subprocess.run(["weft", "run", model, "predict", "--weights", weights, "--in", f"image={folder}/image.npy",
                "--out", f"result={folder}/result.npy"], check=True)
assert (numpy.load(folder / "result.npy") == whole).all(), "weft run"
for count in (0, 1, 2, 7):
    assert (compiled(count) == whole[:count]).all(), count
for row in range(0, 64, 9):
    assert (compiled(1, row) == whole[row]).all(), row
print("rows keep their bytes")
