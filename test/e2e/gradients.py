# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each derivative rule against central differences in f64, compiled.

For y = f(x) with directions v and weights r there are three ways to the same number: <r, jvp(v)>,
<vjp(r), v>, and the central difference of <r, f(x + h v)>. The second order is the tangent of the
gradient, against the central difference of the gradient. Inputs lie away from kinks.

RUN: %python %s
"""
import pathlib
import re
import sys
import tempfile

import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
import library  # noqa: E402

random = numpy.random.default_rng(5)


def t(*shape):
    return "tensor<" + "".join(f"{n}x" for n in shape) + "f64>"


class Case:
    """`body` computes %y from %a, %b, ... of the shapes in `inputs`; `draw` makes each of them."""

    def __init__(self, name, inputs, body, result, draw=None, second=True, modes="rf"):
        self.name, self.inputs, self.body, self.result = name, inputs, body, result
        self.draw = draw or (lambda *shape: random.uniform(0.3, 1.7, shape))
        self.second, self.modes = second, modes


CASES = []


def case(*arguments, **options):
    CASES.append(Case(*arguments, **options))


def signed(*shape):
    return random.choice([-1, 1], shape) * random.uniform(0.3, 1.7, shape)


def distinct(*shape):
    """Elements at least 0.1 apart, so that no step of a difference changes their order."""
    return random.permutation(int(numpy.prod(shape))).reshape(shape) * 0.1 + 0.3


S = t(3, 5)
for op in "neg abs sqrt rsqrt exp expm1 log log1p sin cos tan sinh cosh tanh asinh erf sigmoid atan sign floor".split():
    positive = op in ("sqrt", "rsqrt", "log", "log1p")
    case(op, [(3, 5)], f"%y = weft.{op} %a : {S}", (3, 5),
         draw=None if positive else lambda *s: random.choice([-1, 1], s) * random.uniform(0.3, 0.8, s))
for op in ("asin", "acos", "atanh"):
    case(op, [(7,)], f"%y = weft.{op} %a : {t(7)}", (7,), draw=lambda *s: random.uniform(-0.8, 0.8, s))
case("acosh", [(7,)], f"%y = weft.acosh %a : {t(7)}", (7,), draw=lambda *s: random.uniform(1.5, 3, s))
for op in "add sub mul div pow atan2".split():
    case(op, [(3, 5), (3, 5)], f"%y = weft.{op} %a, %b : {S}", (3, 5))
for op in ("max", "min"):
    case(op, [(3, 5), (3, 5)], f"%y = weft.{op} %a, %b : {S}", (3, 5), draw=distinct)
case("rem", [(5,), (5,)], f"%y = weft.rem %a, %b : {t(5)}", (5,),
     draw=lambda *s: random.uniform(0.6, 0.9, s))
case("select", [(3, 5), (3, 5)], f"%c = weft.compare gt %a, %b : {S}\n%m = weft.mul %a, %a : {S}\n"
     f"%y = weft.select %c, %m, %b : {S}", (3, 5), draw=distinct)
case("cast", [(3, 5)], f"%c = weft.cast %a : {S} -> tensor<3x5xf64>\n%y = weft.mul %c, %c : {S}", (3, 5))

# Movement
case("broadcast", [(3, 1)], f"%y = weft.broadcast %a along [1, 2] : {t(3, 1)} -> {t(2, 3, 4)}", (2, 3, 4))
case("reshape", [(3, 4)], f"%s = weft.mul %a, %a : {t(3, 4)}\n%y = weft.reshape %s : {t(3, 4)} -> {t(2, 6)}", (2, 6))
case("transpose", [(2, 3, 4)], f"%s = weft.mul %a, %a : {t(2, 3, 4)}\n%y = weft.transpose %s [2, 0, 1] : {t(2, 3, 4)} -> {t(4, 2, 3)}", (4, 2, 3))
case("slice", [(7, 11)], f"%s = weft.mul %a, %a : {t(7, 11)}\n%y = weft.slice %s from <[5, 1]> by [-2, 3] : {t(7, 11)} -> {t(3, 3)}", (3, 3))
case("pad", [(3, 2), ()], f"%y = weft.pad %a, %b low <[1, 0]> high <[2, 1]> interior [1, 2] : {t(3, 2)} -> {t(8, 5)}", (8, 5))
case("concat", [(2, 3), (2, 1)], f"%s = weft.mul %a, %a : {t(2, 3)}\n%y = weft.concat 1 %s, %b : ({t(2, 3)}, {t(2, 1)}) -> {t(2, 4)}", (2, 4))
case("dynamic_slice", [(5, 4)], f"%i = weft.constant dense<2> : tensor<i64>\n%j = weft.constant dense<9> : tensor<i64>\n%s = weft.mul %a, %a : {t(5, 4)}\n"
     f"%y = weft.dynamic_slice %s[%i, %j] : {t(5, 4)}, tensor<i64>, tensor<i64> -> {t(2, 3)}", (2, 3))
case("update_slice", [(5, 4), (2, 3)], f"%i = weft.constant dense<2> : tensor<i64>\n%j = weft.constant dense<0> : tensor<i64>\n%s = weft.mul %b, %b : {t(2, 3)}\n"
     f"%y = weft.update_slice %a, %s[%i, %j] : {t(5, 4)}, {t(2, 3)}, tensor<i64>, tensor<i64>", (5, 4))

# Indexing: repeated and out of range
case("gather", [(4, 3)], f"%i = weft.constant dense<[3, 0, 3, 9, -2]> : tensor<5xi64>\n%s = weft.mul %a, %a : {t(4, 3)}\n"
     f"%y = weft.gather %s, %i axis 0 : {t(4, 3)}, tensor<5xi64> -> {t(5, 3)}", (5, 3))
case("gather_batch", [(2, 3, 4, 2)], "%i = weft.constant dense<[[3, 0, 3], [1, 1, 7]]> : tensor<2x3xi64>\n"
     f"%s = weft.mul %a, %a : {t(2, 3, 4, 2)}\n"
     f"%y = weft.gather %s, %i axis 2 batch 1 : {t(2, 3, 4, 2)}, tensor<2x3xi64> -> {t(2, 3, 3, 2)}", (2, 3, 3, 2))
for kind in ("add", "set", "max", "min"):
    case(f"scatter_{kind}", [(4, 2), (5, 2)], f"%i = weft.constant dense<[3, 0, 3, 9, 1]> : tensor<5xi64>\n%s = weft.mul %b, %b : {t(5, 2)}\n"
         f"%y = weft.scatter {kind} %a, %i, %s axis 0 : {t(4, 2)}, tensor<5xi64>, {t(5, 2)}", (4, 2), draw=distinct)

# Reductions and running values
for kind in ("sum", "prod", "max", "min"):
    case(f"reduce_{kind}", [(2, 5, 3)], f"%y = weft.reduce {kind} %a axes [0, 2] : {t(2, 5, 3)} -> {t(5)}", (5,), draw=distinct)
    for flags in ("", " exclusive", " reverse", " exclusive reverse"):
        # What an extreme of nothing is, is no number to differentiate.
        if kind in ("max", "min") and "exclusive" in flags:
            continue
        case(f"cumulative_{kind}{flags.replace(' ', '_')}", [(2, 6, 3)],
             f"%y = weft.cumulative {kind} %a axis 1{flags} : {t(2, 6, 3)}", (2, 6, 3), draw=distinct)


def with_zero(*shape):
    values = signed(*shape)
    values.flat[1] = 0
    return values


case("reduce_prod_of_zero", [(5,)], f"%y = weft.reduce prod %a axes [0] : {t(5)} -> {t()}", (), draw=with_zero)
case("cumulative_prod_of_zero", [(5,)], f"%y = weft.cumulative prod %a axis 0 : {t(5)}", (5,), draw=with_zero)

# Windows
for kind, flags in (("max", ""), ("sum", ""), ("avg", ""), ("avg", " count_padding")):
    case(f"pool_{kind}{flags.replace(' ', '_')}", [(2, 2, 7, 6)],
         f"%y = weft.pool {kind} %a window [3, 2] strides [2, 1] pad [1, 0] [1, 1] dilations [1, 2]{flags} : {t(2, 2, 7, 6)} -> {t(2, 2, 4, 5)}",
         (2, 2, 4, 5), draw=distinct)
    case(f"pool_{kind}_tiles{flags.replace(' ', '_')}", [(2, 3, 4, 6)],
         f"%y = weft.pool {kind} %a window [2, 2] strides [2, 2] pad [0, 0] [0, 0] dilations [1, 1]{flags} : {t(2, 3, 4, 6)} -> {t(2, 3, 2, 3)}",
         (2, 3, 2, 3), draw=distinct)

# Products
case("contract", [(2, 3, 4), (2, 4, 5)], f'%y = weft.contract "bik,bkj->jbi" %a, %b : {t(2, 3, 4)}, {t(2, 4, 5)} -> {t(5, 2, 3)}', (5, 2, 3))
case("contract_free", [(3,), (4,)], f'%y = weft.contract "i,j->ij" %a, %b : {t(3)}, {t(4)} -> {t(3, 4)}', (3, 4))


def convolution(name, x, w, y, attributes, op="conv"):
    case(name, [x, w], f"%y = weft.{op} %a, %b {attributes} : {t(*x)}, {t(*w)} -> {t(*y)}", y, draw=signed)


convolution("conv", (2, 4, 7, 6), (6, 2, 3, 2), (2, 6, 4, 6), "strides [2, 1] pad [1, 0] [1, 1] dilations [1, 1] groups 2")
convolution("conv_same", (2, 3, 5, 5), (4, 3, 3, 3), (2, 4, 5, 5), "strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1")
convolution("conv_1d", (2, 3, 11), (2, 3, 3), (2, 2, 3), "strides [3] pad [0] [0] dilations [2] groups 1")
convolution("conv_3d", (1, 2, 4, 3, 5), (2, 2, 2, 2, 2), (1, 2, 3, 2, 4), "strides [1, 1, 1] pad [0, 0, 0] [0, 0, 0] dilations [1, 1, 1] groups 1")
convolution("conv_far_padding", (1, 1, 4), (1, 1, 2), (1, 1, 9), "strides [1] pad [3] [3] dilations [1] groups 1")
convolution("depthwise", (2, 3, 5, 5), (3, 1, 3, 3), (2, 3, 5, 5), "strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 3")
convolution("conv_transpose", (2, 4, 3, 5), (4, 3, 3, 2), (2, 6, 6, 6), "strides [2, 1] pad [1, 0] [0, 0] dilations [1, 1] output_padding [0, 0] groups 2", "conv_transpose")
convolution("conv_transpose_padded", (1, 2, 4), (2, 2, 3), (1, 2, 10), "strides [2] pad [0] [2] dilations [1] output_padding [3] groups 1", "conv_transpose")
case("conv_filter_grad", [(2, 4, 7), (2, 6, 4)], "%y = weft.conv_filter_grad %a, %b strides [2] pad [1] [1] dilations [1] groups 2 : "
     f"{t(2, 4, 7)}, {t(2, 6, 4)} -> {t(6, 2, 3)}", (6, 2, 3))

# Normalisations
for op in ("softmax", "log_softmax"):
    case(op, [(3, 5, 2)], f"%y = weft.{op} %a axis 1 : {t(3, 5, 2)}", (3, 5, 2), draw=signed)
case("layer_norm", [(4, 3, 2), (3, 2), (3, 2)], f"%y = weft.layer_norm %a scale %b : {t(3, 2)} shift %c : {t(3, 2)} axis 1 epsilon 1.0e-3 : {t(4, 3, 2)}", (4, 3, 2), draw=signed)
case("rms_norm", [(4, 5), (5,)], f"%y = weft.rms_norm %a scale %b : {t(5)} axis 1 epsilon 1.0e-3 : {t(4, 5)}", (4, 5), draw=signed)
case("batch_norm", [(2, 3, 4), (3,), (3,), (3,), (3,)], f"%y = weft.batch_norm %a, %b, %c, %d, %e epsilon 1.0e-3 : {t(2, 3, 4)}, {t(3)}", (2, 3, 4))
case("group_norm", [(2, 4, 3), (4,), (4,)], f"%y = weft.group_norm %a scale %b : {t(4)} shift %c : {t(4)} groups 2 epsilon 1.0e-3 : {t(2, 4, 3)}", (2, 4, 3), draw=signed)
case("attention", [(2, 3, 4), (2, 5, 4), (2, 5, 3), (2, 3, 5)], f"%y = weft.attention %a, %b, %c mask %d : {t(2, 3, 5)} scale 0.5 causal : "
     f"{t(2, 3, 4)}, {t(2, 5, 4)}, {t(2, 5, 3)} -> {t(2, 3, 3)}", (2, 3, 3), draw=signed)

# Structure: captured weights, two float carries and a count, what is emitted
case("scan", [(2, 3), (4, 2, 3), (3, 3)], f"""
%n = weft.constant dense<0> : tensor<i64>
%h:4 = weft.scan (%p = %a : {t(2, 3)}, %q = %a : {t(2, 3)}, %i = %n : tensor<i64>) over (%x = %b : {t(4, 2, 3)}) -> ({t(2, 3)}, {t(2, 3)}, tensor<i64>, {t(4, 2, 3)}) {{
  %m = weft.contract "ij,jk->ik" %p, %c : {t(2, 3)}, {t(3, 3)} -> {t(2, 3)}
  %s = weft.add %m, %x : {t(2, 3)}
  %g = weft.tanh %s : {t(2, 3)}
  %u = weft.mul %g, %q : {t(2, 3)}
  %one = weft.constant dense<1> : tensor<i64>
  %next = weft.add %i, %one : tensor<i64>
  weft.yield %g, %u, %next, %u : {t(2, 3)}, {t(2, 3)}, tensor<i64>, {t(2, 3)}
}}
%l = weft.reduce sum %h#3 axes [0] : {t(4, 2, 3)} -> {t(2, 3)}
%y = weft.add %l, %h#0 : {t(2, 3)}""", (2, 3), draw=signed)
case("if", [(3,), (3,)], f"""
%z = weft.constant dense<0.0> : {t()}
%w = weft.reduce sum %a axes [0] : {t(3)} -> {t()}
%k = weft.compare gt %w, %z : {t()}
%y = weft.if %k -> {t(3)} {{
  %u = weft.mul %a, %b : {t(3)}
  weft.yield %u : {t(3)}
}} else {{
  weft.yield %b : {t(3)}
}}""", (3,))
case("custom_vjp", [(3,)], f"""
%y = weft.custom_vjp %a : ({t(3)}) -> {t(3)} {{
^bb0(%x: {t(3)}):
  %e = weft.exp %x : {t(3)}
  weft.yield %e : {t(3)}
}} vjp {{
^bb0(%x: {t(3)}, %g: {t(3)}):
  %e = weft.exp %x : {t(3)}
  %m = weft.mul %e, %g : {t(3)}
  weft.yield %m : {t(3)}
}}""", (3,), modes="r", second=False)


