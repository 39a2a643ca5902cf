// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolution, pooling, normalisation and attention: the composite operations of the dialect.
#include "frontend/Builtins.h"

#include <cmath>

namespace weft {

using Kind = Item::Kind;

//===- Windows ------------------------------------------------------------------------------------

/// One number for each spatial dimension: 3, or [3, 5].
static std::optional<SmallVector<int64_t>>
perDimension(BuiltinCall &call, StringRef name, size_t count, int64_t otherwise, int64_t least) {
  if (!call.has(name))
    return SmallVector<int64_t>(count, otherwise);
  std::optional<SmallVector<int64_t>> values = call.integers(name);
  if (!values)
    return std::nullopt;
  if (!call.item(name).isSequence())
    values->assign(count, values->front());
  if (values->size() != count) {
    call.elaborator.report(Diag::WindowForm, call.span(name), name, values->size(), count);
    return std::nullopt;
  }
  for (int64_t value : *values)
    if (value < least) {
      call.elaborator.report(Diag::TooSmall, call.span(name), name, least, value);
      return std::nullopt;
    }
  return values;
}

/// `padding: 1`, `[1, 2]`, or before and after: `[[1, 1], [0, 2]]`.
static bool readPadding(BuiltinCall &call, size_t count, WindowGeometry &geometry) {
  geometry.padLow.assign(count, 0);
  geometry.padHigh.assign(count, 0);
  if (!call.has("padding"))
    return true;
  const Item &item = call.item("padding");
  bool hasPairs = item.isSequence() &&
                  llvm::any_of(*item.items, [](const Item &part) { return part.isSequence(); });
  if (!hasPairs) {
    auto values = perDimension(call, "padding", count, 0, 0);
    if (values)
      geometry.padLow = geometry.padHigh = *values;
    return values.has_value();
  }
  if (item.items->size() != count) {
    call.elaborator.report(Diag::WindowForm, call.span("padding"), "padding", item.items->size(),
                           count);
    return false;
  }
  for (auto [axis, part] : llvm::enumerate(*item.items)) {
    auto pair = call.elaborator.toConstants(part, call.span("padding"), "'padding'");
    if (!pair)
      return false;
    if (pair->size() != 2 || pair->front() < 0 || pair->back() < 0) {
      call.elaborator.report(Diag::PadForm, call.span("padding"));
      return false;
    }
    geometry.padLow[axis] = pair->front();
    geometry.padHigh[axis] = pair->back();
  }
  return true;
}

static std::optional<WindowGeometry>
readGeometry(BuiltinCall &call, size_t count, const std::optional<SmallVector<int64_t>> &stride) {
  WindowGeometry geometry;
  auto strides = call.has("stride") || !stride ? perDimension(call, "stride", count, 1, 1) : stride;
  auto dilations = perDimension(call, "dilation", count, 1, 1);
  if (!strides || !dilations || !readPadding(call, count, geometry))
    return std::nullopt;
  geometry.strides = *strides;
  geometry.dilations = *dilations;
  return geometry;
}

/// The window must fit at least once where the size is known.
static bool windowFits(BuiltinCall &call, ValueId input, size_t first, ArrayRef<Dim> window,
                       const WindowGeometry &geometry) {
  for (auto [axis, extent] : llvm::enumerate(window)) {
    Dim reach = (extent - 1) * geometry.dilations[axis] + 1;
    Dim padded =
        call.typeOf(input).dims[first + axis] + geometry.padLow[axis] + geometry.padHigh[axis];
    std::optional<int64_t> room = (padded - reach).constant();
    if (room && *room < 0) {
      Diagnostic &message = call.elaborator.report(Diag::WindowFit, call.span(), reach.str(),
                                                   padded.str(), first + axis);
      call.elaborator.noteValue(message, input);
      return false;
    }
  }
  return true;
}

/// Checks ranks and element types of input and filter; gives the number of spatial dimensions.
static std::optional<size_t> spatialRank(BuiltinCall &call, ValueId input, ValueId filter) {
  const ValueType &x = call.typeOf(input), &w = call.typeOf(filter);
  if (x.rank() < 3 || x.rank() > 5 || w.rank() != x.rank()) {
    Diagnostic &message = call.elaborator.report(Diag::ConvRank, call.span(), call.builtin.name,
                                                 printType(x), printType(w));
    call.elaborator.noteValue(message, input);
    return std::nullopt;
  }
  if (x.element != w.element || isBoolElement(x.element)) {
    call.elaborator.report(Diag::OperandTypes, call.span(), "'" + call.builtin.name + "'",
                           elementName(x.element), elementName(w.element));
    return std::nullopt;
  }
  return x.rank() - 2;
}

static bool channelsFit(BuiltinCall &call, ValueId input, ValueId filter, const Dim &found,
                        const Dim &wanted, const Dim &grouped, int64_t groups) {
  if (!call.elaborator.sameDim(found, wanted)) {
    Diagnostic &message =
        call.elaborator.report(Diag::ConvChannels, call.span(), wanted.str(), found.str());
    call.elaborator.noteValue(message, input);
    call.elaborator.noteValue(message, filter);
    return false;
  }
  if (std::optional<int64_t> channels = grouped.constant(); channels && *channels % groups != 0) {
    call.elaborator.report(Diag::Remainder, call.has("groups") ? call.span("groups") : call.span(),
                           *channels, groups, *channels % groups);
    return false;
  }
  return true;
}

static Item conv(BuiltinCall &call) {
  std::optional<ValueId> input = call.tensor("x"), filter = call.tensor("w");
  if (!input || !filter)
    return Item::error();
  std::optional<size_t> count = spatialRank(call, *input, *filter);
  std::optional<int64_t> groups = call.integer("groups", 1);
  if (!count || !groups)
    return Item::error();
  if (*groups < 1)
    return call.fail(Diag::TooSmall, call.span("groups"), "groups", 1, *groups);
  std::optional<WindowGeometry> geometry = readGeometry(call, *count, std::nullopt);
  const Dims x = call.typeOf(*input).dims, w = call.typeOf(*filter).dims;
  if (!geometry || !channelsFit(call, *input, *filter, x[1], w[1] * *groups, w[0], *groups) ||
      !windowFits(call, *input, 2, ArrayRef<Dim>(w).drop_front(2), *geometry))
    return Item::error();
  call.builder().span = call.span();
  return Item::tensor(call.builder().conv(*input, *filter, *geometry, *groups));
}

static Item convTranspose(BuiltinCall &call) {
  std::optional<ValueId> input = call.tensor("x"), filter = call.tensor("w");
  if (!input || !filter)
    return Item::error();
  std::optional<size_t> count = spatialRank(call, *input, *filter);
  std::optional<int64_t> groups = call.integer("groups", 1);
  if (!count || !groups)
    return Item::error();
  if (*groups < 1)
    return call.fail(Diag::TooSmall, call.span("groups"), "groups", 1, *groups);
  std::optional<WindowGeometry> geometry = readGeometry(call, *count, std::nullopt);
  auto outputPadding = perDimension(call, "output_padding", *count, 0, 0);
  const Dims x = call.typeOf(*input).dims, w = call.typeOf(*filter).dims;
  if (!geometry || !outputPadding || !channelsFit(call, *input, *filter, x[1], w[0], w[0], *groups))
    return Item::error();
  call.builder().span = call.span();
  return Item::tensor(
      call.builder().convTranspose(*input, *filter, *geometry, *outputPadding, *groups));
}

/// pool(x, "max", window: 2): over all dimensions after batch and channels, or as many last ones
/// as the window has entries.
static Item pool(BuiltinCall &call) {
  std::optional<ValueId> input = call.tensor("x");
  std::optional<StringRef> kind = call.text("kind");
  if (!input || !kind)
    return Item::error();
  if (!llvm::is_contained({"max", "avg", "sum"}, *kind))
    return call.fail(Diag::UnknownChoice, call.span("kind"), *kind, "'max', 'avg', 'sum'");
  const ValueType type = call.typeOf(*input);
  size_t count = call.item("window").isSequence() ? call.item("window").items->size()
                 : type.rank() > 2                ? type.rank() - 2
                                                  : 0;
  if (count == 0 || count > type.rank())
    return call.fail(Diag::Rank, call.span(), "pool", "at least 3", "x", printType(type));
  if (isBoolElement(type.element) || (*kind == "avg" && !isFloatElement(type.element)))
    return call.fail(Diag::OperandKind, call.span("x"), "pool",
                     elementName(type.element) + " tensors");
  auto window = perDimension(call, "window", count, 1, 1);
  std::optional<WindowGeometry> geometry =
      window ? readGeometry(call, count, window) : std::nullopt;
  std::optional<bool> countPadding = call.boolean("count_padding", false);
  if (!geometry || !countPadding)
    return Item::error();
  Dims extents = llvm::map_to_vector<4>(*window, [](int64_t size) { return Dim(size); });
  if (!windowFits(call, *input, type.rank() - count, extents, *geometry))
    return Item::error();
  call.builder().span = call.span();
  return Item::tensor(call.builder().pool(*kind, *input, *window, *geometry, *countPadding));
}

//===- Normalisation ------------------------------------------------------------------------------

/// Operands that have the dimensions `dims` and the element type of x, as far as they are given.
static std::optional<SmallVector<ValueId>> affine(BuiltinCall &call, ArrayRef<StringRef> names,
                                                  const ValueType &wanted) {
  SmallVector<ValueId> values;
  for (StringRef name : names) {
    if (!call.has(name))
      break;
    std::optional<ValueId> value = call.tensor(name, wanted.element);
    if (!value)
      return std::nullopt;
    const ValueType &given = call.typeOf(*value);
    if (given.element != wanted.element || !call.elaborator.sameDims(given.dims, wanted.dims)) {
      Diagnostic &message =
          call.elaborator.report(Diag::UpdateShape, call.span(name), call.builtin.name,
                                 printType(wanted), printType(given));
      call.elaborator.noteValue(message, *value);
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return values;
}

static Item normaliseAxis(BuiltinCall &call, bool isRms) {
  std::optional<ValueId> input = call.floatTensor("x");
  std::optional<double> epsilon = call.real("epsilon", isRms ? 1e-6 : 1e-5);
  if (!input || !epsilon)
    return Item::error();
  const ValueType type = call.typeOf(*input);
  if (type.isScalar())
    return call.fail(Diag::Rank, call.span("x"), call.builtin.name, "at least 1", "x", "a scalar");
  std::optional<int64_t> axis = static_cast<int64_t>(type.rank()) - 1;
  if (call.has("axis"))
    axis = call.axis("axis", *input);
  if (!axis)
    return Item::error();
  ValueType wanted{type.element, Dims(type.dims.begin() + *axis, type.dims.end())};
  auto operands = affine(
      call, isRms ? ArrayRef<StringRef>{"scale"} : ArrayRef<StringRef>{"scale", "shift"}, wanted);
  if (!operands)
    return Item::error();
  call.builder().span = call.span();
  return Item::tensor(isRms ? call.builder().rmsNorm(*input, *operands, *axis, *epsilon)
                            : call.builder().layerNorm(*input, *operands, *axis, *epsilon));
}

static Item batchNorm(BuiltinCall &call) {
  std::optional<ValueId> input = call.floatTensor("x");
  std::optional<double> epsilon = call.real("epsilon", 1e-5);
  if (!input || !epsilon)
    return Item::error();
  const ValueType type = call.typeOf(*input);
  if (type.rank() < 2)
    return call.fail(Diag::Rank, call.span("x"), "batch_norm", "at least 2", "x", printType(type));
  auto operands =
      affine(call, {"scale", "shift", "mean", "variance"}, {type.element, {type.dims[1]}});
  if (!operands)
    return Item::error();
  call.builder().span = call.span();
  return Item::tensor(call.builder().batchNorm(*input, *operands, *epsilon));
}

static Item groupNorm(BuiltinCall &call) {
  std::optional<ValueId> input = call.floatTensor("x");
  std::optional<double> epsilon = call.real("epsilon", 1e-5);
  std::optional<int64_t> groups = call.integer("groups");
  if (!input || !epsilon || !groups)
    return Item::error();
  const ValueType type = call.typeOf(*input);
  if (type.rank() < 2)
    return call.fail(Diag::Rank, call.span("x"), "group_norm", "at least 2", "x", printType(type));
  if (*groups < 1)
    return call.fail(Diag::TooSmall, call.span("groups"), "groups", 1, *groups);
  std::optional<int64_t> channels = type.dims[1].constant();
  if (channels && *channels % *groups != 0)
    return call.fail(Diag::Remainder, call.span("groups"), *channels, *groups, *channels % *groups);
  auto operands = affine(call, {"scale", "shift"}, {type.element, {type.dims[1]}});
  if (!operands)
    return Item::error();
  call.builder().span = call.span();
  return Item::tensor(call.builder().groupNorm(*input, *operands, *groups, *epsilon));
}

//===- Attention ----------------------------------------------------------------------------------

/// q [..., L, D], k [..., S, D], v [..., S, E] with equal leading dimensions.
static bool attentionFits(BuiltinCall &call, const ValueType &q, const ValueType &k,
                          const ValueType &v) {
  size_t rank = q.rank();
  if (rank < 2 || k.rank() != rank || v.rank() != rank || q.element != k.element ||
      q.element != v.element)
    return false;
  auto leading = [&](const ValueType &type) { return ArrayRef<Dim>(type.dims).drop_back(2); };
  return call.elaborator.sameDims(leading(q), leading(k)) &&
         call.elaborator.sameDims(leading(q), leading(v)) &&
         call.elaborator.sameDim(q.dims[rank - 1], k.dims[rank - 1]) &&
         call.elaborator.sameDim(k.dims[rank - 2], v.dims[rank - 2]);
}

static Item attention(BuiltinCall &call) {
  std::optional<ValueId> q = call.floatTensor("q"), k = call.floatTensor("k"),
                         v = call.floatTensor("v");
  std::optional<bool> causal = call.boolean("causal", false);
  if (!q || !k || !v || !causal)
    return Item::error();
  const ValueType query = call.typeOf(*q), key = call.typeOf(*k), value = call.typeOf(*v);
  if (!attentionFits(call, query, key, value)) {
    Diagnostic &message = call.elaborator.report(
        Diag::AttentionShapes, call.span(), printType(query), printType(key), printType(value));
    for (ValueId operand : {*q, *k, *v})
      call.elaborator.noteValue(message, operand);
    return Item::error();
  }
  SmallVector<ValueId> operands{*q, *k, *v};
  if (call.has("mask") && call.item("mask").kind != Kind::Unit) {
    std::optional<ValueId> mask = call.tensor("mask", query.element);
    if (!mask)
      return Item::error();
    Dims scores = query.dims;
    scores.back() = key.dims[key.rank() - 2];
    const ValueType given = call.typeOf(*mask);
    std::optional<Dims> met = call.elaborator.broadcastDims(given.dims, scores);
    if (!met || !call.elaborator.sameDims(*met, scores) ||
        (given.element != query.element && !isBoolElement(given.element))) {
      Diagnostic &message =
          call.elaborator.report(Diag::UpdateShape, call.span("mask"), "attention",
                                 printType({given.element, scores}), printType(given));
      call.elaborator.noteValue(message, *mask);
      return Item::error();
    }
    operands.push_back(call.builder().broadcastTo(*mask, scores));
  }
  std::optional<int64_t> depth = query.dims.back().constant();
  std::optional<double> scale;
  if (call.has("scale") || depth)
    scale = call.real("scale", depth ? 1 / std::sqrt(double(*depth)) : 1);
  else if (call.elaborator.lenient)
    scale = 1;
  else
    call.elaborator.report(Diag::NotConstant, call.span("q"), "the depth of the queries");
  if (!scale)
    return Item::error();
  call.builder().span = call.span();
  return Item::tensor(call.builder().attention(operands, *scale, *causal));
}

ArrayRef<Builtin> neuralBuiltins() {
  static const Builtin rows[] = {
      {"conv", "x, w, stride?, padding?, dilation?, groups?", conv},
      {"conv_transpose", "x, w, stride?, padding?, dilation?, output_padding?, groups?",
       convTranspose},
      {"pool", "x, kind, window, stride?, padding?, dilation?, count_padding?", pool},
      {"layer_norm", "x, scale?, shift?, axis?, epsilon?",
       [](BuiltinCall &call) { return normaliseAxis(call, false); }},
      {"rms_norm", "x, scale?, axis?, epsilon?",
       [](BuiltinCall &call) { return normaliseAxis(call, true); }},
      {"batch_norm", "x, scale, shift, mean, variance, epsilon?", batchNorm},
      {"group_norm", "x, groups, scale?, shift?, epsilon?", groupNorm},
      {"attention", "q, k, v, mask?, causal?, scale?", attention},
  };
  return rows;
}

} // namespace weft
