# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""std.explain: the numbers of its papers' formulas, by PyTorch and NumPy, and what they are for.

A network learns in PyTorch whether a cross lies anywhere in an image of noise. With its weights every
attribution is largest on the cross, and gives the same numbers as PyTorch.

REQUIRES: torch
RUN: %python %s %S/Inputs/explain.weft
"""
import sys
import tempfile

import numpy as np
import torch
from torch import nn

import library
from harness import write_safetensors

SIZE, COUNT = 12, 6


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
        self.head = nn.Linear(8, 2)

    def features(self, x):
        gelu = nn.functional.gelu
        return gelu(self.conv2(gelu(self.conv1(x))))

    def top(self, a):
        return self.head(a.mean((2, 3)))

    def forward(self, x):
        return self.top(self.features(x))


def draw(random, count):
    """Images of noise, with a cross in those of label 1, and where it lies."""
    x = 0.2 * random.standard_normal((count, 1, SIZE, SIZE)).astype("f4")
    label = random.integers(0, 2, count).astype("i4")
    place = random.integers(1, SIZE - 1, (count, 2))
    for image, k, (row, column) in zip(x, label, place):
        if k:
            image[0, row - 1:row + 2, column] += 1
            image[0, row, column - 1:column + 2] += 1
    return x, label, place


def near(what, ours, theirs, limit=1e-5):
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    error = np.abs(ours - theirs).max() / np.abs(theirs).max()
    print(f"{what}: relative error {error:.1e}")
    if ours.shape != theirs.shape or not error <= limit:
        sys.exit(f"{what}: {ours.shape}, {theirs.shape}, relative error {error:.1e}")


def finds(what, maps, place, reach=1):
    """Whether the largest entry of each map lies on the cross, or `reach` pixels from its middle."""
    for entry, (row, column) in zip(maps.reshape(len(maps), SIZE, SIZE), place):
        found = np.unravel_index(entry.argmax(), entry.shape)
        if max(abs(found[0] - row), abs(found[1] - column)) > reach:
            sys.exit(f"{what}: the cross is at {row}, {column}, but the largest entry is at {found}")


def occlusion(score, x, patch, stride, fill):
    starts = [min(i, SIZE - patch) for i in range(0, SIZE - patch + stride, stride)]
    fall, times = torch.zeros(len(x), SIZE, SIZE), torch.zeros(SIZE, SIZE)
    for top in starts:
        for left in starts:
            part = x.clone()
            part[:, :, top:top + patch, left:left + patch] = fill
            fall[:, top:top + patch, left:left + patch] += (score(x) - score(part))[:, None, None]
            times[top:top + patch, left:left + patch] += 1
    return fall / times


def descend(loss, x, steps, rate, momentum=0.9):
    velocity = torch.zeros_like(x)
    for step in range(steps):
        x = x.detach().requires_grad_()
        slope, = torch.autograd.grad(loss(x), x)
        velocity = momentum * velocity + slope / slope.square().mean((1, 2, 3), keepdim=True).sqrt()
        x = x - rate * (1 - step / steps) * velocity
    return x


def centred(k):
    h = np.eye(len(k)) - 1 / len(k)
    return h @ k @ h


def rbf(x, width):
    d = ((x[:, None] - x[None]) ** 2).sum(-1)
    return np.exp(-d / (2 * width ** 2 * np.median(d)))


def cka(k, l):
    k, l = centred(k), centred(l)
    return (k * l).sum() / np.sqrt((k * k).sum() * (l * l).sum())


def attributions(model, net, random):
    x, label, place = draw(random, 64)
    x, place = x[label == 1][:COUNT], place[label == 1][:COUNT]
    k = np.ones(COUNT, "i4")

    def score(x):
        return net(x)[:, 1]

    def gradient(x):
        x = torch.as_tensor(x).detach().requires_grad_()
        return torch.autograd.grad(score(x).sum(), x)[0].detach()

    t, slope = torch.from_numpy(x), gradient(x)
    found, saliency, product = model.call("gradients", x=x, k=k)
    near("score", found, score(t))
    near("saliency", saliency, slope.abs())
    near("gradient x input", product, t * slope)

    noise = model.call("noise", x=x, seed=np.uint64(5))
    smooth = model.call("smooth_grad", x=x, k=k, seed=np.uint64(5))
    near("SmoothGrad", smooth, sum(gradient(x + n) for n in noise) / 8)
    other = model.call("smooth_grad", x=x, k=k, seed=np.uint64(6))
    assert not np.array_equal(smooth, other), "another seed is other noise"

    baseline = 0.1 * random.standard_normal(x.shape).astype("f4")
    integrated = model.call("integrated_gradients", x=x, k=k, baseline=baseline)
    steps = [(i + 0.5) / 64 for i in range(64)]
    mean = sum(gradient(baseline + s * (x - baseline)) for s in steps) / 64
    near("integrated gradients", integrated, (x - baseline) * mean.numpy())
    before = model.call("gradients", x=baseline, k=k)[0]
    near("their completeness", integrated.sum((1, 2, 3)), found - before, 1e-3)

    a = net.features(t).detach().requires_grad_()
    weight = torch.autograd.grad(net.top(a)[:, 1].sum(), a)[0].mean((2, 3), keepdim=True)
    cam = model.call("grad_cam", x=x, k=k)
    near("Grad-CAM", cam, (weight * a).sum(1).relu())
    occluded = model.call("occlusion", x=x, k=k)
    near("occlusion", occluded, occlusion(score, t, 3, 2, 0.1))

    for name, maps in (("saliency", saliency), ("gradient x input", product), ("SmoothGrad", smooth),
                       ("integrated gradients", integrated), ("Grad-CAM", cam)):
        finds(name, maps, place)
    finds("occlusion", occluded, place, reach=2)  # squares of 3 x 3 that lie 2 apart
    return x


def inputs(model, net, random, x):
    noise = 0.3 * random.standard_normal(x.shape).astype("f4")
    start, target = torch.from_numpy(noise), net.features(torch.from_numpy(x)).detach()

    def loss(y):
        miss = (net.features(y) - target).square().sum((1, 2, 3)) / target.square().sum((1, 2, 3))
        return miss.sum() + 1e-3 * y.square().sum()

    # What a step rounds away goes into all that follow.
    found = model.call("feature_inversion", **{"x": x, "from": noise})
    near("feature inversion", found, descend(loss, start, 20, 0.05), 1e-3)
    before, after = loss(start).item(), loss(torch.from_numpy(found)).item()
    assert after < 0.6 * before, f"feature inversion ends at {after}, begins at {before}"

    def cost(y):
        return 0.01 * y.square().sum() - net(y)[:, 1].sum()

    found = model.call("activation_maximisation", **{"from": noise})
    near("activation maximisation", found, descend(cost, start, 20, 0.05), 1e-3)
    assert (net(torch.from_numpy(found)) > net(torch.from_numpy(x)))[:, 1].all()


def likeness(model, random):
    for count, p, q in ((40, 7, 11), (25, 9, 3)):
        x = random.standard_normal((count, p)).astype("f4") + 3
        y = np.concatenate([x[:, :2], random.standard_normal((count, q - 2)).astype("f4")], 1)
        linear, kernel = model.call("linear_cka", x=x, y=y), model.call("kernel_cka", x=x, y=y)
        near("linear CKA", linear, cka(x.astype("f8") @ x.T, y.astype("f8") @ y.T))
        near("kernel CKA", kernel, cka(rbf(x.astype("f8"), 0.7), rbf(y.astype("f8"), 0.7)))
        turn = np.linalg.qr(random.standard_normal((p, p)))[0].astype("f4")
        for name, value in (("linear_cka", linear), ("kernel_cka", kernel)):
            near(f"{name}, turned and scaled", model.call(name, x=3 * x @ turn, y=y), value)
            near(f"{name} of x and x", model.call(name, x=x, y=x), 1.0)


def trained(random):
    torch.manual_seed(0)
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), 2e-2)
    for _ in range(150):
        x, label, _ = draw(random, 48)
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(torch.from_numpy(x)), torch.from_numpy(label).long()).backward()
        optimizer.step()
    x, label, _ = draw(random, 500)
    right = (net(torch.from_numpy(x)).argmax(1).numpy() == label).mean()
    assert right >= 0.98, f"only {right:.3f} of the crosses are found"
    return net


def main():
    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    net = trained(random)
    with tempfile.TemporaryDirectory() as folder:
        weights = f"{folder}/trained.safetensors"
        write_safetensors(weights, {k: v.numpy() for k, v in net.state_dict().items()})
        model = library.Library(library.build(sys.argv[1], f"{folder}/out"), weights)
        inputs(model, net, random, attributions(model, net, random))
        likeness(model, random)


main()
