// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How messages look: as text with the source line, caret and underlines; and as JSON. The source
// may hold any bytes: what has no shape on a terminal is shown as U+FFFD, one column wide.
#include "frontend/Diagnostics.h"

#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/Unicode.h"

#include <algorithm>

using namespace llvm;

namespace weft {

namespace {

constexpr unsigned tabWidth = 4;
/// A line longer than this many bytes is shown only around the caret.
constexpr size_t longLineBytes = 240;
constexpr size_t contextBytes = 80;

bool continuesSequence(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// The part of the source line round `at` that is shown.
StringRef shownLine(const MemoryBuffer &buffer, const char *at) {
  const char *first = at, *last = at;
  while (first != buffer.getBufferStart() && first[-1] != '\n' && at - first < 1 << 20)
    --first;
  while (last != buffer.getBufferEnd() && *last != '\n' && last - at < 1 << 20)
    ++last;
  if (last != first && last[-1] == '\r' && last - 1 >= at)
    --last;
  if (static_cast<size_t>(last - first) > longLineBytes) {
    first = std::max(first, at - std::min<ptrdiff_t>(at - first, contextBytes));
    last = std::min(last, at + std::min<ptrdiff_t>(last - at, 2 * contextBytes));
    while (first != at && continuesSequence(*first))
      ++first;
    while (last != at && last != buffer.getBufferEnd() && continuesSequence(*last))
      --last;
  }
  return {first, static_cast<size_t>(last - first)};
}

/// A source line as it appears on a terminal: its text, and the column of each of its bytes.
struct Rendered {
  std::string text;
  std::vector<unsigned> columns; // one more than bytes: the last is the width
};

Rendered render(StringRef line) {
  Rendered result;
  unsigned column = 0;
  auto put = [&](StringRef text, size_t bytes, unsigned width) {
    result.text += text;
    result.columns.insert(result.columns.end(), bytes, column);
    column += width;
  };
  while (!line.empty()) {
    size_t bytes =
        std::min<size_t>(getNumBytesForUTF8(static_cast<UTF8>(line.front())), line.size());
    StringRef character = line.take_front(bytes);
    int width = sys::unicode::columnWidthUTF8(character);
    if (line.front() == '\t') {
      unsigned spaces = tabWidth - column % tabWidth;
      put(std::string(spaces, ' '), 1, spaces);
    } else if (width < 0) {
      bytes = 1;
      put("\xEF\xBF\xBD", 1, 1);
    } else {
      put(character, bytes, width);
    }
    line = line.drop_front(bytes);
  }
  result.columns.push_back(column);
  return result;
}

/// The lines of one message under its headline.
class Snippet {
public:
  Snippet(const MemoryBuffer &buffer, SMLoc caret)
      : line(shownLine(buffer, caret.getPointer())), rendered(render(line)) {}

  void underline(SMRange range) {
    auto [begin, end] = columnsOf(range);
    for (unsigned column = begin; column < end; ++column)
      mark(marks, column, '~');
  }
  void caret(SMLoc loc) { mark(marks, columnsOf({loc, loc}).first, '^'); }

  /// Shows `text` under the place where it would stand, unless something is there already.
  void replacement(SMRange range, StringRef text) {
    if (!touches(range) || text.empty() || text.contains('\n'))
      return;
    unsigned begin = columnsOf(range).first;
    if (begin < fixes.size())
      return;
    fixes.append(begin - fixes.size(), ' ');
    fixes += text;
  }

  void print(raw_ostream &os, StringRef on, StringRef off) const {
    os << rendered.text << '\n' << on << marks << off << '\n';
    if (!fixes.empty())
      os << on << fixes << off << '\n';
  }

private:
  bool touches(SMRange range) const {
    return range.isValid() && range.Start.getPointer() <= line.end() &&
           range.End.getPointer() >= line.begin();
  }

  std::pair<unsigned, unsigned> columnsOf(SMRange range) const {
    if (!touches(range))
      return {0, 0};
    const char *begin = std::max(range.Start.getPointer(), line.begin());
    const char *end = std::clamp(range.End.getPointer(), begin, line.end());
    return {rendered.columns[begin - line.begin()], rendered.columns[end - line.begin()]};
  }

  static void mark(std::string &marks, unsigned column, char sign) {
    if (marks.size() <= column)
      marks.resize(column + 1, ' ');
    marks[column] = sign;
  }

  StringRef line;
  Rendered rendered;
  std::string marks, fixes;
};

struct Style {
  StringRef bold, error, warning, note, marks, off;
};
constexpr Style plainStyle = {};
constexpr Style colorStyle = {"\033[1m",    "\033[1;31m", "\033[1;35m",
                              "\033[1;36m", "\033[1;32m", "\033[0m"};

/// Prints headlines and snippets of one engine.
class Printer {
public:
  Printer(const DiagnosticEngine &engine, raw_ostream &os, bool color)
      : engine(engine), os(os), style(color ? colorStyle : plainStyle) {}

  void print(const Diagnostic &diagnostic) {
    bool isError = severityOf(diagnostic.kind) == Severity::Error;
    headline(diagnostic.range.Start, isError ? style.error : style.warning,
             isError ? "error" : "warning");
    os << style.bold << diagnostic.message << style.off << " [" << kindName(diagnostic.kind)
       << "]\n";
    snippet(diagnostic.range, diagnostic.underlines, diagnostic.fixes);
    for (const Diagnostic::Note &note : diagnostic.notes) {
      headline(note.range.Start, style.note, "note");
      os << note.message << '\n';
      snippet(note.range, note.underlines, {});
    }
  }

private:
  void headline(SMLoc loc, StringRef color, StringRef label) {
    SourcePlace place = engine.place(loc);
    if (place.isKnown())
      os << style.bold << place.file << ':' << place.line << ':' << place.column << ": "
         << style.off;
    os << color << label << ": " << style.off;
  }

  void snippet(SMRange range, ArrayRef<SMRange> underlines, ArrayRef<Diagnostic::Fix> fixes) {
    unsigned buffer = range.isValid() ? engine.sourceMgr().FindBufferContainingLoc(range.Start) : 0;
    if (!buffer)
      return;
    Snippet snippet(*engine.sourceMgr().getMemoryBuffer(buffer), range.Start);
    snippet.underline(range);
    for (SMRange part : underlines)
      snippet.underline(part);
    snippet.caret(range.Start);
    for (const Diagnostic::Fix &fix : fixes)
      snippet.replacement(fix.range, fix.text);
    snippet.print(os, style.marks, style.off);
  }

  const DiagnosticEngine &engine;
  raw_ostream &os;
  const Style &style;
};

/// Adds "file", "line", "column", "endLine", "endColumn" where they are known.
void addPlace(json::Object &object, const DiagnosticEngine &engine, SMRange range) {
  SourcePlace start = engine.place(range.Start), end = engine.place(range.End);
  if (!start.isKnown() || !end.isKnown())
    return;
  object["file"] = json::fixUTF8(start.file);
  object["line"] = start.line;
  object["column"] = start.column;
  object["endLine"] = end.line;
  object["endColumn"] = end.column;
}

} // namespace

void DiagnosticEngine::print(raw_ostream &os, bool color) const {
  std::vector<const Diagnostic *> all = sorted();
  Printer printer(*this, os, color);
  for (const Diagnostic *diagnostic : ArrayRef(all).take_front(maxShown))
    printer.print(*diagnostic);
  if (all.size() > maxShown)
    os << "note: " << all.size() - maxShown << " more not shown\n";
}

json::Array DiagnosticEngine::toJson() const {
  json::Array result;
  std::vector<const Diagnostic *> all = sorted();
  for (const Diagnostic *diagnostic : ArrayRef(all).take_front(maxShown)) {
    json::Object object{
        {"kind", kindName(diagnostic->kind)},
        {"severity", severityOf(diagnostic->kind) == Severity::Error ? "error" : "warning"},
        {"message", json::fixUTF8(diagnostic->message)}};
    addPlace(object, *this, diagnostic->range);
    json::Array notes, fixes;
    for (const Diagnostic::Note &note : diagnostic->notes) {
      json::Object entry{{"message", json::fixUTF8(note.message)}};
      addPlace(entry, *this, note.range);
      notes.push_back(std::move(entry));
    }
    for (const Diagnostic::Fix &fix : diagnostic->fixes) {
      json::Object entry{{"replacement", json::fixUTF8(fix.text)}};
      addPlace(entry, *this, fix.range);
      fixes.push_back(std::move(entry));
    }
    object["notes"] = std::move(notes);
    object["fixes"] = std::move(fixes);
    result.push_back(std::move(object));
  }
  return result;
}

} // namespace weft
