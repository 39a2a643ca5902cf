# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Runs the ONNX standard's own test cases (Debian: libonnx-testdata), each with the evaluator and
# compiled, and holds the outcome to expected.csv. See README.md beside this file.
#   python3 test/conformance/run.py --weft build/release/bin/weft [--filter conv] [--update]
import argparse
import csv
import json
import math
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
FOLDERS = ["node", "simple", "pytorch-operator", "pytorch-converted"]
MODES = {"evaluator": ["--reference"], "compiled": []}
RTOL, ATOL = 1e-3, 1e-7  # those of the standard's own runner
# The standard cannot know these numbers: only types and shapes are compared. A dropout of ratio 0
# drops nothing, so its numbers are known.
RANDOM = re.compile(r"test_(bernoulli|random|training_dropout(?!_zero_ratio)|multinomial)")
ONNX_RUNTIME = 996  # of the 1,072 cases, the number that ONNX Runtime passes
PASSED, FAILED, UNSUPPORTED = "passed", "failed", "unsupported"
NUMPY_TYPES = {
    "f64": "f8", "f32": "f4", "f16": "f2", "i64": "i8", "i32": "i4", "i16": "i2", "i8": "i1",
    "u64": "u8", "u32": "u4", "u16": "u2", "u8": "u1", "bool": "?", "bf16": "f4",
}


def identifiers(names, taken):
    """The names that the importer gives: identifiers, each once."""
    result = []
    for name in names:
        clean = re.sub(r"[^A-Za-z0-9]", "_", name)
        clean = "_" + clean if not clean or clean[0].isdigit() else clean
        unique, number = clean, 1
        while unique in taken:
            unique, number = f"{clean}_{number}", number + 1
        taken.add(unique)
        result.append(unique)
    return result


class Tensor:
    """A tensor of a test case, of the type that the model declares. The files hold bf16, which NumPy
    lacks, as the 16 bits of each element; here it is kept as float32."""

    def __init__(self, path, declared):
        tensor = onnx.TensorProto()
        tensor.ParseFromString(path.read_bytes())
        self.is_bf16 = declared.type.tensor_type.elem_type == TensorProto.BFLOAT16
        if self.is_bf16:
            bits = np.frombuffer(tensor.raw_data, np.uint16).astype(np.uint32) << 16
            self.array = bits.view(np.float32).reshape(tuple(tensor.dims))
        else:
            self.array = numpy_helper.to_array(tensor)

    def write(self, folder, name):
        """A file that `weft run` reads."""
        if not self.is_bf16:
            path = folder / f"{name}.npy"
            np.save(path, self.array)
            return path
        data = (np.ascontiguousarray(self.array, np.float32).view(np.uint32) >> 16).astype(np.uint16).tobytes()
        entry = {"dtype": "BF16", "shape": list(self.array.shape), "data_offsets": [0, len(data)]}
        header = json.dumps({name: entry}).encode()
        path = folder / f"{name}.safetensors"
        path.write_bytes(struct.pack("<Q", len(header)) + header + data)
        return path


def to_number(value):
    return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}.get(value, value)


def from_json(values, type_name):
    """A result of `weft run --json`: nested lists, and its type such as f32[2, 3]."""
    element, shape = re.fullmatch(r"(\w+)(?:\[(.*)\])?", type_name).groups()
    shape = [int(size) for size in shape.split(",")] if shape else []
    flat = []

    def flatten(value):
        if isinstance(value, list):
            for one in value:
                flatten(one)
        else:
            flat.append(to_number(value))

    flatten(values)
    return np.array(flat, np.dtype(NUMPY_TYPES[element])).reshape(shape), element


