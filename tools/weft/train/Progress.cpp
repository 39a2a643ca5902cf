// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The progress of a run as JSON in the metadata of a safetensors file.

#include "tools/weft/train/Progress.h"

#include "tools/weft/Weights.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

namespace weft {

using llvm::Error;
namespace json = llvm::json;

static constexpr llvm::StringLiteral metadataName = "weft.training";

/// Raised with the meaning of a member.
static constexpr int64_t formatVersion = 1;

std::string RunSettings::differenceTo(const RunSettings &other) const {
  auto differ = [](const Twine &what, const Twine &mine, const Twine &its) {
    return (what + " " + mine + ", not " + its).str();
  };
  if (function != other.function)
    return differ("the function", "'" + function + "'", "'" + other.function + "'");
  if (seed != other.seed)
    return differ("--seed", Twine(seed), Twine(other.seed));
  if (batch != other.batch)
    return differ("--batch", Twine(batch), Twine(other.batch));
  if (validation != other.validation)
    return differ("--validation", "'" + validation + "'", "'" + other.validation + "'");
  if (monitor != other.monitor)
    return differ("--monitor", "'" + monitor + "'", "'" + other.monitor + "'");
  if (rows != other.rows)
    return differ("data of", Twine(rows) + " rows to learn from", Twine(other.rows));
  return data == other.data ? "" : "other data";
}

/// JSON has no NaN and no infinity: all numbers of a run are texts that read back as they were.
static json::Array texts(ArrayRef<double> values) {
  json::Array result;
  for (double value : values)
    result.push_back(llvm::formatv("{0:e16}", value).str());
  return result;
}

std::string Progress::toJson() const {
  json::Array names, rows;
  for (const std::string &name : columns)
    names.push_back(name);
  for (const std::vector<double> &row : history)
    rows.push_back(texts(row));
  json::Object object{{"version", formatVersion},
                      {"function", settings.function},
                      {"seed", std::to_string(settings.seed)},
                      {"batch", settings.batch},
                      {"rows", settings.rows},
                      {"data", llvm::utohexstr(settings.data)},
                      {"validation", settings.validation},
                      {"monitor", settings.monitor},
                      {"columns", std::move(names)},
                      {"history", std::move(rows)},
                      {"step", step},
                      {"sums", texts(sums)},
                      {"bestEpoch", bestEpoch},
                      {"best", texts(best)}};
  return llvm::formatv("{0}", json::Value(std::move(object))).str();
}

static bool readNumbers(const json::Array *from, std::vector<double> &to) {
  if (!from)
    return false;
  for (const json::Value &value : *from) {
    double number = 0;
    std::optional<StringRef> text = value.getAsString();
    if (!text || text->getAsDouble(number))
      return false;
    to.push_back(number);
  }
  return true;
}

static bool readSettings(const json::Object &object, RunSettings &settings) {
  auto text = [&](StringRef name, std::string &to) {
    std::optional<StringRef> value = object.getString(name);
    to = value.value_or("").str();
    return value.has_value();
  };
  auto number = [&](StringRef name, int64_t &to) {
    std::optional<int64_t> value = object.getInteger(name);
    to = value.value_or(-1);
    return to >= 0;
  };
  std::string seed, data;
  return text("function", settings.function) && text("seed", seed) && text("data", data) &&
         text("validation", settings.validation) && text("monitor", settings.monitor) &&
         number("batch", settings.batch) && number("rows", settings.rows) &&
         !StringRef(seed).getAsInteger(10, settings.seed) &&
         !StringRef(data).getAsInteger(16, settings.data);
}

static bool readObject(const json::Object &object, Progress &progress) {
  const json::Array *columns = object.getArray("columns"), *history = object.getArray("history");
  std::vector<double> best;
  if (!columns || !history || !readSettings(object, progress.settings) ||
      !readNumbers(object.getArray("sums"), progress.sums) ||
      !readNumbers(object.getArray("best"), best) || best.size() != 1)
    return false;
  for (const json::Value &name : *columns)
    progress.columns.push_back(name.getAsString().value_or("").str());
  for (const json::Value &row : *history)
    if (!readNumbers(row.getAsArray(), progress.history.emplace_back()) ||
        progress.history.back().size() != progress.columns.size())
      return false;
  progress.step = object.getInteger("step").value_or(-1);
  progress.bestEpoch = object.getInteger("bestEpoch").value_or(-1);
  progress.best = best.front();
  return progress.step >= 0 && progress.bestEpoch >= 0 && progress.bestEpoch <= progress.epoch() &&
         progress.sums.size() <= progress.columns.size();
}

llvm::Expected<Progress> Progress::fromJson(StringRef text) {
  llvm::Expected<json::Value> value = json::parse(text);
  if (!value)
    return value.takeError();
  const json::Object *object = value->getAsObject();
  std::optional<int64_t> version = object ? object->getInteger("version") : std::nullopt;
  if (version && *version != formatVersion)
    return llvm::createStringError("its progress has the format " + Twine(*version) +
                                   ", and this command reads " + Twine(formatVersion));
  Progress progress;
  if (!version || !readObject(*object, progress))
    return llvm::createStringError("its progress is damaged");
  return progress;
}

Error writeCheckpoint(StringRef path, ArrayRef<NamedTensor> tensors, const Progress &progress,
                      OutputFiles &files) {
  return files.add(path, [&](llvm::raw_ostream &os) {
    writeSafetensors(tensors, os, {{metadataName.str(), progress.toJson()}});
  });
}

llvm::Expected<Progress> readProgress(StringRef path) {
  llvm::Expected<std::string> text = readMetadata(path, metadataName);
  if (!text)
    return text.takeError();
  if (text->empty())
    return llvm::createStringError("'" + path +
                                   "' holds weights, but is no checkpoint of a training run: begin "
                                   "with it by --weights");
  llvm::Expected<Progress> progress = Progress::fromJson(*text);
  if (!progress)
    return llvm::createStringError("'" + path + "': " + llvm::toString(progress.takeError()));
  return progress;
}

} // namespace weft
