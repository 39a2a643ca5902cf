# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""code.py CODE COMMAND...: fails unless the command ends with this exit code."""
import subprocess
import sys

found = subprocess.run(sys.argv[2:]).returncode
sys.exit(f"exit code {found}, but {sys.argv[1]} was expected" if found != int(sys.argv[1]) else 0)
