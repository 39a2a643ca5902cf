// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of message kinds, and the collection of reports in source order.
#include "frontend/Diagnostics.h"

#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/SourceMgr.h"

#include <algorithm>
#include <tuple>

using namespace llvm;

namespace weft {

namespace {

struct Row {
  StringRef name;
  Severity severity;
  StringRef format;
};

constexpr Row rows[] = {
#define WEFT_DIAGNOSTIC(id, name, severity, text) {name, Severity::severity, text},
#include "frontend/Diagnostics.def"
};

/// More reports than this are of no use to anybody: a file of noise must not fill the memory.
constexpr size_t maxKept = 1000;

} // namespace

StringRef kindName(Diag kind) { return rows[static_cast<unsigned>(kind)].name; }
Severity severityOf(Diag kind) { return rows[static_cast<unsigned>(kind)].severity; }
StringRef formatOf(Diag kind) { return rows[static_cast<unsigned>(kind)].format; }

std::string formatDiagnostic(StringRef format, ArrayRef<std::string> arguments) {
  std::string text;
  while (!format.empty()) {
    unsigned index = 0;
    StringRef rest = format.drop_front();
    if (format.starts_with("{{")) {
      text += '{';
      format = format.drop_front(2);
    } else if (format.front() == '{' && !rest.consumeInteger(10, index) &&
               rest.consume_front("}") && index < arguments.size()) {
      text += arguments[index];
      format = rest;
    } else {
      text += format.front();
      format = format.drop_front();
    }
  }
  return text;
}

Diagnostic &DiagnosticEngine::add(Diag kind, SMRange where, std::string message) {
  if (severityOf(kind) == Severity::Error)
    ++numErrors;
  // Once full, the last one is written over: the caller may still attach its notes to something.
  if (diagnostics.size() >= maxKept)
    diagnostics.pop_back();
  return diagnostics.emplace_back(kind, where, std::move(message));
}

std::vector<const Diagnostic *> DiagnosticEngine::sorted() const {
  struct Entry {
    unsigned buffer;
    const char *start;
    size_t reported;
    const Diagnostic *diagnostic;
  };
  std::vector<Entry> entries;
  for (const Diagnostic &diagnostic : diagnostics) {
    SMLoc start = diagnostic.range.Start;
    unsigned buffer = start.isValid() ? sources.FindBufferContainingLoc(start) : 0;
    entries.push_back({buffer, start.getPointer(), entries.size(), &diagnostic});
  }
  // Pointers of one buffer are in source order; across buffers, the number of the buffer decides.
  llvm::sort(entries, [](const Entry &a, const Entry &b) {
    return std::tie(a.buffer, a.start, a.reported) < std::tie(b.buffer, b.start, b.reported);
  });
  std::vector<const Diagnostic *> result;
  DenseSet<std::tuple<unsigned, const char *, const char *>> seen;
  for (const Entry &entry : entries)
    if (seen.insert({static_cast<unsigned>(entry.diagnostic->kind), entry.start,
                     entry.diagnostic->range.End.getPointer()})
            .second ||
        !entry.start)
      result.push_back(entry.diagnostic);
  return result;
}

SourcePlace DiagnosticEngine::place(SMLoc loc) const {
  unsigned buffer = loc.isValid() ? sources.FindBufferContainingLoc(loc) : 0;
  if (!buffer)
    return {};
  auto [line, byteColumn] = sources.getLineAndColumn(loc, buffer);
  StringRef before(loc.getPointer() - (byteColumn - 1), byteColumn - 1);
  // Every byte that does not continue a UTF-8 sequence starts a character.
  unsigned characters =
      llvm::count_if(before, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return {sources.getMemoryBuffer(buffer)->getBufferIdentifier(), line, characters + 1};
}

StringRef DiagnosticEngine::textOf(SMRange range) {
  if (!range.isValid() || range.End.getPointer() < range.Start.getPointer())
    return {};
  return {range.Start.getPointer(),
          static_cast<size_t>(range.End.getPointer() - range.Start.getPointer())};
}

} // namespace weft
