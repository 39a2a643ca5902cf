# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times whole networks beside another engine, in turns.

    python3 test/bench/against.py --peer onnxruntime --threads 1,2 --batch 1,8 [--models resnet18,lstm] [--csv FILE]

For each network of test/networks/ both engines open the same model and are then called in turns, Weft
first, A B A B; the first turn of each warms up and is not counted. A line holds the median and the
shortest call in ms, the ratio of the medians (above 1: Weft is faster), Weft's share of the FMA peak of the
threads, measured in the same run, the time to open a model and the growth of resident memory, both
with the peer's beside them. In a turn both engines run on the same cores, and the next turn takes the next
ones: neighbours of a virtual machine slow one of them down more than another. Products count as direct
sums: Winograd can exceed the peak. `--peer weft` is Weft itself, built with `--peer-flags` in place of `--flags`. Not a test: nothing is asserted about time.
Let nothing else run.
"""
import argparse
import csv
import dataclasses
import json
import math
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
NETWORKS, WORKERS = ROOT / "test" / "networks", ROOT / "test" / "bench" / "workers"
sys.path.insert(0, str(NETWORKS))

import peer  # noqa: E402

OPENBLAS = pathlib.Path("/usr/lib/x86_64-linux-gnu/openblas-openmp")


def torch_settings():
    """What PyTorch 1.13 needs to run at its best: its kernels for AVX-512, memory that is kept, and a BLAS
    with the threads of PyTorch. One with threads of its own waits beside them on the same cores: on two, a
    training step of an LSTM takes 1.4 s in place of 0.39."""
    if not OPENBLAS.exists():
        sys.exit("PyTorch is measured with the OpenMP build of OpenBLAS: install libopenblas0-openmp")
    return {"ATEN_CPU_CAPABILITY": "avx512", "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 34),
            "MALLOC_TOP_PAD_": str(1 << 28), "LD_LIBRARY_PATH": str(OPENBLAS)}


class WorkerError(Exception):
    pass


class Worker:
    def __init__(self, command, threads, settings):
        # OPENBLAS_CORETYPE names a processor; set for another machine it halves the peer's speed.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
        environment |= {"OMP_NUM_THREADS": str(threads)} | settings
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(word) for word in command], text=True, env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.open_ms = self.read()["open_ms"]
        self.times, self.peak_bytes = [], 0

    def read(self):
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.errors.seek(0)
        text = " ".join(self.errors.read().decode(errors="replace").split())
        raise WorkerError(f"{self.process.args[1]}: {text[-300:] or 'ended without a word'}")

    def stay_on(self, cores):
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), cores)

    def turn(self, seconds, counts):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        result = self.read()
        self.times += result["times_ms"] if counts else []
        self.peak_bytes = result["peak_bytes"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.errors.close()


@dataclasses.dataclass
class Case:
    """One network with one batch size, and where its files lie."""
    network: str
    batch: int
    model: pathlib.Path
    data: pathlib.Path
    built: pathlib.Path
    other: pathlib.Path


def library_command(case, folder, threads):
    return [sys.executable, WORKERS / "weft.py", next(folder.glob("lib*.so")),
            next(folder.glob("*.prepared.safetensors")), case.data, threads]


def weft_command(case, threads, options):
    return library_command(case, case.built, threads)


def other_command(case, threads, options):
    return library_command(case, case.other, threads)


def onnxruntime_command(case, threads, options):
    return ["node", WORKERS / "onnxruntime.js", options.package, case.model, case.data, threads]


def pytorch_command(case, threads, options):
    return [sys.executable, WORKERS / "pytorch.py", case.network, case.batch, threads, options.set]


PEERS = {"weft": (other_command, dict), "onnxruntime": (onnxruntime_command, dict),
         "pytorch": (pytorch_command, torch_settings)}


def build(model, folder, flags, options):
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run([options.weft, "build", model, "-o", folder, "--emit", "shared,prepared", *flags],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise WorkerError(f"weft build: {' '.join(done.stderr.split())[:300]}")


def prepare(network, batch, options):
    folder = options.out / f"batch-{batch}"
    subprocess.run([sys.executable, NETWORKS / "export.py", network, folder, "--static", str(batch),
                    "--dynamic", str(batch), "--set", options.set], check=True, stdout=subprocess.DEVNULL)
    case = Case(network, batch, folder / network / "static.onnx", folder / network / f"batch-{batch}",
                folder / network / "weft", folder / network / "weft-peer")
    build(case.model, case.built, options.flags, options)
    if options.peer == "weft":
        build(case.model, case.other, options.peer_flags, options)
    return case


def flops(case):
    done = subprocess.run([sys.executable, NETWORKS / "flops.py", case.model], capture_output=True, text=True)
    return float(done.stdout.split()[1]) * 1e9 if done.returncode == 0 else math.nan


def fma_peak(folder):
    program = folder / "peak"
    subprocess.run(["clang-22", "-O2", "-march=native", "-ffp-contract=fast", ROOT / "test/bench/peak.c",
                    "-o", program], check=True)
    return float(subprocess.run([program], capture_output=True, text=True, check=True).stdout) * 1e9


def cores_of(turn, threads):
    """Those that a turn runs on, each as often as any other."""
    cores = sorted(os.sched_getaffinity(0))
    return {cores[(turn + number) % len(cores)] for number in range(threads)}


def compare(case, threads, options):
    workers = []
    try:
        for command, settings in ((weft_command, dict), PEERS[options.peer]):
            workers.append(Worker(command(case, threads, options), threads, settings()))
        for number in range(options.rounds + 1):
            for worker in workers:
                worker.stay_on(cores_of(number, threads))
                worker.turn(options.secs if number else min(options.secs, 0.5), counts=number > 0)
    finally:
        for worker in workers:
            worker.close()
    return workers


def describe(case, threads, ours, theirs, peak):
    median, peer_median = statistics.median(ours.times), statistics.median(theirs.times)
    return {"network": case.network, "batch": case.batch, "threads": threads,
            "median_ms": median, "min_ms": min(ours.times),
            "peer_median_ms": peer_median, "peer_min_ms": min(theirs.times), "ratio": peer_median / median,
            "peak_share": flops(case) / (median * 1e-3) / (peak * threads),
            "open_ms": ours.open_ms, "peer_open_ms": theirs.open_ms,
            "peak_mb": ours.peak_bytes / 1e6, "peer_peak_mb": theirs.peak_bytes / 1e6}


def show(row):
    print(f"{row['network']:20} {row['batch']:5} {row['threads']:7} {row['median_ms']:9.3f} {row['min_ms']:9.3f} "
          f"{row['peer_median_ms']:9.3f} {row['peer_min_ms']:9.3f} {row['ratio']:6.2f} {row['peak_share']:6.0%} "
          f"{row['open_ms']:8.1f} {row['peer_open_ms']:8.1f} {row['peak_mb']:8.1f} {row['peer_peak_mb']:8.1f}",
          flush=True)


def integers(text):
    return [int(part) for part in text.split(",")]


def networks(options):
    done = subprocess.run([sys.executable, NETWORKS / "zoo.py", options.set], capture_output=True, text=True, check=True)
    return done.stdout.split()


def parse():
    parser = argparse.ArgumentParser(description="Whole networks beside another engine, in turns.")
    parser.add_argument("--weft", default=str(ROOT / "build/release/bin/weft"))
    parser.add_argument("--peer", default="onnxruntime", choices=list(PEERS))
    parser.add_argument("--models", default="", help="names of test/networks/zoo.py, with commas (default: all)")
    parser.add_argument("--set", default="full", help="full, small or recurrent")
    parser.add_argument("--threads", type=integers, default=[1, 2])
    parser.add_argument("--batch", type=integers, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=4, help="turns of each engine that count")
    parser.add_argument("--secs", type=float, default=1.0, help="how long a turn is")
    parser.add_argument("--flags", type=str.split, default=[], help="more flags of weft build")
    parser.add_argument("--peer-flags", type=str.split, default=[], help="the same of --peer weft")
    parser.add_argument("--csv", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/networks/bench")
    parser.add_argument("--peers", type=pathlib.Path, default=ROOT / "build/peers",
                        help="folder that npm packages are installed into")
    options = parser.parse_args()
    options.out = options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    if not shutil.which(options.weft):
        sys.exit(f"no program '{options.weft}'")
    return options


def write_csv(path, rows):
    """One line a row, if there is a path and anything to write."""
    if path and rows:
        with open(path, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)


def main():
    options = parse()
    known = networks(options)
    chosen = options.models.split(",") if options.models else known
    if unknown := [name for name in chosen if name not in known]:
        sys.exit(f"no network '{unknown[0]}' in the set '{options.set}': it has {', '.join(known)}")
    if options.peer == "onnxruntime":
        options.package = peer.install(options.peers.resolve())
    peak = fma_peak(options.out)
    print(f"FMA peak of one core: {peak * 1e-9:.0f} GFLOP/s; peer: {options.peer}")
    print(f"{'network':20} batch threads {'median':>9} {'min':>9} {'peer':>9} {'its min':>9} {'ratio':>6} {'peak':>6} "
          f"{'open':>8} {'peer':>8} {'MB':>8} {'peer':>8}")
    rows, failures = [], 0
    for network in chosen:
        for batch in options.batch:
            try:
                case = prepare(network, batch, options)
                for threads in options.threads:
                    rows.append(describe(case, threads, *compare(case, threads, options), peak))
                    show(rows[-1])
            except WorkerError as error:
                print(f"{network:20} {batch:5} {error}", flush=True)
                failures += 1
    for threads in options.threads:
        ratios = [row["ratio"] for row in rows if row["threads"] == threads]
        if ratios:
            print(f"{threads} threads: geometric mean {statistics.geometric_mean(ratios):.3f} of {len(ratios)}, "
                  f"{sum(ratio >= 1 for ratio in ratios)} at least 1")
    write_csv(options.csv, rows)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
