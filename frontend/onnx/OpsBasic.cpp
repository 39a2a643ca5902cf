// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators about the graph itself: constants, identities and the sizes of tensors.

#include "frontend/onnx/Importer.h"

namespace weft {

static void identity(Node &n) {
  if (n.value(0).sequence)
    return n.setSequence(0, *n.value(0).sequence);
  n.set(0, n.input(0));
}

/// One of several attributes holds the value.
static void constant(Node &n) {
  StringRef name = n.proto.output_size() > 0 ? StringRef(n.proto.output(0)) : "constant";
  if (const onnx::TensorProto *tensor = n.tensor("value"))
    return n.set(0, n.importTensor(*tensor, name));
  if (n.hasAttribute("value_float"))
    return n.set(0, n.b.scalar(n.b.f32(), n.real("value_float", 0)));
  if (n.hasAttribute("value_int"))
    return n.set(0, n.b.scalarInteger(n.b.i64(), n.integer("value_int", 0)));
  if (n.hasAttribute("value_floats"))
    return n.set(0, n.b.reals(n.reals("value_floats"), n.b.f32()));
  if (n.hasAttribute("value_ints"))
    return n.set(0, n.b.integers(n.integers("value_ints")));
  for (StringRef foreign : {"value_string", "value_strings", "sparse_value"})
    if (n.hasAttribute(foreign))
      return n.fail("the attribute '" + foreign + "' is not supported: Weft has no such tensors");
  n.fail("has no value");
}

/// The sizes from `start` to `end`, which are clamped.
static void shape(Node &n) {
  SmallVector<Dim> dims = n.dims(0);
  for (const Dim &dim : dims)
    n.importer.addSize(dim);
  int64_t rank = static_cast<int64_t>(dims.size());
  auto clamp = [&](int64_t place) {
    return std::clamp<int64_t>(place < 0 ? place + rank : place, 0, rank);
  };
  int64_t start = clamp(n.integer("start", 0)), end = clamp(n.integer("end", rank));
  n.set(0, n.b.sizes(ArrayRef(dims).slice(start, std::max<int64_t>(end - start, 0))));
}

static void size(Node &n) { n.set(0, n.b.size(productOf(n.dims(0)))); }

static constexpr OnnxRow rows[] = {
    {"Constant", 1, constant},
    {"Identity", 1, identity, OnnxRowKind::Elementwise},
    {"Identity", 14, identity, OnnxRowKind::Structural},
    {"Shape", 1, shape},
    {"Size", 1, size},
};

ArrayRef<OnnxRow> onnxBasicRows() { return rows; }

} // namespace weft