def call(weft, arguments, scratch):
    environment = dict(os.environ, XDG_CACHE_HOME=str(scratch))
    done = subprocess.run([weft, *map(str, arguments)], capture_output=True, timeout=300, env=environment)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def trim(got, want, count):
    """A result whose size depends on data: `count` of its entries along the one axis whose bound and
    expected size differ are meant, and the rest is 0. Other shapes are left for `compare` to refuse."""
    axes = [axis for axis in range(got.ndim) if got.shape[axis] != want.shape[axis]]
    if len(axes) != 1:
        return got
    axis = axes[0]
    if count != want.shape[axis]:
        raise AssertionError(f"{count} entries, expected {want.shape[axis]}")
    kept, rest = np.split(got, [count], axis)
    if rest.any():
        raise AssertionError("what lies behind the entries is not 0")
    return kept


def compare(got, element, want, is_random):
    wanted = "bf16" if want.is_bf16 else next(k for k, v in NUMPY_TYPES.items() if np.dtype(v) == want.array.dtype)
    if element != wanted:
        raise AssertionError(f"is {element}, expected {wanted}")
    if got.shape != want.array.shape:
        raise AssertionError(f"has shape {got.shape}, expected {want.array.shape}")
    if is_random:
        return
    if want.array.dtype.kind == "f":
        with np.errstate(all="ignore"):
            good = np.isclose(got.astype("f8"), want.array.astype("f8"), RTOL, ATOL, equal_nan=True)
            distances = np.abs(got.astype("f8") - want.array.astype("f8"))
        if not good.all():
            worst = distances[~good].max()
            raise AssertionError(f"{(~good).sum()} of {good.size} elements differ, by {worst:.3g} at most")
    elif not (got == want.array).all():
        raise AssertionError(f"{(got != want.array).sum()} of {got.size} elements differ")


