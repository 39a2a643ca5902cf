// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The manifest of an artifact: written from the model's description, read back out of files.

#ifndef WEFT_CODEGEN_EMIT_MANIFEST_H
#define WEFT_CODEGEN_EMIT_MANIFEST_H

#include "codegen/emit/Interface.h"
#include "llvm/Support/Error.h"

#include <utility>

namespace weft {

/// What the manifest says beyond the description of the model.
struct BuildFacts {
  std::string compiler; // "weft 0.1.0"
  std::string triple;
  std::vector<std::string> cpus;                      // the most demanding first
  std::vector<std::pair<std::string, int64_t>> bound; // --dim
  bool weightsEmbedded = false;
};

/// The bytes of the weft.Manifest; equal descriptions give equal bytes.
std::string makeManifest(const Interface &interface, const BuildFacts &facts);

/// A manifest's bytes as JSON. Fails if they are no weft.Manifest.
llvm::Expected<std::string> manifestAsJson(StringRef manifest);

/// The bytes of the manifest in an object, archive, shared library or program.
llvm::Expected<std::string> readManifest(StringRef path);

} // namespace weft

#endif // WEFT_CODEGEN_EMIT_MANIFEST_H
