// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the files of a program, breadth first along its imports, each once.
#include "frontend/Program.h"
#include "frontend/Parser.h"
#include "frontend/StandardLibrary.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;

namespace weft {

namespace {

/// Source is written by people: more than this is a mistake in the path.
constexpr uint64_t maxFileBytes = 4 << 20;

class Loader {
public:
  Loader(ArrayRef<std::string> moduleFolders, SourceMgr &sources, DiagnosticEngine &diagnostics)
      : moduleFolders(moduleFolders), sources(sources), diagnostics(diagnostics) {}

  /// Reads `path`, unless it was read before; null and reported if that cannot be done.
  const ast::File *load(StringRef path, SMRange importedAt);
  void addText(StringRef text, StringRef name) {
    parseBuffer(MemoryBuffer::getMemBufferCopy(text, name));
  }
  /// The module `name` of the built-in standard library; null if it has none of that name.
  const ast::File *loadStandard(StringRef name);
  void loadPrelude() {
    for (StringRef name : preludeModules())
      if (const ast::File *file = loadStandard(name))
        program.prelude.push_back(file);
  }
  /// Reads what the files imports, and what those import, until there is nothing new.
  void followImports() {
    for (size_t i = 0; i < program.files.size(); ++i) {
      std::string path = program.files[i]->path;
      for (ast::Import &import : program.files[i]->imports)
        resolve(import, path);
    }
  }

  Program program;

private:
  std::unique_ptr<MemoryBuffer> read(StringRef path, SMRange importedAt);
  const ast::File *parseBuffer(std::unique_ptr<MemoryBuffer> text);
  void resolve(ast::Import &import, StringRef importer);

  ArrayRef<std::string> moduleFolders;
  SourceMgr &sources;
  DiagnosticEngine &diagnostics;
  StringMap<const ast::File *> loaded; // by real path
};

std::unique_ptr<MemoryBuffer> Loader::read(StringRef path, SMRange importedAt) {
  sys::fs::file_status status;
  std::error_code error = sys::fs::status(path, status);
  if (!error && sys::fs::is_directory(status))
    error = std::make_error_code(std::errc::is_a_directory);
  else if (!error && !sys::fs::is_regular_file(status))
    error = std::make_error_code(std::errc::not_supported);
  if (!error && status.getSize() > maxFileBytes) {
    diagnostics.report(Diag::FileTooLarge, importedAt, path, status.getSize(), maxFileBytes);
    return nullptr;
  }
  if (!error) {
    auto text = MemoryBuffer::getFile(path);
    if (text)
      return std::move(*text);
    error = text.getError();
  }
  diagnostics.report(Diag::UnreadableFile, importedAt, path, StringRef(error.message()).lower());
  return nullptr;
}

const ast::File *Loader::load(StringRef path, SMRange importedAt) {
  SmallString<128> real;
  if (sys::fs::real_path(path, real))
    real = path; // It cannot be opened either: `read` says why.
  if (auto found = loaded.find(real); found != loaded.end())
    return found->second;
  std::unique_ptr<MemoryBuffer> text = read(path, importedAt);
  return loaded[real] = text ? parseBuffer(std::move(text)) : nullptr;
}

const ast::File *Loader::parseBuffer(std::unique_ptr<MemoryBuffer> text) {
  unsigned buffer = sources.AddNewSourceBuffer(std::move(text), SMLoc());
  program.files.push_back(parse(buffer, sources, diagnostics));
  return program.files.back().get();
}

const ast::File *Loader::loadStandard(StringRef name) {
  std::string key = ("<built in>/" + name).str();
  if (auto found = loaded.find(key); found != loaded.end())
    return found->second;
  std::optional<StringRef> text = standardModule(name);
  if (!text)
    return nullptr;
  std::string shown = name.str();
  std::replace(shown.begin(), shown.end(), '.', '/');
  return loaded[key] = parseBuffer(MemoryBuffer::getMemBufferCopy(*text, shown + ".weft"));
}

/// Module `a.b` is `a/b.weft` beside the importer, or else in the first folder that has it.
void Loader::resolve(ast::Import &import, StringRef importer) {
  SmallString<64> relative;
  for (const ast::Name &part : import.path)
    sys::path::append(relative, part.text);
  relative += ".weft";
  SmallVector<StringRef> folders = {sys::path::parent_path(importer)};
  folders.append(moduleFolders.begin(), moduleFolders.end());
  std::string searched;
  for (StringRef folder : folders) {
    SmallString<128> path(folder);
    sys::path::append(path, relative);
    if (sys::fs::exists(path)) {
      import.file = load(path, import.pathRange);
      return;
    }
    searched += (searched.empty() ? "'" : ", '") + (folder.empty() ? "." : folder.str()) + "'";
  }
  import.file = loadStandard(import.module());
  if (import.file)
    return;
  diagnostics.report(Diag::UnknownModule, import.pathRange, import.module(),
                     "looked for '" + relative + "' in " + searched);
}

} // namespace

Program loadProgram(StringRef path, ArrayRef<std::string> moduleFolders, SourceMgr &sources,
                    DiagnosticEngine &diagnostics) {
  Loader loader(moduleFolders, sources, diagnostics);
  if (loader.load(path, {})) {
    loader.loadPrelude();
    loader.followImports();
  }
  return std::move(loader.program);
}

Program loadProgramText(StringRef text, StringRef name, ArrayRef<std::string> moduleFolders,
                        SourceMgr &sources, DiagnosticEngine &diagnostics) {
  Loader loader(moduleFolders, sources, diagnostics);
  loader.addText(text, name);
  loader.loadPrelude();
  loader.followImports();
  return std::move(loader.program);
}

} // namespace weft
