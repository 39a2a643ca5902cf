# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Part of `ninja docs`: replaces each line "Example: `test/...mlir`" of the generated reference by
# the lines of that tested file which show the operation.
#
#   include_examples.py ROOT IN.md OUT.md
import pathlib
import re
import sys

MOST_LINES = 4


def example(root, path, op):
    lines = [line.strip() for line in (root / path).read_text().splitlines()]
    uses = re.compile(rf"(^|= ){re.escape(op)}\b")
    shown = [line for line in lines if uses.search(line) and not line.startswith("//")]
    if not shown:
        sys.exit(f"{path}: shows no {op}")
    return "```mlir\n" + "\n".join(shown[:MOST_LINES]) + f"\n```\n\nFrom `{path}`."


def main(root, source, target):
    op, out = None, []
    for line in pathlib.Path(source).read_text().splitlines():
        heading = re.match(r"### `(weft\.\w+)`", line)
        if heading:
            op = heading.group(1)
        file = re.match(r"\s*Example: `(test/ir/.*\.mlir)`", line)
        out.append(example(root, file.group(1), op) if file and op else line)
    pathlib.Path(target).write_text("\n".join(out) + "\n")


main(pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3])
