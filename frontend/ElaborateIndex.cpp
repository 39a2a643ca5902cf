// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Indexing: x[0, 1:-1, ::2, ..., new, i] becomes one slice, then dynamic slices and gathers for
// indices that are tensors, then one reshape that drops and adds dimensions.
#include "frontend/Elaborate.h"

namespace weft {

using Kind = Item::Kind;
using IndexKind = ast::IndexItem::Kind;

/// Reads the items of one index from left to right.
class TensorIndexer {
public:
  TensorIndexer(Elaborator &theElaborator, const ast::IndexExpr &theExpr, ValueId base,
                const ScopeRef &theScope)
      : elaborator(theElaborator), expr(theExpr), scope(theScope), value(base),
        type(theElaborator.typeOf(base)) {}

  Item run();

private:
  /// What becomes of one dimension of the tensor or, for `New`, stands between them.
  struct Axis {
    enum class Fate { Keep, Drop, New, Scalar, Gather } fate = Fate::Keep;
    ValueId index = 0; // Scalar, Gather
    Span span;
  };

  bool readAll();
  bool readAt(const ast::IndexItem &item);
  bool readSlice(const ast::IndexItem &item);
  void keep(size_t count);
  std::optional<Dim> bound(const ast::Expr &bound, const Dim &size, bool isStop, bool isBackward);
  ValueId applySlice();
  ValueId applyTensors(ValueId sliced);

  CheckedBuilder &builder() { return elaborator.builder(); }

