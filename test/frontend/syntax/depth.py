# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Whatever nests without end is one error, [too-deep], and no crash; what nests reasonably is fine.
# Each shape is a function of the depth and gives the text of a file.
#
# RUN: %python %s %t
import pathlib
import re
import subprocess
import sys


def body(text):
    return "fn f(x: f32) { " + text + " }\n"


SHAPES = {
    "parentheses": lambda n: body("(" * n + "x" + ")" * n),
    "lists": lambda n: body("[" * n + "x" + "]" * n),
    "calls": lambda n: body("f(" * n + "x" + ")" * n),
    "blocks": lambda n: body("if x { " * n + "x" + " }" * n),
    "else": lambda n: body("if x { x } " + "else if x { x } " * n),
    "lambdas": lambda n: body("|x| { " * n + "x" + " }" * n),
    "loops": lambda n: body("for i in x { " * n + "x" + " }" * n),
    "regions": lambda n: body("training { " * n + "x" + " }" * n),
    "negations": lambda n: body("-" * n + "x"),
    "powers": lambda n: body("x ** " * n + "x"),
    "comprehensions": lambda n: body("[x for x in " * n + "x" + "]" * n),
    "patterns": lambda n: body("let " + "(" * n + "a" + ")" * n + " = x"),
    "types": lambda n: f"fn f(x: {'[' * n}f32{']' * n}) {{ x }}\n",
    "function types": lambda n: f"fn f(x: {'fn(' * n}f32{')' * n}) {{ x }}\n",
    "dimensions": lambda n: f"fn f(x: f32[{'(' * n}N{')' * n}]) {{ x }}\n",
    "models": lambda n: " model A {\n" * n + "}\n" * n,
    "indices": lambda n: body("x[" * n + "0" + "]" * n),
    # Operators in a row make the tree as high as brackets do.
    "sums": lambda n: body("x" + " + x" * n),
    "pipes": lambda n: body("x" + " |> f" * n),
    "fields": lambda n: body("x" + ".T" * n),
    "call chains": lambda n: body("x" + "()" * n),
    "index chains": lambda n: body("x" + "[0]" * n),
}


def run(shape, depth, folder):
    path = folder / f"{shape.replace(' ', '-')}-{depth}.weft"
    path.write_text(SHAPES[shape](depth))
    return subprocess.run(["weft-parse", "--alone", path], capture_output=True, text=True, timeout=60)


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mistakes = []
    for shape in SHAPES:
        shallow = run(shape, 40, folder)
        if shallow.returncode != 0 and shape != "models":  # Models never nest.
            mistakes.append(f"{shape}: 40 levels are refused: {shallow.stderr[:300]}")
        deep = run(shape, 20000, folder)
        kinds = re.findall(r"error: .*\[([a-z-]+)\]$", deep.stderr, re.M)
        # error: this nests more than 200 levels deep [too-deep]
        if deep.returncode != 1 or kinds != ["too-deep"]:
            mistakes.append(f"{shape}: exit code {deep.returncode}, {kinds}")
    print("\n".join(mistakes))
    return 1 if mistakes else 0


sys.exit(main(*sys.argv[1:]))
