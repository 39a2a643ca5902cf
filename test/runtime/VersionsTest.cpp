// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Several versions of one function, and one model for several processors: which code runs, with
// which parameters and how large an arena, and what is said where there is none.
#include "runtime/Abi.h"
#include "test/runtime/Support.h"

#include <gtest/gtest.h>

#include <string>

namespace {

/// What ran last: the version's number, its first parameter and its arena.
struct Ran {
  int version = -1;
  const void *parameter = nullptr;
  const char *arena = nullptr;
} ran;

template <int Version>
void entry(weft_context *, void *const *parameters, void *const *, const int64_t *, char *arena) {
  ran = {Version, parameters[0], arena};
}

const int64_t nCode[] = {WEFT_EXPR_SYMBOL, 0}, sCode[] = {WEFT_EXPR_SYMBOL, 1};
const weft_expr dims[] = {{2, nCode}, {2, sCode}};
const weft_argument input = {"x", "f32[N, S]", dims, WEFT_F32, 2};
const weft_argument output = {"y", "f32[N, S]", dims, WEFT_F32, 2};
const char *const symbols[] = {"N", "S"};
const int64_t arenaCode[] = {WEFT_EXPR_CONSTANT, 4096};
const int64_t atLeastFive[] = {WEFT_EXPR_SYMBOL, 0, WEFT_EXPR_CONSTANT, -5, WEFT_EXPR_ADD};
const weft_requirement needsFive = {{5, atLeastFive}, "N >= 5"};
const int32_t first[] = {0}, second[] = {1};
const int64_t oneAndEight[] = {1, 8}, oneAndAny[] = {1, -1}, any[] = {-1, -1};

weft_export version(const int64_t *sizes, const int32_t *parameters, weft_entry code) {
  return {"f", "", &input, &output, symbols, parameters, nullptr, {0, nullptr}, code, 1,
          1,   2,  1,      0,       0,       0,          0,       sizes};
}

const int64_t parameterDims[] = {1};
const weft_parameter parameters[] = {{"p", "", parameterDims, WEFT_F32, 1, WEFT_PARAM, 0},
                                     {"q", "", parameterDims, WEFT_F32, 1, WEFT_PARAM, 0}};
const char header[] = R"({"p":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                      R"("q":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})";

/// A model with one function `f` of N and S.
struct Model {
  explicit Model(int count)
      : versions{version(oneAndEight, first, entry<0>), version(oneAndAny, second, entry<1>),
                 version(any, first, entry<2>)} {
    versions[1].arena = {2, arenaCode};
    versions[2].requirements = &needsFive;
    versions[2].requirement_count = 1;
    function = {"f", "", &input, &output, symbols, nullptr, nullptr, {0, nullptr}, nullptr, 1,
                1,   2,  0,      0,       count,   0,       0,       nullptr};
    weights = weft::test::safetensors(header, std::string(8, '\0'));
    descriptor = {WEFT_ABI_VERSION,
                  sizeof(weft_descriptor),
                  sizeof(weft_export),
                  sizeof(weft_parameter),
                  "model",
                  "",
                  "by hand",
                  "",
                  &function,
                  parameters,
                  weights.data(),
                  weights.data() + weights.size(),
                  1,
                  2,
                  nullptr,
                  nullptr,
                  0,
                  0,
                  "",
                  versions,
                  nullptr,
                  count,
                  0};
  }

  weft_model *open() {
    weft_options options = {nullptr, 1, 0};
    weft_model *model = nullptr;
    EXPECT_EQ(weft_open_model(&descriptor, &options, &model), WEFT_OK) << weft_message();
    return model;
  }

  weft_export versions[3];
  weft_export function;
  std::string weights;
  weft_descriptor descriptor;
};

weft_status call(weft_model *model, int64_t n, int64_t s) {
  alignas(8) static float x[64], y[64];
  int64_t sizes[] = {n, s};
  void *arguments[] = {x, y};
  ran = {};
  return weft_invoke(model, 0, sizes, arguments);
}

