// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls by name and by number: right results, and for each way to call wrongly its message, with
// the result untouched.
#include "test/runtime/Inputs/Tiny.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace {

/// An opened model with one thread.
class Call : public testing::Test {
protected:
  void SetUp() override {
    weft_options options = {nullptr, 1, 0};
    ASSERT_EQ(weft_open_model(&tiny_embedded_descriptor, &options, &model), WEFT_OK)
        << weft_message();
  }
  void TearDown() override { weft_close(model); }

  /// Calls predict with this image and expects this message, and the result as it was.
  void refuses(weft_array input, const std::string &message) {
    refuses("predict", {input}, {result}, message);
  }
  void refuses(const char *function, std::vector<weft_array> inputs,
               std::vector<weft_array> outputs, const std::string &message) {
    std::memset(probability, 0x55, sizeof probability);
    EXPECT_EQ(weft_call(model, function, inputs.data(), static_cast<int32_t>(inputs.size()),
                        outputs.data(), static_cast<int32_t>(outputs.size())),
              WEFT_BAD_ARGUMENT);
    EXPECT_EQ(weft_message(), message);
    for (unsigned char byte : probability)
      EXPECT_EQ(byte, 0x55);
  }

  std::vector<float> results() const {
    std::vector<float> values(sizeof probability / sizeof(float));
    std::memcpy(values.data(), probability, sizeof probability);
    return values;
  }

  weft_model *model = nullptr;
  float pixels[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1};
  alignas(8) unsigned char probability[32] = {};
  int64_t imageDims[2] = {4, 3};
  int64_t resultDims[2] = {4, 2};
  weft_array image = {nullptr, WEFT_F32, 2, imageDims, pixels, sizeof pixels};
  weft_array result = {nullptr, WEFT_F32, 2, resultDims, probability, sizeof probability};
};

/// The three inputs and two outputs of pair() with N = 2 and M = 3.
class Pair : public Call {
protected:
  void refusesPair(const std::string &message) {
    refuses("pair", {inputs[0], inputs[1], inputs[2]}, {outputs[0], outputs[1]}, message);
  }

  float a[6] = {1, 2, 3, 4, 5, 6};
  int32_t b[2] = {7, 8};
  double c[4] = {1, 2, 3, 4};
  double total = -1;
  float columns[3] = {-1, -1, -1};
  int64_t aDims[2] = {2, 3}, bDims[1] = {2}, cDims[1] = {4}, columnsDims[1] = {3};
  weft_array inputs[3] = {{nullptr, WEFT_F32, 2, aDims, a, sizeof a},
                          {nullptr, WEFT_I32, 1, bDims, b, sizeof b},
                          {nullptr, WEFT_F64, 1, cDims, c, sizeof c}};
  weft_array outputs[2] = {{nullptr, WEFT_F64, 0, nullptr, &total, sizeof total},
                           {nullptr, WEFT_F32, 1, columnsDims, columns, sizeof columns}};
};

TEST_F(Call, computes) {
  ASSERT_EQ(weft_call(model, "predict", &image, 1, &result, 1), WEFT_OK) << weft_message();
  EXPECT_EQ(results(), std::vector<float>({11, 22, 13, 24, 15, 26, 19, 32}));
}

TEST_F(Call, computes_by_number) {
  int64_t n = 4;
  void *arguments[] = {pixels, probability};
  ASSERT_EQ(weft_invoke(model, TINY_PREDICT, &n, arguments), WEFT_OK) << weft_message();
  EXPECT_EQ(results(), std::vector<float>({11, 22, 13, 24, 15, 26, 19, 32}));
}

TEST_F(Call, empty_batch) {
  imageDims[0] = resultDims[0] = 0;
  image.data = result.data = nullptr;
  image.size = result.size = 0;
  EXPECT_EQ(weft_call(model, "predict", &image, 1, &result, 1), WEFT_OK) << weft_message();
}

