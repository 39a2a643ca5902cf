# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Training steps agree with PyTorch: losses, gradients through the parameters, running statistics.

Seven kinds of networks learn from real data, the scanned digits and the biopsies of models/, from the same
weights, with the same batches and the same optimizer in both. Losses may differ by 1e-4 of their value at
each step, and parameters and statistics after the last one by 1e-3 of the norm of them all. (Not of each
element: Adam divides by the root of squares, so that where a gradient is almost 0 its last bits decide
about a step.)

    /usr/bin/python3 test/models/training.py [--steps 500] [--models mlp,digitnet]

Rounding grows along a curve, most where a rectifier's input is almost 0 and batches are normalised.
`--f64` compiles the same networks, and the library of layers, with f32 read as f64: then only a fault can
part the curves. `--yardstick` follows PyTorch in f64 beside both in f32: how far f32 departs by itself.

RUN: %python %s --steps 4 --models mlp,digitnet,transformer,lstm,gcn
RUN: %python %s --steps 4 --models digitnet,transformer --f64
"""
import argparse
import dataclasses
import math
import pathlib
import re
import sys
import tempfile

import numpy
import torch
from torch import nn
from torch.nn import functional as F

import library
from digitnet import DigitNet
from library import read_safetensors
from torch_networks import Gcn, Lstm, Mlp, ResNet18, Transformer, UNet

HERE = pathlib.Path(__file__).resolve().parent
NETWORKS, MODELS = HERE.parent / "bench" / "training", HERE.parents[1] / "models"


class Plain(nn.Module):
    """DigitNet by the name that it has in Inputs/digit_steps.weft."""

    def __init__(self):
        super().__init__()
        self.net = DigitNet()

    def forward(self, x):
        return self.net(x)


@dataclasses.dataclass
class Case:
    """A network of `sizes` in both, its optimizer, and what gives the batch of the chosen samples."""
    network: type
    sizes: dict
    batch: object
    count: int = 37  # Samples in a batch; 0: all of them in each step.
    rate: float = 1e-3
    momentum: bool = False
    loss: object = None
    source: pathlib.Path = None

    def loss_of(self, net, data):
        return self.loss(net, data) if self.loss else F.cross_entropy(net(data["x"]), data["label"].long())


DIGITS = numpy.load(MODELS / "digits/data/image.npy"), numpy.load(MODELS / "digits/data/label.npy").astype("i4")
BIOPSIES = numpy.load(MODELS / "biopsy/data/train.npz")


def biopsies(chosen):
    feature = BIOPSIES["feature"].astype("f4")
    feature = (feature - feature.mean(0)) / feature.std(0)
    return {"x": feature[chosen], "label": BIOPSIES["label"][chosen].astype("i4")}


def shades(chosen, size=8):
    """[N, 1, size, size], from 0 to 1."""
    return (DIGITS[0][chosen, None].astype("f4") / 16).repeat(size // 8, 2).repeat(size // 8, 3)


def digits(chosen):
    return {"x": shades(chosen), "label": DIGITS[1][chosen]}


def colours(chosen):
    """Three channels of 32x32. Without the noise of a camera large areas would be equal, and the greatest of
    equal values is the one whose rounding was lucky."""
    noise = numpy.random.default_rng(int(chosen[0])).random((len(chosen), 3, 32, 32), "f4")
    return {"x": shades(chosen, 32) + noise / 4, "label": DIGITS[1][chosen]}


def ink(chosen):
    """What is to be found is where there was ink, before half of the light came from elsewhere."""
    clean, noise = shades(chosen, 32), numpy.random.default_rng(int(chosen[0])).random((len(chosen), 1, 32, 32), "f4")
    return {"x": (clean + noise) / 2, "target": (clean > 0.5).astype("f4")}


def tokens(chosen):
    return {"tokens": DIGITS[0][chosen].reshape(-1, 64).astype("i4"), "label": DIGITS[1][chosen]}


def rows(chosen):
    return {"x": shades(chosen)[:, 0], "label": DIGITS[1][chosen]}


def neighbours(chosen, count=5):
    """Each digit and the `count` images most like it; weights as Kipf and Welling normalise them."""
    x = shades(chosen).reshape(-1, 64)
    distance = ((x[:, None] - x[None]) ** 2).sum(-1)
    source = distance.argsort(1, kind="stable")[:, :count + 1].reshape(-1).astype("i4")  # itself is one
    target = numpy.arange(len(x), dtype="i4").repeat(count + 1)
    degree = numpy.bincount(target, minlength=len(x)) * numpy.bincount(source, minlength=len(x)).clip(1)
    return {"x": x, "from": source, "to": target, "weight": (degree[source].astype("f4")) ** -0.5, "label": DIGITS[1][chosen]}


CASES = {
    "mlp": Case(Mlp, dict(inputs=30, width=64, classes=2), biopsies),
    "digitnet": Case(Plain, {}, digits, rate=1e-2, momentum=True, source=HERE / "Inputs" / "digit_steps.weft"),
    "resnet18": Case(ResNet18, dict(width=8, classes=10), colours, count=16, rate=1e-3, momentum=True),
    "unet": Case(UNet, dict(base=8), ink, count=4,
                 loss=lambda net, data: F.binary_cross_entropy(net(data["x"]), data["target"])),
    "transformer": Case(Transformer, dict(vocabulary=17, length=64, width=64, layers=2, classes=10), tokens, count=16, rate=3e-4,
                        loss=lambda net, data: F.cross_entropy(net(data["tokens"].long()), data["label"].long())),
    "lstm": Case(Lstm, dict(inputs=8, units=64, classes=10), rows),
    "gcn": Case(Gcn, dict(inputs=64, width=64, classes=10), neighbours, count=0, loss=lambda net, data: F.cross_entropy(
        net(data["x"], data["from"].long(), data["to"].long(), data["weight"]), data["label"].long())),
}
# What the source says of the data, and PyTorch does not need to know.
SHAPES = {"resnet18": dict(size=32), "unet": dict(size=32), "lstm": dict(length=8)}


def batches(case, steps):
    """The same for all who follow: each pass over the samples in another order."""
    random = numpy.random.default_rng(3)
    total = len(BIOPSIES["label"]) if case.batch is biopsies else 1437
    if not case.count:
        whole = case.batch(numpy.arange(400))
    order = numpy.arange(0)
    for _ in range(steps):
        if not case.count:
            yield whole
            continue
        if len(order) < case.count:
            order = random.permutation(total)
        yield case.batch(order[:case.count])
        order = order[case.count:]


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
        self.network = case.network(**case.sizes).to(dtype)
        self.mine = {key: place_of(self.network, key) for key in weights if not key.startswith("optimizer")}
        with torch.no_grad():
            for key, tensor in self.mine.items():
                tensor.copy_(torch.from_numpy(weights[key].copy()))
        parameters = list(self.network.parameters())
        assert len(parameters) == sum(isinstance(t, nn.Parameter) for t in self.mine.values())
        rate = float(numpy.float32(case.rate))  # schedules give f32
        self.optimizer = torch.optim.SGD(parameters, rate, momentum=0.9, weight_decay=5e-4) if case.momentum \
            else torch.optim.Adam(parameters, rate)
        self.network.train()

    def step(self, batch):
        data = {key: torch.from_numpy(value) for key, value in batch.items()}
        data = {key: value.to(self.dtype) if value.is_floating_point() else value for key, value in data.items()}
        self.optimizer.zero_grad()
        loss = self.case.loss_of(self.network, data)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def distance(self, tensor_of):
        """Of all tensors together: a bias that began at 0 is nothing but the sum of its steps."""
        pairs = [(tensor_of(key), tensor.detach().double().numpy()) for key, tensor in self.mine.items()]
        return math.sqrt(sum(numpy.sum((found - wanted) ** 2) for found, wanted in pairs)
                         / sum(numpy.sum(wanted ** 2) for _, wanted in pairs))


def in_f64(source, folder):
    """The source with f32 read as f64, and beside it the modules that it imports. Optimizers take the number of
    the step in f32 still, for the compiler counts in it."""
    for path in [source, MODELS / "digits" / "digits.weft", *sorted((MODELS / "std").glob("*.weft"))]:
        text = re.sub(r"\bf32\b(?!\) -> T)", "f64", path.read_text())
        text = text.replace("weight_after(step, beta", "weight_after(cast<f64>(step), beta")
        place = folder / ("std" if path.parent.name == "std" else ".") / path.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return folder / source.name


def opened(name, case, folder, options):
    """Our library, and the weights it begins with."""
    settings = {"rate": case.rate, **case.sizes, **SHAPES.get(name, {})}
    source = case.source or NETWORKS / f"{name}.weft"
    manifest = library.build(in_f64(source, folder / f"{name}-f64") if options.f64 else source, folder / name,
                             [*options.flags.split(), "-I", str(MODELS / "digits"),
                              "--settings", ",".join(f"{key}={value}" for key, value in settings.items())])
    return library.Library(manifest, threads=options.threads), read_safetensors(manifest.with_suffix(".safetensors"))


def compare(name, case, folder, options):
    ours, weights = opened(name, case, folder, options)
    theirs, worst = Theirs(case, weights, torch.float64 if options.f64 else torch.float32), 0
    for step, batch in enumerate(batches(case, options.steps)):
        if options.f64:
            batch = {key: value.astype("f8") if value.dtype == "f4" else value for key, value in batch.items()}
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
    rows = []
    for step, batch in enumerate(batches(case, options.steps)):
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
    parser.add_argument("--f64", action="store_true", help="both in f64")
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
