# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions in single precision against those of double precision: the largest error in units of the last
place, over floats of random bits, of usual size, at the ends of each function's range and near the zeros of
sine and cosine; infinities, zeros with their signs and NaN as C has them. No function calls the C library. Those
that have other code in whole registers are looked at there too, behind a product with 1: the same bits.
With names as a third argument, as `sin,cos`, these alone and over every float: minutes each, an hour for erf.

REQUIRES: numpy
RUN: kernel-object %S/Inputs/math.mlir -o %t.o
RUN: %cc -shared -nostdlib %t.o -Wl,-z,defs -o %t.so
RUN: weft-opt %S/Inputs/math.mlir --weft-lower-kernels > %t.loops.mlir
RUN: %python %s %t.so %t.loops.mlir | FileCheck %s
CHECK-COUNT-14: is close
CHECK-NOT: is wrong
"""
import ctypes
import math
import re
import sys

import numpy as np

SIZE = 1 << 20
WANTED = {  # What C gives in double precision, and the most units of the last place.
    "exp": (np.exp, 1.1), "expm1": (np.expm1, 1.5), "log": (np.log, 1.1), "log1p": (np.log1p, 1.5),
    "sin": (np.sin, 1.5), "cos": (np.cos, 1.5), "tanh": (np.tanh, 1.6),
    "erf": (np.vectorize(math.erf, otypes=[float]), 1.3), "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), 2.5),
    "silu": (lambda x: x / (1 + np.exp(-x)), 2.2),
}
VANISHING = ["sigmoid", "silu"]  # 0 below -87.
IN_VECTORS = ["tanh", "erf", "sigmoid", "silu"]


def arguments():
    chance = np.random.default_rng(1)
    parts = [
        np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 2.0**-126, -(2.0**-126), 2.0**-149]),
        chance.integers(0, 1 << 32, 400_000, dtype=np.uint32).view(np.float32),
        3 * chance.standard_normal(200_000),
        np.linspace(-110, 110, 150_000),
        np.linspace(-1, 1, 100_000),
        np.arange(100_000) * (np.pi / 2),
        -1 + np.logspace(-7, 0, 50_000),
    ]
    values = np.concatenate([part.astype(np.float32) for part in parts])
    return np.concatenate([values, np.zeros(SIZE - len(values), np.float32)])


def run(library, name, chunks, x):
    y = np.full(SIZE, 7, np.float32)
    arrays = [x, np.ones(16, np.float32), y] if name.startswith("vectors_") else [x, y]
    buffers = [(ctypes.c_int64 * 5)(a.ctypes.data, a.ctypes.data, 0, a.size, 1) for a in arrays]
    getattr(library, "_mlir_ciface_" + name)(*buffers, ctypes.c_int64(0), ctypes.c_int64(chunks))
    return y


def error(name, x, found, exact):
    """In units of the last place; infinite where a value that C defines is another."""
    with np.errstate(over="ignore"):
        wanted = exact.astype(np.float32)
    special = ~np.isfinite(wanted) | (wanted == 0)
    same = (found == wanted) & (np.signbit(found) == np.signbit(wanted)) | np.isnan(found) & np.isnan(wanted)
    small = np.abs(exact) < 2.0**-126
    if name in VANISHING:
        small = x < -87
        special &= ~small
        same |= small & (found == 0)
    # Where rounding alone decides whether a result is finite or 0, either may be found.
    edge = (np.abs(exact) > 3.4028e38) & np.isfinite(exact) | small & (np.abs(found) <= 2.0**-148)
    if not (same | edge)[special].all():
        wrong = special & ~same & ~edge
        print("  ", [(x[i], found[i], wanted[i]) for i in np.flatnonzero(wrong)[:5]])
        return math.inf
    usual = ~special & ~small if name in VANISHING else ~special
    step = np.spacing(np.abs(wanted[usual])).astype(np.float64)
    with np.errstate(over="ignore"):
        return np.max(np.abs(found[usual].astype(np.float64) - exact[usual]) / step, initial=0.0)


def every():
    """All floats, SIZE at a time."""
    for start in range(0, 1 << 32, SIZE):
        yield np.arange(start, start + SIZE, dtype=np.uint32).view(np.float32)


def main(path, loops, names=""):
    library = ctypes.CDLL(path)
    with open(loops) as text:
        chunks = dict(re.findall(r"private @(\w*of_\w+)\(.*weft.chunks = #weft.shape<\[(\d+)", text.read()))
    for name in names.split(",") if names else WANTED:
        function, most = WANTED[name]
        kernels = ["of_" + name] + ["vectors_of_" + name] * (name in IN_VECTORS)
        worst = dict.fromkeys(kernels, 0.0)
        for x in every() if names else [arguments()]:
            with np.errstate(all="ignore"):
                exact = function(x.astype(np.float64))
            for kernel in kernels:
                found = run(library, kernel, int(chunks[kernel]), x)
                if kernel == kernels[0]:
                    elements = found
                else:
                    found[x == 0] = elements[x == 0]  # The sum before it, 0 + -0, has no sign.
                    if not np.array_equal(found, elements, equal_nan=True):
                        worst[kernel] = math.inf
                worst[kernel] = max(worst[kernel], error(name, x, found, exact))
        for kernel in kernels:
            print(f"{kernel} {'is close' if worst[kernel] <= most else 'is wrong'}: {worst[kernel]:.2f} ulp", flush=True)


main(*sys.argv[1:])
