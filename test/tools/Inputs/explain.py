# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""explain.py FOLDER writes arrays for `weft explain`. explain.py PICTURE ROWS COLUMNS reads a picture, each
chunk with its check sum, and prints a line of colours for each line of cells of ROWS x COLUMNS images."""
import pathlib
import struct
import sys
import zlib

import numpy as np


def write(folder):
    folder.mkdir(parents=True, exist_ok=True)
    x = np.arange(12, dtype="f4").reshape(2, 2, 3)
    np.savez(folder / "data.npz", x=x, plane=np.array([0, 2], "i4"))
    np.save(folder / "x.npy", x)
    np.save(folder / "one.npy", x[1] - 8)
    np.save(folder / "wide.npy", np.arange(16, dtype="f4").reshape(2, 2, 4))
    np.save(folder / "many.npy", np.zeros((65, 2, 3), "f4"))
    np.save(folder / "none.npy", x[:0])
    np.save(folder / "shades.npy", (np.arange(1200) % 256).astype("u1").reshape(400, 3))
    np.save(folder / "colours.npy", np.arange(36, dtype="f4").reshape(2, 3, 2, 3))
    np.save(folder / "label.npy", np.array([7, -9], "i4"))
    weight = np.array([[-1, 0, 1], [0, 0, -2]], "f4").tobytes()
    header = b'{"weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}}'
    (folder / "weights.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + weight)


def read(path):
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        body, (check,) = data[at + 8:at + 8 + length], struct.unpack_from(">I", data, at + 8 + length)
        assert check == zlib.crc32(name + body), name
        chunks[name] = body
        at += length + 12
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"] and not chunks[b"IEND"]
    width, height, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert rest == [8, 2, 0, 0, 0]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), "u1").reshape(height, 1 + 3 * width)
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:].reshape(height, width, 3)


def show(picture, rows, columns):
    print(f"{picture.shape[1]} x {picture.shape[0]} pixels")
    cell = -(-256 // max(rows, columns))
    panel = cell * columns + 8, cell * rows + 8
    for top in range(8, picture.shape[0], panel[1]):
        for row in range(rows):
            middles = [[8 + number * panel[0] + column * cell + cell // 2 for column in range(columns)]
                       for number in range((picture.shape[1] - 8) // panel[0])]
            print(" | ".join(" ".join("%02x%02x%02x" % tuple(picture[top + row * cell + cell // 2, x])
                                      for x in panel) for panel in middles))
    # Round the panels all is white.
    assert (picture[:8] == 255).all() and (picture[:, :8] == 255).all() and (picture[-8:] == 255).all()


path = pathlib.Path(sys.argv[1])
if len(sys.argv) == 2:
    write(path)
else:
    show(read(path), *map(int, sys.argv[2:]))
