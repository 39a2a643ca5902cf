// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-form-kernels: from stage `graph` to stage `kernels`. Decides in one walk in reverse which
// operations share a loop nest, then moves each group into a weft.kernel.

#include "ir/Checkpoint.h"
#include "ir/WeftOps.h"
#include "passes/Expansion.h"
#include "passes/KernelRules.h"
#include "passes/LineSums.h"
#include "passes/Passes.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace weft {

#define GEN_PASS_DEF_FORMKERNELSPASS
#include "passes/Passes.h.inc"

namespace {

/// How the loop nest of a group asks for the elements of a value.
struct Access {
  bool pointwise = false; ///< At the place of the result, by element-wise operations only.
  bool reordered = false; ///< The same, with transposes among them.
  bool strided = false;   ///< In a buffer, or in a view of one.
  bool repeated = false;  ///< More than once an element.
  unsigned space = 0;     ///< Equal numbers ask at the same places.
};

/// One kernel in the making: `result` is what it yields, the last in the program if there are more.
struct Group {
  explicit Group(Operation *yielded) : result(yielded) {}

  Operation *result;
  SmallVector<Operation *, 2> earlier; ///< Further results, in program order.
  std::string why; ///< Why `result` is not computed in the kernel that reads it.
  Operation *root = nullptr;
  unsigned numOps = 0;      ///< Members that are not generated.
  unsigned numRepeated = 0; ///< Element-wise members that are computed repeatedly.
  unsigned numSpaces = 1;   ///< Space 0 is that of the result.
  llvm::MapVector<Operation *, Access> members; ///< In reverse program order.
};

struct Limits {
  unsigned maxOps, maxRepeatedOps;
};

/// Groups the operations of one block.
class Grouping {
public:
  Grouping(mlir::Block &source, Limits bounds) : block(source), limits(bounds) {}

  void run();
  /// The groups, in the order of their results in the program.
  auto inOrder() { return llvm::reverse(groups); }

  unsigned numFused = 0, numDuplicated = 0, numRefused = 0;

private:
  /// The groups that use the value of `op`, each with how. None if something outside of kernels,
  /// or an operand that must be a buffer, uses it as well.
  using Uses = llvm::MapVector<Group *, Access>;
  std::optional<Uses> findUses(Operation *op, std::string &why);
  bool wantsBuffer(mlir::OpOperand &use);
  bool wantsView(mlir::OpOperand &use);
  Access accessThrough(mlir::OpOperand &use, Group &group);
  void merge(Uses &uses, Group &group, Access access);

  /// Why the operation cannot be computed where it is used; empty if it can.
  std::string whyApart(Operation *op, const Uses &uses);
  std::string whyApart(Operation *op, Group &group, const Access &access);
  void join(Operation *op, Group &group, const Access &access);
  void start(Operation *op, std::string why);
  bool isCostly(Operation *op);
  bool isAsCheapAsReading(Operation *op);
  bool isPrologue(Operation *op);
  void findExpansions();
  Operation *rootOfChain(Operation *op, int depth = 8);
  bool mayShareLoops(Group &first, Group &second);
  void uniteResults();
  Group *makerOfLines(const Group &sum);
  void takeLineSums();

