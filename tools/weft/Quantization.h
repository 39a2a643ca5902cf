// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What --quantize does around a build: before it, with the module at stage `graph`; after it, with
// what was compiled; and what it says at the end.

#ifndef WEFT_TOOLS_WEFT_QUANTIZATION_H
#define WEFT_TOOLS_WEFT_QUANTIZATION_H

#include "ir/Mlir.h"

#include "llvm/ADT/ArrayRef.h"

#include <string>

namespace weft {

/// A product that stays in f32.
struct ProductLeft {
  std::string operation, origin, why;
};

/// Failures are told to the report of the compilation.
class Quantization {
public:
  virtual ~Quantization() = default;

  /// Looks at the model in f32, on the data of `--calibrate` if there is any. The command line's
  /// options are reset by it: it links.
  virtual LogicalResult run(ArrayRef<std::string> sources) = 0;
  /// Calls what the artifacts have compiled on the same data. Where this processor cannot run it,
  /// nothing is compared.
  virtual LogicalResult compare(bool weightsAreEmbedded) = 0;
  /// Says on stdout, or in the JSON object, what was quantized and what it is worth.
  virtual void show() = 0;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_QUANTIZATION_H
