// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sequences, which are lists known while importing, and optionals, which are there or not.

#include "frontend/onnx/Importer.h"
#include "frontend/onnx/OpsCommon.h"

namespace weft {

using Tensors = SmallVector<Value>;

/// A tensor cut into more parts than this is no sequence that a graph works on.
static constexpr int64_t mostParts = 4096;

/// The list; a failure and null if the input is a tensor.
static const Tensors *sequenceOf(Node &n, size_t index) {
  const std::optional<Tensors> &found = n.value(index).sequence;
  if (found)
    return &*found;
  n.fail("input " + Twine(index) + " is a tensor, but a sequence is expected");
  return nullptr;
}

/// A known place in a list of `size`; counted from the end where it is negative.
static std::optional<int64_t> placeIn(Node &n, size_t index, int64_t size) {
  auto known = n.knownIntegers(index, "a place in a sequence");
  if (!known || known->size() != 1)
    return std::nullopt;
  int64_t place = known->front() < 0 ? known->front() + size : known->front();
  if (place >= 0 && place < size)
    return place;
  n.fail("place " + Twine(known->front()) + " is outside of the sequence");
  return std::nullopt;
}

static void empty(Node &n) {
  n.ignore("dtype");
  n.setSequence(0, {});
}

static void construct(Node &n) { n.setSequence(0, n.allInputs()); }

/// A place that is not known while importing needs tensors of one type, which are stacked.
static void at(Node &n) {
  const Tensors *list = sequenceOf(n, 0);
  Value place = n.input(1);
  if (!list || !place)
    return;
  bool isUniform = !list->empty() && llvm::all_of(*list, [&](Value one) {
    return one.getType() == list->front().getType();
  });
  if (!n.maybeKnown(place) && isUniform) {
    Dim size(static_cast<int64_t>(list->size()));
    Value index = wrapIndex(n.b, n.b.reshape(place, {}), size);
    return n.set(0, n.b.gather(n.b.stack(*list, 0), index, 0));
  }
  if (auto known = placeIn(n, 1, static_cast<int64_t>(list->size())))
    n.set(0, (*list)[*known]);
}

static void insert(Node &n) {
  const Tensors *list = sequenceOf(n, 0);
  if (!list)
    return;
  Tensors result = *list;
  int64_t place = static_cast<int64_t>(list->size());
  if (n.has(2)) {
    auto known = n.knownIntegers(2, "a place in a sequence");
    if (!known || known->size() != 1)
      return;
    int64_t size = place;
    place = known->front() < 0 ? known->front() + size : known->front();
    if (place < 0 || place > size)
      return n.fail("place " + Twine(known->front()) + " is outside of the sequence");
  }
  result.insert(result.begin() + place, n.input(1));
  n.setSequence(0, result);
}

static void erase(Node &n) {
  const Tensors *list = sequenceOf(n, 0);
  if (!list)
    return;
  int64_t size = static_cast<int64_t>(list->size());
  std::optional<int64_t> place = size - 1;
  if (n.has(1))
    place = placeIn(n, 1, size);
  if (!place || *place < 0)
    return n.fail("takes from an empty sequence");
  Tensors result = *list;
  result.erase(result.begin() + *place);
  n.setSequence(0, result);
}

static void length(Node &n) {
  if (const Tensors *list = sequenceOf(n, 0))
    n.set(0, n.b.scalarInteger(n.b.i64(), static_cast<int64_t>(list->size())));
}

static void concat(Node &n) {
  const Tensors *list = sequenceOf(n, 0);
  bool isNew = n.integer("new_axis", 0) != 0;
  if (!n.needs("axis") || !list)
    return;
  if (list->empty())
    return n.fail("joins an empty sequence");
  int64_t rank = n.b.rank(list->front()) + (isNew ? 1 : 0);
  auto axis = n.axis(n.integer("axis", 0), rank);
  if (axis)
    n.set(0, isNew ? n.b.stack(*list, *axis) : n.b.concat(*list, *axis));
}

/// The sizes of the parts: given one by one, as one size for all, or 1.
static std::optional<SmallVector<int64_t>> partsOf(Node &n, int64_t size) {
  if (!n.has(1))
    return SmallVector<int64_t>(std::min(size, mostParts + 1), 1);
  auto known = n.knownIntegers(1, "the parts of a tensor");
  if (!known || n.rank(1) > 0)
    return known;
  SmallVector<int64_t> sizes;
  int64_t part = known->front();
  if (part < 1) {
    n.fail("cuts a tensor into parts of " + Twine(part));
    return std::nullopt;
  }
  for (int64_t left = size; left > 0 && std::ssize(sizes) <= mostParts; left -= part)
    sizes.push_back(std::min(left, part));
  return sizes;
}

static void split(Node &n) {
  Value x = n.input(0);
  auto axis = n.axis(n.integer("axis", 0), n.b.rank(x));
  bool keep = n.integer("keepdims", 1) != 0 || n.has(1);
  if (!axis)
    return;
  std::optional<int64_t> size = n.b.dims(x)[*axis].constant();
  if (!size)
    return n.fail("the size of axis " + Twine(*axis) +
                  " is not known, so it cannot be cut: fix it with --dim");
  auto parts = partsOf(n, *size);
  if (!parts)
    return;
  if (std::ssize(*parts) > mostParts)
    return n.fail("cuts a tensor into more than " + Twine(mostParts) + " parts");
  int64_t total = 0;
  for (int64_t part : *parts) {
    if (part < 0 || part > *size - total)
      return n.fail("the parts are not those of an axis of " + Twine(*size));
    total += part;
  }
  if (total != *size)
    return n.fail("the parts are not those of an axis of " + Twine(*size));
  Tensors result;
  int64_t start = 0;
  for (int64_t part : *parts) {
    Value piece = n.b.sliceAxis(x, *axis, start, start + part);
    result.push_back(keep ? piece : n.b.squeeze(piece, *axis));
    start += part;
  }
  n.setSequence(0, result);
}

/// The body once for each place of the first sequence; tensors are given to each as they are.
static void map(Node &n) {
  const onnx::GraphProto *body = n.graph("body");
  const Tensors *first = sequenceOf(n, 0);
  if (!n.needs("body") || !body || !first)
    return;
  SmallVector<Tensors> results(n.numOutputs());
  for (size_t step = 0; step < first->size(); ++step) {
    SmallVector<OnnxValue> arguments;
    for (size_t i = 0; i < n.numInputs(); ++i) {
      OnnxValue given = n.value(i);
      if (given.sequence && step >= given.sequence->size())
        return n.fail("its sequences have different lengths");
      arguments.push_back(given.sequence
                              ? OnnxValue{(*given.sequence)[step], std::nullopt, Value(), 0, false}
                              : given);
    }
    SmallVector<OnnxValue> made = n.importValues(*body, arguments);
    if (!n.isGood() || made.size() < results.size())
      return n.fail("its body gives " + Twine(made.size()) + " results");
    for (auto [list, one] : llvm::zip(results, made))
      list.push_back(one.value);
  }
  for (auto [index, list] : llvm::enumerate(results)) {
    if (llvm::is_contained(list, Value()))
      return n.fail("its body gives a sequence");
    n.setSequence(index, list);
  }
}

//===-- Optionals ---------------------------------------------------------------------------===//

static void optional(Node &n) {
  n.ignore("type");
  OnnxValue nothing;
  nothing.isAbsent = true;
  n.setValue(0, n.has(0) ? n.value(0) : nothing);
}

static void getElement(Node &n) {
  if (!n.has(0))
    return n.fail("takes the element of an empty optional");
  n.setValue(0, n.value(0));
}

static void hasElement(Node &n) {
  n.set(0, n.b.cast(n.b.scalarInteger(n.b.i32(), n.has(0) ? 1 : 0), n.b.boolType()));
}

//===-- The table ---------------------------------------------------------------------------===//

static constexpr OnnxRowKind structural = OnnxRowKind::Structural;

static constexpr OnnxRow rows[] = {
    {"ConcatFromSequence", 11, concat, structural},
    {"Optional", 15, optional, structural},
    {"OptionalGetElement", 15, getElement, structural},
    {"OptionalHasElement", 15, hasElement, structural},
    {"SequenceAt", 11, at, structural},
    {"SequenceConstruct", 11, construct},
    {"SequenceEmpty", 11, empty},
    {"SequenceErase", 11, erase, structural},
    {"SequenceInsert", 11, insert, structural},
    {"SequenceLength", 11, length, structural},
    {"SequenceMap", 17, map, structural},
    {"SplitToSequence", 11, split},
};

ArrayRef<OnnxRow> onnxSequenceRows() { return rows; }

} // namespace weft
