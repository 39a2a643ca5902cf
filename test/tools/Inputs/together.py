# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""together.py COUNT COMMAND...: runs a command several times at once and prints what each printed."""
import subprocess
import sys

runs = [subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE) for _ in range(int(sys.argv[1]))]
for run in runs:
    sys.stdout.buffer.write(run.communicate()[0])
    assert run.returncode == 0
