# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The parser takes what the grammar of docs/language.md makes: random files are derived from its
# productions, and each has to parse, and to print as a text with the same tree. Derivation is seeded:
# a failure comes again. What the page says in words instead of productions is in `SPECIAL` below.
#
# RUN: %python %s %root %t
import pathlib
import random
import re
import subprocess
import sys

FILES = 30
DEPTH = 24  # beyond it, each choice takes its shortest way out


def read_grammar(page):
    """{name: tree}; a tree is ("seq" | "or" | "opt" | "rep", [trees]), ("text", s) or ("name", s)."""
    lines = [l for block in re.findall(r"^```grammar\n(.*?)^```$", page, re.M | re.S) for l in block.splitlines()]
    return {line.split(" = ", 1)[0]: parse_rule(line.split(" = ", 1)[1]) for line in lines}


def parse_rule(text):
    tokens = re.findall(r'"[^"]*"|[a-z][a-z-]*|[\[\]{}()|]', text)
    closing = {"[": ("]", "opt"), "{": ("}", "rep"), "(": (")", "seq")}

    def alternatives(stop):
        choices, sequence = [], []
        while tokens and tokens[0] != stop:
            token = tokens.pop(0)
            if token == "|":
                choices.append(("seq", sequence))
                sequence = []
            elif token in closing:
                end, kind = closing[token]
                sequence.append((kind, [alternatives(end)]))
                assert tokens.pop(0) == end
            elif token.startswith('"'):
                sequence.append(("text", token[1:-1]))
            else:
                sequence.append(("name", token))
        return ("or", choices + [("seq", sequence)])

    return alternatives(None)


class Writer:
    """Derives text from the grammar."""

    def __init__(self, grammar, seed):
        self.grammar, self.random, self.depth, self.out = grammar, random.Random(seed), 0, []
        self.heights = {}
        for _ in range(len(grammar)):  # the least depth of each production, to a fixed point
            for name, tree in grammar.items():
                self.heights[name] = 1 + self.height(tree)

    def height(self, tree):
        kind, inner = tree
        if kind == "name":
            return self.heights.get(inner, 1000) if inner in self.grammar else 0
        if kind in ("text", "opt", "rep"):
            return 0
        heights = [self.height(each) for each in inner]
        return min(heights) if kind == "or" else max(heights, default=0)

    def chance(self, likely=0.4):
        return self.random.random() < (likely if self.depth < DEPTH else 0)

    def put(self, *texts):
        self.out += texts

    def write(self, tree):
        kind, inner = tree
        if kind == "text":
            self.put(inner)
        elif kind == "name":
            self.name(inner)
        elif kind == "seq":
            for each in inner:
                self.write(each)
        elif kind == "or":
            low = min(map(self.height, inner))
            self.write(self.random.choice([c for c in inner if self.depth < DEPTH or self.height(c) == low]))
        elif kind == "opt":
            if self.chance():
                self.write(inner[0])
        else:
            while self.chance():
                self.write(inner[0])

    def name(self, name):
        self.depth += 1
        if name in SPECIAL:
            SPECIAL[name](self)
        else:
            self.write(self.grammar[name])
        # Declarations, members and statements end with their line.
        if name in ("import", "declaration", "member", "statement"):
            self.put("\n")
        self.depth -= 1

    def tight(self, write):
        """Runs `write` and joins what it writes without blanks."""
        before = len(self.out)
        write()
        self.out[before:] = ["".join(self.out[before:])]


def unary(writer):
    """A minus at the beginning of a line is one only without a blank after it."""
    if writer.chance(0.2):
        writer.tight(lambda: writer.put(writer.random.choice("-!"), "(x)"))
    else:
        writer.name("power")


def function(writer):
    """A function has a name outside of models; and where it is exported."""
    export = writer.chance()
    writer.put(*["export"] * export, "fn", "f")
    writer.name("parameters")
    if writer.chance():
        writer.put("->")
        writer.name("type")
    writer.name("block")
    if writer.chance():
        writer.put("vjp")
        writer.name("lambda")


def call(writer):
    """Arguments without a name come first; `<` and `(` follow directly."""
    if writer.chance(0.2):
        writer.out[-1:] = [writer.out[-1] + "<f32[N, ...S], T>("]
    else:
        writer.put("(")
    for prefix in ("", "a:", "b:"):
        while writer.chance(0.3):
            writer.put(prefix)
            writer.name("expression")
            writer.put(",")
    writer.put(")")
    if writer.chance(0.2):
        writer.name("lambda")


def header(word):
    """Before the braces of `if` and `for`, `training` is a name: the parentheses lift that."""

    def write(writer):
        writer.put(word)
        if word == "for":
            writer.name("pattern")
            writer.put("in")
        writer.put("(")
        writer.name("expression")
        writer.put(")")
        writer.name("block")
        if word == "if" and writer.chance():
            writer.put("else")
            writer.name("block")

    return write


SPECIAL = {
    "name": lambda writer: writer.put(writer.random.choice(["x", "N", "weight_2", "model", "param", "_"])),
    "integer": lambda writer: writer.put(writer.random.choice(["0", "1_000", "0xFF", "18446744073709551615"])),
    "float": lambda writer: writer.put(writer.random.choice(["0.5", "1e-3", "2.25e+10"])),
    "string": lambda writer: writer.put(writer.random.choice(['""', '"a \\"b\\" \\u{3BC}"'])),
    "unary": unary,
    "function": function,
    "call": call,
    "if": header("if"),
    "for": header("for"),
}


def parse(path, text):
    path.write_text(text)
    return subprocess.run(["weft-parse", "--alone", path], capture_output=True, text=True, timeout=60)


def main(root, folder):
    root, folder = pathlib.Path(root), pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    grammar = read_grammar((root / "docs/language.md").read_text())
    sizes = []
    for seed in range(FILES):
        writer = Writer(grammar, seed)
        for _ in range(4):
            writer.name(writer.random.choice(["import", "declaration", "declaration"]))
        text = " ".join(writer.out)
        sizes.append(len(text))
        first = parse(folder / f"sentence{seed}.weft", text)
        if first.returncode != 0:
            print(f"seed {seed} does not parse:\n{first.stderr[:2000]}")
            return 1
        second = parse(folder / f"printed{seed}.weft", first.stdout)
        if second.stdout != first.stdout:
            print(f"seed {seed} prints as another tree:\n{second.stderr[:2000]}")
            return 1
    assert sum(sizes) > 100000, f"hardly anything was derived: {sum(sizes)} characters"
    return 0


sys.exit(main(*sys.argv[1:]))
