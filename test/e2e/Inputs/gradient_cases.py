# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What gradients.py differentiates: at least one case for each rule, and cases in which a dimension is
known only when the program runs.
"""
import re

import numpy

random = numpy.random.default_rng(5)


def t(*shape, element="f64"):
    """The type of a tensor. A dimension is a number, or an expression of N."""
    if all(isinstance(n, int) for n in shape):
        return "tensor<" + "".join(f"{n}x" for n in shape) + f"{element}>"
    sizes = "".join(f"{n if isinstance(n, int) else '?'}x" for n in shape)
    return f"tensor<{sizes}{element}, #weft.shape<[{', '.join(map(str, shape))}]>>"


class Case:
    """`body` computes %y from %a, %b, ... of the shapes in `inputs`; `draw` makes each of them. `sizes` are
    those that N takes, if there is an N."""

    def __init__(self, name, inputs, body, result, draw=None, second=True, forward=True, sizes=(None,)):
        self.name, self.inputs, self.body, self.result = name, inputs, body, result
        self.draw = draw or (lambda *shape: random.uniform(0.3, 1.7, shape))
        self.second, self.forward, self.sizes = second, forward, sizes

    @property
    def family(self):
        """Name of what is differentiated, without that of the case."""
        return re.sub("_.*", "", self.name)


CASES = []


def case(*arguments, **options):
    CASES.append(Case(*arguments, **options))


def shape_at(shape, size):
    """The shape in numbers where N is `size`."""
    return tuple(n if isinstance(n, int) else eval(n.replace("/", "//"), {"N": size}) for n in shape)


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
# Regions inside of regions, each of which reads what is outside
case("scan_of_branches", [(3,), (4, 3), (3,)], f"""
%z = weft.constant dense<0.0> : {t()}
%h:2 = weft.scan (%p = %a : {t(3)}) over (%x = %b : {t(4, 3)}) -> ({t(3)}, {t(4, 3)}) {{
  %w = weft.reduce sum %x axes [0] : {t(3)} -> {t()}
  %k = weft.compare gt %w, %z : {t()}
  %n = weft.if %k -> {t(3)} {{
    %u = weft.mul %p, %c : {t(3)}
    %v = weft.tanh %u : {t(3)}
    weft.yield %v : {t(3)}
  }} else {{
    %u = weft.add %p, %x : {t(3)}
    weft.yield %u : {t(3)}
  }}
  weft.yield %n, %n : {t(3)}, {t(3)}
}}
%l = weft.reduce sum %h#1 axes [0] : {t(4, 3)} -> {t(3)}
%y = weft.mul %l, %h#0 : {t(3)}""", (3,), draw=signed)
case("scan_of_scans", [(3,), (2, 3), (3,)], f"""
%y = weft.scan (%p = %a : {t(3)}) over (%x = %b : {t(2, 3)}) -> ({t(3)}) {{
  %n = weft.scan (%q = %p : {t(3)}) over (%v = %b : {t(2, 3)}) -> ({t(3)}) {{
    %u = weft.mul %q, %c : {t(3)}
    %s = weft.add %u, %x : {t(3)}
    %d = weft.mul %s, %v : {t(3)}
    %g = weft.tanh %d : {t(3)}
    weft.yield %g : {t(3)}
  }}
  weft.yield %n : {t(3)}
}}""", (3,), draw=signed)
case("scan_of_custom_vjp", [(3,), (2, 3)], f"""
%y = weft.scan (%p = %a : {t(3)}) over (%x = %b : {t(2, 3)}) -> ({t(3)}) {{
  %m = weft.mul %p, %x : {t(3)}
  %n = weft.custom_vjp %m : ({t(3)}) -> {t(3)} {{
  ^bb0(%i: {t(3)}):
    %e = weft.sin %i : {t(3)}
    weft.yield %e : {t(3)}
  }} vjp {{
  ^bb0(%i: {t(3)}, %g: {t(3)}):
    %e = weft.cos %i : {t(3)}
    %k = weft.mul %e, %g : {t(3)}
    weft.yield %k : {t(3)}
  }}
  weft.yield %n : {t(3)}
}}""", (3,), forward=False, second=False, draw=signed)
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
}}""", (3,), forward=False, second=False)


# Dynamic dimensions: none, one, and sizes that fill no vector
def dynamic(name, inputs, body, result, sizes=(0, 1, 2, 3, 7), draw=signed):
    case(name + "_dynamic", inputs, body, result, draw=draw, sizes=sizes)


def operation(name, text, inputs, result, sizes=(0, 1, 2, 3, 7), draw=signed):
    """One operation: {a}, {b}, ... are the types of its operands, {y} that of its result."""
    types = {letter: t(*shape) for letter, shape in zip("abcde", inputs)}
    dynamic(name, inputs, "%y = weft." + text.format(**types, y=t(*result)), result, sizes, draw)


N = "N"
operation("slice_far", "slice %a from #weft.shape<[N - 1, 4]> by [-1, -2] : {a} -> {y}", [(N, 5)], (N, 3), (1, 2, 7))
operation("slice_rows", "slice %a from #weft.shape<[2, 1]> by [1, 3] : {a} -> {y}", [(N, 5)], ("N - 2", 2), (2, 3, 7))
operation("slice_step", "slice %a from #weft.shape<[1, 0]> by [3, 2] : {a} -> {y}", [("N * 3 + 2", 5)], (N, 2))
operation("slice_back", "slice %a from #weft.shape<[N * 3 - 1, 4]> by [-3, -4] : {a} -> {y}", [("N * 3", 5)], (N, 2), (0, 1, 2, 7))
operation("pad", "pad %a, %b low #weft.shape<[1, 0]> high #weft.shape<[2, 1]> interior [0, 2] : {a} -> {y}", [(N, 3), ()], ("N + 3", 8))
operation("broadcast", "broadcast %a along [1, 2] : {a} -> {y}", [(N, 1)], (2, N, 5))
operation("broadcast_scalar", "broadcast %a along [] : {a} -> {y}", [()], (N, 3))
for kind in ("sum", "prod", "max", "min"):
    extreme = kind in ("max", "min")
    operation(f"reduce_{kind}", f"reduce {kind} %a axes [0, 2] : {{a}} -> {{y}}", [(2, N, 3)], (N,), draw=distinct)
    operation(f"reduce_along_{kind}", f"reduce {kind} %a axes [1] : {{a}} -> {{y}}", [(2, N, 3)], (2, 3),
              (1, 2, 7) if extreme else (0, 1, 2, 7), draw=distinct)
    for flags in ("", " reverse") if extreme else ("", " exclusive", " reverse", " exclusive reverse"):
        operation(f"cumulative_{kind}{flags.replace(' ', '_')}", f"cumulative {kind} %a axis 1{flags} : {{a}}", [(2, N, 3)], (2, N, 3), draw=distinct)
    for flags in (" exclusive", " exclusive reverse") if extreme else ():
        dynamic(f"cumulative_{kind}{flags.replace(' ', '_')}", [(N, 3)],
                f"%e = weft.cumulative {kind} %a axis 0{flags} : {t(N, 3)}\n%i = weft.is_inf %e : {t(N, 3)}\n"
                f"%z = weft.mul %a, %a : {t(N, 3)}\n%y = weft.select %i, %z, %e : {t(N, 3)}", (N, 3), draw=distinct)


def some_zeros(*shape):
    return numpy.where(numpy.arange(shape[0]) % 3 == 1, 0.0, random.uniform(0.5, 1.5, shape))


operation("cumulative_prod_of_zeros", "cumulative prod %a axis 0 : {a}", [(N,)], (N,), draw=some_zeros)
operation("reduce_prod_of_zeros", "reduce prod %a axes [0] : {a} -> {y}", [(N,)], (), draw=some_zeros)
HALF = "N / 2"
for kind, flags in (("max", ""), ("sum", ""), ("avg", ""), ("avg", " count_padding")):
    name = kind + flags.replace(" ", "_")
    operation(f"pool_line_{name}", f"pool {kind} %a window [3] strides [2] pad [1] [2] dilations [2]{flags} : {{a}} -> {{y}}",
              [(2, N)], (2, HALF), (2, 3, 7), draw=distinct)
    operation(f"pool_plane_{name}", f"pool {kind} %a window [3, 2] strides [2, 1] pad [1, 0] [1, 1] dilations [1, 1]{flags} : {{a}} -> {{y}}",
              [(N, 2, 5, 4)], (N, 2, 3, 4), draw=distinct)
operation("pool_four", "pool max %a window [2, 1, 2, 2] strides [1, 1, 1, 1] pad [0, 0, 1, 0] [0, 0, 1, 0] dilations [1, 1, 1, 1] : {a} -> {y}",
          [(N, 3, 2, 1, 3)], (N, 2, 2, 2, 2), draw=distinct)
operation("conv_line", "conv %a, %b strides [2] pad [1] [2] dilations [2] groups 1 : {a}, {b} -> {y}", [(2, 3, N), (4, 3, 3)], (2, 4, HALF), (2, 3, 7))
operation("conv_grouped", "conv %a, %b strides [2, 1] pad [1, 0] [0, 0] dilations [1, 1] groups 2 : {a}, {b} -> {y}",
          [(N, 4, 5, 4), (6, 2, 2, 3)], (N, 6, 3, 2))
operation("conv_plane", "conv %a, %b strides [1, 2] pad [1, 1] [1, 1] dilations [1, 1] groups 1 : {a}, {b} -> {y}",
          [(1, 2, N, 5), (3, 2, 3, 3)], (1, 3, N, 3), (1, 2, 7))
operation("conv_volume", "conv %a, %b strides [1, 1, 1] pad [1, 0, 0] [1, 0, 0] dilations [1, 1, 1] groups 1 : {a}, {b} -> {y}",
          [(1, 2, N, 3, 4), (3, 2, 2, 2, 2)], (1, 3, "N + 1", 2, 3), (1, 2, 7))
operation("conv_far_stride", "conv %a, %b strides [5] pad [0] [0] dilations [1] groups 1 : {a}, {b} -> {y}",
          [(1, 2, N), (2, 2, 2)], (1, 2, "(N + 3) / 5"), (2, 3, 7))
operation("conv_transpose_line", "conv_transpose %a, %b strides [2] pad [1] [1] dilations [2] output_padding [1] groups 1 : {a}, {b} -> {y}",
          [(2, 3, N), (3, 4, 3)], (2, 4, "N * 2 + 2"), (1, 2, 7))
operation("conv_transpose_grouped", "conv_transpose %a, %b strides [2, 1] pad [0, 0] [0, 0] dilations [1, 1] output_padding [0, 0] groups 2 : {a}, {b} -> {y}",
          [(N, 4, 3, 2), (4, 3, 2, 3)], (N, 6, 6, 4))
operation("conv_transpose_volume", "conv_transpose %a, %b strides [1, 1, 1] pad [0, 0, 0] [0, 0, 0] dilations [1, 1, 1] output_padding [0, 0, 0] groups 1 : "
          "{a}, {b} -> {y}", [(1, 2, N, 2, 2), (2, 1, 1, 2, 2)], (1, 1, N, 3, 3), (1, 2, 7))
operation("conv_filter_grad", "conv_filter_grad %a, %b strides [2] pad [1] [2] dilations [2] groups 1 : {a}, {b} -> {y}",
          [(2, 3, N), (2, 4, HALF)], (4, 3, 3), (2, 3, 7))
operation("contract_rows", 'contract "ij,jk->ik" %a, %b : {a}, {b} -> {y}', [(N, 4), (4, 3)], (N, 3))
operation("contract_columns", 'contract "ji,jk->ki" %a, %b : {a}, {b} -> {y}', [(4, N), (4, 3)], (3, N))
operation("contract_deep", 'contract "ik,kj->ij" %a, %b : {a}, {b} -> {y}', [(3, N), (N, 2)], (3, 2))
for op in ("softmax", "log_softmax"):
    operation(op, op + " %a axis 1 : {a}", [(2, N, 3)], (2, N, 3))
operation("layer_norm", "layer_norm %a axis 1 epsilon 1.0e-3 : {a}", [(3, N, 2)], (3, N, 2), (0, 1, 2, 7))
operation("rms_norm", "rms_norm %a scale %b : {b} axis 1 epsilon 1.0e-3 : {a}", [(N, 7), (7,)], (N, 7))
operation("group_norm", "group_norm %a groups 3 epsilon 1.0e-3 : {a}", [(2, 6, N)], (2, 6, N))
operation("batch_norm", "batch_norm %a, %b, %c, %d, %e epsilon 1.0e-3 : {a}, {b}", [(N, 3, 5), (3,), (3,), (3,), (3,)], (N, 3, 5),
          draw=lambda *s: random.uniform(0.5, 1.5, s))
SEEN = [(2, N, 4), (2, N, 4), (2, N, 3)]
operation("attention", "attention %a, %b, %c scale 0.5 : {a}, {b}, {c} -> {y}", SEEN, (2, N, 3))
operation("attention_causal", "attention %a, %b, %c scale 0.5 causal : {a}, {b}, {c} -> {y}", SEEN, (2, N, 3))
operation("attention_rows_unseen", "attention %a, %b, %c scale 0.5 causal : {a}, {b}, {c} -> {y}", [(7, 4), (N, 4), (N, 3)], (7, 3), (0, 1, 2, 7))
SQUARE, MASKS = t(N, N), t(2, N, N, element="i1")
dynamic("attention_mask", SEEN, f"""
%l = weft.constant dense<0.4> : tensor<f64>
%k = weft.broadcast %l along [] : tensor<f64> -> {SQUARE}
%i = weft.iota 0 : {SQUARE}
%m = weft.compare gt %i, %k : {SQUARE}
%s = weft.broadcast %m along [1, 2] : {t(N, N, element="i1")} -> {MASKS}
%y = weft.attention %a, %b, %c mask %s : {MASKS} scale 0.5 : {t(2, N, 4)}, {t(2, N, 4)}, {t(2, N, 3)} -> {t(2, N, 3)}""", (2, N, 3))
FOUR = t(N, 4, element="i64")
dynamic("gather_batch", [(N, 3, 2)], f"%i = weft.iota 1 : {FOUR}\n%y = weft.gather %a, %i axis 1 batch 1 : {t(N, 3, 2)}, {FOUR} -> {t(N, 4, 2)}", (N, 4, 2))
dynamic("gather", [(N, 3)], f"%i = weft.constant dense<[1, 0, 1, 9, -2]> : tensor<5xi64>\n"
        f"%y = weft.gather %a, %i axis 0 : {t(N, 3)}, tensor<5xi64> -> {t(5, 3)}", (5, 3), (1, 2, 7))
for kind in ("set", "add", "max", "min"):
    dynamic(f"scatter_{kind}", [(N, 3), (7, 3)], f"%i = weft.constant dense<[1, 0, 1, 9, -2, 0, 3]> : tensor<7xi8>\n"
            f"%y = weft.scatter {kind} %a, %i, %b axis 0 : {t(N, 3)}, tensor<7xi8>, {t(7, 3)}", (N, 3), draw=distinct)
    dynamic(f"scatter_inner_{kind}", [(2, 3, N), (2, 2, 2, N)], f"%i = weft.constant dense<[[1, 1], [2, 5]]> : tensor<2x2xi64>\n"
            f"%y = weft.scatter {kind} %a, %i, %b axis 1 : {t(2, 3, N)}, tensor<2x2xi64>, {t(2, 2, 2, N)}", (2, 3, N), draw=distinct)
dynamic("scan", [(3,), (N, 3), (3, 3)], f"""
%n = weft.constant dense<0> : tensor<i64>
%h:4 = weft.scan (%p = %a : {t(3)}, %q = %a : {t(3)}, %i = %n : tensor<i64>) over (%x = %b : {t(N, 3)}) -> ({t(3)}, {t(3)}, tensor<i64>, {t(N, 3)}) {{
  %m = weft.contract "j,jk->k" %p, %c : {t(3)}, {t(3, 3)} -> {t(3)}
  %s = weft.add %m, %x : {t(3)}
  %g = weft.tanh %s : {t(3)}
  %u = weft.mul %g, %q : {t(3)}
  %f = weft.cast %i : tensor<i64> -> tensor<f64>
  %k = weft.broadcast %f along [] : tensor<f64> -> {t(3)}
  %w = weft.mul %u, %k : {t(3)}
  %one = weft.constant dense<1> : tensor<i64>
  %next = weft.add %i, %one : tensor<i64>
  weft.yield %g, %u, %next, %w : {t(3)}, {t(3)}, tensor<i64>, {t(3)}
}}
%l = weft.reduce sum %h#3 axes [0] : {t(N, 3)} -> {t(3)}
%z = weft.add %l, %h#1 : {t(3)}
%y = weft.add %z, %h#0 : {t(3)}""", (3,))
