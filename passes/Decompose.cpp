// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-decompose: batch and group normalisation in terms of simpler operations, and attention where
// no kernel computes it whole. What has a loop nest of its own (softmax, layer_norm) stays.

#include "passes/Decompose.h"

#include "ir/GraphBuilder.h"
#include "passes/KernelRules.h"
#include "passes/Passes.h"

#include "llvm/ADT/TypeSwitch.h"

#include <limits>

namespace weft {

#define GEN_PASS_DEF_DECOMPOSEPASS
#include "passes/Passes.h.inc"

namespace {

/// Builds operations at one place and location, with types worked out from the operands.
class Writer {
public:
  explicit Writer(Operation *op) : builder(op), loc(op->getLoc()) {}

  static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }
  static SmallVector<Dim> dims(Value value) { return dimsOf(typeOf(value)); }
  static Type element(Value value) { return typeOf(value).getElementType(); }

  template <typename Op> Value unary(Value x) { return Op::create(builder, loc, x.getType(), x); }
  template <typename Op> Value binary(Value a, Value b) {
    return Op::create(builder, loc, a.getType(), a, b);
  }

  /// A number as a tensor of the shape and element type of `like`.
  Value splat(double value, Value like) { return splat(value, typeOf(like)); }
  Value splat(double value, RankedTensorType type) {
    auto scalar = RankedTensorType::get({}, type.getElementType());
    Attribute number =
        isa<mlir::FloatType>(type.getElementType())
            ? Attribute(builder.getFloatAttr(type.getElementType(), value))
            : Attribute(builder.getIntegerAttr(type.getElementType(), static_cast<int64_t>(value)));
    Value constant = ConstantOp::create(builder, loc, mlir::DenseElementsAttr::get(scalar, number));
    return broadcast(constant, {}, dimsOf(type));
  }

  Value cast(Value x, Type type) {
    if (element(x) == type)
      return x;
    return CastOp::create(builder, loc, withElementType(x.getType(), type), x);
  }

  Value broadcast(Value x, ArrayRef<int64_t> along, ArrayRef<Dim> shape) {
    return BroadcastOp::create(builder, loc, tensorType(shape, element(x)), x, along);
  }

  Value reshape(Value x, ArrayRef<Dim> shape) {
    return ReshapeOp::create(builder, loc, tensorType(shape, element(x)), x);
  }

  Value contract(StringRef equation, Value a, Value b, ArrayRef<Dim> shape) {
    return ContractOp::create(builder, loc, tensorType(shape, element(a)), equation, a, b);
  }

  Value select(Value condition, Value a, Value b) {
    return SelectOp::create(builder, loc, a.getType(), condition, a, b);
  }

  Value compare(ComparePredicate predicate, Value a, Value b) {
    return CompareOp::create(builder, loc, withElementType(a.getType(), builder.getI1Type()),
                             predicate, a, b);
  }

