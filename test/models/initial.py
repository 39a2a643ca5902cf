# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Initial values follow their rules: orthogonal matrices, variances by fan, and the normal
distribution between its bounds.

RUN: %python %s %S/Inputs/initial.weft
REQUIRES: numpy
"""
import math
import sys
import tempfile

import numpy as np

import library


def check(name, error, bound):
    if not error <= bound:
        sys.exit(f"{name}: {error:.1e} off, and {bound:.1e} is allowed")


def normal_cdf(x):
    return np.array([0.5 * (1 + math.erf(value / math.sqrt(2))) for value in x])


def distance(drawn, low, high):
    """Of what was drawn from the normal distribution between two bounds, after Kolmogorov and Smirnov."""
    inside = normal_cdf([low, high])
    found = (normal_cdf(np.sort(drawn.ravel())) - inside[0]) / (inside[1] - inside[0])
    return np.abs(found - (np.arange(found.size) + 0.5) / found.size).max()


with tempfile.TemporaryDirectory() as folder:
    manifest = library.build(sys.argv[1], folder, ["--emit", "weights,manifest"])
    tensors = library.read_safetensors(manifest.with_suffix(".safetensors"))

# Of what f16 rounds, half a unit is 5e-4 of an element.
for name, gain, bound in [("square_", 1, 1e-5), ("wide", 2, 1e-5), ("high", 1, 1e-5), ("half", 1, 5e-3)]:
    matrix = tensors[name].astype("f8").reshape(len(tensors[name]), -1) / gain
    small = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    check(name, np.abs(small - np.eye(len(small))).max(), bound)
# Every such matrix is as likely as any other, also those that mirror.
assert (tensors["square_"] < 0).mean() > 0.4 and (np.diag(tensors["square_"]) < 0).any()

# Of 16000 numbers: the deviation of an estimated variance is 1.1% of it for a normal distribution and
# 0.7% for a uniform one. Four of these.
for name, variance, isNormal in [
        ("kaiming_normal_", 2 / 250, True), ("kaiming_uniform_", 1 / 750, False), ("kaiming_tanh", 25 / 9 / 250, False),
        ("xavier_normal_", 2 / 314, True), ("xavier_uniform_", 9 * 2 / 314, False), ("lecun_normal_", 1 / 250, True),
        ("lecun_uniform_", 1 / 250, False)]:
    drawn = tensors[name].astype("f8")
    check(name, abs(drawn.var() / variance - 1), 0.045 if isNormal else 0.03)
    check(name, abs(drawn.mean()) / math.sqrt(variance), 4 / math.sqrt(drawn.size))
    if isNormal:
        # The distance is above 1.63 / sqrt(n) once in a hundred times.
        check(name, distance(drawn / math.sqrt(variance), -np.inf, np.inf), 1.63 / math.sqrt(drawn.size))
    else:
        assert 0.99 < np.abs(drawn).max() / math.sqrt(3 * variance) <= 1 + 1e-6

for name, mean, deviation, bound in [("cut", 1, 0.5, 2), ("cut_near", 0, 1, 0.5), ("cut_far", 0, 1, 4)]:
    drawn = (tensors[name].astype("f8") - mean) / deviation
    assert 0.9 * bound < np.abs(drawn).max() <= bound * (1 + 1e-6)
    check(name, distance(drawn, -bound, bound), 1.63 / math.sqrt(drawn.size))