TEST_F(Call, larger_batch_grows_arena) {
  std::vector<float> many(3000, 1.0f), sums(2000);
  imageDims[0] = resultDims[0] = 1000;
  image.data = many.data();
  image.size = many.size() * sizeof(float);
  result.data = sums.data();
  result.size = sums.size() * sizeof(float);
  ASSERT_EQ(weft_call(model, "predict", &image, 1, &result, 1), WEFT_OK) << weft_message();
  EXPECT_EQ(sums[1998], 19);
  EXPECT_EQ(sums[1999], 32);
}

TEST_F(Pair, by_position) {
  ASSERT_EQ(weft_call(model, "pair", inputs, 3, outputs, 2), WEFT_OK) << weft_message();
  EXPECT_EQ(total, 25);
  EXPECT_EQ(columns[0], 5);
  EXPECT_EQ(columns[2], 9);
}

TEST_F(Pair, by_name_in_any_order) {
  inputs[0].name = "a", inputs[1].name = "b", inputs[2].name = "c";
  outputs[0].name = "total", outputs[1].name = "columns";
  weft_array swapped[3] = {inputs[2], inputs[0], inputs[1]};
  weft_array results[2] = {outputs[1], outputs[0]};
  ASSERT_EQ(weft_call(model, "pair", swapped, 3, results, 2), WEFT_OK) << weft_message();
  EXPECT_EQ(total, 25);
  EXPECT_EQ(columns[1], 7);
}

TEST_F(Call, state_is_kept) {
  int64_t step = 5, total = 0;
  weft_array in = {"step", WEFT_I64, 0, nullptr, &step, 8};
  weft_array out = {"total", WEFT_I64, 0, nullptr, &total, 8};
  ASSERT_EQ(weft_call(model, "count", &in, 1, &out, 1), WEFT_OK) << weft_message();
  EXPECT_EQ(total, 105);
  ASSERT_EQ(weft_call(model, "count", &in, 1, &out, 1), WEFT_OK) << weft_message();
  EXPECT_EQ(total, 110);
}

TEST_F(Call, no_model) {
  EXPECT_EQ(weft_call(nullptr, "predict", &image, 1, &result, 1), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), "no model or no function: a pointer is NULL");
}

TEST_F(Call, unknown_function) {
  refuses("train", {image}, {result},
          "'tiny' exports no function 'train'; it has 'predict', 'pair', 'count', 'window'");
}

TEST_F(Call, too_few_arguments) {
  refuses("predict", {}, {result}, "predict: 0 arguments given, but expected 1: 'image'");
}

TEST_F(Call, too_many_arguments) {
  refuses("predict", {image, image}, {result},
          "predict: 2 arguments given, but expected 1: 'image'");
}

TEST_F(Call, too_few_results) {
  refuses("predict", {image}, {}, "predict: 0 results given, but expected 1: 'probability'");
}

TEST_F(Call, unknown_argument) {
  image.name = "picture";
  refuses(image, "predict: no argument has the name 'picture'; expected 'image'");
}

TEST_F(Call, unknown_result) {
  result.name = "score";
  refuses(image, "predict: no result has the name 'score'; expected 'probability'");
}

TEST_F(Pair, argument_twice) {
  inputs[0].name = "a", inputs[1].name = "a", inputs[2].name = "c";
  refusesPair("pair: argument 'a' is given twice");
}

TEST_F(Call, wrong_type) {
  image.dtype = WEFT_F64;
  refuses(image, "predict: argument 'image' is f64[4, 3], but expected f32[N, 3]");
}

TEST_F(Call, unknown_type) {
  image.dtype = static_cast<weft_dtype>(99);
  refuses(image, "predict: argument 'image' is ?[4, 3], but expected f32[N, 3]");
}

TEST_F(Call, wrong_rank) {
  image.rank = 1;
  refuses(image, "predict: argument 'image' is f32[4], but expected f32[N, 3]");
}

TEST_F(Call, rank_out_of_range) {
  image.rank = 33;
  refuses(image, "predict: argument 'image' has rank 33, but expected f32[N, 3]");
  image.rank = -1;
  refuses(image, "predict: argument 'image' has rank -1, but expected f32[N, 3]");
}

