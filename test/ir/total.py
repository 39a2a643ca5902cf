# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Verifiers and folders are total: whatever attributes, types and operands stand in the text, the
# answer is an error or a result, never a crash. Mutates the round-trip tests at fixed seeds, with
# sizes and lists that are apt to overflow, and runs all of it through the canonicaliser.
#
# RUN: %python %s %root > %t.mlir
# RUN: not weft-opt %t.mlir -split-input-file --canonicalize > %t.out 2> %t.err
# RUN: FileCheck %s < %t.err
# CHECK-NOT: Stack dump
# CHECK: error:
# CHECK-NOT: Stack dump
import pathlib
import random
import re
import subprocess
import sys

FILES = ["elementwise", "movement", "reduction", "contraction", "normalisation", "structure"]
MUTANTS = 25  # of each operation
NUMBERS = ["0", "1", "-1", "2", "7", "9223372036854775807", "-9223372036854775808", "4611686018427387904"]
SIZES = ["0", "1", "2", "3", "?", "65537", "9223372036854775807"]
ELEMENTS = ["f32", "f64", "bf16", "i1", "i8", "i64", "ui8", "ui64", "index", "f8E4M3FN", "i3"]
DIMS = ["N", "M", "0", "1", "-1", "N / 2", "N * M", "9223372036854775807 * N", "N - M"]


def number(text, chance):
    return chance.choice(NUMBERS)


def tensor(text, chance):
    if chance.random() < 0.1:
        return chance.choice(["f32", "tensor<*xf32>", "memref<3xf32>", "tensor<f32>"])
    sizes = re.findall(r"(\d+|\?)x", text)
    for _ in range(chance.randrange(1, 3)):
        kind = chance.randrange(4)
        if kind == 0 and sizes:
            sizes[chance.randrange(len(sizes))] = chance.choice(SIZES)
        elif kind == 1:
            sizes.insert(chance.randrange(len(sizes) + 1), chance.choice(SIZES))
        elif kind == 2 and sizes:
            sizes.pop(chance.randrange(len(sizes)))
    element = re.search(r"(?:[\d?*]x|<)([a-z]\w*)[,>]", text).group(1)
    if chance.random() < 0.2:
        element = chance.choice(ELEMENTS)
    encoding = ""
    if "?" in sizes and chance.random() < 0.8:
        dims = [chance.choice(DIMS[:2]) if s == "?" else s for s in sizes]
        encoding = f", #weft.shape<[{', '.join(dims)}]>"
    return "tensor<" + "".join(s + "x" for s in sizes) + element + encoding + ">"


def listing(text, chance):
    entries = [chance.choice(NUMBERS) for _ in range(chance.randrange(4))]
    return "array<i64>" if not entries else "array<i64: " + ", ".join(entries) + ">"


def shape(text, chance):
    return "#weft.shape<[" + ", ".join(chance.choice(DIMS) for _ in range(chance.randrange(4))) + "]>"


MUTATIONS = [
    (re.compile(r"tensor<[^<>]*(?:#weft\.shape<\[[^\]]*\]>)?>"), tensor),
    (re.compile(r"array<i64[^>]*>"), listing),
    (re.compile(r"(?<=[= ])-?\d+(?= : i64)"), number),
    (re.compile(r"(?<== )#weft\.shape<\[[^\]]*\]>"), shape),
    (re.compile(r'(?<=equation = )"[^"]*"'), lambda t, c: c.choice(['"ik,kj->ij"', '""', '"->"', '","', '"aa,->"', '"\\ff,b->b"'])),
    (re.compile(r"operandSegmentSizes = array<i32[^>]*>"), lambda t, c: "operandSegmentSizes = array<i32: 1, 1>"),
]


def mutate(text, chance):
    pattern, change = chance.choice(MUTATIONS)
    found = list(pattern.finditer(text))
    if not found:
        return text
    place = chance.choice(found)
    old, new = place.group(0), change(place.group(0), chance)
    # A type changes everywhere at once, or nothing would get past the parser.
    return text.replace(old, new) if change is tensor and chance.random() < 0.7 else (
        text[: place.start()] + new + text[place.end() :])


def operand_types(line):
    """The types before the arrow of `... : (a, b) -> c`."""
    inside, depth, types = line.rsplit(" : (", 1)[1], 0, [""]
    for letter in inside:
        depth += {"<": 1, "(": 1, "[": 1, ">": -1, ")": -1, "]": -1}.get(letter, 0)
        if depth < 0:
            break
        if letter == "," and depth == 0:
            types.append("")
        else:
            types[-1] += letter
    return [t.strip() for t in types if t.strip()]


def around(line):
    """A function of its own for one operation in generic form."""
    types = operand_types(line)
    operands = ", ".join(f"%a{i}" for i in range(len(types)))
    call = re.sub(r'^.*?"(.*?)"\(.*?\)', rf'%r = "\1"({operands})', line.strip(), count=1)
    arguments = ", ".join(f"%a{i}: {t}" for i, t in enumerate(types))
    result = line.rsplit(") -> ", 1)[1]  # Returned, or it would be dead before it is folded.
    return (f"func.func @f({arguments}) -> {result} {{\n  {call}\n"
            f"  return %r : {result}\n}}\n// -----")


def main(root):
    chance = random.Random(2)
    for file in FILES:
        generic = subprocess.run(["weft-opt", "--mlir-print-op-generic", root / f"test/ir/{file}.mlir"],
                                 check=True, capture_output=True, text=True).stdout
        # Operations without regions stand on one line; each is mutated alone, since one error
        # hides those after it.
        for line in re.findall(r'(?m)^ *(?:%\S+ = )?"weft\.(?!yield|parameter).*\) -> .*$', generic):
            for _ in range(MUTANTS):
                mutant = line
                for _ in range(chance.randrange(1, 4)):
                    mutant = mutate(mutant, chance)
                print(around(mutant))
        for function in re.findall(r'(?ms)^  "func\.func".*?^  }\) : \(\) -> \(\)$', generic):
            for _ in range(MUTANTS if function.count("({") > 1 else 0):
                print(mutate(mutate(function, chance), chance) + "\n// -----")


main(pathlib.Path(sys.argv[1]))