  OpBuilder builder;
  Location loc;
};

/// The type to compute in: f16 and bf16 are too narrow for statistics and sums.
Type computeType(Type element) {
  return element.getIntOrFloatBitWidth() < 32 ? mlir::Float32Type::get(element.getContext())
                                              : element;
}

//===-- Normalisation -----------------------------------------------------------------------===//

/// (x - mean) * (scale / sqrt(variance + epsilon)) + shift, the factor once a channel.
Value decompose(BatchNormOp op) {
  Writer w(op);
  Type type = computeType(w.element(op.getInput()));
  Value x = w.cast(op.getInput(), type);
  Value variance = w.cast(op.getVariance(), type);
  Value shifted = w.binary<AddOp>(variance, w.splat(op.getEpsilon().convertToDouble(), variance));
  Value factor = w.binary<MulOp>(w.cast(op.getScale(), type), w.unary<RsqrtOp>(shifted));

  SmallVector<Dim> shape = w.dims(x);
  auto channelwise = [&](Value v) { return w.broadcast(w.cast(v, type), {1}, shape); };
  Value centred = w.binary<SubOp>(x, channelwise(op.getMean()));
  Value scaled = w.binary<MulOp>(centred, channelwise(factor));
  Value result = w.binary<AddOp>(scaled, channelwise(op.getShift()));
  return w.cast(result, w.element(op.getResult()));
}

/// A layer_norm over [N, G, C / G, spatial...], so that scale and shift can follow in its loops.
Value decompose(GroupNormOp op) {
  Writer w(op);
  Type type = computeType(w.element(op.getInput()));
  SmallVector<Dim> shape = w.dims(op.getInput());
  Dim groups(static_cast<int64_t>(op.getGroups()));
  Dim members = shape[1].floorDiv(groups);
  SmallVector<Dim> split = {shape[0], groups, members};
  llvm::append_range(split, ArrayRef(shape).drop_front(2));

  Value x = w.cast(w.reshape(op.getInput(), split), type);
  Value result =
      LayerNormOp::create(w.builder, w.loc, x.getType(), x, Value(), Value(), 2, op.getEpsilon());
  auto channelwise = [&](Value v) {
    return w.broadcast(w.cast(w.reshape(v, {groups, members}), type), {1, 2}, split);
  };
  if (op.getScale())
    result = w.binary<MulOp>(result, channelwise(op.getScale()));
  if (op.getShift())
    result = w.binary<AddOp>(result, channelwise(op.getShift()));
  return w.reshape(w.cast(result, w.element(op.getInput())), shape);
}

//===-- Attention ---------------------------------------------------------------------------===//

/// True where key s may be seen by query l: s <= l + S - L.
Value causalMask(Writer &w, RankedTensorType scores, const Dim &offset) {
  int64_t rank = scores.getRank();
  RankedTensorType type = withElementType(scores, w.builder.getI64Type());
  Value query = IotaOp::create(w.builder, w.loc, type, rank - 2);
  Value key = IotaOp::create(w.builder, w.loc, type, rank - 1);
  Value size = SizeOp::create(w.builder, w.loc, RankedTensorType::get({}, w.builder.getI64Type()),
                              ShapeAttr::get(w.builder.getContext(), {offset}));
  Value limit = w.binary<AddOp>(query, w.broadcast(size, {}, dimsOf(type)));
  return w.compare(ComparePredicate::Le, key, limit);
}

/// The scores [B..., L, S] with what is masked at -inf.
Value maskedScores(Writer &w, AttentionOp op, Value scores) {
  double infinity = std::numeric_limits<double>::infinity();
  if (Value mask = op.getMask()) {
    if (w.element(mask).isInteger(1))
      scores = w.select(mask, scores, w.splat(-infinity, scores));
    else
      scores = w.binary<AddOp>(scores, w.cast(mask, w.element(scores)));
  }
  if (op.getCausal()) {
    SmallVector<Dim> shape = w.dims(scores);
    Dim offset = shape.back() - shape[shape.size() - 2];
    Value allowed = causalMask(w, w.typeOf(scores), offset);
    scores = w.select(allowed, scores, w.splat(-infinity, scores));
  }
  return scores;
}

/// Whether a query may be left without any key.
bool mayBeEmpty(AttentionOp op, ArrayRef<Dim> scores) {
  if (op.getMask())
    return true;
  return op.getCausal() && !scores[scores.size() - 2].provablyAtMost(scores.back());
}

/// `weights` with 0 in the rows whose scores are all -inf, where the softmax gave NaN.
Value zeroEmptyRows(Writer &w, Value scores, Value weights) {
  SmallVector<Dim> rows = w.dims(scores);
  int64_t axis = static_cast<int64_t>(rows.size()) - 1;
  rows.pop_back();
  Value most = ReduceOp::create(w.builder, w.loc, tensorType(rows, w.element(scores)),
                                ReduceKind::Max, scores, ArrayRef<int64_t>{axis});
  Value lowest = w.splat(-std::numeric_limits<double>::infinity(), most);
  Value empty = w.compare(ComparePredicate::Eq, most, lowest);
  SmallVector<int64_t> along = llvm::to_vector(llvm::seq<int64_t>(0, axis));
  return w.select(w.broadcast(empty, along, w.dims(weights)), w.splat(0, weights), weights);
}

/// softmax(q k^T * scale + mask) v, one letter for each leading dimension.
FailureOr<Value> decompose(AttentionOp op) {
  Writer w(op);
  Type type = computeType(w.element(op.getQuery()));
  Value query = w.cast(op.getQuery(), type);
  Value key = w.cast(op.getKey(), type);
  Value value = w.cast(op.getValue(), type);
  SmallVector<Dim> shape = w.dims(query);
  if (shape.size() > 24)
    return op.emitOpError() << "has rank " << shape.size() << ", at most 24 can be lowered";
  std::string batch;
  for (size_t i = 0; i + 2 < shape.size(); ++i)
    batch += static_cast<char>('a' + i);

  shape.back() = w.dims(key)[shape.size() - 2];
  Value scores = w.contract(batch + "LD," + batch + "SD->" + batch + "LS", query, key, shape);
  scores = w.binary<MulOp>(scores, w.splat(op.getScale().convertToDouble(), scores));
  scores = maskedScores(w, op, scores);
  Value weights = SoftmaxOp::create(w.builder, w.loc, scores.getType(), scores,
                                    static_cast<int64_t>(shape.size()) - 1);
  if (mayBeEmpty(op, shape))
    weights = zeroEmptyRows(w, scores, weights);
  Value result = w.contract(batch + "LS," + batch + "SE->" + batch + "LE", weights, value,
                            w.dims(op.getResult()));
  return w.cast(result, w.element(op.getResult()));
}

//===-- Convolution -------------------------------------------------------------------------===//

/// What a window sees at offset `k` of each place, for all places: a slice of the padded input,
/// whose spatial dimensions stand behind the batch.
Value seenAt(GraphBuilder &g, Value padded, ConvFilterGradOp op, ArrayRef<int64_t> k) {
  SmallVector<Dim> starts(g.rank(padded), 0), ends = g.dims(padded);
  SmallVector<Dim> places = g.dims(op.getGradient());
  SmallVector<int64_t> strides(g.rank(padded), 1);
  for (auto [s, offset] : llvm::enumerate(k)) {
    strides[1 + s] = op.getStrides()[s];
    starts[1 + s] = Dim(offset * op.getDilations()[s]);
    ends[1 + s] = starts[1 + s] + (places[2 + s] - Dim(1)) * Dim(strides[1 + s]) + Dim(1);
  }
  return g.slice(padded, starts, ends, strides);
}

/// One product over batch and places for each element of the kernel, with channels last: that is
/// how the convolutions around it have them, and vectors run along them.
FailureOr<Value> decompose(ConvFilterGradOp op) {
  OpBuilder builder(op);
  GraphBuilder g(builder, op.getLoc());
  Type type = computeType(g.element(op.getInput()));
  ArrayRef<int64_t> filter = GraphBuilder::typeOf(op.getResult()).getShape();
  auto groups = static_cast<int64_t>(op.getGroups()), rank = static_cast<int64_t>(filter.size());
  auto channelsLast = [&](Value value) {
    SmallVector<int64_t> order = {0};
    for (int64_t axis = 2; axis < rank; ++axis)
      order.push_back(axis);
    order.push_back(1);
    Value moved = g.transpose(g.cast(value, type), order);
    if (groups == 1)
      return moved;
    SmallVector<Dim> shape = g.dims(moved);
    shape.back() = shape.back().floorDiv(Dim(groups));
    shape.insert(shape.end() - 1, Dim(groups));
    return g.reshape(moved, shape);
  };
  Value x = channelsLast(op.getInput()), dy = channelsLast(op.getGradient());
  SmallVector<Dim> low(g.rank(x), 0), high(g.rank(x), 0);
  for (auto [s, padding] : llvm::enumerate(llvm::zip_equal(op.getPadLow(), op.getPadHigh()))) {
    low[1 + s] = Dim(std::get<0>(padding));
    high[1 + s] = Dim(std::get<1>(padding));
  }
  Value padded = g.pad(x, g.scalar(type, 0), low, high);

  StringRef spatial = StringRef("xyz").take_front(rank - 2);
  StringRef group = groups > 1 ? "g" : "";
  std::string equation =
      ("n" + spatial + group + "c,n" + spatial + group + "o->" + group + "oc").str();
  int64_t count = 1;
  for (int64_t size : filter.drop_front(2))
    count *= size;
  GraphBuilder::Values parts;
  for (int64_t number = 0; number < count; ++number) {
    SmallVector<int64_t> k(rank - 2);
    for (int64_t s = rank - 2, rest = number; s-- > 0; rest /= filter[2 + s])
      k[s] = rest % filter[2 + s];
    parts.push_back(g.contract(equation, seenAt(g, padded, op, k), dy));
  }
  Value stacked =
      parts.empty() ? g.splat(type, 0, g.dims(op.getResult())) : g.stack(parts, groups > 1 ? 3 : 2);
  Value result = g.cast(g.reshape(stacked, g.dims(op.getResult())), g.element(op.getResult()));
  if (!g.isGood())
    return op.emitOpError() << "cannot be decomposed: " << g.why();
  return result;
}

//===-- The pass ----------------------------------------------------------------------------===//

FailureOr<Value> decomposeAny(Operation *op) {
  return llvm::TypeSwitch<Operation *, FailureOr<Value>>(op)
      .Case<BatchNormOp, GroupNormOp, AttentionOp, ConvFilterGradOp>(
          [](auto composite) -> FailureOr<Value> { return decompose(composite); })
      .Default([](Operation *other) -> FailureOr<Value> {
        return other->emitOpError("has no rule that decomposes it");
      });
}

} // namespace

LogicalResult decomposeComposite(Operation *op) {
  FailureOr<Value> replacement = decomposeAny(op);
  if (failed(replacement))
    return failure();
  op->getResult(0).replaceAllUsesWith(*replacement);
  op->erase();
  return success();
}

namespace {

struct Decompose final : impl::DecomposePassBase<Decompose> {
  void runOnOperation() override {
    SmallVector<Operation *> composites;
    getOperation().walk([&](Operation *op) {
      if (op->hasTrait<Composite>() && !isRoot(op))
        composites.push_back(op);
    });
    for (Operation *op : composites) {
      if (failed(decomposeComposite(op)))
        return signalPassFailure();
      ++numDecomposed;
    }
  }
};

} // namespace
} // namespace weft
