# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Files of all kinds of noise: each is refused with exit code 1, with at least one message and at
# most twenty, and the tree that is left can still be printed. Some are also cut at every seventh
# byte: a file that ends too early is no reason to crash either.
#
# RUN: %python %s %S/malformed %t
import pathlib
import subprocess
import sys


def parse(path):
    command = ["weft-parse", "--alone", path]
    return subprocess.run(command, capture_output=True, timeout=60)


def check_refused(path):
    result = parse(path)
    errors = result.stderr.count(b": error: ")
    if result.returncode != 1 or not 1 <= errors <= 20:
        yield f"{path.name}: exit code {result.returncode}, {errors} messages"


def check_cuts(path, folder):
    """One file holds a cut; weft-parse may find it right or wrong, but has to say which."""
    text = path.read_bytes()[:300]
    cut = folder / "cut.weft"
    for length in range(0, len(text), 7):
        cut.write_bytes(text[:length])
        result = parse(cut)
        if result.returncode not in (0, 1):
            yield f"{path.name}, first {length} bytes: exit code {result.returncode}"


def main(corpus, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(pathlib.Path(corpus).glob("*.weft"))
    assert len(files) > 30, "the corpus is gone"
    mistakes = [each for path in files for each in check_refused(path)]
    mistakes += [each for path in files[::5] for each in check_cuts(path, folder)]
    print("\n".join(mistakes))
    return 1 if mistakes else 0


sys.exit(main(*sys.argv[1:]))
