// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// oneDNN, OpenBLAS and BLIS. oneDNN chooses the layouts of input, weights and result itself, and
// each of its algorithms stands for itself. The two BLAS export the same names, so that they are
// opened at run time, each with its own.

#include "test/bench/kernels/Peers.h"

#include <dlfcn.h>
#include <dnnl.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unordered_map>

namespace weft::bench {

using dnnl::memory;
using Tag = memory::format_tag;

//===-- BLAS --------------------------------------------------------------------------------===//

namespace {

using Sgemm = void (*)(int order, int transA, int transB, int m, int n, int k, float alpha,
                       const float *a, int lda, const float *b, int ldb, float beta, float *c,
                       int ldc);

struct Blas {
  const char *name, *file, *kind; ///< `kind` is the function that names the chosen kernels.
  Sgemm sgemm = nullptr;
  std::string chosen;
};

/// The libraries, opened once.
std::vector<Blas> &allBlas() {
  static std::vector<Blas> all = [] {
    std::vector<Blas> opened{{"openblas", "libopenblas.so.0", "openblas_get_corename", {}, {}},
                             {"blis", "libblis.so.4", nullptr, {}, {}}};
    for (Blas &blas : opened) {
      void *library = dlopen(blas.file, RTLD_NOW | RTLD_LOCAL);
      if (library)
        blas.sgemm = reinterpret_cast<Sgemm>(dlsym(library, "cblas_sgemm"));
      if (!blas.sgemm) {
        std::fprintf(stderr, "no cblas_sgemm in %s: %s\n", blas.file, dlerror());
        std::exit(1);
      }
      if (blas.kind)
        blas.chosen = reinterpret_cast<const char *(*)()>(dlsym(library, blas.kind))();
    }
    return opened;
  }();
  return all;
}

/// A product of matrices by one BLAS, everything row-major.
Contender blasContender(const Blas &blas, const Shape &shape, const float *input,
                        std::shared_ptr<std::vector<float>> weights) {
  auto rows = static_cast<int>(shape.resultRows()), inputs = static_cast<int>(shape.inputs);
  auto outputs = static_cast<int>(shape.outputs);
  auto result = std::make_shared<std::vector<float>>(shape.resultRows() * shape.outputs);
  Contender made;
  made.name = blas.name;
  made.call = [=, sgemm = blas.sgemm] {
    constexpr int rowMajor = 101, plain = 111;
    sgemm(rowMajor, plain, plain, rows, outputs, inputs, 1, input, inputs, weights->data(), outputs,
          0, result->data(), outputs);
  };
  made.result = [=] { return *result; };
  return made;
}

/// Weights as [inputs, outputs], for a product or a window of one place.
std::shared_ptr<std::vector<float>> matrixOf(const Shape &shape, const float *weights) {
  auto matrix = std::make_shared<std::vector<float>>(shape.inputs * shape.outputs);
  for (int64_t k = 0; k < shape.inputs; ++k)
    for (int64_t n = 0; n < shape.outputs; ++n)
      (*matrix)[k * shape.outputs + n] =
          shape.isProduct() ? weights[k * shape.outputs + n] : weights[n * shape.inputs + k];
  return matrix;
}

//===-- oneDNN ------------------------------------------------------------------------------===//

struct OneDnn {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};

OneDnn &oneDnn() {
  static OneDnn only;
  return only;
}

memory::desc floats(memory::dims dims, Tag tag) {
  return {std::move(dims), memory::data_type::f32, tag};
}

/// `data` in the layout that `plain` says, reordered to `wanted`.
memory arranged(const float *data, const memory::desc &plain, const memory::desc &wanted) {
  OneDnn &dnn = oneDnn();
  memory from(plain, dnn.engine, const_cast<float *>(data)), to(wanted, dnn.engine);
  dnnl::reorder(from, to).execute(dnn.stream, from, to);
  dnn.stream.wait();
  return to;
}

/// A primitive with its operands; `plainResult` is the layout that results are compared in.
struct Primitive {
  dnnl::primitive primitive;
  std::unordered_map<int, memory> arguments;
  memory::desc plainResult;
};

Contender dnnContender(const std::string &name, std::shared_ptr<Primitive> primitive) {
  Contender made;
  made.name = name;
  made.kept = primitive;
  made.call = [&p = *primitive] {
    p.primitive.execute(oneDnn().stream, p.arguments);
    oneDnn().stream.wait();
  };
  made.result = [&p = *primitive] {
    std::vector<float> plain(p.plainResult.get_size() / sizeof(float));
    memory from = p.arguments.at(DNNL_ARG_DST);
    memory to(p.plainResult, oneDnn().engine, plain.data());
    dnnl::reorder(from, to).execute(oneDnn().stream, from, to);
    oneDnn().stream.wait();
    return plain;
  };
  return made;
}

/// Fills in the operands of a primitive whose description has `src_desc` and so on.
template <typename Made, typename Description>
std::shared_ptr<Primitive> withOperands(const Description &description, const Operands &operands,
                                        const memory::desc &input, const memory::desc &weights,
                                        const memory::desc &result) {
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, arranged(operands.input, input, description.src_desc())},
      {DNNL_ARG_WEIGHTS, arranged(operands.weights, weights, description.weights_desc())},
      {DNNL_ARG_DST, memory(description.dst_desc(), oneDnn().engine)}};
  return std::make_shared<Primitive>(Primitive{Made(description), std::move(arguments), result});
}

