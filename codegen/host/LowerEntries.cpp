// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-lower-entries: an exported function of stage `plan` becomes host code of stage `loops`, that
// works out where each value lies and runs the kernels on the threads of its context.

#include "codegen/host/ConstantBuffers.h"
#include "codegen/host/HostCode.h"
#include "codegen/host/KernelBody.h"
#include "codegen/host/KernelInterface.h"
#include "codegen/host/Passes.h"
#include "codegen/host/StepLoops.h"
#include "codegen/host/Storage.h"
#include "ir/ScanOrder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

namespace weft {

#define GEN_PASS_DEF_LOWERENTRIESPASS
#include "codegen/host/Passes.h.inc"

using mlir::func::FuncOp;
namespace scf = mlir::scf;

namespace {

/// Lowers one exported function.
class EntryLowering {
public:
  EntryLowering(FuncOp planned, FuncOp target, KernelBodies &kernelBodies,
                ConstantBuffers &constantBuffers)
      : source(planned), entry(target), bodies(kernelBodies), constants(constantBuffers),
        code(OpBuilder::atBlockBegin(&target.getBody().front()), planned.getLoc()) {}

  LogicalResult run();

  unsigned numLaunches = 0, numCopies = 0;

private:
  LogicalResult bindArguments();
  LogicalResult runBlock(mlir::Block &block);
  LogicalResult lower(Operation *op);
  LogicalResult lowerLaunch(LaunchOp op);
  LogicalResult lowerIf(IfOp op);
  LogicalResult lowerWhile(WhileOp op);
  LogicalResult lowerScan(ScanOp op);
  LogicalResult lowerSteps(ScanOp op, StepLoops loops);
  LogicalResult lowerReturn(Operation *op);

  Value addressOfSlot(Value storage);
  Value dimValue(const Dim &dim);
  void copy(Value to, Value from, RankedTensorType type);
  void copyInto(ValueRange targets, ValueRange values);
  Value condition(Value scalar);

  FuncOp source, entry;
  KernelBodies &bodies;
  ConstantBuffers &constants;
  HostCode code;
  llvm::DenseMap<Value, Value> addresses; ///< Of tensors.
  llvm::StringMap<Value> symbolValues;
  SmallVector<Value> outputs; ///< Address of each result; null for an unknown state.
  Value argumentBlock;        ///< Where launches write their arguments.
};

/// The arguments of weft_entry, by number.
enum EntryArgument : uint8_t { Context, Parameters, Arguments, Symbols, Arena };

/// Launches share one block of arguments on the stack: each is over before the next begins.
int64_t mostLaunchWords(FuncOp function) {
  size_t most = 1;
  function.getBody().walk([&](LaunchOp op) {
    size_t words = op->getNumOperands() + op->getNumResults() + op.getSymbols().getDims().size();
    most = std::max(most, words);
  });
  return static_cast<int64_t>(most);
}

LogicalResult EntryLowering::run() {
  argumentBlock = code.stackWords(mostLaunchWords(source));
  if (failed(bindArguments()))
    return failure();
  return runBlock(source.getBody().front());
}

//===-- Where things are --------------------------------------------------------------------===//

LogicalResult EntryLowering::bindArguments() {
  for (auto [i, name] : llvm::enumerate(symbolsInOrder(source)))
    symbolValues[name] = code.loadWord(entry.getArgument(Symbols), i);
  size_t numParameters = 0, numInputs = 0;
  llvm::DenseMap<Attribute, Value> states;
  for (mlir::BlockArgument argument : source.getArguments()) {
    Attribute parameter = source.getArgAttr(argument.getArgNumber(), kParameterAttr);
    Value table = entry.getArgument(parameter ? Parameters : Arguments);
    addresses[argument] = code.loadPointer(table, parameter ? numParameters++ : numInputs++);
    if (parameter)
      states[parameter] = addresses[argument];
  }
  for (unsigned i = 0; i < source.getNumResults(); ++i) {
    Attribute state = source.getResultAttr(i, kStateAttr);
    outputs.push_back(state ? states.lookup(state)
                            : code.loadPointer(entry.getArgument(Arguments), numInputs++));
  }
  return success();
}

Value EntryLowering::dimValue(const Dim &dim) {
  return emitDim(code.builder, code.loc, dim, code.builder.getI64Type(),
                 [&](StringRef name) { return symbolValues.lookup(name); });
}

Value EntryLowering::addressOfSlot(Value storage) {
  SlotAttr slot = slotOf(storage);
  Dim place = slot.getPlace().toDims()[0];
  if (slot.getKind() == SlotKind::Output)
    return outputs[place.constant().value_or(0)];
  return code.offset(entry.getArgument(Arena), dimValue(place));
}

void EntryLowering::copy(Value to, Value from, RankedTensorType type) {
  if (to == from)
    return;
  code.copyBytes(to, from, dimValue(bufferBytes(type)));
  ++numCopies;
}

/// Copies what a region yields into the memory of the values around it.
void EntryLowering::copyInto(ValueRange targets, ValueRange values) {
  for (auto [target, value] : llvm::zip(targets, values))
    if (storageOf(value) != target)
      copy(addresses.lookup(target), addresses.lookup(value),
           cast<RankedTensorType>(value.getType()));
}

Value EntryLowering::condition(Value scalar) { return code.loadBool(addresses.lookup(scalar)); }

//===-- Operations --------------------------------------------------------------------------===//

LogicalResult EntryLowering::runBlock(mlir::Block &block) {
  for (Operation &op : block)
    if (failed(lower(&op)))
      return failure();
  return success();
}

LogicalResult EntryLowering::lower(Operation *op) {
  code.loc = op->getLoc();
  if (hasSlots(op))
    for (Value result : op->getResults()) {
      if (!slotOf(result))
        return op->emitOpError("has a result without a slot: run weft-plan-memory first");
      addresses[result] = addressOfSlot(result);
    }
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](LaunchOp launch) { return lowerLaunch(launch); })
      .Case([&](IfOp branch) { return lowerIf(branch); })
      .Case([&](WhileOp loop) { return lowerWhile(loop); })
      .Case([&](ScanOp scan) { return lowerScan(scan); })
      .Case([&](ReshapeOp reshape) {
        addresses[reshape.getResult()] = addresses.lookup(reshape.getInput());
        return success();
      })
      .Case([&](ConstantOp constant) {
        addresses[constant.getResult()] = constants.address(constant, code);
        return success(addresses[constant.getResult()] != nullptr);
      })
      .Case([&](mlir::func::ReturnOp end) { return lowerReturn(end); })
      .Case([&](YieldOp) { return success(); }) // Whoever owns the region reads its operands.
      .Default([](Operation *other) {
        return other->emitOpError("cannot be lowered outside of a kernel");
      });
}

