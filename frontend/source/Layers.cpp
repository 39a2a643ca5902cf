// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function for each layer: the operations with their weights, or nothing.
#include "frontend/source/Layers.h"

#include "frontend/source/Literals.h"
#include "frontend/source/Spelling.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace weft::source {

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

bool isParameter(Value value) {
  auto argument = dyn_cast<mlir::BlockArgument>(value);
  auto function =
      argument ? dyn_cast<mlir::func::FuncOp>(argument.getOwner()->getParentOp()) : nullptr;
  return function && function.getArgAttr(argument.getArgNumber(), kParameterAttr);
}

//===- Uses ---------------------------------------------------------------------------------------

UseMap::UseMap(mlir::Block &body) {
  body.walk([&](Operation *op) {
    if (isTransparent(op))
      return;
    for (Value operand : op->getOperands())
      if (Value base = baseOf(operand))
        users[base].push_back(op);
  });
}

ArrayRef<Operation *> UseMap::usersOf(Value value) const {
  auto found = users.find(value);
  return found == users.end() ? ArrayRef<Operation *>() : ArrayRef<Operation *>(found->second);
}

Operation *UseMap::soleUser(Value value) const {
  ArrayRef<Operation *> all = usersOf(value);
  if (all.size() != 1 || all.front()->getBlock() != value.getParentBlock())
    return nullptr;
  return all.front();
}

//===- Weights ------------------------------------------------------------------------------------

/// The parameter that an operand is, perhaps transposed; layers hold weights in f32.
static std::optional<Weight> weightOf(StringRef name, Value value, int64_t rank) {
  SmallVector<int64_t> permutation;
  if (auto transpose = value.getDefiningOp<TransposeOp>()) {
    permutation.assign(transpose.getPermutation().begin(), transpose.getPermutation().end());
    value = transpose.getInput();
  }
  bool fits = isParameter(value) && typeOf(value).getRank() == rank &&
              typeOf(value).getElementType().isF32();
  return fits ? std::optional(Weight{name.str(), value, permutation}) : std::nullopt;
}

/// The addition of a vector along `axis` to a value that nothing else reads: `y + bias`.
static AddOp biasOf(Value value, int64_t axis, const UseMap &uses, Weight &bias) {
  auto add = llvm::dyn_cast_or_null<AddOp>(uses.soleUser(value));
  if (!add)
    return {};
  Value other = add.getLhs() == value ? add.getRhs() : add.getLhs();
  // The axis that the vector lies along, through what stretches it.
  SmallVector<int64_t> along{0};
  SmallVector<Operation *> steps;
  Value source = other;
  while (Operation *op = source.getDefiningOp()) {
    if (!isTransparent(op) || op->getNumOperands() == 0)
      return {};
    steps.push_back(op);
    source = op->getOperand(0);
  }
  if (!isParameter(source) || typeOf(source).getRank() != 1 || (add.getLhs() == add.getRhs()))
    return {};
  int64_t place = 0;
  for (Operation *op : llvm::reverse(steps)) {
    if (auto broadcast = dyn_cast<BroadcastOp>(op))
      place = broadcast.getDims()[place];
    else
      place = (*insertedUnits(dimsOf(typeOf(op->getOperand(0))),
                              dimsOf(typeOf(op->getResult(0)))))[place];
  }
  bool fits = place == axis && typeOf(other).getRank() == typeOf(value).getRank() &&
              dimOf(typeOf(source), 0) == dimOf(typeOf(value), axis) &&
              typeOf(source).getElementType().isF32();
  if (!fits)
    return {};
  bias = {"bias", source, {}};
  return add;
}

/// Adds the bias to a layer that has one so far without.
static bool takeBias(Layer &layer, int64_t axis, const UseMap &uses) {
  Weight bias;
  AddOp add = biasOf(layer.output, axis, uses, bias);
  if (!add)
    return false;
  layer.ops.push_back(add);
  layer.output = add.getResult();
  layer.weights.push_back(bias);
  return true;
}

//===- Layers -------------------------------------------------------------------------------------

