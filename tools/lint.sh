#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# Holds the sources to .clang-format, and with --tidy to .clang-tidy (some seconds a file).
#   tools/lint.sh [--tidy [preset]]     preset: a configured and built one, debug by default
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t sources < <(find frontend ir passes codegen runtime tools test -path '*/Inputs/wrong' -prune -o \
  \( -name '*.cpp' -o -name '*.h' -o -name '*.c' \) -print | sort)
clang-format-22 --dry-run --Werror "${sources[@]}"
echo "format: ${#sources[@]} files are as .clang-format wants them"

[ "${1:-}" = --tidy ] || exit 0
command -v clang-tidy-22 >/dev/null || { echo "lint: install clang-tidy-22" >&2; exit 1; }
build=build/${2:-debug}
[ -f "$build/compile_commands.json" ] || {
  echo "lint: configure first: cmake --preset ${2:-debug}" >&2
  exit 1
}
# test/bench/kernels includes libraries that nothing else needs.
printf '%s\n' "${sources[@]}" | grep -E '\.(cpp|c)$' | grep -v -e /Inputs/ -e ^test/bench/kernels/ |
  xargs -P "$(nproc)" -n 4 clang-tidy-22 -p "$build" --quiet
