# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Holds the archive that ships in every artifact to what it promises.

    check_archive.py CC SCRATCH ROOT ARCHIVE

It needs nothing but libc and libm, exports only what its headers declare, and is small.
"""
import pathlib
import re
import subprocess
import sys

LIMIT_BYTES = 64 * 1024
HEADERS = ["runtime/weft.h", "runtime/Abi.h", "runtime/Safetensors.h"]


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def declared(root):
    text = "".join((root / header).read_text() for header in HEADERS)
    return set(re.findall(r"WEFT_API[^;]*?\b(weft_\w+)\(", text))


def main():
    cc, scratch, root, archive = sys.argv[1:5]
    library = f"{scratch}.so"
    # Without the compiler's own libraries: an undefined symbol outside libc is an error here.
    output(cc, "-shared", "-nodefaultlibs", "-Wl,--no-undefined", "-Wl,--whole-archive", archive,
           "-Wl,--no-whole-archive", "-lc", "-o", library)
    exported = {line.split()[-1] for line in output("nm", "-D", "--defined-only", library).splitlines()}
    wanted = declared(pathlib.Path(root)) - {"weft_main"}
    print("exports match" if exported == wanted else f"exports differ: {exported ^ wanted}")
    code = sum(int(line.split()[0]) for line in output("size", archive).splitlines()[1:])
    print(f"code within {LIMIT_BYTES}" if 0 < code <= LIMIT_BYTES else f"code is {code} bytes")
    paths = root.encode() in pathlib.Path(archive).read_bytes()
    print("a path of this machine" if paths else "no path of this machine")


main()
