// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Passes of the CPU back end.

#ifndef WEFT_CODEGEN_CPU_PASSES_TD
#define WEFT_CODEGEN_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def LowerKernelsPass : Pass<"weft-lower-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn kernel functions on tensors into loops on buffers";
  let description = [{
    - Requires: functions with `weft.kernel` in the form of stage `plan` (see
      codegen/host/KernelInterface.h), with one result and at most one root each
    - Ensures: stage `loops`: the same functions on buffers, with scf, arith, math, memref and
      vector operations only, and calls of LLVM's intrinsics for sums of narrow products and for tables in a register; functions of the C library's mathematics are declared as
      `@weft.libm.*`, an entry of a table in loops over elements as `@weft.power_entry`. Other functions stay as they are
    - Cost: linear in operations, but an operation that is wanted at several places is recomputed
      at each
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
  let options = [
    Option<"vectorBytes", "vector-bytes", "int64_t", /*default=*/"64",
           "Bytes of a vector register">,
    Option<"vectorRegisters", "vector-registers", "int64_t", /*default=*/"32",
           "Vector registers that the processor names">,
    Option<"halves", "halves", "bool", /*default=*/"true",
           "The processor has instructions between f16 and f32">,
    Option<"bfloatDots", "bfloat-dots", "bool", /*default=*/"false",
           "The processor sums two products of bf16 in one instruction">,
    Option<"byteDots", "byte-dots", "bool", /*default=*/"false",
           "The processor sums four products of u8 and i8 in one instruction">,
    Option<"permutes", "permutes", "bool", /*default=*/"false",
           "The processor picks lanes of 64 bytes by the numbers in another vector">];
  let statistics = [
    Statistic<"numLowered", "lowered", "Kernels turned into loops">,
    Statistic<"numStraight", "straight", "Kernels whose root is computed element by element">];
}

def BfloatAsBitsPass : Pass<"weft-bfloat-as-bits", "::mlir::ModuleOp"> {
  let summary = "Hold bf16 values as 16-bit integers";
  let description = [{
    - Requires: functions and globals of the LLVM dialect that only move bf16 values, or hand them
      to intrinsics of the processor: all other arithmetic on them is in f32
    - Ensures: no bf16 in them but as operands of such intrinsics. LLVM would hold bf16 in f32 where the processor has no instruction
      for it, and go back through `__truncsfbf2`, which the C library does not have
    - Cost: linear in operations
  }];
}

#endif // WEFT_CODEGEN_CPU_PASSES_TD
