// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that combine the elements along axes.

#ifndef WEFT_REDUCTION_OPS_TD
#define WEFT_REDUCTION_OPS_TD

include "ir/WeftBase.td"

def Weft_ReduceOp : Weft_Op<"reduce", [Pure, Weft_Root]> {
  let summary = "Combine all elements along some axes";
  let description = [{
    - Formula: `y[p] = combine over q of x[p, q]`, `q` running over `axes`; no element gives the
      identity: 0, 1, the lowest value, the highest value, true, false
    - Shapes: C1: `axes` strictly increases and stays below rank(input). C2: `result` has the
      dimensions of `input` without `axes`
    - Types: number for sum, prod, max, min; bool for and, or (C3). C4: element types are equal.
      f16 and bf16 accumulate in f32; integers wrap; max and min give NaN if there is one
    - Gradient: sum: `dx = dy` repeated; max, min: `dy` at the places that hold the extreme, shared
      equally; prod: `dy * y / x`

    Example: `test/ir/reduction.mlir`
  }];
  let arguments = (ins Weft_ReduceKindAttr:$kind, Weft_Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = "`` $kind $input `axes` $axes attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Weft_ArgOp : Weft_Op<"arg", [Pure, Weft_Root]> {
  let summary = "Find where the extreme along one axis stands";
  let description = [{
    - Formula: `y[p] = the least k with x[p, k] = extreme over j of x[p, j]`; the first NaN counts
      as the extreme; no element gives 0
    - Shapes: C1: `axis < rank(input)`. C2: `result` has the dimensions of `input` without `axis`
    - Types: any number to i64 or i32
    - Gradient: none

    Example: `test/ir/reduction.mlir`
  }];
  let arguments = (ins Weft_ArgKindAttr:$kind, Weft_NumberTensor:$input,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$axis);
  let results = (outs Weft_TensorOf<[I64, I32], "i64 or i32 tensor">:$result);
  let assemblyFormat = "`` $kind $input `axis` $axis attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def Weft_ArgSortOp : Weft_Op<"arg_sort", [Pure, Weft_Root, Weft_SameDims]> {
  let summary = "Say in which order the elements along one axis are sorted";
  let description = [{
    - Formula: `x[p, y[p, 0]] <= x[p, y[p, 1]] <= ...`, `descending`: `>=`; of equal elements the one
      that stands first comes first; NaN counts as greater than every number
    - Shapes: `input` and `result` alike. C1: `axis < rank(input)`
    - Types: any number to i64
    - Gradient: none

    Example: `test/ir/reduction.mlir`
  }];
  let arguments = (ins Weft_NumberTensor:$input, ConfinedAttr<I64Attr, [IntNonNegative]>:$axis,
                       UnitAttr:$descending);
  let results = (outs Weft_TensorOf<[I64], "i64 tensor">:$result);
  let assemblyFormat = [{
    $input `axis` $axis (`descending` $descending^)? attr-dict `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Weft_CumulativeOp : Weft_Op<"cumulative", [Pure, Weft_Root, Weft_SameDims,
                                               SameOperandsAndResultType]> {
  let summary = "Combine each element with all before it along one axis";
  let description = [{
    - Formula: `y[p, k] = combine over j <= k of x[p, j]`; `exclusive`: `j < k`, starting with the
      identity; `reverse`: from the end
    - Shapes: `input` and `result` alike. C1: `axis < rank(input)`
    - Types: any number; f16 and bf16 accumulate in f32; integers wrap; max and min keep a NaN
    - Gradient: sum: the cumulative sum of `dy` with `reverse` inverted

    Example: `test/ir/reduction.mlir`
  }];
  let arguments = (ins Weft_CumulativeKindAttr:$kind, Weft_NumberTensor:$input,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$axis,
                       UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs Weft_NumberTensor:$result);
  let assemblyFormat = [{
    `` $kind $input `axis` $axis (`exclusive` $exclusive^)? (`reverse` $reverse^)? attr-dict
    `:` type($result)
  }];
  let hasVerifier = 1;
}

def Weft_PoolOp : Weft_Op<"pool", [Pure, Weft_Root]> {
  let summary = "Summarise sliding windows over the trailing dimensions";
  let description = [{
    - Formula: `y[p, i] = combine over k < window of x[p, i * strides - pad_low + k * dilations]`,
      elements outside `input` left out. avg divides by the number of elements taken, or with
      `count_padding` by the number of window places inside the padded input. max over nothing
      gives the lowest value (-inf), sum and avg 0
    - Shapes: C1: `strides`, `pad_low`, `pad_high`, `dilations` have one entry for each of
      `window`, 1 to rank(input) of them. C2: window, strides, dilations positive, padding not
      negative. C3: leading dimensions are equal. C4: each trailing dimension of `result` is
      `(n + pad_low + pad_high - dilation * (window - 1) - 1) / stride + 1`
    - Types: any number. C5: element types are equal. C6: avg takes floats. f16 and bf16
      accumulate in f32
    - Gradient: max: `dy` to the first place that holds the maximum; avg: `dy` shared; sum: `dy`

    Example: `test/ir/reduction.mlir`
  }];
  let arguments = (ins Weft_PoolKindAttr:$kind, Weft_NumberTensor:$input,
                       DenseI64ArrayAttr:$window, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$pad_low, DenseI64ArrayAttr:$pad_high,
                       DenseI64ArrayAttr:$dilations, UnitAttr:$count_padding);
  let results = (outs Weft_NumberTensor:$result);
  let assemblyFormat = [{
    `` $kind $input `window` $window `strides` $strides `pad` $pad_low $pad_high
    `dilations` $dilations (`count_padding` $count_padding^)? attr-dict
    `:` type($input) `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif // WEFT_REDUCTION_OPS_TD
