# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Prints what compiling each network of test/networks/ costs, beside the marks that hold for it.
#   python3 test/bench/compile_time.py --weft build/release/bin/weft [--only resnet50,bert_base] [--dynamic]
#
# Marks of time are by the wall clock, so nothing else should run; CPU time stands beside it.
import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ZOO = ROOT / "test" / "networks"
sys.path.insert(0, str(ZOO))

from measure import measure  # noqa: E402

MB = 1e6
MOST_SECONDS = {"resnet50": 10, "bert_base": 20}


def most_memory(weights_bytes):
    return 2 * weights_bytes + 500 * MB


def networks():
    """The names, from a process of its own: PyTorch here would count as memory of the commands."""
    done = subprocess.run([sys.executable, ZOO / "zoo.py"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def export(name, options):
    subprocess.run([sys.executable, ZOO / "export.py", name, options.out], check=True, stdout=subprocess.DEVNULL)
    return options.out / name / ("dynamic.onnx" if options.dynamic else "static.onnx")


def size_of(folder, extension):
    return sum(path.stat().st_size for path in folder.glob(f"*{extension}"))


def over(name, cost, weights_bytes):
    """Which marks the figures exceed."""
    marks = []
    if cost.wall_s > MOST_SECONDS.get(name, float("inf")):
        marks.append(f"over {MOST_SECONDS[name]} s")
    if cost.peak_bytes > most_memory(weights_bytes):
        marks.append("over 2x the weights + 500 MB")
    return marks


def row(name, options):
    """Prints one line; gives whether all marks hold."""
    model = export(name, options)
    with tempfile.TemporaryDirectory(dir=options.out) as folder:
        folder = pathlib.Path(folder)
        cost = measure([options.weft, "build", model, "-o", folder])
        if cost.status != 0:
            print(f"{name:20} weft build: exit status {cost.status}: {cost.errors.strip()[:300]}", flush=True)
            return False
        weights_bytes, code_bytes = size_of(folder, ".safetensors"), size_of(folder, ".so")
    marks = over(name, cost, weights_bytes)
    print(f"{name:20} {cost.wall_s:8.1f} {cost.cpu_s:8.1f} {cost.peak_bytes / MB:9.0f} "
          f"{most_memory(weights_bytes) / MB:9.0f} {weights_bytes / MB:9.1f} {code_bytes / MB:9.2f}  "
          f"{', '.join(marks)}", flush=True)
    return not marks


def main():
    parser = argparse.ArgumentParser(description="Compile time and memory of whole networks.")
    parser.add_argument("--weft", default=str(ROOT / "build/release/bin/weft"))
    parser.add_argument("--only", default="", help="names of networks, with commas")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/networks/full",
                        help="folder of the exported models, shared with test/conformance/networks.py")
    parser.add_argument("--dynamic", action="store_true", help="the files whose batch has a name")
    options = parser.parse_args()
    options.out = options.out.resolve()
    if not shutil.which(options.weft):
        sys.exit(f"no program '{options.weft}'")
    print(f"{'network':20} {'wall, s':>8} {'CPU, s':>8} {'peak, MB':>9} {'most, MB':>9} {'weights':>9} "
          f"{'library':>9}")
    held = [row(name, options) for name in (options.only.split(",") if options.only else networks())]
    print(f"{sum(held)} of {len(held)} keep the marks: at most twice the weights and 500 MB; "
          + ", ".join(f"{name} {most} s" for name, most in MOST_SECONDS.items()))
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
