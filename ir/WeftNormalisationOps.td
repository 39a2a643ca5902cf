// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalisations and attention: high-level operations that fuse as one.

#ifndef WEFT_NORMALISATION_OPS_TD
#define WEFT_NORMALISATION_OPS_TD

include "ir/WeftBase.td"

class Weft_SoftmaxLikeOp<string mnemonic>
    : Weft_Op<mnemonic, [Pure, Weft_Root, Weft_SameDims, SameOperandsAndResultType]> {
  let arguments = (ins Weft_FloatTensor:$input, ConfinedAttr<I64Attr, [IntNonNegative]>:$axis);
  let results = (outs Weft_FloatTensor:$result);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Weft_SoftmaxOp : Weft_SoftmaxLikeOp<"softmax"> {
  let summary = "Normalize one axis into a probability distribution";
  let description = [{
    - Formula: `y[i] = exp(x[i] - m) / sum_j exp(x[j] - m)`, `m = max_j x[j]`; NaN where all are -inf
    - Shapes: `input` and `result` alike. C1: `axis < rank(input)`
    - Types: any float; sums accumulate in f32 or wider
    - Gradient: `dx = y * (dy - sum(dy * y))`, both sums over `axis`
    - Source: Milakov & Gimelshein, arXiv:1805.02867, algorithm 2

    Example: `test/ir/normalisation.mlir`
  }];
}

def Weft_LogSoftmaxOp : Weft_SoftmaxLikeOp<"log_softmax"> {
  let summary = "Normalize one axis into logarithms of probabilities";
  let description = [{
    - Formula: `y[i] = x[i] - m - log(sum_j exp(x[j] - m))`, `m = max_j x[j]`
    - Shapes: `input` and `result` alike. C1: `axis < rank(input)`
    - Types: any float; sums accumulate in f32 or wider
    - Gradient: `dx = dy - exp(y) * sum(dy)`, the sum over `axis`

    Example: `test/ir/normalisation.mlir`
  }];
}

def Weft_LayerNormOp : Weft_Op<"layer_norm", [Pure, Weft_Root, AttrSizedOperandSegments,
                                              AllTypesMatch<["input", "result"]>]> {
  let summary = "Normalize trailing dimensions to mean 0 and variance 1";
  let description = [{
    - Formula: `y = (x - mean) / sqrt(variance + epsilon) * scale + shift`, mean and (biased)
      variance over the dimensions `axis` and after
    - Shapes: C1: `axis < rank(input)`. C2: `scale` and `shift` have the dimensions
      input[axis:]
    - Types: any float; statistics in f32 or wider. C3: element types are equal
    - Gradient: with `h = (x - mean) * r`, `r = 1 / sqrt(variance + epsilon)`, `g = dy * scale`:
      `dx = r * (g - mean(g) - h * mean(g * h))`
    - Source: Ba, Kiros & Hinton, arXiv:1607.06450

    Example: `test/ir/normalisation.mlir`
  }];
  let arguments = (ins Weft_FloatTensor:$input, Optional<Weft_FloatTensor>:$scale,
                       Optional<Weft_FloatTensor>:$shift,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$axis, F64Attr:$epsilon);
  let results = (outs Weft_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scale` $scale^ `:` type($scale))? (`shift` $shift^ `:` type($shift))?
    `axis` $axis `epsilon` $epsilon attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def Weft_RmsNormOp : Weft_Op<"rms_norm", [Pure, Weft_Root,
                                          AllTypesMatch<["input", "result"]>]> {
  let summary = "Normalize trailing dimensions to root mean square 1";
  let description = [{
    - Formula: `y = x / sqrt(mean(x^2) + epsilon) * scale`, the mean over dimensions `axis` and after
    - Shapes: C1: `axis < rank(input)`. C2: `scale` has the dimensions input[axis:]
    - Types: any float; statistics in f32 or wider. C3: element types are equal
    - Gradient: with `r = 1 / sqrt(mean(x^2) + epsilon)`, `g = dy * scale`:
      `dx = r * (g - x * r^2 * mean(g * x))`
    - Source: Zhang & Sennrich, arXiv:1910.07467

    Example: `test/ir/normalisation.mlir`
  }];
  let arguments = (ins Weft_FloatTensor:$input, Optional<Weft_FloatTensor>:$scale,
                       ConfinedAttr<I64Attr, [IntNonNegative]>:$axis, F64Attr:$epsilon);
  let results = (outs Weft_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scale` $scale^ `:` type($scale))? `axis` $axis `epsilon` $epsilon attr-dict
    `:` type($result)
  }];
  let hasVerifier = 1;
}

