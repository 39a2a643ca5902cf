#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds the includes of every source file to the room table.

    tools/check_arrows.py [ROOT]

Prints one line for each include that no arrow allows and exits with 1 if there is one.
"""
import pathlib
import re
import sys

# Which other rooms a room may include. CMake holds the libraries to the same table
# (tools/cmake/Weft.cmake); codegen may also include the ABI header of the runtime.
MAY_INCLUDE = {
    "ir": set(),
    "frontend": {"ir"},
    "passes": {"ir"},
    "codegen": {"ir", "passes"},
    "runtime": set(),
    "tools": {"ir", "frontend", "passes", "codegen", "runtime"},
    "test": {"ir", "frontend", "passes", "codegen", "runtime", "tools"},
}
EXTRA = {("codegen", "runtime/Abi.h"), ("codegen", "runtime/weft.h")}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def faults(root):
    for room, allowed in MAY_INCLUDE.items():
        for path in sorted((root / room).rglob("*")):
            if path.suffix in {".h", ".cpp", ".c", ".def"}:
                yield from faults_of_file(root, room, allowed, path)


def faults_of_file(root, room, allowed, path):
    for included in INCLUDE.findall(path.read_text(errors="replace")):
        first = included.split("/")[0]
        where = path.relative_to(root)
        if room == "runtime" and first in {"llvm", "mlir", "lld"}:
            yield f"{where}: the runtime includes '{included}', but ships without LLVM"
        elif (first in MAY_INCLUDE and "/" in included and first != room and first not in allowed
              and (room, included) not in EXTRA):
            yield f"{where}: {room}/ includes '{included}', but may include {sorted(allowed)} only"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parents[1])
    found = list(faults(root))
    print("\n".join(found) or f"the arrows between {len(MAY_INCLUDE)} rooms hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