def arguments(shapes, names):
    return ", ".join(f'%{name}: {t(*shape)} {{weft.name = "{name}"}}' for name, shape in zip(names, shapes))


def function(name, shapes, names, body, results):
    types = ", ".join(f'{t(*shape)} {{weft.name = "o{i}"}}' for i, (_, shape) in enumerate(results))
    values = ", ".join(value for value, _ in results)
    plain = ", ".join(t(*shape) for _, shape in results)
    return (f"func.func @{name}({arguments(shapes, names)}) -> ({types}) attributes {{weft.export}} {{\n{body}\n"
            f"return {values} : {plain}\n}}\n")


def listed(shapes):
    return "(" + ", ".join(t(*shape) for shape in shapes) + ")"


def functions(case):
    """y itself; the gradient for weights r; the tangent along v; the tangent of the gradient."""
    names = "abcde"[: len(case.inputs)]
    along = ["v" + name for name in names]
    inputs = ", ".join("%" + name for name in names)
    shapes, types = case.inputs, listed(case.inputs)
    several = len(names) > 1
    plain = ", ".join(t(*shape) for shape in shapes)
    gradient = (f"%G{':%d' % len(names) if several else ''} = weft.vjp of %y times %r wrt {inputs} : ({t(*case.result)}) "
                f"({t(*case.result)}) {types} -> {plain}")
    of = [(f"%G#{i}" if several else "%G", shape) for i, shape in enumerate(shapes)]
    text = function(f"f_{case.name}", shapes, names, case.body, [("%y", case.result)])
    text += function(f"r_{case.name}", [*shapes, case.result], [*names, "r"], case.body + "\n" + gradient, of)
    if "f" in case.modes:
        directions = ", ".join("%" + name for name in along)
        tangent = f"%T = weft.jvp of %y wrt {inputs} along {directions} : ({t(*case.result)}) {types} {types} -> {t(*case.result)}"
        text += function(f"j_{case.name}", [*shapes, *shapes], [*names, *along], case.body + "\n" + tangent, [("%T", case.result)])
        second = (f"%H{':%d' % len(names) if several else ''} = weft.jvp of {', '.join(v for v, _ in of)} wrt {inputs} along {directions} : "
                  f"{types} {types} {types} -> {plain}")
        hessian = [(f"%H#{i}" if several else "%H", shape) for i, shape in enumerate(shapes)]
        text += function(f"s_{case.name}", [*shapes, case.result, *shapes], [*names, "r", *along],
                         case.body + "\n" + gradient + "\n" + second, hessian)
    return text


