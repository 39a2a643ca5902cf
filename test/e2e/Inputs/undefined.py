# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""undefined.py FILE...: fails if a file needs a symbol that neither it nor libc, libm, libpthread has.

Each FILE is an archive or a shared library; `nm` lists what it defines and needs.
"""
import ctypes
import subprocess
import sys

system = [ctypes.CDLL(name) for name in ("libc.so.6", "libm.so.6", "libpthread.so.0")]
# What the linker or the dynamic linker itself provides.
LINKER = {"__tls_get_addr", "_GLOBAL_OFFSET_TABLE_", "_DYNAMIC"}


def symbols(path, *options):
    text = subprocess.run(["nm", "--format=posix", *options, path], check=True, capture_output=True, text=True).stdout
    return {line.split()[0].split("@")[0] for line in text.splitlines() if len(line.split()) > 1}


def provided(name):
    return name in LINKER or any(hasattr(library, name) for library in system)


for path in sys.argv[1:]:
    shared = ["--dynamic"] if path.endswith(".so") else []
    missing = symbols(path, "--undefined-only", *shared) - symbols(path, "--defined-only", *shared)
    unknown = sorted(name for name in missing if not provided(name))
    assert not unknown, f"{path} needs {unknown}"
    print(f"{len(missing)} symbols, all of the C library")
