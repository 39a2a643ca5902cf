# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Convolution through transformed tiles, with the filters transformed as its documentation says,
against f64: the mean error stays within three times that of the direct sum (about 1 for tiles of 2,
2 for tiles of 4; with the customary points 0, +-1, +-2 it would be 4). The same for the gradient of the filter.

REQUIRES: numpy
RUN: kernel-object %S/Inputs/winograd.mlir -o %t.o
RUN: %cc -shared -nostdlib %t.o -lc -Wl,-z,defs -o %t.so
RUN: weft-opt %S/Inputs/winograd.mlir --weft-lower-kernels > %t.loops.mlir
RUN: %python %s %t.so %t.loops.mlir | FileCheck %s
CHECK: direct error
CHECK: two is close
CHECK: four is close
CHECK: gradient is close
"""
import ctypes
import re
import sys

import numpy as np

A, B = 3 / 4, 3 / 2
FILTER = {
    "two": np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]),
    # Powers of each point over the product of its distances from the others.
    "four": np.array([[1, p, p * p] for p in (0, A, -A, B, -B)] + [[0, 0, 1]])
    / np.array([[A * A * B * B]] + 2 * [[2 * A * A * (A * A - B * B)]]
               + 2 * [[2 * B * B * (B * B - A * A)]] + [[1]]),
}


def descriptor(array):
    words = [array.ctypes.data, array.ctypes.data, 0, *array.shape]
    words += [stride // array.itemsize for stride in array.strides]
    return (ctypes.c_int64 * len(words))(*words)


def run(library, chunks, name, x, w, shape=(1, 28, 28, 32)):
    y = np.full(shape, np.nan, np.float32)
    buffers = [descriptor(a) for a in (x, w, y)]
    getattr(library, "_mlir_ciface_" + name)(*buffers, ctypes.c_int64(0), ctypes.c_int64(chunks[name]))
    return y


def exact(x, filters):
    padded = np.pad(x.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    return sum(
        padded[:, i : i + 28, j : j + 28] @ filters[i, j].astype(np.float64)
        for i in range(3)
        for j in range(3)
    )


def main(path, loops):
    library = ctypes.CDLL(path)
    with open(loops) as text:
        chunks = {
            name: int(count)
            for name, count in re.findall(r"private @(\w+)\(.*weft.chunks = #weft.shape<\[(\d+)", text.read())
        }
    chance = np.random.default_rng(1)
    x = chance.uniform(-1, 1, (1, 28, 28, 128)).astype(np.float32)
    filters = chance.uniform(-1, 1, (3, 3, 128, 32)).astype(np.float32)
    wanted = exact(x, filters)
    direct = np.abs(run(library, chunks, "direct", x, filters[None]) - wanted).mean()
    print(f"direct error {direct:.2e}")
    for name, transform in FILTER.items():
        matrices = np.einsum("ai,ijco,bj->abco", transform, filters.astype(np.float64), transform)
        w = np.ascontiguousarray(matrices.reshape(-1, 1, 128, 32), np.float32)
        error = np.abs(run(library, chunks, name, x, w) - wanted).mean()
        verdict = "is close" if error <= 3 * direct else "is wrong"
        print(f"{name} {verdict}: error {error:.2e}")
    d = chance.uniform(-1, 1, (1, 28, 28, 32)).astype(np.float32)
    padded = np.pad(x.astype(np.float64), ((0, 0), (1, 1), (1, 1), (0, 0)))
    seen = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    wanted = np.einsum("nyxcab,nyxo->ocab", seen, d.astype(np.float64), optimize=True)
    direct, error = (
        np.abs(run(library, chunks, name, x, d, wanted.shape) - wanted).mean() for name in ("grad_direct", "grad_four")
    )
    verdict = "is close" if error <= 3 * direct else "is wrong"
    print(f"gradient {verdict}: error {error:.2e} beside {direct:.2e}")


main(*sys.argv[1:])
