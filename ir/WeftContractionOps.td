// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums of products: contraction by labels, convolution, transposed convolution, and the forms of
// them that a layout pass chooses: channels last, filters packed.

#ifndef WEFT_CONTRACTION_OPS_TD
#define WEFT_CONTRACTION_OPS_TD

include "ir/WeftBase.td"

def Weft_ContractOp : Weft_Op<"contract", [Pure, Weft_Root]> {
  let summary = "Multiply two tensors and sum over shared labels";
  let description = [{
    - Formula: `y[r] = sum over k of lhs[l] * rhs[m]`, where `equation` names the dimensions, as
      in `"bik,bkj->bij"`, and `k` are the labels that `result` lacks
    - Shapes: C1: the equation is `labels,labels->labels`, one ASCII letter for each dimension.
      C2: no letter stands twice in one tensor. C3: a letter of only one operand is in the result,
      and each letter of the result is in an operand. C4: dimensions of one letter are equal
    - Types: C5: `lhs` and `rhs` have one element type, `result` the same, or f32 for bf16, or i32
      for i8 and u8. `lhs` of u8 or i8 goes with `rhs` of i8, `result` is i32 then. f16 and bf16
      accumulate in f32; integers wrap
    - Gradient: `dlhs = contract(dy, rhs)`, `drhs = contract(lhs, dy)` with the labels exchanged

    Example: `test/ir/contraction.mlir`
  }];
  let arguments = (ins StrAttr:$equation, Weft_NumberTensor:$lhs, Weft_NumberTensor:$rhs);
  let results = (outs Weft_NumberTensor:$result);
  let assemblyFormat = [{
    $equation $lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)
  }];
  let extraClassDeclaration = [{
    /// The equation taken apart: one character for each dimension.
    struct Labels { ::llvm::StringRef lhs, rhs, result; };
    Labels getLabels();
  }];
  let hasVerifier = 1;
}

class Weft_ConvolutionOp<string mnemonic> : Weft_Op<mnemonic, [Pure, Weft_Root]> {
  let results = (outs Weft_NumberTensor:$result);
  let hasVerifier = 1;
}

def Weft_ConvOp : Weft_ConvolutionOp<"conv"> {
  let summary = "Slide filters over the spatial dimensions";
  let description = [{
    - Formula: `y[n, o, i] = sum over c, k of x[n, g * C/groups + c, i * strides - pad_low +
      k * dilations] * w[o, c, k]`, `g = o / (O / groups)`; 0 outside `input`
    - Shapes: input [N, C, spatial...], filter [O, C / groups, kernel...], result
      [N, O, spatial...]. C1: 1 to 3 spatial dimensions, one entry of each attribute for each.
      C2: strides, dilations, groups positive, padding not negative. C3: `C = groups * C/groups`
      and `groups` divides `O`. C4: each spatial dimension of `result` is
      `(n + pad_low + pad_high - dilation * (kernel - 1) - 1) / stride + 1`; batch and `O` agree.
      C5: the filter's dimensions are static
    - Types: any number. C6: `input` and `filter` have one element type, `result` the same, or f32
      for bf16, or i32 for i8 and u8. `input` of u8 or i8 goes with `filter` of i8, `result` is i32
      then. f16 and bf16 accumulate in f32; integers wrap
    - Gradient: `dx` is a transposed convolution of `dy`, `dw` a convolution of `x` with `dy`
    - Source: Dumoulin & Visin, arXiv:1603.07285

    Example: `test/ir/contraction.mlir`
  }];
  let arguments = (ins Weft_NumberTensor:$input, Weft_NumberTensor:$filter,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pad_low,
                       DenseI64ArrayAttr:$pad_high, DenseI64ArrayAttr:$dilations,
                       ConfinedAttr<I64Attr, [IntPositive]>:$groups);
  let assemblyFormat = [{
    $input `,` $filter `strides` $strides `pad` $pad_low $pad_high `dilations` $dilations
    `groups` $groups attr-dict `:` type($input) `,` type($filter) `->` type($result)
  }];
}

