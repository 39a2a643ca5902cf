// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-verify-plan: follows the schedule and keeps account of who owns each byte of the arena. It
// knows nothing of lifetimes, so it finds the mistakes of the pass that does.

#include "codegen/host/ArenaLayout.h"
#include "codegen/host/KernelInterface.h"
#include "codegen/host/Passes.h"
#include "codegen/host/StepLoops.h"
#include "codegen/host/Storage.h"

#include "mlir/IR/SymbolTable.h"

#include <map>

namespace weft {

#define GEN_PASS_DEF_VERIFYPLANPASS
#include "codegen/host/Passes.h.inc"

using mlir::func::FuncOp;

namespace {

using Sizes = std::map<std::string, int64_t>;

/// The dimension for these sizes; 0 if it depends on another.
int64_t valueOf(const Dim &dim, const Sizes &sizes) {
  auto value = dim.evaluate([&](StringRef name) -> std::optional<int64_t> {
    auto found = sizes.find(name.str());
    return found == sizes.end() ? std::nullopt : std::optional<int64_t>(found->second);
  });
  return value.value_or(0);
}

/// One run of the schedule for given sizes of the dimensions.
class Account {
public:
  Account(FuncOp planned, const Sizes &given) : function(planned), sizes(given) {}

  LogicalResult run() {
    auto arena = function->getAttrOfType<ShapeAttr>(kArenaAttr);
    if (!arena || arena.getDims().size() != 1)
      return function.emitError() << "has no '" << kArenaAttr << "'";
    arenaBytes = valueOf(arena.toDims()[0]);
    return runBlock(function.getBody().front());
  }

private:
  struct Piece {
    int64_t end;
    Value owner;
  };

  int64_t valueOf(const Dim &dim) const { return weft::valueOf(dim, sizes); }

  std::string text() const {
    std::string result;
    for (const auto &[name, size] : sizes)
      result += (result.empty() ? " when " : ", ") + name + " = " + std::to_string(size);
    return result;
  }

  /// The bytes [begin, end) of a storage; none if it is not in the arena.
  std::optional<std::pair<int64_t, int64_t>> range(Value storage) const {
    SlotAttr slot = slotOf(storage);
    if (!slot || slot.getKind() != SlotKind::Arena)
      return std::nullopt;
    int64_t begin = valueOf(slot.getPlace().toDims()[0]);
    int64_t bytes = valueOf(bufferBytes(cast<RankedTensorType>(storage.getType())));
    return std::make_pair(begin, begin + std::max<int64_t>(bytes, 0));
  }

  LogicalResult write(Operation *op, Value storage) {
    if (!slotOf(storage)) // P1
      return op->emitOpError("has a result without a slot");
    auto bytes = range(storage);
    if (!bytes)
      return checkOutput(op, storage);
    auto [begin, end] = *bytes;
    if (begin < 0 || begin % ArenaLayout::alignment != 0) // P2
      return op->emitOpError() << "has a slot at byte " << begin << text() << ", not a multiple of "
                               << ArenaLayout::alignment;
    if (end > arenaBytes && end > begin) // P2
      return op->emitOpError() << "has a slot up to byte " << end << " of an arena of "
                               << arenaBytes << text();
    own(begin, end, storage);
    return success();
  }

  /// P4. A result that is a state is the state itself.
  LogicalResult checkOutput(Operation *op, Value storage) {
    int64_t number = valueOf(slotOf(storage).getPlace().toDims()[0]);
    ValueRange returned = function.getBody().front().getTerminator()->getOperands();
    if (number < 0 || number >= static_cast<int64_t>(returned.size()) ||
        storageOf(returned[number]) != storage)
      return op->emitOpError() << "is written to output " << number << " but not returned there";
    Attribute state = function.getResultAttr(number, kStateAttr);
    return state ? overwrite(op, cast<mlir::OpResult>(storage), state) : success();
  }

  /// P6. Remembers that the old value is lost.
  LogicalResult overwrite(Operation *op, mlir::OpResult value, Attribute state) {
    Value old;
    for (mlir::BlockArgument argument : function.getArguments())
      if (function.getArgAttr(argument.getArgNumber(), kParameterAttr) == state)
        overwritten[old = argument] = op;
    auto launch = dyn_cast<LaunchOp>(op);
    auto kernel =
        launch ? mlir::SymbolTable::lookupNearestSymbolFrom<FuncOp>(op, launch.getKernelAttr())
               : FuncOp();
    if (!kernel)
      return success();
    for (auto [i, input] : llvm::enumerate(launch.getInputs())) {
      auto inPlace = kernel.getArgAttrOfType<mlir::IntegerAttr>(i, inPlaceAttrName);
      if (storageOf(input) == old && (!inPlace || inPlace.getInt() != value.getResultNumber()))
        return op->emitOpError() << "writes " << state << " over what it reads as input " << i
                                 << ", but not in place";
    }
    return success();
  }

  void own(int64_t begin, int64_t end, Value owner) {
    if (begin == end)
      return;
    split(begin);
    split(end);
    pieces.erase(pieces.lower_bound(begin), pieces.lower_bound(end));
    pieces[begin] = {end, owner};
  }

  /// Makes `at` a border between pieces.
  void split(int64_t at) {
    auto next = pieces.upper_bound(at);
    if (next == pieces.begin())
      return;
    auto piece = std::prev(next);
    if (piece->first == at || piece->second.end <= at)
      return;
    pieces[at] = piece->second;
    piece->second.end = at;
  }

