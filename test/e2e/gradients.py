# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each derivative rule against central differences in f64, compiled and by the reference evaluator.

For y = f(x) with directions v and weights r: the tangent jvp(v) is the central difference of f along v;
<vjp(r), v> is <r, jvp(v)>; the tangent of the gradient is the central difference of the gradient, and
the gradient of <vjp(r), v> is the same once more. Inputs lie away from kinks. What is compiled is held
against the differences, and the evaluator's results against those.

    /usr/bin/python3 test/e2e/gradients.py [--quick] [CASE...]

`--quick` takes one case with a dynamic dimension of each family, in two sizes.

RUN: %python %s --quick
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "models"), str(HERE / "Inputs")]
import library  # noqa: E402
from gradient_cases import CASES, random, shape_at, t  # noqa: E402

STEP = 1e-5
# Of the greatest element, or of 0.1: the differences lose 1e-16 / 1e-5 of it, and gain their error of
# third order.
FROM_DIFFERENCES = 3e-6
# The evaluator sums in another order and takes the C library's functions.
FROM_EVALUATOR = 1e-10


def named(case):
    return "abcde"[: len(case.inputs)]


def parameters(case):
    """Names and shapes: the inputs, a direction for each, and a weight for each result."""
    names = named(case)
    return [*zip(names, case.inputs), *zip(["v" + name for name in names], case.inputs), ("r", case.result)]


def program(case):
    """Text that computes y and derivatives of it, and the names and shapes of what it computes."""
    names = named(case)
    inputs = ", ".join("%" + name for name in names)
    along = ", ".join("%v" + name for name in names)
    plain, result = ", ".join(t(*shape) for shape in case.inputs), t(*case.result)
    types = f"({plain})"

    def several(letter):
        values = [f"%{letter}#{i}" if len(names) > 1 else f"%{letter}" for i in range(len(names))]
        return f"%{letter}" + (f":{len(names)}" if len(names) > 1 else ""), values

    gradient, gradients = several("G")
    text = case.body + f"\n{gradient} = weft.vjp of %y times %r wrt {inputs} : ({result}) ({result}) {types} -> {plain}\n"
    results = [("%y", case.result)] + list(zip(gradients, case.inputs))
    if case.forward:
        text += f"%T = weft.jvp of %y wrt {inputs} along {along} : ({result}) {types} {types} -> {result}\n"
        results.append(("%T", case.result))
    if case.second:
        forward, tangents = several("H")
        back, pulled = several("K")
        text += f"{forward} = weft.jvp of {', '.join(gradients)} wrt {inputs} along {along} : {types} {types} {types} -> {plain}\n"
        text += f"{back} = weft.vjp of {', '.join(gradients)} times {along} wrt {inputs} : {types} {types} {types} -> {plain}\n"
        results += list(zip(tangents + pulled, case.inputs * 2))
    return text, results


def function(name, cases):
    """One function of what each case computes; names of values and dimensions are those of their case."""
    arguments, texts, outputs = [], [], []
    for number, case in enumerate(cases):
        def own(text):
            return re.sub(r"\bN\b", f"N{number}", re.sub(r"%(\w+)", rf"%c{number}_\1", text))

        arguments += [own(f"%{key}: {t(*shape)}") + f' {{weft.name = "c{number}_{key}"}}' for key, shape in parameters(case)]
        text, results = program(case)
        texts.append(own(text))
        outputs += [(own(value), own(t(*shape))) for value, shape in results]
    types = ", ".join(f'{kind} {{weft.name = "o{i}"}}' for i, (_, kind) in enumerate(outputs))
    return (f"func.func @{name}({', '.join(arguments)}) -> ({types}) attributes {{weft.export}} {{\n" + "\n".join(texts)
            + f"\nreturn {', '.join(v for v, _ in outputs)} : {', '.join(k for _, k in outputs)}\n}}\n")


def drawn(case, size):
    """Values for `parameters`; inputs of one case differ, so that none is another's extreme."""
    values = {key: numpy.asarray(random.standard_normal(shape_at(shape, size))) for key, shape in parameters(case)}
    for number, (name, shape) in enumerate(zip(named(case), case.inputs)):
        values[name] = numpy.asarray(case.draw(*shape_at(shape, size))) + 0.0137 * number
    return values


