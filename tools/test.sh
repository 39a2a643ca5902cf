#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs what is missing, builds everything and runs every test. Can be run again cheaply.
#   tools/test.sh [preset]    release by default; debug, sanitize, sanitize-thread
set -euo pipefail
cd "$(dirname "$0")/.."
preset=${1:-release}

tools/setup.sh --test
# The demo configures without tests; a folder that has them needs no second look.
grep -qs "^WEFT_TESTS:BOOL=ON" "build/$preset/CMakeCache.txt" ||
  cmake --preset "$preset" -DWEFT_TESTS=ON -Wno-dev
echo "== build ($preset)"
time ninja -C "build/$preset" all weft-tests
echo "== tests"
time ctest --test-dir "build/$preset" --output-on-failure -j "$(nproc)"
