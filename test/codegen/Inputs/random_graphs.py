# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Random graphs of operations, compiled and by the evaluator: what fusion, memory plan and kernels
# make of a program must be the program.
#
#   random_graphs.py FIRST COUNT [--keep DIRECTORY]      seeds FIRST .. FIRST + COUNT - 1
#
# A graph has values that several operations use, views of views, reductions of chains, two roots
# that meet in a sum, loops, and dimensions that are known, named N, or 0 and 1. Values are kept
# small integers or well inside of the range of floats, so that the order of a sum hardly shows.
import argparse
import os
import random
import subprocess
import sys
import tempfile

import numpy as np

ELEMENTS = {"f32": np.float32, "i32": np.int32, "i1": np.bool_}


class Graph:
    """One exported function with the text of its body."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.values = []  # (name, dims, element); a dim is an int or "N"
        self.inputs = []
        self.inexact = set()  # names of values that depend on the order of a sum or on a polynomial
        self.numNames = 0

    def type(self, dims, element):
        sizes = "x".join("?" if d == "N" else str(d) for d in dims)
        encoding = ""
        if "N" in dims:
            encoding = ", #weft.shape<[" + ", ".join(map(str, dims)) + "]>"
        return f"tensor<{sizes}{'x' if dims else ''}{element}{encoding}>"

    def emit(self, text, dims, element, exact=True):
        name = f"%v{self.numNames}"
        self.numNames += 1
        self.lines.append(f"  {name} = {text}")
        if not exact or any(word.strip(",()[]") in self.inexact for word in text.split()):
            self.inexact.add(name)
        self.values.append((name, tuple(dims), element))
        return self.values[-1]

    def pick(self, wanted=lambda v: True):
        """A value, more often a late one; None if there is none."""
        fitting = [v for v in self.values if wanted(v)]
        if not fitting:
            return None
        return fitting[min(int(self.random.expovariate(0.25)), len(fitting) - 1) * -1 - 1]

    def addInput(self, dims, element):
        name = f"%in{len(self.inputs)}"
        self.inputs.append((name, tuple(dims), element))
        self.values.append((name, tuple(dims), element))

    # Each of these adds one operation, or nothing if no value fits.

    def bounded(self, value):
        """tanh, or a clamp where that would lose exactness: values stay small in any chain."""
        name, dims, element = value
        t = self.type(dims, element)
        if element != "f32":
            return
        if name in self.inexact:
            self.emit(f"weft.tanh {name} : {t}", dims, element, exact=False)
            return
        for op, limit in (("min", 4.0), ("max", -4.0)):
            scalar = self.emit(f"weft.constant dense<{limit}> : tensor<f32>", (), "f32")
            splat = self.emit(f"weft.broadcast {scalar[0]} along [] : tensor<f32> -> {t}", dims, element)
            name = self.emit(f"weft.{op} {name}, {splat[0]} : {t}", dims, element)[0]

    def unary(self):
        value = self.pick(lambda v: v[2] != "i1")
        name, dims, element = value
        ops = {"f32": ["neg", "abs", "sigmoid", "tanh", "sin", "floor"], "i32": ["neg", "abs", "sign"]}
        op = self.random.choice(ops[element])
        if op == "floor" and name in self.inexact:  # It may stand on either side of a step.
            op = "neg"
        self.emit(f"weft.{op} {name} : {self.type(dims, element)}", dims, element,
                  exact=op not in ("sigmoid", "tanh", "sin"))

    def binary(self):
        a = self.pick(lambda v: v[2] != "i1")
        b = self.pick(lambda v: v[1:] == a[1:])
        op = self.random.choice(["add", "sub", "max", "min"] + (["mul"] if a[2] == "f32" else []))
        result = self.emit(f"weft.{op} {a[0]}, {b[0]} : {self.type(*a[1:])}", *a[1:])
        self.bounded(result)

    def choose(self):
        a = self.pick(lambda v: v[2] != "i1" and v[0] not in self.inexact)
        b = self.pick(lambda v: v[1:] == a[1:] and v[0] not in self.inexact)
        predicate = self.random.choice(["lt", "ge", "eq"])
        condition = self.emit(f"weft.compare {predicate} {a[0]}, {b[0]} : {self.type(*a[1:])}",
                              a[1], "i1")
        self.emit(f"weft.select {condition[0]}, {a[0]}, {b[0]} : {self.type(*a[1:])}", *a[1:])

    def convert(self):
        name, dims, element = self.pick()
        targets = [e for e in ("f32", "i32") if e != element]
        target = "f32" if name in self.inexact else self.random.choice(targets)
        self.emit(f"weft.cast {name} : {self.type(dims, element)} -> {self.type(dims, target)}",
                  dims, target)

    def broadcast(self):
        name, dims, element = self.pick(lambda v: len(v[1]) < 3)
        result = list(dims)
        place = self.random.randint(0, len(dims))
        result.insert(place, self.random.choice([2, 3, "N"]))
        along = [i if i < place else i + 1 for i in range(len(dims))]
        self.emit(f"weft.broadcast {name} along {along} : {self.type(dims, element)} -> "
                  f"{self.type(result, element)}", result, element)

    def transpose(self):
        value = self.pick(lambda v: len(v[1]) > 1)
        if not value:
            return
        name, dims, element = value
        order = list(range(len(dims)))
        self.random.shuffle(order)
        result = [dims[i] for i in order]
        self.emit(f"weft.transpose {name} {order} : {self.type(dims, element)} -> "
                  f"{self.type(result, element)}", result, element)

    def slice(self):
        value = self.pick(lambda v: any(d != "N" and d > 1 for d in v[1]))
        if not value:
            return
        name, dims, element = value
        starts, strides, result = [], [], []
        for d in dims:
            kind = self.random.choice(["all", "part", "back"])
            if d == "N" or d < 2 or kind == "all":
                starts.append(0), strides.append(1), result.append(d)
            elif kind == "back":
                starts.append(d - 1), strides.append(-1), result.append(d)
            else:
                starts.append(1), strides.append(1), result.append(d - 1)
        self.emit(f"weft.slice {name} from <[{', '.join(map(str, starts))}]> by {strides} : "
                  f"{self.type(dims, element)} -> {self.type(result, element)}", result, element)

    def reshape(self):
        value = self.pick(lambda v: len(v[1]) > 1)
        if not value:
            return
        name, dims, element = value
        at = self.random.randrange(len(dims) - 1)
        a, b = dims[at], dims[at + 1]
        if "N" in (a, b):  # N * 3 would be a dimension of a form that the rest does not expect
            result = list(dims[:at]) + [1] + list(dims[at:])
        else:
            result = list(dims[:at]) + [a * b] + list(dims[at + 2:])
        self.emit(f"weft.reshape {name} : {self.type(dims, element)} -> "
                  f"{self.type(result, element)}", result, element)

    def concat(self):
        a = self.pick(lambda v: any(d != "N" for d in v[1]))
        if not a:
            return
        axis = self.random.choice([i for i, d in enumerate(a[1]) if d != "N"])
        b = self.pick(lambda v: v[1:] == a[1:])
        result = list(a[1])
        result[axis] *= 2
        t = self.type(*a[1:])
        self.emit(f"weft.concat {axis} {a[0]}, {b[0]} : ({t}, {t}) -> {self.type(result, a[2])}",
                  result, a[2])

    def gather(self):
        value = self.pick(lambda v: len(v[1]) > 0)
        indices = self.pick(lambda v: v[2] == "i32" and len(v[1]) == 1)
        if not value or not indices:
            return
        axis = self.random.randrange(len(value[1]))
        result = list(value[1][:axis]) + list(indices[1]) + list(value[1][axis + 1:])
        self.emit(f"weft.gather {value[0]}, {indices[0]} axis {axis} : {self.type(*value[1:])}, "
                  f"{self.type(*indices[1:])} -> {self.type(result, value[2])}", result, value[2])

    def reduce(self):
        value = self.pick(lambda v: len(v[1]) > 0 and v[2] != "i1")
        name, dims, element = value
        axes = sorted(self.random.sample(range(len(dims)), self.random.randint(1, len(dims))))
        result = [d for i, d in enumerate(dims) if i not in axes]
        kind = self.random.choice(["sum", "max", "min"])
        reduced = self.emit(f"weft.reduce {kind} {name} axes {axes} : {self.type(dims, element)} -> "
                            f"{self.type(result, element)}", result, element,
                            exact=kind != "sum" or element != "f32")
        self.bounded(reduced)

    def softmax(self):
        value = self.pick(lambda v: len(v[1]) > 0 and v[2] == "f32")
        if not value:
            return
        axis = self.random.randrange(len(value[1]))
        self.emit(f"weft.softmax {value[0]} axis {axis} : {self.type(*value[1:])}", *value[1:],
                  exact=False)

    def layer_norm(self):
        value = self.pick(lambda v: len(v[1]) > 0 and v[2] == "f32")
        if not value:
            return
        axis = self.random.randrange(len(value[1]))
        scale = self.pick(lambda v: v[1:] == (value[1][axis:], "f32"))
        text = f" scale {scale[0]} : {self.type(*scale[1:])}" if scale else ""
        self.emit(f"weft.layer_norm {value[0]}{text} axis {axis} epsilon 1.0e-02 : "
                  f"{self.type(*value[1:])}", *value[1:], exact=False)

    def cumulative(self):
        value = self.pick(lambda v: len(v[1]) > 0 and v[2] != "i1")
        axis = self.random.randrange(len(value[1]))
        kind = self.random.choice(["sum", "max"])
        flags = self.random.choice(["", " exclusive", " reverse"]) if kind == "sum" else ""
        result = self.emit(f"weft.cumulative {kind} {value[0]} axis {axis}{flags} : "
                           f"{self.type(*value[1:])}", *value[1:],
                           exact=kind == "max" or value[2] != "f32")
        self.bounded(result)

    def arg(self):
        value = self.pick(lambda v: len(v[1]) > 0 and v[2] != "i1" and v[0] not in self.inexact)
        if not value:
            return
        axis = self.random.randrange(len(value[1]))
        result = value[1][:axis] + value[1][axis + 1:]
        self.emit(f"weft.arg max {value[0]} axis {axis} : {self.type(*value[1:])} -> "
                  f"{self.type(result, 'i32')}", result, "i32")

    def pad(self):
        value = self.pick(lambda v: any(d != "N" for d in v[1]))
        fill = value and self.pick(lambda v: v[1:] == ((), value[2]))
        if not fill:
            return
        name, dims, element = value
        low = [self.random.choice([0, 1]) if d != "N" else 0 for d in dims]
        high = [self.random.choice([0, 2]) if d != "N" else 0 for d in dims]
        interior = [self.random.choice([0, 1]) if d != "N" else 0 for d in dims]
        result = [d if d == "N" else a + b + d + i * max(d - 1, 0)
                  for d, a, b, i in zip(dims, low, high, interior)]
        text = " ".join(f"{word} <{list_}>" for word, list_ in (("low", low), ("high", high)))
        self.emit(f"weft.pad {name}, {fill[0]} {text} interior {interior} : "
                  f"{self.type(dims, element)} -> {self.type(result, element)}", result, element)

    def scatter(self):
        value = self.pick(lambda v: len(v[1]) > 0 and v[2] != "i1")
        indices = self.pick(lambda v: v[2] == "i32" and len(v[1]) == 1)
        updates = indices and self.pick(
            lambda v: v[1:] == (indices[1] + value[1][1:], value[2]))
        if not updates:
            return
        result = self.emit(f"weft.scatter {self.random.choice(['set', 'add', 'max'])} {value[0]}, "
                           f"{indices[0]}, {updates[0]} axis 0 : {self.type(*value[1:])}, "
                           f"{self.type(*indices[1:])}, {self.type(*updates[1:])}", *value[1:])
        self.bounded(result)

    def dynamic_slice(self):
        value = self.pick(lambda v: len(v[1]) == 1 and v[1][0] != "N" and v[1][0] > 1)
        start = self.pick(lambda v: v[1:] == ((), "i32"))
        if not value or not start:
            return
        size = self.random.randint(1, value[1][0])
        part = self.emit(f"weft.dynamic_slice {value[0]} [{start[0]}] : {self.type(*value[1:])}, "
                         f"tensor<i32> -> {self.type((size,), value[2])}", (size,), value[2])
        self.emit(f"weft.update_slice {value[0]}, {part[0]} [{start[0]}] : {self.type(*value[1:])}, "
                  f"{self.type(*part[1:])}, tensor<i32>", *value[1:])

    def contract(self):
        a = self.pick(lambda v: len(v[1]) == 2 and v[2] == "f32")
        b = a and self.pick(lambda v: len(v[1]) == 2 and v[2] == "f32" and v[1][0] == a[1][1])
        if not b:
            return
        result = [a[1][0], b[1][1]]
        product = self.emit(f'weft.contract "ik,kj->ij" {a[0]}, {b[0]} : {self.type(*a[1:])}, '
                            f"{self.type(*b[1:])} -> {self.type(result, 'f32')}", result, "f32",
                            exact=False)
        self.bounded(product)

    def scan(self):
        xs = self.pick(lambda v: len(v[1]) > 0 and v[2] == "f32")
        if not xs:
            return
        step = xs[1][1:]
        init = self.pick(lambda v: v[1:] == (step, "f32"))
        outer = self.pick(lambda v: v[1:] == (step, "f32"))
        if not init:
            return
        t = self.type(step, "f32")
        name = f"%s{self.numNames}"
        self.numNames += 1
        self.lines += [
            f"  {name}:2 = weft.scan (%c = {init[0]} : {t}) over (%x = {xs[0]} : {self.type(*xs[1:])})"
            f" -> ({t}, {self.type(*xs[1:])}) {{",
            f"    %a = weft.add %c, %x : {t}", f"    %b = weft.tanh %a : {t}",
            f"    %d = weft.mul %b, {outer[0]} : {t}", f"    %e = weft.tanh %d : {t}",
            f"    weft.yield %e, %b : {t}, {t}", "  }"]
        self.inexact |= {name + "#0", name + "#1"}
        self.values += [(name + "#0", step, "f32"), (name + "#1", xs[1], "f32")]

    def text(self, results):
        arguments = ", ".join(f'{n}: {self.type(d, e)} {{weft.name = "{n[1:]}"}}'
                              for n, d, e in self.inputs)
        types = ", ".join(f'{self.type(d, e)} {{weft.name = "out{i}"}}'
                          for i, (_, d, e) in enumerate(results))
        names = ", ".join(n for n, _, _ in results)
        plain = ", ".join(self.type(d, e) for _, d, e in results)
        return "\n".join([f"module @random {{", f"func.func @f({arguments}) -> ({types}) "
                          "attributes {weft.export} {", *self.lines,
                          f"  return {names} : {plain}", "}", "}"]) + "\n"


def randomGraph(seed):
    graph = Graph(seed)
    for dims, element in [(("N", 3), "f32"), ((3,), "f32"), (("N",), "i32"), ((4, 3), "f32"),
                          ((2,), "i32"), ((), "f32"), (("N",), "f32"), ((), "i32")]:
        graph.addInput(dims, element)
    ops = [graph.unary, graph.unary, graph.binary, graph.binary, graph.binary, graph.choose,
           graph.convert, graph.broadcast, graph.transpose, graph.slice, graph.reshape, graph.concat,
           graph.gather, graph.reduce, graph.reduce, graph.softmax, graph.contract, graph.contract,
           graph.layer_norm, graph.cumulative, graph.arg, graph.pad, graph.scatter,
           graph.dynamic_slice, graph.scan]
    for _ in range(graph.random.randint(5, 40)):
        # Broadcasts of broadcasts would grow without end.
        graph.values = [v for v in graph.values
                        if np.prod([7 if d == "N" else d for d in v[1]], dtype=np.int64) < 5000]
        graph.random.choice(ops)()
    results = [graph.pick(lambda v: True) for _ in range(graph.random.randint(1, 4))]
    return graph, graph.text(results), results


def runOnce(path, folder, graph, results, size, seed, reference):
    values = np.random.default_rng(seed)
    command = ["weft", "run", path, "f"] + (["--reference"] if reference else ["--threads=2"])
    for name, dims, element in graph.inputs:
        shape = [size if d == "N" else d for d in dims]
        array = values.uniform(-2, 2, shape) if element == "f32" else values.integers(-3, 6, shape)
        file = os.path.join(folder, name[1:] + ".npy")
        np.save(file, np.asarray(array, ELEMENTS[element]))
        command.append(f"--in={name[1:]}={file}")
    for i in range(len(results)):
        command.append(f"--out=out{i}={folder}/out{i}.npy")
    process = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if process.returncode != 0:
        message = process.stderr.strip().splitlines() or [f"exit code {process.returncode}"]
        return None, message[0]
    return [np.load(f"{folder}/out{i}.npy") for i in range(len(results))], None


def difference(compiled, expected, element):
    """None, or what is wrong. Floats: sums in another order, then functions of slope up to 1."""
    if compiled.shape != expected.shape:
        return f"shape {compiled.shape} instead of {expected.shape}"
    if element != "f32":
        wrong = compiled != expected
    else:
        wrong = ~np.isclose(compiled, expected, rtol=5e-5, atol=5e-5, equal_nan=True)
    if not wrong.any():
        return None
    place = tuple(int(i[0]) for i in np.nonzero(wrong))
    return (f"{np.sum(wrong)} of {wrong.size} elements differ, the first at {place}: "
            f"{compiled[place]} instead of {expected[place]}")


def check(seed, folder):
    graph, text, results = randomGraph(seed)
    path = os.path.join(folder, "graph.mlir")
    with open(path, "w") as file:
        file.write(text)
    for size in random.Random(seed).sample([0, 1, 2, 5, 17], 2):
        expected, error = runOnce(path, folder, graph, results, size, seed, reference=True)
        if error:
            return f"N = {size}: the evaluator says: {error}"
        compiled, error = runOnce(path, folder, graph, results, size, seed, reference=False)
        if error:
            return f"N = {size}: {error}"
        for i, (_, _, element) in enumerate(results):
            wrong = difference(compiled[i], expected[i], element)
            if wrong:
                return f"N = {size}, out{i}: {wrong}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--keep", help="folder for the graphs that fail")
    options = parser.parse_args()
    failed = 0
    for seed in range(options.first, options.first + options.count):
        with tempfile.TemporaryDirectory() as folder:
            wrong = check(seed, folder)
            if not wrong:
                continue
            failed += 1
            print(f"seed {seed}: {wrong}", flush=True)
            if options.keep:
                os.makedirs(options.keep, exist_ok=True)
                os.replace(os.path.join(folder, "graph.mlir"), f"{options.keep}/{seed}.mlir")
    print(f"{options.count - failed} of {options.count} graphs agree")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
