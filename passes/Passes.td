// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One record a pass of this room. Flag, source and tests derive from the record's name:
// FormKernelsPass is `weft-form-kernels`, passes/FormKernels.cpp, test/passes/form-kernels.mlir.

#ifndef WEFT_PASSES_TD
#define WEFT_PASSES_TD

include "mlir/Pass/PassBase.td"

def BindDimsPass : Pass<"weft-bind-dims", "::mlir::ModuleOp"> {
  let summary = "Replace dimension names by sizes";
  let description = [{
    - Requires: exported functions as the frontend makes them
    - Ensures: no type or attribute of an exported function mentions a bound name; a dimension
      that becomes constant is static in every type. Where a name is given several sizes, or `*`
      for any, a function becomes several, one for each combination (`ir/Versions.h`)
    - Errors: a name that no exported function has, a size that is neither a number from 0 on nor
      `*`, a size given twice
    - Cost: one walk over the exported functions
  }];
  let options = [ListOption<"dims", "dims", "std::string",
                            "Bindings such as N=1; N=1,N=8,N=* for several versions">];
  let statistics = [Statistic<"numBound", "bound", "Names replaced, counted once a function">,
                    Statistic<"numVersions", "versions", "Functions made for certain sizes">];
}

def DifferentiatePass : Pass<"weft-differentiate", "::mlir::func::FuncOp"> {
  let summary = "Replace derivatives by the operations that compute them";
  let description = [{
    - Requires: nothing may have merged or folded values since the derivatives were asked for
    - Ensures: no operation of `ir/WeftDerivativeOps.td` is left
    - Method: reverse and forward mode over the operations between values, one rule each
      (`passes/autodiff/Rules.h`), derivatives in program order. Contributions to a gradient are
      summed in one order, whatever the number of threads. What is in a checkpoint
      (`weft.checkpoints`) is computed again, where the walk first meets some of it
    - Errors: an operation on the way that has no derivative, with the way on which it was met; a
      value that depends on what the derivative is for through integers alone
    - Cost: linear in the operations on the way, for each derivative
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [
    Statistic<"numPulled", "pulled", "Sets of gradients pulled back">,
    Statistic<"numPushed", "pushed", "Sets of tangents pushed forward">];
}

def DecomposePass : Pass<"weft-decompose", "::mlir::func::FuncOp"> {
  let summary = "Express composite operations by simpler ones";
  let description = [{
    - Requires: nothing
    - Ensures: no operation with the trait Composite is left but those that one kernel computes
      whole (`isRoot`): most attentions, and gradients for filters without groups
    - Numerics: f16 and bf16 are computed in f32 and rounded once at the end; a query of an
      attention that may attend to nothing gives 0
    - Cost: one walk
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [Statistic<"numDecomposed", "decomposed", "Composite operations replaced">];
}

def TurnScansPass : Pass<"weft-turn-scans", "::mlir::func::FuncOp"> {
  let summary = "Go backwards over the inputs of a scan instead of reversing them";
  let description = [{
    - Requires: nothing
    - Ensures: no scan has reversed slices alone for inputs, unless as many of what it stacks would have to be
      reversed instead
    - Cost: linear in scans and the readers of their stacks
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [Statistic<"numTurned", "turned", "Scans that go the other way">];
}

def HoistFromScansPass : Pass<"weft-hoist-from-scans", "::mlir::func::FuncOp"> {
  let summary = "Compute before a scan what its steps need not wait for";
  let description = [{
    - Requires: nothing
    - Ensures: no operation of a scan's body follows from values outside alone, unless it is
      generated from indices or a view that is used in place; no contraction there follows from them and the scanned inputs alone,
      element-wise, transposing, reshaping and repeating operations between included
    - Cost: linear in the operations of scans
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [
    Statistic<"numInvariant", "invariant", "Operations that no step changes">,
    Statistic<"numStacked", "stacked", "Operations that run once for all steps">];
}

def SinkFromScansPass : Pass<"weft-sink-from-scans", "::mlir::func::FuncOp"> {
  let summary = "Compute after a scan what no later step waits for";
  let description = [{
    - Requires: nothing
    - Ensures: no carry of a scan is only added to, where what is added is a contraction or a sum
      along axes: it is summed over all steps at once. No product with a value from outside is
      emitted alone: it is computed for all steps at once
    - Numerics: sums over steps are taken in another order
    - Cost: linear in the operations of scans
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [Statistic<"numSunk", "sunk", "Results of scans computed after them">];
}

def FoldTransposesPass : Pass<"weft-fold-transposes", "::mlir::func::FuncOp"> {
  let summary = "Let contractions read and write permuted dimensions themselves";
  let description = [{
    - Requires: nothing
    - Ensures: no operand of a contraction is a transpose, but where its order lets more dimensions
      be summed in one loop; no transpose is the only user of a contraction
    - Cost: a worklist, linear in contractions
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [
    Statistic<"numOperands", "operands", "Transposes folded into the labels of an operand">,
    Statistic<"numResults", "results", "Transposes folded into the labels of a result">];
}

def FormAttentionPass : Pass<"weft-form-attention", "::mlir::func::FuncOp"> {
  let summary = "Recognise attention by its structure";
  let description = [{
    - Requires: transposes beside contractions are folded
    - Ensures: no contraction of queries and keys, scaled by numbers, masked and normalised, feeds a
      second contraction alone where one kernel computes all of it
    - Numerics: the scale is applied once, to the queries; f16 and bf16 are rounded once, at the end.
      A number from -1e9 down that takes the place of masked scores is added to them instead,
      which leaves nothing of them. A query whose scores are all -inf gives 0, where a softmax gives NaN
    - Cost: linear in contractions
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [
    Statistic<"numFormed", "formed", "Attentions recognised">,
    Statistic<"numRefused", "refused", "Contractions with a softmax that are no attention">];
}

def FoldUnitReshapesPass : Pass<"weft-fold-unit-reshapes", "::mlir::func::FuncOp"> {
  let summary = "Let broadcasts add dimensions of size 1 themselves";
  let description = [{
    - Requires: nothing
    - Ensures: no operand of a broadcast is a reshape that only adds dimensions of size 1
    - Cost: a worklist, linear in broadcasts
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [Statistic<"numFolded", "folded", "Reshapes folded into a broadcast">];
}

def DropDeadParametersPass : Pass<"weft-drop-dead-parameters", "::mlir::func::FuncOp"> {
  let summary = "Remove parameters that an exported function does not use";
  let description = [{
    - Requires: exported functions; parameters are arguments with the attribute `weft.parameter`
    - Ensures: each parameter argument has a use; inputs stay, used or not
    - Cost: linear in arguments
  }];
  let statistics = [Statistic<"numDropped", "dropped", "Parameter arguments removed">];
}

def VerifyGraphPass : Pass<"weft-verify-graph", "::mlir::ModuleOp"> {
  let summary = "Check what the stage `graph` guarantees";
  let description = [{
    In each exported function:
    - G1: operations are those of the dialect, return apart; none is composite, asks for a
      derivative, is a kernel or a launch
    - G2: each argument is a parameter or has a name; each result has a name
    - G3: values are ranked tensors
    - G4: each dimension name is that of an argument
    That dynamic dimensions are named at all, and that a call can tell their sizes, the dialect
    verifies at every stage.
  }];
}

def RecomputePass : Pass<"weft-recompute", "::mlir::func::FuncOp"> {
  let summary = "Choose what the backward pass keeps and what it computes again";
  let description = [{
    - Requires: nothing merges equal operations behind it
    - Ensures: the same results to the last bit. What is computed again, and cheap, is marked with
      `weft.recompute`, for `weft-form-kernels` to repeat it in each kernel that reads it
    - Method: a minimum cut between what is there anyway and what is read behind the place up to which
      most is kept (`passes/recompute/Selection.h`); copies stand in front of their first reader
    - Changes functions in which derivatives were taken, others only for a higher price of memory
    - Cost: linear in operations but for the cut, which is found in a few rounds
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let options = [
    Option<"memoryPrice", "memory-price", "double", /*default=*/"MemoryPrice().ofByte",
           "What keeping a byte costs, in bytes that go through memory">,
    Option<"segments", "segments", "int64_t", /*default=*/"MemoryPrice().segments",
           "Parts of the forward pass that are computed again one after the other">,
    Option<"explain", "explain", "bool", /*default=*/"false",
           "Note in the function, as `weft.kept`, what was decided for each value">];
  let statistics = [
    Statistic<"numKept", "kept", "Values kept for the backward pass">,
    Statistic<"numRepeated", "repeated", "Values computed again">];
}

def FormKernelsPass : Pass<"weft-form-kernels", "::mlir::func::FuncOp"> {
  let summary = "Group operations into kernels that share a loop nest";
  let description = [{
    - Requires: stage `graph`
    - Ensures: stage `kernels`, as `weft-verify-kernels` states it; no barrier is left, and what
      merges equal operations may not run behind it
    - Method: one walk in reverse. An operation joins the kernel that uses it if that costs no
      repeated work worth mentioning and the kernel has room for it; otherwise it starts its own
    - Cost: linear in uses
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let options = [
    Option<"maxOps", "max-ops", "unsigned", /*default=*/"64",
           "Most operations in one kernel, not counting what is generated from indices">,
    Option<"maxRepeatedOps", "max-repeated-ops", "unsigned", /*default=*/"4",
           "Most cheap element-wise operations of a kernel that are computed more than once an element">,
    Option<"explain", "explain", "bool", /*default=*/"false",
           "Note in each kernel, as `weft.why`, why its result is not computed where it is read">];
  let statistics = [
    Statistic<"numKernels", "kernels", "Kernels formed">,
    Statistic<"numFused", "fused", "Operations that joined the kernel of a user">,
    Statistic<"numDuplicated", "duplicated", "Times an operation joined one more kernel">,
    Statistic<"numRefused", "refused", "Operations with users in kernels that joined none">];
}

def ObservePass : Pass<"weft-observe", "::mlir::ModuleOp"> {
  let summary = "Return what is to be seen of products with weights, to calibrate them";
  let description = [{
    - Requires: stage `graph`
    - Ensures: behind its own results each export returns the inputs of its products with weights,
      each once, in program order; then three vectors for each product whose input has channels: the
      largest magnitude and the sum of squares of the weights of each channel, and the largest
      magnitude of those of each output
    - Cost: linear in operations
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let options = [ListOption<"functions", "functions", "std::string", "Exports to observe (default: all)">];
  let statistics = [Statistic<"numObserved", "observed", "Inputs of products returned">];
}

def QuantizePass : Pass<"weft-quantize", "::mlir::func::FuncOp"> {
  let summary = "Compute products whose inputs have ranges in 8-bit integers";
  let description = [{
    - Requires: stage `graph`; `weft.input_range`, and `weft.input_balance` where channels differ, on
      products with weights
    - Ensures: such a product multiplies u8 with i8 and sums in i32. Its input is
      `round(x / step) + zero`, one step and zero a tensor, with a balance one step a channel; its
      weight `round(w / scale)`, one scale an output. Inputs are brought there once for all products
      with the same range. Biases and factors that follow from weights, one an output, are joined
      with the scales
    - Numerics: a zero point that is not 0 pads convolutions as such; sums are exact in i32
    - Errors: a range on what is no product with a weight, one that is not around 0, a balance of
      other dimensions than the channels
    - Cost: linear in operations
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [
    Statistic<"numQuantized", "quantized", "Products computed in 8 bits">,
    Statistic<"numNarrowed", "narrowed", "Inputs brought to 8 bits">];
}

/// What layouts are chosen for.
defvar vectorOptions = [
  Option<"vectorBytes", "vector-bytes", "int64_t", /*default=*/"64", "Bytes of a vector register">,
  Option<"vectorRegisters", "vector-registers", "int64_t", /*default=*/"32",
         "Vector registers that the processor names">,
  Option<"bfloatDots", "bfloat-dots", "bool", /*default=*/"false",
         "The processor sums two products of bf16 in one instruction">,
  Option<"byteDots", "byte-dots", "bool", /*default=*/"false",
         "The processor sums four products of u8 and i8 in one instruction">];

def QuantizeWeightsPass : Pass<"weft-quantize-weights", "::mlir::ModuleOp"> {
  let summary = "Keep the weights of products of few rows in 8 or 4 bits";
  let description = [{
    - Requires: stage `graph`
    - Ensures: in exports, a contraction in f32 of at most 8 rows with a weight is a `packed_conv` that reads the
      weight as integers with scales: in i8, one scale an output, or in 4 bits, one scale for each
      32 inputs of an output. Both are computed from the weight by ordinary operations
    - Numerics: weights are rounded to a step of 1/127 of the largest one of an output, or of 1/8 of
      the largest of 32; inputs, products and sums stay in f32
    - Errors: another number of bits
    - Cost: linear in operations
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let options = [
    Option<"bits", "bits", "int64_t", /*default=*/"8", "Bits of a weight: 8 or 4">,
    Option<"vectorBytes", "vector-bytes", "int64_t", /*default=*/"64",
           "Bytes of a vector register">,
    Option<"vectorRegisters", "vector-registers", "int64_t", /*default=*/"32",
           "Vector registers that the processor names">];
  let statistics = [
    Statistic<"numQuantized", "quantized", "Products that read narrow weights">,
    Statistic<"numKept", "kept", "Products that stay in f32">];
}

def MeasureWeightsPass : Pass<"weft-measure-weights", "::mlir::ModuleOp"> {
  let summary = "Replace exports by functions that tell what narrow weights lose";
  let description = [{
    - Requires: stage `graph`
    - Ensures: an export takes the weights of the products that weft-quantize-weights would change
      and gives two numbers for each, in program order: the sum of squares of what the weight loses
      and that of what it holds. Exports without such a product are gone. For
      `weft build --quantize`, which calls them
    - Cost: linear in operations
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let options = [Option<"bits", "bits", "int64_t", /*default=*/"8", "Bits of a weight: 8 or 4">];
  let statistics = [Statistic<"numMeasured", "measured", "Products whose weights are measured">];
}

def LowerPrecisionPass : Pass<"weft-lower-precision", "::mlir::func::FuncOp"> {
  let summary = "Multiply weights in bf16 with sums in f32";
  let description = [{
    - Requires: stage `graph`
    - Ensures: a contraction or convolution of a computed f32 value with a weight takes both in
      bf16 and gives f32, but for 3x3 convolutions that are faster in f32 by Winograd's form, and
      those of few input channels. A value that such products read is rounded where it is made, and what
      else reads it widens the rounded one: it is kept in 16 bits only. Arguments and results keep
      their types
    - Method: in reverse program order, a value becomes narrow if some product reads it, directly
      or through operations that only move elements or choose among them, and nothing needs it as
      it is
    - Cost: linear in operations and uses
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let options = [
    Option<"fewestInputs", "fewest-inputs", "int64_t", /*default=*/"4",
           "Input channels of a convolution below which it stays as it is">,
    Option<"strict", "strict", "bool", /*default=*/"false",
           "No Winograd: 3x3 convolutions are lowered that would be faster so in f32">];
  let statistics = [
    Statistic<"numLowered", "lowered", "Products that take bf16">,
    Statistic<"numKept", "kept", "Products with weights that stay in f32">,
    Statistic<"numNarrowed", "narrowed", "Values kept in bf16">];
}

def ChannelsLastPass : Pass<"weft-channels-last", "::mlir::func::FuncOp"> {
  let summary = "Keep channels in the last dimension around convolutions";
  let description = [{
    - Requires: stage `graph`
    - Ensures: a convolution whose channels are known, in f32, f64 or bf16 or of bytes into i32, is
      a `packed_conv` or a `depthwise_conv`; what stands between two of them computes with channels
      last, too
    - Method: values that must have one layout form groups; a group with a convolution is turned as
      a whole, with transposes at its borders. A 3x3 window in steps of 1 is a `winograd_conv` where
      channels and tiles are enough to share its transforms
    - Cost: linear in operations
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let options = !listconcat(vectorOptions, [
    Option<"strict", "strict", "bool", /*default=*/"false", "Sum as the convolution says: no Winograd">]);
  let statistics = [
    Statistic<"numConvolutions", "convolutions", "Convolutions with packed filters">,
    Statistic<"numTurned", "turned", "Operations that give channels last">];
}

def PackContractionsPass : Pass<"weft-pack-contractions", "::mlir::func::FuncOp"> {
  let summary = "Pack the weights of contractions";
  let description = [{
    - Requires: stage `graph`
    - Ensures: a contraction of a computed value with a weight, in f32, f64 or bf16 or of bytes into
      i32, with no dimension in both and the result, is a `packed_conv` without spatial dimensions
    - Cost: linear in contractions
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let options = vectorOptions;
  let statistics = [Statistic<"numPacked", "packed", "Contractions with packed weights">];
}

def FoldScalesPass : Pass<"weft-fold-scales", "::mlir::ModuleOp"> {
  let summary = "Put factors and offsets of output channels into filters and one offset";
  let description = [{
    - Requires: stage `graph`
    - Ensures: no convolution whose filter is a weight of its own is followed by sums and products
      with weights by output channel, but for one sum. Parameters that a call may change do not count
    - Numerics: products are rounded with the factor in them, so that results differ by a few ulp
    - Cost: linear in operations
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [Statistic<"numFolded", "folded", "Convolutions that took factors or offsets">];
}

def ScaleFiltersPass : Pass<"weft-scale-filters", "::mlir::func::FuncOp"> {
  let summary = "Multiply filters instead of inputs by factors of the input channels";
  let description = [{
    - Requires: weft-channels-last has run
    - Ensures: no packed convolution in floats whose input has 4 times the elements of its filter, or more,
      reads a product with one factor for each channel that has no other reader
    - Numerics: products are rounded with the factor in the filter, so that results differ by a few
      ulp
    - Cost: linear in operations
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [Statistic<"numScaled", "scaled", "Filters that took the factors">];
}

def MergeContractionsPass : Pass<"weft-merge-contractions", "::mlir::ModuleOp"> {
  let summary = "Compute contractions of one input with several weights as one";
  let description = [{
    - Requires: stage `graph`
    - Ensures: contractions of one computed value that differ in their weights alone, and biases of
      theirs, are one contraction with the weights side by side, whose result is sliced, where the
      count of cycles says that it takes a twentieth less time: side by side, columns fill fewer
      registers, and few rows wait less for each other; but what its reader wants in one piece is
      copied. A weight that something else reads, in whichever export, stays by itself, since it
      would be kept twice, and so does one that a call may change. A note says why
    - Numerics: the same sums in the same order
    - Cost: linear in contractions and their readers, quadratic in those of one input
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let options = [vectorOptions[0]];
  let statistics = [
    Statistic<"numMerged", "merged", "Contractions made of several">,
    Statistic<"numContractions", "contractions", "Contractions that these were">];
}

def HoistPreparationPass : Pass<"weft-hoist-preparation", "::mlir::ModuleOp"> {
  let summary = "Compute once, when a model is opened, what follows from its weights alone";
  let description = [{
    - Requires: stage `graph`, with weights already in the layouts that kernels want
    - Ensures: what an exported function computed from parameters alone is a `derived` parameter,
      computed by functions `weft.prepare.0`, `weft.prepare.1`, ...; equal ones of several
      exports are one. Parameters that a call may change do not count; nor does what is cheaper
      to read in another order than to keep: broadcasts, reshapes, views that a kernel can read
    - Cost: linear in operations
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::weft::WeftDialect"];
  let options = [
    Option<"maxGrowth", "max-growth", "unsigned", /*default=*/"8",
           "A derived tensor is at most this many times as large as the weights behind it">,
    Option<"groupBytes", "group-bytes", "uint64_t", /*default=*/"16 << 20",
           "Bytes of derived tensors after which the next function begins: between functions the runtime gives back weights that nothing needs any more">];
  let statistics = [
    Statistic<"numDerived", "derived", "Derived parameters">,
    Statistic<"numHoisted", "hoisted", "Operations that moved to functions that prepare">];
}

def VerifyKernelsPass : Pass<"weft-verify-kernels", "::mlir::ModuleOp"> {
  let summary = "Check what the stage `kernels` guarantees";
  let description = [{
    In each exported function:
    - K1: outside of kernels stand only reshapes, constants, `if`, `while`, `scan` and terminators
    - K2: a kernel has at most one root, beside which a depthwise convolution may have the product that
      it reads; several results only of one iteration space and without a root, or the result of a
      depthwise convolution and the sums of its lines
    - K3: what follows the root is element-wise, or a transpose behind an attention
    - K4: an operand that its operation reads as a buffer is an argument of the kernel; keys and
      values of an attention may be views of one, and a depthwise convolution may compute its input
    - K5: there is no reshape inside of a kernel
  }];
}

#endif // WEFT_PASSES_TD
