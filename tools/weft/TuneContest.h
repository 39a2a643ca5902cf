// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One product computed in several ways, compiled into one library and called in turns.

#ifndef WEFT_TOOLS_WEFT_TUNECONTEST_H
#define WEFT_TOOLS_WEFT_TUNECONTEST_H

#include "tools/weft/Compile.h"
#include "tools/weft/NativeModel.h"
#include "tools/weft/Scratch.h"
#include "tools/weft/TuneProducts.h"

namespace weft {

/// The median times of one entry.
struct ContestTime {
  double seconds = 0;
  double ratio = 1; ///< To the first entry's, in the same turn.
};

/// The product alone, without what is fused with it: that takes as long with one choice as with
/// another. Convolutions have channels last, as between two of them, so that no transpose is
/// measured.
class Contest {
public:
  /// For the processor and with the options of `request`. Failures are told to `report`.
  Contest(Report &target, CompileRequest request, const TunableProduct &what)
      : report(target), asked(std::move(request)), product(what) {}

  /// The packed product with this choice, in its kernel at stage `plan`. Stays until the next one.
  FailureOr<Operation *> planned(const Choice &choice);

  /// Compiles and opens one entry for each choice. `otherBytes` is what a call of the model reads
  /// of weights between two calls of the product.
  LogicalResult open(ArrayRef<Choice> choices, int32_t threads, uint64_t otherBytes);

  /// Calls these entries in turns, for `seconds` or until a median is stable. Before each call the
  /// other bytes are read by all threads, and input and result are written, as in a call of the
  /// model.
  llvm::Expected<std::vector<ContestTime>> measure(ArrayRef<size_t> entries, double seconds);

private:
  /// The native side of the entries that are open.
  struct Native {
    std::vector<NamedArray> input, others;
    std::string pristine; ///< What is written into the input.
    NativeModel model;
    std::vector<NativeModel::PreparedCall> calls;
    std::optional<NativeModel::PreparedCall> touchOthers;
  };

  LogicalResult fail(llvm::Error error);
  /// A compilation of the module at stage `graph`, one function for each choice.
  FailureOr<std::unique_ptr<Compilation>> compilation(ArrayRef<Choice> choices,
                                                      uint64_t otherBytes);
  llvm::Error load(StringRef library, const Interface &interface, int32_t threads);
  llvm::Expected<double> call(size_t entry);

  Report &report;
  CompileRequest asked;
  const TunableProduct &product;
  ScratchFolder scratch;
  std::unique_ptr<Compilation> plan;
  std::unique_ptr<Native> native;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_TUNECONTEST_H