  Elaborator &elaborator;
  const ast::IndexExpr &expr;
  const ScopeRef &scope;
  ValueId value;
  ValueType type;
  size_t axis = 0;
  std::vector<Axis> fates;
  Dims starts, sizes;
  SmallVector<int64_t> strides;
};

void TensorIndexer::keep(size_t count) {
  for (size_t turn = 0; turn < count; ++turn, ++axis) {
    starts.push_back(Dim(0));
    sizes.push_back(type.dims[axis]);
    strides.push_back(1);
    fates.push_back({});
  }
}

bool TensorIndexer::readAt(const ast::IndexItem &item) {
  Item index = elaborator.evaluate(*item.start, scope);
  if (index.isError())
    return false;
  if (index.isTensor()) {
    std::optional<ValueId> tensor = elaborator.toTensor(index, item.range);
    if (!tensor)
      return false;
    const ValueType &indexType = elaborator.typeOf(*tensor);
    if (!isIntegerElement(indexType.element)) {
      elaborator.report(Diag::IndexType, item.range, printType(indexType));
      return false;
    }
    bool isScalar = indexType.isScalar();
    keep(1);
    fates.back() = {isScalar ? Axis::Fate::Scalar : Axis::Fate::Gather, *tensor, item.range};
    return true;
  }
  std::optional<Dim> at = elaborator.toDim(index, item.range, "an index");
  if (!at)
    return false;
  Dim size = type.dims[axis];
  std::optional<int64_t> known = at->constant(), extent = size.constant();
  if (known && extent && (*known >= *extent || *known < -*extent)) {
    Diagnostic &message = elaborator.report(Diag::IndexRange, item.range, *known, axis, size.str());
    elaborator.noteValue(message, value);
    return false;
  }
  Dim start = known && *known < 0 ? size + *at : *at;
  // Where the size is not known, reading one element might read outside: a gather never does.
  if (!extent || !known) {
    ValueId place = builder().size(start);
    keep(1);
    fates.back() = {Axis::Fate::Scalar, place, item.range};
    return true;
  }
  keep(1);
  starts.back() = start;
  sizes.back() = Dim(1);
  fates.back().fate = Axis::Fate::Drop;
  return true;
}

/// Where a slice starts or stops, counted from the front. As in NumPy a bound outside of a size
/// that is known moves to its end; going backwards, the end is one before the first element.
std::optional<Dim> TensorIndexer::bound(const ast::Expr &bound, const Dim &size, bool isStop,
                                        bool isBackward) {
  std::optional<Dim> at =
      elaborator.toDim(elaborator.evaluate(bound, scope), bound.range, "the bound of a slice");
  if (!at)
    return std::nullopt;
  std::optional<int64_t> known = at->constant(), extent = size.constant();
  Dim place = known && *known < 0 ? size + *at : *at;
  int64_t lowest = isBackward ? -1 : 0;
  if (known && extent)
    return Dim(std::clamp(*place.constant(), lowest, *extent + lowest));
  Dim highest = size + Dim(lowest);
  if (isStop != isBackward && !elaborator.lenient && !place.provablyAtMost(highest)) {
    elaborator.report(Diag::SliceBound, bound.range, isStop ? "ends" : "starts", place.str(),
                      highest.str());
    return std::nullopt;
  }
  return place;
}

bool TensorIndexer::readSlice(const ast::IndexItem &item) {
  Dim size = type.dims[axis];
  std::optional<int64_t> stride = 1;
  if (item.stride)
    stride = elaborator.toConstant(elaborator.evaluate(*item.stride, scope), item.stride->range,
                                   "the step of a slice");
  if (!stride)
    return false;
  if (*stride == 0 || *stride == INT64_MIN) {
    elaborator.report(Diag::SliceStep, item.range, *stride);
    return false;
  }
  bool isBackward = *stride < 0;
  std::optional<Dim> start = isBackward ? size - 1 : Dim(0), stop = isBackward ? Dim(-1) : size;
  if (item.start)
    start = bound(*item.start, size, /*isStop=*/false, isBackward);
  if (item.stop)
    stop = bound(*item.stop, size, /*isStop=*/true, isBackward);
  if (!start || !stop)
    return false;
  Dim length = isBackward ? *start - *stop : *stop - *start;
  if (std::optional<int64_t> known = length.constant(); known && *known < 0)
    length = Dim(0);
  keep(1);
  starts.back() = *start;
  sizes.back() = length.ceilDiv(Dim(std::abs(*stride)));
  strides.back() = *stride;
  return true;
}

bool TensorIndexer::readAll() {
  size_t taken = 0, ellipses = 0;
  for (const ast::IndexItem &item : expr.items) {
    taken += item.kind == IndexKind::At || item.kind == IndexKind::Slice;
    ellipses += item.kind == IndexKind::Ellipsis;
  }
  if (taken > type.rank() || ellipses > 1) {
    Diagnostic &message = elaborator.report(
        Diag::IndexCount, expr.range,
        ellipses > 1 ? "two '...'" : std::to_string(taken) + " indices", printType(type));
    elaborator.noteValue(message, value);
    return false;
  }
  bool good = true;
  for (const ast::IndexItem &item : expr.items) {
    if (item.kind == IndexKind::Ellipsis)
      keep(type.rank() - taken);
    else if (item.kind == IndexKind::New)
      fates.push_back({Axis::Fate::New, 0, item.range});
    else if (!(item.kind == IndexKind::At ? readAt(item) : readSlice(item))) {
      good = false;
      keep(1);
    }
  }
  if (good)
    keep(type.rank() - axis);
  return good;
}

ValueId TensorIndexer::applySlice() {
  bool isWhole = sizes == type.dims && llvm::all_of(strides, [](int64_t s) { return s == 1; });
  if (isWhole)
    return value;
  return builder().slice(value, starts, strides, sizes);
}

/// Gathers from the last axis to the first, so that the numbers of earlier ones stay right.
ValueId TensorIndexer::applyTensors(ValueId sliced) {
  int64_t at = type.rank();
  for (const Axis &fate : llvm::reverse(fates)) {
    if (fate.fate == Axis::Fate::New)
      continue;
    --at;
    if (fate.fate == Axis::Fate::Scalar || fate.fate == Axis::Fate::Gather)
      sliced = builder().gather(sliced, fate.index, at, 0);
  }
  return sliced;
}

Item TensorIndexer::run() {
  if (!readAll())
    return Item::error();
  builder().span = expr.range;
  ValueId result = applyTensors(applySlice());
  Dims target;
  ArrayRef<Dim> made = elaborator.typeOf(result).dims;
  for (const Axis &fate : fates) {
    switch (fate.fate) {
    case Axis::Fate::New:
      target.push_back(Dim(1));
      break;
    case Axis::Fate::Keep:
      target.push_back(made.front());
      made = made.drop_front();
      break;
    case Axis::Fate::Drop:
      made = made.drop_front();
      break;
    case Axis::Fate::Scalar:
      break;
    case Axis::Fate::Gather: {
      size_t rank = elaborator.typeOf(fate.index).rank();
      llvm::append_range(target, made.take_front(rank));
      made = made.drop_front(rank);
      break;
    }
    }
  }
  return Item::tensor(builder().reshape(result, Dims(target)));
}

Item Elaborator::indexSequence(const ast::IndexExpr &expr, const Item &base,
                               const ScopeRef &scope) {
  if (expr.items.size() != 1 || expr.items[0].kind != IndexKind::At) {
    report(Diag::IndexCount, expr.range, "this index", describe(base));
    return Item::error();
  }
  Item index = evaluate(*expr.items[0].start, scope);
  std::optional<int64_t> at = toConstant(index, expr.items[0].range, "an index of a list");
  if (!at)
    return Item::error();
  int64_t count = base.items->size();
  if (*at >= count || *at < -count) {
    report(Diag::IndexRange, expr.items[0].range, *at, 0, count);
    return Item::error();
  }
  return (*base.items)[*at < 0 ? *at + count : *at];
}

Item Elaborator::indexTensor(const ast::IndexExpr &expr, ValueId base, const ScopeRef &scope) {
  return TensorIndexer(*this, expr, base, scope).run();
}

Item Elaborator::evaluateIndex(const ast::IndexExpr &expr, const ScopeRef &scope) {
  Item base = evaluate(*expr.base, scope);
  if (base.isError())
    return base;
  if (base.isSequence())
    return indexSequence(expr, base, scope);
  if (base.isTensor()) {
    std::optional<ValueId> value = toTensor(base, expr.base->range);
    return value ? indexTensor(expr, *value, scope) : Item::error();
  }
  report(Diag::NotATensor, expr.base->range, describe(base));
  return Item::error();
}

} // namespace weft
