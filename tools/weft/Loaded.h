// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model made ready to be called in this process: compiled, or taken from the cache.

#ifndef WEFT_TOOLS_WEFT_LOADED_H
#define WEFT_TOOLS_WEFT_LOADED_H

#include "codegen/emit/Output.h"
#include "tools/weft/Compile.h"
#include "tools/weft/NativeModel.h"
#include "tools/weft/Scratch.h"
#include "tools/weft/Weights.h"

namespace weft {

/// The function of that name, or the only one if `name` is empty; otherwise an error in the report
/// that lists what there is, and null.
const InterfaceExport *chooseFunction(const Interface &interface, StringRef input, StringRef name,
                                      Report &report);

/// Opens the model and calls one function, once.
FailureOr<std::vector<NamedArray>> callOnce(Compilation &compilation, const Interface &interface,
                                            const InterfaceExport &function,
                                            ArrayRef<NamedArray> inputs, StringRef weights,
                                            uint64_t seed, int threads);

/// A shared library and a weights file, both kept in the cache.
class LoadedModel {
public:
  explicit LoadedModel(Compilation &what) : compilation(what), report(what.report()) {}

  /// Compiles what is not in the cache and opens it. The compilation is at stage `model`.
  LogicalResult open(const Interface &interface, StringRef weights, uint64_t seed, int threads);
  /// The same with weights that are here already.
  LogicalResult open(const Interface &interface, const Weights &weights, int threads);
  NativeModel &native() { return model; }

private:
  LogicalResult open(const Interface &interface, FailureOr<std::string> weightsPath, int threads);
  FailureOr<std::string> writeWeights(const Interface &interface, const Weights &weights);
  FailureOr<std::string> weightsFile(const Interface &interface, StringRef given, uint64_t seed);
  FailureOr<std::string> library();
  FailureOr<std::string> madeOnce(StringRef name,
                                  llvm::function_ref<LogicalResult(StringRef, OutputFiles &)> make);
  LogicalResult fail(llvm::Error error) {
    report.error(std::move(error));
    return failure();
  }

  Compilation &compilation;
  Report &report;
  std::string moduleText;
  ScratchFolder scratch;
  NativeModel model;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_LOADED_H
