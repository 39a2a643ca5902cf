// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a verb speaks: errors on stderr or in one JSON object on stdout, progress on a terminal, and
// the exit code that follows from what was said.

#ifndef WEFT_TOOLS_WEFT_REPORT_H
#define WEFT_TOOLS_WEFT_REPORT_H

#include "ir/Mlir.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SourceMgr.h"

namespace weft {

/// What the shell sees.
enum ExitCode : int { exitGood = 0, exitUserError = 1, exitOurFault = 2 };

/// Gathers what one run of a verb has to say.
class Report {
public:
  Report(StringRef verbName, bool json);
  Report(const Report &) = delete;
  Report &operator=(const Report &) = delete;

  bool isJson() const { return json; }

  /// Says an error; gives the exit code.
  int error(const Twine &message);
  int error(llvm::Error error);
  /// Adds messages that were shown already, as the frontend's.
  void addShown(llvm::json::Array messages);

  /// Whether errors that are said from here on are faults of the compiler and not of its input.
  void blameUs(bool ours) { blamesUs = ours; }
  bool hasErrors() const { return !errors.empty(); }
  int exitCode() const { return !hasErrors() ? exitGood : sawFault ? exitOurFault : exitUserError; }

  /// A member of the JSON object that a good run prints.
  void set(StringRef key, llvm::json::Value value);
  /// The same for a value that is JSON text already.
  void setRaw(StringRef key, std::string text);

  /// Says something on stdout; nothing where stdout is one JSON object.
  void say(const Twine &message);

  /// Ends the run: prints the JSON object if one was asked for, and gives the exit code.
  int finish();

  /// Shows what is being done, on a terminal only; the next step or the end takes its place.
  void progress(const Twine &step);
  void finishProgress();

private:
  friend class DiagnosticReporter;
  void add(llvm::json::Object message);

  std::string verb;
  bool json, showsProgress, blamesUs = false, sawFault = false;
  llvm::json::Array errors;
  std::vector<std::pair<std::string, std::string>> result; // members, as JSON text
};

/// Sends MLIR's diagnostics to a report while it lives.
class DiagnosticReporter : public mlir::SourceMgrDiagnosticHandler {
public:
  DiagnosticReporter(Report &target, llvm::SourceMgr &sources, MLIRContext *context);
};

} // namespace weft

#endif // WEFT_TOOLS_WEFT_REPORT_H