TEST_F(Call, wrong_constant_dimension) {
  imageDims[1] = 4;
  refuses(image, "predict: argument 'image' is f32[4, 4], but expected f32[N, 3]");
}

TEST_F(Call, negative_dimension) {
  imageDims[0] = -4;
  refuses(image, "predict: argument 'image' is f32[-4, 3], but expected f32[N, 3]");
}

TEST_F(Call, no_dims) {
  image.dims = nullptr;
  refuses(image, "predict: argument 'image' has no dims: the pointer is NULL");
}

TEST_F(Call, no_data) {
  image.data = nullptr;
  refuses(image, "predict: argument 'image' has no data: its pointer is NULL");
}

TEST_F(Call, no_room_for_result) {
  result.data = nullptr;
  refuses(image, "predict: result 'probability' has no data: its pointer is NULL");
}

TEST_F(Call, too_small_argument) {
  image.size = 47;
  refuses(image, "predict: argument 'image' has 47 bytes of data, but f32[4, 3] needs 48");
}

TEST_F(Call, too_small_result) {
  result.size = 31;
  refuses(image, "predict: result 'probability' has 31 bytes of data, but f32[4, 2] needs 32");
}

TEST_F(Call, wrong_result_shape) {
  resultDims[0] = 3;
  refuses(image, "predict: result 'probability' is f32[3, 2], but expected f32[N, 2] with N = 4");
}

TEST_F(Call, misaligned_argument) {
  std::vector<char> bytes(64);
  image.data = bytes.data() + 1;
  refuses(image, "predict: argument 'image' is not aligned for its element type");
}

TEST_F(Call, result_overlaps_argument) {
  result.data = pixels + 11;
  refuses(image, "predict: result 'probability' lies in the memory of argument 'image'");
}

TEST_F(Call, size_overflows) {
  imageDims[0] = resultDims[0] = INT64_MAX;
  refuses(image, "predict: sizes beyond 2^63 bytes with N = 9223372036854775807");
}

TEST_F(Pair, two_results_overlap) {
  alignas(8) float both[4] = {};
  outputs[0].data = both;
  outputs[1].data = both + 1;
  refusesPair("pair: result 'columns' lies in the memory of result 'total'");
}

TEST_F(Pair, dimension_conflict_names_both) {
  bDims[0] = 4;
  refusesPair("pair: N is 2 from 'a' but 4 in 'b'");
}

TEST_F(Pair, dimension_expression_shows_values) {
  cDims[0] = 5;
  refusesPair("pair: argument 'c' is f64[5], but expected f64[2 * N] with N = 2, M = 3");
}

TEST_F(Call, requirement_not_met) {
  float x = 0;
  int64_t one = 1, none = 0;
  weft_array in = {"x", WEFT_F32, 1, &one, &x, 4};
  weft_array out = {"middle", WEFT_F32, 1, &none, nullptr, 0};
  refuses("window", {in}, {out}, "window needs L >= 2, but was called with L = 1");
}

TEST_F(Call, invoke_checks_number) {
  EXPECT_EQ(weft_invoke(model, 4, nullptr, nullptr), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), "'tiny' has 4 functions, but number 4 was called");
  EXPECT_EQ(weft_invoke(model, -1, nullptr, nullptr), WEFT_BAD_ARGUMENT);
  EXPECT_EQ(weft_invoke(nullptr, 0, nullptr, nullptr), WEFT_BAD_ARGUMENT);
}

TEST_F(Call, invoke_checks_symbols) {
  int64_t n = -1;
  void *arguments[] = {pixels, probability};
  EXPECT_EQ(weft_invoke(model, TINY_PREDICT, &n, arguments), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), "predict: N is -1, but a dimension is never negative");
}

TEST_F(Call, invoke_checks_lists) {
  int64_t n = 4;
  void *arguments[] = {pixels, probability};
  EXPECT_EQ(weft_invoke(model, TINY_PREDICT, nullptr, arguments), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), "predict: no dimensions: the pointer is NULL");
  EXPECT_EQ(weft_invoke(model, TINY_PREDICT, &n, nullptr), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), "predict: no arguments: the pointer is NULL");
}

