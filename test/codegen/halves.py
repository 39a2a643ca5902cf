# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""f16 in integers, for a processor without F16C: every f16, and f32 and f64 around every rounding.

REQUIRES: numpy
RUN: kernel-object %S/Inputs/halves.mlir --cpu x86-64 -o %t.o
RUN: %cc -shared -nostdlib %t.o -Wl,-z,defs -o %t.so
RUN: %python %s %t.so | FileCheck %s
RUN: weft-opt %S/Inputs/halves.mlir --weft-lower-kernels=halves=false | FileCheck %s --check-prefix=TEXT
CHECK: {{^}}0 differences
TEXT-NOT: arith.extf {{.*}} : f16
TEXT-NOT: to f16{{$}}
TEXT: arith.bitcast %{{.*}} : i16 to f16
"""
import ctypes
import sys

import numpy as np

SIZE = 1 << 20


def convert(library, name, values, kind):
    """Runs one kernel over all values, padded to its size."""
    given = np.zeros(SIZE, values.dtype)
    given[: len(values)] = values
    result = np.zeros(SIZE, kind)
    buffers = [(ctypes.c_int64 * 5)(a.ctypes.data, a.ctypes.data, 0, SIZE, 1) for a in (given, result)]
    chunks = ctypes.c_int64(SIZE // 4096)
    getattr(library, "_mlir_ciface_" + name)(*buffers, ctypes.c_int64(0), chunks)
    return result[: len(values)]


def differences(got, wanted):
    bits = f"u{got.dtype.itemsize}"
    return np.count_nonzero(got.view(bits) != wanted.view(bits))


def main(path):
    library = ctypes.CDLL(path)
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    numbers = halves[np.isfinite(halves)].astype(np.float64)
    ulps = np.spacing(np.abs(numbers).astype(np.float16)).astype(np.float64)
    ulps[~np.isfinite(ulps)] = 32
    faults = 0
    quiet = halves.view(np.uint16) | np.where(np.isnan(halves), 0x200, 0).astype(np.uint16)
    for kind in (np.float32, np.float64):
        wide = quiet.view(np.float16).astype(kind)
        name = np.dtype(kind).name[5:]
        faults += differences(convert(library, "widen" + name, halves, kind), wide)
        faults += differences(convert(library, "narrow" + name, wide, np.float16), quiet.view(np.float16))
        middles = np.concatenate([numbers + f * ulps for f in (0.5, -0.5, 0.25)]).astype(kind)
        infinity = kind(np.inf)
        edges = np.concatenate([middles, np.nextafter(middles, infinity), np.nextafter(middles, -infinity)])
        faults += differences(convert(library, "narrow" + name, edges, np.float16), edges.astype(np.float16))
        bits = np.random.default_rng(1).integers(0, 1 << 32, SIZE // 2, dtype=np.uint32)
        some = bits.view(np.float32)[np.isfinite(bits.view(np.float32))].astype(kind)
        faults += differences(convert(library, "narrow" + name, some, np.float16), some.astype(np.float16))
    print(faults, "differences")


np.seterr(all="ignore")
main(sys.argv[1])