void addProducts(std::vector<Contender> &all, const Shape &shape, const Operands &operands) {
  memory::dims in{shape.rows, shape.inputs}, matrix{shape.inputs, shape.outputs};
  memory::dims out{shape.rows, shape.outputs};
  // Rows are plain, as they are for Weft: between two layers of a network nothing else is.
  dnnl::matmul::desc product(floats(in, Tag::ab), floats(matrix, Tag::any), floats(out, Tag::ab));
  all.push_back(dnnContender(
      "dnnl-matmul", withOperands<dnnl::matmul>(
                         dnnl::matmul::primitive_desc(product, oneDnn().engine), operands,
                         floats(in, Tag::ab), floats(matrix, Tag::ab), floats(out, Tag::ab))));
  memory::dims turned{shape.outputs, shape.inputs};
  dnnl::inner_product_forward::desc linear(dnnl::prop_kind::forward_inference, floats(in, Tag::any),
                                           floats(turned, Tag::any), floats(out, Tag::any));
  all.push_back(dnnContender(
      "dnnl-inner",
      withOperands<dnnl::inner_product_forward>(
          dnnl::inner_product_forward::primitive_desc(linear, oneDnn().engine), operands,
          floats(in, Tag::ab), floats(turned, Tag::ba), floats(out, Tag::ab))));
}

void addConvolutions(std::vector<Contender> &all, const Shape &shape, const Operands &operands) {
  int64_t out = shape.outSize(), each = shape.inputs / shape.groups;
  memory::dims in{1, shape.inputs, shape.size, shape.size}, result{1, shape.outputs, out, out};
  memory::dims filter{shape.outputs, each, shape.taps, shape.taps};
  Tag plainFilter = Tag::oihw;
  if (shape.groups > 1) {
    filter = {shape.groups, shape.outputs / shape.groups, each, shape.taps, shape.taps};
    plainFilter = Tag::goihw;
  }
  struct Choice {
    const char *name;
    dnnl::algorithm algorithm;
    Tag tag;
  };
  std::vector<std::string> known;
  for (Choice choice : {Choice{"dnnl-direct", dnnl::algorithm::convolution_direct, Tag::any},
                        {"dnnl-nhwc", dnnl::algorithm::convolution_direct, Tag::nhwc},
                        {"dnnl-winograd", dnnl::algorithm::convolution_winograd, Tag::any},
                        {"dnnl-auto", dnnl::algorithm::convolution_auto, Tag::any}}) {
    try {
      memory::dims strides{shape.stride, shape.stride}, pad{shape.pad, shape.pad};
      dnnl::convolution_forward::desc wanted(dnnl::prop_kind::forward_inference, choice.algorithm,
                                             floats(in, choice.tag), floats(filter, Tag::any),
                                             floats(result, choice.tag), strides, pad, pad);
      dnnl::convolution_forward::primitive_desc description(wanted, oneDnn().engine);
      // The free choice is most often one of the others.
      std::string kind = description.impl_info_str();
      kind += description.src_desc() == floats(in, Tag::nhwc) ? " nhwc" : "";
      if (std::find(known.begin(), known.end(), kind) != known.end())
        continue;
      known.push_back(kind);
      all.push_back(
          dnnContender(choice.name, withOperands<dnnl::convolution_forward>(
                                        description, operands, floats(in, Tag::nhwc),
                                        floats(filter, plainFilter), floats(result, Tag::nhwc))));
    } catch (const dnnl::error &error) {
      if (error.status != dnnl_unimplemented)
        throw;
    }
  }
}

} // namespace

std::vector<Contender> peersFor(const Shape &shape, const Operands &operands) {
  std::vector<Contender> all;
  if (shape.isProduct())
    addProducts(all, shape, operands);
  else
    addConvolutions(all, shape, operands);
  bool isPointwise = shape.taps == 1 && shape.stride == 1 && shape.pad == 0 && shape.groups == 1;
  if (!shape.isProduct() && !isPointwise)
    return all;
  auto weights = matrixOf(shape, operands.weights);
  for (const Blas &blas : allBlas())
    all.push_back(blasContender(blas, shape, operands.input, weights));
  return all;
}

std::string describePeers() {
  const dnnl_version_t *version = dnnl_version();
  char text[64];
  std::snprintf(text, sizeof text, "oneDNN %d.%d.%d", version->major, version->minor,
                version->patch);
  std::string all = text;
  for (const Blas &blas : allBlas())
    all += std::string(", ") + blas.name + (blas.chosen.empty() ? "" : " (" + blas.chosen + ")");
  return all;
}

} // namespace weft::bench