  LogicalResult read(Operation *op, Value value) { // P3
    Value storage = storageOf(value);
    if (Operation *writer = overwritten.lookup(storage)) { // P6
      mlir::InFlightDiagnostic error = op->emitOpError("reads a state that was overwritten");
      error.attachNote(writer->getLoc()) << "overwritten here";
      return error;
    }
    auto bytes = range(storage);
    if (!bytes)
      return success();
    for (int64_t at = bytes->first; at < bytes->second;) {
      auto next = pieces.upper_bound(at);
      if (next == pieces.begin() || std::prev(next)->second.end <= at ||
          std::prev(next)->second.owner != storage)
        return reportLost(op, storage, at, next);
      at = std::prev(next)->second.end;
    }
    return success();
  }

  /// Where steps run as one loop, a carry is read where it comes from in the first step, and then
  /// where the step before left it.
  LogicalResult readCarry(Operation *op, Value value) { // P3
    auto argument = dyn_cast<mlir::BlockArgument>(withoutReshapes(value));
    auto scan = argument ? dyn_cast<ScanOp>(argument.getOwner()->getParentOp()) : ScanOp();
    if (!scan || argument.getArgNumber() >= scan.getInits().size())
      return success();
    std::optional<StepLoops> loops = StepLoops::of(scan);
    if (!loops)
      return success();
    if (Value kept = loops->keptOf(argument.getArgNumber()))
      return read(op, kept);
    if (turnOf.lookup(scan) == 0)
      return read(op, scan.getInits()[argument.getArgNumber()]);
    Value next = loops->nextOf(argument.getArgNumber());
    Value stack = loops->stackOf(next);
    return read(op, stack ? stack : next);
  }

  LogicalResult reportLost(Operation *op, Value storage, int64_t at,
                           std::map<int64_t, Piece>::iterator next) {
    mlir::InFlightDiagnostic error = op->emitOpError() << "reads a value whose byte " << at
                                                       << " in the arena was overwritten" << text();
    error.attachNote(storage.getLoc()) << "the value is made here";
    if (next != pieces.begin() && std::prev(next)->second.owner != storage)
      error.attachNote(std::prev(next)->second.owner.getLoc()) << "and overwritten here";
    return error;
  }

  LogicalResult runBlock(mlir::Block &block) {
    for (Operation &op : block)
      if (failed(runOperation(&op)))
        return failure();
    return success();
  }

  LogicalResult runOperation(Operation *op) {
    if (isa<KernelOp>(op)) // P5
      return op->emitOpError("is left after outlining");
    if (isa<ReshapeOp>(op))
      return success();
    for (Value operand : op->getOperands())
      if (failed(read(op, operand)) || failed(readCarry(op, operand)))
        return failure();
    for (Value result : op->getResults())
      if (hasSlots(op) && failed(write(op, result)))
        return failure();
    return runRegions(op);
  }

  /// Loops run twice, so that what one turn leaves behind meets the next.
  LogicalResult runRegions(Operation *op) {
    int turns = isa<WhileOp, ScanOp>(op) ? 2 : 1;
    for (int turn = 0; turn < turns; ++turn) {
      turnOf[op] = turn;
      for (mlir::Region &region : op->getRegions())
        if (failed(runBlock(region.front())))
          return failure();
    }
    return success();
  }

  FuncOp function;
  const Sizes &sizes;
  int64_t arenaBytes = 0;
  llvm::DenseMap<Operation *, int> turnOf;        ///< Of a loop: how often it has run.
  std::map<int64_t, Piece> pieces;                ///< By their first byte; they do not overlap.
  llvm::DenseMap<Value, Operation *> overwritten; ///< States, and what wrote over them.
};

/// Sizes to try: all alike, then each dimension by itself large or small.
std::vector<Sizes> samples(ArrayRef<std::string> names) {
  std::vector<Sizes> result;
  auto add = [&](int64_t common, StringRef special, int64_t size) {
    Sizes sizes;
    for (const std::string &name : names)
      sizes[name] = name == special ? size : common;
    result.push_back(std::move(sizes));
  };
  if (names.empty())
    return {Sizes()};
  for (int64_t size : {0, 1, 2, 3, 7, 64, 1001})
    add(size, "", size);
  if (names.size() > 1)
    for (const std::string &name : names) {
      add(1, name, 1001);
      add(65, name, 1);
      add(65, name, 0);
    }
  return result;
}

/// Whether a call with these sizes comes to the schedule: the runtime refuses those for which a
/// dimension is negative.
bool areTaken(FuncOp function, const Sizes &sizes) {
  auto isPossible = [&](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return !tensor ||
           llvm::all_of(dimsOf(tensor), [&](const Dim &dim) { return valueOf(dim, sizes) >= 0; });
  };
  return !function
              .walk([&](Operation *op) {
                return llvm::all_of(op->getResultTypes(), isPossible)
                           ? mlir::WalkResult::advance()
                           : mlir::WalkResult::interrupt();
              })
              .wasInterrupted();
}

struct VerifyPlan final : impl::VerifyPlanPassBase<VerifyPlan> {
  void runOnOperation() override {
    for (FuncOp function : getOperation().getOps<FuncOp>())
      if (function->hasAttr(kExportAttr) && failed(checkFunction(function)))
        signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  static LogicalResult checkFunction(FuncOp function) {
    for (const Sizes &sizes : samples(symbolsInOrder(function)))
      if (areTaken(function, sizes) && failed(Account(function, sizes).run()))
        return failure();
    return success();
  }
};

} // namespace
} // namespace weft
