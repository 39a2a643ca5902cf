# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""attributions.py ROOT MANIFEST WEIGHTS: what the trained digits look at, on images that they have not seen."""
import sys

import numpy as np

sys.path.append(f"{sys.argv[1]}/test/models")
from library import Library  # noqa: E402 (the folder comes from the command line)

data = f"{sys.argv[1]}/models/digits/data"
image, digit = (np.load(f"{data}/{name}.npy")[-360:] for name in ("image", "label"))
model = Library(*sys.argv[2:])
score = np.log(model.call("predict", image=image))  # but for a number that all digits of an image share
right = score.argmax(1) == digit

integrated = {k: model.call("integrated_gradients", image=image, digit=np.full(360, k, "i4")) for k in (3, 8)}
total = (integrated[3] - integrated[8]).sum((1, 2))
empty = np.log(model.call("predict", image=np.zeros((1, 8, 8), "u1")))[0]
wanted = score[:, 3] - empty[3] - (score[:, 8] - empty[8])
error = np.abs(total - wanted).max() / np.abs(wanted).max()
assert error <= 2e-2, f"attributions add up with an error of {error:.1e}"
assert all((entry[image == 0] == 0).all() for entry in integrated.values())

fall = model.call("occlusion", image=image, digit=digit)
place = fall.reshape(360, -1).argmax(1)
inked = (image.reshape(360, -1)[np.arange(360), place] > 0)[right].mean()
assert inked >= 0.9, f"covered, {inked:.3f} of the pixels that matter most have ink"

saliency = model.call("saliency", image=image, digit=digit)
assert (saliency >= 0).all() and (saliency.max((1, 2)) > 0).all()
print(f"integrated gradients add up within {error:.1e}; ink at {inked:.3f} of the largest falls")
