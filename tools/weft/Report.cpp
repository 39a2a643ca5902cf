// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Prints errors, progress and the JSON object of a verb.

#include "tools/weft/Report.h"

#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

namespace weft {

namespace json = llvm::json;

Report::Report(StringRef verbName, bool asJson)
    : verb(verbName), json(asJson),
      showsProgress(!asJson && llvm::sys::Process::StandardErrIsDisplayed()) {}

void Report::add(json::Object message) {
  sawFault |= blamesUs;
  errors.push_back(std::move(message));
}

int Report::error(const Twine &message) {
  finishProgress();
  std::string text = message.str();
  llvm::errs() << "weft " << verb << ": error: " << text << "\n";
  add(json::Object{{"severity", "error"}, {"message", text}});
  return exitCode();
}

int Report::error(llvm::Error wrong) {
  llvm::handleAllErrors(std::move(wrong),
                        [&](const llvm::ErrorInfoBase &info) { error(info.message()); });
  return exitCode();
}

void Report::addShown(json::Array messages) {
  for (json::Value &message : messages)
    errors.push_back(std::move(message));
}

void Report::set(StringRef key, json::Value value) {
  setRaw(key, llvm::formatv("{0}", value).str());
}

void Report::setRaw(StringRef key, std::string text) {
  result.push_back({key.str(), std::move(text)});
}

static void writeRaw(json::OStream &object, StringRef key, StringRef text) {
  object.attributeBegin(key);
  object.rawValue(text);
  object.attributeEnd();
}

void Report::say(const Twine &message) {
  finishProgress();
  if (!json)
    llvm::outs() << message << "\n";
  llvm::outs().flush();
}

int Report::finish() {
  finishProgress();
  if (!json)
    return exitCode();
  json::OStream object(llvm::outs());
  object.object([&] {
    object.attribute("verb", verb);
    object.attribute("good", !hasErrors());
    if (hasErrors())
      return object.attribute("errors", json::Array(errors));
    for (const auto &[key, text] : result)
      writeRaw(object, key, text);
  });
  llvm::outs() << "\n";
  return exitCode();
}

void Report::progress(const Twine &step) {
  if (!showsProgress)
    return;
  finishProgress();
  llvm::errs() << "weft " << verb << ": " << step;
}

void Report::finishProgress() {
  if (showsProgress)
    llvm::errs() << "\r\x1b[K";
}

/// A diagnostic with its place, where it has one in a file.
static json::Object describe(mlir::Diagnostic &diagnostic) {
  json::Object object{{"message", diagnostic.str()}};
  if (auto place = diagnostic.getLocation()->findInstanceOf<mlir::FileLineColLoc>()) {
    object["file"] = place.getFilename().str();
    object["line"] = place.getLine();
    object["column"] = place.getColumn();
  }
  return object;
}

DiagnosticReporter::DiagnosticReporter(Report &target, llvm::SourceMgr &sources,
                                       MLIRContext *context)
    : SourceMgrDiagnosticHandler(sources, context) {
  setHandler([&target, this](mlir::Diagnostic &diagnostic) {
    bool isError = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
    bool hasPlace = !!diagnostic.getLocation()->findInstanceOf<mlir::FileLineColLoc>();
    if (isError && !hasPlace && diagnostic.getNotes().empty()) { // MLIR would say <unknown>:0
      target.error(diagnostic.str());
      return success();
    }
    target.finishProgress();
    emitDiagnostic(diagnostic);
    if (!isError)
      return success();
    json::Object object = describe(diagnostic);
    object["severity"] = "error";
    json::Array notes;
    for (mlir::Diagnostic &note : diagnostic.getNotes())
      notes.push_back(describe(note));
    if (!notes.empty())
      object["notes"] = std::move(notes);
    target.add(std::move(object));
    return success();
  });
}

} // namespace weft