def inner(a, b):
    return sum(float(numpy.sum(x * y)) for x, y in zip(a, b))


class Judge:
    """Counts what is wrong, and says it."""

    def __init__(self):
        self.wrong = 0

    def compare(self, what, found, wanted, tolerance):
        found, wanted = (numpy.asarray(value, "f8").reshape(-1) for value in (found, wanted))
        error = numpy.abs(found - wanted).max(initial=0) / max(numpy.abs(wanted).max(initial=0), 0.1)
        if not error <= tolerance:
            self.wrong += 1
            print(f"{what} is {error:.1e} off")


def check(case, size, model, judge):
    """Compiled results against differences; gives the inputs and the results."""
    values, count, what = drawn(case, size), len(case.inputs), called(case, size)

    def call(step):
        moved = {name: values[name] + step * values["v" + name] for name in named(case)}
        return model.call(case.name, **{f"c0_{key}": value for key, value in {**values, **moved}.items()})

    here, ahead, behind = call(0), call(STEP), call(-STEP)
    slopes = [(a - b) / (2 * STEP) for a, b in zip(ahead, behind)]
    tangent, gradients = slopes[0], here[1: 1 + count]
    along = [values["v" + name] for name in named(case)]
    judge.compare(f"{what}: reverse", inner(gradients, along), inner([values["r"]], [tangent]), FROM_DIFFERENCES)
    if case.forward:
        judge.compare(f"{what}: forward", here[1 + count], tangent, FROM_DIFFERENCES)
    if case.second:
        forward, back = here[2 + count: 2 + 2 * count], here[2 + 2 * count:]
        for name, found, pulled, slope in zip(named(case), forward, back, slopes[1: 1 + count]):
            judge.compare(f"{what}: second by {name}", found, slope, FROM_DIFFERENCES)
            judge.compare(f"{what}: gradient of the gradient by {name}", pulled, found, FROM_EVALUATOR)
    return values, here


def called(case, size):
    return case.name if size is None else f"{case.name} at {size}"


def evaluate(done, folder, judge):
    """One call of the evaluator for many cases: what was compiled gives the same."""
    source, inputs = folder / "evaluated.mlir", folder / "inputs.npz"
    source.write_text("module @evaluated {\n" + function("all", [case for case, *_ in done]) + "}\n")
    arrays = {f"c{i}_{key}": value for i, (_, _, values, _) in enumerate(done) for key, value in values.items()}
    numpy.savez(inputs, **arrays)
    given = [word for key in arrays for word in ("--in", f"{key}={inputs}:{key}")]
    ran = subprocess.run(["weft", "run", str(source), "all", "--reference", *given], check=True, stdout=subprocess.PIPE)
    found = iter(json.loads(ran.stdout).values())
    for case, size, _, results in done:
        for number, result in enumerate(results):
            judge.compare(f"{called(case, size)}: result {number} of the evaluator", flat(next(found)), result, FROM_EVALUATOR)


def flat(value):
    return [x for part in value for x in flat(part)] if isinstance(value, list) else [float(value)]


def chosen(options):
    """Cases, each with the sizes of its N."""
    cases = [case for case in CASES if not options.cases or case.name in options.cases]
    if not options.quick:
        return [(case, case.sizes) for case in cases]
    first = {}
    for case in cases:
        if case.sizes != (None,):
            first.setdefault(case.family, case)
    return [(case, case.sizes[-2:]) for case in cases if case.sizes == (None,) or first[case.family] is case]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("cases", nargs="*")
    cases = chosen(parser.parse_args())
    judge, rounds = Judge(), {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        source = folder / "gradients.mlir"
        source.write_text("module @gradients {\n" + "".join(function(case.name, [case]) for case, _ in cases) + "}\n")
        model = library.Library(library.build(source, folder))
        for case, sizes in cases:
            for number, size in enumerate(sizes):
                rounds.setdefault(number, []).append((case, size, *check(case, size, model, judge)))
        for done in rounds.values():
            evaluate(done, folder, judge)
    points = sum(map(len, rounds.values()))
    print(f"{len(cases)} cases of {len({case.family for case, _ in cases})} families at {points} sizes, {judge.wrong} wrong")
    return judge.wrong > 0


if __name__ == "__main__":
    sys.exit(main())
