// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives, as the language asks for them. `weft-differentiate` replaces all of these by ordinary
// operations; the stage `graph` has none.

#ifndef WEFT_DERIVATIVE_OPS_TD
#define WEFT_DERIVATIVE_OPS_TD

include "ir/WeftBase.td"

def Weft_VjpOp : Weft_Op<"vjp", [Pure, AttrSizedOperandSegments]> {
  let summary = "Pull gradients back along all ways between values";
  let description = [{
    The value of a derivative depends on how the outputs were computed, not on what they are.

    - Formula: `dx_j = sum over i of (d outputs_i / d wrt_j)^T gradients_i`, over all ways on which
      the outputs were computed from `wrt_j`; 0 where there is none
    - Shapes: C1: one of `gradients` for each of `outputs`, of its type. C2: one result for each of
      `wrt`, of its type
    - Types: any float
    - Gradient: that of the operations that take its place
    - Source: Griewank & Walther, "Evaluating derivatives", SIAM 2008, chapter 3

    Example: `test/ir/derivative.mlir`
  }];
  let arguments = (ins Variadic<Weft_FloatTensor>:$outputs, Variadic<Weft_FloatTensor>:$gradients,
                       Variadic<Weft_FloatTensor>:$wrt);
  let results = (outs Variadic<Weft_FloatTensor>:$results);
  let assemblyFormat = [{
    `of` $outputs `times` $gradients `wrt` $wrt attr-dict
    `:` `(` type($outputs) `)` `(` type($gradients) `)` `(` type($wrt) `)` `->` type($results)
  }];
  let hasVerifier = 1;
}

def Weft_JvpOp : Weft_Op<"jvp", [Pure, AttrSizedOperandSegments]> {
  let summary = "Push directions forward along all ways between values";
  let description = [{
    - Formula: `dy_i = sum over j of (d outputs_i / d wrt_j) tangents_j`, over all ways on which the
      outputs were computed from `wrt_j`; 0 where there is none
    - Shapes: C1: one of `tangents` for each of `wrt`, of its type. C2: one result for each of
      `outputs`, of its type
    - Types: any float
    - Gradient: that of the operations that take its place
    - Source: Griewank & Walther, "Evaluating derivatives", SIAM 2008, chapter 3

    Example: `test/ir/derivative.mlir`
  }];
  let arguments = (ins Variadic<Weft_FloatTensor>:$outputs, Variadic<Weft_FloatTensor>:$wrt,
                       Variadic<Weft_FloatTensor>:$tangents);
  let results = (outs Variadic<Weft_FloatTensor>:$results);
  let assemblyFormat = [{
    `of` $outputs `wrt` $wrt `along` $tangents attr-dict
    `:` `(` type($outputs) `)` `(` type($wrt) `)` `(` type($tangents) `)` `->` type($results)
  }];
  let hasVerifier = 1;
}

def Weft_StopGradientOp : Weft_Op<"stop_gradient", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "Count as a constant for derivatives";
  let description = [{
    - Formula: `y = x`
    - Shapes: `input` and `result` alike
    - Types: any float
    - Gradient: 0

    Example: `test/ir/derivative.mlir`
  }];
  let arguments = (ins Weft_FloatTensor:$input);
  let results = (outs Weft_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

def Weft_CustomVjpOp : Weft_Op<"custom_vjp", [RecursiveMemoryEffects, SingleBlock,
                                              IsolatedFromAbove]> {
  let summary = "Compute a function that has a derivative of its own";
  let description = [{
    - Formula: the results are what `body` yields for `inputs`
    - Shapes: C1: the arguments of `body` have the types of `inputs`, what it yields those of the
      results. C2: the arguments of `vjp` have the types of `inputs`, then those of the results;
      it yields one value for each float among `inputs`, of its type
    - Types: any
    - Gradient: what `vjp` yields for `inputs` and the gradients of the results. Tangents cannot be
      pushed forward through it

    Example: `test/ir/derivative.mlir`
  }];
  let arguments = (ins Variadic<Weft_Tensor>:$inputs);
  let results = (outs Variadic<Weft_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body, SizedRegion<1>:$vjp);
  let assemblyFormat = [{
    $inputs attr-dict `:` functional-type($inputs, $outputs) $body `vjp` $vjp
  }];
  let hasVerifier = 1;
}

#endif // WEFT_DERIVATIVE_OPS_TD
