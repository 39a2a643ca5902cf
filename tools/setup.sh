#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Installs the Debian packages that Weft needs and that are missing, and nothing else.
#   tools/setup.sh          to build and use it
#   tools/setup.sh --test   also what the tests run against: NumPy, PyTorch, GoogleTest
#   tools/setup.sh --peers  also Node, which runs ONNX Runtime beside Weft in test/conformance/networks.py
set -euo pipefail

packages=(
  cmake ninja-build ccache pkg-config     # build
  clang-22 lld-22                         # compile and link
  llvm-22-dev libmlir-22-dev mlir-22-tools llvm-22-tools liblld-22-dev
  libprotobuf-dev protobuf-compiler       # the manifest and ONNX files
  libonnx-dev                             # the schema of ONNX files
  libzip-dev                              # .npz files
  gcc libc6-dev                           # a plain cc, as a user of the libraries has it
)
test_packages=(
  python3 python3-numpy python3-torch python3-torchvision libgtest-dev
  python3-onnx libonnx-testdata           # the cases of the ONNX standard
  g++                                     # the headers are C++ too
  libclang-rt-22-dev                      # sanitizers
  clang-format-22
)
peer_packages=(nodejs npm)
if [ "${1:-}" = --test ]; then packages+=("${test_packages[@]}"); fi
if [ "${1:-}" = --peers ]; then
  packages+=("${test_packages[@]}")
  # Other builds of Node exclude Debian's npm and bring their own.
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    packages+=("${peer_packages[@]}")
  fi
fi

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

sudo=()
if [ "$(id -u)" != 0 ]; then
  sudo=(sudo)
  command -v sudo >/dev/null || {
    echo "setup: run this as root, or install sudo: missing packages: ${missing[*]}" >&2
    exit 1
  }
fi
echo "setup: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get -q update
for package in "${missing[@]}"; do
  apt-cache show "$package" >/dev/null 2>&1 || {
    echo "setup: no package '$package' in the configured repositories: Weft needs Debian 12" \
      "with LLVM 22 (Debian's, or LLVM's own Debian repository)" >&2
    exit 1
  }
done
"${sudo[@]}" apt-get -q install -y --no-install-recommends "${missing[@]}"
