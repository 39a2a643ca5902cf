// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Includes files by the assembler. Their paths come from CMake, which builds this file again when
// one of them changes.

#include "tools/weft/Embedded.h"

#define WEFT_EMBED(symbol, path)                                                                   \
  asm(".section .rodata.weft." #symbol ",\"a\",@progbits\n"                                        \
      ".p2align 4\n"                                                                               \
      ".globl " #symbol "_begin, " #symbol "_end\n.hidden " #symbol "_begin, " #symbol             \
      "_end\n" #symbol "_begin:\n"                                                                 \
      ".incbin \"" path "\"\n" #symbol "_end:\n"                                                   \
      ".text\n");                                                                                  \
  extern "C" __attribute__((visibility("hidden"))) const char symbol##_begin[], symbol##_end[];

WEFT_EMBED(weft_runtime_archive, WEFT_RUNTIME_ARCHIVE)
WEFT_EMBED(weft_program_archive, WEFT_PROGRAM_ARCHIVE)
WEFT_EMBED(weft_runtime_header, WEFT_RUNTIME_HEADER)

namespace weft {

static llvm::StringRef between(const char *begin, const char *end) {
  return {begin, static_cast<size_t>(end - begin)};
}

llvm::StringRef runtimeArchive() {
  return between(weft_runtime_archive_begin, weft_runtime_archive_end);
}
llvm::StringRef programArchive() {
  return between(weft_program_archive_begin, weft_program_archive_end);
}
llvm::StringRef runtimeHeader() {
  return between(weft_runtime_header_begin, weft_runtime_header_end);
}

} // namespace weft
