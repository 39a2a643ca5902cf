# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Writes the data that the tests of --quantize read: quantize.py FOLDER."""
import pathlib
import sys

import numpy as np

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
random = np.random.default_rng(3)
image = random.normal(size=(70, 3, 8, 8)).astype("f4")
np.save(folder / "image.npy", image)
row = random.normal(size=(5, 32)).astype("f4")
np.save(folder / "row.npy", row)
np.savez(folder / "data.npz", image=image, row=row, label=np.arange(70))
np.savez(folder / "labels.npz", label=np.arange(70))
np.savez(folder / "type.npz", image=image.astype("f8"))
np.savez(folder / "shape.npz", image=image[:, :, :7])
np.savez(folder / "none.npz", image=image[:0])
np.savez(folder / "below.npz", below=-np.ones((4, 32), "f4"))
np.savez(folder / "pair.npz", pair=np.ones((4, 2), "f4"))
image[3, 1, 2, 2] = np.nan
np.savez(folder / "nan.npz", image=image)
