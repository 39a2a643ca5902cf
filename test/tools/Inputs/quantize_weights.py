# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""quantize_weights.py FOLDER writes inputs; quantize_weights.py FOLDER BITS compares FOLDER/result.npy with what
the network of quantize-weights.weft gives for the weights in FOLDER, rounded to that many bits here."""
import json
import pathlib
import struct
import sys

import numpy as np

GROUP = 32  # Inputs that share a scale in 4 bits.


def read_safetensors(path):
    data = path.read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            tensors[name] = np.frombuffer(data[start + begin:start + end], "<f4").reshape(entry["shape"])
    return tensors


def rounded(weight, bits):
    """[outputs, inputs] as integers times scales."""
    outputs, inputs = weight.shape
    each = inputs if bits == 8 else GROUP
    padded = np.zeros((outputs, -(-inputs // each) * each))
    padded[:, :inputs] = weight
    groups = padded.reshape(outputs, -1, each)
    high, low = groups.max(2, keepdims=True), groups.min(2, keepdims=True)
    extreme = np.where(high + low >= 0, high, low)
    scale = np.abs(extreme) / 127 if bits == 8 else extreme / -8
    whole = np.rint(groups / scale)
    return (scale * (whole if bits == 8 else np.minimum(whole, 7))).reshape(outputs, -1)[:, :inputs]


def main(folder, bits=None):
    folder = pathlib.Path(folder)
    if bits is None:
        folder.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(5)
        np.save(folder / "row.npy", random.normal(size=(1, 37)).astype("f4"))
        np.savez(folder / "data.npz", row=random.normal(size=(20, 37)).astype("f4"))
        return
    tensors, x = read_safetensors(folder / "quantize_weights.safetensors"), np.load(folder / "row.npy")
    for layer in ("first", "last"):
        x = x @ rounded(tensors[layer + ".weight"], int(bits)).T + tensors[layer + ".bias"]
        x = np.maximum(x, 0) if layer == "first" else x
    result = np.load(folder / "result.npy")
    error = np.linalg.norm(result - x) / np.linalg.norm(x)
    plain = np.load(folder / "plain.npy")
    print("as rounded here" if error < 3e-6 else f"relative error {error:.1e}")
    print("other than in f32" if np.linalg.norm(plain - x) / np.linalg.norm(x) > 1e-3 else "no rounding seen")


main(*sys.argv[1:])
