# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls the functions of a compiled model through its C interface: NumPy in, NumPy out.

Unlike `weft run`, a library keeps its state from call to call, which is what training is.
"""
import ctypes
import json
import math
import pathlib
import struct
import subprocess

import numpy

TYPES = {"f64": "f8", "f32": "f4", "i64": "i8", "i32": "i4", "i16": "i2", "i8": "i1", "u64": "u8",
         "u32": "u4", "u16": "u2", "u8": "u1", "bool": "?"}


class Array(ctypes.Structure):
    """weft_array of runtime/weft.h."""
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int32), ("rank", ctypes.c_int32),
                ("dims", ctypes.POINTER(ctypes.c_int64)), ("data", ctypes.c_void_p),
                ("size", ctypes.c_uint64)]


class Options(ctypes.Structure):
    """weft_options of runtime/weft.h."""
    _fields_ = [("weights", ctypes.c_char_p), ("threads", ctypes.c_int32),
                ("memory_limit", ctypes.c_uint64)]


def build(source, folder, flags=()):
    """Compiles `source` into `folder` and gives the path of the manifest."""
    subprocess.run(["weft", "build", str(source), "-o", str(folder), *flags], check=True)
    return next(pathlib.Path(folder).glob("*.json"))


def read_safetensors(path):
    """The tensors of a file by name."""
    raw = pathlib.Path(path).read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    types = {"F64": "f8", "F32": "f4", "F16": "f2", "BF16": "u2", "I64": "i8"}
    tensors = {}
    for name, entry in json.loads(raw[8:8 + length]).items():
        if name == "__metadata__":
            continue
        values = numpy.frombuffer(raw, types[entry["dtype"]], math.prod(entry["shape"]),
                                  8 + length + entry["data_offsets"][0]).reshape(entry["shape"])
        # NumPy has no bf16: it is the upper half of f32.
        tensors[name] = (values.astype("u4") << 16).view("f4") if entry["dtype"] == "BF16" else values
    return tensors


class Library:
    """A model opened with weights of its own."""

    def __init__(self, manifest, weights=None, threads=1):
        manifest = pathlib.Path(manifest)
        described = json.loads(manifest.read_text())
        name = manifest.stem
        self.library = ctypes.CDLL(str(manifest.parent / f"lib{name}.so"))
        self.library.weft_message.restype = ctypes.c_char_p
        self.library.weft_dtype_name.restype = ctypes.c_char_p
        self.library.weft_tensor_data.restype = ctypes.c_void_p
        self.dtypes = {}
        for number in range(64):
            text = self.library.weft_dtype_name(number)
            if text and text.decode() in TYPES:
                self.dtypes[number] = text.decode()
        self.numbers = {text: number for number, text in self.dtypes.items()}
        self.described = described
        self.model = ctypes.c_void_p()
        weights = weights or manifest.parent / f"{name}.safetensors"
        self.options = Options(str(weights).encode(), threads, 0)
        open_model = getattr(self.library, f"{name}_open")
        self.check(open_model(ctypes.byref(self.model), ctypes.byref(self.options)))

    def check(self, status):
        if status != 0:
            raise RuntimeError(self.library.weft_message().decode())

    def array(self, name, value):
        dims = (ctypes.c_int64 * max(value.ndim, 1))(*value.shape)
        kind = next(text for text, code in TYPES.items() if numpy.dtype(code) == value.dtype)
        return Array(name.encode(), self.numbers[kind], value.ndim, dims, value.ctypes.data,
                     value.nbytes)

    def call(self, function, **inputs):
        """The results of `function`, one array or a list."""
        inputs = {name: numpy.asarray(value, order="C") for name, value in inputs.items()}
        given = (Array * len(inputs))(*(self.array(n, v) for n, v in inputs.items()))
        entry = next(e for e in self.described["exports"] if e["name"] == function)
        results, arrays = [], (Array * len(entry["outputs"]))()
        kept = [(ctypes.c_int64 * 32)() for _ in arrays]  # the arrays point at them
        for index, dims in enumerate(kept):
            self.check(self.library.weft_output_shape(self.model, function.encode(), given,
                                                      len(inputs), index, dims,
                                                      ctypes.byref(arrays[index])))
            shape = tuple(dims[: arrays[index].rank])
            results.append(numpy.zeros(shape, TYPES[self.dtypes[arrays[index].dtype]]))
            arrays[index].data = results[-1].ctypes.data
        self.check(self.library.weft_call(self.model, function.encode(), given, len(inputs), arrays,
                                          len(arrays)))
        return results[0] if len(results) == 1 else results

    def tensor(self, name):
        """A parameter or state as it is now."""
        for index, entry in enumerate(self.described["parameters"]):
            if entry["name"] == name:
                kind = TYPES[entry["type"].split("[")[0]]
                shape = [int(n) for n in entry["type"].rstrip("]").split("[")[1].split(",")] \
                    if "[" in entry["type"] else []
                count = int(numpy.prod(shape))
                data = self.library.weft_tensor_data(self.model, index)
                buffer = (ctypes.c_char * (count * numpy.dtype(kind).itemsize)).from_address(data)
                return numpy.frombuffer(bytes(buffer), kind).reshape(shape)
        raise KeyError(name)

    def save(self, path):
        self.check(self.library.weft_save(self.model, str(path).encode()))

    def close(self):
        self.library.weft_close(self.model)
