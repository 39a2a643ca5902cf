// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Structure: parameters, control flow, and what the later stages put around operations.

#ifndef WEFT_STRUCTURE_OPS_TD
#define WEFT_STRUCTURE_OPS_TD

include "ir/WeftBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Weft_ParameterOp : Weft_Op<"parameter", [Symbol]> {
  let summary = "Declare a tensor that the model keeps";
  let description = [{
    - Formula: none; functions receive it as an argument with the attribute
      `weft.parameter = @name`, and `@weft.init` computes the initial value of a weight
    - Shapes: C1: static
    - Types: any; `param` changes in training only, `state` also by the model itself. `derived` is
      no weight: functions `weft.prepare.0`, ... compute it from parameters when a model is opened

    Example: `test/ir/structure.mlir`
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Weft_Tensor>:$type,
                       Weft_ParameterKindAttr:$kind, OptionalAttr<StrAttr>:$doc,
                       OptionalAttr<StrAttr>:$sym_visibility);
  let assemblyFormat = "`` $kind $sym_name `:` $type attr-dict";
  let hasVerifier = 1;
}

def Weft_YieldOp : Weft_Op<"yield", [Pure, Terminator, ReturnLike,
    ParentOneOf<["KernelOp", "IfOp", "WhileOp", "ScanOp", "CustomVjpOp"]>]> {
  let summary = "Hand values to the operation around";
  let description = [{
    - Formula: the operands become the results of the region
    - Types: any; the operation around states which

    Example: `test/ir/structure.mlir`
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Weft_KernelOp : Weft_Op<"kernel", [Pure, IsolatedFromAbove, SingleBlock]> {
  let summary = "Group operations that share one loop nest";
  let description = [{
    - Formula: the results are the yielded values of the body on the inputs
    - Shapes: C1: body arguments have the types of `inputs`. C2: yielded values have the types of
      the results, and all results have the same dimensions; but the second of two may be a
      weft.reduce of the first. C3: at most one operation of the body is a root, beside which a
      weft.depthwise_conv may have the weft.packed_conv that it reads, and that reduction is none
    - Types: any

    Example: `test/ir/structure.mlir`
  }];
  let arguments = (ins Variadic<Weft_Tensor>:$inputs);
  let results = (outs Variadic<Weft_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Weft_LaunchOp : Weft_Op<"launch", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Run an outlined kernel into planned memory";
  let description = [{
    - Formula: the results are those of the kernel function on the inputs, its symbols `d0`,
      `d1`, ... standing for `symbols`
    - Shapes: C1: `kernel` names a function with the attribute `weft.kernel` and as many inputs
      and results. C2: one slot for each result. C3: with the symbols replaced, the function's
      types are those of the operands and results
    - Types: any

    Example: `test/ir/structure.mlir`
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Weft_ShapeAttr:$symbols,
                       Variadic<Weft_Tensor>:$inputs,
                       DefaultValuedAttr<TypedArrayAttrBase<Weft_SlotAttr, "slots">, "{}">:$slots);
  let results = (outs Variadic<Weft_Tensor>:$outputs);
  let assemblyFormat = [{
    $kernel `symbols` $symbols ` ` `(` $inputs `)` (`at` $slots^)? attr-dict
    `:` functional-type($inputs, $outputs)
  }];
  let hasVerifier = 1;
}

def Weft_IfOp : Weft_Op<"if", [RecursiveMemoryEffects, SingleBlock, NoRegionArguments]> {
  let summary = "Evaluate one of two regions";
  let description = [{
    - Formula: `results = condition ? then() : else()`
    - Shapes: `condition` has rank 0. C1: both regions yield the types of the results
    - Types: `condition` bool
    - Gradient: an `if` on the same condition over the gradients of the regions

    Example: `test/ir/structure.mlir`
  }];
  let arguments = (ins Weft_BoolScalar:$condition);
  let results = (outs Variadic<Weft_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$thenRegion, SizedRegion<1>:$elseRegion);
  let assemblyFormat = [{
    $condition (`->` type($outputs)^)? attr-dict-with-keyword $thenRegion `else` $elseRegion
  }];
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Weft_WhileOp : Weft_Op<"while", [RecursiveMemoryEffects, SingleBlock]> {
  let summary = "Repeat a region while a condition holds";
  let description = [{
    - Formula: `c = inits; while (condition(c)) c = body(c); results = c`
    - Shapes: C1: `inits`, the arguments of both regions, what `body` yields and the results
      have the same types. C2: `condition` yields one bool of rank 0
    - Types: any
    - Gradient: none; a bounded loop is a `scan`

    Example: `test/ir/structure.mlir`
  }];
  let arguments = (ins Variadic<Weft_Tensor>:$inits);
  let results = (outs Variadic<Weft_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$conditionRegion, SizedRegion<1>:$bodyRegion);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

def Weft_ScanOp : Weft_Op<"scan", [RecursiveMemoryEffects, SingleBlock, AttrSizedOperandSegments]> {
  let summary = "Carry values along the first axis of tensors";
  let description = [{
    - Formula: `c = inits; for t: (c, e_t) = body(c, xs[t])`; the results are the last carries, then
      each `e` stacked along a new first axis
    - Shapes: C1: the tensors of `xs` have one first dimension, the number of steps. C2: body
      arguments are the types of `inits`, then those of `xs` without the first dimension.
      C3: the body yields the types of `inits`, then the emitted types; the results are these, the
      emitted ones with the number of steps in front. C4: at least one of `xs`
    - Types: any
    - Gradient: a `scan` that runs backwards over saved carries

    Example: `test/ir/structure.mlir`
  }];
  let arguments = (ins Variadic<Weft_Tensor>:$inits, Variadic<Weft_Tensor>:$xs);
  let results = (outs Variadic<Weft_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

#endif // WEFT_STRUCTURE_OPS_TD
