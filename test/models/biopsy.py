# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A network learns to judge biopsies: it is right about at least 0.95 of those that it has not seen,
and comes to the same numbers with one thread and with two.

RUN: %python %s %models/biopsy
REQUIRES: numpy
"""
import pathlib
import sys
import tempfile

import numpy as np

import library

BATCH, EPOCHS = 32, 40
folder = pathlib.Path(sys.argv[1])
learn, test = (dict(np.load(folder / "data" / f"{name}.npz")) for name in ("train", "test"))
assert len(learn["label"]) == 455 and len(test["label"]) == 114


def train(manifest, threads):
    model, random, losses = library.Library(manifest, threads=threads), np.random.default_rng(0), []
    for _ in range(EPOCHS):
        order = random.permutation(len(learn["label"]))
        for first in range(0, len(order), BATCH):
            batch = {name: values[order[first:first + BATCH]] for name, values in learn.items()}
            losses.append(model.call("train", **batch))
    return model, np.array(losses)


with tempfile.TemporaryDirectory() as out:
    manifest = library.build(folder / "biopsy.weft", out)
    (model, losses), (_, again) = (train(manifest, threads) for threads in (1, 2))
    accuracy = float(model.call("accuracy", **test))
    print(f"loss {model.call('loss', **test):.4f}, accuracy {accuracy:.4f} on the test set")
    assert (losses == again).all()
    right = (model.call("predict", feature=test["feature"]) > 0.5) == (test["label"] == 1)
    assert abs(right.mean() - accuracy) < 1e-6
    if not accuracy >= 0.95:
        sys.exit("the accuracy is less than 0.95")
