// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-form-attention: a softmax between two contractions is an attention, whatever its dimensions
// are called and in which order they stand.

#include "ir/Constants.h"
#include "ir/GraphBuilder.h"
#include "passes/KernelRules.h"
#include "passes/Passes.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/DebugLog.h"

#define DEBUG_TYPE "weft-form-attention"

namespace weft {

#define GEN_PASS_DEF_FORMATTENTIONPASS
#include "passes/Passes.h.inc"

namespace {

/// The number in every place of `value`; none if there are several or they are not known.
std::optional<double> numberOf(Value value) {
  while (auto broadcast = value.getDefiningOp<BroadcastOp>())
    value = broadcast.getInput();
  auto constant = value.getDefiningOp<ConstantOp>();
  if (!constant || !isa<mlir::FloatType>(GraphBuilder::element(value)))
    return std::nullopt;
  std::optional<WideElement> element = splatOf(constant.getValue());
  return element ? std::optional(element->real) : std::nullopt;
}

/// A tensor with a letter for each of its dimensions.
struct Lettered {
  Value value;
  std::string letters;

  bool has(char letter) const { return letters.find(letter) != std::string::npos; }
};

/// What stands between the scores as contracted and the softmax:
/// `allowed ? scale * scores + sum of bias * factor : fill`.
struct ScoreChain {
  double scale = 1;
  SmallVector<std::pair<Value, double>> biases;
  SmallVector<std::pair<Value, bool>> allowed; ///< All must hold; with true, must not.
  std::optional<double> fill;
  ContractOp scores;
};

/// Everything about an attention that was found.
struct Plan {
  ScoreChain chain;
  SoftmaxOp softmax;
  Lettered query, key, value, scores, result;
  std::string batch; ///< Letters of the leading dimensions.
  char l = 0, s = 0, d = 0, e = 0;
};

//===-- Scores ------------------------------------------------------------------------------===//

FailureOr<ScoreChain> followScores(Value value, ScoreChain chain, std::string &why);

/// x * number, x / number
FailureOr<ScoreChain> followScale(Operation *op, ScoreChain chain, std::string &why) {
  std::optional<double> left = numberOf(op->getOperand(0)), right = numberOf(op->getOperand(1));
  if (!right && (!left || isa<DivOp>(op)))
    return why = "a scale that is no number", failure();
  chain.scale *= isa<DivOp>(op) ? 1 / *right : right ? *right : *left;
  return followScores(op->getOperand(right ? 0 : 1), std::move(chain), why);
}

/// x + bias, bias + x, x - bias
FailureOr<ScoreChain> followBias(Operation *op, ScoreChain chain, std::string &why) {
  for (unsigned number = 0; number < (isa<AddOp>(op) ? 2 : 1); ++number) {
    ScoreChain longer = chain;
    longer.biases.push_back(
        {op->getOperand(1 - number), isa<SubOp>(op) ? -chain.scale : chain.scale});
    FailureOr<ScoreChain> found = followScores(op->getOperand(number), std::move(longer), why);
    if (succeeded(found))
      return found;
  }
  return failure();
}

/// A score that is added to such a number is lost in rounding: neighbours in f32 are 64 apart.
constexpr double swallowing = -1.0e9;

/// select(allowed, x, fill): several of them must fill alike, with -inf or what swallows scores.
FailureOr<ScoreChain> followMask(SelectOp select, ScoreChain chain, std::string &why) {
  std::optional<double> onTrue = numberOf(select.getOnTrue());
  std::optional<double> onFalse = numberOf(select.getOnFalse());
  if (onTrue.has_value() == onFalse.has_value())
    return why = "a mask that does not fill with one number", failure();
  double fill = chain.scale * (onTrue ? *onTrue : *onFalse);
  if (!(fill <= swallowing))
    return why = "a mask that does not exclude", failure();
  if (chain.fill && *chain.fill != fill)
    return why = "masks of two kinds", failure();
  chain.fill = fill;
  chain.allowed.push_back({select.getCondition(), onTrue.has_value()});
  return followScores(onTrue ? select.getOnFalse() : select.getOnTrue(), std::move(chain), why);
}

/// Walks from the operand of the softmax to the contraction; each step has one user.
FailureOr<ScoreChain> followScores(Value value, ScoreChain chain, std::string &why) {
  constexpr size_t mostTerms = 8; // a bound on the ways that are tried
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse() || chain.biases.size() + chain.allowed.size() > mostTerms)
    return why = "scores have another use, or none of ours", failure();
  if (auto contract = dyn_cast<ContractOp>(op)) {
    chain.scores = contract;
    return chain;
  }
  if (isa<MulOp, DivOp>(op))
    return followScale(op, std::move(chain), why);
  if (isa<AddOp, SubOp>(op))
    return followBias(op, std::move(chain), why);
  if (auto select = dyn_cast<SelectOp>(op))
    return followMask(select, std::move(chain), why);
  return why = "scores do not come from a contraction", failure();
}

/// A number that a query or key is multiplied by belongs to the scale.
Value withoutScale(Value value, double &scale) {
  while (value.hasOneUse()) {
    Operation *op = value.getDefiningOp();
    if (!isa_and_present<MulOp, DivOp>(op))
      break;
    std::optional<double> right = numberOf(op->getOperand(1)), left = numberOf(op->getOperand(0));
    if (right)
      scale *= isa<DivOp>(op) ? 1 / *right : *right;
    else if (left && isa<MulOp>(op))
      scale *= *left;
    else
      break;
    value = op->getOperand(right ? 0 : 1);
  }
  return value;
}

//===-- Letters -----------------------------------------------------------------------------===//

/// Tells queries from keys, and which letter is which. Letters are those of the scores.
LogicalResult readScores(Plan &plan, std::string &why) {
  ContractOp::Labels labels = plan.chain.scores.getLabels();
  plan.scores = {plan.chain.scores.getResult(), labels.result.str()};
  plan.s = labels.result[plan.softmax.getAxis()];
  Lettered left{plan.chain.scores.getLhs(), labels.lhs.str()};
  Lettered right{plan.chain.scores.getRhs(), labels.rhs.str()};
  if (left.has(plan.s) == right.has(plan.s))
    return why = "the softmax is not along keys", failure();
  plan.key = left.has(plan.s) ? left : right;
  plan.query = left.has(plan.s) ? right : left;
  for (char letter : plan.scores.letters)
    if (plan.query.has(letter) && !plan.key.has(letter))
      plan.l = letter; // the last of them; others are dimensions along which keys repeat
  if (!plan.l)
    return why = "no dimension of queries", failure();
  for (char letter : plan.scores.letters)
    if (letter != plan.l && letter != plan.s)
      plan.batch += letter;
  for (char letter : plan.query.letters + plan.key.letters) {
    if (plan.scores.has(letter) || letter == plan.d)
      continue;
    if (plan.d || !plan.query.has(letter) || !plan.key.has(letter))
      return why = "scores do not sum over one dimension of both", failure();
    plan.d = letter;
  }
  return plan.d ? success() : (why = "scores sum over nothing", failure());
}

/// Reads the second contraction, `weights` being its operand with the softmax.
LogicalResult readMix(Plan &plan, ContractOp mix, bool weightsAreLeft, std::string &why) {
  ContractOp::Labels labels = mix.getLabels();
  std::string weights = (weightsAreLeft ? labels.lhs : labels.rhs).str();
  plan.value = {weightsAreLeft ? mix.getRhs() : mix.getLhs(),
                (weightsAreLeft ? labels.rhs : labels.lhs).str()};
  plan.result = {mix.getResult(), labels.result.str()};
  // The scores' letters for those of the weights; what is new gets letters used nowhere.
  auto rename = [&](std::string &letters) {
    for (char &letter : letters) {
      size_t place = weights.find(letter);
      letter = place != std::string::npos ? plan.scores.letters[place]
                                          : static_cast<char>(letter | '\x80');
    }
  };
  rename(plan.value.letters);
  rename(plan.result.letters);
  if (!plan.value.has(plan.s) || plan.result.has(plan.s) || plan.value.has(plan.l) ||
      !plan.result.has(plan.l))
    return why = "the second contraction does not sum over keys", failure();
  for (char letter : plan.batch)
    if (!plan.result.has(letter))
      return why = "the second contraction sums over more than keys", failure();
  for (char letter : plan.value.letters) {
    if (plan.scores.has(letter))
      continue;
    if (plan.e || !plan.result.has(letter))
      return why = "values have not one dimension of their own", failure();
    plan.e = letter;
  }
  return plan.e ? success() : (why = "values have no dimension of their own", failure());
}

SmallVector<Dim> sizesOf(const Plan &plan, StringRef letters) {
  SmallVector<Dim> sizes;
  for (char letter : letters)
    for (const Lettered *tensor : {&plan.scores, &plan.query, &plan.value})
      if (tensor->has(letter)) {
        sizes.push_back(GraphBuilder::dims(tensor->value)[tensor->letters.find(letter)]);
        break;
      }
  return sizes;
}

bool fitsKernel(const Plan &plan) {
  Type element = GraphBuilder::element(plan.query.value);
  for (const Lettered *tensor : {&plan.key, &plan.value, &plan.scores, &plan.result})
    if (GraphBuilder::element(tensor->value) != element)
      return false;
  auto type = [&](char row, char column) {
    return tensorType(sizesOf(plan, plan.batch + row + column), element);
  };
  return hasAttentionKernel(type(plan.l, plan.d), type(plan.s, plan.e));
}

FailureOr<Plan> match(ContractOp mix, std::string &why) {
  auto left = mix.getLhs().getDefiningOp<SoftmaxOp>();
  auto right = mix.getRhs().getDefiningOp<SoftmaxOp>();
  if (!left && !right)
    return why = "no operand is a softmax", failure();
  Plan plan;
  plan.softmax = left ? left : right;
  if (!plan.softmax->hasOneUse())
    return why = "the weights have another use", failure();
  FailureOr<ScoreChain> chain = followScores(plan.softmax.getInput(), {}, why);
  if (failed(chain))
    return failure();
  plan.chain = std::move(*chain);
  if (failed(readScores(plan, why)) || failed(readMix(plan, mix, left != nullptr, why)))
    return failure();
  if (!fitsKernel(plan))
    return why = "no kernel computes it", failure();
  return plan;
}

//===-- The rewrite -------------------------------------------------------------------------===//

/// `tensor` with its dimensions in the order of `letters`, repeated along those it lacks.
Value arrange(GraphBuilder &b, const Lettered &tensor, StringRef letters, ArrayRef<Dim> sizes) {
  SmallVector<int64_t> permutation, along;
  for (auto [place, letter] : llvm::enumerate(letters))
    if (tensor.has(letter)) {
      permutation.push_back(tensor.letters.find(letter));
      along.push_back(place);
    }
  Value value = tensor.value;
  if (!llvm::is_sorted(permutation))
    value = b.transpose(value, permutation);
  return along.size() == letters.size() ? value : b.broadcast(value, along, sizes);
}

/// 0 where `allowed`, else `fill`; computed before `allowed` is repeated.
Value filled(GraphBuilder &b, Value allowed, Type type, double fill) {
  auto broadcast = allowed.getDefiningOp<BroadcastOp>();
  Value source = broadcast ? broadcast.getInput() : allowed;
  Value bias =
      b.select(source, b.splat(type, 0, b.dims(source)), b.splat(type, fill, b.dims(source)));
  return broadcast ? b.broadcast(bias, broadcast.getDims(), b.dims(allowed)) : bias;
}

/// What is added to the scores, or else where they are not masked.
Value maskOf(GraphBuilder &b, const Plan &plan) {
  Value allowed, bias;
  for (auto [condition, isInverted] : plan.chain.allowed) {
    Value holds = isInverted ? b.unary<NotOp>(condition) : condition;
    allowed = allowed ? b.binary<AndOp>(allowed, holds) : holds;
  }
  for (auto [value, factor] : plan.chain.biases) {
    Value term = factor == 1 ? value : b.binary<MulOp>(value, b.splatLike(value, factor));
    bias = bias ? b.binary<AddOp>(bias, term) : term;
  }
  if (allowed && bias)
    bias = b.select(allowed, bias, b.splatLike(bias, *plan.chain.fill));
  else if (allowed && !std::isinf(*plan.chain.fill))
    bias = filled(b, allowed, b.element(plan.scores.value), *plan.chain.fill);
  Value mask = bias ? bias : allowed;
  if (!mask)
    return {};
  return arrange(b, {mask, plan.scores.letters}, plan.batch + plan.l + plan.s, {});
}

/// contract(softmax(mask(contract(q, k) * c)), v) -> attention(q, k, v), in front of `mix`.
Value build(Plan &plan, ContractOp mix) {
  OpBuilder ops(mix);
  GraphBuilder b(
      ops, ops.getFusedLoc({plan.chain.scores.getLoc(), plan.softmax.getLoc(), mix.getLoc()}));
  double scale = plan.chain.scale;
  plan.query.value = withoutScale(plan.query.value, scale);
  plan.key.value = withoutScale(plan.key.value, scale);
  auto operand = [&](const Lettered &tensor, char row, char column) {
    std::string letters = plan.batch + row + column;
    return arrange(b, tensor, letters, sizesOf(plan, letters));
  };
  Value query = operand(plan.query, plan.l, plan.d), key = operand(plan.key, plan.s, plan.d);
  Value value = operand(plan.value, plan.s, plan.e);
  std::string letters = plan.batch + plan.l + plan.e;
  auto attention =
      AttentionOp::create(ops, b.loc, tensorType(sizesOf(plan, letters), b.element(query)), query,
                          key, value, maskOf(b, plan), llvm::APFloat(scale), /*causal=*/false);
  return arrange(b, {attention.getResult(), letters}, plan.result.letters, {});
}

struct FormAttention final : impl::FormAttentionPassBase<FormAttention> {
  void runOnOperation() override {
    SmallVector<ContractOp> contractions;
    getOperation().walk([&](ContractOp op) { contractions.push_back(op); });
    // In reverse: what goes with an attention stands before it, and is looked at no more.
    llvm::DenseSet<Operation *> erased;
    for (ContractOp mix : llvm::reverse(contractions))
      if (!erased.contains(mix))
        form(mix, erased);
  }

private:
  void form(ContractOp mix, llvm::DenseSet<Operation *> &erased) {
    if (!isa_and_present<SoftmaxOp>(mix.getLhs().getDefiningOp()) &&
        !isa_and_present<SoftmaxOp>(mix.getRhs().getDefiningOp()))
      return;
    std::string why;
    FailureOr<Plan> plan = match(mix, why);
    if (failed(plan)) {
      LDBG() << mix.getLoc() << ": " << why;
      ++numRefused;
      return;
    }
    mix.getResult().replaceAllUsesWith(build(*plan, mix));
    eraseUnused(mix, erased);
    ++numFormed;
  }

  /// Erases an operation without users, and what only it used.
  static void eraseUnused(Operation *op, llvm::DenseSet<Operation *> &erased) {
    SmallVector<Operation *> work = {op};
    while (!work.empty()) {
      Operation *unused = work.pop_back_val();
      if (erased.contains(unused) || !unused->use_empty())
        continue;
      llvm::SetVector<Operation *> sources;
      for (Value operand : unused->getOperands())
        if (Operation *source = operand.getDefiningOp())
          sources.insert(source);
      erased.insert(unused);
      unused->erase();
      llvm::append_range(work, sources);
    }
  }
};

} // namespace
} // namespace weft
