# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Losses of std.loss and their gradients are those of PyTorch, in f64 to 1e-12 of the largest element.

RUN: %python %s %S/Inputs/losses.weft
REQUIRES: torch
"""
import sys
import tempfile

import numpy as np
import torch
from torch.nn import functional as F

import library

random = np.random.default_rng(7)


def draw(*shape):
    return random.standard_normal(shape)


def views(a, b):
    """Equation 1 of arXiv:2002.05709 as it is written, with a loop over all views."""
    z = F.normalize(torch.cat([a, b]), dim=1)
    similarity, count = z @ z.T / 0.5, len(a)
    terms = []
    for i in range(2 * count):
        others = torch.cat([similarity[i, :i], similarity[i, i + 1:]])
        terms.append(torch.logsumexp(others, 0) - similarity[i, (i + count) % (2 * count)])
    return torch.stack(terms).mean()


def focal(x, y):
    p = torch.sigmoid(x)
    right, weight = p * y + (1 - p) * (1 - y), 0.25 * y + 0.75 * (1 - y)
    return (weight * (1 - right) ** 2 * F.binary_cross_entropy_with_logits(x, y, reduction="none")).mean()


def ways(x, label, length, label_length):
    losses = F.ctc_loss(F.log_softmax(x, 2).transpose(0, 1), label.long(), length.long(), label_length.long(),
                        reduction="none")
    return losses.mean()


x, y, label = draw(4, 6), draw(4, 6), random.integers(0, 6, (4, 3)).astype("i4")
chance = random.random((4, 6))
chance[:, :2] = [0, 1]
spread = random.random((4, 6))
spread[2, 3] = 0
spread /= spread.sum(1, keepdims=True)
signs = random.choice([-1.0, 1.0], (4, 6))
# Repeated symbols, a label as long as its times allow, an empty one, and what is not read behind each.
symbols = np.array([[1, 1, 3], [2, 3, 9], [0, -1, 0], [4, 2, 4]], "i4")
sequences = {"x": draw(4, 8, 6), "label": symbols, "length": np.array([8, 2, 5, 3], "i4"),
             "label_length": np.array([3, 2, 0, 3], "i4")}
readable = {**sequences, "label": np.where((symbols > 0) & (symbols < 6), symbols, 1).astype("i4")}

# A function of the library, what PyTorch calls it, its inputs, and how many of them have a gradient.
CASES = [
    ("squared", F.mse_loss, {"x": x, "y": y}, 1),
    ("absolute", F.l1_loss, {"x": x, "y": np.where(np.arange(6) == 2, x, y)}, 1),
    ("huber_", lambda a, b: F.huber_loss(a, b, delta=0.7), {"x": x, "y": y}, 1),
    ("classes", lambda a, k: F.cross_entropy(a.flatten(0, 1), k.long().flatten()), {"x": draw(4, 3, 6), "label": label}, 1),
    ("smoothed", lambda a, k: F.cross_entropy(a.flatten(0, 1), k.long().flatten(), label_smoothing=0.2),
     {"x": 300 * draw(4, 3, 6), "label": label}, 1),
    ("binary", F.binary_cross_entropy_with_logits, {"x": 300 * x * (np.arange(6) > 0), "y": chance}, 1),
    ("focal_", focal, {"x": x, "y": chance}, 1),
    ("hinge_", lambda a, t: torch.relu(1 - a * t).mean(), {"x": x, "y": signs}, 1),
    ("divergence", lambda a, p: F.kl_div(F.log_softmax(a, 1), p, reduction="batchmean"), {"x": x, "p": spread}, 1),
    ("divergence_normal", lambda m, v: torch.distributions.kl_divergence(
        torch.distributions.Normal(m, (v / 2).exp()), torch.distributions.Normal(m * 0, 1.0)).sum(1).mean(), {"m": x, "v": y}, 2),
    ("cosine", lambda a, b: F.cosine_similarity(a, b).mean(), {"a": x, "b": y}, 2),
    ("nearer", lambda a, b, c: torch.relu(((a - b) ** 2).sum(1) - ((a - c) ** 2).sum(1) + 0.2).mean(),
     {"a": x, "b": y, "c": draw(4, 6)}, 3),
    ("contrast", lambda a, b: F.cross_entropy(F.normalize(a) @ F.normalize(b).T / 0.1, torch.arange(len(a))), {"a": x, "b": y}, 2),
    ("views", views, {"a": x, "b": y}, 2),
    ("ways", ways, readable, 1),
]


def close(name, found, wanted, bound=1e-12):
    error = np.abs(found - wanted).max() / max(np.abs(wanted).max(), 1e-300)
    if not error <= bound:
        sys.exit(f"{name}: {error:.1e} off: {found}, but PyTorch has {wanted}")


with tempfile.TemporaryDirectory() as folder:
    model = library.Library(library.build(sys.argv[1], folder))
    for name, theirs, inputs, count in CASES:
        tensors = [torch.tensor(value) for value in inputs.values()]
        for tensor in tensors[:count]:
            tensor.requires_grad_()
        loss = theirs(*tensors)
        loss.backward()
        found = model.call(name, **inputs)
        for value, wanted in zip(found, [loss.detach(), *(tensor.grad for tensor in tensors[:count])], strict=True):
            close(name, value, wanted.numpy())

    # What stands behind the length of a label is not read, whatever it is.
    for found, wanted in zip(model.call("ways", **sequences), model.call("ways", **readable)):
        assert (found == wanted).all()
    # A label that does not fit: no way writes it, and no gradient is NaN.
    loss, gradient = model.call("ways", **{**readable, "length": np.array([3, 2, 5, 3], "i4")})
    assert np.isposinf(loss) and np.isfinite(gradient).all() and (gradient[0] == 0).all() and (gradient[1] != 0).any()
    # Neither overflows nor loses what is small, in f32; the slope at 0 is the middle one.
    x, y = np.array([-1e4, 1e4, -1e4, 1e4, 0, -40], "f4"), np.array([0, 1, 1, 0, 1, 0], "f4")
    loss, gradient = model.call("binary_f32", x=x, y=y)
    close("binary_f32", loss, (2e4 + np.log(2)) / 6, 1e-6)
    close("binary_f32", 6 * gradient, np.array([0, 0, -1, 1, -0.5, np.exp(-40.0)]), 1e-6)
    assert abs(6 * gradient[5] / np.exp(-40.0) - 1) < 1e-5
    x = np.array([-np.inf, -3, 0, 2, np.inf])
    slope, second = model.call("slopes", x=x)
    close("slope", slope, 1 / (1 + np.exp(-x)))
    close("second slope", second[[1, 3]], (slope * (1 - slope))[[1, 3]])
    # A vector of length 0 has no direction: a cosine of 0, with no gradient.
    for part in model.call("cosine", a=np.zeros((4, 6)), b=np.ones((4, 6))):
        assert (part == 0).all()
