# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Exports the networks of test/networks/, compiles them and compares their results with ONNX Runtime and
# PyTorch. See README.md beside this file.
#   python3 test/conformance/networks.py --weft build/release/bin/weft [--only lstm,gru] [--set small]
import argparse
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
ZOO = ROOT / "test" / "networks"
sys.path[:0] = [str(ZOO), str(pathlib.Path(__file__).parent)]

import layers  # noqa: E402
import peer  # noqa: E402

TOLERANCE = 1e-3  # of the largest output: sums of f32 in another order differ by some 1e-6
# A batch whose outputs differ by less says little about the network: its biases would do.
LEAST_SPREAD = 10 * TOLERANCE
STATIC, DYNAMIC = [2], [1, 3]
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
PEERS = RUNTIME, TORCH = "ONNX Runtime", "PyTorch"
TIMEOUT_S = 1800


class Failure(Exception):
    pass


@dataclasses.dataclass
class Row:
    """One file of one network. Errors are the worst over batches and outputs."""
    network: str
    form: str
    batches: list
    errors: dict = dataclasses.field(default_factory=dict)  # by peer, of what was compared
    seconds: float = 0.0
    detail: list = dataclasses.field(default_factory=list)

    def outcome(self, peer_name, peers):
        if peer_name not in peers:
            return SKIPPED
        return PASSED if self.errors.get(peer_name, numpy.inf) <= TOLERANCE else FAILED


def last_line(text):
    return (text.strip().splitlines() or ["it says nothing"])[-1]


def arrays(folder, prefix):
    return {path.name[len(prefix):-4]: numpy.load(path) for path in sorted(folder.glob(f"{prefix}*.npy"))}


