# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times training steps beside PyTorch, in turns.

    /usr/bin/python3 test/bench/training.py [--models mlp,cnn] [--threads 1,2] [--secs 1] [--csv FILE]

Each model of test/bench/training/ is trained by its own library and by the same network in PyTorch, with
the same optimizer and batch. Both are called in turns, A B A B; the first turn of each warms up and is
not counted. A line holds the median step of each in ms, the ratio (above 1: Weft is faster) and the
growth of resident memory. Not a test: nothing is asserted about time. Let nothing else run.
"""
import argparse
import csv
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "models"))

import numpy  # noqa: E402

from against import torch_settings  # noqa: E402

MODELS = ["mlp", "cnn", "resnet18", "unet", "transformer", "lstm", "gcn"]


def graph(nodes=10000, edges=100000):
    """Sources uniform, targets denser at the front; weights as Kipf and Welling normalise them."""
    random = numpy.random.default_rng(7)
    source = random.integers(0, nodes, edges).astype("i4")
    target = (random.random(edges) ** 2 * nodes).astype("i4")
    degree = numpy.bincount(target, minlength=nodes) + 1
    weight = (degree[source] * degree[target]).astype("f4") ** -0.5
    return source, target, weight.astype("f4")


def inputs(name):
    """The batch of a model, by the names of its inputs."""
    random = numpy.random.default_rng(11)

    def normal(*shape):
        return random.standard_normal(shape, "f4")

    def label(count, classes):
        return random.integers(0, classes, count).astype("i4")

    if name == "mlp":
        return {"x": normal(128, 784), "label": label(128, 10)}
    if name == "cnn":
        return {"x": normal(64, 3, 32, 32), "label": label(64, 10)}
    if name == "resnet18":
        return {"x": normal(16, 3, 64, 64), "label": label(16, 1000)}
    if name == "unet":
        return {"x": normal(4, 1, 128, 128), "target": (normal(4, 1, 128, 128) > 0).astype("f4")}
    if name == "transformer":
        return {"tokens": label((8, 128), 30522), "label": label(8, 2)}
    if name == "lstm":
        return {"x": normal(32, 64, 128), "label": label(32, 10)}
    source, target, weight = graph()
    return {"x": normal(10000, 128), "from": source, "to": target, "weight": weight,
            "label": label(10000, 16)}


def torch_step(name, batch):
    """The same step in PyTorch, as a function without arguments."""
    import torch
    import torch_networks as networks
    from torch import nn
    from torch.nn import functional as F

    torch.manual_seed(0)
    data = {key: torch.tensor(value) for key, value in batch.items()}
    label = data["label"].long() if "label" in data else None

    class Lstm(nn.Module):  # PyTorch's own, which is faster than one in Python
        def __init__(self):
            super().__init__()
            self.layers, self.head = nn.LSTM(128, 512, 2, batch_first=True), nn.Linear(512, 10)

        def forward(self, x):
            return self.head(self.layers(x)[0][:, -1])

    if name == "lstm":
        model = Lstm()
    else:
        model = {"mlp": networks.Mlp, "cnn": networks.Cnn, "resnet18": networks.ResNet18, "unet": networks.UNet,
                 "transformer": networks.Transformer, "gcn": networks.Gcn}[name]()
    by_momentum = name in ("cnn", "resnet18")
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9, weight_decay=5e-4) \
        if by_momentum else torch.optim.Adam(model.parameters(), 1e-3)
    given = [data["tokens"].long()] if name == "transformer" else [data["x"]]
    if name == "gcn":
        given += [data["from"].long(), data["to"].long(), data["weight"]]

    def step():
        optimizer.zero_grad(set_to_none=True)
        y = model(*given)
        loss = F.binary_cross_entropy(y, data["target"]) if name == "unet" else F.cross_entropy(y, label)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    model.train()
    return step


def weft_step(name, batch, folder, threads):
    import library
    model = library.Library(pathlib.Path(folder) / f"{name}.json", threads=threads)
    return lambda: float(model.call("train", **batch))


def resident_mb(field="VmRSS"):
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024


def work(engine, name, folder, threads):
    """Takes turns of so many seconds from stdin; answers each with a line of JSON."""
    batch = inputs(name)
    if engine == "torch":
        import torch
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)
    before = resident_mb()
    step = torch_step(name, batch) if engine == "torch" else weft_step(name, batch, folder, threads)
    print(json.dumps({"losses": [step() for _ in range(3)]}), flush=True)
    for line in sys.stdin:
        times, end = [], time.perf_counter() + float(line)
        while time.perf_counter() < end or len(times) < 3:
            start = time.perf_counter()
            step()
            times.append((time.perf_counter() - start) * 1e3)
        print(json.dumps({"times": times, "mb": resident_mb("VmHWM") - before}), flush=True)


class Worker:
    def __init__(self, engine, name, folder, threads):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
        environment |= {"OMP_NUM_THREADS": str(threads)} | (torch_settings() if engine == "torch" else {})
        self.process = subprocess.Popen([sys.executable, __file__, "--worker", engine, name, str(folder),
                                         str(threads)], text=True, env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.losses = json.loads(self.process.stdout.readline())["losses"]
        self.times, self.mb = [], 0

    def turn(self, seconds, counts):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if counts:
            self.times += answer["times"]
            self.mb = answer["mb"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--secs", type=float, default=1, help="seconds of a turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--csv")
    parser.add_argument("--weft", default="weft")
    options = parser.parse_args()
    rows, ratios = [], {}
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models.split(","):
            subprocess.run([options.weft, "build", HERE / "training" / f"{name}.weft", "-o", folder,
                            "--emit", "shared,weights,header,manifest"], check=True)
            for threads in map(int, options.threads.split(",")):
                workers = [Worker(engine, name, folder, threads) for engine in ("weft", "torch")]
                for turn in range(options.turns + 1):
                    for worker in workers:
                        worker.turn(options.secs, counts=turn > 0)
                for worker in workers:
                    worker.close()
                ours, theirs = (statistics.median(worker.times) for worker in workers)
                ratios.setdefault(threads, []).append(theirs / ours)
                rows.append([name, threads, ours, theirs, theirs / ours, workers[0].mb, workers[1].mb])
                print(f"{name:12} {threads} thread{'s' * (threads > 1):1}  weft {ours:8.2f} ms  torch {theirs:8.2f} ms"
                      f"  ratio {theirs / ours:5.2f}  memory {workers[0].mb:6.0f} MB, {workers[1].mb:6.0f} MB",
                      flush=True)
    for threads, all_ratios in ratios.items():
        mean = math.exp(sum(map(math.log, all_ratios)) / len(all_ratios))
        print(f"geometric mean of {len(all_ratios)} on {threads} thread{'s' * (threads > 1)}: {mean:.2f}")
    if options.csv:
        with open(options.csv, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["model", "threads", "weft_ms", "torch_ms", "ratio", "weft_mb", "torch_mb"])
            writer.writerows(rows)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "--worker":
        work(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
    else:
        main()