class Case:
    via_source = False  # whether each case is written as source first

    def __init__(self, folder, path):
        self.folder, self.path, self.name = folder, path, path.name
        self.model = onnx.load(path / "model.onnx", load_external_data=False)
        graph = self.model.graph
        weights = {tensor.name for tensor in graph.initializer}
        taken = set()
        self.declared = [i for i in graph.input if i.name not in weights]
        self.inputs = identifiers([i.name for i in self.declared], taken)
        self.operators = sorted({f"{n.domain}.{n.op_type}" if n.domain else n.op_type for n in self.nodes(graph)})
        self.constants = set()
        self.status = {}
        self.detail = {}

    def nodes(self, graph):
        for node in graph.node:
            yield node
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.GRAPH:
                    yield from self.nodes(attribute.g)

    def data_sets(self):
        for folder in sorted(self.path.glob("test_data_set_*")):
            read = lambda kind: [
                folder / f"{kind}_{i}.pb" for i in range(len(list(folder.glob(f"{kind}_*.pb"))))
            ]
            yield read("input"), read("output")

    def attempt_once(self, weft, mode, files, scratch):
        """One `weft run` of the file."""
        arguments = ["run", self.path / "model.onnx", "--json", *MODES[mode]]
        for name, file in files.items():
            arguments += ["--constant" if name in self.constants else "--in", f"{name}={file}"]
        return call(weft, arguments, scratch)

    def attempt_source(self, weft, mode, files, scratch):
        """One `weft import`, and one `weft run` of what it wrote. A name that is a word of the
        language, or that would hide a function, has a `_` more in the source."""
        source = scratch / "written" / "model.weft"
        arguments = ["import", self.path / "model.onnx", "-o", source, "--json"]
        for name in self.constants:
            arguments += ["--constant", f"{name}={files[name]}"]
        code, out, err = call(weft, arguments, scratch)
        if code != 0:
            return code, out, err
        text = source.read_text()
        arguments = ["run", source, "predict", "--json", *MODES[mode]]
        if source.with_suffix(".safetensors").exists():
            arguments += ["--weights", source.with_suffix(".safetensors")]
        for name, file in files.items():
            if name not in self.constants:
                written = name if re.search(rf"[(\s]{name}: ", text) else name + "_"
                arguments += ["--in", f"{written}={file}"]
        code, out, err = call(weft, arguments, scratch)
        if code == 0:
            report = json.loads(out)
            for part in ("results", "types"):
                report[part].update({n[:-1]: v for n, v in report[part].items() if n.endswith("_")})
            out = json.dumps(report)
        return code, out, err

    def attempt(self, weft, mode, files, scratch):
        """Runs until no more inputs have to be known while compiling."""
        while True:
            once = self.attempt_source if Case.via_source else self.attempt_once
            code, out, err = once(weft, mode, files, scratch)
            if code == 0:
                return json.loads(out)
            report = json.loads(out) if out.startswith("{") else {"errors": []}
            message = " ".join(e["message"] for e in report.get("errors", [])) or err
            message = message.replace(str(self.path) + "/", "")
            needed = set(re.findall(r"--constant (\w+)=FILE", message)) - self.constants
            if code != 1 or not needed:
                raise RuntimeError((UNSUPPORTED if code == 1 else FAILED, " ".join(message.split())[:400]))
            self.constants |= needed

    def check(self, weft, mode, inputs, outputs, scratch):
        files = {
            name: Tensor(path, declared).write(scratch, name)
            for name, declared, path in zip(self.inputs, self.declared, inputs)
        }
        report = self.attempt(weft, mode, files, scratch)
        declared = self.model.graph.output
        taken = {name for name in self.inputs if name not in self.constants}
        names = identifiers([output.name for output in declared], taken)
        for name, output, path in zip(names, declared, outputs):
            got, element = from_json(report["results"][name], report["types"][name])
            want = Tensor(path, output)
            count = report["results"].get(name + "_count")
            try:
                if count is not None and got.ndim == want.array.ndim:
                    got = trim(got, want.array, count)
                compare(got, element, want, bool(RANDOM.match(self.name)))
            except AssertionError as error:
                raise RuntimeError((FAILED, f"output '{name}' {error}")) from None

    def has_only_numbers(self):
        """Whether inputs and outputs are tensors of numbers: this runner reads no others."""
        kinds = [value.type for value in [*self.declared, *self.model.graph.output]]
        return all(
            kind.WhichOneof("value") == "tensor_type" and kind.tensor_type.elem_type != TensorProto.STRING
            for kind in kinds
        )

    def run(self, weft, modes):
        for mode in modes:
            try:
                if not list(self.data_sets()):
                    raise ValueError("the case has no data")
                for inputs, outputs in self.data_sets():
                    with tempfile.TemporaryDirectory() as scratch:
                        self.check(weft, mode, inputs, outputs, pathlib.Path(scratch))
                self.status[mode], self.detail[mode] = PASSED, ""
            except RuntimeError as error:
                self.status[mode], self.detail[mode] = error.args[0]
            except subprocess.TimeoutExpired:
                self.status[mode], self.detail[mode] = FAILED, "takes longer than 300 seconds"
            except Exception as error:  # the runner cannot go on, and only such data may be the cause
                self.status[mode] = FAILED if self.has_only_numbers() else UNSUPPORTED
                self.detail[mode] = f"{type(error).__name__}: {error}"[:300]
        return self


def read_expected(path):
    """Case -> (status with the evaluator, status compiled, reason)."""
    with open(path, newline="") as file:
        return {row["case"]: row for row in csv.DictReader(file)}


def write_expected(path, cases, old):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, ["case", "evaluator", "compiled", "reason"], lineterminator="\n")
        writer.writeheader()
        for case in sorted(cases, key=lambda c: (c.folder, c.name)):
            if all(status == PASSED for status in case.status.values()):
                continue
            key = f"{case.folder}/{case.name}"
            reason = old.get(key, {}).get("reason") or "TODO: " + next(filter(None, case.detail.values()))
            writer.writerow({"case": key, **case.status, "reason": reason})


def hold(cases, expected, is_whole):
    """What departs from the list. A whole run also finds rows whose case is gone."""
    keys = {f"{case.folder}/{case.name}" for case in cases}
    wrong = [f"{key}: is on the list, but there is no such case" for key in expected if is_whole and key not in keys]
    for case in cases:
        key = f"{case.folder}/{case.name}"
        row = expected.get(key, {})
        for mode, status in case.status.items():
            wanted = row.get(mode, PASSED)
            if status != wanted:
                wrong.append(f"{key}: {mode}: {status}, but the list says {wanted}: {case.detail[mode]}")
    return wrong


