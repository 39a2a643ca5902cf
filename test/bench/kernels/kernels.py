# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times single products and convolutions beside oneDNN, OpenBLAS and BLIS, in f32 on one thread.

    python3 test/bench/kernels/kernels.py [--only resnet] [--csv FILE] [--baseline OTHER/weft] [--no-peers]

Writes one source with a function for each shape, compiles it with `weft build`, compiles the program beside
this script, and runs it. All that compute one shape are called in turns, in random order, by Google Benchmark,
the loop of ../peak.c among them. A line holds Weft's median in us, its GFLOP/s and share of the FMA peak, the
ratio to the best peer (above 1: Weft is faster) and the times of the others. Products count as direct sums:
Winograd can exceed the peak. Rows of a product are plain for all; oneDNN has its weights, and input and result of
a convolution, in the layouts that it asks for, made ahead. Not a test: nothing is asserted about time, but results
that differ end the run. Let nothing else run.

Needs the Debian packages libbenchmark-dev, and unless --no-peers is given libdnnl-dev, libopenblas-dev and
libblis-dev.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = pathlib.Path(__file__).resolve().parent

# rows, inputs, outputs
PRODUCTS = [(n, n, n) for n in (64, 128, 256, 512, 1024, 2048)] + [
    (m, k, n) for m in (128, 197) for k, n in ((768, 768), (3072, 768), (768, 3072))] + [
    (37, 53, 91), (100, 100, 100), (1000, 1000, 1000), (1, 768, 768), (1, 4096, 1024), (1, 2048, 1000)]

# input channels, output channels, input size, window, stride, groups
RESNET50 = [(3, 64, 224, 7, 2, 1),
            (64, 64, 56, 1, 1, 1), (64, 64, 56, 3, 1, 1), (64, 256, 56, 1, 1, 1),
            (256, 64, 56, 1, 1, 1), (256, 128, 56, 1, 1, 1), (128, 128, 56, 3, 2, 1),
            (128, 512, 28, 1, 1, 1), (256, 512, 56, 1, 2, 1), (512, 128, 28, 1, 1, 1),
            (128, 128, 28, 3, 1, 1), (512, 256, 28, 1, 1, 1), (256, 256, 28, 3, 2, 1),
            (256, 1024, 14, 1, 1, 1), (512, 1024, 28, 1, 2, 1), (1024, 256, 14, 1, 1, 1),
            (256, 256, 14, 3, 1, 1), (1024, 512, 14, 1, 1, 1), (512, 512, 14, 3, 2, 1),
            (512, 2048, 7, 1, 1, 1), (1024, 2048, 14, 1, 2, 1), (2048, 512, 7, 1, 1, 1),
            (512, 512, 7, 3, 1, 1)]
POINTWISE = [(i, o, s, 1, 1, 1) for i, o, s in [
    (32, 16, 112), (16, 96, 112), (96, 24, 56), (24, 144, 56), (144, 24, 56), (144, 32, 28),
    (32, 192, 28), (192, 32, 28), (192, 64, 14), (64, 384, 14), (384, 64, 14), (384, 96, 14),
    (96, 576, 14), (576, 96, 14), (576, 160, 7), (160, 960, 7), (960, 160, 7), (960, 320, 7),
    (320, 1280, 7)]] + [(3, 32, 224, 3, 2, 1)]
DEPTHWISE = [(c, c, s, 3, stride, c) for c, s, stride in [
    (32, 112, 1), (96, 112, 2), (144, 56, 1), (144, 56, 2), (192, 28, 1), (192, 28, 2),
    (384, 14, 1), (576, 14, 1), (576, 14, 2), (960, 7, 1)]]
# Of ResNeXt-50 32x4d and RegNetY-400MF, which has groups of 8.
GROUPED = [(c, c, s, 3, stride, 32) for c, s, stride in [
    (128, 56, 1), (256, 56, 2), (256, 28, 1), (512, 28, 2), (512, 14, 1), (1024, 14, 2), (1024, 7, 1)]] + [
    (c, c, s, 3, stride, c // 8) for c, s, stride in [
        (48, 112, 2), (104, 56, 2), (104, 28, 1), (208, 28, 2), (208, 14, 1), (440, 14, 2), (440, 7, 1)]]
FAMILIES = {"resnet50": RESNET50, "mobilenet": POINTWISE, "depthwise": DEPTHWISE, "grouped": GROUPED}


def product(number, rows, inputs, outputs):
    function = f"k{number}"
    line = f"gemm {rows}x{inputs}x{outputs}, {function} {rows} {inputs} {outputs} 0 0 1 0 1"
    return line, f"""
  param {function}_weights: f32[{inputs}, {outputs}] = uniform(low: -1.0, high: 1.0)
  export fn {function}(x: f32[{rows}, {inputs}]) -> f32[{rows}, {outputs}] {{
    einsum("mk, kn -> mn", x, {function}_weights)
  }}
"""


