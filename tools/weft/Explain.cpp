// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// weft explain: calls a function of a model that says what the model looks at, and draws the answer
// over what it was asked about.

#include "tools/weft/CommandLine.h"
#include "tools/weft/data/DataFile.h"
#include "tools/weft/HeatMap.h"
#include "tools/weft/Inputs.h"
#include "tools/weft/Loaded.h"
#include "tools/weft/Verbs.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"

namespace cl = llvm::cl;

namespace weft {

namespace {
/// The command line of `weft explain`.
struct ExplainFlags : CompileFlags {
  cl::opt<std::string> function{cl::Positional, cl::desc("<function>"), cl::init("")};
  cl::list<std::string> in{"in", cl::desc("An input: a file of arrays, or JSON, as for weft run"),
                           cl::value_desc("NAME=FILE"), cl::cat(verbOptions())};
  cl::opt<std::string> data{"data",
                            cl::desc("Where the other inputs are, under their names: a .npz or "
                                     ".safetensors file"),
                            cl::value_desc("FILE"), cl::cat(verbOptions())};
  cl::opt<int64_t> index{
      "index", cl::desc("Of each array in a file take this entry alone (default: all entries)"),
      cl::value_desc("NUMBER"), cl::init(-1), cl::cat(verbOptions())};
  cl::opt<std::string> over{"over",
                            cl::desc("The input to draw over (default: the first that fits)"),
                            cl::value_desc("NAME"), cl::cat(verbOptions())};
  cl::opt<std::string> result{"result", cl::desc("The result to draw, where there are several"),
                              cl::value_desc("NAME"), cl::cat(verbOptions())};
  cl::opt<std::string> weights{"weights", cl::desc("Trained weights, in place of initial ones"),
                               cl::value_desc("FILE.safetensors"), cl::cat(verbOptions())};
  cl::opt<uint64_t> seed{"seed", cl::desc("Seed of the initial weights (default: 0)"), cl::init(0),
                         cl::cat(verbOptions())};
  cl::opt<int> threads{"threads", cl::desc("Threads of the call (default: every core)"),
                       cl::init(0), cl::cat(verbOptions())};
  cl::opt<std::string> output{"out", cl::desc("The picture to write"), cl::value_desc("FILE.png"),
                              cl::Required, cl::cat(verbOptions())};
};

/// One call and its picture.
class Explain {
public:
  Explain(const ExplainFlags &given, Compilation &what)
      : flags(given), compilation(what), report(what.report()), path(given.output) {}
  LogicalResult go();

private:
  LogicalResult fail(llvm::Error error) {
    report.error(std::move(error));
    return failure();
  }
  LogicalResult fail(const Twine &message) { return fail(llvm::createStringError(message)); }
  LogicalResult findFunction();
  LogicalResult readInputs();
  llvm::Error takeEntry(const InterfaceArgument &input, Array &array);
  LogicalResult call();
  LogicalResult chooseImages();
  LogicalResult draw();

