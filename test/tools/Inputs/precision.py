# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compares what --precision bf16 gives with the reference: precision.py FOLDER."""
import sys

import numpy as np

folder = sys.argv[1]


def relative_error(name):
    got, wanted = (np.load(f"{folder}/{part}.npy").astype("f8") for part in (name, "reference"))
    return np.max(np.abs(got - wanted) / wanted)


for name in ("bf16", "strict", "older"):
    error = relative_error(name)
    # Less than f32 would leave means that nothing was rounded; sums in f32 add some of their own.
    assert 1e-6 < error < 7 * 2.0**-9 + 1e-5, (name, error)
    print(f"{name} within 7 roundings")
assert relative_error("f32") < 1e-5, relative_error("f32")
print("f32 as the reference")
assert np.load(f"{folder}/one.npy").shape == (1, 3)
