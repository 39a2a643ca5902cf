# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Fails when an operation of the dialect has no round-trip test, when a numbered constraint of its
# documentation has no negative test named for it, or when such a test names what does not exist.
#
# RUN: %python %s %root
# RUN: %python %s %root --without softmax | FileCheck %s --check-prefix=MISSING
# MISSING: weft.softmax: no round-trip test in test/ir
# MISSING: weft.softmax: C1 has no test named @softmax_c1_...
import pathlib
import re
import sys


def operations(ir):
    """Mnemonic -> numbers of the constraints in its documentation."""
    found = {}
    for path in sorted(ir.glob("Weft*Ops.td")):
        for definition in re.split(r"(?m)^(?=def |class )", path.read_text()):
            name = re.match(r'def Weft_\w+Op\s*:\s*Weft_\w+<"(\w+)"', definition)
            if name:
                found[name.group(1)] = sorted({int(n) for n in re.findall(r"\bC(\d+)\b", definition)})
    return found


def main(root, skipped):
    ops = operations(root / "ir")
    assert len(ops) > 80, f"only {len(ops)} operations found in ir/*.td"
    tests = sorted((root / "test/ir").glob("*.mlir"))
    round_trips = "\n".join(
        t.read_text() for t in tests if "weft-opt %s | weft-opt |" in t.read_text()
    )
    negatives = "\n".join(t.read_text() for t in tests if t.stem.endswith("-invalid"))
    tested = {(op, int(c)) for op, c in re.findall(r"@(\w+?)_c(\d+)_\w+", negatives)}
    tested -= {(op, c) for op, c in tested if op in skipped}

    complaints = []
    for op, constraints in ops.items():
        if op in skipped or not re.search(rf"CHECK.*\bweft\.{op}\b", round_trips):
            complaints.append(f"weft.{op}: no round-trip test in test/ir")
        for c in constraints:
            if (op, c) not in tested:
                complaints.append(f"weft.{op}: C{c} has no test named @{op}_c{c}_...")
    for op, c in sorted(tested):
        if c not in ops.get(op, []):
            complaints.append(f"weft.{op}: a test is named for C{c}, which its documentation lacks")
    print("\n".join(complaints))
    return 1 if complaints and not skipped else 0


sys.exit(main(pathlib.Path(sys.argv[1]), sys.argv[3:]))
