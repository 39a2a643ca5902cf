# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times single contractions and convolutions as `weft` compiles them, in f32 on one thread.

    python3 test/bench/kernels.py --weft build/release/bin/weft [--baseline OTHER/weft] [--only depthwise]

Prints GFLOP/s of the fastest call. With --baseline, the two compilers take turns, and the last
column is the ratio of their fastest calls. Not a test: nothing is asserted about time.
"""
import argparse
import json
import math
import pathlib
import subprocess
import tempfile

# name, (M, K, N): rows by the weights of a linear layer
CONTRACTIONS = [(f"gemm {n}", (n, n, n)) for n in (64, 128, 256, 512, 1024, 2048)] + [
    (f"gemm {m}x{k}x{n}", (m, k, n))
    for m, k, n in [(128, 768, 768), (128, 3072, 768), (128, 768, 3072), (197, 768, 768),
                    (1, 768, 768), (1, 4096, 1024), (1, 2048, 1000), (37, 91, 53)]]

# input channels, output channels, input size, kernel, stride, groups
RESNET = [(3, 64, 224, 7, 2, 1),
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
    (384, 14, 1), (576, 14, 1), (576, 14, 2), (960, 7, 1)]] + [(240, 240, 28, 5, 1, 240)]
FAMILIES = {"resnet": RESNET, "mobilenet": POINTWISE, "depthwise": DEPTHWISE}


def module(name, types, operation):
    first, second, result = (f"tensor<{'x'.join(map(str, t))}xf32>" for t in types)
    return (f"module @{name} {{\n  func.func @f(%x: {first} {{weft.name = \"x\"}}, "
            f"%w: {second} {{weft.name = \"w\"}}) -> ({result} {{weft.name = \"y\"}}) "
            f"attributes {{weft.export}} {{\n    %0 = {operation} : {first}, {second} -> {result}\n"
            f"    return %0 : {result}\n  }}\n}}\n")


def contraction(m, k, n):
    text = module("gemm", [(m, k), (k, n), (m, n)], 'weft.contract "mk,kn->mn" %x, %w')
    return text, 2 * m * k * n


def convolution(inputs, outputs, size, taps, stride, groups):
    pad = taps // 2
    out = (size + 2 * pad - taps) // stride + 1
    types = [(1, inputs, size, size), (outputs, inputs // groups, taps, taps),
             (1, outputs, out, out)]
    operation = (f"weft.conv %x, %w strides [{stride}, {stride}] pad [{pad}, {pad}] "
                 f"[{pad}, {pad}] dilations [1, 1] groups {groups}")
    return module("conv", types, operation), 2 * outputs * out * out * inputs // groups * taps**2


def packed_contraction(m, k, n, width):
    panels = math.ceil(n / width)
    operation = "weft.packed_conv %x, %w strides [] pad [] [] dilations [] groups 1"
    return module("gemm", [(m, k), (panels, k, width), (m, n)], operation), 2 * m * k * n


def packed_convolution(inputs, outputs, size, taps, stride, groups, width):
    """Channels last, filters as codegen/cpu wants them."""
    pad = taps // 2
    out = (size + 2 * pad - taps) // stride + 1
    image, result = (1, size, size, inputs), (1, out, out, outputs)
    geometry = (f"strides [{stride}, {stride}] pad [{pad}, {pad}] [{pad}, {pad}] "
                f"dilations [1, 1]")
    if groups == inputs:
        text = module("conv", [image, (taps, taps, outputs), result],
                      f"weft.depthwise_conv %x, %w {geometry}")
    else:
        panels = groups * math.ceil(outputs / groups / width)
        text = module("conv", [image, (panels, taps, taps, inputs // groups, width), result],
                      f"weft.packed_conv %x, %w {geometry} groups {groups}")
    return text, 2 * outputs * out * out * inputs // groups * taps**2


def cases(width):
    for name, extents in CONTRACTIONS:
        yield name, *contraction(*extents)
        yield f"packed {name}", *packed_contraction(*extents, width)
    for family, layers in FAMILIES.items():
        for layer in layers:
            i, o, size, taps, stride, groups = layer
            name = f"{family} {i}->{o} {size}x{size} k{taps} s{stride}"
            yield name, *convolution(*layer)
            yield f"packed {name}", *packed_convolution(*layer, width)


def fastest(weft, file, seconds):
    """Milliseconds of the fastest call."""
    command = [weft, "bench", str(file), "f", "--threads", "1", "--secs", str(seconds), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}{done.stdout}")
    return json.loads(done.stdout.splitlines()[-1])["min_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weft", required=True)
    parser.add_argument("--baseline", help="another weft command, to compare with")
    parser.add_argument("--only", default="", help="part of the names to run")
    parser.add_argument("--width", type=int, default=32, help="of the panels of packed filters")
    parser.add_argument("--secs", type=float, default=0.5, help="how long each turn measures")
    parser.add_argument("--turns", type=int, default=2)
    arguments = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "kernel.mlir"
        for name, text, operations in cases(arguments.width):
            if arguments.only not in name:
                continue
            file.write_text(text)
            commands = [c for c in (arguments.weft, arguments.baseline) if c]
            best = [math.inf] * len(commands)
            for _ in range(arguments.turns):
                for number, command in enumerate(commands):
                    best[number] = min(best[number], fastest(command, file, arguments.secs))
            line = f"{name:42} {operations / best[0] / 1e6:8.1f} GFLOP/s"
            if arguments.baseline:
                ratios.append(best[1] / best[0])
                line += f" {operations / best[1] / 1e6:8.1f} {ratios[-1]:7.2f}x"
            print(line, flush=True)
    if ratios:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        print(f"geometric mean of {len(ratios)} ratios: {mean:.2f}x")


if __name__ == "__main__":
    main()
