# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The table of docs/onnx.md holds every operator that frontend/onnx/Ops*.cpp has a row for, with the
# versions in which its meaning changes, and no other.
#
# RUN: %python %s %root
#
# To write the table anew: python3 test/frontend/onnx/operators-in-docs.py . --write
import pathlib
import re
import sys

BEGIN, END = "<!-- operators -->\n", "<!-- end of operators -->\n"
HEADER = "| operator | versions | |\n|---|---|---|\n"
# {"Name", version, handler, ...}; where the handler is null, the row says why.
ROW = re.compile(r'\{"(\w+)", (\d+), (?:nullptr, OnnxRowKind::\w+,\s*"([^"]*)")?')
TRAINING = "ai.onnx.preview.training"


def rows_of_source(folder):
    """Name -> versions, and what else the table says."""
    versions, notes = {}, {}
    for path in folder.glob("Ops*.cpp"):
        text = path.read_text()
        domain = f"`{TRAINING}`" if path.name == "OpsTraining.cpp" else ""
        for name, version, reason in ROW.findall(text):
            versions.setdefault(name, set()).add(int(version))
            notes[name] = "not supported: " + reason if reason else domain
        for name, version in re.findall(r'onStrings\("(\w+)", (\d+)\)', text):
            versions.setdefault(name, set()).add(int(version))
            notes[name] = "not supported: works on strings"
    return versions, notes


def table(folder):
    versions, notes = rows_of_source(folder)
    assert len(versions) > 180, "the rows of frontend/onnx/Ops*.cpp are not read as they should be"
    return HEADER + "".join(
        f"| {name} | {', '.join(map(str, sorted(versions[name])))} | {notes[name]} |\n" for name in sorted(versions)
    )


def main(root, *flags):
    page = pathlib.Path(root) / "docs/onnx.md"
    before, rest = page.read_text().split(BEGIN)
    written, after = rest.split(END)
    wanted = table(pathlib.Path(root) / "frontend/onnx")
    if flags == ("--write",):
        page.write_text(before + BEGIN + wanted + END + after)
        return 0
    differing = sorted(set(written.splitlines()) ^ set(wanted.splitlines()))
    print("\n".join(f"differs from the source: {line}" for line in differing))
    return 1 if written != wanted else 0


sys.exit(main(*sys.argv[1:]))
