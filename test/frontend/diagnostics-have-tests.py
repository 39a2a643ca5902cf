# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Every kind of message in frontend/Diagnostics.def is seen in some test, on a line that expects it:
# `error: ... [kind]` or `warning: ... [kind]`. Every kind that a test expects exists.
#
# RUN: %python %s %root
import pathlib
import re
import sys

SUFFIXES = {".weft", ".mlir", ".test", ".py", ".c"}


def main(root):
    root = pathlib.Path(root)
    rows = re.findall(
        r'^WEFT_DIAGNOSTIC\(\s*(\w+),\s*"([^"]+)",\s*(\w+),', (root / "frontend/Diagnostics.def").read_text(), re.M
    )
    seen = {}
    for path in sorted((root / "test").rglob("*")):
        if path.suffix in SUFFIXES and path.name != pathlib.Path(__file__).name:
            text = path.read_text(errors="replace")
            for kind in re.findall(r"(?:error|warning): .*\[([a-z]+(?:-[a-z]+)*)\]\"?(?:\{\{.*\}\})?$", text, re.M):
                seen.setdefault(kind, path)
    kinds = {kind for _, kind, _ in rows}
    assert len(kinds) == len(rows) > 20, "Diagnostics.def is not read as it should be, or a kind stands there twice"
    mistakes = [f"no test expects [{kind}]" for kind in sorted(kinds - set(seen))]
    frontend_tests = {kind for kind, path in seen.items() if "frontend" in path.parts}
    mistakes += [f"{seen[kind]} expects [{kind}], which is no row" for kind in sorted(frontend_tests - kinds)]
    print("\n".join(mistakes))
    return 1 if mistakes else 0


sys.exit(main(*sys.argv[1:]))
