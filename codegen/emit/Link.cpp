// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Drives lld in process. The C and mathematics libraries are those that this process itself runs
// with, so that no development files are needed for a shared library.

#include "codegen/emit/Link.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

#include <link.h>

LLD_HAS_DRIVER(elf)

namespace weft {

/// One of the libraries that this process has loaded: `libc.so.6` -> its path; empty if it is not
/// there.
static std::string loadedLibrary(llvm::StringRef name) {
  struct Query {
    llvm::StringRef name;
    std::string path;
  } query{name, {}};
  auto visit = [](dl_phdr_info *info, size_t, void *data) -> int {
    auto *wanted = static_cast<Query *>(data);
    if (llvm::sys::path::filename(info->dlpi_name) != wanted->name)
      return 0;
    wanted->path = info->dlpi_name;
    return 1;
  };
  dl_iterate_phdr(visit, &query);
  return query.path;
}

/// The dynamic linker of this process: the one that the programs we make need.
static std::string dynamicLinker() {
  std::string path;
  auto visit = [](dl_phdr_info *info, size_t, void *data) -> int {
    for (int i = 0; i < info->dlpi_phnum; ++i)
      if (info->dlpi_phdr[i].p_type == PT_INTERP)
        *static_cast<std::string *>(data) =
            reinterpret_cast<const char *>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    return 1; // The first object is the program.
  };
  dl_iterate_phdr(visit, &path);
  return path;
}

/// A start-up file of the C library, as `crt1.o`; empty if the C library's development files are
/// missing.
static std::string startupFile(llvm::StringRef name) {
  std::string beside = llvm::sys::path::parent_path(loadedLibrary("libc.so.6")).str();
  for (llvm::StringRef folder :
       {llvm::StringRef(beside), llvm::StringRef("/usr/lib/x86_64-linux-gnu"),
        llvm::StringRef("/usr/lib64"), llvm::StringRef("/usr/lib")}) {
    llvm::SmallString<128> path(folder);
    llvm::sys::path::append(path, name);
    if (llvm::sys::fs::exists(path))
      return path.str().str();
  }
  return {};
}

static llvm::Error runLld(llvm::ArrayRef<std::string> arguments) {
  llvm::SmallVector<const char *> argv;
  for (const std::string &argument : arguments)
    argv.push_back(argument.c_str());
  std::string messages;
  llvm::raw_string_ostream os(messages);
  lld::DriverDef drivers[] = {{lld::Gnu, &lld::elf::link}};
  lld::Result result = lld::lldMain(argv, os, os, drivers);
  if (result.retCode == 0)
    return llvm::Error::success();
  return llvm::createStringError("the linker failed: %s",
                                 llvm::StringRef(messages).trim().str().c_str());
}

/// Runs the system's C compiler as a linker.
static llvm::Error runCc(llvm::ArrayRef<std::string> arguments) {
  llvm::ErrorOr<std::string> cc = llvm::sys::findProgramByName("cc");
  if (!cc)
    return llvm::createStringError("linking needs the start-up files of the C library (package "
                                   "libc6-dev) or a C compiler named 'cc', and neither is here");
  llvm::SmallVector<llvm::StringRef> argv{*cc};
  llvm::append_range(argv, arguments);
  std::string message;
  if (llvm::sys::ExecuteAndWait(*cc, argv, std::nullopt, {}, 0, 0, &message) == 0)
    return llvm::Error::success();
  return llvm::createStringError("'%s' failed to link: %s", cc->c_str(), message.c_str());
}

/// What both kinds of output share. No build id and no times: equal inputs give equal bytes.
static llvm::SmallVector<std::string> commonArguments(llvm::StringRef output) {
  return {"ld.lld",
          "-z",
          "relro",
          "-z",
          "now",
          "--gc-sections",
          "--hash-style=gnu",
          "--build-id=none",
          "--as-needed",
          "-z",
          "noexecstack",
          "--threads=1",
          "-o",
          output.str()};
}

/// What every link ends with: the mathematics library, the C library, and the dynamic linker, in
/// which the C library keeps the addresses of thread-local variables.
static llvm::SmallVector<std::string> systemLibraries() {
  llvm::SmallVector<std::string> paths{loadedLibrary("libm.so.6"), loadedLibrary("libc.so.6"),
                                       dynamicLinker()};
  if (llvm::is_contained(paths, std::string()))
    paths.clear();
  return paths;
}

uint64_t mostLinkedBytes(llvm::ArrayRef<std::string> inputs) {
  // What the linker adds: headers, tables of symbols, padding of segments to pages.
  uint64_t total = uint64_t{256} * 1024;
  for (const std::string &input : inputs) {
    uint64_t sizeBytes = 0;
    if (!llvm::sys::fs::file_size(input, sizeBytes))
      total += sizeBytes;
  }
  return total;
}

llvm::Error linkSharedLibrary(llvm::ArrayRef<std::string> inputs, llvm::StringRef soname,
                              llvm::StringRef output) {
  using Arguments = llvm::ArrayRef<std::string>;
  llvm::SmallVector<std::string> system = systemLibraries(), arguments;
  if (system.empty()) {
    llvm::append_range(arguments, Arguments{"-shared", "-Wl,-z,defs,-Bsymbolic,--build-id=none",
                                            "-o", output.str(), "-Wl,--whole-archive"});
    llvm::append_range(arguments, inputs);
    llvm::append_range(arguments, Arguments{"-Wl,--no-whole-archive", "-lm", "-lpthread"});
    return runCc(arguments);
  }
  arguments = commonArguments(output);
  // -Bsymbolic: two models in one process, perhaps of two versions, each call their own runtime.
  llvm::append_range(arguments, Arguments{"-shared", "-Bsymbolic", "-z", "defs", "-soname",
                                          soname.str(), "--whole-archive"});
  llvm::append_range(arguments, inputs);
  arguments.push_back("--no-whole-archive");
  llvm::append_range(arguments, system);
  return runLld(arguments);
}

llvm::Error linkProgram(llvm::ArrayRef<std::string> inputs, llvm::StringRef output) {
  using Arguments = llvm::ArrayRef<std::string>;
  llvm::SmallVector<std::string> system = systemLibraries(), arguments;
  std::string start = startupFile("Scrt1.o"), first = startupFile("crti.o"),
              last = startupFile("crtn.o");
  if (system.empty() || start.empty() || first.empty() || last.empty()) {
    llvm::append_range(arguments, Arguments{"-Wl,--build-id=none", "-o", output.str()});
    llvm::append_range(arguments, inputs);
    llvm::append_range(arguments, Arguments{"-lm", "-lpthread"});
    return runCc(arguments);
  }
  arguments = commonArguments(output);
  llvm::append_range(arguments,
                     Arguments{"-pie", "--dynamic-linker", dynamicLinker(), start, first});
  llvm::append_range(arguments, inputs);
  llvm::append_range(arguments, system);
  arguments.push_back(last);
  return runLld(arguments);
}

} // namespace weft
