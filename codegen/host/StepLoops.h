// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scans whose steps are kernels alone run as one loop that threads do not leave: host code for
// weft_parallel_steps. Nothing is copied between steps. What is stacked is written where it stays,
// and a carry that is stacked as well is read from there in the next step. A carry that is kept, as
// a derivative needs it, that is stacked as the step finds it, is written by each step where the
// next one keeps it. Another carry takes turns between its own memory and that of the value which
// follows it.

#ifndef WEFT_CODEGEN_HOST_STEPLOOPS_H
#define WEFT_CODEGEN_HOST_STEPLOOPS_H

#include "codegen/host/HostCode.h"
#include "codegen/host/KernelBody.h"
#include "ir/WeftOps.h"

namespace weft {

/// What follows from the form of such a scan alone.
struct StepLoops {
  /// None unless all of the body is launches, each carry's next value is the result of one, and of
  /// one carry only if it is not stacked, and what is stacked is such a result or a carry.
  static std::optional<StepLoops> of(ScanOp scan);

  /// The launch's result that becomes carry `number`.
  Value nextOf(unsigned number) const { return yielded[number]; }
  /// The first result of the scan that stacks a launch's result or a carry; null if none does.
  Value stackOf(Value value) const;
  /// The stack in which carry `number` is kept; null if none is, or if its next value is stacked.
  Value keptOf(unsigned number) const;
  /// The carry whose next value this is; none if there is none, or if it is stacked.
  std::optional<unsigned> carryOf(Value value) const;
  /// Whether a launch's result takes turns with a carry.
  bool takesTurns(Value value) const { return carryOf(value) && !keptOf(*carryOf(value)); }

  ScanOp scan;
  SmallVector<Value> yielded; ///< Without reshapes.
  SmallVector<LaunchOp> launches;
};

/// Writes the code of one scan.
class StepLowering {
public:
  /// What the function around it knows: `addressOf` a value from outside, or the memory of a
  /// result; the value of a dimension.
  struct Around {
    llvm::function_ref<Value(Value)> addressOf;
    llvm::function_ref<Value(const Dim &)> dimValue;
    Value context;
  };
  StepLowering(StepLoops theLoops, HostCode &hostCode, KernelBodies &kernelBodies, Around around)
      : loops(std::move(theLoops)), code(hostCode), bodies(kernelBodies), outside(around) {}

  LogicalResult run();

  unsigned numCopies = 0;

private:
  /// Where a value lies in a step, by numbers of words.
  struct Place {
    enum Kind : uint8_t {
      Fixed,   ///< At `first`.
      Stacked, ///< In this step's part of `first`.
      Before,  ///< In the part of the step before of `first`; in the first step at `second`.
      After,   ///< In the part of the next step of `first`; in the last step at `second`.
      Turns,   ///< At `first`, so that it ends there, or at `second`.
    };
    Kind kind = Fixed;
    size_t first = 0, second = 0;
    Dim bytes = 0; ///< Of one step.
    bool isNext = false;
  };
  /// A function that runs one launch in any step.
  struct Body;

  size_t keep(Value word);
  size_t keepDim(const Dim &dim);
  Place placeOf(Value value);
  Value addressIn(Body &body, const Place &place);
  Value dimIn(Body &body, const Dim &dim);
  FailureOr<mlir::func::FuncOp> bodyOf(LaunchOp launch, const KernelInterface &kernel);
  Value partOf(HostCode &in, Value step, Value lastStep) const;
  void copyInit(unsigned number);
  void copyLast(unsigned number);
  void copyStacks();
  void copyKept(unsigned number, Value stack);

  StepLoops loops;
  HostCode &code;
  KernelBodies &bodies;
  Around outside;
  SmallVector<Value> words;
  llvm::DenseMap<Value, size_t> numbers;
  llvm::StringMap<size_t> symbolWords;
  Value steps;
};

} // namespace weft

#endif // WEFT_CODEGEN_HOST_STEPLOOPS_H