def as_list(value):
    return value if isinstance(value, list) else [value]


def inner(a, b):
    return sum(float(numpy.sum(x * y)) for x, y in zip(a, b))


def check(case, model):
    names = "abcde"[: len(case.inputs)]
    x = [numpy.asarray(case.draw(*shape)) for shape in case.inputs]
    v = [numpy.asarray(random.standard_normal(shape)) for shape in case.inputs]
    r = numpy.asarray(random.standard_normal(case.result))
    h = 1e-5

    def call(kind, point, **more):
        return as_list(model.call(f"{kind}_{case.name}", **dict(zip(names, point)), **more))

    moved = [[a + s * h * b for a, b in zip(x, v)] for s in (1, -1)]
    ahead, behind = (inner([r], call("f", point)) for point in moved)
    difference = (ahead - behind) / (2 * h)
    found = {"reverse": inner(call("r", x, r=r), v)}
    along = {"v" + name: value for name, value in zip(names, v)}
    if "f" in case.modes:
        found["forward"] = inner([r], call("j", x, **along))
    scale = max(abs(difference), 0.1)
    worst = {mode: abs(value - difference) / scale for mode, value in found.items()}
    if case.second:
        ours = call("s", x, r=r, **along)
        gradients = [call("r", point, r=r) for point in moved]
        theirs = [(a - b) / (2 * h) for a, b in zip(*gradients)]
        size = max(max((numpy.abs(b).max(initial=0) for b in theirs), default=0), 0.1)
        worst["second"] = max(numpy.abs(a - b).max(initial=0) for a, b in zip(ours, theirs)) / size
    return {mode: error for mode, error in worst.items() if not error <= 2e-6}


def main():
    wanted = sys.argv[1:]
    cases = [c for c in CASES if not wanted or c.name in wanted]
    text = "module @gradients {\n" + "".join(map(functions, cases)) + "}\n"
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "gradients.mlir"
        source.write_text(text)
        model = library.Library(library.build(source, folder))
        for c in cases:
            for mode, error in check(c, model).items():
                print(f"{c.name}: {mode} is {error:.1e} off")
                bad += 1
    ops = len({re.sub("_.*", "", c.name) for c in cases})
    print(f"{len(cases)} cases of {ops} families, {bad} wrong")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
