# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX Runtime as an independent reference: the npm package `onnxruntime-node`, called through Node.

The package carries the library for CPUs. Its install script would fetch one for GPUs, so none is run.
"""
import json
import pathlib
import shutil
import subprocess
import tempfile

import numpy

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE, VERSION = "onnxruntime-node", "1.30.0"


class PeerError(Exception):
    """ONNX Runtime is missing, or refuses a model."""


def install(folder):
    """The path of the package under `folder`, which is made if it lacks the package."""
    package = folder / "node_modules" / PACKAGE
    manifest = package / "package.json"
    if manifest.exists() and json.loads(manifest.read_text())["version"] == VERSION:
        return package
    missing = [tool for tool in ("node", "npm") if not shutil.which(tool)]
    if missing:
        raise PeerError(f"{' and '.join(missing)} not found: run tools/setup.sh --peers")
    folder.mkdir(parents=True, exist_ok=True)
    print(f"installing {PACKAGE} {VERSION} into {folder}", flush=True)
    done = subprocess.run(["npm", "install", "--prefix", folder, "--ignore-scripts", "--no-audit",
                           "--no-fund", "--silent", f"{PACKAGE}@{VERSION}"], capture_output=True, text=True)
    if done.returncode != 0:
        raise PeerError(f"npm install {PACKAGE}@{VERSION}: {done.stderr.strip() or done.stdout.strip()}")
    return package


class OnnxRuntime:
    def __init__(self, folder):
        self.package = install(pathlib.Path(folder).resolve())

    def run(self, model, calls, outputs, threads=1, optimize=True):
        """Calls the model with each of the dictionaries of arrays; gives as many dictionaries back.

        On one thread: with more, its ScatterND that adds is not reproducible where indices repeat, and is
        wrong by up to 5 % in the graph network of the zoo."""
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch)
            runs = [self.request(scratch / str(number), inputs, outputs)
                    for number, inputs in enumerate(calls)]
            request = {"model": str(model), "library": str(self.package), "threads": threads,
                       "optimize": optimize, "runs": runs}
            done = subprocess.run(["node", HERE / "onnxruntime.js"], input=json.dumps(request),
                                  capture_output=True, text=True)
            if done.returncode != 0:
                raise PeerError(f"ONNX Runtime: {' '.join(done.stderr.split())[-400:]}")
            types = json.loads(done.stdout)["outputs"]
            return [{name: numpy.fromfile(run["outputs"][name], type_["type"]).reshape(type_["dims"])
                     for name, type_ in written.items()} for run, written in zip(runs, types)]

    @staticmethod
    def request(folder, inputs, outputs):
        folder.mkdir()
        described = {}
        for number, (name, array) in enumerate(inputs.items()):
            numpy.ascontiguousarray(array).tofile(folder / f"in.{number}")
            described[name] = {"file": str(folder / f"in.{number}"), "type": str(array.dtype),
                               "dims": list(array.shape)}
        return {"inputs": described,
                "outputs": {name: str(folder / f"out.{number}") for number, name in enumerate(outputs)}}
