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
  Value updateSlice(UpdateSliceOp op);
  Value scatter(ScatterOp op);

  Value readIf(Value inside, Value tensor, ArrayRef<Value> places);
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
      return widenForSum(scalar, elements.at(tensor, where), element, sum);
    };
    Value a = read(op.getLhs(), labels.lhs), b = read(op.getRhs(), labels.rhs);
    return SmallVector<Value>{multiplyAdd(scalar, a, b, total[0], element)};
  };
  return code.nest(summedSizes, scalar.constant(sum, 0.0), body)[0];
}

/// The element, or 0 outside.
Value RootElement::readIf(Value inside, Value tensor, ArrayRef<Value> places) {
  Type held = Scalar::heldType(elementOf(tensor));
  Value value = inside ? code.ifElse(
                             inside, held, [&] { return elements.at(tensor, places); },
                             [&] { return scalar.constant(held, 0.0); })
                       : elements.at(tensor, places);
  return scalar.widen(value, elementOf(tensor));
}

Value RootElement::conv(ConvOp op) {
  Type element = elementOf(op.getInput());
  size_t spatial = indices.size() - 2;
  SmallVector<Value> inSizes = elements.sizes(op.getInput());
  SmallVector<Value> taps = elements.sizes(op.getFilter());
  Value perGroup = taps[1];
  Dim outPerGroup = dimsOf(op.getFilter())[0].floorDiv(Dim(op.getGroups()));
  Value group =
      op.getGroups() == 1 ? code.index(0) : code.div(indices[1], elements.size(outPerGroup));
  taps.erase(taps.begin());
  auto body = [&](ArrayRef<Value> places, ValueRange sum) {
    SmallVector<Value> from{indices[0], code.add(code.mul(group, perGroup), places[0])};
    SmallVector<Value> filter{indices[1]};
    llvm::append_range(filter, places);
    Value inside;
    for (size_t d = 0; d < spatial; ++d) {
      Value start = code.mul(indices[2 + d], code.index(op.getStrides()[d]));
      Value tap = code.mul(places[1 + d], code.index(op.getDilations()[d]));
      Value place = code.sub(code.add(start, tap), code.index(op.getPadLow()[d]));
      inside = code.both(inside, code.compare(CmpIPredicate::ult, place, inSizes[2 + d]));
      from.push_back(place);
    }
    Value x = readIf(inside, op.getInput(), from);
    Value w = wide(op.getFilter(), filter);
    return SmallVector<Value>{multiplyAdd(scalar, x, w, sum[0], element)};
  };
  return code.nest(taps, scalar.constant(Scalar::wideType(element), 0.0), body)[0];
}

Value RootElement::convTranspose(ConvTransposeOp op) {
  Type element = elementOf(op.getInput());
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
  auto body = [&](ArrayRef<Value> places, ValueRange sum) {
    Value channel = code.add(code.mul(group, elements.size(perGroup)), places[0]);
    SmallVector<Value> from{indices[0], channel}, filter{channel, out};
    Value inside;
    for (size_t d = 0; d < spatial; ++d) {
      // A negative distance is far beyond the input when seen as unsigned.
      Value tap = code.mul(places[1 + d], code.index(op.getDilations()[d]));
      Value distance = code.sub(code.add(indices[2 + d], code.index(op.getPadLow()[d])), tap);
      Value stride = code.index(op.getStrides()[d]);
      Value place = code.div(distance, stride);
      inside = code.both(inside, code.compare(CmpIPredicate::ult, place, inSizes[2 + d]));
      if (op.getStrides()[d] != 1)
        inside = code.both(
            inside, code.compare(CmpIPredicate::eq, code.rem(distance, stride), code.index(0)));
      from.push_back(place);
      filter.push_back(places[1 + d]);
    }
    Value x = readIf(inside, op.getInput(), from);
    Value w = wide(op.getFilter(), filter);
    return SmallVector<Value>{multiplyAdd(scalar, x, w, sum[0], element)};
  };
  return code.nest(taps, scalar.constant(Scalar::wideType(element), 0.0), body)[0];
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
      .Case([&](UpdateSliceOp op) { return root.updateSlice(op); })
      .Case([&](ScatterOp op) { return root.scatter(op); })
      .Default([](Operation *) { return Value(); });
}

} // namespace weft