def Weft_ConvTransposeOp : Weft_ConvolutionOp<"conv_transpose"> {
  let summary = "Spread each element by filters, the adjoint of conv";
  let description = [{
    - Formula: `y[n, g * O/groups + o, i * strides + k * dilations - pad_low] += sum over c of
      x[n, g * C/groups + c, i] * w[g * C/groups + c, o, k]`
    - Shapes: input [N, C, spatial...], filter [C, O / groups, kernel...], result
      [N, O, spatial...]. C1: 1 to 3 spatial dimensions, one entry of each attribute for each.
      C2: strides, dilations, groups positive, padding and `output_padding` not negative.
      C3: `groups` divides `C` and `O = groups * O/groups`. C4: each spatial dimension of `result` is
      `(n - 1) * stride - pad_low - pad_high + dilation * (kernel - 1) + output_padding + 1`;
      batch and `C` agree. C5: the filter's dimensions are static
    - Types: any number. C6: as for weft.conv
    - Gradient: `dx` is the convolution of `dy` with the same attributes
    - Source: Dumoulin & Visin, arXiv:1603.07285, chapter 4

    Example: `test/ir/contraction.mlir`
  }];
  let arguments = (ins Weft_NumberTensor:$input, Weft_NumberTensor:$filter,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pad_low,
                       DenseI64ArrayAttr:$pad_high, DenseI64ArrayAttr:$dilations,
                       DenseI64ArrayAttr:$output_padding,
                       ConfinedAttr<I64Attr, [IntPositive]>:$groups);
  let assemblyFormat = [{
    $input `,` $filter `strides` $strides `pad` $pad_low $pad_high `dilations` $dilations
    `output_padding` $output_padding `groups` $groups attr-dict
    `:` type($input) `,` type($filter) `->` type($result)
  }];
}

