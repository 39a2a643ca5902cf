# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Fills a folder with the small models of the ONNX standard's tests (Debian: libonnx-testdata), as
# a corpus for fuzz-onnx:  python3 test/fuzz/onnx_corpus.py CORPUS
import pathlib
import shutil
import sys

DATA = pathlib.Path("/usr/share/libonnx-testdata/data")
LARGEST = 4000  # bytes: larger files are mostly weights, and slow


def main(corpus):
    corpus = pathlib.Path(corpus)
    corpus.mkdir(parents=True, exist_ok=True)
    files = [file for file in DATA.glob("*/*/model.onnx") if file.stat().st_size <= LARGEST]
    if not files:
        sys.exit(f"no models in {DATA}: install libonnx-testdata")
    for file in files:
        shutil.copy(file, corpus / f"{file.parent.parent.name}-{file.parent.name}.onnx")
    print(f"{len(files)} files")


main(*sys.argv[1:])
