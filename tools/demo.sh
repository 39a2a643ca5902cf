#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# From a fresh Debian 12 to digits read by a compiled model: installs what is missing, builds Weft,
# compiles models/digits to a static library, links a C program with it and runs that program.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step "packages"
tools/setup.sh

step "Weft itself (release)"
[ -f build/release/build.ninja ] || cmake --preset release -DWEFT_TESTS=OFF -Wno-dev >/dev/null
ninja -C build/release weft

out=build/demo
step "models/digits/digits.weft -> $out/libdigits.a"
build/release/bin/weft build models/digits/digits.weft --weights models/digits/digits.safetensors -o "$out"

step "a plain C program on top of it"
cc -O2 -I "$out" models/digits/read_digits.c "$out/libdigits.a" -lm -lpthread -o "$out/read_digits"
"$out/read_digits" "$out/digits.safetensors" models/digits/data/image.npy models/digits/data/label.npy
