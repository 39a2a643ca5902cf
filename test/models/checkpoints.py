# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a checkpoint computes again is the same to the last bit, and takes less memory.

RUN: %python %s %S/Inputs/checkpoints.weft
RUN: weft check %S/Inputs/checkpoints.weft --model Curvature --gradients
REQUIRES: numpy
"""
import json
import subprocess
import sys
import tempfile

import numpy as np

import library

source, dim = sys.argv[1], ("--dim", "N=256")
text = subprocess.run(["weft", "inspect", source, "--memory", "--json", *dim], check=True, capture_output=True).stdout
arena = {entry["function"]: entry["arena_bytes"] for entry in json.loads(text)["memory"]}
if not arena["saved"] < 0.6 * arena["plain"]:
    sys.exit(f"checkpoints save too little: {arena}")
with tempfile.TemporaryDirectory() as folder:
    manifest = library.build(source, folder, dim)
    x = np.random.default_rng(0).standard_normal((256, 32), "f4")
    for threads in (1, 2):
        model = library.Library(manifest, threads=threads)
        for plain, saved in zip(*(model.call(name, x=x, seed=np.uint64(7)) for name in ("plain", "saved")), strict=True):
            if plain.tobytes() != saved.tobytes():
                sys.exit(f"gradients are {np.abs(plain - saved).max():.1e} off on {threads} threads")
