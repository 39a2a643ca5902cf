// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of operators. The standard gives an operator a new version when its meaning changes;
// each such version has a row, and a file's operator set chooses the newest row that is not newer
// than it. Versions that only admit more types need none.

#ifndef WEFT_FRONTEND_ONNX_OPERATORS_H
#define WEFT_FRONTEND_ONNX_OPERATORS_H

#include "frontend/onnx/Node.h"

namespace weft {

using OnnxHandler = void (*)(Node &);

/// What an operator lets through besides tensors.
enum class OnnxRowKind {
  Plain,
  /// Works element by element: a bounded operand (one whose size depends on data) gives a bounded
  /// result.
  Elementwise,
  /// Takes or gives sequences, or looks at bounded operands by itself.
  Structural,
};

struct OnnxRow {
  StringRef name;
  /// First version of the operator set in which the operator means this.
  int64_t since;
  /// Null for what is known, but out of scope: `why` says why.
  OnnxHandler handler;
  OnnxRowKind kind = OnnxRowKind::Plain;
  StringRef why = "";
  StringRef domain = "";
};

/// The newest operator set of the standard whose changes the table knows.
inline constexpr int64_t newestOnnxOpset = 24;

/// The row for an operator in a version of its operator set; null if there is none. `domain` is
/// empty for ai.onnx.
const OnnxRow *findOnnxRow(StringRef domain, StringRef name, int64_t opset);
/// The first version that has the operator, if any has it.
std::optional<int64_t> firstOnnxVersion(StringRef domain, StringRef name);

/// Holds the numbers of inputs and outputs of a node to the standard: what is wrong with them,
/// empty if nothing is. So a handler may rely on the inputs that its operator cannot do without.
std::string checkOnnxSignature(StringRef domain, const onnx::NodeProto &node);

// The families; each is one file Ops*.cpp. One list declares them and makes the table, so that none
// is left out of it.
#define WEFT_ONNX_FAMILIES(FAMILY)                                                                 \
  FAMILY(Basic)                                                                                    \
  FAMILY(Elementwise)                                                                              \
  FAMILY(Reduction)                                                                                \
  FAMILY(Neural)                                                                                   \
  FAMILY(Normalisation)                                                                            \
  FAMILY(Quantised)                                                                                \
  FAMILY(Movement)                                                                                 \
  FAMILY(Indexing)                                                                                 \
  FAMILY(Resampling)                                                                               \
  FAMILY(Sampling)                                                                                 \
  FAMILY(Detection)                                                                                \
  FAMILY(Control)                                                                                  \
  FAMILY(Matrix)                                                                                   \
  FAMILY(Einsum)                                                                                   \
  FAMILY(Sequence)                                                                                 \
  FAMILY(Recurrent)                                                                                \
  FAMILY(Transformer)                                                                              \
  FAMILY(Signal)                                                                                   \
  FAMILY(Random)                                                                                   \
  FAMILY(Training)

#define WEFT_DECLARE_FAMILY(name) ArrayRef<OnnxRow> onnx##name##Rows();
WEFT_ONNX_FAMILIES(WEFT_DECLARE_FAMILY)
#undef WEFT_DECLARE_FAMILY

} // namespace weft

#endif // WEFT_FRONTEND_ONNX_OPERATORS_H