def Weft_BatchNormOp : Weft_Op<"batch_norm", [Pure, Weft_Composite,
    AllTypesMatch<["input", "result"]>, AllTypesMatch<["scale", "shift", "mean", "variance"]>]> {
  let summary = "Normalize each channel by given statistics";
  let description = [{
    - Formula: `y[n, c, s] = (x[n, c, s] - mean[c]) / sqrt(variance[c] + epsilon) * scale[c] + shift[c]`
    - Shapes: C1: rank(input) >= 2. C2: `scale`, `shift`, `mean`, `variance` have the one
      dimension `C` of input [N, C, ...]
    - Types: any float. C3: element types are equal
    - Gradient: `dx = dy * scale / sqrt(variance + epsilon)`
    - Source: Ioffe & Szegedy, arXiv:1502.03167

    Example: `test/ir/normalisation.mlir`
  }];
  let arguments = (ins Weft_FloatTensor:$input, Weft_FloatTensor:$scale, Weft_FloatTensor:$shift,
                       Weft_FloatTensor:$mean, Weft_FloatTensor:$variance, F64Attr:$epsilon);
  let results = (outs Weft_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $scale `,` $shift `,` $mean `,` $variance `epsilon` $epsilon attr-dict
    `:` type($result) `,` type($scale)
  }];
  let hasVerifier = 1;
}

def Weft_GroupNormOp : Weft_Op<"group_norm", [Pure, Weft_Composite, AttrSizedOperandSegments,
                                              AllTypesMatch<["input", "result"]>]> {
  let summary = "Normalize groups of channels of each sample";
  let description = [{
    - Formula: `y = (x - mean) / sqrt(variance + epsilon) * scale[c] + shift[c]`, mean and (biased)
      variance over the `C / groups` channels of a group and all spatial dimensions
    - Shapes: C1: rank(input) >= 2. C2: `C` of input [N, C, ...] is static and `groups` divides it.
      C3: `scale` and `shift` have the one dimension `C`
    - Types: any float; statistics in f32 or wider. C4: element types are equal
    - Gradient: as layer_norm, over each group
    - Source: Wu & He, arXiv:1803.08494

    Example: `test/ir/normalisation.mlir`
  }];
  let arguments = (ins Weft_FloatTensor:$input, Optional<Weft_FloatTensor>:$scale,
                       Optional<Weft_FloatTensor>:$shift,
                       ConfinedAttr<I64Attr, [IntPositive]>:$groups, F64Attr:$epsilon);
  let results = (outs Weft_FloatTensor:$result);
  let assemblyFormat = [{
    $input (`scale` $scale^ `:` type($scale))? (`shift` $shift^ `:` type($shift))?
    `groups` $groups `epsilon` $epsilon attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def Weft_AttentionOp : Weft_Op<"attention", [Pure, Weft_Composite]> {
  let summary = "Mix values by the similarity of queries and keys";
  let description = [{
    - Formula: `y[b, l] = sum_s p[b, l, s] * v[b, s]`,
      `p = softmax over s of (q[b, l] . k[b, s] * scale + mask[b, l, s])`. A bool mask excludes
      where false, `causal` excludes `s > l + S - L`; a query with nothing left gives 0
    - Shapes: query [B..., L, D], key [B..., S, D], value [B..., S, E], mask [B..., L, S],
      result [B..., L, E]. C1: ranks are equal and at least 2. C2: leading dimensions `B` are
      equal. C3: `D`, `S`, `L`, `E` agree
    - Types: any float; mask bool or the same float. C4: element types are equal.
      Scores and sums in f32 or wider
    - Gradient: `dv = p^T dy`, `dp = dy v^T`, then as softmax, `dq = ds k * scale`,
      `dk = ds^T q * scale`
    - Source: Vaswani et al., arXiv:1706.03762; Dao et al., arXiv:2205.14135

    Example: `test/ir/normalisation.mlir`
  }];
  let arguments = (ins Weft_FloatTensor:$query, Weft_FloatTensor:$key, Weft_FloatTensor:$value,
                       Optional<Weft_MaskTensor>:$mask, F64Attr:$scale, UnitAttr:$causal);
  let results = (outs Weft_FloatTensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $mask^ `:` type($mask))? `scale` $scale
    (`causal` $causal^)? attr-dict `:` type($query) `,` type($key) `,` type($value) `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif // WEFT_NORMALISATION_OPS_TD