  const ExplainFlags &flags;
  Compilation &compilation;
  Report &report;
  // The linker resets the options of the command line: what is read after it has run is kept here.
  std::string path, over;
  Interface interface;
  const InterfaceExport *function = nullptr;
  size_t drawn = 0; ///< Number of the result.
  std::vector<NamedArray> inputs;
  Images maps, images;
};
} // namespace

static constexpr llvm::StringLiteral examples =
    "  weft explain learn.weft saliency --in image=image.npy --in digit=label.npy --index 5 \\\n"
    "               --weights learned.safetensors --out saliency.png\n"
    "  weft explain net.weft occlusion --data test.npz --in target=3 --out occlusion.png\n";

/// More maps than this are no picture that anybody reads.
static constexpr int64_t mostEntries = 64;

LogicalResult Explain::findFunction() {
  FailureOr<Interface> read = compilation.interface();
  if (failed(read))
    return failure();
  interface = std::move(*read);
  function = chooseFunction(interface, flags.input, flags.function, report);
  if (!function)
    return failure();
  over = flags.over;
  auto isOver = [&](const InterfaceArgument &input) { return input.name == over; };
  if (!over.empty() && llvm::none_of(function->inputs, isOver))
    return fail("--over: '" + function->name + "' has no input '" + over + "': its inputs are " +
                listOf(function->inputs));
  if (flags.result.empty() && function->outputs.size() == 1)
    return success();
  for (auto [number, output] : llvm::enumerate(function->outputs))
    if (output.name == flags.result) {
      drawn = number;
      return success();
    }
  if (flags.result.empty())
    return fail(
        "'" + function->name +
        "' has several results: name the one to draw with --result: " + listOf(function->outputs));
  return fail("--result: '" + function->name + "' has no result '" + flags.result +
              "': its results are " + listOf(function->outputs));
}

/// One entry of an array that has a dimension for them: either before those of the input, and then
/// it goes, or as the first of both the input and the result, and then it stays with size 1.
llvm::Error Explain::takeEntry(const InterfaceArgument &input, Array &array) {
  const SmallVector<Dim> &result = function->outputs[drawn].dims;
  bool isBefore = array.dims.size() == input.dims.size() + 1;
  bool isFirst = array.dims.size() == input.dims.size() && !input.dims.empty() &&
                 result.size() > 2 && input.dims.front() == result.front();
  if (!isBefore && !isFirst)
    return llvm::Error::success();
  int64_t count = array.dims.front();
  if (flags.index >= count)
    return llvm::createStringError("--index " + Twine(flags.index) + ": '" + input.name + "' is " +
                                   array.type() + ", which has " + Twine(count) + " entries");
  size_t each = array.bytes.size() / static_cast<size_t>(count);
  auto first =
      array.bytes.begin() + static_cast<std::ptrdiff_t>(each * static_cast<size_t>(flags.index));
  array.bytes = std::string(first, first + static_cast<std::ptrdiff_t>(each));
  if (isBefore)
    array.dims.erase(array.dims.begin());
  else
    array.dims.front() = 1;
  return llvm::Error::success();
}

LogicalResult Explain::readInputs() {
  auto files = filesByName(flags.in, "in", *function, "input", function->inputs, report);
  if (failed(files))
    return failure();
  StringRef extension = llvm::sys::path::extension(flags.data);
  if (!flags.data.empty() && extension != ".npz" && extension != ".safetensors")
    return fail("--data takes a file of named arrays, .npz or .safetensors, but got '" +
                flags.data + "': give a single array with --in NAME=" + flags.data);
  for (const InterfaceArgument &input : function->inputs) {
    auto given = files->find(input.name);
    if (given == files->end() && flags.data.empty())
      return fail(missingInput(*function, input));
    std::string source = given != files->end() ? given->second : flags.data + ":" + input.name;
    llvm::Expected<Array> array = readInput(input, source);
    if (!array)
      return fail(array.takeError());
    if (flags.index >= 0 && isFile(source))
      if (llvm::Error wrong = takeEntry(input, *array))
        return fail(std::move(wrong));
    if (llvm::Error wrong = checkInput(*function, input, *array))
      return fail(std::move(wrong));
    inputs.push_back({input.name, std::move(*array)});
  }
  return success();
}

LogicalResult Explain::call() {
  auto results =
      callOnce(compilation, interface, *function, inputs, flags.weights, flags.seed, flags.threads);
  if (failed(results))
    return failure();
  const NamedArray &result = (*results)[drawn];
  auto read =
      Images::of(result.array, "the result '" + result.name + "' of '" + function->name + "'");
  if (!read)
    return fail(read.takeError());
  maps = std::move(*read);
  if (maps.count > mostEntries)
    return fail("'" + function->name + "' gives " + Twine(maps.count) + " maps, but at most " +
                Twine(mostEntries) + " are drawn: choose one with --index");
  return success();
}

/// The input to draw over: as many entries as the result, of as many pixels or more.
LogicalResult Explain::chooseImages() {
  std::string tried;
  for (const NamedArray &input : inputs) {
    if (!over.empty() && input.name != over)
      continue;
    auto read = Images::of(input.array, "the input '" + input.name + "'");
    if (!read) {
      if (!over.empty())
        return fail(read.takeError());
      llvm::consumeError(read.takeError());
    } else if (read->count == maps.count && read->height >= maps.height &&
               read->width >= maps.width) {
      images = std::move(*read);
      return success();
    }
    tried += (tried.empty() ? "'" : ", '") + input.name + "' is " + input.array.type();
  }
  return fail("no input fits " + Twine(maps.count) + (maps.count == 1 ? " map of " : " maps of ") +
              Twine(maps.height) + " x " + Twine(maps.width) + " pixels, which '" + function->name +
              "' gives: " + (tried.empty() ? "it has none" : tried));
}

LogicalResult Explain::draw() {
  Picture picture = drawMaps(images, maps);
  OutputFiles files;
  if (llvm::Error error = files.add(path, [&](llvm::raw_ostream &os) { writePng(picture, os); }))
    return fail(std::move(error));
  if (llvm::Error error = files.commit())
    return fail(std::move(error));
  report.finishProgress();
  auto [least, most] = std::minmax_element(maps.values.begin(), maps.values.end());
  double low = *least + 0.0, high = *most + 0.0; // 0 in place of -0
  if (!report.isJson())
    llvm::outs() << path << ": " << maps.count << (maps.count == 1 ? " map" : " maps") << " of "
                 << maps.height << " x " << maps.width << ", from " << llvm::format("%.4g", low)
                 << " to " << llvm::format("%.4g", high) << "\n";
  report.set("function", function->name);
  report.set("picture", path);
  report.set("maps", maps.count);
  report.set("low", low);
  report.set("high", high);
  return success();
}

LogicalResult Explain::go() {
  if (failed(compilation.load()) || failed(findFunction()) || failed(readInputs()))
    return failure();
  return success(succeeded(call()) && succeeded(chooseImages()) && succeeded(draw()));
}

int explainVerb(VerbArguments arguments) {
  ExplainFlags flags;
  parseArguments("explain", arguments,
                 "Calls a function of a model and draws its result, a number for each pixel of an "
                 "input, over that input.",
                 examples);
  Report report("explain", flags.json);
  if (flags.threads < 0)
    report.error("--threads " + Twine(flags.threads) + ": a number of threads is 0 or more");
  if (flags.index.getNumOccurrences() && flags.index < 0)
    report.error("--index " + Twine(flags.index) + ": entries count from 0");
  if (llvm::sys::path::extension(flags.output) != ".png")
    report.error("--out " + flags.output + ": a picture is a .png file");
  FailureOr<CompileRequest> options = flags.options(report);
  if (failed(options) || report.hasErrors())
    return report.finish();
  Compilation compilation(report, *options);
  if (failed(Explain(flags, compilation).go()) && !report.hasErrors())
    report.error("the call failed without saying why");
  return report.finish();
}

} // namespace weft
