// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The derivative of one export against central differences: as a whole, and of each operation at
// the values that it sees.

#ifndef WEFT_TOOLS_WEFT_EXPORTCHECK_H
#define WEFT_TOOLS_WEFT_EXPORTCHECK_H

#include "tools/weft/CalibrationData.h"
#include "tools/weft/Compile.h"
#include "tools/weft/Differences.h"

#include "llvm/ADT/MapVector.h"

namespace weft {

/// What has been found of one operation of the program, which may have run often.
struct Finding {
  int64_t timesRun = 0, timesChecked = 0, timesAtKink = 0;
  double worst = 0; ///< Away from kinks.
  bool departs = false;
  Differences::Comparison comparison; ///< The worst.
  unsigned operand = 0;
};

/// One export, from its function to what is said of it.
class ExportCheck {
public:
  ExportCheck(Compilation &what, const InterfaceExport &theEntry, uint64_t seed)
      : compilation(what), report(what.report()), entry(theEntry), random(seed) {}

  /// Makes the function: alone, in f64, with known sizes. Says in `whyNot` why there is nothing to
  /// check.
  LogicalResult prepare(const Interface &interface, const Weights &weights,
                        const CalibrationData *data, std::string &whyNot);
  LogicalResult run();
  void show() const;
  llvm::json::Object toJson() const;
  /// Says what departs; fails if anything does.
  LogicalResult judge();

private:
  LogicalResult fail(llvm::Error error) {
    report.error(std::move(error));
    return failure();
  }
  LogicalResult isolate(ArrayRef<NamedArray> given);
  llvm::Expected<std::vector<NamedArray>> inputsFrom(const CalibrationData *data);
  LogicalResult keepFloatResults();
  void chooseOperations();
  LogicalResult compareWhole();
  LogicalResult compareOperations();
  llvm::Error visit(const reference::Step &step);
  llvm::Error compareAlone(Operation &op, TensorList point, Finding &finding);
  static mlir::func::FuncOp functionOf(Operation &op, ArrayRef<Value> inputs, ModuleOp program);
  /// One line of the table: all operations of one name.
  struct Row {
    int64_t operations = 0, atKink = 0;
    const Finding *worst = nullptr;
    Operation *where = nullptr;
  };
  llvm::MapVector<StringRef, Row> rows() const;

  Compilation &compilation;
  Report &report;
  const InterfaceExport &entry;
  Differences::Random random;
  OwningOpRef<ModuleOp> module;
  mlir::func::FuncOp function;
  TensorList arguments;
  Differences whole;
  Differences::Comparison worst; ///< Of the whole function.
  llvm::MapVector<Operation *, Finding> findings;
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_EXPORTCHECK_H