class Weft:
    """The command line, with a cache of its own."""

    def __init__(self, weft, cache):
        self.weft, self.cache = weft, cache

    def run(self, model, inputs, outputs, options=()):
        with tempfile.TemporaryDirectory() as scratch:
            command = [self.weft, "run", model, "predict", *options]
            for name, array in inputs.items():
                path = f"{scratch}/in.{name}.npy"
                numpy.save(path, array)
                command += ["--in", f"{name}={path}"]
            for name in outputs:
                command += ["--out", f"{name}={scratch}/out.{name}.npy"]
            environment = dict(os.environ, XDG_CACHE_HOME=str(self.cache))
            try:
                done = subprocess.run(command, capture_output=True, text=True, env=environment,
                                      timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                raise Failure(f"takes longer than {TIMEOUT_S} seconds") from None
            if done.returncode != 0:
                raise Failure(f"weft run, exit status {done.returncode}: {done.stderr.strip()[:1500]}")
            return {name: numpy.load(f"{scratch}/out.{name}.npy") for name in outputs}


class Case:
    def __init__(self, name, options, runtime):
        self.name, self.options, self.runtime = name, options, runtime
        self.folder = options.out / name
        self.weft = Weft(options.weft, self.folder / "cache")

    def export(self):
        batches = ",".join(map(str, DYNAMIC))
        done = subprocess.run([sys.executable, ZOO / "export.py", self.name, self.options.out, "--set",
                               self.options.set, "--static", str(STATIC[0]), "--dynamic", batches],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(f"the export failed: {last_line(done.stderr)}")

    def run(self):
        try:
            self.export()
            return [self.check("static", STATIC), self.check("dynamic", DYNAMIC)]
        except Failure as failure:
            return [Row(self.name, form, batches, detail=[str(failure)])
                    for form, batches in (("static", STATIC), ("dynamic", DYNAMIC))]
        finally:
            shutil.rmtree(self.folder / "cache", ignore_errors=True)

    def check(self, form, batches):
        row = Row(self.name, form, batches)
        model = self.folder / f"{form}.onnx"
        data = [self.folder / f"batch-{batch}" for batch in batches]
        inputs = [arrays(folder, "in.") for folder in data]
        torch = [arrays(folder, "torch.") for folder in data]
        try:
            self.check_spread(torch)
            start = time.monotonic()
            ours = [self.weft.run(model, one, list(torch[0])) for one in inputs]
            row.seconds = time.monotonic() - start
            self.compare(row, TORCH, ours, torch)
            if self.runtime:
                self.compare(row, RUNTIME, ours, self.runtime.run(model, inputs, list(torch[0])))
            if row.detail:
                row.detail.append(self.first_difference(model, inputs))
        except (Failure, peer.PeerError) as failure:
            row.detail.append(str(failure))
        return row

    def check_spread(self, results):
        for name, array in results[-1].items():
            spread = array.std(0).mean() / numpy.abs(array).max()
            if not spread >= LEAST_SPREAD:
                raise Failure(f"'{name}' hardly depends on the input: it varies by {spread:.1e} of its largest")

    def compare(self, row, what, ours, theirs):
        row.errors[what] = 0.0
        for batch, mine, other in zip(row.batches, ours, theirs):
            for name, array in other.items():
                relative = layers.relative_difference(mine[name], array)
                row.errors[what] = max(row.errors[what], relative)
                if not relative <= TOLERANCE:
                    row.detail.append(f"N={batch}, '{name}': relative {relative:.1e} from {what}")

    def first_difference(self, model, inputs):
        """For the first batch that shows one."""
        with tempfile.TemporaryDirectory() as scratch:
            for one in inputs:
                found = layers.first_difference(
                    model, lambda path, outputs: self.weft.run(path, one, outputs),
                    lambda path, outputs: self.reference(path, one, outputs), TOLERANCE,
                    pathlib.Path(scratch))
                if found:
                    return str(found)
        return "no value inside of the graph differs when it is an output"

    def reference(self, path, inputs, outputs):
        if self.runtime:
            return self.runtime.run(path, [inputs], outputs, optimize=False)[0]
        return self.weft.run(path, inputs, outputs, ["--reference"])


def show(row, peers):
    batches = ",".join(map(str, row.batches))
    errors = [f"{row.errors[name]:.1e}" if name in row.errors else "-" for name in PEERS]
    failed = any(row.outcome(name, peers) == FAILED for name in PEERS)
    print(f"{row.network:20} {row.form + ' N=' + batches:14} {errors[0]:>12} {errors[1]:>9} "
          f"{row.seconds:>8.1f} s  {FAILED if failed else PASSED}", flush=True)
    for line in row.detail:
        print(f"    {line}", flush=True)


def connect(options):
    """ONNX Runtime, or nothing where it was not asked for."""
    if options.without_onnxruntime:
        return None
    try:
        return peer.OnnxRuntime(options.peers)
    except peer.PeerError as error:
        sys.exit(f"{error}\n(--without-onnxruntime compares with PyTorch alone)")


def chosen(options):
    import zoo
    names = options.only.split(",") if options.only else list(zoo.SETS[options.set])
    skipped = options.skip.split(",") if options.skip else []
    unknown = [name for name in names + skipped if name not in zoo.SETS[options.set]]
    if unknown:
        sys.exit(f"no network {', '.join(unknown)}: there are {', '.join(zoo.SETS[options.set])}")
    return [name for name in names if name not in skipped]


def arguments():
    parser = argparse.ArgumentParser(description="Whole networks against ONNX Runtime and PyTorch.")
    parser.add_argument("--weft", default=str(ROOT / "build/release/bin/weft"))
    parser.add_argument("--only", default="", help="names of networks, with commas")
    parser.add_argument("--skip", default="", help="names of networks to leave out")
    parser.add_argument("--set", default="full", choices=["full", "small", "recurrent", "related"],
                        help="small: the same definitions with small sizes; the others: test/networks/README.md")
    parser.add_argument("--out", type=pathlib.Path, help="keeps the exported models (default: build/networks)")
    parser.add_argument("--peers", type=pathlib.Path, default=ROOT / "build/peers",
                        help="folder that npm packages are installed into")
    parser.add_argument("--jobs", type=int, default=1, help="networks at a time")
    parser.add_argument("--without-onnxruntime", action="store_true", help="compare with PyTorch alone")
    options = parser.parse_args()
    options.out = (options.out or ROOT / "build/networks" / options.set).resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    return options


def main():
    options = arguments()
    names, runtime = chosen(options), connect(options)
    peers = PEERS if runtime else [TORCH]
    print(f"{'network':20} {'file':14} {RUNTIME:>12} {TORCH:>9} {'weft run':>10}")
    outcomes = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for rows in pool.map(lambda name: Case(name, options, runtime).run(), names):
            for row in rows:
                show(row, peers)
                outcomes += [row.outcome(name, peers) for name in PEERS]
    counts = [outcomes.count(outcome) for outcome in (PASSED, FAILED, SKIPPED)]
    print("{} passed, {} failed, {} skipped".format(*counts))
    sys.exit(1 if counts[1] else 0)


if __name__ == "__main__":
    main()
