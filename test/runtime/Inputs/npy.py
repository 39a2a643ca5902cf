# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files for program.test.

    npy.py make FOLDER     arrays and weights
    npy.py show FILE       type, shape and values of a .npy file
    npy.py broken FOLDER   .npy files with one fault each, and what weft-tiny says of them
"""
import json
import struct
import subprocess
import sys

import numpy as np


def make(folder):
    image = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], np.float32)
    arrays = {
        "image": image,
        "large": np.ones((1000, 3), np.float32),
        "none": np.ones((0, 3), np.float32),
        "wrong": np.ones((4, 4), np.float32),
        "a23": np.array([[1, 2, 3], [4, 5, 6]], np.float32),
        "b2": np.array([7, 8], np.int32),
        "c4": np.array([1, 2, 3, 4], np.float64),
    }
    for name, array in arrays.items():
        np.save(f"{folder}/{name}.npy", array)
    header = json.dumps({
        "weight": {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]},
        "bias": {"dtype": "F32", "shape": [2], "data_offsets": [24, 32]},
        "counter": {"dtype": "I64", "shape": [], "data_offsets": [32, 40]},
    }).encode()
    with open(f"{folder}/zero.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header + bytes(40))


def show(path):
    array = np.load(path)
    print(array.dtype, array.shape, array.tolist())


def npy(text, data=bytes(48), version=1):
    header = text.encode() + b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H", len(header)) + header + data


def header(descr="'<f4'", order="False", shape="(4, 3)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


BROKEN = {
    "empty": b"",
    "text": b"1, 2, 3\n4, 5, 6\n",
    "version": npy(header(), version=9),
    "header": npy(header())[:40],
    "short": npy(header())[:-1],
    "long": npy(header()) + b"x",
    "order": npy(header(order="True")),
    "endian": npy(header(descr="'>f4'")),
    "complex": npy(header(descr="'<c8'")),
    "object": npy(header(descr="'|O'")),
    "huge": npy(header(shape="(4611686018427387904, 3)")),
    "digits": npy(header(shape="(99999999999999999999, 3)")),
    "brace": npy(header()[:-3] + ")"),
    "key": npy(header()[:-1] + "'descr': '<f4'}"),
    "lacks": npy("{'descr': '<f4', 'shape': (4, 3)}"),
}


def run(folder, name, data):
    with open(f"{folder}/{name}", "wb") as file:
        file.write(data)
    return subprocess.run(["weft-tiny", "predict", name], cwd=folder, capture_output=True, text=True,
                          errors="replace")


def broken(folder):
    for name, data in BROKEN.items():
        print(f"{name}: {run(folder, name, data).stderr.strip()}")
    whole = npy(header())
    cases = [whole[:i] for i in range(0, len(whole), 3)]
    cases += [whole[:i] + bytes([whole[i] ^ 1 << i % 8]) + whole[i + 1:] for i in range(0, len(whole), 2)]
    # 0 and 1 are answers; anything else is a crash.
    codes = {run(folder, "case", data).returncode for data in cases}
    print("every cut and flip refused or read" if codes <= {0, 1} else f"exit codes {codes}")


{"make": make, "show": show, "broken": broken}[sys.argv[1]](sys.argv[2])
