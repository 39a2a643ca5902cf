// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the world sees of a model: its exports with their arguments and dimension names, its
// parameters and states. Read once from the module; header, descriptor, manifest and weights are
// all written from this one description.

#ifndef WEFT_CODEGEN_EMIT_INTERFACE_H
#define WEFT_CODEGEN_EMIT_INTERFACE_H

#include "ir/Shape.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "runtime/Abi.h"

#include <optional>
#include <string>
#include <vector>

namespace weft {

/// An input or output of an export.
struct InterfaceArgument {
  std::string name; // as the user wrote it
  std::string type; // as the user reads it: f32[N, 1, 8, 8]
  std::string doc;
  weft_dtype dtype = WEFT_F32;
  SmallVector<Dim> dims; // over the export's symbols
};

/// Something that the dimensions of a call must fulfil: `value` is 0 or more.
struct InterfaceRequirement {
  Dim value;
  std::string text;
};

/// What is compiled of an exported function.
struct InterfaceCode {
  std::string function; // its name in the module
  /// Numbers in Interface::parameters, then behind those Interface::derived, in the order of the
  /// entry.
  std::vector<int32_t> parameters;
  std::vector<std::string> weights; // names of the parameters it needs; before stage `kernels` only
  std::vector<InterfaceRequirement> requirements; // complete before stage `kernels` only
  std::vector<Dim> arenaBytes; // the arena holds the largest of these; empty before stage `plan`
};

/// One of several versions of an exported function.
struct InterfaceVersion : InterfaceCode {
  std::vector<std::optional<int64_t>> sizes; // for each symbol: the only one, or any

  /// "N = 1, S = 8"; "any size" where none is fixed.
  std::string text(ArrayRef<std::string> symbols) const;
};

/// An exported function. With versions it has no code of its own; `weights` are those of all.
struct InterfaceExport : InterfaceCode {
  std::string name;  // as the user wrote it
  std::string cName; // digits_predict
  std::string doc;
  std::vector<std::string> symbols; // dimension names, in order of first appearance in the inputs
  std::vector<InterfaceArgument> inputs, outputs;
  bool changesStates = false;             // as a training step does
  std::vector<InterfaceVersion> versions; // empty where there is but one

  /// Whether calls with any sizes find code.
  bool takesAnySize() const;
};

/// A parameter or state, or a tensor that is derived from such when a model is opened.
struct InterfaceParameter {
  std::string name; // conv1.weight
  std::string type; // f32[32, 1, 3, 3]
  std::string doc;
  weft_dtype dtype = WEFT_F32;
  SmallVector<int64_t> dims;
  weft_parameter_kind kind = WEFT_PARAM;
  bool learned = true; // declared as `param`; what training changes is a state to the runtime

  uint64_t sizeBytes() const;
};

/// A model.
struct Interface {
  std::string name; // as C writes it: digits
  std::string doc;
  std::vector<InterfaceExport> exports;
  std::vector<InterfaceParameter> parameters;
  std::vector<InterfaceParameter> derived; // from stage `kernels` on
  std::vector<InterfaceExport> prepare;    // whose outputs they are

  /// Whether a handle has anything of its own that is worth saving.
  bool hasStates() const;
  /// Whether a file of weights may lack a parameter: a state that nothing but functions that change
  /// states read, as an optimizer's. It is then what it is at first.
  bool mayLack(const InterfaceParameter &parameter) const;
};

/// Reads the description from a module in stage `model` to `plan`. What C or the runtime could not
/// express is an error at the function or parameter: a rank above WEFT_MAX_RANK, two exports with
/// one C name, a dimension that no input fixes.
FailureOr<Interface> readInterface(ModuleOp module);

/// The runtime's number for an element type; fails on a type that a tensor of Weft cannot have.
FailureOr<weft_dtype> dtypeOf(Type element);

/// Bytes of one element, and the name in the language: f32.
int64_t sizeBytesOf(weft_dtype dtype);
StringRef nameOf(weft_dtype dtype);

} // namespace weft

#endif // WEFT_CODEGEN_EMIT_INTERFACE_H