LogicalResult EntryLowering::lowerLaunch(LaunchOp op) {
  FailureOr<KernelBody> body = bodies.of(op);
  if (failed(body))
    return failure();
  const KernelInterface &kernel = body->interface;
  SmallVector<Value> words;
  for (Value input : op.getInputs())
    words.push_back(addresses.lookup(input));
  for (Value output : op.getResults())
    words.push_back(addresses.lookup(output));
  SmallVector<Dim> symbols = op.getSymbols().toDims();
  llvm::StringMap<Value> dims;
  for (auto [name, symbol] : llvm::zip(kernel.dims, symbols))
    words.push_back(dims[name.getValue()] = dimValue(symbol));
  code.storeWords(argumentBlock, words);
  Value chunks = emitDim(code.builder, code.loc, kernel.chunks, code.builder.getI64Type(),
                         [&](StringRef name) { return dims.lookup(name); });
  code.parallelFor(entry.getArgument(Context), body->function, argumentBlock, chunks, kernel.grain);
  ++numLaunches;
  return success();
}

LogicalResult EntryLowering::lowerIf(IfOp op) {
  auto branch = scf::IfOp::create(code.builder, code.loc, condition(op.getCondition()),
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(code.builder);
  for (auto [region, block] : {std::pair(&op.getThenRegion(), branch.thenBlock()),
                               std::pair(&op.getElseRegion(), branch.elseBlock())}) {
    code.builder.setInsertionPointToStart(block);
    if (failed(runBlock(region->front())))
      return failure();
    copyInto(op.getResults(), region->front().getTerminator()->getOperands());
  }
  return success();
}

LogicalResult EntryLowering::lowerWhile(WhileOp op) {
  for (auto [result, init] : llvm::zip(op.getResults(), op.getInits()))
    copy(addresses.lookup(result), addresses.lookup(init), cast<RankedTensorType>(init.getType()));
  for (mlir::Region &region : op->getRegions())
    for (mlir::BlockArgument argument : region.getArguments())
      addresses[argument] = addresses.lookup(op.getResult(argument.getArgNumber()));

  auto loop = scf::WhileOp::create(code.builder, code.loc, mlir::TypeRange(), ValueRange());
  OpBuilder::InsertionGuard guard(code.builder);
  code.builder.createBlock(&loop.getBefore());
  mlir::Block &test = op.getConditionRegion().front();
  if (failed(runBlock(test)))
    return failure();
  scf::ConditionOp::create(code.builder, code.loc, condition(test.getTerminator()->getOperand(0)),
                           ValueRange());
  code.builder.createBlock(&loop.getAfter());
  mlir::Block &body = op.getBodyRegion().front();
  if (failed(runBlock(body)))
    return failure();
  copyInto(op.getResults(), body.getTerminator()->getOperands());
  scf::YieldOp::create(code.builder, code.loc);
  return success();
}

/// Steps of kernels alone, as one loop.
LogicalResult EntryLowering::lowerSteps(ScanOp op, StepLoops loops) {
  auto addressOf = [&](Value value) {
    // The memory of the body's launches; all other values have an address by now.
    if (value.getParentBlock() == &op.getBody().front() && !addresses.contains(value))
      addresses[value] = addressOfSlot(value);
    return addresses.lookup(value);
  };
  auto dimValueOf = [&](const Dim &dim) { return dimValue(dim); };
  numLaunches += loops.launches.size();
  StepLowering steps(std::move(loops), code, bodies,
                     {addressOf, dimValueOf, entry.getArgument(Context)});
  LogicalResult result = steps.run();
  numCopies += steps.numCopies;
  return result;
}

LogicalResult EntryLowering::lowerScan(ScanOp op) {
  if (std::optional<StepLoops> loops = StepLoops::of(op))
    return lowerSteps(op, std::move(*loops));
  unsigned numCarries = op.getInits().size();
  ValueRange results = op.getResults();
  for (auto [result, init] : llvm::zip(results, op.getInits()))
    copy(addresses.lookup(result), addresses.lookup(init), cast<RankedTensorType>(init.getType()));
  Value steps = dimValue(dimOf(cast<RankedTensorType>(op.getXs().front().getType()), 0));

  Value zero = code.word(0), one = code.word(1);
  auto loop = scf::ForOp::create(code.builder, code.loc, zero, steps, one);
  OpBuilder::InsertionGuard guard(code.builder);
  code.builder.setInsertionPointToStart(loop.getBody());
  Value place = loop.getInductionVar();
  if (goesBackwards(op))
    place = code.subtract(code.subtract(steps, one), place);
  auto stepOf = [&](Value stacked, RankedTensorType step) {
    Value bytes = dimValue(bufferBytes(step));
    return code.offset(addresses.lookup(stacked), code.multiply(place, bytes));
  };
  mlir::Block &body = op.getBody().front();
  for (mlir::BlockArgument argument : body.getArguments()) {
    unsigned number = argument.getArgNumber();
    addresses[argument] = number < numCarries ? addresses.lookup(results[number])
                                              : stepOf(op.getXs()[number - numCarries],
                                                       cast<RankedTensorType>(argument.getType()));
  }
  if (failed(runBlock(body)))
    return failure();

  // Emitted values may be carries of this step, so they are saved before the carries change.
  ValueRange yielded = body.getTerminator()->getOperands();
  for (auto [stacked, value] :
       llvm::zip(results.drop_front(numCarries), yielded.drop_front(numCarries))) {
    auto type = cast<RankedTensorType>(value.getType());
    copy(stepOf(stacked, type), addresses.lookup(value), type);
  }
  copyInto(results.take_front(numCarries), yielded.take_front(numCarries));
  return success();
}

/// Copies what was not written to its place directly; new states last, when nothing reads the old
/// ones any more. None of them is the old value of another: weft-update-states sees to that.
LogicalResult EntryLowering::lowerReturn(Operation *op) {
  for (bool copiesStates : {false, true})
    for (auto [i, value] : llvm::enumerate(op->getOperands())) {
      Attribute state = source.getResultAttr(i, kStateAttr);
      if (copiesStates != (state != nullptr))
        continue;
      if (!outputs[i])
        return source.emitError() << "gives a new value to " << state
                                  << ", which is not among its arguments";
      copy(outputs[i], addresses.lookup(value), cast<RankedTensorType>(value.getType()));
    }
  mlir::func::ReturnOp::create(code.builder, code.loc);
  return success();
}

//===-- The pass ----------------------------------------------------------------------------===//

struct LowerEntries final : impl::LowerEntriesPassBase<LowerEntries> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<FuncOp> exports = llvm::to_vector(llvm::make_filter_range(
        module.getOps<FuncOp>(), [](FuncOp f) { return f->hasAttr(kExportAttr); }));
    KernelBodies bodies(module);
    ConstantBuffers constants(module);
    for (FuncOp function : exports) {
      FuncOp entry = createEntry(function);
      EntryLowering lowering(function, entry, bodies, constants);
      if (failed(lowering.run()))
        return signalPassFailure();
      numLaunches += lowering.numLaunches;
      numCopies += lowering.numCopies;
    }
    eraseModel();
  }

private:
  static FuncOp createEntry(FuncOp function) {
    OpBuilder builder(function);
    auto pointer = mlir::LLVM::LLVMPointerType::get(builder.getContext());
    SmallVector<Type> arguments(5, pointer);
    auto entry = FuncOp::create(builder, function.getLoc(), entryName(function.getName()),
                                builder.getFunctionType(arguments, {}));
    entry->setAttr(entryAttrName, builder.getStringAttr(function.getName()));
    entry.addEntryBlock();
    return entry;
  }

  /// What is left of the earlier stages: the functions that were lowered, the initial weights, and
  /// the declarations of parameters.
  void eraseModel() {
    for (Operation &op : llvm::make_early_inc_range(*getOperation().getBody())) {
      auto function = dyn_cast<FuncOp>(&op);
      bool model =
          function && (function->hasAttr(kExportAttr) || function.getName() == kInitFunction);
      if (model || isa<ParameterOp>(&op))
        op.erase();
    }
  }
};

} // namespace
} // namespace weft
