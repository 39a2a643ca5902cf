# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds the first node of an ONNX file whose result differs between two ways of running it.

A way to run is `run(model, outputs) -> {output: array}`. Intermediate values become outputs through an
Identity node each, whose name is an identifier, so that all ways call it the same.
"""
import dataclasses

import numpy
import onnx


@dataclasses.dataclass(frozen=True)
class Probe:
    output: str  # in the file with probes
    value: str  # in the file
    node: onnx.NodeProto


@dataclasses.dataclass(frozen=True)
class Difference:
    probe: Probe
    relative: float
    shape: tuple
    number: int  # of the node, of `count`
    count: int
    note: str = ""

    def __str__(self):
        node = self.probe.node
        return (f"first difference: node {self.number} of {self.count}, '{node.name or self.probe.value}' "
                f"({node.op_type}), value '{self.probe.value}' {list(self.shape)}: relative "
                f"{self.relative:.1e}{self.note}")


def relative_difference(ours, theirs):
    """The largest difference over the largest finite value of `theirs`; infinite where shapes differ, or
    one has a NaN that the other lacks."""
    if ours.shape != theirs.shape:
        return numpy.inf
    if theirs.size == 0:
        return 0.0
    with numpy.errstate(all="ignore"):
        ours, theirs = ours.astype("f8"), theirs.astype("f8")
        same = (ours == theirs) | (numpy.isnan(ours) & numpy.isnan(theirs))
        distance = numpy.where(same, 0, numpy.abs(ours - theirs))
        scale = numpy.abs(theirs[numpy.isfinite(theirs)]).max(initial=0)
        worst = distance.max()
    if not numpy.isfinite(worst):
        return numpy.inf
    return worst / scale if scale else worst


def make_probes(model):
    """A probe for each value that a node of the graph itself computes."""
    values = [(name, node) for node in model.graph.node if node.op_type != "Constant"
              for name in node.output if name]
    return [Probe(f"probe_{number}", name, node) for number, (name, node) in enumerate(values)]


def with_probes(model, probes, path):
    probed = onnx.ModelProto()
    probed.CopyFrom(model)
    for probe in probes:
        probed.graph.node.append(onnx.helper.make_node("Identity", [probe.value], [probe.output]))
        probed.graph.output.append(onnx.ValueInfoProto(name=probe.output))
    onnx.save(probed, str(path))
    return path


def is_float(array):
    return numpy.asarray(array).dtype.kind == "f"


def first_wrong(probes, ours, theirs, tolerance, numbers):
    for probe in probes:
        relative = relative_difference(ours[probe.output], theirs[probe.output])
        if not relative <= tolerance:
            number = numbers[probe.value]
            return Difference(probe, relative, theirs[probe.output].shape, number, len(numbers))
    return None


def alone(model, probes, run, theirs, tolerance, scratch, numbers):
    """A value that is an output may be computed otherwise than one that is not. So: bisects with one probe
    at a time, where what follows from a difference is taken to differ too."""
    low, high, found = 0, len(probes), None
    while low < high:
        middle = (low + high) // 2
        probe = probes[middle]
        path = with_probes(model, [probe], scratch / "alone.onnx")
        wrong = first_wrong([probe], run(path, [probe.output]), theirs, tolerance, numbers)
        if wrong:
            found, high = wrong, middle
        else:
            low = middle + 1
    return found and dataclasses.replace(found, note=" (only where no value before it is an output)")


def first_difference(path, run, reference, tolerance, scratch):
    """The first node, in the order of the file, whose floats of `run` differ from those of `reference`
    by more than `tolerance`; nothing if there is none."""
    model = onnx.load(str(path))
    probes = make_probes(model)
    numbers = {probe.value: number for number, probe in enumerate(probes, 1)}
    all_probed = with_probes(model, probes, scratch / "probed.onnx")
    theirs = reference(all_probed, [probe.output for probe in probes])
    probes = [probe for probe in probes if is_float(theirs[probe.output])]
    floats = with_probes(model, probes, scratch / "floats.onnx")
    ours = run(floats, [probe.output for probe in probes])
    return (first_wrong(probes, ours, theirs, tolerance, numbers)
            or alone(model, probes, run, theirs, tolerance, scratch, numbers))
