// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions, convolutions and normalisations: checked through the inference functions.

#include "ir/GraphBuilder.h"

namespace weft {

//===-- Contractions and normalisations -----------------------------------------------------===//

/// The verifier knows which signs go together.
static bool areBytes(Type a, Type b) { return a.isInteger(8) && b.isInteger(8); }

/// `inferred`, with the element type `result` if there is one.
static RankedTensorType withResult(RankedTensorType inferred, Type result) {
  return result ? withElementType(inferred, result) : inferred;
}

Value GraphBuilder::contract(StringRef equation, Value a, Value b, Type result) {
  if (!a || !b)
    return Value();
  if (element(a) != element(b) && !areBytes(element(a), element(b)))
    return failTypes(a, b);
  std::string reason;
  Inferred type = inferContract(equation, typeOf(a), typeOf(b), reason);
  if (failed(type))
    return fail(reason);
  return make<ContractOp>(withResult(*type, result), equation, a, b);
}

/// "...ij,jk" over `batch` leading labels that both operands, or one of them, have.
Value GraphBuilder::matmul(Value a, Value b, Type result) {
  if (!a || !b)
    return Value();
  if (rank(a) == 0 || rank(b) == 0)
    return fail("a matrix product takes no scalar");
  if (rank(a) > 20 || rank(b) > 20)
    return fail("a matrix product of more than 20 dimensions");
  bool vectorA = rank(a) == 1, vectorB = rank(b) == 1;
  SmallVector<Dim> batchA = dims(a), batchB = dims(b);
  batchA.resize(vectorA ? 0 : batchA.size() - 2);
  batchB.resize(vectorB ? 0 : batchB.size() - 2);
  std::string reason;
  FailureOr<SmallVector<Dim>> batch = broadcastDims({batchA, batchB}, reason);
  if (failed(batch))
    return fail(reason);

  // A batch dimension of one operand alone needs no copies: its label is only in that operand.
  auto prepare = [&](Value x, ArrayRef<Dim> own, std::string &labels) {
    size_t missing = batch->size() - own.size();
    SmallVector<Dim> shape;
    for (auto [i, dim] : llvm::enumerate(own)) {
      bool repeated = dim == Dim(1) && (*batch)[missing + i] != Dim(1);
      if (repeated)
        continue;
      shape.push_back(dim);
      labels += static_cast<char>('a' + missing + i);
    }
    llvm::append_range(shape, ArrayRef(dims(x)).drop_front(own.size()));
    return reshape(x, shape);
  };
  std::string labelsA, labelsB, labels;
  a = prepare(a, batchA, labelsA);
  b = prepare(b, batchB, labelsB);
  for (size_t i = 0; i < batch->size(); ++i)
    labels += static_cast<char>('a' + i);
  labelsA += vectorA ? "z" : "xz";
  labelsB += vectorB ? "z" : "zy";
  labels += vectorA ? "" : "x";
  labels += vectorB ? "" : "y";
  return contract(labelsA + "," + labelsB + "->" + labels, a, b, result);
}

Value GraphBuilder::conv(Value x, Value filter, const Sliding &sliding, int64_t groups,
                         Type result) {
  if (!x || !filter)
    return Value();
  if (element(x) != element(filter) && !areBytes(element(x), element(filter)))
    return failTypes(x, filter);
  std::string reason;
  Inferred type = inferConv(typeOf(x), typeOf(filter), sliding, groups, reason);
  if (failed(type))
    return fail(reason);
  return make<ConvOp>(withResult(*type, result), x, filter, sliding.strides, sliding.padLow,
                      sliding.padHigh, sliding.dilations, static_cast<uint64_t>(groups));
}

Value GraphBuilder::convTranspose(Value x, Value filter, const Sliding &sliding,
                                  ArrayRef<int64_t> outputPadding, int64_t groups, Type result) {
  if (!x || !filter)
    return Value();
  if (element(x) != element(filter) && !areBytes(element(x), element(filter)))
    return failTypes(x, filter);
  std::string reason;
  Inferred type =
      inferConvTranspose(typeOf(x), typeOf(filter), sliding, outputPadding, groups, reason);
  if (failed(type))
    return fail(reason);
  return make<ConvTransposeOp>(withResult(*type, result), x, filter, sliding.strides,
                               sliding.padLow, sliding.padHigh, sliding.dilations, outputPadding,
                               static_cast<uint64_t>(groups));
}

Value GraphBuilder::convFilterGrad(Value x, Value gradient, ArrayRef<int64_t> filter,
                                   const Sliding &sliding, int64_t groups) {
  if (!x || !gradient)
    return {};
  auto type = RankedTensorType::get(filter, element(x));
  return make<ConvFilterGradOp>(type, x, gradient, sliding.strides, sliding.padLow, sliding.padHigh,
                                sliding.dilations, static_cast<uint64_t>(groups));
}

Value GraphBuilder::packedConv(Value x, Value filter, const Sliding &sliding,
                               PackedChannels channels, Type result, Value scales) {
  if (!x || !filter)
    return Value();
  if (scales)
    channels.scales = typeOf(scales);
  std::string reason;
  Inferred type = inferPackedConv(typeOf(x), typeOf(filter), sliding, channels, reason);
  if (failed(type))
    return fail(reason);
  return make<PackedConvOp>(withResult(*type, result), x, filter, scales, channels.nibbles,
                            sliding.strides, sliding.padLow, sliding.padHigh, sliding.dilations,
                            static_cast<uint64_t>(channels.groups), channels.transposed,
                            channels.outputPadding, static_cast<uint64_t>(channels.interleave));
}

Value GraphBuilder::depthwiseConv(Value x, Value filter, const Sliding &sliding, Type result) {
  if (!x || !filter)
    return Value();
  std::string reason;
  Inferred type = inferDepthwiseConv(typeOf(x), typeOf(filter), sliding, reason);
  if (failed(type))
    return fail(reason);
  return make<DepthwiseConvOp>(withResult(*type, result), x, filter, sliding.strides,
                               sliding.padLow, sliding.padHigh, sliding.dilations);
}

Value GraphBuilder::winogradConv(Value x, Value filter, int64_t tile, const Sliding &sliding,
                                 int64_t outputs, ArrayRef<Dim> image) {
  if (!x || !filter)
    return Value();
  std::string reason;
  Inferred type =
      inferWinogradConv(typeOf(x), typeOf(filter), tile, outputs, image, sliding, reason);
  if (failed(type))
    return fail(reason);
  SmallVector<int64_t> sizes;
  if (!image.empty())
    sizes = {*image[1].constant(), *image[2].constant()};
  return make<WinogradConvOp>(*type, x, filter, static_cast<uint64_t>(tile), sliding.padLow,
                              sliding.padHigh, static_cast<uint64_t>(sliding.dilations.front()),
                              sizes);
}

Value GraphBuilder::winogradPatches(Value x, int64_t tile, const Sliding &sliding) {
  if (!x)
    return x;
  std::string reason;
  Inferred type = inferWinogradPatches(typeOf(x), tile, sliding, reason);
  if (failed(type))
    return fail(reason);
  return make<WinogradPatchesOp>(*type, x, static_cast<uint64_t>(tile), sliding.padLow,
                                 sliding.padHigh, static_cast<uint64_t>(sliding.dilations.front()));
}

Value GraphBuilder::layerNorm(Value x, Value scale, Value shift, int64_t axis, double epsilon) {
  if (!x)
    return x;
  return make<LayerNormOp>(x.getType(), x, scale, shift, static_cast<uint64_t>(axis),
                           llvm::APFloat(epsilon));
}

Value GraphBuilder::rmsNorm(Value x, Value scale, int64_t axis, double epsilon) {
  if (!x)
    return x;
  return make<RmsNormOp>(x.getType(), x, scale, static_cast<uint64_t>(axis),
                         llvm::APFloat(epsilon));
}

Value GraphBuilder::batchNorm(Value x, Value scale, Value shift, Value mean, Value variance,
                              double epsilon) {
  if (!x || !scale || !shift || !mean || !variance)
    return Value();
  return make<BatchNormOp>(x.getType(), x, scale, shift, mean, variance, llvm::APFloat(epsilon));
}

Value GraphBuilder::groupNorm(Value x, Value scale, Value shift, int64_t groups, double epsilon) {
  if (!x)
    return x;
  return make<GroupNormOp>(x.getType(), x, scale, shift, static_cast<uint64_t>(groups),
                           llvm::APFloat(epsilon));
}

Value GraphBuilder::attention(Value query, Value key, Value value, Value mask, double scale,
                              bool causal) {
  if (!query || !key || !value)
    return Value();
  std::string reason;
  Inferred type = inferAttention(typeOf(query), typeOf(key), typeOf(value), reason);
  if (failed(type))
    return fail(reason);
  return make<AttentionOp>(*type, query, key, value, mask, llvm::APFloat(scale), causal);
}

Value GraphBuilder::randomBits(Value seed, ArrayRef<Dim> shape, int64_t stream) {
  if (!seed)
    return seed;
  Type type = mlir::IntegerType::get(builder.getContext(), 32, mlir::IntegerType::Unsigned);
  return make<RandomBitsOp>(tensorType(shape, type), seed, static_cast<uint64_t>(stream));
}

} // namespace weft
