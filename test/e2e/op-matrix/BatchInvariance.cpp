// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A row of a batch has the same bytes whatever stands beside it and however many threads work:
// each program runs on 64 rows, then on parts of them, with 1, 2 and 4 threads.

#include "Runner.h"

#include "codegen/Pipelines.h"
#include "ir/WeftDialect.h"
#include "passes/Pipelines.h"

#include "mlir/Parser/Parser.h"

namespace weft::opmatrix {

using llvm::Expected;
using reference::Tensor;

namespace {

struct BatchProgram {
  std::string name;
  Program program;
  /// Inputs without N in front are the same for every batch.
  std::vector<bool> isBatched;
  Dims resultDims;
};

class Writing {
public:
  explicit Writing(const std::string &name) { made.name = name; }
  Term rows(Dims rest, const std::string &e) {
    Dims dims = {Dim::symbol("N")};
    dims.append(rest);
    made.isBatched.push_back(true);
    return made.program.input(dims, e);
  }
  Term weights(Dims dims, const std::string &e) {
    made.isBatched.push_back(false);
    return made.program.input(std::move(dims), e, {-1, 1});
  }
  Term let(Dims dims, const std::string &e, const std::string &text) {
    return made.program.let(std::move(dims), e, text);
  }
  BatchProgram give(const Term &result) {
    made.program.give(result);
    made.resultDims = result.dims;
    return std::move(made);
  }

private:
  BatchProgram made;
};

BatchProgram dense(const std::string &e, int64_t depth, int64_t width) {
  Dim n = Dim::symbol("N");
  Writing w("dense_" + e + "_" + std::to_string(depth) + "x" + std::to_string(width));
  Term x = w.rows({depth}, e), a = w.weights({depth, width}, e), b = w.weights({width}, e);
  Dims to = {n, width};
  Term y = w.let(to, e,
                 "weft.contract \"ik,kj->ij\" " + x + ", " + a + " : " + x.type() + ", " +
                     a.type() + " -> " + typeText(to, e));
  Term wide = w.let(to, e, "weft.broadcast " + b + " along [1] : " + b.type() + " -> " + y.type());
  Term z = w.let(to, e, "weft.add " + y + ", " + wide + " : " + y.type());
  return w.give(w.let(to, e, "weft.tanh " + z + " : " + y.type()));
}

BatchProgram alongRow(const std::string &operation, const std::string &e, int64_t width) {
  Writing w(operation.substr(0, operation.find(' ')) + "_" + e + "_" + std::to_string(width));
  Term x = w.rows({width}, e);
  size_t space = operation.find(' ');
  std::string text = "weft." + operation.substr(0, space) + " " + x + operation.substr(space);
  return w.give(w.let(x.dims, e, text + " : " + x.type()));
}

BatchProgram rowSum(const std::string &e) {
  Writing w("sum_" + e);
  Term x = w.rows({131}, e);
  Dims to = {Dim::symbol("N")};
  return w.give(
      w.let(to, e, "weft.reduce sum " + x + " axes [1] : " + x.type() + " -> " + typeText(to, e)));
}

BatchProgram convolution(const std::string &e) {
  Writing w("conv_" + e);
  Term x = w.rows({3, 7, 9}, e), f = w.weights({5, 3, 3, 3}, e);
  Dims to = {Dim::symbol("N"), 5, 7, 9};
  return w.give(w.let(to, e,
                      "weft.conv " + x + ", " + f +
                          " strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1 : " +
                          x.type() + ", " + f.type() + " -> " + typeText(to, e)));
}

/// A product with a packed matrix, with `rest` in front of the rows' channels.
BatchProgram packed(const std::string &e, const std::string &label, const Dims &image,
                    const Dims &filter, int64_t outputs, const std::string &attributes) {
  Writing w("packed_" + label + "_" + e);
  Term x = w.rows(image, e), f = w.weights(filter, e);
  Dims to = x.dims;
  to.back() = outputs;
  return w.give(w.let(to, e,
                      "weft.packed_conv " + x + ", " + f + " " + attributes + " : " + x.type() +
                          ", " + f.type() + " -> " + typeText(to, e)));
}

BatchProgram scaled() {
  Writing w("packed_scaled");
  Term x = w.rows({37}, "f32"), f = w.weights({3, 32, 32}, "i8"), s = w.weights({3, 2, 32}, "f32");
  Dims to = {Dim::symbol("N"), 67};
  return w.give(w.let(to, "f32",
                      "weft.packed_conv " + x + ", " + f + " scales " + s + " : " + s.type() +
                          " nibbles strides [] pad [] [] dilations [] groups 1 : " + x.type() +
                          ", " + f.type() + " -> " + typeText(to, "f32")));
}

BatchProgram depthwise(const std::string &e) {
  Writing w("depthwise_" + e);
  Term x = w.rows({7, 9, 21}, e), f = w.weights({3, 3, 21}, e);
  return w.give(w.let(x.dims, e,
                      "weft.depthwise_conv " + x + ", " + f +
                          " strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] : " + x.type() +
                          ", " + f.type() + " -> " + x.type()));
}

BatchProgram winograd(const std::string &e) {
  Writing w("winograd_" + e);
  Term x = w.rows({7, 9, 5}, e), f = w.weights({36, 2, 5, 16}, e);
  Dims to = {Dim::symbol("N"), 7, 9, 19};
  return w.give(w.let(to, e,
                      "weft.winograd_conv " + x + ", " + f + " tile 4 pad [1, 1] [1, 1] : " +
                          x.type() + ", " + f.type() + " -> " + typeText(to, e)));
}

/// Tiles of all images are rows of one product; dilations make phases of the places.
BatchProgram winogradOfPatches(const std::string &e) {
  Writing w("winograd_of_patches_" + e);
  const std::string window = " tile 4 pad [2, 2] [2, 2] dilation 2";
  Term x = w.rows({7, 9, 5}, e), f = w.weights({36, 2, 5, 16}, e);
  // Rows: 2 phases of one tile; columns: 2 of two.
  Dims tiles = {36, Dim::symbol("N") * Dim(8), 5}, to = {Dim::symbol("N"), 7, 9, 19};
  Term patches =
      w.let(tiles, e,
            "weft.winograd_patches " + x + window + " : " + x.type() + " -> " + typeText(tiles, e));
  return w.give(w.let(to, e,
                      "weft.winograd_conv " + patches + ", " + f + window +
                          " patches_of [7, 9] : " + patches.type() + ", " + f.type() + " -> " +
                          typeText(to, e)));
}

BatchProgram attention(const std::string &e) {
  Writing w("attention_" + e);
  Term q = w.rows({5, 8}, e), k = w.rows({5, 8}, e), v = w.rows({5, 8}, e);
  return w.give(w.let(q.dims, e,
                      "weft.attention " + q + ", " + k + ", " + v + " scale 0.5 : " + q.type() +
                          ", " + k.type() + ", " + v.type() + " -> " + q.type()));
}

std::vector<BatchProgram> batchPrograms() {
  std::vector<BatchProgram> programs;
  for (const std::string &e : floats) {
    programs.push_back(dense(e, 37, 67));
    programs.push_back(dense(e, 300, 5));
    programs.push_back(alongRow("softmax axis 1", e, 37));
    programs.push_back(alongRow("log_softmax axis 1", e, 67));
    programs.push_back(alongRow("layer_norm axis 1 epsilon 1.0e-5", e, 131));
    programs.push_back(alongRow("rms_norm axis 1 epsilon 1.0e-5", e, 7));
    programs.push_back(alongRow("erf ", e, 13));
    programs.push_back(rowSum(e));
    programs.push_back(convolution(e));
    programs.push_back(
        packed(e, "matrix", {37}, {3, 37, 32}, 67, "strides [] pad [] [] dilations [] groups 1"));
    programs.push_back(packed(e, "image", {7, 9, 3}, {1, 3, 3, 3, 16}, 5,
                              "strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 1"));
    programs.push_back(packed(e, "narrow_groups", {7, 9, 28}, {7, 3, 3, 4, 4}, 28,
                              "strides [1, 1] pad [1, 1] [1, 1] dilations [1, 1] groups 7"));
    programs.push_back(depthwise(e));
    programs.push_back(winograd(e));
    programs.push_back(winogradOfPatches(e));
    programs.push_back(attention(e));
  }
  programs.push_back(scaled());
  return programs;
}

/// `count` rows of a batched tensor from row `first` on.
Tensor rowsOf(const Tensor &tensor, int64_t first, int64_t count) {
  reference::Index shape(tensor.shape());
  int64_t row = tensor.dim(0) == 0 ? 0 : tensor.size() / tensor.dim(0);
  shape[0] = count;
  Tensor part(tensor.element(), shape);
  Tensor::visit(part, tensor, [&](auto &to, const auto &from) {
    std::copy_n(from.begin() + first * row, count * row, to.begin());
  });
  return part;
}

class Check {
public:
  explicit Check(const RunnerOptions &runnerOptions)
      : options(runnerOptions), context(mlir::MLIRContext::Threading::DISABLED) {
    mlir::DialectRegistry registry;
    registry.insert<WeftDialect, mlir::func::FuncDialect>();
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }
  Outcome run();

private:
  Expected<std::unique_ptr<Native>> compile(llvm::ArrayRef<BatchProgram> programs);
  Expected<Tensor> call(Native &native, const BatchProgram &program, int64_t first, int64_t count);
  void compareRows(Native &native, const BatchProgram &program, const Tensor &all, int64_t first,
                   int64_t count, int threads);
  void fail(const std::string &name, const std::string &message) {
    outcome.failures.push_back("batch invariance of " + name + ": " + message);
  }

