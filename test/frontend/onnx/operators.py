# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Operators beyond what the standard's own cases hold: newer versions, dynamic dimensions, loops
# that end early. Expected numbers are computed here, in NumPy; each case runs with the evaluator
# and compiled.
#
# REQUIRES: onnx
# RUN: %python %s %t
import os
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RNG = np.random.default_rng(1)
TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64, np.dtype(bool): TensorProto.BOOL}
failures = []


def data(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


def info(name, shape, element=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, element, shape)


def run(case, model, inputs, expected, folder, tolerance=1e-4):
    path = os.path.join(folder, f"{case}.onnx")
    onnx.save(model, path)
    for mode in ([], ["--reference"]):
        command = ["weft", "run", path, "predict", *mode]
        for name, array in inputs.items():
            np.save(os.path.join(folder, f"{name}.npy"), array)
            command += ["--in", f"{name}={folder}/{name}.npy"]
        for name in expected:
            command += ["--out", f"{name}={folder}/{name}.out.npy"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            failures.append(f"{case} {mode}: {done.stderr.strip()}")
            continue
        for name, want in expected.items():
            got = np.load(f"{folder}/{name}.out.npy")
            same = got.shape == want.shape and got.dtype == want.dtype
            if not same or not np.allclose(got, want, tolerance, tolerance):
                failures.append(f"{case} {mode}: '{name}' is {got.dtype}{got.shape}, differs from {want.dtype}{want.shape}")


def one_node(case, folder, op, inputs, expected, opset, outputs=None, dims=None, weights=None, **attributes):
    """A model of one node. `inputs` may hold None for what is left out; `dims` names dimensions."""
    names = [name if array is not None else "" for name, array in inputs.items()]
    weights = weights or {}
    node = helper.make_node(op, names, list(outputs or expected), **attributes)
    given = {name: array for name, array in inputs.items() if array is not None and name not in weights}
    declared = [
        info(name, (dims or {}).get(name, array.shape), TYPES[array.dtype]) for name, array in given.items()
    ]
    results = [info(name, [None] * array.ndim, TYPES[array.dtype]) for name, array in expected.items()]
    tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph([node], case, declared, results, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 8
    run(case, model, given, expected, folder)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def einsums(folder):
    for i, (equation, shapes) in enumerate([
        ("ij,jk,kl->il", [(2, 3), (3, 4), (4, 5)]),
        ("...ii->...i", [(2, 3, 3)]),
        ("...ij,...jk", [(2, 1, 3, 4), (5, 4, 2)]),
        ("ba,b", [(3, 2), (3,)]),
        ("i,j->ji", [(3,), (4,)]),
        ("ii,ij->", [(3, 3), (3, 4)]),
        ("bhld,bhsd->bhls", [(2, 3, 4, 5), (2, 3, 6, 5)]),
        ("a...b,b->...", [(2, 3, 4), (4,)]),
    ]):
        arrays = {f"x{j}": data(*shape) for j, shape in enumerate(shapes)}
        want = np.asarray(np.einsum(equation, *arrays.values()), np.float32)
        one_node(f"einsum{i}", folder, "Einsum", arrays, {"y": want}, 12, equation=equation)


def attention(q, k, v, mask=None, past=0, causal=False, cap=0.0, scale=None):
    groups = q.shape[1] // k.shape[1]
    k, v = np.repeat(k, groups, 1), np.repeat(v, groups, 1)
    raw = np.einsum("bhld,bhsd->bhls", q, k) * (scale or q.shape[-1] ** -0.5)
    capped = cap * np.tanh(raw / cap) if cap else raw
    scores = capped
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    if causal:
        seen = np.arange(k.shape[2])[None] <= np.arange(q.shape[2])[:, None] + past
        scores = np.where(seen, scores, -np.inf)
    p = softmax(scores)
    return [x.astype(np.float32) for x in (np.einsum("bhls,bhse->bhle", p, v), raw, capped, scores, p)]


def attentions(folder):
    def case(name, inputs, expected, **attributes):
        outputs = list(expected)
        if "qk" in expected:
            outputs = ["y", "", "", "qk"]
        elif "key" in expected:
            outputs = ["y", "key", "value"]
        one_node(f"attention_{name}", folder, "Attention", inputs, expected, 23, outputs=outputs, **attributes)

    q, k, v = data(2, 4, 3, 8), data(2, 2, 5, 8), data(2, 2, 5, 6)
    case("grouped", {"q": q, "k": k, "v": v}, {"y": attention(q, k, v)[0]})
    names = {"q": ("N", 4, "L", 8), "k": ("N", 2, "S", 8), "v": ("N", 2, "S", 6)}
    case("dynamic", {"q": q, "k": k, "v": v}, {"y": attention(q, k, v, scale=0.5)[0]}, dims=names, scale=0.5)
    case("causal", {"q": q, "k": k, "v": v}, {"y": attention(q, k, v, causal=True)[0]}, is_causal=1)
    boolean, additive = RNG.random((3, 5)) < 0.7, data(2, 1, 3, 5)
    boolean[:, 0] = True
    case("bool", {"q": q, "k": k, "v": v, "m": boolean}, {"y": attention(q, k, v, boolean)[0]})
    case("add", {"q": q, "k": k, "v": v, "m": additive}, {"y": attention(q, k, v, additive)[0]})
    for mode in range(4):
        made = attention(q, k, v, additive, cap=2.0)
        case(f"mode{mode}", {"q": q, "k": k, "v": v, "m": additive}, {"y": made[0], "qk": made[1 + mode]},
             softcap=2.0, qk_matmul_output_mode=mode)
    pk, pv = data(2, 2, 4, 8), data(2, 2, 4, 6)
    keys, values = np.concatenate([pk, k], 2), np.concatenate([pv, v], 2)
    case("past", {"q": q, "k": k, "v": v, "m": None, "pk": pk, "pv": pv},
         {"y": attention(q, keys, values, past=4, causal=True)[0], "key": keys, "value": values}, is_causal=1)

    def flat(x):
        return x.transpose(0, 2, 1, 3).reshape(x.shape[0], x.shape[2], -1)

    case("flat", {"q": flat(q), "k": flat(k), "v": flat(v)}, {"y": flat(attention(q, k, v)[0])},
         q_num_heads=4, kv_num_heads=2)


def rotary(x, cosine, sine, interleaved):
    width = cosine.shape[-1] * 2
    part, rest = x[..., :width], x[..., width:]
    first, second = (part[..., ::2], part[..., 1::2]) if interleaved else np.split(part, 2, -1)
    cosine, sine = cosine[:, None], sine[:, None]
    left, right = cosine * first - sine * second, sine * first + cosine * second
    turned = np.stack([left, right], -1).reshape(part.shape) if interleaved else np.concatenate([left, right], -1)
    return np.concatenate([turned, rest], -1)


def rotaries(folder):
    x, table, places = data(2, 4, 3, 8), data(10, 4), RNG.integers(0, 10, (2, 3))
    c, s = np.cos(table), np.sin(table)
    for interleaved in (0, 1):
        want = rotary(x, c[places], s[places], interleaved)
        one_node(f"rotary{interleaved}", folder, "RotaryEmbedding", {"x": x, "c": c, "s": s, "p": places}, {"y": want},
                 23, interleaved=interleaved)
        want = rotary(x, c[places][..., :2], s[places][..., :2], interleaved)
        one_node(f"rotary_part{interleaved}", folder, "RotaryEmbedding", {"x": x, "c": c[places][..., :2], "s": s[places][..., :2]},
                 {"y": want}, 23, interleaved=interleaved, rotary_embedding_dim=4)


def lstm(x, w, r, bias, lengths):
    """Both directions, by the standard's formulas."""
    steps, batch, _ = x.shape
    units = r.shape[2]
    outputs, last = np.zeros((steps, 2, batch, units), np.float32), np.zeros((2, batch, units), np.float32)
    sigmoid = lambda a: 1 / (1 + np.exp(-a))
    for d in range(2):
        for e in range(batch):
            h, c = np.zeros(units), np.zeros(units)
            order = range(lengths[e]) if d == 0 else reversed(range(lengths[e]))
            for t in order:
                i, o, f, g = np.split(w[d] @ x[t, e] + r[d] @ h + bias[d].reshape(2, -1).sum(0), 4)
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(c)
                outputs[t, d, e] = h
            last[d, e] = h
    return outputs, last


def recurrent(folder):
    x, w, r, bias = data(5, 3, 4), data(2, 12, 4), data(2, 12, 3), data(2, 24)
    lengths = np.array([5, 2, 4], np.int64)
    y, h = lstm(x, w, r, bias, lengths)
    one_node("lstm", folder, "LSTM", {"x": x, "w": w, "r": r, "b": bias, "l": lengths}, {"y": y, "h": h}, 14,
             dims={"x": ("T", "N", 4), "l": ("N",)}, weights={"w": w, "r": r, "b": bias},
             direction="bidirectional", hidden_size=3)


def matrices(folder):
    for size in (1, 2, 5, 11):
        x = data(3, size, size)
        one_node(f"det{size}", folder, "Det", {"x": x}, {"y": np.linalg.det(x).astype(np.float32)}, 11,
                 dims={"x": ("N", size, size)})
    x = data(2, 6, 1)
    want = np.fft.fft(x[..., 0], axis=1)
    one_node("dft", folder, "DFT", {"x": x}, {"y": np.stack([want.real, want.imag], -1).astype(np.float32)}, 20,
             dims={"x": ("N", "L", 1)})

    signal, window, step = data(2, 32, 1), np.hanning(8).astype(np.float32), np.array(4)
    frames = np.stack([signal[:, i * 4 : i * 4 + 8, 0] * window for i in range(7)], 1)
    want = np.fft.rfft(frames, axis=-1)
    one_node("stft", folder, "STFT", {"s": signal, "step": step, "w": window},
             {"y": np.stack([want.real, want.imag], -1).astype(np.float32)}, 17,
             dims={"s": ("N", 32, 1)}, weights={"step": step})
    words = np.array([[1, 2, 1, 2], [3, 1, 2, 2]], np.int64)
    one_node("ngrams", folder, "TfIdfVectorizer", {"x": words}, {"y": np.array([[2, 2, 2], [1, 2, 1]], np.float32)}, 9,
             dims={"x": ("N", 4)}, mode="TF", min_gram_length=1, max_gram_length=2, max_skip_count=0,
             ngram_counts=[0, 2], ngram_indexes=[0, 1, 2], pool_int64s=[1, 2, 1, 2])


def scans(folder):
    """Along the middle axis, backwards, results written backwards along the last axis."""
    x = data(3, 5, 2)
    step = helper.make_graph(
        [helper.make_node("Add", ["s", "v"], ["n"]), helper.make_node("Identity", ["n"], ["e"])], "b",
        [info("s", [3, 2]), info("v", [3, 2])], [info("n", [3, 2]), info("e", [3, 2])])
    sums = np.cumsum(x[:, ::-1], 1)
    one_node("scan", folder, "Scan", {"i": np.zeros((3, 2), np.float32), "x": x},
             {"y": x.sum(1), "z": sums[:, ::-1].transpose(0, 2, 1)}, 11, dims={"x": (3, "T", 2)}, body=step,
             num_scan_inputs=1, scan_input_axes=[1], scan_input_directions=[1], scan_output_axes=[-1],
             scan_output_directions=[1])


def growing(folder):
    """A carried value whose shape changes: the loop is written out."""
    nodes = [helper.make_node("Concat", ["v", "v"], ["next"], axis=0), helper.make_node("Identity", ["c"], ["go"])]
    inner = helper.make_graph(
        nodes, "b", [info("i", [], TensorProto.INT64), info("c", [], TensorProto.BOOL), info("v", [None, 2])],
        [info("go", [], TensorProto.BOOL), info("next", [None, 2])])
    graph = helper.make_graph([helper.make_node("Loop", ["two", "", "x"], ["y"], body=inner)], "g", [info("x", ["N", 2])],
                              [info("y", [None, 2])], [numpy_helper.from_array(np.array(2), "two")])
    x = data(4, 2)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    run("growing", model, {"x": x}, {"y": np.tile(x, (4, 1))}, folder)


def body(name, carried, condition, stacked):
    """i, c, x -> c, x + x, x: doubles while a condition holds, and stacks what it had."""
    nodes = [helper.make_node("Add", ["v", "v"], ["next"]), helper.make_node("Identity", ["v"], ["seen"])]
    nodes += condition
    outputs = [info("go", [], TensorProto.BOOL), info("next", carried)] + ([info("seen", carried)] if stacked else [])
    inputs = [info("i", [], TensorProto.INT64), info("c", [], TensorProto.BOOL), info("v", carried)]
    return helper.make_graph(nodes, name, inputs, outputs)


def loops(folder):
    below = [helper.make_node("ReduceMax", ["next"], ["top"], keepdims=0), helper.make_node("Less", ["top", "limit"], ["go"])]
    always = [helper.make_node("Identity", ["c"], ["go"])]

    def case(name, condition, stacked, trips, expected):
        outputs = ["y", "all"] if stacked else ["y"]
        node = helper.make_node("Loop", ["trips" if trips else "", "", "x"], outputs, body=body("b", [2], condition, stacked))
        weights = [numpy_helper.from_array(np.array(20, np.float32), "limit")]
        if trips:
            weights.append(numpy_helper.from_array(np.array(trips, np.int64), "trips"))
        results = [info("y", [2])] + ([info("all", [None, 2])] if stacked else [])
        graph = helper.make_graph([node], name, [info("x", [2])], results, weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)])
        run(name, model, {"x": np.array([1, 3], np.float32)}, expected, folder)

    f32 = lambda *rows: np.array(rows, np.float32)
    case("counted", always, True, 3, {"y": f32(8, 24), "all": f32([1, 3], [2, 6], [4, 12])})
    case("while", below, False, 0, {"y": f32(8, 24)})
    case("bounded", below, True, 5,
         {"y": f32(8, 24), "all": f32([1, 3], [2, 6], [4, 12], [0, 0], [0, 0]), "all_count": np.array(3, np.int64)})


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for family in (einsums, attentions, rotaries, recurrent, matrices, scans, growing, loops):
        family(folder)
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


main()
