# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Averages of weights follow their formula, a step in parts is the step of the whole batch, a scaled
loss makes the same step or none, and a network that computes in bf16 learns.

RUN: %python %s %S/Inputs/steps.weft
REQUIRES: numpy
"""
import sys
import tempfile

import numpy as np

import library

random = np.random.default_rng(2)
direction = random.standard_normal((6, 3))


def batch(count):
    x = random.standard_normal((count, 6), "f4")
    return {"x": x, "label": np.argmax(x @ direction, 1).astype("i4")}


def close(name, found, wanted, bound):
    error = np.abs(found - wanted).max() / np.abs(wanted).max()
    if not error <= bound:
        sys.exit(f"{name}: {error:.1e} off, and {bound:.1e} is allowed")


def averages(model, names):
    """Against `a = 0.9 a + 0.1 w` and the mean of all w, both from the first weights on."""
    assert names
    now = {name: model.tensor(name) for name in names}
    slow, total = dict(now), {name: 0 for name in names}
    for name in names:
        assert (model.tensor(name.replace("net", "average")) == now[name]).all(), f"{name} begins as another"
    for step in range(1, 11):
        model.call("averaged", **batch(16))
        for name in names:
            weight, isStatistic = model.tensor(name), name.endswith(("mean", "variance"))
            assert (weight != now[name]).any(), f"{name} stays"
            slow[name] = weight if isStatistic else 0.9 * slow[name] + 0.1 * weight
            total[name] += weight.astype("f8")
            close(name, model.tensor(name.replace("net", "average")), slow[name], 1e-6)
            close(name, model.tensor(name.replace("net", "mean", 1)), weight if isStatistic else total[name] / step, 1e-6)
    for result in model.call("predict", x=batch(4)["x"]):
        assert np.isfinite(result).all()


def nested(model):
    """The copy of a network with a copy of its own has both from there."""
    model.call("twins", x=batch(4)["x"])
    now, begun = (model.tensor(f"nested.{part}.weight") for part in ("now", "begun"))
    assert (now != begun).any()
    assert (model.tensor("twin.now.weight") == now).all() and (model.tensor("twin.begun.weight") == begun).all()


def weights(model):
    return np.concatenate([model.tensor(f"plain.layers.{i}.{part}").ravel() for i in (0, 1) for part in ("weight", "bias")])


def accumulation(whole, parts, scaled, scaled_parts):
    for _ in range(6):
        data, before = batch(32), weights(parts)
        whole.call("whole", **data)
        scaled.call("scaled", **data)
        losses = []
        for first in range(0, 32, 8):
            assert (weights(parts) == before).all() and (weights(scaled_parts) == before).all()
            part = {name: values[first:first + 8] for name, values in data.items()}
            losses.append(parts.call("parts", **part))
            scaled_parts.call("scaled_parts", **part)
        close("parts", weights(parts), weights(whole), 1e-6)
        assert (weights(scaled) == weights(whole)).all(), "a power of two rounds nothing"
        assert (weights(scaled_parts) == weights(parts)).all()


def scaling(small, scaled):
    before = weights(small)
    small.call("small", x=batch(16)["x"])
    # The last bias takes a step of 2e-8 * 1e6 * 16.
    close("small", before[-3:] - weights(small)[-3:], np.full(3, 0.32), 1e-3)

    # What is not finite makes no step, and half of the scale; 2000 steps double it.
    # The steps of the model are numbered as they stand in it.
    def now():
        return int(scaled.tensor("optimizer5.loss_scale")), int(scaled.tensor("optimizer5.step"))

    before, (scale, steps) = weights(scaled), now()
    bad = batch(8)
    bad["x"][3, 2] = np.inf
    scaled.call("scaled", **bad)
    assert (weights(scaled) == before).all() and (scale, steps) == (1024, 6) and now() == (512, 6)
    data = batch(8)
    for _ in range(1999):
        scaled.call("scaled", **data)
    assert now() == (512, 2005)
    scaled.call("scaled", **data)
    assert now() == (1024, 2006)


def precision(wide, narrow):
    f32, bf16 = [], []
    for _ in range(200):
        data = batch(64)
        f32.append(wide.call("whole", **data))
        bf16.append(narrow.call("narrow", **data))
    assert bf16[0] > 0.9 and np.mean(bf16[-10:]) < 0.35 * bf16[0], f"bf16 came from {bf16[0]:.3f} to {np.mean(bf16[-10:]):.3f}"
    assert (weights(wide) != weights(narrow)).all(), "bf16 rounds"
    close("losses in bf16", np.array(bf16), np.array(f32), 0.03)


with tempfile.TemporaryDirectory() as folder:
    manifest = library.build(sys.argv[1], folder, ["--emit", "shared,weights,manifest"])

    def fresh():
        model = library.Library(manifest)
        model.names = {entry["name"] for entry in model.described["parameters"]}
        return model

    model = fresh()
    averages(model, sorted(name for name in model.names if name.startswith("net.")))
    nested(model)
    whole, parts, scaled, scaled_parts = (fresh() for _ in range(4))
    accumulation(whole, parts, scaled, scaled_parts)
    scaling(fresh(), scaled)
    precision(fresh(), fresh())
