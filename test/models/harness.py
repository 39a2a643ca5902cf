# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the comparisons with PyTorch share: weights out, `weft run`, outputs back, one verdict.

PyTorch stays the independent side: nothing of Weft but its command line is used here.
"""
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy

DTYPES = {"float32": "F32", "int64": "I64", "int32": "I32", "uint8": "U8", "bool": "BOOL"}


def write_safetensors(path, tensors):
    """An 8-byte length, a JSON header, then the bytes of each tensor."""
    header, offset = {}, 0
    for name, array in sorted(tensors.items()):
        header[name] = {"dtype": DTYPES[str(array.dtype)], "shape": list(array.shape),
                        "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            file.write(numpy.ascontiguousarray(tensors[name]).tobytes())


def weft_run(model, export, weights, inputs, outputs, options=()):
    """Calls `weft run` on arrays by name and gives the arrays it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        command = ["weft", "run", str(model), export]
        if weights is not None:
            write_safetensors(folder / "weights.safetensors", weights)
            command += ["--weights", str(folder / "weights.safetensors")]
        for name, array in inputs.items():
            numpy.save(folder / f"in.{name}.npy", array)
            command += ["--in", f"{name}={folder / f'in.{name}.npy'}"]
        for name in outputs:
            command += ["--out", f"{name}={folder / f'out.{name}.npy'}"]
        subprocess.run(command + list(options), check=True)
        return [numpy.load(folder / f"out.{name}.npy") for name in outputs]


def agree(what, ours, theirs, relative):
    """Prints one line and exits with 1 if the largest difference exceeds `relative` times the
    largest value: outputs of one network have one scale."""
    theirs = numpy.asarray(theirs)
    if ours.shape != theirs.shape:
        sys.exit(f"{what}: shape {ours.shape}, but PyTorch gives {theirs.shape}")
    scale = numpy.abs(theirs).max(initial=0)
    error = numpy.abs(ours.astype("f8") - theirs.astype("f8")).max(initial=0)
    ratio = error / scale if scale else error
    print(f"{what}: relative error {ratio:.1e} (at most {relative:.0e})")
    if not ratio <= relative:
        sys.exit(1)
