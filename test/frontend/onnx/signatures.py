# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The table of frontend/onnx/Signatures.cpp holds every operator of the standard that the installed
# onnx package knows, with at most the inputs that are needed and at least those that are possible.
#
# REQUIRES: onnx
# RUN: %python %s %root/frontend/onnx/Signatures.cpp
import re
import sys

import onnx.defs

ANY = 1 << 30
ROW = r'\{"(\w+)", (\d+), (\d+|any), (\d+|any)(?:, "([\w.]+)")?\}'


def main(path):
    rows = {}
    for name, least, inputs, outputs, domain in re.findall(ROW, open(path).read()):
        rows[domain or "", name] = (int(least), *(ANY if most == "any" else int(most) for most in (inputs, outputs)))
    assert len(rows) > 150, "the table is not read as it should be"
    wrong = []
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain not in ("", "ai.onnx.preview.training"):
            continue
        row = rows.get((schema.domain, schema.name))
        if not row:
            wrong.append(f"{schema.name} is missing")
        elif row[0] > schema.min_input or row[1] < schema.max_input and row[1] != ANY or row[2] < schema.max_output and row[2] != ANY:
            wrong.append(f"{schema.name} {schema.since_version}: {row} against {schema.min_input}, {schema.max_input}, {schema.max_output}")
    sys.exit("\n".join(wrong) or 0)


main(sys.argv[1])
