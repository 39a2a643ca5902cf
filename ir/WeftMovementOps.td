// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that create, repeat, rearrange, cut and join elements without computing on them.

#ifndef WEFT_MOVEMENT_OPS_TD
#define WEFT_MOVEMENT_OPS_TD

include "ir/WeftBase.td"

def Weft_ConstantOp : Weft_Op<"constant", [Pure, ConstantLike, Weft_Indexing,
    AllTypesMatch<["value", "result"]>]> {
  let summary = "Hold values known at compile time";
  let description = [{
    - Formula: `y[i] = value[i]`
    - Shapes: C1: static
    - Types: any. C2: `value` is `dense`
    - Gradient: none

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Weft_IotaOp : Weft_Op<"iota", [Pure, Weft_Indexing]> {
  let summary = "Count along one axis";
  let description = [{
    - Formula: `y[i0, ..., ir] = i_axis`
    - Shapes: C1: `axis < rank(result)`
    - Types: any number; integers wrap
    - Gradient: none

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$axis);
  let results = (outs Weft_NumberTensor:$result);
  let assemblyFormat = "$axis attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Weft_SizeOp : Weft_Op<"size", [Pure, Weft_Indexing]> {
  let summary = "Give the value of a dimension expression";
  let description = [{
    - Formula: `y = dim`
    - Shapes: `result` has rank 0. C1: `dim` holds one expression
    - Types: i64
    - Gradient: none

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins Weft_ShapeAttr:$dim);
  let results = (outs Weft_I64Scalar:$result);
  let assemblyFormat = "$dim attr-dict";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Weft_BroadcastOp : Weft_Op<"broadcast", [Pure, Weft_Indexing]> {
  let summary = "Repeat a tensor along new or unit dimensions";
  let description = [{
    - Formula: `y[i] = x[j]`, `j_d = i_dims[d]`, or 0 where dimension `d` of `input` is 1
    - Shapes: C1: one entry of `dims` for each dimension of `input`. C2: `dims` strictly
      increases and stays below rank(result). C3: dimension `d` of `input` is 1 or equals
      dimension `dims[d]` of `result`
    - Types: any. C4: element types are equal
    - Gradient: `dx` is the sum of `dy` over the repeated dimensions

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins Weft_Tensor:$input, DenseI64ArrayAttr:$dims);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = "$input `along` $dims attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Weft_ReshapeOp : Weft_Op<"reshape", [Pure, Weft_Indexing]> {
  let summary = "Read the same elements in row-major order under another shape";
  let description = [{
    - Formula: `y[i] = x[j]`, where `i` and `j` have the same place in row-major order
    - Shapes: C1: the products of the dimensions are equal
    - Types: any. C2: element types are equal
    - Gradient: `dx` is `dy` in the shape of `x`

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins Weft_Tensor:$input);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Weft_TransposeOp : Weft_Op<"transpose", [Pure, Weft_Indexing]> {
  let summary = "Reorder the dimensions";
  let description = [{
    - Formula: `y[i_0, ..., i_r] = x[j]`, `j_perm[d] = i_d`
    - Shapes: C1: `permutation` holds each of 0 .. rank - 1 once. C2: dimension `d` of `result`
      is dimension `permutation[d]` of `input`
    - Types: any. C3: element types are equal
    - Gradient: `dx` is `dy` under the inverse permutation

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins Weft_Tensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = "$input $permutation attr-dict `:` type($input) `->` type($result)";
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Weft_SliceOp : Weft_Op<"slice", [Pure, Weft_Indexing]> {
  let summary = "Take every stride-th element of a box";
  let description = [{
    - Formula: `y[i] = x[starts + i * strides]`, dimension by dimension
    - Shapes: C1: rank(result) = rank(input), one start and one stride for each dimension.
      C2: no stride is 0; a negative one runs backwards. C3: where all of it is known, every
      element read lies inside `input`
    - Types: any. C4: element types are equal
    - Gradient: `dx` is 0 with `dy` at the places read

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins Weft_Tensor:$input, Weft_ShapeAttr:$starts, DenseI64ArrayAttr:$strides);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = [{
    $input `from` $starts `by` $strides attr-dict `:` type($input) `->` type($result)
  }];
  let hasFolder = 1;
  let hasCanonicalizer = 1;
  let hasVerifier = 1;
}

def Weft_DynamicSliceOp : Weft_Op<"dynamic_slice", [Pure, Weft_Indexing]> {
  let summary = "Take a box whose corner is computed";
  let description = [{
    - Formula: `y[i] = x[s + i]`, `s_d = min(max(starts[d], 0), size_d(x) - size_d(y))`
    - Shapes: C1: rank(result) = rank(input) = number of starts. C2: where both are known, no
      dimension of `result` exceeds that of `input`
    - Types: any. C3: element types are equal; starts are integers of rank 0
    - Gradient: `dx` is 0 with `dy` at the places read

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins Weft_Tensor:$input, Variadic<Weft_ScalarIndex>:$starts);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = [{
    $input `[` $starts `]` attr-dict `:` type($input) (`,` type($starts)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Weft_UpdateSliceOp : Weft_Op<"update_slice", [Pure, Weft_Root,
    AllTypesMatch<["input", "result"]>]> {
  let summary = "Replace a box whose corner is computed";
  let description = [{
    - Formula: `y = x`, except `y[s + i] = update[i]`,
      `s_d = min(max(starts[d], 0), size_d(x) - size_d(update))`
    - Shapes: C1: rank(update) = rank(input) = number of starts. C2: where both are known, no
      dimension of `update` exceeds that of `input`
    - Types: any. C3: element types are equal; starts are integers of rank 0
    - Gradient: `dx` is `dy` with 0 in the box, `dupdate` is the box of `dy`

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins Weft_Tensor:$input, Weft_Tensor:$update, Variadic<Weft_ScalarIndex>:$starts);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = [{
    $input `,` $update `[` $starts `]` attr-dict `:` type($input) `,` type($update)
    (`,` type($starts)^)?
  }];
  let hasVerifier = 1;
}

def Weft_PadOp : Weft_Op<"pad", [Pure, Weft_Indexing,
    TypesMatchWith<"value is a scalar of the input's element type", "input", "value",
                   "::weft::scalarTensor($_self)">]> {
  let summary = "Surround and interleave with one value";
  let description = [{
    - Formula: `y[low + i * (interior + 1)] = x[i]`, elsewhere `value`
    - Shapes: C1: one entry of `low`, `high`, `interior` for each dimension, none negative.
      C2: dimension of `result` = low + high + n + interior * max(n - 1, 0), for `n` elements;
      a dynamic dimension has interior 0
    - Types: any. C3: element types are equal; `value` has rank 0
    - Gradient: `dx` is the slice of `dy`; `dvalue` the sum of the rest

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins Weft_Tensor:$input, Weft_Tensor:$value, Weft_ShapeAttr:$low,
                       Weft_ShapeAttr:$high, DenseI64ArrayAttr:$interior);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = [{
    $input `,` $value `low` $low `high` $high `interior` $interior attr-dict
    `:` type($input) `->` type($result)
  }];
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Weft_ConcatOp : Weft_Op<"concat", [Pure, Weft_Indexing]> {
  let summary = "Join tensors along one axis";
  let description = [{
    - Formula: `y` holds the elements of each input in turn along `axis`
    - Shapes: C1: at least one input. C2: `axis < rank`. C3: all dimensions but `axis` are
      equal. C4: dimension `axis` of `result` is the sum of the inputs'
    - Types: any. C5: element types are equal
    - Gradient: each `dx` is its slice of `dy`

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntNonNegative]>:$axis,
                       Variadic<Weft_Tensor>:$inputs);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = "$axis $inputs attr-dict `:` `(` type($inputs) `)` `->` type($result)";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Weft_GatherOp : Weft_Op<"gather", [Pure, Weft_Indexing]> {
  let summary = "Look up slices along one axis by index";
  let description = [{
    - Formula: `y[b, p, k, q] = x[b, p, clamp(indices[b, k], 0, n - 1), q]`, `n` the size of `axis`,
      `b` the batch dimensions; 0 where `n` is 0
    - Shapes: C1: `batch_dims <= axis < rank(input)` and `batch_dims <= rank(indices)`.
      C2: the batch dimensions of `input` and `indices` are equal. C3: the result's dimensions are
      input[:axis] ++ indices[batch_dims:] ++ input[axis + 1:]
    - Types: any; `indices` any integer. C4: element types of `input` and `result` are equal
    - Gradient: `dx` is `dy` scattered with `add`

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins Weft_Tensor:$input, Weft_IntTensor:$indices,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$axis,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "0">:$batch_dims);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = [{
    $input `,` $indices `axis` $axis (`batch` $batch_dims^)? attr-dict
    `:` type($input) `,` type($indices) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Weft_ScatterOp : Weft_Op<"scatter", [Pure, Weft_Root, AllTypesMatch<["input", "result"]>]> {
  let summary = "Combine slices into places given by index along one axis";
  let description = [{
    - Formula: `y = x`; then for each `k` in row-major order with `0 <= indices[k] < n`:
      `y[p, indices[k], q] = combine(y[p, indices[k], q], updates[p, k, q])`
    - Shapes: C1: `axis < rank(input)`. C2: the dimensions of `updates` are
      input[:axis] ++ indices ++ input[axis + 1:]
    - Types: any number, bool with `set`; `indices` any integer. C3: element types of `input`,
      `updates` and `result` are equal. C4: bool allows only `set`
    - Gradient: for `add`: `dx = dy`, `dupdates` is `dy` gathered
    - Order: updates to one place are applied in the order of `k`, with any number of threads

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins Weft_ScatterKindAttr:$kind, Weft_Tensor:$input, Weft_IntTensor:$indices,
                       Weft_Tensor:$updates, ConfinedAttr<I64Attr, [IntNonNegative]>:$axis);
  let results = (outs Weft_Tensor:$result);
  let assemblyFormat = [{
    `` $kind $input `,` $indices `,` $updates `axis` $axis attr-dict
    `:` type($input) `,` type($indices) `,` type($updates)
  }];
  let hasVerifier = 1;
}

def Weft_RandomBitsOp : Weft_Op<"random_bits", [Pure, Weft_Indexing]> {
  let summary = "Draw 32 random bits for each element";
  let description = [{
    - Formula: `y[i] = word i mod 4 of Philox4x32-10(counter, key)` with `i` the place in row-major
      order, key = `seed`, counter = (i / 4 low, i / 4 high, `stream` low, `stream` high)
    - Shapes: `seed` has rank 0, `result` any
    - Types: `seed` u64, `result` u32
    - Gradient: none
    - Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011

    Example: `test/ir/movement.mlir`
  }];
  let arguments = (ins Weft_SeedScalar:$seed, I64Attr:$stream);
  let results = (outs Weft_TensorOf<[UI32], "u32 tensor">:$result);
  let assemblyFormat = "$seed `stream` $stream attr-dict `:` type($result)";
}

#endif // WEFT_MOVEMENT_OPS_TD
