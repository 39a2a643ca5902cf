// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elements of operations that rearrange, repeat, select or generate elements.

#include "codegen/cpu/Elements.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weft {

namespace arith = mlir::arith;
using arith::CmpIPredicate;

Value Elements::indexing(Operation *op, ArrayRef<Value> indices) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](ConstantOp each) { return constantAt(each, indices); })
      .Case([&](IotaOp each) {
        return scalar.fromIndex(indices[each.getAxis()], elementOf(each.getResult()));
      })
      .Case([&](SizeOp each) {
        return scalar.fromIndex(size(each.getDim().toDims()[0]), elementOf(each.getResult()));
      })
      .Case([&](BroadcastOp each) { return broadcastAt(each, indices); })
      .Case([&](ReshapeOp each) { return reshapeAt(each, indices); })
      .Case([&](TransposeOp each) { return transposeAt(each, indices); })
      .Case([&](SliceOp each) { return sliceAt(each, indices); })
      .Case([&](DynamicSliceOp each) { return dynamicSliceAt(each, indices); })
      .Case([&](PadOp each) { return padAt(each, indices); })
      .Case([&](ConcatOp each) { return concatAt(each, indices); })
      .Case([&](GatherOp each) { return gatherAt(each, indices); })
      .Case([&](RandomBitsOp each) { return randomBitsAt(each, indices); })
      .Default([&](Operation *unknown) {
        return fail(unknown, "'" + unknown->getName().getStringRef() + "' has no code for the CPU");
      });
}

//===-- Constants ---------------------------------------------------------------------------===//

static Value constantElement(Scalar &scalar, Type type, Attribute value) {
  if (auto floatValue = dyn_cast<mlir::FloatAttr>(value)) {
    bool inexact = false;
    llvm::APFloat wide = floatValue.getValue();
    wide.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &inexact);
    return scalar.constant(type, wide.convertToDouble());
  }
  return scalar.integer(
      type, cast<mlir::IntegerAttr>(value).getValue().zextOrTrunc(type.getIntOrFloatBitWidth()));
}

/// The values in row-major order as the constant of a one-dimensional buffer.
static mlir::DenseElementsAttr storedValues(mlir::DenseElementsAttr values) {
  Type stored = storageType(values.getElementType());
  auto type = RankedTensorType::get({values.getNumElements()}, stored);
  if (isa<mlir::FloatType>(stored))
    return values.reshape(RankedTensorType::get({values.getNumElements()}, stored));
  unsigned width = stored.getIntOrFloatBitWidth();
  SmallVector<llvm::APInt> integers;
  integers.reserve(values.getNumElements());
  for (const llvm::APInt &value : values.getValues<llvm::APInt>())
    integers.push_back(value.zextOrTrunc(width));
  return mlir::DenseElementsAttr::get(type, integers);
}

Value Elements::globalOf(ConstantOp op) {
  Value &known = flats[op.getResult()];
  if (known)
    return known;
  auto values = dyn_cast<mlir::DenseElementsAttr>(op.getValue());
  if (!values) {
    fail(op, "constant without its values in the program has no code for the CPU");
    return {};
  }
  mlir::DenseElementsAttr stored = storedValues(values);
  auto type = mlir::MemRefType::get(stored.getType().getShape(), stored.getElementType());
  auto module = source->getParentOfType<ModuleOp>();
  std::string name;
  for (unsigned number = 0; name.empty() || module.lookupSymbol(name); ++number)
    name = (source.getName() + ".c" + Twine(number)).str();
  {
    OpBuilder::InsertionGuard guard(code.builder);
    code.builder.setInsertionPoint(source);
    mlir::memref::GlobalOp::create(code.builder, op.getLoc(), name,
                                   code.builder.getStringAttr("private"), type, stored,
                                   /*constant=*/true, mlir::IntegerAttr());
  }
  known = code.atEntry([&] {
    return mlir::memref::GetGlobalOp::create(code.builder, op.getLoc(), type, name).getResult();
  });
  return known;
}

Value Elements::constantAt(ConstantOp op, ArrayRef<Value> indices) {
  auto values = dyn_cast<mlir::DenseElementsAttr>(op.getValue());
  Type element = elementOf(op.getResult());
  if (values && values.isSplat())
    return constantElement(scalar, Scalar::heldType(element), values.getSplatValue<Attribute>());
  Value buffer = globalOf(op);
  if (!buffer)
    return scalar.constant(Scalar::heldType(element), 0.0);
  return scalar.load(buffer, code.linearize(indices, sizes(op.getResult())), element);
}

//===-- Rearrangement -----------------------------------------------------------------------===//

