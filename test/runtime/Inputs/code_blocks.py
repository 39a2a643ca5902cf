# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the C programs of a page to files.

    code_blocks.py PAGE.md FOLDER

A program is a block marked `c` whose first line is a comment with its name.
"""
import pathlib
import re
import sys

page, folder = map(pathlib.Path, sys.argv[1:3])
for name, code in re.findall(r"^```c\n// (\S+\.c)\n(.*?)^```$", page.read_text(), re.M | re.S):
    (folder / name).write_text(code)
    print(name)
