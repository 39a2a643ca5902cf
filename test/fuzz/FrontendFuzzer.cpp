// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gives any bytes to the whole frontend: parser, checker and emission. Nothing may crash, and what
// is accepted verifies: no module and no error either is a fault of ours, and ends the run.
#include "frontend/Frontend.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;

namespace {

/// The file from which each input is read: the frontend takes a path.
StringRef inputPath() {
  static SmallString<64> path = [] {
    SmallString<64> created;
    if (sys::fs::createTemporaryFile("fuzz", "weft", created))
      __builtin_trap();
    return created;
  }();
  return path;
}

void writeInput(const uint8_t *data, size_t size) {
  std::error_code error;
  raw_fd_ostream file(inputPath(), error);
  file.write(reinterpret_cast<const char *>(data), size);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  writeInput(data, size);
  SourceMgr sources;
  weft::DiagnosticEngine diagnostics(sources);
  bool isGood = static_cast<bool>(weft::loadModel(inputPath(), {}, context, sources, diagnostics));
  std::string messages;
  raw_string_ostream os(messages);
  diagnostics.print(os);
  if (isGood == diagnostics.hasErrors()) {
    errs() << "a module and errors, or neither:\n" << messages;
    __builtin_trap();
  }
  return 0;
}
