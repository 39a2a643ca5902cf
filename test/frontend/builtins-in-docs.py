# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# The tables of "Built-in functions" in docs/language.md hold every built-in function with its
# parameters as the rows of frontend/Builtins*.cpp give them, and no other.
#
# RUN: %python %s %root
import pathlib
import re
import sys

# Rows that stand behind macros, and what the macro says of the parameters.
MACROS = {
    r"WEFT_UNARY\((\w+),": "x",
    r'WEFT_REDUCE\("(\w+)",': "x, axis?, axes?, keep?",
    r'WEFT_CUMULATIVE\("(\w+)",': "x, axis, exclusive?, reverse?",
    r'WEFT_SCATTER\("(\w+)",': "x, indices, updates, axis?",
}


def rows_of_source(frontend):
    rows = set()
    for path in frontend.glob("Builtins*.cpp"):
        # Macro definitions name no function.
        text = re.sub(r"#define .*(?:\\\n.*)*", "", path.read_text())
        rows |= {f"{name}({parameters})" for name, parameters in re.findall(r'\{"(\w+)",\s*"([^"]*)",\s*[\w\[]', text)}
        for pattern, parameters in MACROS.items():
            rows |= {f"{name}({parameters})" for name in re.findall(pattern, text)}
    return rows


def main(root):
    root = pathlib.Path(root)
    page = (root / "docs/language.md").read_text()
    section = page.split("\n## Built-in functions\n")[1].split("\n## ")[0]
    tables = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    documented = [span for cell in tables for span in re.findall(r"`([^`]+)`", cell)]
    source = rows_of_source(root / "frontend")
    assert len(source) > 80, "the rows of frontend/Builtins*.cpp are not read as they should be"
    mistakes = [f"twice in docs/language.md: {row}" for row in documented if documented.count(row) > 1]
    mistakes += [f"not in docs/language.md: {row}" for row in sorted(source - set(documented))]
    mistakes += [f"no built-in function: {row}" for row in sorted(set(documented) - source)]
    print("\n".join(mistakes))
    return 1 if mistakes else 0


sys.exit(main(*sys.argv[1:]))
