# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# How lit runs the tests of Weft. A test is a file with RUN lines; what a test only reads lies in a
# folder named Inputs. Tools stand in PATH under their own names: weft, weft-opt, weft-parse,
# FileCheck, not, count, split-file. Settings of this build come from lit.site.cfg.py.
import os
import subprocess

import lit.formats
import lit.util

config.name = "weft"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".weft", ".test", ".c", ".py"]
config.excludes = ["Inputs", "harness.py", "library.py", "digitnet.py", "torch_networks.py", "run.py", "onnx_corpus.py", "networks.py", "layers.py", "large_model.py", "lit.cfg.py", "lit.site.cfg.py", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.weft_build_root, "test")

config.environment["PATH"] = os.pathsep.join(
    [config.weft_tools_dir, config.llvm_tools_dir, os.environ.get("PATH", "")]
)
# The terminal must not change what a test sees.
config.environment["LC_ALL"] = "C.UTF-8"
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "HOME", "TMPDIR"):
    if name in os.environ:
        config.environment[name] = os.environ[name]

config.substitutions += [
    ("%python", config.python),
    ("%cc", config.c_compiler),
    ("%root", config.weft_source_root),
    ("%models", os.path.join(config.weft_source_root, "models")),
    ("%build", config.weft_build_root),
]

# Our code is instrumented and LLVM's library is not: the pools that both touch look poisoned.
if "address" in config.sanitizers:
    config.environment.setdefault("ASAN_OPTIONS", "allow_user_poisoning=0")

# Features: what a test may REQUIRE. `gpu` is a device that runs CUDA programs; `torch` and `numpy`
# are modules of %python; `asan` and `tsan` say how this build was made.
def runs(*command):
    """Whether the command exists and succeeds."""
    try:
        return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


if runs("nvidia-smi", "-L"):
    config.available_features.add("gpu")
for module in ("numpy", "torch", "onnx"):
    if runs(config.python, "-c", f"import importlib.util as u; assert u.find_spec('{module}')"):
        config.available_features.add(module)
if "address" in config.sanitizers:
    config.available_features.add("asan")
if "thread" in config.sanitizers:
    config.available_features.add("tsan")