SmallVector<Value> Elements::broadcastPlaces(BroadcastOp op, ArrayRef<Value> indices) {
  SmallVector<Value> places;
  for (auto [size, dim] : llvm::zip_equal(dimsOf(op.getInput()), op.getDims()))
    places.push_back(size == Dim(1) ? code.index(0) : indices[dim]);
  return places;
}

Value Elements::broadcastAt(BroadcastOp op, ArrayRef<Value> indices) {
  return at(op.getInput(), broadcastPlaces(op, indices));
}

/// Equal leading and trailing dimensions keep their index; only those between go through the
/// place in row-major order.
Value Elements::reshapeAt(ReshapeOp op, ArrayRef<Value> indices) {
  SmallVector<Dim> in = dimsOf(op.getInput()), out = dimsOf(op.getResult());
  size_t front = 0, back = 0, shorter = std::min(in.size(), out.size());
  while (front < shorter && in[front] == out[front])
    ++front;
  while (back < shorter - front && in[in.size() - 1 - back] == out[out.size() - 1 - back])
    ++back;
  auto middle = [&](auto list) { return list.drop_front(front).drop_back(back); };
  SmallVector<Value> inSizes = sizes(in), outSizes = sizes(out);
  Value place = code.linearize(middle(indices), middle(ArrayRef<Value>(outSizes)));
  SmallVector<Value> places(indices.take_front(front));
  ArrayRef<Value> inMiddle = middle(ArrayRef<Value>(inSizes));
  llvm::append_range(places, code.delinearize(place, inMiddle));
  llvm::append_range(places, indices.take_back(back));
  return at(op.getInput(), places);
}

SmallVector<Value> Elements::transposePlaces(TransposeOp op, ArrayRef<Value> indices) {
  SmallVector<Value> places(indices.size());
  for (auto [index, axis] : llvm::zip_equal(indices, op.getPermutation()))
    places[axis] = index;
  return places;
}

Value Elements::transposeAt(TransposeOp op, ArrayRef<Value> indices) {
  return at(op.getInput(), transposePlaces(op, indices));
}

Value Elements::sliceAt(SliceOp op, ArrayRef<Value> indices) {
  SmallVector<Value> places;
  for (auto [index, start, stride] :
       llvm::zip_equal(indices, op.getStarts().toDims(), op.getStrides()))
    places.push_back(code.add(code.mul(index, code.index(stride)), size(start)));
  return at(op.getInput(), places);
}

Value Elements::corner(Value start, const Dim &whole, const Dim &part) {
  Value wanted = scalar.toIndex(at(start, {}), elementOf(start));
  Value room = size(whole - part);
  return code.min(code.max(wanted, code.index(0)), room);
}

Value Elements::dynamicSliceAt(DynamicSliceOp op, ArrayRef<Value> indices) {
  SmallVector<Value> places;
  for (auto [index, start, whole, part] :
       llvm::zip_equal(indices, op.getStarts(), dimsOf(op.getInput()), dimsOf(op.getResult())))
    places.push_back(code.add(index, corner(start, whole, part)));
  return at(op.getInput(), places);
}

/// The input is only read where it has an element: under a branch, which loops turn into masks.
Value Elements::padAt(PadOp op, ArrayRef<Value> indices) {
  SmallVector<Value> places, inSizes = sizes(op.getInput());
  SmallVector<Dim> low = op.getLow().toDims(), high = op.getHigh().toDims();
  Value inside;
  for (size_t d = 0; d < indices.size(); ++d) {
    int64_t step = op.getInterior()[d] + 1;
    if (low[d] == Dim(0) && high[d] == Dim(0) && step == 1) {
      places.push_back(indices[d]);
      continue;
    }
    // Before the input the difference is negative, which an unsigned comparison sees as far beyond.
    Value offset = code.sub(indices[d], size(low[d]));
    Value place = code.div(offset, code.index(step));
    inside = code.both(inside, code.compare(CmpIPredicate::ult, place, inSizes[d]));
    if (step != 1) {
      Value rest = code.rem(offset, code.index(step));
      inside = code.both(inside, code.compare(CmpIPredicate::eq, rest, code.index(0)));
    }
    places.push_back(place);
  }
  if (!inside)
    return at(op.getInput(), places);
  return code.ifElse(
      inside, Scalar::heldType(elementOf(op.getResult())),
      [&] { return at(op.getInput(), places); }, [&] { return at(op.getValue(), {}); });
}

