# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""compare.py NUMBERS JSON: fails unless a table of numbers and a JSON array agree to 1e-5."""
import json
import sys

rows = [[float(word) for word in line.split()] for line in open(sys.argv[1])]
expected = json.load(open(sys.argv[2]))
assert len(rows) == len(expected), (rows, expected)
for row, other in zip(rows, expected):
    assert len(row) == len(other), (row, other)
    # f32 through different orders of operations: relative 1e-5 is 84 units in the last place.
    assert all(abs(a - b) <= 1e-5 * abs(b) for a, b in zip(row, other)), (row, other)
