// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Collects what the frontend has to say about a program and shows it in source order. Comes in:
// reports with source ranges, in any order. Goes out: text with caret and underlines, or JSON.
// Each kind of message is a row of Diagnostics.def.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/SMLoc.h"

#include <deque>
#include <string>
#include <type_traits>
#include <vector>

namespace llvm {
class SourceMgr;
class raw_ostream;
} // namespace llvm

namespace weft {

enum class Severity { Error, Warning };

/// One enumerator for each row of Diagnostics.def: `Diag::UnknownName`.
enum class Diag : unsigned {
#define WEFT_DIAGNOSTIC(id, name, severity, text) id,
#include "frontend/Diagnostics.def"
};

/// "unknown-name".
llvm::StringRef kindName(Diag kind);
Severity severityOf(Diag kind);
/// The row's text, with its {0}, {1}.
llvm::StringRef formatOf(Diag kind);

/// How an argument of a message reads. Anything that is text, a Twine, or an integer.
inline std::string diagnosticText(const llvm::Twine &text) { return text.str(); }
template <typename Int, std::enable_if_t<std::is_integral_v<Int>, int> = 0>
std::string diagnosticText(Int value) {
  return std::to_string(value);
}

/// `format` with {0}, {1}, ... replaced; `{{` is one brace.
std::string formatDiagnostic(llvm::StringRef format, llvm::ArrayRef<std::string> arguments);

/// A place in a source file. Lines and columns start at 1; columns count characters.
struct SourcePlace {
  llvm::StringRef file;
  unsigned line = 0, column = 0;
  bool isKnown() const { return line != 0; }
};

/// One message with its notes. The caret stands at the start of `range`, which is underlined.
class Diagnostic {
public:
  struct Note {
    llvm::SMRange range; // may be unknown: the note then has no place
    std::string message;
    llvm::SmallVector<llvm::SMRange, 2> underlines;
  };
  /// An edit that is certain: replace `range` (empty: insert) by `text`.
  struct Fix {
    llvm::SMRange range;
    std::string text;
  };

  Diagnostic(Diag kind, llvm::SMRange range, std::string message)
      : kind(kind), range(range), message(std::move(message)) {}

  /// Underlines one more part of the line, as the operands of the wrong operator.
  Diagnostic &underline(llvm::SMRange part) {
    underlines.push_back(part);
    return *this;
  }
  /// Says where the other half of a contradiction came from. `format` as in Diagnostics.def.
  template <typename... Args>
  Diagnostic &note(llvm::SMRange where, llvm::StringRef format, const Args &...args) {
    notes.push_back({where, formatDiagnostic(format, {diagnosticText(args)...}), {}});
    return *this;
  }
  Diagnostic &fix(llvm::SMRange where, const llvm::Twine &replacement) {
    fixes.push_back({where, replacement.str()});
    return *this;
  }

  Diag kind;
  llvm::SMRange range;
  std::string message;
  llvm::SmallVector<llvm::SMRange, 2> underlines;
  std::vector<Note> notes;
  std::vector<Fix> fixes;
};

/// Gathers reports; shows each mistake once, sorted by file and place, at most `maxShown`.
class DiagnosticEngine {
public:
  static constexpr size_t maxShown = 20;

  explicit DiagnosticEngine(const llvm::SourceMgr &sources) : sources(sources) {}

  /// Reports a message of `kind` at `where` (an unknown range for a message about no place). The
  /// reference stays good for the engine's life:
  ///   engine.report(Diag::UnknownName, name.range, name.text).note(...);
  /// Of several reports with the same kind and range, the first is shown.
  template <typename... Args>
  Diagnostic &report(Diag kind, llvm::SMRange where, const Args &...args) {
    return add(kind, where, formatDiagnostic(formatOf(kind), {diagnosticText(args)...}));
  }

  size_t errorCount() const { return numErrors; }
  bool hasErrors() const { return numErrors != 0; }

  /// All messages in source order, without repetitions and without the limit.
  std::vector<const Diagnostic *> sorted() const;

  void print(llvm::raw_ostream &os, bool color = false) const;
  /// [{"kind":..., "severity":..., "message":..., "file":..., "line":..., "column":...,
  ///   "endLine":..., "endColumn":..., "notes":[...], "fixes":[...]}]
  llvm::json::Array toJson() const;

  /// Where `loc` is; unknown for a null location.
  SourcePlace place(llvm::SMLoc loc) const;
  /// The text between the ends of `range`, empty if unknown.
  static llvm::StringRef textOf(llvm::SMRange range);
  const llvm::SourceMgr &sourceMgr() const { return sources; }

private:
  Diagnostic &add(Diag kind, llvm::SMRange where, std::string message);

  const llvm::SourceMgr &sources;
  std::deque<Diagnostic> diagnostics;
  size_t numErrors = 0;
};

} // namespace weft
