# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the arrays that the tests of `weft run` read, and compares results: arrays.py FOLDER."""
import io
import pathlib
import struct
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
feature = (np.arange(12, dtype="f4").reshape(3, 4) - 5) / 7
np.save(folder / "feature.npy", feature)
np.save(folder / "fortran.npy", np.asfortranarray(feature))
np.save(folder / "double.npy", feature.astype("f8"))
np.save(folder / "big.npy", feature.astype(">f4"))
np.save(folder / "text.npy", np.array(["a", "b"]))
np.save(folder / "flat.npy", feature.reshape(-1))
np.save(folder / "narrow.npy", feature[:, :3].copy())
np.save(folder / "empty.npy", feature[:0])
np.savez(folder / "two.npz", feature=feature, label=np.arange(3))
np.savez_compressed(folder / "one.npz", anything=feature)

good = (folder / "feature.npy").read_bytes()
(folder / "cut.npy").write_bytes(good[:-5])
(folder / "long.npy").write_bytes(good + b"x")
(folder / "header.npy").write_bytes(good[:20])
(folder / "magic.npy").write_bytes(b"NUMPY" + good)
(folder / "version.npy").write_bytes(good[:6] + b"\x09" + good[7:])
(folder / "dict.npy").write_bytes(good.replace(b"'shape'", b"'shope'"))
(folder / "huge.npy").write_bytes(good.replace(b"(3, 4), }" + b" " * 30, b"(3037000500, 3037000500), }" + b" " * 12))
(folder / "cut.npz").write_bytes((folder / "two.npz").read_bytes()[:-40])
zipped = bytearray((folder / "one.npz").read_bytes())
zipped[120] ^= 0xFF
(folder / "damaged.npz").write_bytes(bytes(zipped))


def safetensors(path, tensors):
    """A file as others write it: header without padding, data in the order given."""
    import json

    header, data = {}, b""
    for name, (dtype, array) in tensors.items():
        begin = len(data)
        data += array.tobytes()
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


weight, bias = np.full((3, 4), 0.5, "f4"), np.zeros(3, "f4")
safetensors(folder / "good.safetensors", {"head.bias": ("F32", bias), "head.weight": ("F32", weight)})
safetensors(folder / "lacks.safetensors", {"head.weight": ("F32", weight)})
safetensors(folder / "extra.safetensors", {"head.bias": ("F32", bias), "head.weight": ("F32", weight), "tail": ("F32", bias)})
safetensors(folder / "shape.safetensors", {"head.bias": ("F32", bias), "head.weight": ("F32", weight.T.copy())})
safetensors(folder / "type.safetensors", {"head.bias": ("F64", bias.astype("f8")), "head.weight": ("F32", weight)})
safetensors(folder / "wrong.safetensors", {"head.bias": ("F32", bias[:2])})
(folder / "short.safetensors").write_bytes((folder / "good.safetensors").read_bytes()[:-4])
