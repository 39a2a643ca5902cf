// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes: symbolic shapes, arena slots, and the enumerations of the operations.

#ifndef WEFT_ATTRS_TD
#define WEFT_ATTRS_TD

include "ir/WeftDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/TensorEncoding.td"

class Weft_Attr<string name, string keyword, list<Trait> traits = []>
    : AttrDef<Weft_Dialect, name, traits> {
  let mnemonic = keyword;
}

def Weft_ShapeAttr
    : Weft_Attr<"Shape", "shape",
                [DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let summary = "List of dimension expressions";
  let description = [{
    One expression for each dimension, in the dimension names of the function, in normal form.
    As the encoding of a tensor type it names the dynamic dimensions; a fully static type has no
    encoding. `/` is floor division.

    Example: `#weft.shape<[N, 2 * N, (H + 1) / 2, 64]>`
  }];
  let parameters = (ins
    ArrayRefParameter<"::mlir::StringAttr", "names used, sorted">:$symbols,
    ArrayRefParameter<"::mlir::AffineExpr", "symbol i is symbols[i]">:$dims);
  let builders = [
    AttrBuilder<(ins "::llvm::ArrayRef<::weft::Dim>":$dims)>];
  let skipDefaultBuilders = 1;
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    /// The expressions as Dims.
    ::llvm::SmallVector<::weft::Dim> toDims() const;
  }];
}

def Weft_SlotKind : I32EnumAttr<"SlotKind", "where the value of a launch lives", [
    I32EnumAttrCase<"Arena", 0, "arena">,
    I32EnumAttrCase<"Output", 1, "output">]> {
  let cppNamespace = "::weft";
}

def Weft_SlotAttr : Weft_Attr<"Slot", "slot"> {
  let summary = "Place of a value in memory, chosen by the plan";
  let description = [{
    `arena` with the byte offset as a dimension expression, or `output` with the number of the
    function's result that the value is written to directly.

    Example: `#weft.slot<arena [256 + 64 * N]>`, `#weft.slot<output [0]>`
  }];
  let parameters = (ins EnumParameter<Weft_SlotKind>:$kind, "::weft::ShapeAttr":$place);
  let assemblyFormat = "`<` $kind `at` $place `>`";
}

class Weft_Enum<string name, string summary, list<string> keywords>
    : I32EnumAttr<name, summary,
        !foreach(i, !range(keywords), I32EnumAttrCase<
          !toupper(!substr(keywords[i], 0, 1)) # !substr(keywords[i], 1), i, keywords[i]>)> {
  let cppNamespace = "::weft";
  let genSpecializedAttr = 0;
}
class Weft_EnumAttr<Weft_Enum info, string keyword> : EnumAttr<Weft_Dialect, info, keyword> {
  let assemblyFormat = "$value";
}

def Weft_ComparePredicate : Weft_Enum<"ComparePredicate", "ordering of two values",
    ["lt", "le", "gt", "ge", "eq", "ne"]>;
def Weft_ComparePredicateAttr : Weft_EnumAttr<Weft_ComparePredicate, "predicate">;

def Weft_ReduceKind : Weft_Enum<"ReduceKind", "how elements are combined",
    ["sum", "prod", "max", "min", "and", "or"]>;
def Weft_ReduceKindAttr : Weft_EnumAttr<Weft_ReduceKind, "reduce_kind">;

def Weft_ArgKind : Weft_Enum<"ArgKind", "which extreme is sought", ["max", "min"]>;
def Weft_ArgKindAttr : Weft_EnumAttr<Weft_ArgKind, "arg_kind">;

def Weft_CumulativeKind : Weft_Enum<"CumulativeKind", "how running values are combined",
    ["sum", "prod", "max", "min"]>;
def Weft_CumulativeKindAttr : Weft_EnumAttr<Weft_CumulativeKind, "cumulative_kind">;

def Weft_ScatterKind : Weft_Enum<"ScatterKind", "how an update meets the element",
    ["set", "add", "mul", "max", "min"]>;
def Weft_ScatterKindAttr : Weft_EnumAttr<Weft_ScatterKind, "scatter_kind">;

def Weft_PoolKind : Weft_Enum<"PoolKind", "how a window is summarised", ["max", "avg", "sum"]>;
def Weft_PoolKindAttr : Weft_EnumAttr<Weft_PoolKind, "pool_kind">;

def Weft_ParameterKind : Weft_Enum<"ParameterKind", "what may change the tensor",
    ["param", "state", "derived"]>;
def Weft_ParameterKindAttr : Weft_EnumAttr<Weft_ParameterKind, "parameter_kind">;

#endif // WEFT_ATTRS_TD