  mlir::Block &block;
  Limits limits;
  std::vector<std::unique_ptr<Group>> groups;
  llvm::DenseMap<Operation *, SmallVector<Group *, 2>> groupsOf;
  llvm::DenseSet<Operation *> expanding; ///< Computed by the depthwise convolution behind them.
};

void Grouping::run() {
  findExpansions();
  for (Operation &op : llvm::reverse(block.without_terminator())) {
    if (!isKernelMaterial(&op))
      continue;
    std::string why;
    std::optional<Uses> uses = findUses(&op, why);
    if (uses)
      why = whyApart(&op, *uses);
    if (!why.empty()) {
      numRefused += uses.has_value();
      start(&op, std::move(why));
      continue;
    }
    for (auto &[group, access] : *uses)
      join(&op, *group, access);
    ++numFused;
    numDuplicated += uses->size() - 1;
  }
  uniteResults();
  takeLineSums();
}

void Grouping::findExpansions() {
  for (auto conv : block.getOps<DepthwiseConvOp>()) {
    std::optional<Expansion> expansion = expansionOf(conv);
    if (!expansion || !isWorthJoining(conv))
      continue;
    expanding.insert(expansion->product);
    expanding.insert(expansion->steps.begin(), expansion->steps.end());
  }
}

//===-- Uses --------------------------------------------------------------------------------===//

/// `conv`, as messages call an operation.
static StringRef shortName(Operation *op) { return op->getName().stripDialect(); }

std::optional<Grouping::Uses> Grouping::findUses(Operation *op, std::string &why) {
  // The use list has no order of its own; the users' places in the program do.
  SmallVector<mlir::OpOperand *> operands =
      llvm::map_to_vector(op->getUses(), [](mlir::OpOperand &use) { return &use; });
  for (mlir::OpOperand *use : operands) {
    Operation *user = use->getOwner();
    if (user->getBlock() != &block)
      why = "the body of a loop or branch reads it";
    else if (user->hasTrait<mlir::OpTrait::IsTerminator>())
      why = "it is a result";
    else if (!groupsOf.count(user))
      why = (shortName(user) + ", which is in no kernel, reads it").str();
    else if (wantsBuffer(*use) && !(isView(op) && wantsView(*use)) && !expanding.contains(op) &&
             !(takesPrologue(*use) && isPrologue(op) && !expanding.contains(user)))
      why = (shortName(user) + " reads it from memory, in an order of its own").str();
    if (!why.empty())
      return std::nullopt;
  }
  llvm::sort(operands, [](mlir::OpOperand *a, mlir::OpOperand *b) {
    if (a->getOwner() != b->getOwner())
      return a->getOwner()->isBeforeInBlock(b->getOwner());
    return a->getOperandNumber() < b->getOperandNumber();
  });
  Uses uses;
  for (mlir::OpOperand *use : operands)
    for (Group *group : groupsOf[use->getOwner()])
      merge(uses, *group, accessThrough(*use, *group));
  return uses;
}

/// True if some group reads the value of this use from memory, by itself or through views.
bool Grouping::wantsBuffer(mlir::OpOperand &use) {
  Operation *user = use.getOwner();
  return needsBuffer(use) || llvm::any_of(groupsOf[user], [&](Group *group) {
           return group->members.lookup(user).strided;
         });
}

/// True if what reads this use from memory may also read a view there.
bool Grouping::wantsView(mlir::OpOperand &use) {
  return isView(use.getOwner()) || readsThroughViews(use);
}

Access Grouping::accessThrough(mlir::OpOperand &use, Group &group) {
  Operation *user = use.getOwner();
  Access access = group.members.lookup(user);
  if (user->hasTrait<Elementwise>())
    return access;
  access.reordered = isa<TransposeOp>(user) && (access.pointwise || access.reordered);
  access.pointwise = false;
  access.strided |=
      needsBuffer(use) && !takesPrologue(use) && !expanding.contains(use.get().getDefiningOp());
  access.repeated |= readsRepeatedly(use);
  access.space = group.numSpaces++;
  return access;
}

/// Asked for at two kinds of places, an element is computed twice.
void Grouping::merge(Uses &uses, Group &group, Access access) {
  auto [place, added] = uses.insert({&group, access});
  if (added || place->second.space == access.space)
    return;
  Access &both = place->second;
  both = {/*pointwise=*/false, /*reordered=*/false, both.strided || access.strided,
          /*repeated=*/true, group.numSpaces++};
}

//===-- Decisions ---------------------------------------------------------------------------===//

std::string Grouping::whyApart(Operation *op, const Uses &uses) {
  if (uses.empty())
    return "nothing reads it";
  // Several kernels may each compute a view or something generated, but no real work twice.
  if (uses.size() > 1 && !isView(op) && !isWidening(op) && !isGenerated(op->getResult(0)) &&
      !isAsCheapAsReading(op) && !op->hasAttr(kRecomputeAttr))
    return std::to_string(uses.size()) + " kernels read it";
  for (const auto &[group, access] : uses)
    if (std::string why = whyApart(op, *group, access); !why.empty())
      return why;
  return "";
}

std::string Grouping::whyApart(Operation *op, Group &group, const Access &access) {
  if (isGenerated(op->getResult(0)) || expanding.contains(op))
    return "";
  if (group.numOps >= limits.maxOps)
    return "the kernel that reads it has " + std::to_string(group.numOps) + " operations already";
  if (isRoot(op)) {
    if (group.root)
      return ("the kernel that reads it has the loops of " + shortName(group.root)).str();
    if (!takesEpilogue(op))
      return (shortName(op) + " changes its result while it runs").str();
    if (!access.pointwise && !(access.reordered && storesInAnyOrder(op)))
      return "the kernel that reads it asks for other elements than its own place's";
    return "";
  }
  if (!access.pointwise || group.root) {
    Operation *root = rootOfChain(op);
    bool goesOn = access.reordered && !group.root && root && storesInAnyOrder(root);
    if (root && !goesOn)
      return "the kernel before it ends with it, on sums that are still in registers";
  }
  if (!access.repeated)
    return "";
  if (isCostly(op))
    return "the kernel that reads it asks for each element several times, and it is costly";
  if (op->hasTrait<Elementwise>() && group.numRepeated >= limits.maxRepeatedOps)
    return "the kernel that reads it computes " + std::to_string(group.numRepeated) +
           " operations several times an element already";
  return "";
}

/// The root whose kernel could end with `op`, null if there is none: only element-wise operations
/// that nothing else wants lie between. One value goes through memory in any case; better the later
/// one.
Operation *Grouping::rootOfChain(Operation *op, int depth) {
  if (!op->hasTrait<Elementwise>() || depth == 0)
    return nullptr;
  for (Value operand : op->getOperands()) {
    Operation *source = operand.getDefiningOp();
    if (!source || source->getBlock() != &block || !operand.hasOneUse())
      continue;
    if (isRoot(source) && takesEpilogue(source))
      return source;
    if (Operation *root = rootOfChain(source, depth - 1))
      return root;
  }
  return nullptr;
}

/// True for a simple operation on one tensor that is in memory anyway with small ones, as in
/// `x - mean`: its kernels read that tensor in the place of the result, which is never stored.
bool Grouping::isAsCheapAsReading(Operation *op) {
  if (!op->hasTrait<Elementwise>() || isExpensive(op))
    return false;
  constexpr int64_t negligible = 8;
  Dim elements = productOf(dimsOf(cast<RankedTensorType>(op->getResult(0).getType())));
  unsigned numRead = 0, numSmall = 0;
  for (Value operand : op->getOperands()) {
    bool isShared = !operand.hasOneUse();
    while (operand.getDefiningOp() && isView(operand.getDefiningOp())) {
      operand = operand.getDefiningOp()->getOperand(0);
      isShared |= !operand.hasOneUse();
    }
    Dim read = productOf(dimsOf(cast<RankedTensorType>(operand.getType())));
    if (isGenerated(operand))
      continue;
    if ((read * Dim(negligible)).provablyAtMost(elements)) {
      ++numSmall;
      continue;
    }
    Operation *source = operand.getDefiningOp();
    bool isInMemory = isShared || !source || !isKernelMaterial(source);
    if (!isInMemory || ++numRead > 1)
      return false;
  }
  return numRead == 1 && numSmall > 0;
}

/// Elements that lie in another order are better turned by a kernel of their own, in registers.
bool Grouping::isPrologue(Operation *op) {
  return isAsCheapAsReading(op) && llvm::none_of(op->getOperands(), [](Value operand) {
           return isa_and_present<TransposeOp>(operand.getDefiningOp());
         });
}

/// Expensive itself, or with expensive work behind it that nothing else wants: such a chain is
/// cut at its end, not in the middle.
bool Grouping::isCostly(Operation *op) {
  for (int depth = 0; depth < 8; ++depth) {
    if (isExpensive(op))
      return true;
    if (!op->hasTrait<Elementwise>())
      return false;
    Operation *next = nullptr;
    for (Value operand : op->getOperands()) {
      Operation *source = operand.getDefiningOp();
      if (!source || source->getBlock() != &block || !operand.hasOneUse())
        continue;
      if (isExpensive(source))
        return true;
      if (source->hasTrait<Elementwise>())
        next = source;
    }
    if (!next)
      return false;
    op = next;
  }
  return false;
}

void Grouping::join(Operation *op, Group &group, const Access &access) {
  group.members.insert({op, access});
  groupsOf[op].push_back(&group);
  if (isRoot(op) && !group.root)
    group.root = op;
  if (isGenerated(op->getResult(0)))
    return;
  ++group.numOps;
  group.numRepeated += access.repeated && op->hasTrait<Elementwise>();
}

/// Starts the group of `op`. A constant that is only wanted as a buffer stays as it is.
void Grouping::start(Operation *op, std::string why) {
  constexpr int64_t maxConstantBytes = 4096; // beyond it, filling is better than storing
  if (auto constant = dyn_cast<ConstantOp>(op)) {
    auto type = cast<RankedTensorType>(constant.getType());
    unsigned bits = type.getElementType().getIntOrFloatBitWidth();
    if (!isa<mlir::SplatElementsAttr>(constant.getValue()) ||
        type.getNumElements() * static_cast<int64_t>(bits) / 8 <= maxConstantBytes)
      return;
  }
  groups.push_back(std::make_unique<Group>(op));
  groups.back()->why = std::move(why);
  join(op, *groups.back(), {.pointwise = true});
}

//===-- Several results ---------------------------------------------------------------------===//

/// What the members of a group read from outside of it that has the dimensions of its result.
static llvm::DenseSet<Value> fullInputs(const Group &group) {
  llvm::DenseSet<Value> inputs;
  for (const auto &[op, access] : group.members)
    if (access.pointwise && op->hasTrait<Elementwise>())
      for (Value operand : op->getOperands())
        if (!group.members.contains(operand.getDefiningOp()))
          inputs.insert(operand);
  return inputs;
}

static bool haveSameDims(Value a, Value b) {
  return dimsOf(cast<RankedTensorType>(a.getType())) == dimsOf(cast<RankedTensorType>(b.getType()));
}

/// True if the loops of `second` may give the result of `first` as well, which only they and the
/// end of the block read: both are element-wise over the same places, and one reads the other's
/// result there, or both read one tensor.
bool Grouping::mayShareLoops(Group &first, Group &second) {
  Value value = first.result->getResult(0);
  if (first.root || second.root || first.numOps + second.numOps > limits.maxOps ||
      !haveSameDims(value, second.result->getResult(0)))
    return false;
  bool isRead = false, isResult = false;
  for (mlir::OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    isResult |= user == block.getTerminator();
    if (user == block.getTerminator())
      continue;
    if (!second.members.contains(user) || groupsOf[user].size() > 1 ||
        !accessThrough(use, second).pointwise)
      return false;
    isRead = true;
  }
  if (!isResult || isRead)
    return isResult;
  llvm::DenseSet<Value> inputs = fullInputs(first);
  return llvm::any_of(fullInputs(second), [&](Value input) { return inputs.contains(input); });
}

/// Lets kernels that end a block together share their loops: the new moments and the new value of a
/// parameter, the carries of a step. What both read is read once.
void Grouping::uniteResults() {
  for (size_t later = 0; later < groups.size(); ++later)
    for (size_t i = later + 1; i < groups.size();) {
      Group &second = *groups[later], &first = *groups[i];
      if (!mayShareLoops(first, second)) {
        ++i;
        continue;
      }
      for (const auto &[op, access] : first.members) {
        second.members.insert({op, access});
        SmallVector<Group *, 2> &owners = groupsOf[op];
        llvm::replace(owners, &first, &second);
        owners.erase(llvm::unique(owners), owners.end());
      }
      second.numOps += first.numOps;
      second.earlier.insert(second.earlier.begin(), first.result);
      groups.erase(groups.begin() + static_cast<ptrdiff_t>(i));
      ++numFused;
    }
}

/// The kernel that makes what `sum` alone adds up by lines, if it can do so on the way. It then
/// stands at the place of the sum, before all others that read the lines.
Group *Grouping::makerOfLines(const Group &sum) {
  auto reduce = dyn_cast<ReduceOp>(sum.result);
  if (!reduce || sum.members.size() > 1 || !sumsLines(reduce))
    return nullptr;
  Operation *lines = reduce.getInput().getDefiningOp();
  auto owners = groupsOf.find(lines);
  if (owners == groupsOf.end() || owners->second.size() != 1)
    return nullptr;
  Group *maker = owners->second.front();
  bool isMade = maker->result == lines && maker->earlier.empty() && maker->root &&
                maySumLines(maker->root) &&
                maker->root->getResult(0).getType() == reduce.getInput().getType();
  auto isLater = [&](Operation *user) {
    Operation *here = block.findAncestorOpInBlock(*user);
    return user == reduce || (here && reduce->isBeforeInBlock(here));
  };
  return isMade && llvm::all_of(lines->getUsers(), isLater) ? maker : nullptr;
}

void Grouping::takeLineSums() {
  for (size_t i = 0; i < groups.size();) {
    Group *maker = makerOfLines(*groups[i]);
    if (!maker) {
      ++i;
      continue;
    }
    Operation *sum = groups[i]->result;
    maker->members.insert({sum, Access()});
    groupsOf[sum] = {maker};
    maker->earlier.push_back(maker->result);
    maker->result = sum;
    groups.erase(groups.begin() + static_cast<ptrdiff_t>(i));
    ++numFused;
  }
}

//===-- Rewriting ---------------------------------------------------------------------------===//

/// What the kernel gives, in program order.
SmallVector<Operation *> resultsOf(const Group &group) {
  SmallVector<Operation *> results(group.earlier.begin(), group.earlier.end());
  results.push_back(group.result);
  return results;
}

/// The members, operands before users, in an order that depends on nothing but the computation:
/// equal kernels are to have equal bodies wherever their operations stood.
llvm::SetVector<Operation *> inCanonicalOrder(const Group &group) {
  llvm::SetVector<Operation *> ordered;
  SmallVector<std::pair<Operation *, unsigned>> path;
  for (Operation *result : resultsOf(group)) {
    path.push_back({result, 0});
    while (!path.empty()) {
      auto &[op, next] = path.back();
      if (next == op->getNumOperands()) {
        ordered.insert(op);
        path.pop_back();
        continue;
      }
      Operation *source = op->getOperand(next++).getDefiningOp();
      if (source && group.members.contains(source) && !ordered.contains(source))
        path.push_back({source, 0});
    }
  }
  return ordered;
}

/// What the members of a group read from outside of it, in order of first use.
llvm::SetVector<Value> inputsOf(const Group &group, ArrayRef<Operation *> ordered) {
  llvm::SetVector<Value> inputs;
  for (Operation *op : ordered)
    for (Value operand : op->getOperands())
      if (!operand.getDefiningOp() || !group.members.contains(operand.getDefiningOp()))
        inputs.insert(operand);
  return inputs;
}

/// Copies the members into a kernel at the place of the result, which replaces it.
void build(const Group &group, bool explain) {
  OpBuilder builder(group.result);
  llvm::SetVector<Operation *> members = inCanonicalOrder(group);
  llvm::SetVector<Value> inputs = inputsOf(group, members.getArrayRef());
  SmallVector<Location> locations =
      llvm::map_to_vector(members, [](Operation *op) { return op->getLoc(); });
  Location loc = builder.getFusedLoc(locations);
  SmallVector<Value> results = llvm::map_to_vector(
      resultsOf(group), [](Operation *op) -> Value { return op->getResult(0); });
  auto kernel =
      KernelOp::create(builder, loc, mlir::TypeRange(ValueRange(results)), inputs.getArrayRef());
  if (explain)
    kernel->setAttr(kWhyAttr, builder.getStringAttr(group.why));

  mlir::Block *body = builder.createBlock(&kernel.getBody());
  mlir::IRMapping mapping;
  for (Value input : inputs)
    mapping.map(input, body->addArgument(input.getType(), input.getLoc()));
  builder.setInsertionPointToStart(body);
  for (Operation *op : members)
    builder.clone(*op, mapping)->removeAttr(kRecomputeAttr);
  SmallVector<Value> yielded =
      llvm::map_to_vector(results, [&](Value result) { return mapping.lookup(result); });
  YieldOp::create(builder, group.result->getLoc(), yielded);
  for (auto [result, replacement] : llvm::zip_equal(results, kernel->getResults()))
    result.replaceAllUsesWith(replacement);
}

struct FormKernels final : impl::FormKernelsPassBase<FormKernels> {
  using FormKernelsPassBase::FormKernelsPassBase;

