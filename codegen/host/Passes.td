// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes of codegen/host: from kernels in a graph to calls of kernels on planned memory.

#ifndef WEFT_CODEGEN_HOST_PASSES_TD
#define WEFT_CODEGEN_HOST_PASSES_TD

include "mlir/Pass/PassBase.td"

def UpdateStatesPass : Pass<"weft-update-states", "::mlir::ModuleOp"> {
  let summary = "Write new states over the old ones where nothing reads these any more";
  let description = [{
    - Requires: stage `kernels`
    - Ensures: `weft.in_place` on a result that is a new state says that what makes it writes it into
      the state itself; on the kernel it says for each input which result replaces it, -1 for none.
      Nothing later reads the old state, and the kernel reads an element of it only for the
      same element of the new one. The kernel stands where its other operands are known and the old state
      was read for the last time. No new state is the old value of another that changes: that one
      is copied
    - Cost: linear in uses of states
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [
    Statistic<"numInPlace", "in-place", "New states written over the old ones">,
    Statistic<"numMoved", "moved", "Kernels that moved up to the last reader of a state">,
    Statistic<"numCopies", "copies", "Copies made so that states can change places">];
}

def OutlineKernelsPass : Pass<"weft-outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Give each distinct kernel a function of its own";
  let description = [{
    - Requires: stage `kernels`
    - Ensures: each weft.kernel of an exported function has become a weft.launch of a private
      function `k0`, `k1`, ... in order of first use. Kernels that are equal up to the names of
      their dimensions are one function
    - Cost: linear in the text of the kernels
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [
    Statistic<"numKernels", "kernels", "Distinct kernels">,
    Statistic<"numMerged", "merged", "Kernels that equal an earlier one">,
    Statistic<"numCopies", "copies", "Copies made so that loop-carried values can change places">];
}

def PlanMemoryPass : Pass<"weft-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Give each intermediate value a place in the arena";
  let description = [{
    - Requires: weft-outline-kernels has run
    - Ensures: stage `plan`. Each result of a launch, an `if`, a `while` or a `scan` has a slot: the
      result of the function that it is returned as (an output, or a state that is updated in place), or an offset in the arena, a multiple of 64.
      Values that live at the same time do not overlap. `weft.arena` on the function is the size
    - Method: live intervals on the schedule (the order of the program). Buffers whose sizes are
      multiples of one expression are laid out together, greedily by size, as if the expression
      were 1; the rest share whole slots where one size provably bounds the other
    - Cost: quadratic in the number of values
  }];
  let dependentDialects = ["::weft::WeftDialect"];
  let statistics = [
    Statistic<"numBuffers", "buffers", "Values placed in an arena">,
    Statistic<"numOutputs", "outputs", "Values written straight to an output">];
}

def VerifyPlanPass : Pass<"weft-verify-plan", "::mlir::ModuleOp"> {
  let summary = "Check what the stage `plan` guarantees";
  let description = [{
    Follows the schedule of each exported function for several sizes of its dimensions and keeps
    account of which value holds each byte of the arena:
    - P1: each result of a launch, an `if`, a `while` or a `scan` has a slot
    - P2: an arena slot starts at a multiple of 64 and ends inside of the arena
    - P3: a value that is read is still whole
    - P4: an output slot belongs to the value that is returned there
    - P5: no weft.kernel is left
    - P6: a state that was overwritten is not read, and what overwrites it reads it in place
  }];
}

def LowerEntriesPass : Pass<"weft-lower-entries", "::mlir::ModuleOp"> {
  let summary = "Turn exported functions into host code that calls kernels";
  let description = [{
    - Requires: stage `plan`, with kernels lowered to buffers
    - Ensures: an exported function `f` is `weft_entry_f` with the signature weft_entry of
      runtime/Abi.h. It works out offsets from the dimensions and runs each kernel through
      `weft_parallel_for` and a function `<kernel>_body`. No operation of the weft dialect is left
    - Cost: linear
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::scf::SCFDialect"];
  let statistics = [Statistic<"numLaunches", "launches", "Calls of kernels">,
                    Statistic<"numCopies", "copies", "Copies of whole buffers">];
}

def VerifyLoopsPass : Pass<"weft-verify-loops", "::mlir::ModuleOp"> {
  let summary = "Check what the stage `loops` guarantees";
  let description = [{
    - L1: no operation of the weft dialect is left
    - L2: each kernel has the form that codegen/host/KernelInterface.h describes
  }];
}

def LowerKernelSignaturesPass : Pass<"weft-lower-kernel-signatures", "::mlir::ModuleOp"> {
  let summary = "Pass buffers to kernels as bare pointers";
  let description = [{
    - Requires: stage `loops`
    - Ensures: a kernel takes one pointer a buffer, marked noalias, then its dimensions and its
      range as i64. Inside, sizes and strides follow from the types and dimensions
    - Cost: linear in kernels
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect"];
}

#endif // WEFT_CODEGEN_HOST_PASSES_TD