def print_tables(cases):
    table = defaultdict(Counter)
    for case in cases:
        for operator in case.operators:
            table[operator]["cases"] += 1
            for mode, status in case.status.items():
                table[operator][mode, status] += 1
    print(f"{'operator':32}{'cases':>6}   evaluator: passed failed unsupported   compiled: passed failed unsupported")
    for operator, row in sorted(table.items()):
        counts = "".join(
            f"{row[mode, PASSED]:>{first}}{row[mode, FAILED]:>7}{row[mode, UNSUPPORTED]:>12}"
            for mode, first in (("evaluator", 20), ("compiled", 19))
        )
        print(f"{operator:32}{row['cases']:>6}{counts}")
    print()
    for folder in dict.fromkeys(case.folder for case in cases):
        own = [case for case in cases if case.folder == folder]
        counts = ", ".join(f"{mode} {sum(c.status.get(mode) == PASSED for c in own)}" for mode in MODES)
        print(f"{folder}: {len(own)} cases; passed: {counts}")
    fixed = sum(bool(case.constants) for case in cases)
    print(f"{fixed} cases have inputs that decide shapes: those were given while compiling")
    passed = ", ".join(f"{mode} {sum(c.status.get(mode) == PASSED for c in cases)}" for mode in MODES)
    print(f"of {len(cases)} cases, passed: {passed}; ONNX Runtime passes {ONNX_RUNTIME} of all 1072")


def main():
    parser = argparse.ArgumentParser(description="The ONNX standard's test cases, evaluated and compiled.")
    parser.add_argument("--weft", default="weft")
    parser.add_argument("--data", type=pathlib.Path, default="/usr/share/libonnx-testdata/data")
    parser.add_argument("--folders", default=",".join(FOLDERS))
    parser.add_argument("--filter", default="", help="a regular expression for names of cases")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--expected", type=pathlib.Path, default=HERE / "expected.csv")
    parser.add_argument("--update", action="store_true", help="write the list anew; reasons are kept")
    parser.add_argument("--via-source", action="store_true", help="write each case as source, and run that")
    parser.add_argument("--evaluator-share", type=int, default=1, metavar="N",
                        help="run the evaluator on one case of N, evenly over the list; compiled, all run")
    parser.add_argument("--quiet", action="store_true", help="no table by operator")
    options = parser.parse_args()
    Case.via_source = options.via_source
    cases = [
        Case(folder, path)
        for folder in options.folders.split(",")
        for path in sorted((options.data / folder).iterdir())
        if (path / "model.onnx").exists() and re.search(options.filter, path.name)
    ]
    if not cases:
        sys.exit(f"no cases in {options.data}: install libonnx-testdata")
    with ThreadPoolExecutor(options.jobs) as pool:
        modes = [MODES if i % options.evaluator_share == 0 else ["compiled"] for i in range(len(cases))]
        cases = list(pool.map(lambda case, own: case.run(options.weft, own), cases, modes))
    if not options.quiet:
        print_tables(cases)
    expected = read_expected(options.expected) if options.expected.exists() else {}
    is_whole = not options.filter and options.folders == ",".join(FOLDERS) and options.evaluator_share == 1
    if options.update and not is_whole:
        sys.exit("--update writes the whole list: it goes without --filter, --folders and --evaluator-share")
    if options.update:
        write_expected(options.expected, cases, expected)
        expected = read_expected(options.expected)
    wrong = hold(cases, expected, is_whole)
    print("\n".join(wrong))
    both = [set(case.status.values()) for case in cases]
    passed = sum(status == {PASSED} for status in both)
    skipped = sum(FAILED not in status and status != {PASSED} for status in both)
    print(f"{passed} passed, {len(cases) - passed - skipped} failed, {skipped} skipped")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
