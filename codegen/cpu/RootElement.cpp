// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One element of a root by itself, straight from the operation's formula.

#include "codegen/cpu/Kernel.h"

#include "llvm/ADT/TypeSwitch.h"

namespace weft {

namespace arith = mlir::arith;
using arith::CmpIPredicate;

namespace {

struct RootElement {
  Kernel &kernel;
  ArrayRef<Value> indices;

  Code &code = kernel.code();
  Scalar &scalar = kernel.scalar();
  Elements &elements = kernel.elements();

  Value wide(Value tensor, ArrayRef<Value> places) {
    return scalar.widen(elements.at(tensor, places), elementOf(tensor));
  }

  Value reduce(ReduceOp op);
  Value arg(ArgOp op);
  Value pool(PoolOp op);
  Value contract(ContractOp op);
  Value conv(ConvOp op);
  Value convTranspose(ConvTransposeOp op);
  Value packedConv(PackedConvOp op);
  Value scaledWeight(PackedConvOp op, SmallVector<Value> place);
  Value depthwiseConv(DepthwiseConvOp op);
  Value updateSlice(UpdateSliceOp op);
  Value scatter(ScatterOp op);

  /// `total` and the product of an element of `left` with one of `right`.
  SmallVector<Value> product(Value a, Value left, Value b, Value right, Value total) {
    Type element = elementOf(left), sum = total.getType();
    return {multiplyAdd(scalar, widenForSum(scalar, a, element, sum),
                        widenForSum(scalar, b, elementOf(right), sum), total, element)};
  }
  Value readIf(Value inside, Value tensor, ArrayRef<Value> places);
  template <typename OpT>
  Value coveredPlace(OpT op, size_t d, Value at, Value tap, Value size, Value &inside);
  template <typename OpT>
  Value spreadPlace(OpT op, size_t d, Value at, Value tap, Value size, Value &inside);
};

} // namespace

Value RootElement::reduce(ReduceOp op) {
  Type element = elementOf(op.getInput());
  Combination kind = combinationOf(op.getKind());
  SmallVector<Value> all = elements.sizes(op.getInput()), reduced;
  for (int64_t axis : op.getAxes())
    reduced.push_back(all[axis]);
  auto body = [&](ArrayRef<Value> places, ValueRange sum) {
    SmallVector<Value> full;
    size_t nextPlace = 0, nextIndex = 0;
    for (size_t d = 0; d < all.size(); ++d)
      full.push_back(llvm::is_contained(op.getAxes(), static_cast<int64_t>(d))
                         ? places[nextPlace++]
                         : indices[nextIndex++]);
    Value value = wide(op.getInput(), full);
    return SmallVector<Value>{combine(scalar, kind, sum[0], value, element)};
  };
  return code.nest(reduced, identityOf(scalar, kind, element), body)[0];
}

/// Strictly better values win, so the first of equal ones stays; so does the first NaN.
Value RootElement::arg(ArgOp op) {
  Type element = elementOf(op.getInput());
  int64_t axis = op.getAxis();
  bool isMax = op.getKind() == ArgKind::Max;
  Value worst = identityOf(scalar, isMax ? Combination::Max : Combination::Min, element);
  Value count = elements.sizes(op.getInput())[axis];
  auto body = [&](Value index, ValueRange best) {
    SmallVector<Value> places(indices);
    places.insert(places.begin() + axis, index);
    Value value = wide(op.getInput(), places);
    Type type = isa<mlir::FloatType>(element) ? value.getType() : element;
    auto predicate = isMax ? ComparePredicate::Gt : ComparePredicate::Lt;
    Value wins = scalar.compare(predicate, value, best[0], type);
    if (isa<mlir::FloatType>(element)) {
      auto isNan = [&](Value x) { return scalar.compare(ComparePredicate::Ne, x, x, type); };
      OpBuilder &b = code.builder;
      Value bestHolds = scalar.compare(ComparePredicate::Eq, best[0], best[0], type);
      Value firstNan = arith::AndIOp::create(b, code.loc, isNan(value), bestHolds);
      wins = arith::OrIOp::create(b, code.loc, wins, firstNan);
    }
    return SmallVector<Value>{scalar.select(wins, value, best[0]),
                              scalar.select(wins, index, best[1])};
  };
  SmallVector<Value> last = code.loop(code.index(0), count, 1, {worst, code.index(0)}, body);
  return scalar.fromIndex(last[1], elementOf(op.getResult()));
}

/// Loops over the part of the window that lies inside the input.
Value RootElement::pool(PoolOp op) {
  Type element = elementOf(op.getInput());
  size_t spatial = op.getWindow().size(), lead = indices.size() - spatial;
  SmallVector<Value> all = elements.sizes(op.getInput());
  SmallVector<Value> firsts, counts;
  for (size_t d = 0; d < spatial; ++d) {
    Value start = code.mul(indices[lead + d], code.index(op.getStrides()[d]));
    Value pad = code.index(op.getPadLow()[d]), step = code.index(op.getDilations()[d]);
    auto steps = [&](Value distance) {
      return code.ceilDiv(code.max(distance, code.index(0)), step);
    };
    Value first = steps(code.sub(pad, start));
    Value beyond = steps(code.sub(code.add(all[lead + d], pad), start));
    Value end = code.min(beyond, code.index(op.getWindow()[d]));
    firsts.push_back(first);
    counts.push_back(code.max(code.sub(end, first), code.index(0)));
  }
  Combination kind = op.getKind() == PoolKind::Max ? Combination::Max : Combination::Sum;
  auto body = [&](ArrayRef<Value> taps, ValueRange sum) {
    SmallVector<Value> places(indices.take_front(lead));
    for (size_t d = 0; d < spatial; ++d) {
      Value tap = code.mul(code.add(taps[d], firsts[d]), code.index(op.getDilations()[d]));
      Value start = code.mul(indices[lead + d], code.index(op.getStrides()[d]));
      places.push_back(code.sub(code.add(start, tap), code.index(op.getPadLow()[d])));
    }
    return SmallVector<Value>{combine(scalar, kind, sum[0], wide(op.getInput(), places), element)};
  };
  Value sum = code.nest(counts, identityOf(scalar, kind, element), body)[0];
  if (op.getKind() != PoolKind::Avg)
    return sum;
  Type type = sum.getType();
  if (op.getCountPadding()) {
    int64_t places = 1;
    for (int64_t window : op.getWindow())
      places *= window;
    return scalar.divf(sum, scalar.constant(type, static_cast<double>(places)));
  }
  Value taken = code.max(code.product(counts), code.index(1));
  return scalar.divf(sum, scalar.fromIndex(taken, type));
}

Value RootElement::contract(ContractOp op) {
  auto labels = op.getLabels();
  Type element = elementOf(op.getLhs());
  Type sum = sumType(element, elementOf(op.getResult()));
  llvm::SmallMapVector<char, Value, 8> sizes, places;
  SmallVector<Value> lhsSizes = elements.sizes(op.getLhs());
  SmallVector<char> summed;
  for (auto [label, index] : llvm::zip_equal(labels.result, indices))
    places[label] = index;
  for (auto [label, size] : llvm::zip_equal(labels.lhs, lhsSizes))
    if (!places.count(label)) {
      summed.push_back(label);
      sizes[label] = size;
    }
  SmallVector<Value> summedSizes =
      llvm::map_to_vector(summed, [&](char label) { return sizes[label]; });
  auto body = [&](ArrayRef<Value> taps, ValueRange total) {
    for (auto [label, tap] : llvm::zip_equal(summed, taps))
      places[label] = tap;
    auto read = [&](Value tensor, StringRef letters) {
      SmallVector<Value> where =
          llvm::map_to_vector(letters, [&](char label) { return places[label]; });
      return elements.at(tensor, where);
    };
    Value a = read(op.getLhs(), labels.lhs), b = read(op.getRhs(), labels.rhs);
    return product(a, op.getLhs(), b, op.getRhs(), total[0]);
  };
  return code.nest(summedSizes, scalar.constant(sum, 0.0), body)[0];
}

/// The element, or 0 outside.
Value RootElement::readIf(Value inside, Value tensor, ArrayRef<Value> places) {
  Type held = Scalar::heldType(elementOf(tensor));
  return inside ? code.ifElse(
                      inside, held, [&] { return elements.at(tensor, places); },
                      [&] { return scalar.constant(held, 0.0); })
                : elements.at(tensor, places);
}

/// The input place that `tap` of the window at `at` covers in spatial dimension `d`; `inside` comes
/// to say whether there is one.
template <typename OpT>
Value RootElement::coveredPlace(OpT op, size_t d, Value at, Value tap, Value size, Value &inside) {
  Value start = code.mul(at, code.index(op.getStrides()[d]));
  Value shift = code.mul(tap, code.index(op.getDilations()[d]));
  Value place = code.sub(code.add(start, shift), code.index(op.getPadLow()[d]));
  inside = code.both(inside, code.compare(CmpIPredicate::ult, place, size));
  return place;
}

/// The input place whose window reaches `at` with `tap`; `inside` as for coveredPlace.
template <typename OpT>
Value RootElement::spreadPlace(OpT op, size_t d, Value at, Value tap, Value size, Value &inside) {
  // A negative distance is far beyond the input when seen as unsigned.
  Value shift = code.mul(tap, code.index(op.getDilations()[d]));
  Value distance = code.sub(code.add(at, code.index(op.getPadLow()[d])), shift);
  Value stride = code.index(op.getStrides()[d]);
  Value place = code.div(distance, stride);
  inside = code.both(inside, code.compare(CmpIPredicate::ult, place, size));
  if (op.getStrides()[d] != 1)
    inside = code.both(inside,
                       code.compare(CmpIPredicate::eq, code.rem(distance, stride), code.index(0)));
  return place;
}

Value RootElement::conv(ConvOp op) {
  Type sum = sumType(elementOf(op.getInput()), elementOf(op.getResult()));
  size_t spatial = indices.size() - 2;
  SmallVector<Value> inSizes = elements.sizes(op.getInput());
  SmallVector<Value> taps = elements.sizes(op.getFilter());
  Value perGroup = taps[1];
  Dim outPerGroup = dimsOf(op.getFilter())[0].floorDiv(Dim(op.getGroups()));
  Value group =
      op.getGroups() == 1 ? code.index(0) : code.div(indices[1], elements.size(outPerGroup));
  taps.erase(taps.begin());
  auto body = [&](ArrayRef<Value> places, ValueRange total) {
    SmallVector<Value> from{indices[0], code.add(code.mul(group, perGroup), places[0])};
    SmallVector<Value> filter{indices[1]};
    llvm::append_range(filter, places);
    Value inside;
    for (size_t d = 0; d < spatial; ++d)
      from.push_back(coveredPlace(op, d, indices[2 + d], places[1 + d], inSizes[2 + d], inside));
    Value x = readIf(inside, op.getInput(), from);
    return product(x, op.getInput(), elements.at(op.getFilter(), filter), op.getFilter(), total[0]);
  };
  return code.nest(taps, scalar.constant(sum, 0.0), body)[0];
}

Value RootElement::convTranspose(ConvTransposeOp op) {
  Type sum = sumType(elementOf(op.getInput()), elementOf(op.getResult()));
  size_t spatial = indices.size() - 2;
  SmallVector<Value> inSizes = elements.sizes(op.getInput());
  SmallVector<Value> filterSizes = elements.sizes(op.getFilter());
  Dim perGroup = dimsOf(op.getFilter())[0].floorDiv(Dim(op.getGroups()));
  Value outPerGroup = filterSizes[1];
  bool grouped = op.getGroups() != 1;
  Value group = grouped ? code.div(indices[1], outPerGroup) : code.index(0);
  Value out = grouped ? code.rem(indices[1], outPerGroup) : indices[1];
  SmallVector<Value> taps{elements.size(perGroup)};
  llvm::append_range(taps, ArrayRef(filterSizes).drop_front(2));
  auto body = [&](ArrayRef<Value> places, ValueRange total) {
    Value channel = code.add(code.mul(group, elements.size(perGroup)), places[0]);
    SmallVector<Value> from{indices[0], channel}, filter{channel, out};
    Value inside;
    for (size_t d = 0; d < spatial; ++d) {
      from.push_back(spreadPlace(op, d, indices[2 + d], places[1 + d], inSizes[2 + d], inside));
      filter.push_back(places[1 + d]);
    }
    Value x = readIf(inside, op.getInput(), from);
    return product(x, op.getInput(), elements.at(op.getFilter(), filter), op.getFilter(), total[0]);
  };
  return code.nest(taps, scalar.constant(sum, 0.0), body)[0];
}

Value RootElement::packedConv(PackedConvOp op) {
  Type element = elementOf(op.getInput());
  Type sum = sumType(element, elementOf(op.getResult()));
  size_t spatial = indices.size() - 2;
  SmallVector<Value> inSizes = elements.sizes(op.getInput());
  auto filterType = cast<RankedTensorType>(op.getFilter().getType());
  SmallVector<int64_t> filterSizes(filterType.getShape());
  int64_t groups = op.getGroups();
  auto interleave = static_cast<int64_t>(op.getInterleave());
  if (interleave > 1) { // The loops run over channels.
    filterSizes.pop_back();
    filterSizes[filterSizes.size() - 2] = *dimsOf(op.getInput()).back().constant() / groups;
  } else if (op.getScales()) {
    filterSizes[filterSizes.size() - 2] = *dimsOf(op.getInput()).back().constant();
  }
  int64_t outputs = cast<RankedTensorType>(op.getType()).getShape().back();
  Value each = code.index(filterSizes[filterSizes.size() - 2]);
  Value width = code.index(filterSizes.back()), outputsEach = code.index(outputs / groups);
  bool grouped = groups != 1;
  Value group = grouped ? code.div(indices.back(), outputsEach) : code.index(0);
  Value inGroup = grouped ? code.rem(indices.back(), outputsEach) : indices.back();
  Value panel =
      code.add(code.mul(group, code.index(filterSizes[0] / groups)), code.div(inGroup, width));
  Value column = code.rem(inGroup, width);
  SmallVector<Value> taps;
  for (int64_t size : ArrayRef(filterSizes).drop_front().drop_back())
    taps.push_back(code.index(size));
  auto body = [&](ArrayRef<Value> places, ValueRange total) {
    SmallVector<Value> from{indices[0]}, filter{panel};
    Value inside;
    for (size_t d = 0; d < spatial; ++d)
      from.push_back(op.getTransposed()
                         ? spreadPlace(op, d, indices[1 + d], places[d], inSizes[1 + d], inside)
                         : coveredPlace(op, d, indices[1 + d], places[d], inSizes[1 + d], inside));
    from.push_back(code.add(code.mul(group, each), places.back()));
    llvm::append_range(filter, places);
    filter.push_back(column);
    if (interleave > 1) {
      Value &channel = filter[filter.size() - 2], together = code.index(interleave);
      filter.push_back(code.rem(channel, together));
      channel = code.div(channel, together);
    }
    Value x = readIf(inside, op.getInput(), from);
    if (op.getScales())
      return SmallVector<Value>{scalar.fma(x, scaledWeight(op, filter), total[0])};
    return product(x, op.getInput(), elements.at(op.getFilter(), filter), op.getFilter(), total[0]);
  };
  return code.nest(taps, scalar.constant(sum, 0.0), body)[0];
}

/// What the small integer of a filter stands for; `place` counts channels.
Value RootElement::scaledWeight(PackedConvOp op, SmallVector<Value> place) {
  Value &channel = place[place.size() - 2];
  Value part = code.div(channel, code.index(channelsOfScale(op)));
  Value scale = elements.at(op.getScales(), {place.front(), part, place.back()});
  Value held;
  if (op.getNibbles()) {
    Value isOdd = code.compare(CmpIPredicate::ne, code.rem(channel, code.index(2)), code.index(0));
    channel = code.div(channel, code.index(2));
    Value byte = elements.at(op.getFilter(), place);
    held = scalar.select(isOdd, nibbleOf(scalar, byte, 1), nibbleOf(scalar, byte, 0));
  } else {
    held = elements.at(op.getFilter(), place);
  }
  Value weight = arith::SIToFPOp::create(code.builder, code.loc, scale.getType(), held);
  return scalar.mulf(weight, scale);
}

Value RootElement::depthwiseConv(DepthwiseConvOp op) {
  Type element = elementOf(op.getInput());
  Type sum = sumType(element, elementOf(op.getResult()));
  size_t spatial = indices.size() - 2;
  SmallVector<Value> inSizes = elements.sizes(op.getInput());
  SmallVector<Value> filterSizes = elements.sizes(op.getFilter());
  int64_t inputs = cast<RankedTensorType>(op.getInput().getType()).getShape().back();
  int64_t outputs = cast<RankedTensorType>(op.getType()).getShape().back();
  Value channel = code.div(indices.back(), code.index(outputs / std::max<int64_t>(1, inputs)));
  auto body = [&](ArrayRef<Value> places, ValueRange total) {
    SmallVector<Value> from{indices[0]}, filter(places);
    Value inside;
    for (size_t d = 0; d < spatial; ++d)
      from.push_back(coveredPlace(op, d, indices[1 + d], places[d], inSizes[1 + d], inside));
    from.push_back(channel);
    filter.push_back(indices.back());
    Value x = readIf(inside, op.getInput(), from);
    return product(x, op.getInput(), elements.at(op.getFilter(), filter), op.getFilter(), total[0]);
  };
  SmallVector<Value> taps(ArrayRef(filterSizes).drop_back());
  return code.nest(taps, scalar.constant(sum, 0.0), body)[0];
}

Value RootElement::updateSlice(UpdateSliceOp op) {
  SmallVector<Value> places;
  Value inside;
  SmallVector<Dim> whole = dimsOf(op.getInput()), part = dimsOf(op.getUpdate());
  for (size_t d = 0; d < indices.size(); ++d) {
    Value corner = elements.corner(op.getStarts()[d], whole[d], part[d]);
    Value place = code.sub(indices[d], corner);
    inside = code.both(inside, code.compare(CmpIPredicate::ult, place, elements.size(part[d])));
    places.push_back(place);
  }
  Type element = elementOf(op.getInput());
  if (!inside)
    return wide(op.getUpdate(), places);
  Value value = code.ifElse(
      inside, Scalar::heldType(element), [&] { return elements.at(op.getUpdate(), places); },
      [&] { return elements.at(op.getInput(), indices); });
  return scalar.widen(value, element);
}

/// Looks at every update in order; each operation rounds to the element type, as documented.
Value RootElement::scatter(ScatterOp op) {
  int64_t axis = op.getAxis();
  Type element = elementOf(op.getInput()), indexElement = elementOf(op.getIndices());
  auto body = [&](ArrayRef<Value> which, ValueRange sum) {
    Value target = scalar.toIndex(elements.at(op.getIndices(), which), indexElement);
    Value hit = code.compare(CmpIPredicate::eq, target, indices[axis]);
    Value next = code.ifElse(
        hit, sum[0].getType(),
        [&] {
          SmallVector<Value> places(indices.take_front(axis));
          llvm::append_range(places, which);
          llvm::append_range(places, indices.drop_front(axis + 1));
          return scatterInto(scalar, op.getKind(), sum[0], elements.at(op.getUpdates(), places),
                             element);
        },
        [&]() -> Value { return sum[0]; });
    return SmallVector<Value>{next};
  };
  Value start = elements.at(op.getInput(), indices);
  Value last = code.nest(elements.sizes(op.getIndices()), start, body)[0];
  return scalar.widen(last, element);
}

Value scatterInto(Scalar &scalar, ScatterKind kind, Value old, Value update, Type element) {
  switch (kind) {
  case ScatterKind::Add:
    return scalar.add(old, update, element);
  case ScatterKind::Mul:
    return scalar.mul(old, update, element);
  case ScatterKind::Max:
    return scalar.maximum(old, update, element);
  case ScatterKind::Min:
    return scalar.minimum(old, update, element);
  case ScatterKind::Set:
    break;
  }
  return update;
}

Value rootElement(Kernel &kernel, ArrayRef<Value> indices) {
  RootElement root{kernel, indices};
  return llvm::TypeSwitch<Operation *, Value>(kernel.root)
      .Case([&](ReduceOp op) { return root.reduce(op); })
      .Case([&](ArgOp op) { return root.arg(op); })
      .Case([&](PoolOp op) { return root.pool(op); })
      .Case([&](ContractOp op) { return root.contract(op); })
      .Case([&](ConvOp op) { return root.conv(op); })
      .Case([&](ConvTransposeOp op) { return root.convTranspose(op); })
      .Case([&](PackedConvOp op) { return root.packedConv(op); })
      .Case([&](DepthwiseConvOp op) { return root.depthwiseConv(op); })
      .Case([&](UpdateSliceOp op) { return root.updateSlice(op); })
      .Case([&](ScatterOp op) { return root.scatter(op); })
      .Default([](Operation *) { return Value(); });
}

} // namespace weft
