// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gives any bytes to the parser. Nothing may crash; messages can be shown; a file without mistakes
// prints as a file without mistakes whose tree prints the same.
#include "frontend/AstPrinter.h"
#include "frontend/Parser.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/SourceMgr.h"

using namespace llvm;

namespace {

/// The printed tree of `text`, or nothing if it has mistakes.
std::optional<std::string> printed(StringRef text) {
  SourceMgr sources;
  weft::DiagnosticEngine diagnostics(sources);
  unsigned buffer =
      sources.AddNewSourceBuffer(MemoryBuffer::getMemBufferCopy(text, "fuzz.weft"), SMLoc());
  std::unique_ptr<weft::ast::File> file = weft::parse(buffer, sources, diagnostics);
  std::string tree, messages;
  raw_string_ostream treeStream(tree), messageStream(messages);
  weft::printAst(*file, treeStream);
  diagnostics.print(messageStream);
  messageStream << json::Value(diagnostics.toJson());
  if (diagnostics.hasErrors())
    return std::nullopt;
  return tree;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StringRef text(reinterpret_cast<const char *>(data), size);
  // Parentheses in the printed tree count as depth, so a tree near the limit may print deeper.
  if (std::optional<std::string> first = printed(text); first && size < 1000) {
    std::optional<std::string> second = printed(*first);
    if (second != first) {
      errs() << *first << "\n---\n" << second.value_or("does not parse") << '\n';
      __builtin_trap();
    }
  }
  return 0;
}
