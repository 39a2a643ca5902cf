# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times code for any batch beside code for one, in turns.

    python3 test/bench/dynamic.py --batch 1,8 --threads 1 [--models resnet18,lstm] [--csv FILE]

Each network of test/networks/ is built twice from the file whose batch has a name: as it is, and with `--dim`
for each name. Both libraries are then called in turns with the same data, A B A B; the first turn of each
warms up. A line holds both medians in ms, both shortest calls, and the ratio of medians (1: as fast as code
for one size; 1.05: 5 % slower). Not a test: nothing is asserted about time. Let nothing else run.
"""
import argparse
import pathlib
import shutil
import statistics
import subprocess
import sys

import against
import numpy
import onnx


def sizes_of(model, data):
    """The value of each dimension name in the inputs that were exported."""
    sizes = {}
    for value in onnx.load(model, load_external_data=False).graph.input:
        file = data / f"in.{value.name}.npy"
        if file.exists():
            shape = numpy.load(file, mmap_mode="r").shape
            sizes |= {dim.dim_param: size for dim, size in zip(value.type.tensor_type.shape.dim, shape)
                      if dim.dim_param}
    return sizes


def build(model, folder, flags, options):
    shutil.rmtree(folder, ignore_errors=True)
    done = subprocess.run([options.weft, "build", model, "-o", folder, "--emit", "shared,prepared", *flags,
                           *options.flags], capture_output=True, text=True)
    if done.returncode != 0:
        raise against.WorkerError(f"weft build: {' '.join(done.stderr.split())[:300]}")
    return folder


def prepare(network, batch, options):
    """The dynamic library and, as the other one, the static library."""
    folder = options.out / f"batch-{batch}"
    subprocess.run([sys.executable, against.NETWORKS / "export.py", network, folder, "--static", str(batch),
                    "--dynamic", str(batch), "--set", options.set], check=True, stdout=subprocess.DEVNULL)
    model, data = folder / network / "dynamic.onnx", folder / network / f"batch-{batch}"
    flags = [word for name, size in sizes_of(model, data).items() for word in ("--dim", f"{name}={size}")]
    dynamic, static = (build(model, folder / network / name, given, options)
                       for name, given in (("weft-dynamic", []), ("weft-static", flags)))
    return against.Case(network, batch, model, data, dynamic, static)


def compare(case, threads, options):
    workers = []
    try:
        for command in (against.weft_command, against.other_command):
            workers.append(against.Worker(command(case, threads, options), threads, {}))
        for number in range(options.rounds + 1):
            for worker in workers:
                worker.stay_on(against.cores_of(number, threads))
                worker.turn(options.secs if number else min(options.secs, 0.5), counts=number > 0)
    finally:
        for worker in workers:
            worker.close()
    return [worker.times for worker in workers]


def describe(case, threads, dynamic, static):
    a, b = statistics.median(dynamic), statistics.median(static)
    return {"network": case.network, "batch": case.batch, "threads": threads, "dynamic_ms": a, "static_ms": b,
            "dynamic_min_ms": min(dynamic), "static_min_ms": min(static), "ratio": a / b,
            "ratio_of_min": min(dynamic) / min(static)}


def show(row):
    print(f"{row['network']:20} {row['batch']:5} {row['threads']:7} {row['dynamic_ms']:10.3f} {row['static_ms']:10.3f} "
          f"{row['dynamic_min_ms']:10.3f} {row['static_min_ms']:10.3f} {row['ratio']:6.3f} {row['ratio_of_min']:6.3f}",
          flush=True)


def parse():
    parser = argparse.ArgumentParser(description="Code for any batch beside code for one, in turns.")
    parser.add_argument("--weft", default=str(against.ROOT / "build/release/bin/weft"))
    parser.add_argument("--models", default="", help="names of test/networks/zoo.py, with commas (default: all)")
    parser.add_argument("--set", default="full", help="full, small or recurrent")
    parser.add_argument("--threads", type=against.integers, default=[1])
    parser.add_argument("--batch", type=against.integers, default=[1, 8])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each library that count")
    parser.add_argument("--secs", type=float, default=0.5, help="how long a turn is")
    parser.add_argument("--flags", type=str.split, default=[], help="more flags of weft build")
    parser.add_argument("--csv", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=against.ROOT / "build/networks/bench")
    options = parser.parse_args()
    options.out = options.out.resolve()
    return options


def main():
    options = parse()
    print(f"{'network':20} batch threads {'dynamic':>10} {'static':>10} {'min':>10} {'min':>10} {'ratio':>6} {'of min':>6}")
    rows, failures = [], 0
    for network in options.models.split(",") if options.models else against.networks(options):
        for batch in options.batch:
            try:
                case = prepare(network, batch, options)
                for threads in options.threads:
                    rows.append(describe(case, threads, *compare(case, threads, options)))
                    show(rows[-1])
            except against.WorkerError as error:
                print(f"{network:20} {batch:5} {error}", flush=True)
                failures += 1
    slow = [row for row in rows if row["ratio"] > 1.05 and row["ratio_of_min"] > 1.05]
    print(f"{len(slow)} of {len(rows)} are more than 5 % slower for any size than for one")
    against.write_csv(options.csv, rows)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
