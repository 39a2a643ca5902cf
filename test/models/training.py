# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training steps agree with PyTorch: losses, gradients through the parameters, running statistics.

The networks of test/bench/training/ start from the same weights, see the same batches and are
trained by the same optimizer in both. Losses may differ by 1e-4 of their value at each step, and
parameters and statistics after the last one by 1e-3 of the norm of them all. (Not of each element:
Adam divides by the root of squares, so that where a gradient is almost 0 its last bits decide about
a step.)

    /usr/bin/python3 test/models/training.py [--steps 500] [--models mlp,cnn]

Over hundreds of steps rounding grows until curves come apart, those of PyTorch in f32 and in f64 too: that
is the yardstick, which `--yardstick` follows beside ours.

RUN: %python %s --steps 4 --models mlp,cnn,lstm,gcn
"""
import argparse
import math
import pathlib
import sys
import tempfile

import numpy
import torch
from torch import nn
from torch.nn import functional as F

import library
from library import read_safetensors
from torch_networks import Cnn, Gcn, Lstm, Mlp, ResNet18, Transformer, UNet

MODELS = pathlib.Path(__file__).resolve().parents[1] / "bench" / "training"


class Case:
    """A network, its optimizer, and a batch for each step."""

    def __init__(self, network, batch, loss=None, momentum=False, rate=None):
        self.network, self.batch, self.momentum, self.rate = network, batch, momentum, rate
        self.loss = loss or (lambda net, data: F.cross_entropy(net(data["x"]), data["label"].long()))


def images(count, channels, size, classes):
    return lambda random: {"x": random.standard_normal((count, channels, size, size), "f4"),
                           "label": random.integers(0, classes, count).astype("i4")}


def graph(random):
    source, target = (random.integers(0, 211, 997).astype("i4") for _ in range(2))
    return {"x": random.standard_normal((211, 128), "f4"), "from": source, "to": target,
            "weight": random.random(997, "f4"), "label": random.integers(0, 16, 211).astype("i4")}


CASES = {
    "mlp": Case(Mlp, lambda random: {"x": random.standard_normal((37, 784), "f4"),
                                     "label": random.integers(0, 10, 37).astype("i4")}),
    # Small steps: a rectifier whose input is almost 0 passes a gradient or not by its last bit, and with
    # large ones PyTorch in f32 leaves its own curve in f64 by 3e-3 within 6 steps of ResNet-18.
    "cnn": Case(Cnn, images(5, 3, 32, 10), momentum=True, rate=1e-3),
    "resnet18": Case(ResNet18, images(4, 3, 64, 1000), momentum=True, rate=1e-4),
    "unet": Case(UNet, lambda random: {"x": random.standard_normal((1, 1, 128, 128), "f4"),
                                       "target": random.integers(0, 2, (1, 1, 128, 128)).astype("f4")},
                 lambda net, data: F.binary_cross_entropy(net(data["x"]), data["target"]), rate=1e-5),
    "transformer": Case(Transformer, lambda random: {"tokens": random.integers(0, 30522, (3, 128)).astype("i4"),
                                                     "label": random.integers(0, 2, 3).astype("i4")},
                        lambda net, data: F.cross_entropy(net(data["tokens"].long()), data["label"].long())),
    "lstm": Case(Lstm, lambda random: {"x": random.standard_normal((3, 64, 128), "f4"),
                                       "label": random.integers(0, 10, 3).astype("i4")}),
    "gcn": Case(Gcn, graph, lambda net, data: F.cross_entropy(
        net(data["x"], data["from"].long(), data["to"].long(), data["weight"]), data["label"].long())),
}


def place_of(network, name):
    """The tensor of PyTorch's module that Weft calls `name`."""
    *path, last = name.split(".")
    for part in path:
        network = network[int(part)] if part.isdigit() else getattr(network, part)
    return getattr(network, getattr(network, "NAMES", {}).get(last, last))