TEST_F(Call, invoke_checks_requirements) {
  int64_t length = 1;
  float x[1] = {0}, middle[1] = {0};
  void *arguments[] = {x, middle};
  EXPECT_EQ(weft_invoke(model, TINY_WINDOW, &length, arguments), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), "window needs L >= 2, but was called with L = 1");
}

TEST_F(Call, invoke_checks_pointers) {
  int64_t n = 4;
  void *arguments[] = {pixels, nullptr};
  EXPECT_EQ(weft_invoke(model, TINY_PREDICT, &n, arguments), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), "predict: result 'probability' has no data: its pointer is NULL");
}

TEST_F(Call, output_shape) {
  int64_t dims[WEFT_MAX_RANK];
  weft_array out = {};
  image.data = nullptr;
  image.size = 0;
  ASSERT_EQ(weft_output_shape(model, "predict", &image, 1, 0, dims, &out), WEFT_OK)
      << weft_message();
  EXPECT_STREQ(out.name, "probability");
  EXPECT_EQ(out.dtype, WEFT_F32);
  EXPECT_EQ(out.rank, 2);
  EXPECT_EQ(out.dims, dims);
  EXPECT_EQ(dims[0], 4);
  EXPECT_EQ(dims[1], 2);
  EXPECT_EQ(out.size, 32u);
}

TEST_F(Call, output_shape_refuses) {
  int64_t dims[WEFT_MAX_RANK];
  weft_array out = {};
  EXPECT_EQ(weft_output_shape(model, "predict", &image, 1, 1, dims, &out), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), "predict has 1 results, but the shape of number 1 was asked");
  imageDims[1] = 4;
  EXPECT_EQ(weft_output_shape(model, "predict", &image, 1, 0, dims, &out), WEFT_BAD_ARGUMENT);
  EXPECT_STREQ(weft_message(), "predict: argument 'image' is f32[4, 4], but expected f32[N, 3]");
}

TEST_F(Call, introspection) {
  EXPECT_EQ(weft_describe(model), &tiny_embedded_descriptor);
  EXPECT_EQ(weft_find_export(model, "count"), TINY_COUNT);
  EXPECT_EQ(weft_find_export(model, "nothing"), -1);
  EXPECT_EQ(weft_find_export(model, nullptr), -1);
  EXPECT_STREQ(weft_dtype_name(WEFT_BF16), "bf16");
  EXPECT_EQ(weft_dtype_size(WEFT_U16), 2u);
  EXPECT_EQ(weft_dtype_size(static_cast<weft_dtype>(-1)), 0u);
}

TEST_F(Call, long_message_ends_in_dots) {
  std::string name(5000, 'x');
  EXPECT_EQ(weft_call(model, name.c_str(), nullptr, 0, nullptr, 0), WEFT_BAD_ARGUMENT);
  std::string message = weft_message();
  EXPECT_LT(message.size(), 1024u);
  EXPECT_EQ(message.substr(message.size() - 4), "x...");
}

TEST_F(Call, message_cut_keeps_characters_whole) {
  for (size_t shift = 0; shift < 3; ++shift) {
    std::string name(shift, 'x');
    for (int i = 0; i < 1000; ++i)
      name += "\u20AC";
    EXPECT_EQ(weft_call(model, name.c_str(), nullptr, 0, nullptr, 0), WEFT_BAD_ARGUMENT);
    std::string message = weft_message();
    EXPECT_EQ(message.substr(message.size() - 6), "\u20AC...");
  }
}

TEST_F(Call, message_stays_one_line) {
  EXPECT_EQ(weft_call(model, "two\nlines\x1b", nullptr, 0, nullptr, 0), WEFT_BAD_ARGUMENT);
  EXPECT_EQ(std::string(weft_message()).rfind("'tiny' exports no function 'two?lines?'", 0), 0u);
}

} // namespace