static std::optional<Layer> matchLinear(ContractOp op, const UseMap &uses) {
  auto [a, b, y] = op.getLabels();
  if (b.size() != 2 || a.empty() || y.empty() || a.drop_back() != y.drop_back())
    return std::nullopt;
  bool isOutputsFirst = b[1] == a.back() && b[0] == y.back();
  bool isInputsFirst = b[0] == a.back() && b[1] == y.back();
  std::optional<Weight> weight = weightOf("weight", op.getRhs(), 2);
  if ((!isOutputsFirst && !isInputsFirst) || !weight)
    return std::nullopt;
  bool isTurned = !weight->permutation.empty() && weight->permutation[0] == 1;
  weight->permutation.clear();
  if (isTurned == isOutputsFirst)
    weight->permutation = {1, 0};
  int64_t inputs = typeOf(op.getLhs()).getShape().back();
  int64_t outputs = typeOf(op.getRhs()).getShape()[isOutputsFirst ? 0 : 1];
  Layer layer{"Linear", "linear", {op}, op.getLhs(), op.getResult(), {*weight}, {}};
  bool biased = takeBias(layer, typeOf(op.getResult()).getRank() - 1, uses);
  layer.settings = [=](SlotTable &slots) {
    return slots.add(inputs, "inputs") + ", " + slots.add(outputs, "outputs") +
           (biased ? "" : ", biased: false");
  };
  return layer;
}

namespace {
/// The numbers of a convolution that is the same in all directions.
struct UniformWindow {
  int64_t kernel, stride, padding, dilation;
};
} // namespace

template <typename Op> static std::optional<UniformWindow> uniformWindow(Op op) {
  ArrayRef<int64_t> kernel = typeOf(op.getFilter()).getShape().drop_front(2);
  bool fits = llvm::all_equal(kernel) && llvm::all_equal(op.getStrides()) &&
              llvm::all_equal(op.getPadLow()) && op.getPadLow() == op.getPadHigh() &&
              llvm::all_equal(op.getDilations());
  if (!fits)
    return std::nullopt;
  return UniformWindow{kernel[0], op.getStrides()[0], op.getPadLow()[0], op.getDilations()[0]};
}

/// `3, 64, kernel: 3, stride: 2`.
static std::string windowSettings(int64_t inputs, int64_t outputs, const UniformWindow &window,
                                  SlotTable &slots) {
  std::string text =
      slots.add(inputs, "channels.inputs") + ", " + slots.add(outputs, "channels.outputs");
  text += ", kernel: " + slots.add(window.kernel, "kernel");
  text += optional(1, ", stride: " + slots.add(window.stride, "stride"));
  return text + optional(0, ", padding: " + slots.add(window.padding, "padding"));
}

static std::optional<Layer> matchConv(ConvOp op, const UseMap &uses) {
  int64_t rank = typeOf(op.getInput()).getRank();
  std::optional<UniformWindow> window = uniformWindow(op);
  std::optional<Weight> weight = weightOf("weight", op.getFilter(), rank);
  if (rank > 4 || !window || !weight || !weight->permutation.empty())
    return std::nullopt;
  ArrayRef<int64_t> filter = typeOf(op.getFilter()).getShape();
  int64_t outputs = filter[0], groups = op.getGroups(), inputs = filter[1] * groups;
  Layer layer{
      rank == 4 ? "Conv2d" : "Conv1d", "conv", {op}, op.getInput(), op.getResult(), {*weight}, {}};
  bool biased = takeBias(layer, 1, uses);
  layer.settings = [=](SlotTable &slots) {
    std::string text = windowSettings(inputs, outputs, *window, slots);
    text += optional(1, ", dilation: " + slots.add(window->dilation, "dilation"));
    text += optional(1, ", groups: " + slots.add(groups, "groups"));
    return text + (biased ? "" : ", biased: false");
  };
  return layer;
}

static std::optional<Layer> matchConvTranspose(ConvTransposeOp op, const UseMap &uses) {
  std::optional<UniformWindow> window = uniformWindow(op);
  std::optional<Weight> weight = weightOf("weight", op.getFilter(), 4);
  bool isPlain = op.getGroups() == 1 && window && window->dilation == 1 &&
                 llvm::all_of(op.getOutputPadding(), [](int64_t p) { return p == 0; });
  if (!isPlain || !weight || !weight->permutation.empty())
    return std::nullopt;
  ArrayRef<int64_t> filter = typeOf(op.getFilter()).getShape();
  int64_t inputs = filter[0], outputs = filter[1];
  Layer layer{"ConvTranspose2d", "up", {op}, op.getInput(), op.getResult(), {*weight}, {}};
  bool biased = takeBias(layer, 1, uses);
  layer.settings = [=](SlotTable &slots) {
    return windowSettings(inputs, outputs, *window, slots) + (biased ? "" : ", biased: false");
  };
  return layer;
}

