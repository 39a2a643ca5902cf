// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Type constraints, traits and the base class of all operations.

#ifndef WEFT_BASE_TD
#define WEFT_BASE_TD

include "ir/WeftAttrs.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

//===-- Types -------------------------------------------------------------------------------===//

/// Messages name the summary alone; RankedTensorOf would list every element type in them.
class Weft_TensorOf<list<Type> elements, string summary>
    : Type<RankedTensorOf<elements>.predicate, summary, "::mlir::RankedTensorType">;

defvar Weft_Floats = [F64, F32, F16, BF16];
defvar Weft_Signed = [I64, I32, I16, I8];
defvar Weft_Unsigned = [UI64, UI32, UI16, UI8];

def Weft_FloatTensor : Weft_TensorOf<Weft_Floats, "float tensor">;
def Weft_IntTensor : Weft_TensorOf<!listconcat(Weft_Signed, Weft_Unsigned), "integer tensor">;
def Weft_SignedTensor
    : Weft_TensorOf<!listconcat(Weft_Floats, Weft_Signed), "float or signed integer tensor">;
def Weft_BoolTensor : Weft_TensorOf<[I1], "bool tensor">;
def Weft_LogicTensor
    : Weft_TensorOf<!listconcat([I1], Weft_Signed, Weft_Unsigned), "bool or integer tensor">;
def Weft_NumberTensor
    : Weft_TensorOf<!listconcat(Weft_Floats, Weft_Signed, Weft_Unsigned), "number tensor">;
def Weft_Tensor
    : Weft_TensorOf<!listconcat([I1], Weft_Floats, Weft_Signed, Weft_Unsigned), "tensor">;
def Weft_MaskTensor : Weft_TensorOf<!listconcat([I1], Weft_Floats), "bool or float tensor">;
def Weft_ScalarIndex
    : Type<And<[Weft_IntTensor.predicate, CPred<"::llvm::cast<::mlir::RankedTensorType>($_self).getRank() == 0">]>,
           "integer tensor of rank 0", "::mlir::RankedTensorType">;

class Weft_Scalar<Type element, string builder, string summary>
    : Type<And<[0DTensorOf<[element]>.predicate]>, summary, "::mlir::RankedTensorType">,
      BuildableType<"::mlir::RankedTensorType::get({}, " # builder # ")">;
def Weft_BoolScalar : Weft_Scalar<I1, "$_builder.getI1Type()", "bool tensor of rank 0">;
def Weft_SeedScalar : Weft_Scalar<UI64, "$_builder.getIntegerType(64, false)", "u64 tensor of rank 0">;
def Weft_I64Scalar : Weft_Scalar<I64, "$_builder.getI64Type()", "i64 tensor of rank 0">;

//===-- Traits ------------------------------------------------------------------------------===//

/// Operands and results have the same dimensions, by their expressions. Implied by
/// SameOperandsAndResultType only for static types, so every element-wise operation has both.
def Weft_SameDims : NativeOpTrait<"SameDims"> {
  let cppNamespace = "::weft";
}

/// Element i of the result depends on element i of each operand alone.
def Weft_Elementwise : NativeOpTrait<"Elementwise"> {
  let cppNamespace = "::weft";
}

/// The result is a rearrangement, repetition or generation of elements: cheap to recompute
/// wherever an element of it is wanted.
def Weft_Indexing : NativeOpTrait<"Indexing"> {
  let cppNamespace = "::weft";
}

/// Lowers to a loop nest of its own: at most one stands in a kernel.
def Weft_Root : NativeOpTrait<"Root"> {
  let cppNamespace = "::weft";
}

/// Lowers by the rules of `weft-decompose` to other operations before kernels are formed.
def Weft_Composite : NativeOpTrait<"Composite"> {
  let cppNamespace = "::weft";
}

class Weft_Op<string mnemonic, list<Trait> traits = []> : Op<Weft_Dialect, mnemonic, traits>;

#endif // WEFT_BASE_TD