Value Elements::concatAt(ConcatOp op, ArrayRef<Value> indices) {
  int64_t axis = op.getAxis();
  SmallVector<Dim> starts{Dim(0)};
  for (Value input : op.getInputs())
    starts.push_back(starts.back() + dimsOf(input)[axis]);
  auto from = [&](size_t input) {
    SmallVector<Value> places(indices);
    places[axis] = code.sub(indices[axis], size(starts[input]));
    return at(op.getInputs()[input], places);
  };
  if (auto known = knownInputs.find(op); known != knownInputs.end())
    return from(known->second);
  Type held = Scalar::heldType(elementOf(op.getResult()));
  // A balanced tree of branches over the inputs [first, last).
  std::function<Value(size_t, size_t)> choose = [&](size_t first, size_t last) -> Value {
    if (last - first == 1)
      return from(first);
    size_t middle = first + (last - first) / 2;
    Value isBefore = code.compare(CmpIPredicate::slt, indices[axis], size(starts[middle]));
    return code.ifElse(
        isBefore, held, [&] { return choose(first, middle); },
        [&] { return choose(middle, last); });
  };
  return choose(0, op.getInputs().size());
}

/// Which of its indices the element at `indices` of a gather takes.
SmallVector<Value> Elements::gatheredIndex(GatherOp op, ArrayRef<Value> indices) {
  int64_t batch = op.getBatchDims();
  int64_t looked = cast<RankedTensorType>(op.getIndices().getType()).getRank() - batch;
  SmallVector<Value> where(indices.take_front(batch));
  llvm::append_range(where, indices.slice(op.getAxis(), looked));
  return where;
}

SmallVector<Value> Elements::gatheredPlaces(GatherOp op, ArrayRef<Value> indices) {
  int64_t axis = op.getAxis();
  SmallVector<Value> where = gatheredIndex(op, indices);
  auto looked = static_cast<int64_t>(where.size()) - static_cast<int64_t>(op.getBatchDims());
  Value wanted = scalar.toIndex(at(op.getIndices(), where), elementOf(op.getIndices()));
  Value last = code.sub(size(dimsOf(op.getInput())[axis]), code.index(1));
  SmallVector<Value> places(indices.take_front(axis));
  places.push_back(code.max(code.min(wanted, last), code.index(0)));
  llvm::append_range(places, indices.drop_front(axis + looked));
  return places;
}

Value Elements::ifFilled(GatherOp op, Type type, llvm::function_ref<Value()> read) {
  Value count = size(dimsOf(op.getInput())[op.getAxis()]);
  Value isFilled = code.compare(CmpIPredicate::sgt, count, code.index(0));
  return code.ifElse(isFilled, type, read, [&] { return scalar.constant(type, 0.0); });
}

Value Elements::gatherAt(GatherOp op, ArrayRef<Value> indices) {
  return ifFilled(op, Scalar::heldType(elementOf(op.getResult())),
                  [&] { return at(op.getInput(), gatheredPlaces(op, indices)); });
}

//===-- Random bits -------------------------------------------------------------------------===//

/// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011: Philox4x32-10.
Value Elements::randomBitsAt(RandomBitsOp op, ArrayRef<Value> indices) {
  OpBuilder &b = code.builder;
  Location loc = code.loc;
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  auto low = [&](Value x) { return arith::TruncIOp::create(b, loc, i32, x).getResult(); };
  auto high = [&](Value x) {
    return low(arith::ShRUIOp::create(b, loc, x, scalar.integer(i64, 32)));
  };
  auto flip = [&](Value x, Value y) { return arith::XOrIOp::create(b, loc, x, y).getResult(); };
  auto product = [&](uint32_t factor, Value x) {
    Value wide = arith::ExtUIOp::create(b, loc, i64, x);
    return arith::MulIOp::create(b, loc, wide, scalar.integer(i64, factor)).getResult();
  };
  Value seed = at(op.getSeed(), {});
  Value place = code.linearize(indices, sizes(op.getResult()));
  Value block = arith::IndexCastOp::create(b, loc, i64, code.div(place, code.index(4)));
  Value stream = scalar.integer(i64, static_cast<int64_t>(op.getStream()));
  Value words[4] = {low(block), high(block), low(stream), high(stream)};
  Value key[2] = {low(seed), high(seed)};
  for (int round = 0; round < 10; ++round) {
    Value first = product(0xD2511F53, words[0]), second = product(0xCD9E8D57, words[2]);
    Value mixed0 = flip(flip(high(second), words[1]), key[0]);
    Value mixed2 = flip(flip(high(first), words[3]), key[1]);
    words[0] = mixed0;
    words[1] = low(second);
    words[2] = mixed2;
    words[3] = low(first);
    key[0] = arith::AddIOp::create(b, loc, key[0], scalar.integer(i32, 0x9E3779B9));
    key[1] = arith::AddIOp::create(b, loc, key[1], scalar.integer(i32, 0xBB67AE85));
  }
  Value which = code.rem(place, code.index(4));
  auto is = [&](int64_t number) {
    return code.compare(CmpIPredicate::eq, which, code.index(number));
  };
  Value upper = scalar.select(is(2), words[2], words[3]);
  return scalar.select(is(0), words[0], scalar.select(is(1), words[1], upper));
}

} // namespace weft
