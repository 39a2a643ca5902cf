// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft-opt: runs any pass or pipeline of the project on a module, for tests and for the curious.
// Comes in: a module as text. Goes out: the module after the passes named on the command line.

#include "tools/weft-opt/Registration.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  weft::registerToolPasses();
  mlir::DialectRegistry registry;
  weft::registerToolDialects(registry);
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Runs passes and pipelines of Weft on a module\n", registry));
}
