// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RNN, GRU and LSTM. The inputs of all steps are multiplied by their weights at once; a scan over
// the steps does what depends on the state.

#include "frontend/onnx/OpsCommon.h"

namespace weft {

using Values = GraphBuilder::Values;

namespace {
/// One of the standard's activations with its parameters.
struct Activation {
  std::string name;
  double alpha = 0, beta = 0;
};

/// One direction of a layer: B examples, T steps, H units, G gates.
struct Direction {
  Value input;         // [T, B, G * H]: projected, with its bias
  Value recurrent;     // [G * H, H]
  Value recurrentBias; // [G * H]
  Values states;       // [B, H] each
  Value peepholes;     // [3 * H], or null
  SmallVector<Activation> activations;
  double clip = 0;
  Dim units;
};
} // namespace

//===-- Activations -------------------------------------------------------------------------===//

namespace {
struct ActivationDefaults {
  StringRef name;
  bool hasAlpha, hasBeta;
  double alpha, beta;
};
} // namespace

static constexpr ActivationDefaults activationTable[] = {
    {"affine", true, true, 1, 0},           {"elu", true, false, 1, 0},
    {"hardsigmoid", true, true, 0.2, 0.5},  {"leakyrelu", true, false, 0.01, 0},
    {"relu", false, false, 0, 0},           {"scaledtanh", true, true, 1, 1},
    {"sigmoid", false, false, 0, 0},        {"softplus", false, false, 0, 0},
    {"softsign", false, false, 0, 0},       {"tanh", false, false, 0, 0},
    {"thresholdedrelu", true, false, 1, 0},
};

/// `activation_alpha` and `activation_beta` hold values for those functions that take them.
static std::optional<SmallVector<Activation>> readActivations(Node &n, size_t directions,
                                                              ArrayRef<StringRef> defaults) {
  SmallVector<StringRef> names = n.texts("activations");
  SmallVector<double> alphas = n.reals("activation_alpha"), betas = n.reals("activation_beta");
  if (names.empty())
    for (size_t i = 0; i < directions; ++i)
      llvm::append_range(names, defaults);
  if (names.size() != directions * defaults.size()) {
    n.fail("has " + Twine(names.size()) + " activations, but " +
           Twine(directions * defaults.size()) + " are expected");
    return std::nullopt;
  }
  SmallVector<Activation> result;
  size_t nextAlpha = 0, nextBeta = 0;
  for (StringRef name : names) {
    const auto *row = llvm::find_if(
        activationTable, [&](const ActivationDefaults &one) { return one.name == name.lower(); });
    if (row == std::end(activationTable)) {
      n.fail("the activation '" + name + "' is none of the standard's");
      return std::nullopt;
    }
    auto next = [](ArrayRef<double> given, size_t &place, bool takes, double otherwise) {
      return takes && place < given.size() ? given[place++] : otherwise;
    };
    double alpha = next(alphas, nextAlpha, row->hasAlpha, row->alpha);
    double beta = next(betas, nextBeta, row->hasBeta, row->beta);
    result.push_back({row->name.str(), alpha, beta});
  }
  return result;
}

/// x where x > limit, else `low`.
static Value above(GraphBuilder &b, Value x, double limit, Value low) {
  return b.select(b.compare(ComparePredicate::Gt, x, limit), x, low);
}

static Value activate(GraphBuilder &b, const Activation &f, Value x) {
  auto scaled = [&](Value y, double by) { return b.binary<MulOp>(y, by); };
  StringRef name = f.name;
  if (name == "sigmoid")
    return b.unary<SigmoidOp>(x);
  if (name == "tanh")
    return b.unary<TanhOp>(x);
  if (name == "relu")
    return b.binary<MaxOp>(x, 0);
  if (name == "affine")
    return b.binary<AddOp>(scaled(x, f.alpha), f.beta);
  if (name == "leakyrelu")
    return above(b, x, 0, scaled(x, f.alpha));
  if (name == "thresholdedrelu")
    return above(b, x, f.alpha, b.splatLike(x, 0));
  if (name == "scaledtanh")
    return scaled(b.unary<TanhOp>(scaled(x, f.beta)), f.alpha);
  if (name == "hardsigmoid")
    return b.binary<MaxOp>(b.binary<MinOp>(b.binary<AddOp>(scaled(x, f.alpha), f.beta), 1), 0);
  if (name == "elu")
    return above(b, x, 0, scaled(b.unary<Expm1Op>(b.binary<MinOp>(x, 0)), f.alpha));
  if (name == "softsign")
    return b.div(x, b.binary<AddOp>(b.unary<AbsOp>(x), 1));
  // softplus: max(x, 0) + log(1 + exp(-|x|))
  Value tail = b.unary<Log1pOp>(b.unary<ExpOp>(b.unary<NegOp>(b.unary<AbsOp>(x))));
  return b.add(b.binary<MaxOp>(x, 0), tail);
}

/// The function number `index` of a direction, on what is clipped first.
static Value applyActivation(GraphBuilder &b, const Direction &d, size_t index, Value x) {
  if (d.clip > 0)
    x = b.binary<MaxOp>(b.binary<MinOp>(x, d.clip), -d.clip);
  return activate(b, d.activations[index], x);
}

//===-- The cells ---------------------------------------------------------------------------===//

/// The part of gate `index` of [..., G * H], along its last axis.
static Value gate(GraphBuilder &b, const Direction &d, Value x, int64_t index) {
  return x ? b.sliceAxis(x, b.rank(x) - 1, Dim(index) * d.units, Dim(index + 1) * d.units) : x;
}

/// The gates `first` to `last` of the recurrent weights.
static Value gateRows(GraphBuilder &b, const Direction &d, Value x, int64_t first, int64_t last) {
  return b.sliceAxis(x, 0, Dim(first) * d.units, Dim(last) * d.units);
}

static Value timesState(GraphBuilder &b, Value state, Value weight) {
  return b.contract("bh,gh->bg", state, weight);
}

using Cell = Values (*)(Node &, const Direction &, Value input, ArrayRef<Value> states);

static Values rnnCell(Node &n, const Direction &d, Value input, ArrayRef<Value> states) {
  Value sum = n.b.add(n.b.add(input, timesState(n.b, states[0], d.recurrent)), d.recurrentBias);
  return {applyActivation(n.b, d, 0, sum)};
}

/// Gates z, r, h. Source: Cho et al., arXiv:1406.1078; with linear_before_reset the form of cuDNN.
static Values gruCell(Node &n, const Direction &d, Value input, ArrayRef<Value> states) {
  GraphBuilder &b = n.b;
  Value h = states[0];
  bool isLinearFirst = n.integer("linear_before_reset", 0) != 0;
  auto recurrent = [&](Value state, int64_t first, int64_t last) {
    Value product = timesState(b, state, gateRows(b, d, d.recurrent, first, last));
    return b.add(product, gateRows(b, d, d.recurrentBias, first, last));
  };
  Value all = recurrent(h, 0, isLinearFirst ? 3 : 2);
  auto opened = [&](int64_t index) {
    return applyActivation(b, d, 0, b.add(gate(b, d, input, index), gate(b, d, all, index)));
  };
  Value z = opened(0), r = opened(1);
  Value hidden = isLinearFirst ? b.mul(r, gate(b, d, all, 2)) : recurrent(b.mul(r, h), 2, 3);
  Value candidate = applyActivation(b, d, 1, b.add(gate(b, d, input, 2), hidden));
  return {b.add(candidate, b.mul(z, b.sub(h, candidate)))};
}

/// Gates i, o, f, c; peepholes i, o, f. Source: Hochreiter & Schmidhuber 1997, Gers et al. 2002.
static Values lstmCell(Node &n, const Direction &d, Value input, ArrayRef<Value> states) {
  GraphBuilder &b = n.b;
  Value h = states[0], c = states[1];
  bool isCoupled = n.integer("input_forget", 0) != 0;
  Value all = b.add(b.add(input, timesState(b, h, d.recurrent)), d.recurrentBias);
  auto peeped = [&](int64_t index, int64_t peephole, Value cell) {
    Value x = gate(b, d, all, index);
    return d.peepholes ? b.add(x, b.mul(gate(b, d, d.peepholes, peephole), cell)) : x;
  };
  Value i = applyActivation(b, d, 0, peeped(0, 0, c));
  Value f = isCoupled ? b.sub(b.splatLike(i, 1), i) : applyActivation(b, d, 0, peeped(2, 2, c));
  Value candidate = applyActivation(b, d, 1, gate(b, d, all, 3));
  Value cell = b.add(b.mul(f, c), b.mul(i, candidate));
  Value o = applyActivation(b, d, 0, peeped(1, 1, cell));
  return {b.mul(o, applyActivation(b, d, 2, cell)), cell};
}

//===-- A layer -----------------------------------------------------------------------------===//

/// Entry `index` along the first axis, without it.
static Value entry(GraphBuilder &b, Value x, int64_t index) {
  return x ? b.squeeze(b.sliceAxis(x, 0, index, index + 1), 0) : x;
}

/// The last states, then the output of all steps [T, B, H]. Steps behind the end of an example
/// keep its states and give zeros, so a run backwards starts at the example's end.
static Values runDirection(Node &n, const Direction &d, Cell cell, Value lengths, bool isReverse) {
  GraphBuilder &b = n.b;
  Values xs = {isReverse ? b.reverse(d.input, 0) : d.input};
  if (lengths) {
    Value steps = b.iota(b.i64(), b.dims(d.input)[0], 0);
    xs.push_back(isReverse ? b.reverse(steps, 0) : steps);
  }
  size_t numStates = d.states.size();
  Values results = b.scan(d.states, xs, [&](ArrayRef<Value> given) {
    ArrayRef<Value> states = given.take_front(numStates);
    Values next = cell(n, d, given[numStates], states);
    Value output = next[0];
    if (lengths) {
      Value isInside = b.expandDims(b.compare(ComparePredicate::Lt, given.back(), lengths), 1);
      for (auto [one, old] : llvm::zip(next, states))
        one = b.select(isInside, one, old);
      output = b.select(isInside, output, b.splatLike(output, 0));
    }
    next.push_back(output);
    return next;
  });
  if (isReverse && !results.empty())
    results.back() = b.reverse(results.back(), 0);
  return results;
}

namespace {
/// What the three operators differ in.
struct LayerKind {
  int64_t gates;
  size_t states;
  ArrayRef<StringRef> activations;
  Cell cell;
};
} // namespace

/// The dimensions that the operator cannot do without.
static bool checkLayer(Node &n, int64_t gates, int64_t directions) {
  constexpr std::pair<StringRef, int64_t> inputs[] = {
      {"X", 3},         {"W", 3},         {"R", 3}, {"B", 2}, {"sequence_lens", 1},
      {"initial_h", 3}, {"initial_c", 3}, {"P", 2}};
  for (auto [index, input] : llvm::enumerate(inputs))
    if (n.has(index) && n.rank(index) != input.second) {
      n.fail(input.first + " has " + Twine(n.rank(index)) + " dimensions, but " +
             Twine(input.second) + " are expected");
      return false;
    }
  SmallVector<Dim> weights = n.dims(1), recurrent = n.dims(2);
  if (weights[0] == Dim(directions) && weights[1] == Dim(gates) * recurrent[2])
    return true;
  n.fail("W is " + languageList(weights) + " and R " + languageList(recurrent) +
         ", but [directions, gates * hidden, ...] with " + Twine(directions) + " directions and " +
         Twine(gates) + " gates is expected");
  return false;
}

static Direction makeDirection(Node &n, const LayerKind &kind, Value x, int64_t index,
                               ArrayRef<Value> states) {
  GraphBuilder &b = n.b;
  Direction d;
  Type type = b.element(x);
  d.units = n.dims(2)[2];
  Dim width = Dim(kind.gates) * d.units;
  d.recurrent = entry(b, n.input(2), index);
  d.input = b.contract("tbi,gi->tbg", x, entry(b, n.input(1), index));
  d.recurrentBias = b.splat(type, 0, width);
  if (Value bias = entry(b, n.optionalInput(3), index)) {
    d.input = b.add(d.input, b.sliceAxis(bias, 0, 0, width));
    d.recurrentBias = b.sliceAxis(bias, 0, width, width + width);
  }
  for (Value state : states)
    d.states.push_back(state ? entry(b, state, index) : b.splat(type, 0, {b.dims(x)[1], d.units}));
  d.clip = n.real("clip", 0);
  if (kind.states == 2)
    d.peepholes = entry(b, n.optionalInput(7), index);
  return d;
}

/// With layout 1 the batch stands first.
static Value swapFirst(GraphBuilder &b, Value x) {
  SmallVector<int64_t> order = allAxes(b.rank(x));
  if (order.size() > 1)
    std::swap(order[0], order[1]);
  return x ? b.transpose(x, order) : x;
}

static void setOutputs(Node &n, ArrayRef<Values> results, size_t numStates, bool batchFirst) {
  GraphBuilder &b = n.b;
  for (size_t output = 0; output <= numStates; ++output) {
    size_t place = output == 0 ? numStates : output - 1;
    Values parts = llvm::map_to_vector(results, [&](const Values &one) { return one[place]; });
    Value joined = b.stack(parts, output == 0 ? 1 : 0);
    if (batchFirst)
      joined = output == 0 ? b.transpose(joined, {2, 0, 1, 3}) : swapFirst(b, joined);
    n.set(output, joined);
  }
}

static void layer(Node &n, const LayerKind &kind) {
  GraphBuilder &b = n.b;
  StringRef direction = n.text("direction", "forward");
  n.ignore("hidden_size");     // it is in the shape of R
  n.ignore("output_sequence"); // before opset 7: whether somebody reads the first output
  n.ignore("clip");
  n.ignore("linear_before_reset");
  n.ignore("input_forget");
  bool batchFirst = n.integer("layout", 0) != 0;
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    return n.fail("the direction is '" + direction +
                  "', but forward, reverse or bidirectional is expected");
  int64_t directions = direction == "bidirectional" ? 2 : 1;
  if (!checkLayer(n, kind.gates, directions))
    return;
  auto activations = readActivations(n, directions, kind.activations);
  if (!activations)
    return;
  Value x = n.input(0), lengths = b.cast(n.optionalInput(4), b.i64());
  Values states;
  for (size_t i = 0; i < kind.states; ++i)
    states.push_back(n.optionalInput(5 + i));
  if (batchFirst) {
    x = swapFirst(b, x);
    for (Value &state : states)
      state = swapFirst(b, state);
  }
  SmallVector<Values> results;
  for (int64_t i = 0; i < directions; ++i) {
    Direction d = makeDirection(n, kind, x, i, states);
    size_t each = kind.activations.size();
    d.activations.assign(activations->begin() + i * each, activations->begin() + (i + 1) * each);
    if (!n.isGood())
      return;
    results.push_back(runDirection(n, d, kind.cell, lengths, direction == "reverse" || i == 1));
    if (!n.isGood() || results.back().size() != kind.states + 1)
      return;
  }
  setOutputs(n, results, kind.states, batchFirst);
}

static constexpr StringRef rnnActivations[] = {"Tanh"};
static constexpr StringRef gruActivations[] = {"Sigmoid", "Tanh"};
static constexpr StringRef lstmActivations[] = {"Sigmoid", "Tanh", "Tanh"};

static void rnn(Node &n) { layer(n, {1, 1, rnnActivations, rnnCell}); }
static void gru(Node &n) { layer(n, {3, 1, gruActivations, gruCell}); }
static void lstm(Node &n) { layer(n, {4, 2, lstmActivations, lstmCell}); }

//===-- The table ---------------------------------------------------------------------------===//

static constexpr OnnxRow rows[] = {
    {"GRU", 1, gru},
    {"LSTM", 1, lstm},
    {"RNN", 1, rnn},
};

ArrayRef<OnnxRow> onnxRecurrentRows() { return rows; }

} // namespace weft
