// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes what --tune has measured.

#include "tools/weft/TuneCache.h"

#include "codegen/emit/Output.h"
#include "tools/weft/data/JsonArray.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"

namespace weft {

namespace json = llvm::json;

/// The number of this format, under this name.
static constexpr llvm::StringLiteral formatName = "weft_tune";
static constexpr int64_t formatNumber = 1;

std::string TuneSetting::text() const {
  std::string counted = threads == 0   ? "any threads"
                        : threads == 1 ? "1 thread"
                                       : std::to_string(threads) + " threads";
  return cpu + ", " + counted + ", " + precision + (strict ? ", strict" : "") + ", weft " + weft;
}

const TuneCache::Products *TuneCache::find(const TuneSetting &setting) const {
  auto found = settings.find(setting);
  return found == settings.end() ? nullptr : &found->second;
}

SmallVector<TuneSetting> TuneCache::matching(const TuneSetting &wanted) const {
  SmallVector<TuneSetting> result;
  for (const auto &[setting, products] : settings) {
    TuneSetting same = wanted;
    if (wanted.threads == 0)
      same.threads = setting.threads;
    if (same == setting)
      result.push_back(setting);
  }
  return result;
}

void TuneCache::dropOldOf(const TuneSetting &setting) {
  std::erase_if(settings, [&](const auto &entry) {
    TuneSetting now = entry.first;
    now.weft = setting.weft;
    return now == setting && entry.first != setting;
  });
}

//===-- Reading -----------------------------------------------------------------------------===//

namespace {
/// Reads one file. Places in errors are lines, as far as the text shows them.
class CacheReader {
public:
  CacheReader(StringRef filePath, StringRef fileText) : path(filePath), text(fileText) {}

  llvm::Expected<std::map<TuneSetting, TuneCache::Products>> read();

private:
  llvm::Error fail(const Twine &why, size_t line = 0) const {
    return llvm::createStringError(path + (line ? ":" + Twine(line) : Twine()) + ": " + why);
  }
  /// The line with `key` in the part of the text that is not yet read, or 0.
  size_t lineOf(StringRef key) const {
    size_t at = text.find(llvm::formatv("{0}", json::Value(key)).str(), begin);
    return at == StringRef::npos ? 0 : text.take_front(at).count('\n') + 1;
  }
  llvm::Error readSetting(const json::Value &value, TuneSetting &setting) const;
  llvm::Error readProduct(StringRef key, const json::Value &value, TunedProduct &product) const;