/// `, epsilon: 1e-12`, unless it is what the layer begins with.
static std::string epsilonText(double epsilon, double usual) {
  return settingText(epsilon) == settingText(usual) ? "" : ", epsilon: " + settingText(epsilon);
}

/// A normalisation whose operands after the first are all vectors of weights.
static std::optional<Layer> matchNorm(Operation *op, StringRef model, ArrayRef<StringRef> names,
                                      double usualEpsilon) {
  if (op->getNumOperands() != names.size() + 1)
    return std::nullopt;
  Layer layer{model, "norm", {op}, op->getOperand(0), op->getResult(0), {}, {}};
  for (auto [name, operand] : llvm::zip_equal(names, llvm::drop_begin(op->getOperands()))) {
    std::optional<Weight> weight = weightOf(name, operand, 1);
    if (!weight)
      return std::nullopt;
    layer.weights.push_back(*weight);
  }
  int64_t width = typeOf(op->getOperand(1)).getShape()[0];
  double epsilon = op->getAttrOfType<mlir::FloatAttr>("epsilon").getValueAsDouble();
  auto groups = op->getAttrOfType<mlir::IntegerAttr>("groups");
  StringRef role = isa<BatchNormOp, GroupNormOp>(op) ? "channels" : "width";
  layer.settings = [=](SlotTable &slots) {
    return (groups ? slots.add(groups.getInt(), "groups") + ", " : "") + slots.add(width, role) +
           epsilonText(epsilon, usualEpsilon);
  };
  return layer;
}

static bool normalisesLast(Operation *op) {
  int64_t axis = op->getAttrOfType<mlir::IntegerAttr>("axis").getInt();
  return axis == typeOf(op->getOperand(0)).getRank() - 1;
}

static std::optional<Layer> matchEmbedding(GatherOp op) {
  std::optional<Weight> weight = weightOf("weight", op.getInput(), 2);
  if (!weight || !weight->permutation.empty() || op.getAxis() != 0 || op.getBatchDims() != 0)
    return std::nullopt;
  // A constant index is a part of a tensor, not a look-up.
  if (!baseOf(op.getIndices()))
    return std::nullopt;
  ArrayRef<int64_t> table = typeOf(op.getInput()).getShape();
  int64_t count = table[0], width = table[1];
  Layer layer{"Embedding", "embedding", {op}, op.getIndices(), op.getResult(), {*weight}, {}};
  layer.settings = [=](SlotTable &slots) {
    return slots.add(count, "count") + ", " + slots.add(width, "width");
  };
  return layer;
}

std::optional<Layer> matchLayer(Operation *op, const UseMap &uses) {
  if (auto contract = dyn_cast<ContractOp>(op))
    return matchLinear(contract, uses);
  if (auto conv = dyn_cast<ConvOp>(op))
    return matchConv(conv, uses);
  if (auto conv = dyn_cast<ConvTransposeOp>(op))
    return matchConvTranspose(conv, uses);
  if (isa<BatchNormOp>(op))
    return matchNorm(op, "BatchNorm", {"scale", "shift", "mean", "variance"}, 1e-5);
  if (isa<GroupNormOp>(op))
    return matchNorm(op, "GroupNorm", {"scale", "shift"}, 1e-5);
  if (isa<LayerNormOp>(op) && normalisesLast(op))
    return matchNorm(op, "LayerNorm", {"scale", "shift"}, 1e-5);
  if (isa<RmsNormOp>(op) && normalisesLast(op))
    return matchNorm(op, "RmsNorm", {"scale"}, 1e-6);
  if (auto gather = dyn_cast<GatherOp>(op))
    return matchEmbedding(gather);
  return std::nullopt;
}

} // namespace weft::source
