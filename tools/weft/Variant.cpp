// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opens a changed copy of a model.

#include "tools/weft/Variant.h"

namespace weft {

LogicalResult Variant::open(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  llvm::Expected<std::string> path = scratch.write("variant.mlir", text);
  if (!path) {
    compilation.report().error(path.takeError());
    return failure();
  }
  FailureOr<std::string> weights = artifacts.plainWeights();
  if (failed(weights))
    return failure();
  CompileRequest request;
  request.input = *path;
  request.strict = compilation.options().strict;
  request.verifyEach = compilation.options().verifyEach;
  own.emplace(compilation.report(), request);
  if (failed(own->load()))
    return failure();
  FailureOr<Interface> described = own->interface();
  if (failed(described))
    return failure();
  loaded.emplace(*own);
  return loaded->open(*described, *weights, /*seed=*/0, /*threads=*/0);
}

} // namespace weft
