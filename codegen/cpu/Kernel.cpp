// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What all loop emitters share, and the loops over the elements of a shape.

#include "codegen/cpu/Kernel.h"

#include "passes/KernelRules.h"
#include "passes/LineSums.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/IR/Iterators.h"
#include "mlir/IR/TypeUtilities.h"

namespace weft {

using mlir::func::FuncOp;

/// Elements of a long innermost run that one chunk takes: 16 KiB of f32, a third of a first-level
/// cache.
static constexpr int64_t blockElements = 4096;
/// Neighbours that are written out where they do not run on.
static constexpr int64_t mostWrittenOut = 8;
/// Operations of a chunk: below about 3 microseconds, handing it to a thread would show.
static constexpr int64_t worthwhileWork = 1 << 14;
/// Elements of a loop of vectors that take the time of one operation elsewhere, at least.
static constexpr int64_t elementsAtOnce = 4;

/// The dimensions of `root` in the order in which `result`, which follows it through element-wise
/// operations and transposes, has them; none if it does not follow.
static SmallVector<int64_t> orderOf(Value result, Operation *root) {
  llvm::DenseMap<Value, SmallVector<int64_t>> orders;
  int64_t rank = cast<RankedTensorType>(root->getResult(0).getType()).getRank();
  orders[root->getResult(0)] = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  for (Operation *op = root->getNextNode(); op; op = op->getNextNode()) {
    if (auto transpose = dyn_cast<TransposeOp>(op)) {
      SmallVector<int64_t> order = orders.lookup(transpose.getInput());
      if (!order.empty())
        orders[transpose.getResult()] = llvm::map_to_vector(
            transpose.getPermutation(), [&](int64_t source) { return order[source]; });
    } else if (op->hasTrait<Elementwise>()) {
      for (Value operand : op->getOperands())
        if (SmallVector<int64_t> order = orders.lookup(operand); !order.empty())
          orders[op->getResult(0)] = std::move(order);
    }
  }
  return orders.lookup(result);
}

Kernel::Kernel(FuncOp sourceFunction, VectorTarget vectorTarget)
    : source(sourceFunction), target(vectorTarget), builder(sourceFunction.getContext()) {
  Operation *lineSum = lineSumIn(source.getBody().front());
  givesLineSums = lineSum;
  for (Operation &op : source.getBody().front()) {
    if (isRoot(&op) && &op != lineSum)
      root = &op;
    if (op.hasTrait<mlir::OpTrait::IsTerminator>())
      result = op.getOperand(0);
  }
  if (root && result)
    resultOrder = orderOf(result, root);
}

void Kernel::begin(const Dim &chunks, int64_t grain) {
  builder.setInsertionPointAfter(source);
  loops = beginLoopKernel(builder, source, chunks, grain);
  codeStore.emplace(builder, source.getLoc(), &loops.function.getBody().front());
  scalarStore.emplace(*codeStore, target.halves, target.permutes);
  elementsStore.emplace(*codeStore, *scalarStore, loops, source);
}

LogicalResult Kernel::finish() {
  mlir::func::ReturnOp::create(builder, source.getLoc());
  if (elements().hasFailed)
    return failure();
  // Indices that no element needed: users go before what they use.
  loops.function.walk<mlir::WalkOrder::PostOrder, mlir::ReverseIterator>([](Operation *op) {
    if (mlir::isOpTriviallyDead(op))
      op->erase();
  });
  source.erase();
  return success();
}

void Kernel::forChunks(Code::Body body) { code().loop(loops.begin, loops.end, 1, body); }

/// What the kernel gives, all of one shape; beside a root it is one value. Sums of its lines are
/// stored by themselves.
static ValueRange resultsOf(Kernel &kernel) {
  ValueRange all = kernel.source.getBody().front().getTerminator()->getOperands();
  return kernel.givesLineSums ? all.take_front() : all;
}

void Kernel::store(ArrayRef<Value> indices) {
  // All are computed before the first is stored, which may be over an element that others read.
  SmallVector<Value> values = llvm::map_to_vector(
      resultsOf(*this), [&](Value given) { return elements().at(given, indices); });
  Value place = code().linearize(indices, elements().sizes(result));
  for (auto [number, value] : llvm::enumerate(values))
    scalar().store(value, elements().flatOutput(number), place,
                   elementOf(resultsOf(*this)[number]));
}

void Kernel::storeFromRoot(ArrayRef<Value> indices, Value wide) {
  Value rootResult = root->getResult(0);
  elements().bind(rootResult, indices, scalar().narrow(wide, elementOf(rootResult)));
  store(llvm::map_to_vector(resultOrder, [&](int64_t dim) { return indices[dim]; }));
}

Value Kernel::scratch(int64_t count, Type type) {
  auto buffer = mlir::MemRefType::get({count}, type);
  return code().atEntry([&] {
    return mlir::memref::AllocaOp::create(builder, source.getLoc(), buffer,
                                          builder.getI64IntegerAttr(64))
        .getResult();
  });
}

int64_t Kernel::grainFor(int64_t work) {
  return std::max<int64_t>(1, worthwhileWork / std::max<int64_t>(1, work));
}

int64_t Kernel::workPerElement() {
  int64_t work = 1;
  for (Operation &op : source.getBody().front()) {
    if (isa<ExpOp, Expm1Op, LogOp, Log1pOp, SinOp, CosOp, TanhOp, ErfOp, SigmoidOp, RandomBitsOp>(
            op))
      work += 16;
    else
      work += 1;
  }
  return work;
}

//===-- Elements of a shape -----------------------------------------------------------------===//

/// Divides the elements of `tensors`, which have one shape, by what may run as one index in all.
static MapPlan planMaps(ValueRange tensors) {
  MapPlan plan;
  SmallVector<Dim> dims = dimsOf(tensors.front());
  auto isMergeable = [&](int64_t dim) {
    return llvm::all_of(tensors, [&](Value tensor) { return mergeable(tensor, dim); });
  };
  for (size_t d = 0; d < dims.size(); ++d) {
    if (d == 0 || !isMergeable(d - 1))
      plan.groups.emplace_back();
    plan.groups.back().push_back(dims[d]);
  }
  if (plan.groups.empty())
    plan.groups.emplace_back();
  // A few neighbours that do not run on with the places before them, as the channels of an image
  // that is turned: they are written out, and the places become vectors.
  auto neighbours = productOf(plan.groups.back()).constant();
  if (plan.groups.size() > 1 && neighbours && *neighbours >= 2 && *neighbours <= mostWrittenOut)
    plan.tail = plan.groups.pop_back_val();
  plan.rows = Dim(1);
  for (ArrayRef<Dim> group : ArrayRef(plan.groups).drop_back())
    plan.rows = plan.rows * productOf(group);
  plan.inner = productOf(plan.groups.back());
  auto inner = plan.inner.constant();
  if (inner && *inner <= blockElements) {
    plan.block = *inner;
    plan.blocksPerRow = Dim(*inner == 0 ? 0 : 1);
  } else {
    plan.block = blockElements;
    plan.blocksPerRow = plan.inner.ceilDiv(Dim(blockElements));
  }
  return plan;
}

MapPlan planMap(Value tensor) { return planMaps(tensor); }

namespace {
/// Concatenations whose elements the result takes one by one, all joined at the same places.
struct Joints {
  SmallVector<ConcatOp> ops;
  int64_t axis = 0;
  SmallVector<Dim> starts; ///< Of each input, and the end of the last.
};
} // namespace

static SmallVector<Dim> startsOf(ConcatOp op) {
  SmallVector<Dim> starts{Dim(0)};
  for (Value input : op.getInputs())
    starts.push_back(starts.back() + dimsOf(input)[op.getAxis()]);
  return starts;
}

static Joints jointsOf(ValueRange results) {
  Joints joints;
  llvm::SetVector<Operation *> behind;
  auto visit = [&](Value value) {
    if (Operation *op = value.getDefiningOp();
        op && (op->hasTrait<Elementwise>() || isa<ConcatOp>(op)))
      behind.insert(op);
  };
  llvm::for_each(results, visit);
  for (size_t next = 0; next < behind.size(); ++next) {
    auto concat = dyn_cast<ConcatOp>(behind[next]);
    if (!concat) {
      llvm::for_each(behind[next]->getOperands(), visit);
    } else if (joints.ops.empty()) {
      joints = {{concat}, static_cast<int64_t>(concat.getAxis()), startsOf(concat)};
    } else if (joints.axis == static_cast<int64_t>(concat.getAxis()) &&
               joints.starts == startsOf(concat)) {
      joints.ops.push_back(concat);
    }
  }
  return joints;
}

/// Each input of a concatenation has its loop: a choice inside of one loop would keep it from
/// becoming vectors. `place` is the index along the joined dimension, null if [low, high) runs
/// there.
static void forInputs(Kernel &kernel, const Joints &joints, Value place, Value low, Value high,
                      llvm::function_ref<void(Value, Value)> loop) {
  Code &code = kernel.code();
  auto start = [&](size_t input) { return kernel.elements().size(joints.starts[input]); };
  auto visit = [&](size_t input) {
    for (ConcatOp op : joints.ops)
      kernel.elements().assume(op, input);
    if (place)
      loop(low, high);
    else
      loop(code.max(low, start(input)), code.min(high, start(input + 1)));
  };
  size_t count = joints.starts.size() - 1;
  std::function<void(size_t, size_t)> choose = [&](size_t first, size_t last) {
    if (last - first == 1)
      return visit(first);
    size_t middle = first + (last - first) / 2;
    Value isBefore = code.compare(mlir::arith::CmpIPredicate::slt, place, start(middle));
    code.branch(isBefore, [&] { choose(first, middle); }, [&] { choose(middle, last); });
  };
  if (place)
    choose(0, count);
  else
    for (size_t input = 0; input < count; ++input)
      visit(input);
  for (ConcatOp op : joints.ops)
    kernel.elements().forget(op);
}

void forElements(Kernel &kernel, const MapPlan &plan, Value chunk,
                 llvm::function_ref<void(ArrayRef<Value>)> body) {
  Code &code = kernel.code();
  Elements &elements = kernel.elements();
  Value inner = elements.size(plan.inner);
  Value row = chunk, low = code.index(0), high = inner;
  if (plan.blocksPerRow != Dim(1)) {
    Value blocks = elements.size(plan.blocksPerRow);
    bool oneRow = plan.rows == Dim(1);
    row = oneRow ? code.index(0) : code.div(chunk, blocks);
    low = code.mul(oneRow ? chunk : code.rem(chunk, blocks), code.index(plan.block));
    high = code.min(inner, code.add(low, code.index(plan.block)));
  }
  ArrayRef<SmallVector<Dim>> outer = ArrayRef(plan.groups).drop_back();
  SmallVector<Value> outerSizes;
  for (const SmallVector<Dim> &group : outer)
    outerSizes.push_back(elements.size(productOf(group)));
  SmallVector<Value> places = code.delinearize(row, outerSizes);
  SmallVector<Value> fixed;
  for (auto [place, group] : llvm::zip_equal(places, outer))
    llvm::append_range(fixed, code.delinearize(place, elements.sizes(group)));
  SmallVector<Value> known = fixed;
  known.resize(dimsOf(kernel.result).size());
  if (!kernel.root)
    for (Value given : resultsOf(kernel))
      elements.prepare(given, known);
  auto loop = [&](Value from, Value to) {
    code.loop(from, to, 1, [&](Value index) {
      SmallVector<Value> indices = fixed;
      llvm::append_range(indices, code.delinearize(index, elements.sizes(plan.groups.back())));
      if (plan.tail.empty())
        return body(indices);
      for (int64_t number = 0; number < *productOf(plan.tail).constant(); ++number) {
        SmallVector<Value> all = indices;
        llvm::append_range(all, code.delinearize(code.index(number), elements.sizes(plan.tail)));
        body(all);
      }
    });
  };
  Joints joints = kernel.root ? Joints() : jointsOf(resultsOf(kernel));
  auto axis = static_cast<size_t>(joints.axis), before = fixed.size();
  // The place in a tail is known without a loop; a group of several dimensions has no joint inside.
  if (joints.ops.empty() || axis > before || (axis == before && plan.groups.back().size() > 1))
    return loop(low, high);
  forInputs(kernel, joints, axis < before ? fixed[axis] : Value(), low, high, loop);
}

void lowerMap(Kernel &kernel) {
  MapPlan plan = planMaps(resultsOf(kernel));
  int64_t work = plan.block * *productOf(plan.tail).constant() * kernel.workPerElement();
  // In double precision functions are calls.
  if (!kernel.root && !elementOf(kernel.result).isF64())
    work /= elementsAtOnce;
  kernel.begin(plan.chunks(), Kernel::grainFor(work));
  kernel.forChunks([&](Value chunk) {
    forElements(kernel, plan, chunk, [&](ArrayRef<Value> indices) {
      if (!kernel.root)
        return kernel.store(indices);
      if (Value wide = rootElement(kernel, indices))
        kernel.storeFromRoot(indices, wide);
      else
        kernel.elements().hasFailed = true;
    });
  });
}

//===-- Combination -------------------------------------------------------------------------===//

Combination combinationOf(ReduceKind kind) {
  switch (kind) {
  case ReduceKind::Sum:
    return Combination::Sum;
  case ReduceKind::Prod:
    return Combination::Prod;
  case ReduceKind::Max:
    return Combination::Max;
  case ReduceKind::Min:
    return Combination::Min;
  case ReduceKind::And:
    return Combination::And;
  case ReduceKind::Or:
    break;
  }
  return Combination::Or;
}

Combination combinationOf(CumulativeKind kind) {
  switch (kind) {
  case CumulativeKind::Sum:
    return Combination::Sum;
  case CumulativeKind::Prod:
    return Combination::Prod;
  case CumulativeKind::Max:
    return Combination::Max;
  case CumulativeKind::Min:
    break;
  }
  return Combination::Min;
}

/// The lowest or highest value of the element type.
static Value extreme(Scalar &scalar, Type element, bool highest) {
  Type type = Scalar::wideType(element);
  if (isa<mlir::FloatType>(type)) {
    double infinity = std::numeric_limits<double>::infinity();
    return scalar.constant(type, highest ? infinity : -infinity);
  }
  unsigned width = type.getIntOrFloatBitWidth();
  if (element.isUnsignedInteger() || width == 1)
    return scalar.integer(type, highest ? llvm::APInt::getMaxValue(width) : llvm::APInt(width, 0));
  return scalar.integer(type, highest ? llvm::APInt::getSignedMaxValue(width)
                                      : llvm::APInt::getSignedMinValue(width));
}

Value identityOf(Scalar &scalar, Combination kind, Type element) {
  Type type = Scalar::wideType(element);
  switch (kind) {
  case Combination::Sum:
  case Combination::Or:
    return scalar.constant(type, 0.0);
  case Combination::Prod:
  case Combination::And:
    return scalar.constant(type, 1.0);
  case Combination::Max:
    return extreme(scalar, element, /*highest=*/false);
  case Combination::Min:
    break;
  }
  return extreme(scalar, element, /*highest=*/true);
}

Value combine(Scalar &scalar, Combination kind, Value lhs, Value rhs, Type element) {
  // The wide type of a narrow float is a type of its own here: no rounding between the steps.
  bool isFloat = isa<mlir::FloatType>(element);
  Type type = isFloat ? Scalar::wideType(element) : element;
  OpBuilder &b = scalar.code.builder;
  switch (kind) {
  case Combination::Sum:
    return scalar.add(lhs, rhs, type);
  case Combination::Prod:
    return scalar.mul(lhs, rhs, type);
  case Combination::Max:
    return scalar.maximum(lhs, rhs, type);
  case Combination::Min:
    return scalar.minimum(lhs, rhs, type);
  case Combination::And:
    return mlir::arith::AndIOp::create(b, scalar.code.loc, lhs, rhs);
  case Combination::Or:
    break;
  }
  return mlir::arith::OrIOp::create(b, scalar.code.loc, lhs, rhs);
}

Value multiplyAdd(Scalar &scalar, Value a, Value b, Value sum, Type element) {
  if (isa<mlir::FloatType>(element))
    return scalar.fma(a, b, sum);
  OpBuilder &builder = scalar.code.builder;
  Value product = mlir::arith::MulIOp::create(builder, scalar.code.loc, a, b);
  return mlir::arith::AddIOp::create(builder, scalar.code.loc, sum, product);
}

Type sumType(Type element, Type resultElement) {
  return isa<mlir::FloatType>(element) ? Scalar::wideType(element)
                                       : Scalar::heldType(resultElement);
}

Value widenForSum(Scalar &scalar, Value value, Type element, Type sum) {
  if (isa<mlir::FloatType>(element))
    return scalar.widen(value, element);
  Type scalarType = mlir::getElementTypeOrSelf(value.getType());
  if (scalarType == sum)
    return value;
  Type wanted = sum;
  if (auto vector = dyn_cast<mlir::VectorType>(value.getType()))
    wanted = vector.clone(sum);
  OpBuilder &b = scalar.code.builder;
  if (isa<mlir::FloatType>(sum))
    return mlir::arith::SIToFPOp::create(b, scalar.code.loc, wanted, value);
  if (element.isUnsignedInteger())
    return mlir::arith::ExtUIOp::create(b, scalar.code.loc, wanted, value);
  return mlir::arith::ExtSIOp::create(b, scalar.code.loc, wanted, value);
}

Value nibbleOf(Scalar &scalar, Value bytes, int64_t number) {
  OpBuilder &b = scalar.code.builder;
  Location loc = scalar.code.loc;
  Type type = b.getI32Type();
  if (auto vector = dyn_cast<mlir::VectorType>(bytes.getType()))
    type = vector.clone(type);
  Value wide = mlir::arith::ExtSIOp::create(b, loc, type, bytes);
  if (number == 1)
    return mlir::arith::ShRSIOp::create(b, loc, wide, scalar.integer(type, 4));
  Value up = mlir::arith::ShLIOp::create(b, loc, wide, scalar.integer(type, 28));
  return mlir::arith::ShRSIOp::create(b, loc, up, scalar.integer(type, 28));
}

int64_t channelsOfScale(PackedConvOp op) {
  ArrayRef<int64_t> filter = cast<RankedTensorType>(op.getFilter().getType()).getShape();
  auto scales = cast<RankedTensorType>(op.getScales().getType());
  return filter[filter.size() - 2] * (op.getNibbles() ? 2 : 1) / scales.getDimSize(1);
}

} // namespace weft
