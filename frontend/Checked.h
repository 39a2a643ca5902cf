// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The checked program: what elaboration hands to emission. Every exported function is one dataflow
// graph in program order; every value has a type with symbolic dimensions, every operation names an
// operation of the dialect, its attributes and the place in the user's source that asked for it.
#pragma once

#include "frontend/Types.h"
#include "mlir/IR/Attributes.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/SMLoc.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft {

/// A range of the source text.
using Span = llvm::SMRange;

/// A value of one graph: an index into `CheckedGraph::values`.
using ValueId = unsigned;

struct CheckedValue {
  ValueType type;
  /// The expression that made the value.
  Span span;
};

struct CheckedOp;

/// A list of operations with arguments and results: the body of a graph, or a region of an
/// operation.
struct CheckedBlock {
  llvm::SmallVector<ValueId> arguments;
  std::vector<CheckedOp> ops;
  llvm::SmallVector<ValueId> results;
};

struct CheckedOp {
  /// The full name of the operation, such as `weft.add`.
  std::string name;
  llvm::SmallVector<ValueId> operands;
  llvm::SmallVector<mlir::NamedAttribute> attributes;
  llvm::SmallVector<ValueId> results;
  Span span;
  std::vector<CheckedBlock> regions;
};

/// A learned tensor (`param`) or a tensor that training updates (`state`), named by its dotted
/// path.
struct CheckedParameter {
  std::string path;
  ValueType type;
  bool isState = false;
  std::string doc;
  Span span;
};

struct CheckedInput {
  std::string name;
  ValueId value;
};

/// One dataflow graph: an exported function, or the initialisation of the parameters.
struct CheckedGraph {
  std::string name;
  std::string doc;
  Span span;
  std::vector<CheckedValue> values;
  /// Parameters read by the graph (index into `CheckedProgram::parameters`) and their values, in
  /// order of first use.
  llvm::MapVector<unsigned, ValueId> parameters;
  /// What parameters and states become by a call, in the order in which they first change.
  llvm::MapVector<unsigned, ValueId> updates;
  std::vector<CheckedInput> inputs;
  std::vector<std::string> resultNames;
  CheckedBlock body;
};

struct CheckedProgram {
  std::string name;
  std::string doc;
  std::vector<CheckedParameter> parameters;
  std::vector<CheckedGraph> exports;
  /// One result for each parameter, in order; the input is the seed. Absent without parameters.
  std::optional<CheckedGraph> initialisation;
};

} // namespace weft
