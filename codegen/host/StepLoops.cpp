// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The steps of a scan as loops that threads do not leave.

#include "codegen/host/StepLoops.h"

#include "codegen/host/Storage.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace weft {

namespace arith = mlir::arith;
using mlir::func::FuncOp;

//===-- The form ----------------------------------------------------------------------------===//

std::optional<StepLoops> StepLoops::of(ScanOp scan) {
  StepLoops loops;
  loops.scan = scan;
  mlir::Block &body = scan.getBody().front();
  for (Operation &op : body.without_terminator()) {
    if (auto launch = dyn_cast<LaunchOp>(op))
      loops.launches.push_back(launch);
    else if (!isa<ReshapeOp>(op))
      return std::nullopt;
  }
  llvm::DenseMap<Value, unsigned> carried, stacked;
  for (auto [number, value] : llvm::enumerate(body.getTerminator()->getOperands())) {
    Value made = withoutReshapes(value);
    auto launch = made.getDefiningOp<LaunchOp>();
    if (!launch || launch->getBlock() != &body)
      return std::nullopt;
    loops.yielded.push_back(made);
    ++(number < scan.getInits().size() ? carried : stacked)[made];
  }
  for (Value made : loops.yielded)
    if (stacked.lookup(made) > 1 || (stacked.lookup(made) == 0 && carried.lookup(made) > 1))
      return std::nullopt;
  return loops;
}

Value StepLoops::stackOf(Value value) const {
  ScanOp op = scan;
  for (unsigned number = op.getInits().size(); number < yielded.size(); ++number)
    if (yielded[number] == value)
      return op->getResult(number);
  return nullptr;
}

std::optional<unsigned> StepLoops::turnsOf(Value value) const {
  ScanOp op = scan;
  for (unsigned number = 0; number < op.getInits().size() && !stackOf(value); ++number)
    if (yielded[number] == value)
      return number;
  return std::nullopt;
}

//===-- Words -------------------------------------------------------------------------------===//

size_t StepLowering::keep(Value word) {
  auto [place, isNew] = numbers.try_emplace(word, words.size());
  if (isNew)
    words.push_back(word);
  return place->second;
}

struct StepLowering::Body {
  HostCode code;
  Value table, step;
  Value steps; ///< How many there are.
};

/// The value of a dimension in the body; names are kept as words.
Value StepLowering::dimIn(Body &body, const Dim &dim) {
  return emitDim(
      body.code.builder, body.code.loc, dim, body.code.builder.getI64Type(),
      [&](StringRef name) { return body.code.loadWord(body.table, symbolWords.lookup(name)); });
}

size_t StepLowering::keepDim(const Dim &dim) {
  for (const std::string &name : dim.symbols())
    symbolWords[name] = keep(outside.dimValue(Dim::symbol(name)));
  return words.size();
}

//===-- Places ------------------------------------------------------------------------------===//

/// Where the body finds `value`, or writes it if a launch of the body makes it.
StepLowering::Place StepLowering::placeOf(Value value) {
  ScanOp scan = loops.scan;
  value = withoutReshapes(value);
  auto at = [&](Value memory) { return keep(outside.addressOf(memory)); };
  Place place;
  place.bytes = bufferBytes(cast<RankedTensorType>(value.getType()));
  keepDim(place.bytes);
  unsigned numCarries = scan.getInits().size();
  auto argument = dyn_cast<mlir::BlockArgument>(value);
  bool isOwn = argument && argument.getOwner() == &scan.getBody().front();
  if (isOwn && argument.getArgNumber() >= numCarries) {
    place.kind = Place::Stacked;
    place.first = at(scan.getXs()[argument.getArgNumber() - numCarries]);
    return place;
  }
  Value made = isOwn ? loops.nextOf(argument.getArgNumber()) : value;
  if (Value stack = loops.stackOf(made)) {
    place.kind = isOwn ? Place::Before : Place::Stacked;
    place.first = at(stack);
    place.second = isOwn ? at(scan.getInits()[argument.getArgNumber()]) : 0;
    return place;
  }
  if (std::optional<unsigned> carry = loops.turnsOf(made)) {
    place.kind = Place::Turns;
    place.first = at(scan->getResult(*carry));
    place.second = at(made);
    place.isNext = !isOwn;
    return place;
  }
  place.first = at(value);
  return place;
}

Value StepLowering::addressIn(Body &body, const Place &place) {
  HostCode &in = body.code;
  OpBuilder &b = in.builder;
  Value first = in.loadPointer(body.table, place.first);
  auto stepped = [&](Value step) {
    return in.offset(first, in.multiply(step, dimIn(body, place.bytes)));
  };
  auto choose = [&](arith::CmpIPredicate predicate, Value a, Value number, Value yes, Value no) {
    Value isSo = arith::CmpIOp::create(b, in.loc, predicate, a, number);
    return arith::SelectOp::create(b, in.loc, isSo, yes, no).getResult();
  };
  switch (place.kind) {
  case Place::Fixed:
    return first;
  case Place::Stacked:
    return stepped(body.step);
  case Place::Before: {
    Value before = arith::SubIOp::create(b, in.loc, body.step, in.word(1));
    return choose(arith::CmpIPredicate::eq, body.step, in.word(0),
                  in.loadPointer(body.table, place.second), stepped(before));
  }
  case Place::Turns:
    break;
  }
  // The value that the last step makes lies at `first`.
  Value left = arith::SubIOp::create(b, in.loc, body.steps, body.step);
  Value parity = arith::AndIOp::create(b, in.loc, left, in.word(1));
  return choose(arith::CmpIPredicate::eq, parity, in.word(place.isNext ? 1 : 0), first,
                in.loadPointer(body.table, place.second));
}