class Theirs:
    """The network in PyTorch, from the weights of ours, in `dtype`."""

    def __init__(self, case, weights, dtype):
        self.case, self.dtype = case, dtype
        self.network = case.network().to(dtype)
        self.mine = {key: place_of(self.network, key) for key in weights if not key.startswith("optimizer")}
        with torch.no_grad():
            for key, tensor in self.mine.items():
                tensor.copy_(torch.from_numpy(weights[key].copy()))
        parameters = list(self.network.parameters())
        assert len(parameters) == sum(isinstance(t, nn.Parameter) for t in self.mine.values())
        rate = case.rate or 1e-3
        self.optimizer = torch.optim.SGD(parameters, rate, momentum=0.9, weight_decay=5e-4) if case.momentum \
            else torch.optim.Adam(parameters, rate)
        self.network.train()

    def step(self, batch):
        data = {key: torch.from_numpy(value) for key, value in batch.items()}
        data = {key: value.to(self.dtype) if value.is_floating_point() else value for key, value in data.items()}
        self.optimizer.zero_grad()
        loss = self.case.loss(self.network, data)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def distance(self, tensor_of):
        """Of all tensors together: a bias that began at 0 is nothing but the sum of its steps."""
        pairs = [(tensor_of(key), tensor.detach().double().numpy()) for key, tensor in self.mine.items()]
        return math.sqrt(sum(numpy.sum((found - wanted) ** 2) for found, wanted in pairs)
                         / sum(numpy.sum(wanted ** 2) for _, wanted in pairs))


def opened(name, case, folder, options):
    """Our library, and the weights it begins with."""
    manifest = library.build(MODELS / f"{name}.weft", folder / name,
                             [*options.flags.split(), *(["--settings", f"rate={case.rate}"] if case.rate else [])])
    return library.Library(manifest, threads=options.threads), read_safetensors(manifest.with_suffix(".safetensors"))


def compare(name, case, folder, options):
    ours, weights = opened(name, case, folder, options)
    theirs, random, worst = Theirs(case, weights, torch.float32), numpy.random.default_rng(3), 0
    for step in range(options.steps):
        batch = case.batch(random)
        found, wanted = float(ours.call("train", **batch)), theirs.step(batch)
        worst = max(worst, abs(found - wanted) / abs(wanted))
        if not worst <= 1e-4:
            sys.exit(f"{name}: step {step}: loss {found:.7f}, but PyTorch has {wanted:.7f}")
    furthest = theirs.distance(lambda key: ours.tensor(key).astype("f8"))
    if not furthest <= 1e-3:
        sys.exit(f"{name}: parameters are {furthest:.1e} off after {options.steps} steps")
    ours.close()
    print(f"{name}: {options.steps} steps, losses within {worst:.1e}, parameters within {furthest:.1e}", flush=True)


def follow(name, case, folder, options):
    """How far three curves of losses come apart: ours, and PyTorch's in f32 and in f64."""
    ours, weights = opened(name, case, folder, options)
    single, double = (Theirs(case, weights, dtype) for dtype in (torch.float32, torch.float64))
    random, rows = numpy.random.default_rng(3), []
    for step in range(options.steps):
        batch = case.batch(random)
        rows.append((float(ours.call("train", **batch)), single.step(batch), double.step(batch)))
        if step % 100 == 99 or step + 1 == options.steps:
            curves = numpy.array(rows)
            apart = [abs(curves[:, a] - curves[:, b]) / abs(curves[:, b]) for a, b in ((0, 1), (0, 2), (1, 2))]
            late = next((str(i) for i, value in enumerate(apart[0]) if value > 1e-4), "-")
            print(f"{name}: {step + 1} steps, loss {rows[0][2]:.3g} to {rows[-1][2]:.3g}; ours from PyTorch {max(apart[0]):.1e}, "
                  f"ours from f64 {max(apart[1]):.1e}, PyTorch from f64 {max(apart[2]):.1e}; above 1e-4 at step {late}", flush=True)
    off = [double.distance(lambda key: ours.tensor(key).astype("f8")),
           double.distance(lambda key: single.mine[key].detach().double().numpy())]
    ours.close()
    print(f"{name}: parameters from those in f64: ours {off[0]:.1e}, PyTorch {off[1]:.1e}", flush=True)
    if options.curves:
        pathlib.Path(options.curves).mkdir(parents=True, exist_ok=True)
        numpy.save(pathlib.Path(options.curves) / f"{name}.npy", numpy.array(rows))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=500)
    parser.add_argument("--models", default=",".join(CASES))
    parser.add_argument("--flags", default="", help="more options of weft build")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--yardstick", action="store_true", help="follow PyTorch in f64 too, and fail on nothing")
    parser.add_argument("--curves", help="with --yardstick: a folder for the losses, NAME.npy: ours, f32, f64")
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models.split(","):
            (follow if options.yardstick else compare)(name, CASES[name], pathlib.Path(folder), options)


if __name__ == "__main__":
    main()