TEST(Versions, first_that_allows_the_sizes_runs) {
  Model all(3);
  weft_model *model = all.open();
  ASSERT_TRUE(model);
  EXPECT_EQ(call(model, 1, 8), WEFT_OK) << weft_message();
  EXPECT_EQ(ran.version, 0);
  EXPECT_EQ(ran.parameter, weft_tensor_data(model, 0));
  EXPECT_EQ(call(model, 1, 7), WEFT_OK) << weft_message();
  EXPECT_EQ(ran.version, 1);
  EXPECT_EQ(ran.parameter, weft_tensor_data(model, 1));
  EXPECT_TRUE(ran.arena);
  EXPECT_EQ(call(model, 5, 8), WEFT_OK) << weft_message();
  EXPECT_EQ(ran.version, 2);
  weft_close(model);
}

TEST(Versions, requirement_of_the_one_that_would_run) {
  Model all(3);
  weft_model *model = all.open();
  ASSERT_TRUE(model);
  EXPECT_EQ(call(model, 4, 8), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), "f needs N >= 5, but was called with N = 4, S = 8");
  weft_close(model);
}

TEST(Versions, sizes_that_no_version_allows) {
  Model some(2);
  weft_model *model = some.open();
  ASSERT_TRUE(model);
  const char *message =
      "f was compiled for N = 1, S = 8 or N = 1, but was called with N = 2, S = 8";
  EXPECT_EQ(call(model, 2, 8), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), message);
  EXPECT_EQ(ran.version, -1);
  int64_t sizes[] = {2, 8};
  EXPECT_EQ(weft_reserve(model, 0, sizes), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), message);
  weft_array array = {nullptr, WEFT_F32, 2, sizes, nullptr, 0}, result = {};
  int64_t resultDims[WEFT_MAX_RANK];
  EXPECT_EQ(weft_output_shape(model, "f", &array, 1, 0, resultDims, &result), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), message);
  weft_close(model);
}

TEST(Versions, limit_counts_the_arena_of_the_one_that_runs) {
  Model all(3);
  weft_options options = {nullptr, 1, 4095};
  weft_model *model = nullptr;
  // All dimensions 1: the second version, whose arena is too large.
  EXPECT_EQ(weft_open_model(&all.descriptor, &options, &model), WEFT_OUT_OF_MEMORY);
  EXPECT_STREQ(weft_message(), "f with N = 1, S = 1 needs 4096 bytes for state and intermediate "
                               "results, but the limit is 4095");
}

#if defined(__x86_64__)

TEST(Variants, most_demanding_that_can_run_is_taken) {
  Model lean(3), base(3), rich(3);
  // No processor has all of these: XOP is AMD's of 2011, and AVX-512 came in 2016.
  rich.descriptor.features = "xop,fma4,avx512f";
  base.descriptor.features = "sse3";
  const weft_descriptor *const list[] = {&rich.descriptor, &base.descriptor, &lean.descriptor};
  lean.descriptor.variants = list;
  lean.descriptor.variant_count = 3;
  weft_model *model = lean.open();
  ASSERT_TRUE(model);
  EXPECT_EQ(weft_describe(model), &base.descriptor);
  EXPECT_EQ(call(model, 1, 8), WEFT_OK) << weft_message();
  weft_model *other = nullptr;
  ASSERT_EQ(weft_share(model, &other), WEFT_OK);
  EXPECT_EQ(weft_describe(other), &base.descriptor);
  weft_close(other);
  weft_close(model);
}

TEST(Variants, none_can_run) {
  Model richer(3), rich(3);
  richer.descriptor.features = "xop,fma4,avx512f,avx512bw";
  rich.descriptor.features = "avx512f,xop";
  const weft_descriptor *const list[] = {&richer.descriptor, &rich.descriptor};
  rich.descriptor.variants = list;
  rich.descriptor.variant_count = 2;
  weft_model *model = nullptr;
  EXPECT_EQ(weft_open_model(&rich.descriptor, nullptr, &model), WEFT_BAD_MODEL);
  EXPECT_TRUE(std::string(weft_message()).starts_with("'model' was compiled for a processor with "))
      << weft_message();
}

#endif

} // namespace