//===-- Code --------------------------------------------------------------------------------===//

/// `<kernel>_steps(words, begin, end)`: the part of one step.
FailureOr<FuncOp> StepLowering::bodyOf(LaunchOp launch, const KernelInterface &kernel) {
  FuncOp function = bodies.createFunction(launch, "_steps");
  Body body{HostCode(OpBuilder::atBlockBegin(&function.getBody().front()), launch.getLoc()),
            function.getArgument(0),
            {},
            {}};
  OpBuilder &b = body.code.builder;
  auto toIndex = [&](Value value) -> Value {
    return arith::IndexCastOp::create(b, body.code.loc, b.getIndexType(), value);
  };
  llvm::StringMap<Value> dims;
  for (auto [name, symbol] : llvm::zip_equal(kernel.dims, launch.getSymbols().toDims())) {
    keepDim(symbol);
    dims[name.getValue()] = dimIn(body, symbol);
  }
  Value chunks = emitDim(b, body.code.loc, kernel.chunks, b.getI64Type(),
                         [&](StringRef name) { return dims.lookup(name); });
  body.step = arith::DivUIOp::create(b, body.code.loc, function.getArgument(1), chunks);
  body.steps = body.code.loadWord(body.table, keep(steps));
  Value first = body.code.multiply(body.step, chunks);

  SmallVector<Value> tensors = llvm::to_vector(launch.getInputs()), arguments;
  llvm::append_range(tensors, launch.getResults());
  for (auto [tensor, type] : llvm::zip_equal(tensors, kernel.buffers))
    arguments.push_back(bufferAt(b, body.code.loc, addressIn(body, placeOf(tensor)), type));
  for (StringAttr name : kernel.dims)
    arguments.push_back(toIndex(dims.lookup(name.getValue())));
  for (unsigned border : {1, 2})
    arguments.push_back(
        toIndex(arith::SubIOp::create(b, body.code.loc, function.getArgument(border), first)));
  mlir::func::CallOp::create(b, body.code.loc, launch.getKernel(), mlir::TypeRange(), arguments);
  mlir::func::ReturnOp::create(b, body.code.loc);
  return function;
}

/// Carries that take turns begin where their last value will lie, or beside it.
void StepLowering::copyInits() {
  for (auto [number, init] : llvm::enumerate(loops.scan.getInits())) {
    Value made = loops.nextOf(number);
    if (loops.stackOf(made))
      continue;
    Value parity = arith::AndIOp::create(code.builder, code.loc, steps, code.word(1));
    Value isEven = arith::CmpIOp::create(code.builder, code.loc, arith::CmpIPredicate::eq, parity,
                                         code.word(0));
    Value start = arith::SelectOp::create(code.builder, code.loc, isEven,
                                          outside.addressOf(loops.scan->getResult(number)),
                                          outside.addressOf(made));
    auto type = cast<RankedTensorType>(init.getType());
    code.copyBytes(start, outside.addressOf(init), outside.dimValue(bufferBytes(type)));
    ++numCopies;
  }
}

/// Carries that are stacked end in the last part of their stack.
void StepLowering::copyResults() {
  for (auto [number, init] : llvm::enumerate(loops.scan.getInits())) {
    Value result = loops.scan->getResult(number), stack = loops.stackOf(loops.nextOf(number));
    if (!stack || result.use_empty())
      continue;
    Value bytes = outside.dimValue(bufferBytes(cast<RankedTensorType>(init.getType())));
    Value before = arith::SubIOp::create(code.builder, code.loc, steps, code.word(1));
    Value last = code.offset(outside.addressOf(stack), code.multiply(before, bytes));
    Value isNone = arith::CmpIOp::create(code.builder, code.loc, arith::CmpIPredicate::eq, steps,
                                         code.word(0));
    Value from =
        arith::SelectOp::create(code.builder, code.loc, isNone, outside.addressOf(init), last);
    code.copyBytes(outside.addressOf(result), from, bytes);
    ++numCopies;
  }
}

LogicalResult StepLowering::run() {
  auto stacked = cast<RankedTensorType>(loops.scan.getXs().front().getType());
  steps = outside.dimValue(dimsOf(stacked).front());
  copyInits();
  SmallVector<HostCode::Loop> made;
  for (LaunchOp launch : loops.launches) {
    FailureOr<KernelInterface> kernel = bodies.interfaceOf(launch);
    if (failed(kernel))
      return failure();
    FailureOr<FuncOp> body = bodyOf(launch, *kernel);
    if (failed(body))
      return failure();
    llvm::StringMap<Value> dims;
    for (auto [name, symbol] : llvm::zip_equal(kernel->dims, launch.getSymbols().toDims()))
      dims[name.getValue()] = outside.dimValue(symbol);
    Value chunks = emitDim(code.builder, code.loc, kernel->chunks, code.builder.getI64Type(),
                           [&](StringRef name) { return dims.lookup(name); });
    made.push_back({*body, chunks, kernel->grain});
  }
  Value table = code.stackWords(static_cast<int64_t>(words.size()));
  code.storeWords(table, words);
  code.parallelSteps(outside.context, made, table, steps);
  copyResults();
  return success();
}

} // namespace weft