  const RunnerOptions &options;
  mlir::MLIRContext context;
  Outcome outcome;
};

Expected<std::unique_ptr<Native>> Check::compile(llvm::ArrayRef<BatchProgram> programs) {
  std::string text = "module @matrix {\n";
  for (const BatchProgram &each : programs)
    text += each.program.text(each.name);
  auto module = mlir::parseSourceString<ModuleOp>(text + "}\n", &context);
  mlir::PassManager manager(&context);
  buildGraphPipeline(manager);
  buildKernelsPipeline(manager);
  buildPlanPipeline(manager);
  if (!module || failed(manager.run(*module)))
    return llvm::createStringError("the programs do not compile");
  NativeOptions how = options.native;
  how.threads = 1;
  return Native::compile(*module, how);
}

constexpr int64_t wholeBatch = 64;

/// The result for rows [first, first + count) of the whole batch.
Expected<Tensor> Check::call(Native &native, const BatchProgram &program, int64_t first,
                             int64_t count) {
  std::vector<Tensor> inputs = program.program.fill(context, wholeBatch, options.seed);
  for (auto [i, input] : llvm::enumerate(inputs))
    if (program.isBatched[i])
      input = rowsOf(input, first, count);
  reference::Index shape;
  for (const Dim &dim : program.resultDims)
    shape.push_back(*dim.evaluate([&](StringRef) { return std::optional<int64_t>(count); }));
  Tensor result(inputs[0].element(), shape);
  Expected<std::vector<Tensor>> values = native.call(program.name, inputs, result);
  if (!values)
    return values.takeError();
  return std::move(values->front());
}

void Check::compareRows(Native &native, const BatchProgram &program, const Tensor &all,
                        int64_t first, int64_t count, int threads) {
  Expected<Tensor> part = call(native, program, first, count);
  if (!part)
    return fail(program.name, llvm::toString(part.takeError()));
  ++outcome.comparisons;
  if (part->toBytes() != rowsOf(all, first, count).toBytes())
    fail(program.name, "rows from " + std::to_string(first) + " on differ for N = " +
                           std::to_string(count) + " on " + std::to_string(threads) + " threads");
}

Outcome Check::run() {
  std::vector<BatchProgram> programs = batchPrograms();
  outcome.functions += static_cast<int64_t>(programs.size());
  Expected<std::unique_ptr<Native>> native = compile(programs);
  if (!native) {
    fail("all", llvm::toString(native.takeError()));
    return outcome;
  }
  std::vector<Tensor> whole; // On one thread.
  for (const BatchProgram &program : programs) {
    Expected<Tensor> all = call(**native, program, 0, wholeBatch);
    if (!all) {
      fail(program.name, llvm::toString(all.takeError()));
      return outcome;
    }
    whole.push_back(std::move(*all));
  }
  for (int threads : {1, 2, 4}) {
    if (llvm::Error error = (*native)->reopen(threads)) {
      fail("all", llvm::toString(std::move(error)));
      return outcome;
    }
    for (auto [program, all] : llvm::zip(programs, whole))
      for (auto [first, count] :
           {std::pair<int64_t, int64_t>{0, 64}, {0, 1}, {37, 1}, {63, 1}, {5, 2}, {20, 7}})
        compareRows(**native, program, all, first, count, threads);
  }
  return outcome;
}

} // namespace

Outcome runBatchInvariance(const RunnerOptions &options) { return Check(options).run(); }

} // namespace weft::opmatrix
