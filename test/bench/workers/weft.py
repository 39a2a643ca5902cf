# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times a library that `weft build` made.

    python3 test/bench/workers/weft.py LIBRARY WEIGHTS FOLDER THREADS
"""
import ctypes
import pathlib
import sys

import numpy

import common

F32, I64, BOOL, MAX_RANK = 1, 4, 12, 32
DTYPES = {numpy.dtype("float32"): F32, numpy.dtype("int64"): I64, numpy.dtype("bool"): BOOL}


class Options(ctypes.Structure):
    _fields_ = [("weights", ctypes.c_char_p), ("threads", ctypes.c_int32), ("memory_limit", ctypes.c_uint64)]


class Array(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int), ("rank", ctypes.c_int32),
                ("dims", ctypes.POINTER(ctypes.c_int64)), ("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]


def array_of(name, values, kept):
    dims = (ctypes.c_int64 * values.ndim)(*values.shape)
    kept += [values, dims]
    return Array(name.encode(), DTYPES[values.dtype], values.ndim, dims, values.ctypes.data, values.nbytes)


def main(library, weights, folder, threads):
    inputs = {path.name[3:-4]: numpy.load(path) for path in sorted(pathlib.Path(folder).glob("in.*.npy"))}
    outputs = len(list(pathlib.Path(folder).glob("torch.*.npy")))
    kept = []

    def open_model():
        weft = ctypes.CDLL(library)
        weft.weft_message.restype = ctypes.c_char_p
        model, name = ctypes.c_void_p(), pathlib.Path(library).stem[len("lib"):]

        def check(status):
            if status:
                sys.exit(weft.weft_message().decode())

        options = Options(weights.encode(), int(threads), 0)
        descriptor = ctypes.addressof(ctypes.c_char.in_dll(weft, f"{name}_descriptor"))
        check(weft.weft_open_model(ctypes.c_void_p(descriptor), ctypes.byref(options), ctypes.byref(model)))
        given = (Array * len(inputs))(*[array_of(k, v, kept) for k, v in inputs.items()])
        wanted = (Array * outputs)()
        for index in range(outputs):
            dims = (ctypes.c_int64 * MAX_RANK)()
            check(weft.weft_output_shape(model, b"predict", given, len(given), index, dims,
                                         ctypes.byref(wanted[index])))
            buffer = numpy.empty(wanted[index].size + 64, numpy.uint8)
            kept.extend([dims, buffer])
            wanted[index].data = buffer.ctypes.data + -buffer.ctypes.data % 64
        return lambda: check(weft.weft_call(model, b"predict", given, len(given), wanted, outputs))

    common.serve(open_model)


main(*sys.argv[1:])