  StringRef path, text;
  size_t begin = 0; ///< Of the setting that is read.
};
} // namespace

llvm::Error CacheReader::readSetting(const json::Value &value, TuneSetting &setting) const {
  json::Path::Root root("setting");
  json::ObjectMapper map(value, root);
  if (!map || !map.map("weft", setting.weft) || !map.map("cpu", setting.cpu) ||
      !map.map("threads", setting.threads) || !map.map("precision", setting.precision) ||
      !map.map("strict", setting.strict))
    return fail(llvm::toString(root.getError()), lineOf("weft"));
  return llvm::Error::success();
}

llvm::Error CacheReader::readProduct(StringRef key, const json::Value &value,
                                     TunedProduct &product) const {
  json::Path::Root root("product");
  json::ObjectMapper map(value, root);
  std::map<std::string, int64_t> choice;
  if (!map || !map.map("choice", choice) || !map.map("nanoseconds", product.nanoseconds) ||
      !map.map("nanoseconds_as_counted", product.countedNanoseconds) ||
      !map.map("tried", product.tried))
    return fail(llvm::toString(root.getError()) + " of '" + key + "'", lineOf(key));
  for (const auto &[name, number] : choice) {
    const auto *field =
        llvm::find_if(Choice::fields, [&](const auto &each) { return each.name == name; });
    if (field == Choice::fields.end())
      return fail("a choice has no field '" + name + "', but '" + key + "' does", lineOf(key));
    if (!field->takes(number))
      return fail("'" + name + "' of '" + key + "' is " + Twine(number) + ", but is " +
                      field->range(),
                  lineOf(key));
    product.choice.*field->value = number;
  }
  return llvm::Error::success();
}

/// A parser that recurses is not given what is nested deeper than this format.
static constexpr int deepestNesting = 8;

llvm::Expected<std::map<TuneSetting, TuneCache::Products>> CacheReader::read() {
  if (jsonNesting(text) > deepestNesting)
    return fail("nested more deeply than choices of weft build --tune are");
  llvm::Expected<json::Value> value = json::parse(text);
  if (!value) {
    // "[3:5, byte=40]: Expected object key"
    std::string why = llvm::toString(value.takeError());
    StringRef rest = why;
    size_t line = 0;
    if (rest.consume_front("[") && !rest.consumeInteger(10, line))
      rest = rest.split("]: ").second;
    return fail("no JSON: " + (rest.empty() ? StringRef(why) : rest), line);
  }
  const json::Object *file = value->getAsObject();
  std::optional<int64_t> format = file ? file->getInteger(formatName) : std::nullopt;
  if (!format)
    return fail("no choices of weft build --tune: '" + formatName + "' is missing");
  if (*format != formatNumber)
    return fail("'" + formatName + "' is " + Twine(*format) + ", but this weft reads " +
                    Twine(formatNumber),
                lineOf(formatName));
  const json::Array *list = file->getArray("settings");
  if (!list)
    return fail("the list 'settings' is missing");
  std::map<TuneSetting, TuneCache::Products> result;
  for (const json::Value &entry : *list) {
    const json::Object *object = entry.getAsObject(), *products = nullptr;
    if (object)
      products = object->getObject("products");
    if (!products)
      return fail("a setting without the object 'products'", lineOf("settings"));
    TuneSetting setting;
    if (llvm::Error error = readSetting(entry, setting))
      return std::move(error);
    for (const auto &[key, product] : *products)
      if (llvm::Error error = readProduct(key, product, result[setting][key.str()]))
        return std::move(error);
  }
  return result;
}

llvm::Expected<TuneCache> TuneCache::read(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return llvm::createStringError("cannot read '" + path + "': " + buffer.getError().message());
  auto settings = CacheReader(path, (*buffer)->getBuffer()).read();
  if (!settings)
    return settings.takeError();
  TuneCache cache;
  cache.settings = std::move(*settings);
  return cache;
}

//===-- Writing -----------------------------------------------------------------------------===//

static void writeProduct(json::OStream &os, const TunedProduct &product) {
  os.attributeObject("choice", [&] {
    for (const Choice::Field &field : Choice::fields)
      if (std::optional<int64_t> number = product.choice.*field.value)
        os.attribute(field.name, *number);
  });
  os.attribute("nanoseconds", product.nanoseconds);
  os.attribute("nanoseconds_as_counted", product.countedNanoseconds);
  os.attribute("tried", product.tried);
}

static void writeSetting(json::OStream &os, const TuneSetting &setting,
                         const TuneCache::Products &products) {
  os.attribute("weft", setting.weft);
  os.attribute("cpu", setting.cpu);
  os.attribute("threads", setting.threads);
  os.attribute("precision", setting.precision);
  os.attribute("strict", setting.strict);
  os.attributeObject("products", [&] {
    for (const auto &[key, product] : products)
      os.attributeObject(key, [&] { writeProduct(os, product); });
  });
}

std::string TuneCache::text() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  json::OStream os(stream, /*IndentSize=*/2);
  os.object([&] {
    os.attribute(formatName, formatNumber);
    os.attributeArray("settings", [&] {
      for (const auto &[setting, products] : settings)
        os.object([&] { writeSetting(os, setting, products); });
    });
  });
  stream << "\n";
  return text;
}

llvm::Error TuneCache::write(StringRef path) const {
  OutputFiles files;
  if (llvm::Error error = files.add(path, text()))
    return error;
  return files.commit();
}

} // namespace weft