  void runOnOperation() override {
    mlir::func::FuncOp function = getOperation();
    if (function.isExternal() || !function->hasAttr(kExportAttr))
      return;
    dropBarriers(function);
    SmallVector<mlir::Block *> blocks;
    function.walk([&](mlir::Block *block) {
      if (!isa<KernelOp>(block->getParentOp()))
        blocks.push_back(block);
    });
    for (mlir::Block *block : blocks)
      bringGeneratorsInside(*block);
    for (mlir::Block *block : blocks)
      formIn(*block);
  }

private:
  /// Nothing looks for equal operations any more.
  static void dropBarriers(mlir::func::FuncOp function) {
    function.walk([](CastOp cast) {
      if (!isBarrier(cast))
        return;
      cast.getResult().replaceAllUsesWith(cast.getInput());
      cast.erase();
    });
  }

  /// Copies what is generated without operands (constants, sizes, counters) from around a region
  /// into it, so that kernels there need no buffer of it.
  static void bringGeneratorsInside(mlir::Block &block) {
    llvm::MapVector<Operation *, SmallVector<mlir::OpOperand *>> outer;
    for (Operation &op : block)
      for (mlir::OpOperand &operand : op.getOpOperands())
        if (Operation *source = operand.get().getDefiningOp())
          if (source->getBlock() != &block && source->getNumOperands() == 0 &&
              isGenerated(operand.get()))
            outer[source].push_back(&operand);
    for (auto &[source, operands] : outer) {
      Operation *copy = source->clone();
      block.push_front(copy);
      for (mlir::OpOperand *operand : operands)
        operand->set(copy->getResult(0));
    }
  }

  void formIn(mlir::Block &block) {
    Grouping grouping(block, {maxOps, maxRepeatedOps});
    grouping.run();
    for (const std::unique_ptr<Group> &group : grouping.inOrder()) {
      build(*group, explain);
      ++numKernels;
    }
    numFused += grouping.numFused;
    numDuplicated += grouping.numDuplicated;
    numRefused += grouping.numRefused;
    eraseGrouped(block);
  }

  /// What went into kernels has no users left but what went into kernels.
  static void eraseGrouped(mlir::Block &block) {
    SmallVector<Operation *> operations = llvm::map_to_vector(
        llvm::reverse(block.without_terminator()), [](Operation &op) { return &op; });
    for (Operation *op : operations)
      if (op->use_empty() && (isKernelMaterial(op) || isa<ReshapeOp, ConstantOp>(op)))
        op->erase();
  }
};

} // namespace
} // namespace weft
