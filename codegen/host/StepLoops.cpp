// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The steps of a scan as loops that threads do not leave.

#include "codegen/host/StepLoops.h"

#include "codegen/host/Storage.h"
#include "ir/ScanOrder.h"

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
  unsigned numCarries = scan.getInits().size();
  llvm::DenseMap<Value, unsigned> carried;
  for (auto [number, value] : llvm::enumerate(body.getTerminator()->getOperands())) {
    Value made = withoutReshapes(value);
    auto launch = made.getDefiningOp<LaunchOp>();
    auto argument = dyn_cast<mlir::BlockArgument>(made);
    bool isMade = launch && launch->getBlock() == &body;
    bool isKept = number >= numCarries && argument && argument.getOwner() == &body &&
                  argument.getArgNumber() < numCarries;
    if (!isMade && !isKept)
      return std::nullopt;
    loops.yielded.push_back(made);
    if (number < numCarries)
      ++carried[made];
  }
  for (auto [made, times] : carried)
    if (times > 1 && !loops.stackOf(made))
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

Value StepLoops::keptOf(unsigned number) const {
  ScanOp op = scan;
  return stackOf(nextOf(number)) ? Value() : stackOf(op.getBody().getArgument(number));
}

std::optional<unsigned> StepLoops::carryOf(Value value) const {
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
  if (std::optional<unsigned> carry = loops.carryOf(made)) {
    if (Value kept = loops.keptOf(*carry)) {
      place.kind = isOwn ? Place::Stacked : Place::After;
      place.first = at(kept);
      place.second = isOwn ? 0 : at(scan->getResult(*carry));
      return place;
    }
    place.kind = Place::Turns;
    place.first = at(scan->getResult(*carry));
    place.second = at(made);
    place.isNext = !isOwn;
    return place;
  }
  place.first = at(value);
  return place;
}

/// The part of a stack that belongs to a step.
Value StepLowering::partOf(HostCode &in, Value step, Value lastStep) const {
  return goesBackwards(loops.scan) ? in.subtract(lastStep, step) : step;
}

Value StepLowering::addressIn(Body &body, const Place &place) {
  HostCode &in = body.code;
  Value first = in.loadPointer(body.table, place.first);
  Value one = in.word(1), last = in.subtract(body.steps, one);
  auto stepped = [&](Value step) {
    return in.offset(first, in.multiply(partOf(in, step, last), dimIn(body, place.bytes)));
  };
  auto second = [&] { return in.loadPointer(body.table, place.second); };
  switch (place.kind) {
  case Place::Fixed:
    return first;
  case Place::Stacked:
    return stepped(body.step);
  case Place::Before:
    return in.selectIfEqual(body.step, in.word(0), second(), stepped(in.subtract(body.step, one)));
  case Place::After:
    return in.selectIfEqual(body.step, last, second(), stepped(in.add(body.step, one)));
  case Place::Turns:
    break;
  }
  // The value that the last step makes lies at `first`.
  Value parity = arith::AndIOp::create(in.builder, in.loc, in.subtract(body.steps, body.step), one);
  return in.selectIfEqual(parity, in.word(place.isNext ? 1 : 0), first, second());
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

/// A carry that takes turns begins where its last value will lie, or beside it; one that is kept
/// where the first step keeps it. Without steps it ends as it begins.
void StepLowering::copyInit(unsigned number) {
  ScanOp scan = loops.scan;
  if (loops.stackOf(loops.nextOf(number)))
    return;
  Value init = scan.getInits()[number], result = outside.addressOf(scan->getResult(number));
  Value bytes = outside.dimValue(bufferBytes(cast<RankedTensorType>(init.getType())));
  Value zero = code.word(0), start;
  if (Value kept = loops.keptOf(number)) {
    Value part = partOf(code, zero, code.subtract(steps, code.word(1)));
    Value first = code.offset(outside.addressOf(kept), code.multiply(part, bytes));
    start = code.selectIfEqual(steps, zero, result, first);
  } else {
    Value parity = arith::AndIOp::create(code.builder, code.loc, steps, code.word(1));
    start = code.selectIfEqual(parity, zero, result, outside.addressOf(loops.nextOf(number)));
  }
  code.copyBytes(start, outside.addressOf(init), bytes);
  ++numCopies;
}

/// A carry whose next value is stacked ends in the last step's part of the stack.
void StepLowering::copyLast(unsigned number) {
  ScanOp scan = loops.scan;
  Value init = scan.getInits()[number];
  Value result = scan->getResult(number), stack = loops.stackOf(loops.nextOf(number));
  if (!stack || result.use_empty())
    return;
  Value bytes = outside.dimValue(bufferBytes(cast<RankedTensorType>(init.getType())));
  Value last = code.subtract(steps, code.word(1));
  Value place =
      code.offset(outside.addressOf(stack), code.multiply(partOf(code, last, last), bytes));
  Value from = code.selectIfEqual(steps, code.word(0), outside.addressOf(init), place);
  code.copyBytes(outside.addressOf(result), from, bytes);
  ++numCopies;
}

/// Stacks that no step writes: second ones of a value, and those of carries whose next values are
/// stacked.
void StepLowering::copyStacks() {
  ScanOp scan = loops.scan;
  for (unsigned number = scan.getInits().size(); number < loops.yielded.size(); ++number) {
    Value value = loops.yielded[number], stack = scan->getResult(number);
    auto carry = dyn_cast<mlir::BlockArgument>(value);
    if (stack.use_empty())
      continue;
    if (carry && !loops.keptOf(carry.getArgNumber())) {
      copyKept(carry.getArgNumber(), stack);
    } else if (Value other = loops.stackOf(value); other != stack) {
      auto type = cast<RankedTensorType>(stack.getType());
      code.copyBytes(outside.addressOf(stack), outside.addressOf(other),
                     outside.dimValue(bufferBytes(type)));
      ++numCopies;
    }
  }
}

/// The carry of each step is what the step before has stacked, in the first one where it began.
void StepLowering::copyKept(unsigned number, Value stack) {
  Value init = loops.scan.getInits()[number];
  Value step = outside.dimValue(bufferBytes(cast<RankedTensorType>(init.getType())));
  Value zero = code.word(0), others = code.subtract(steps, code.word(1));
  Value isNone =
      arith::CmpIOp::create(code.builder, code.loc, arith::CmpIPredicate::eq, steps, zero);
  auto orNone = [&](Value bytes) -> Value {
    return arith::SelectOp::create(code.builder, code.loc, isNone, zero, bytes);
  };
  Value to = outside.addressOf(stack),
        from = outside.addressOf(loops.stackOf(loops.nextOf(number)));
  Value first = code.offset(to, orNone(code.multiply(partOf(code, zero, others), step)));
  (goesBackwards(loops.scan) ? from : to) =
      code.offset(goesBackwards(loops.scan) ? from : to, step);
  code.copyBytes(first, outside.addressOf(init), orNone(step));
  code.copyBytes(to, from, orNone(code.multiply(others, step)));
  numCopies += 2;
}

LogicalResult StepLowering::run() {
  auto stacked = cast<RankedTensorType>(loops.scan.getXs().front().getType());
  steps = outside.dimValue(dimsOf(stacked).front());
  for (unsigned number = 0; number < loops.scan.getInits().size(); ++number)
    copyInit(number);
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
  for (unsigned number = 0; number < loops.scan.getInits().size(); ++number)
    copyLast(number);
  copyStacks();
  return success();
}

} // namespace weft
