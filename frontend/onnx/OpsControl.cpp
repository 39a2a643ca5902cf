// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Branches and loops. A branch whose condition is known is imported alone; a loop whose trip count
// is known is a scan over the numbers of its steps, any other a while.

#include "frontend/onnx/Importer.h"
#include "frontend/onnx/OpsCommon.h"

namespace weft {

using Values = GraphBuilder::Values;

/// A loop over sequences is unrolled, and so is one whose shapes change; not one of more steps.
static constexpr int64_t mostUnrolledSteps = 256;

/// The one element of a tensor, where it is known.
static std::optional<Dim> knownScalar(Node &n, Value value) {
  auto found = n.maybeKnown(value);
  return found && found->size() == 1 ? std::optional<Dim>(found->front()) : std::nullopt;
}

/// Conditions and trip counts may come as tensors of one element.
static Value scalarOf(Node &n, Value value) { return n.b.reshape(value, {}); }

//===-- If ----------------------------------------------------------------------------------===//

static void branch(Node &n) {
  const onnx::GraphProto *yes = n.graph("then_branch"), *no = n.graph("else_branch");
  if (!n.needs("then_branch") || !n.needs("else_branch") || !yes || !no)
    return;
  if (std::optional<Dim> known = knownScalar(n, n.input(0))) {
    for (auto [index, one] : llvm::enumerate(n.importValues(*known == Dim(0) ? *no : *yes, {})))
      n.setValue(index, one);
    return;
  }
  Values results = n.b.ifElse(
      scalarOf(n, n.input(0)), [&] { return n.importGraph(*yes, {}); },
      [&] { return n.importGraph(*no, {}); });
  for (auto [index, value] : llvm::enumerate(results))
    n.set(index, value);
}

//===-- Loop --------------------------------------------------------------------------------===//

namespace {
/// The inputs of a Loop and what is known of them.
struct LoopParts {
  const onnx::GraphProto *body;
  /// Null where there is no limit.
  Value limit;
  std::optional<Dim> trips;
  /// Null where it is true.
  Value condition;
  /// True if the condition ends nothing: it stays true.
  bool isCounted = false;
  SmallVector<OnnxValue> carries;
  size_t numStacked = 0;
};
} // namespace

/// The node of a graph that gives `name`.
static const onnx::NodeProto *producer(const onnx::GraphProto &graph, StringRef name) {
  for (const onnx::NodeProto &node : graph.node())
    for (const std::string &output : node.output())
      if (name == output)
        return &node;
  return nullptr;
}

static bool isTrueTensor(const onnx::TensorProto &tensor) {
  if (tensor.data_type() != onnx::TensorProto::BOOL)
    return false;
  if (tensor.int32_data_size() == 1)
    return tensor.int32_data(0) != 0;
  return tensor.raw_data().size() == 1 && tensor.raw_data()[0] != 0;
}

/// True if the body hands its condition on, or gives a constant that is true.
static bool staysTrue(Node &n, const onnx::GraphProto &body) {
  StringRef name = body.output(0).name();
  for (int steps = 0; steps < 64; ++steps) {
    if (name == body.input(1).name())
      return true;
    for (const onnx::TensorProto &tensor : body.initializer())
      if (name == tensor.name())
        return isTrueTensor(tensor);
    const onnx::NodeProto *node = producer(body, name);
    if (!node) {
      auto outer = n.importer.valueOf(name);
      auto known = outer ? knownScalar(n, outer->value) : std::nullopt;
      return known && *known != Dim(0) && known->isConstant();
    }
    if (node->op_type() == "Constant") {
      for (const auto &attribute : node->attribute())
        if (attribute.name() == "value" && attribute.has_t())
          return isTrueTensor(attribute.t());
      return false;
    }
    if ((node->op_type() != "Identity" && node->op_type() != "Cast") || node->input_size() != 1)
      return false;
    name = node->input(0);
  }
  return false;
}

static std::optional<LoopParts> readLoop(Node &n) {
  LoopParts loop;
  loop.body = n.graph("body");
  if (!n.needs("body") || !loop.body)
    return std::nullopt;
  for (size_t i = 2; i < n.numInputs(); ++i)
    loop.carries.push_back(n.value(i));
  int carried = static_cast<int>(loop.carries.size());
  if (loop.body->input_size() != carried + 2 || loop.body->output_size() < carried + 1) {
    n.fail("its body takes " + Twine(loop.body->input_size()) + " inputs and gives " +
           Twine(loop.body->output_size()) + " outputs for " + Twine(carried) + " carried values");
    return std::nullopt;
  }
  loop.numStacked = loop.body->output_size() - carried - 1;
  loop.limit = n.optionalInput(0);
  if (loop.limit)
    loop.trips = knownScalar(n, loop.limit);
  loop.condition = n.optionalInput(1);
  std::optional<Dim> start = knownScalar(n, loop.condition);
  if (start && *start == Dim(0))
    loop.trips = Dim(0);
  else if (start)
    loop.condition = Value();
  // A body that hands a condition on which is not known ends nothing if it holds at the start.
  loop.isCounted = !loop.condition && staysTrue(n, *loop.body);
  if (loop.trips && loop.trips->constant().value_or(0) < 0)
    loop.trips = Dim(0);
  return loop;
}

static Value trueValue(Node &n) {
  return n.b.cast(n.b.scalarInteger(n.b.i32(), 1), n.b.boolType());
}

/// The body's results: condition, carries, stacked values.
static Values importStep(Node &n, const LoopParts &loop, Value step, Value condition,
                         ArrayRef<Value> carries) {
  Values arguments = {step, condition};
  llvm::append_range(arguments, carries);
  Values results = n.importGraph(*loop.body, arguments);
  if (!results.empty())
    results[0] = scalarOf(n, results[0]);
  return results;
}

static Values carriedTensors(const LoopParts &loop) {
  return llvm::map_to_vector(loop.carries, [](const OnnxValue &one) { return one.value; });
}

static void setAll(Node &n, ArrayRef<Value> values) {
  for (auto [index, value] : llvm::enumerate(values))
    n.set(index, value);
}

static void countedLoop(Node &n, const LoopParts &loop) {
  Value steps = n.b.iota(n.b.i64(), {*loop.trips}, 0);
  setAll(n, n.b.scan(carriedTensors(loop), steps, [&](ArrayRef<Value> arguments) {
    Values results = importStep(n, loop, arguments.back(), trueValue(n), arguments.drop_back());
    if (!results.empty())
      results.erase(results.begin());
    return results;
  }));
}

/// The condition may end it before the bound: later steps keep the carries and stack zeros.
static void boundedLoop(Node &n, const LoopParts &loop) {
  GraphBuilder &b = n.b;
  Value start = loop.condition ? scalarOf(n, loop.condition) : trueValue(n);
  Values inits = {start, b.scalarInteger(b.i64(), 0)};
  llvm::append_range(inits, carriedTensors(loop));
  size_t carried = loop.carries.size();
  Values results = b.scan(inits, b.iota(b.i64(), {*loop.trips}, 0), [&](ArrayRef<Value> given) {
    Value isActive = given[0], count = given[1];
    ArrayRef<Value> old = given.drop_front(2).drop_back();
    Values made = importStep(n, loop, given.back(), isActive, old);
    if (made.empty())
      return Values();
    Values next = {b.binary<AndOp>(isActive, made[0]), b.add(count, b.cast(isActive, b.i64()))};
    for (size_t i = 0; i < carried; ++i)
      next.push_back(b.select(isActive, made[i + 1], old[i]));
    for (Value stacked : ArrayRef(made).drop_front(carried + 1))
      next.push_back(b.select(isActive, stacked, b.splatLike(stacked, 0)));
    return next;
  });
  if (results.empty())
    return;
  for (size_t i = 0; i + 2 < results.size(); ++i)
    if (i < carried)
      n.set(i, results[i + 2]);
    else
      n.setBounded(i, results[i + 2], 0, results[1]);
}

/// Nobody knows how many steps it takes, so it can stack nothing.
static void whileLoop(Node &n, const LoopParts &loop) {
  GraphBuilder &b = n.b;
  Value start = loop.condition ? scalarOf(n, loop.condition) : trueValue(n);
  Value limit = loop.limit ? scalarOf(n, b.cast(loop.limit, b.i64())) : Value();
  Values inits = {b.scalarInteger(b.i64(), 0), start};
  llvm::append_range(inits, carriedTensors(loop));
  Values results = b.whileLoop(
      inits,
      [&](ArrayRef<Value> given) {
        if (!limit)
          return Values{given[1]};
        Value isBelow = b.compare(ComparePredicate::Lt, given[0], limit);
        return Values{b.binary<AndOp>(given[1], isBelow)};
      },
      [&](ArrayRef<Value> given) {
        Values made = importStep(n, loop, given[0], given[1], given.drop_front(2));
        made.insert(made.begin(), b.add(given[0], b.scalarInteger(b.i64(), 1)));
        return made;
      });
  if (results.size() >= 2)
    setAll(n, ArrayRef(results).drop_front(2));
}

/// Keeps the old value of a carry, or gives zeros for what is stacked, once the loop has ended.
static Value whileActive(Node &n, Value isActive, Value made, Value old) {
  if (!isActive || !made)
    return made;
  return n.b.select(isActive, made, old ? old : n.b.splatLike(made, 0));
}

namespace {
/// Where an unrolled loop stands.
struct UnrolledState {
  SmallVector<OnnxValue> carries;
  SmallVector<Values> stacked;
  /// Whether the loop still runs and how many steps it took; null where nothing ends it early.
  Value isActive, count;
};
} // namespace

static void unrolledStep(Node &n, const LoopParts &loop, int64_t step, UnrolledState &state) {
  SmallVector<OnnxValue> arguments(2);
  arguments[0].value = n.b.scalarInteger(n.b.i64(), step);
  arguments[1].value = state.isActive ? state.isActive : trueValue(n);
  llvm::append_range(arguments, state.carries);
  SmallVector<OnnxValue> results = n.importValues(*loop.body, arguments);
  size_t carried = state.carries.size();
  if (results.size() != carried + loop.numStacked + 1)
    return n.fail("its body cannot be imported");
  for (size_t i = 0; i < carried; ++i) {
    OnnxValue &old = state.carries[i], &made = results[i + 1];
    if (state.isActive && made.sequence)
      return n.fail("carries a sequence, and its condition is not known while compiling");
    if (made.value)
      made.value = whileActive(n, state.isActive, made.value, old.value);
    old = made;
  }
  for (size_t i = 0; i < loop.numStacked; ++i)
    state.stacked[i].push_back(
        whileActive(n, state.isActive, results[carried + 1 + i].value, Value()));
  if (!state.isActive)
    return;
  state.count = n.b.add(state.count, n.b.cast(state.isActive, n.b.i64()));
  state.isActive = n.b.binary<AndOp>(state.isActive, scalarOf(n, results[0].value));
}

/// Step after step: for sequences, and for bodies whose shapes depend on the step.
static void unrolledLoop(Node &n, const LoopParts &loop, int64_t trips) {
  UnrolledState state = {loop.carries, SmallVector<Values>(loop.numStacked), Value(), Value()};
  if (!loop.isCounted) {
    state.isActive = loop.condition ? scalarOf(n, loop.condition) : trueValue(n);
    state.count = n.b.scalarInteger(n.b.i64(), 0);
  }
  for (int64_t step = 0; step < trips && n.isGood(); ++step)
    unrolledStep(n, loop, step, state);
  if (!n.isGood())
    return;
  for (auto [index, one] : llvm::enumerate(state.carries))
    n.setValue(index, one);
  for (auto [index, list] : llvm::enumerate(state.stacked)) {
    if (list.empty() || llvm::is_contained(list, Value()))
      return n.fail("stacks no tensors");
    size_t output = state.carries.size() + index;
    if (state.count)
      n.setBounded(output, n.b.stack(list, 0), 0, state.count);
    else
      n.set(output, n.b.stack(list, 0));
  }
}

/// As few operations as the trip count and the condition allow.
static void rolledLoop(Node &n, const LoopParts &loop) {
  if (loop.trips && loop.isCounted)
    return countedLoop(n, loop);
  if (loop.numStacked == 0)
    return whileLoop(n, loop);
  if (loop.trips)
    return boundedLoop(n, loop);
  if (!loop.limit)
    return n.fail("stacks values and has no trip count: the size of its result has no bound");
  (void)n.knownDims(0, "the size of what a loop stacks");
}

static void loop(Node &n) {
  std::optional<LoopParts> loop = readLoop(n);
  if (!loop)
    return;
  for (const OnnxValue &one : loop->carries)
    if (one.count)
      return n.fail("carries a value whose size depends on data");
  std::optional<int64_t> trips = loop->trips ? loop->trips->constant() : std::nullopt;
  bool canUnroll = trips && *trips <= mostUnrolledSteps;
  if (llvm::any_of(loop->carries, [](const OnnxValue &one) { return one.sequence.has_value(); })) {
    if (canUnroll)
      return unrolledLoop(n, *loop, *trips);
    return n.fail("carries a sequence: that needs a trip count that is known while compiling and "
                  "at most " +
                  Twine(mostUnrolledSteps));
  }
  auto before = n.importer.markErrors();
  rolledLoop(n, *loop);
  // A body whose shapes depend on the step, or grow, may still be written out.
  if (n.isGood() || !canUnroll)
    return;
  n.startAgain();
  n.importer.forgetErrors(before);
  unrolledLoop(n, *loop, *trips);
}

//===-- Scan --------------------------------------------------------------------------------===//

/// Brings dimension `from` to the place `to`.
static Value moveAxis(Node &n, Value x, int64_t from, int64_t to) {
  SmallVector<int64_t> order = allAxes(n.b.rank(x));
  if (!x || from == to)
    return x;
  order.erase(order.begin() + from);
  order.insert(order.begin() + to, from);
  return n.b.transpose(x, order);
}

static SmallVector<int64_t> perValue(Node &n, StringRef name, size_t size) {
  SmallVector<int64_t> given = n.integers(name);
  if (!given.empty() && given.size() != size)
    n.fail("'" + name + "' has " + Twine(given.size()) + " entries, but " + Twine(size) +
           " are expected");
  given.resize(size, 0);
  return given;
}

static const onnx::GraphProto *scanBody(Node &n, size_t numInputs, int64_t &numScanned) {
  const onnx::GraphProto *body = n.graph("body");
  numScanned = n.integer("num_scan_inputs", 0);
  if (!n.needs("body") || !n.needs("num_scan_inputs") || !body)
    return nullptr;
  int64_t states = static_cast<int64_t>(numInputs) - numScanned;
  if (numScanned >= 1 && states >= 0 && body->output_size() >= states)
    return body;
  n.fail("num_scan_inputs is " + Twine(numScanned) + " for " + Twine(numInputs) + " inputs");
  return nullptr;
}

static void scan(Node &n) {
  int64_t scanned = 0;
  Values inputs = n.allInputs();
  const onnx::GraphProto *body = scanBody(n, inputs.size(), scanned);
  if (!body)
    return;
  size_t states = inputs.size() - scanned, stacked = body->output_size() - states;
  auto inAxes = perValue(n, "scan_input_axes", scanned);
  auto inDirections = perValue(n, "scan_input_directions", scanned);
  auto outAxes = perValue(n, "scan_output_axes", stacked);
  auto outDirections = perValue(n, "scan_output_directions", stacked);
  if (!n.isGood())
    return;
  Values xs;
  for (auto [x, axis, direction] :
       llvm::zip(ArrayRef(inputs).drop_front(states), inAxes, inDirections)) {
    auto from = n.axis(axis, n.b.rank(x));
    if (!from)
      return;
    Value moved = moveAxis(n, x, *from, 0);
    xs.push_back(direction ? n.b.reverse(moved, 0) : moved);
  }
  Values results = n.b.scan(ArrayRef(inputs).take_front(states), xs,
                            [&](ArrayRef<Value> given) { return n.importGraph(*body, given); });
  for (auto [index, result] : llvm::enumerate(results)) {
    if (index >= states) {
      auto to = n.axis(outAxes[index - states], n.b.rank(result));
      if (!to)
        return;
      result = outDirections[index - states] ? n.b.reverse(result, 0) : result;
      result = moveAxis(n, result, 0, *to);
    }
    n.set(index, result);
  }
}

/// Opset 8: every tensor has a batch in front, the steps behind it, and examples may be shorter.
static void batchedScan(Node &n) {
  GraphBuilder &b = n.b;
  int64_t scanned = 0;
  Values inputs;
  for (size_t i = 1; i < n.numInputs(); ++i)
    inputs.push_back(n.input(i));
  const onnx::GraphProto *body = scanBody(n, inputs.size(), scanned);
  if (!body)
    return;
  size_t states = inputs.size() - scanned;
  auto directions = perValue(n, "directions", scanned);
  if (!n.isGood() || llvm::is_contained(inputs, Value()))
    return;
  for (Value input : inputs)
    if (b.rank(input) < 1)
      return n.fail("an input is a scalar, but has no dimension for the batch");
  for (size_t i = states; i < inputs.size(); ++i) {
    if (b.rank(inputs[i]) < 2)
      return n.fail("an input has no dimension for the steps");
    if (directions[i - states])
      inputs[i] = b.reverse(inputs[i], 1);
  }
  bool hasLengths = n.has(0);
  if (hasLengths && llvm::is_contained(directions, 1))
    return n.fail("runs backwards over examples of different lengths, which is not supported");
  Value length = hasLengths
                     ? b.cast(n.input(0), b.i64())
                     : b.broadcastTo(b.size(b.dims(inputs[states])[1]), b.dims(inputs.front())[0]);
  Values outer = inputs;
  outer.push_back(length);
  setAll(n, b.scan({}, outer, [&](ArrayRef<Value> example) {
    Value end = example.back();
    Values xs(example.begin() + states, example.end() - 1);
    xs.push_back(b.iota(b.i64(), b.dims(xs.front())[0], 0));
    return b.scan(example.take_front(states), xs, [&](ArrayRef<Value> given) {
      Values made = n.importGraph(*body, given.drop_back());
      if (!hasLengths)
        return made;
      Value isInside = b.compare(ComparePredicate::Lt, given.back(), end);
      for (auto [index, one] : llvm::enumerate(made))
        one = b.select(isInside, one, index < states ? given[index] : b.splatLike(one, 0));
      return made;
    });
  }));
}

//===-- The table ---------------------------------------------------------------------------===//

static constexpr OnnxRow rows[] = {
    {"If", 1, branch},
    {"Loop", 1, loop, OnnxRowKind::Structural},
    {"Scan", 8, batchedScan},
    {"Scan", 9, scan},
};

ArrayRef<OnnxRow> onnxControlRows() { return rows; }

} // namespace weft