def Weft_ConvFilterGradOp : Weft_Op<"conv_filter_grad", [Pure, Weft_Composite]> {
  let summary = "Pull the gradient of a convolution back to its filter";
  let description = [{
    - Formula: `y[o, c, k] = sum over n, i of x[n, g * C/groups + c, i * strides - pad_low +
      k * dilations] * dy[n, o, i]`, `g = o / (O / groups)`; 0 outside `input`
    - Shapes: input [N, C, spatial...], gradient [N, O, places...], result [O, C / groups,
      kernel...]. C1: 1 to 3 spatial dimensions, one entry of each attribute for each. C2: strides,
      dilations, groups positive, padding not negative. C3: `C = groups * C/groups` and `groups`
      divides `O`. C4: `gradient` has the dimensions that weft.conv gives for `input` and a filter
      of the type of `result`. C5: the result's dimensions are static
    - Types: any float. C6: element types are equal. f16 and bf16 accumulate in f32
    - Gradient: for `t` in the place of `y`: `dx` is the transposed convolution of `dy` with `t`,
      `d(dy)` the convolution of `x` with `t`
    - Source: Dumoulin & Visin, arXiv:1603.07285

    Example: `test/ir/contraction.mlir`
  }];
  let arguments = (ins Weft_FloatTensor:$input, Weft_FloatTensor:$gradient,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pad_low,
                       DenseI64ArrayAttr:$pad_high, DenseI64ArrayAttr:$dilations,
                       ConfinedAttr<I64Attr, [IntPositive]>:$groups);
  let results = (outs Weft_FloatTensor:$result);
  let assemblyFormat = [{
    $input `,` $gradient `strides` $strides `pad` $pad_low $pad_high `dilations` $dilations
    `groups` $groups attr-dict `:` type($input) `,` type($gradient) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Weft_PackedConvOp : Weft_ConvolutionOp<"packed_conv"> {
  let summary = "Slide packed filters, channels last";
  let description = [{
    Without spatial dimensions it is a product with a packed matrix. The filters of a group stand in
    panels of `W` output channels: channel `l` of group `g` is panel `p = g * P/groups + l / W`,
    column `j = l % W`. Columns beyond the last channel are never read. With an `interleave` of
    I > 1, I neighbouring input channels of a column lie side by side, as instructions take them
    that sum I products at once: `w[p, k, c, j]` stands at `[p, k, c / I, j, c % I]`. Places of
    channels beyond the last are 0.

    With `scales` [P, n, W] the filter holds small integers: in n groups of F / n channels each, F
    being the channels that the filter has room for, `w[p, k, c, j]` stands for
    `w[p, k, c, j] * scales[p, c / (F / n), j]`. With `nibbles` each byte of the filter holds two
    channels as integers of 4 bits from -8 to 7, the even one in the lower half: F is twice the
    filter's dimension. Without them F is that dimension. Places of channels beyond the last are
    never read.

    - Formula: `y[n, i, g * O/groups + l] = sum over k, c of x[n, i * strides - pad_low +
      k * dilations, g * C/groups + c] * w[p, k, c, j]`; 0 outside `input`. With `transposed`
      `y[n, i * strides - pad_low + k * dilations, g * O/groups + l] += sum over c of
      x[n, i, g * C/groups + c] * w[p, k, c, j]`
    - Shapes: input [N, spatial..., C], filter [P, kernel..., C / groups, W], or [P, kernel...,
      ceil(C / groups / I), W, I] for an `interleave` of I > 1, result [N, spatial..., O]. C1: up to
      3 spatial dimensions, one entry of each attribute for each; `output_padding` has entries with
      `transposed` alone. C2: strides, dilations, groups, `interleave` positive, padding and
      `output_padding` not negative. C3: `C = groups * C/groups`, and C is static with an
      `interleave` above 1, which the filter's last dimension is. C4: `groups` divides
      `O`, and `P = groups * ceil(O / groups / W)`. C5: batch agrees, and each spatial dimension of
      `result` is `(n + pad_low + pad_high - dilation * (kernel - 1) - 1) / stride + 1`, with
      `transposed` `(n - 1) * stride - pad_low - pad_high + dilation * (kernel - 1) +
      output_padding + 1`. C6: the filter's dimensions and `O` are static. C8: `scales` go with one
      group and neither `transposed` nor `interleave`, and `nibbles` with `scales`; C is static, `n`
      divides F, `C <= F < C + F / n`, and `F / n` is even with `nibbles`
    - Types: any number. C7: as C6 of weft.conv; with `scales`, `input` and `result` are f32 and the
      filter is i8
    - Gradient: none, since layouts are chosen after differentiation
    - Source: Georganas et al., arXiv:1808.05567, section II; weights in groups: Dettmers &
      Zettlemoyer, arXiv:2212.09720, section 2

    Example: `test/ir/contraction.mlir`
  }];
  let arguments = (ins Weft_NumberTensor:$input, Weft_NumberTensor:$filter,
                       Optional<Weft_FloatTensor>:$scales, UnitAttr:$nibbles,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pad_low,
                       DenseI64ArrayAttr:$pad_high, DenseI64ArrayAttr:$dilations,
                       ConfinedAttr<I64Attr, [IntPositive]>:$groups, UnitAttr:$transposed,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$output_padding,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$interleave);
  let assemblyFormat = [{
    $input `,` $filter (`scales` $scales^ `:` type($scales))? (`nibbles` $nibbles^)?
    `strides` $strides `pad` $pad_low $pad_high `dilations` $dilations
    `groups` $groups (`transposed` $transposed^ `output_padding` $output_padding)?
    (`interleave` $interleave^)? attr-dict
    `:` type($input) `,` type($filter) `->` type($result)
  }];
}

def Weft_DepthwiseConvOp : Weft_ConvolutionOp<"depthwise_conv"> {
  let summary = "Slide filters of one input channel each, channels last";
  let description = [{
    - Formula: `y[n, i, o] = sum over k of x[n, i * strides - pad_low + k * dilations, o / M] *
      w[k, o]`; 0 outside `input`
    - Shapes: input [N, spatial..., C], filter [kernel..., O], result [N, spatial..., O].
      C1: 1 to 3 spatial dimensions, one entry of each attribute for each. C2: strides and dilations
      positive, padding not negative. C3: `O = C * M`. C4: batch agrees, and each spatial dimension
      of `result` is `(n + pad_low + pad_high - dilation * (kernel - 1) - 1) / stride + 1`.
      C5: the filter's dimensions and `C` are static
    - Types: any number. C6: as for weft.conv
    - Gradient: none, since layouts are chosen after differentiation
    - Source: Howard et al., arXiv:1704.04861, section 3.1

    Example: `test/ir/contraction.mlir`
  }];
  let arguments = (ins Weft_NumberTensor:$input, Weft_NumberTensor:$filter,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pad_low,
                       DenseI64ArrayAttr:$pad_high, DenseI64ArrayAttr:$dilations);
  let assemblyFormat = [{
    $input `,` $filter `strides` $strides `pad` $pad_low $pad_high `dilations` $dilations attr-dict
    `:` type($input) `,` type($filter) `->` type($result)
  }];
}

def Weft_WinogradPatchesOp : Weft_ConvolutionOp<"winograd_patches"> {
  let summary = "Transform the patches of an image that a winograd_conv multiplies";
  let description = [{
    What weft.winograd_conv computes of its input, as a tensor: filters of many channels are then
    read once for all tiles of all images.

    - Formula: matrix `m`, tile `t` of image `n`, channel `c` is element `m`, row by row, of
      `B^T d B`; `d` and `B` as in weft.winograd_conv. Tile `t` is `(i, j)` with
      `t = i * across + j`, where a dimension of `n'` places has `dilation * tiles` tiles,
      `tiles = ceil(ceil(n' / dilation) / tile)`, and the result of tile `i` begins at
      `i / tiles + i % tiles * tile * dilation`
    - Shapes: input [N, H, W, C], result [(tile + 2)^2, N * T, C], T tiles an image. C1: rank 4, two
      entries of each attribute. C2: padding not negative, `dilation` positive. C3: `tile` is 2 or
      4. C4: the result has these dimensions. C6: `C` is static
    - Types: any float. C5: element types are equal; f16 and bf16 are rounded once
    - Gradient: none, since layouts are chosen after differentiation
    - Source: Lavin & Gray, arXiv:1509.09308

    Example: `test/ir/contraction.mlir`
  }];
  let arguments = (ins Weft_FloatTensor:$input, ConfinedAttr<I64Attr, [IntPositive]>:$tile,
                       DenseI64ArrayAttr:$pad_low, DenseI64ArrayAttr:$pad_high,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$dilation);
  let assemblyFormat = [{
    $input `tile` $tile `pad` $pad_low $pad_high (`dilation` $dilation^)? attr-dict
    `:` type($input) `->` type($result)
  }];
}

def Weft_WinogradConvOp : Weft_ConvolutionOp<"winograd_conv"> {
  let summary = "Slide 3x3 filters through transformed tiles, channels last";
  let description = [{
    Gives what weft.packed_conv does with 3x3 filters and strides of 1, up to rounding: 4 products
    for each element of a result in tiles of 2, 2.25 in tiles of 4, where a direct sum takes 9.
    Panels are numbered as there. With `patches_of` [H, W] the input is what weft.winograd_patches
    made of images of H by W places.

    - Formula: tile (i, j) of the result is `A^T (sum over c of (B^T d B) * u[:, p, c, j]) A`, where
      `d` is channel c of the patch of `tile + 2` rows and columns, `dilation` places apart, that
      begins at the tile's first place minus `pad_low`, 0 outside `input`, and `*` goes by elements.
      The places of a tile are `dilation` apart as well. `u[:, p, c, j] = G g G^T`, row by row, for
      the 3x3 filter `g`
    - Matrices, for tiles of 2: `B^T = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1]`,
      `G = [1 0 0; 1/2 1/2 1/2; 1/2 -1/2 1/2; 0 0 1]`, `A^T = [1 1 1 0; 0 1 -1 -1]`; for tiles of 4
      those of the points 0, 3/4, -3/4, 3/2, -3/2 and infinity, `winogradTransforms` in
      `ir/Winograd.h`
    - Shapes: input [N, H, W, C], or [(tile + 2)^2, N * T, C] with `patches_of`, filter
      [(tile + 2)^2, P, C, width], result [N, H', W', O]. C1: these ranks, two entries of each
      attribute. C2: padding and `patches_of` not negative, `dilation` positive. C3: `tile` is 2 or
      4, and the first dimensions of filter and patches agree. C4: `C` agrees, and
      `P = ceil(O / width)`. C5: batch agrees, and each spatial dimension of `result` is
      `n + pad_low + pad_high - 2 * dilation`. C6: the filter's dimensions and `O` are static
    - Types: any float. C7: element types are equal. f16 and bf16 accumulate in f32
    - Gradient: none, since layouts are chosen after differentiation
    - Source: Lavin & Gray, arXiv:1509.09308; with dilations each phase of the places is a
      convolution without

    Example: `test/ir/contraction.mlir`
  }];
  let arguments = (ins Weft_FloatTensor:$input, Weft_FloatTensor:$filter,
                       ConfinedAttr<I64Attr, [IntPositive]>:$tile,
                       DenseI64ArrayAttr:$pad_low, DenseI64ArrayAttr:$pad_high,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$dilation,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$patches_of);
  let assemblyFormat = [{
    $input `,` $filter `tile` $tile `pad` $pad_low $pad_high (`dilation` $dilation^)?
    (`patches_of` $patches_of^)? attr-dict `:` type($input) `,` type($filter) `->` type($result)
  }];
}

#endif // WEFT_CONTRACTION_OPS_TD