def convolution(number, family, inputs, outputs, size, taps, stride, groups):
    """Channels stand last, as between the layers of a network: what turns them is undone."""
    function, pad = f"k{number}", taps // 2
    out = (size + 2 * pad - taps) // stride + 1
    name = f"{family} {inputs}-{outputs} {size}x{size} k{taps} s{stride}"
    line = f"{name}, {function} 1 {inputs} {outputs} {size} {taps} {stride} {pad} {groups}"
    return line, f"""
  param {function}_weights: f32[{outputs}, {inputs // groups}, {taps}, {taps}] = uniform(low: -1.0, high: 1.0)
  export fn {function}(x: f32[1, {size}, {size}, {inputs}]) -> f32[1, {out}, {out}, {outputs}] {{
    let y = conv(transpose(x, [0, 3, 1, 2]), {function}_weights, stride: {stride}, padding: {pad}, groups: {groups})
    transpose(y, [0, 2, 3, 1])
  }}
"""


def kernels(only):
    """Lines that describe the shapes, and the source."""
    made = [product(number, *extents) for number, extents in enumerate(PRODUCTS)]
    for family, layers in FAMILIES.items():
        made += [convolution(len(made) + number, family, *layer) for number, layer in enumerate(layers)]
    made = [(line, text) for line, text in made if any(part in line.split(",")[0] for part in only.split("|"))]
    return [line for line, _ in made], "model Kernels() {" + "".join(text for _, text in made) + "}\n"


def environment():
    """One thread each, and the kernels for this processor where a library is older than it."""
    chosen = {name: value for name, value in os.environ.items()
              if not name.startswith(("OPENBLAS_", "BLIS_", "OMP_", "GOMP_", "DNNL_", "ONEDNN_"))}
    chosen |= {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS")}
    if " avx512f " in pathlib.Path("/proc/cpuinfo").read_text():
        # What OpenBLAS 0.3.21 and BLIS 0.9 take for processors that are newer than they are has half the width.
        chosen |= {"OPENBLAS_CORETYPE": "SkylakeX", "BLIS_ARCH_TYPE": "0"}
    return chosen


def run(command, **more):
    done = subprocess.run([str(word) for word in command], **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed")


def compile_program(folder, with_peers):
    """The program, compiled anew where a file of this folder is newer."""
    program = folder / ("kernels" if with_peers else "kernels-alone")
    peak = ROOT / "test/bench/peak.c"
    if program.exists() and program.stat().st_mtime > max(file.stat().st_mtime for file in [peak, *HERE.iterdir()]):
        return program
    run(["clang-22", "-O2", "-march=native", "-ffp-contract=fast", "-DWEFT_PEAK_WITHOUT_MAIN", "-c", peak,
         "-o", folder / "peak.o"])
    peers = [HERE / "Peers.cpp", "-ldnnl"] if with_peers else [HERE / "NoPeers.cpp"]
    run(["clang++-22", "-std=c++20", "-O2", f"-I{ROOT}", HERE / "Kernels.cpp", *peers, folder / "peak.o",
         "-lbenchmark", "-lpthread", "-ldl", "-o", program])
    return program


def build(weft, source, folder, flags):
    """A library, whose file has the name of its model, and its weights."""
    run([weft, "build", source, "-o", folder, "--emit", "shared,weights", *flags])
    return f"{folder / 'libkernels.so'},{folder / 'kernels.safetensors'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weft", default=str(ROOT / "build/release/bin/weft"))
    parser.add_argument("--baseline", help="another weft command, to compare with")
    parser.add_argument("--only", default="", help="parts of the names to run, with | between them")
    parser.add_argument("--no-peers", action="store_true", help="time Weft alone")
    parser.add_argument("--repetitions", type=int, default=9, help="turns, of which the median counts")
    parser.add_argument("--secs", type=float, default=0.02, help="how long each turn is at least")
    parser.add_argument("--flags", type=str.split, default=[], help="more flags of weft build")
    parser.add_argument("--csv", default="-", help="a file for all medians")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/kernels")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    program = compile_program(options.out, not options.no_peers)
    lines, source = kernels(options.only)
    if not lines:
        sys.exit(f"no kernel has '{options.only}' in its name")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "kernels.weft").write_text(source)
        (folder / "shapes").write_text("\n".join(lines) + "\n")
        names = {"weft": options.weft} | ({"baseline": options.baseline} if options.baseline else {})
        libraries = [f"{name}={build(weft, folder / 'kernels.weft', folder / name, options.flags)}"
                     for name, weft in names.items()]
        run([program, folder / "shapes", options.csv, *libraries, "--",
             f"--benchmark_repetitions={options.repetitions}", f"--benchmark_min_time={options.secs}",
             "--benchmark_enable_random_interleaving=true"], env=environment())


if __name__ == "__main__":
    main()
