// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads command lines.

#include "tools/weft/CommandLine.h"

#include "llvm/Target/TargetMachine.h"

namespace weft {

namespace cl = llvm::cl;

cl::OptionCategory &verbOptions() {
  static cl::OptionCategory category("Options");
  return category;
}

void parseArguments(StringRef verb, ArrayRef<const char *> arguments, StringRef help,
                    StringRef examples) {
  std::string name = ("weft " + verb).str(), closing = ("\nEXAMPLES:\n" + examples).str();
  SmallVector<const char *> argv{name.c_str()};
  llvm::append_range(argv, arguments);
  cl::extrahelp extra(closing);
  cl::HideUnrelatedOptions(verbOptions());
  cl::ParseCommandLineOptions(static_cast<int>(argv.size()), argv.data(), help);
}

FailureOr<std::pair<std::string, std::string>> splitPair(StringRef option, StringRef text,
                                                         Report &report) {
  auto [name, value] = text.split('=');
  if (!name.empty() && name.size() < text.size())
    return std::make_pair(name.str(), value.str());
  report.error("--" + option + " takes NAME=VALUE, but got '" + text + "'");
  return failure();
}

/// One `--dim`: a name and a size of 0 or more.
static LogicalResult readDim(StringRef text, Report &report, CompileRequest &result) {
  auto pair = splitPair("dim", text, report);
  if (failed(pair))
    return failure();
  int64_t size = 0;
  if (StringRef(pair->second).contains(',') || pair->second == "*") {
    report.error("--dim " + text +
                 ": several versions of one model are not supported yet; give one size");
    return failure();
  }
  if (StringRef(pair->second).getAsInteger(10, size) || size < 0) {
    report.error("--dim " + text + ": a size is a number of 0 or more, but this is '" +
                 pair->second + "'");
    return failure();
  }
  for (const auto &[name, other] : result.dims)
    if (name == pair->first) {
      report.error("--dim fixes '" + name + "' twice");
      return failure();
    }
  result.dims.push_back({pair->first, size});
  return success();
}

FailureOr<CompileRequest> CompileFlags::options(Report &report) const {
  CompileRequest result;
  result.input = input;
  result.rootModel = model;
  result.verifyEach = verifyEach;
  result.strict = strict;
  result.cpu = cpu;
  if (precision != "f32" && precision != "bf16") {
    report.error("--precision " + precision + ": products are computed in f32 or bf16");
    return failure();
  }
  result.precision = precision == "bf16" ? Precision::BF16 : Precision::F32;
  if (target != "host") {
    report.error("--target " + target + ": only 'host' is supported so far");
    return failure();
  }
  if (cpu != "host") {
    TargetOptions chosen;
    chosen.triple = chosen.resolved().triple;
    chosen.cpu = cpu;
    if (auto machine = createTargetMachine(chosen); !machine) {
      report.error("--cpu " + cpu + ": " + llvm::toString(machine.takeError()));
      return failure();
    }
  }
  for (const std::string &text : settings) {
    auto pair = splitPair("settings", text, report);
    if (failed(pair))
      return failure();
    result.settings.push_back(*pair);
  }
  for (const std::string &text : constants) {
    auto pair = splitPair("constant", text, report);
    if (failed(pair))
      return failure();
    result.constants.push_back(*pair);
  }
  for (const std::string &text : dims)
    if (failed(readDim(text, report, result)))
      return failure();
  return result;
}

} // namespace weft
