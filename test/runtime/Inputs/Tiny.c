// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions and the descriptor of Tiny.h.
#include "test/runtime/Inputs/Tiny.h"

#include <string.h>

#define COUNT(list) ((int32_t)(sizeof(list) / sizeof((list)[0])))
#define EXPR(...)                                                                                  \
  {                                                                                                \
    COUNT(((const int64_t[]){__VA_ARGS__})), (const int64_t[]) { __VA_ARGS__ }                     \
  }
#define CONSTANT(value) EXPR(WEFT_EXPR_CONSTANT, value)
#define SYMBOL(number) EXPR(WEFT_EXPR_SYMBOL, number)

typedef struct rows {
  const float *image, *weight, *bias;
  float *product, *result;
} rows;

static void multiply_rows(void *args, int64_t begin, int64_t end) {
  const rows *all = args;
  for (int64_t i = begin; i < end; ++i)
    for (int64_t j = 0; j < 2; ++j) {
      float sum = 0;
      for (int64_t k = 0; k < 3; ++k)
        sum += all->image[3 * i + k] * all->weight[2 * k + j];
      all->product[2 * i + j] = sum;
    }
}

static void add_rows(void *args, int64_t begin, int64_t end) {
  const rows *all = args;
  for (int64_t i = begin; i < end; ++i)
    for (int64_t j = 0; j < 2; ++j)
      all->result[2 * i + j] = all->product[2 * i + j] + all->bias[j];
}

static void predict(weft_context *context, void *const *parameters, void *const *arguments,
                    const int64_t *symbols, char *arena) {
  rows all = {arguments[0], parameters[0], parameters[1], (float *)arena, arguments[1]};
  weft_parallel_for(context, multiply_rows, &all, symbols[0], 1);
  weft_parallel_for(context, add_rows, &all, symbols[0], 1);
}

static void pair(weft_context *context, void *const *parameters, void *const *arguments,
                 const int64_t *symbols, char *arena) {
  (void)context, (void)parameters, (void)arena;
  const float *a = arguments[0];
  const int32_t *b = arguments[1];
  const double *c = arguments[2];
  double *total = arguments[3];
  float *columns = arguments[4];
  *total = 0;
  for (int64_t i = 0; i < symbols[0]; ++i)
    *total += b[i] + c[2 * i] + c[2 * i + 1];
  for (int64_t j = 0; j < symbols[1]; ++j) {
    columns[j] = 0;
    for (int64_t i = 0; i < symbols[0]; ++i)
      columns[j] += a[i * symbols[1] + j];
  }
}

static void count(weft_context *context, void *const *parameters, void *const *arguments,
                  const int64_t *symbols, char *arena) {
  (void)context, (void)symbols, (void)arena;
  int64_t *counter = parameters[0];
  *counter += *(const int64_t *)arguments[0];
  *(int64_t *)arguments[1] = *counter;
}

static void window(weft_context *context, void *const *parameters, void *const *arguments,
                   const int64_t *symbols, char *arena) {
  (void)context, (void)parameters, (void)arena;
  if (symbols[0] > 2)
    memcpy(arguments[1], (const float *)arguments[0] + 1, (size_t)(symbols[0] - 2) * sizeof(float));
}

static const weft_expr image_dims[] = {SYMBOL(0), CONSTANT(3)};
static const weft_expr probability_dims[] = {SYMBOL(0), CONSTANT(2)};
static const weft_argument predict_inputs[] = {{"image", "f32[N, 3]", image_dims, WEFT_F32, 2}};
static const weft_argument predict_outputs[] = {
    {"probability", "f32[N, 2]", probability_dims, WEFT_F32, 2}};
static const char *const predict_symbols[] = {"N"};
static const int32_t predict_parameters[] = {0, 3}; // 3: derived from the bias

static const weft_expr a_dims[] = {SYMBOL(0), SYMBOL(1)};
static const weft_expr b_dims[] = {SYMBOL(0)};
static const weft_expr c_dims[] = {EXPR(WEFT_EXPR_CONSTANT, 2, WEFT_EXPR_SYMBOL, 0, WEFT_EXPR_MUL)};
static const weft_expr columns_dims[] = {SYMBOL(1)};
static const weft_argument pair_inputs[] = {{"a", "f32[N, M]", a_dims, WEFT_F32, 2},
                                            {"b", "i32[N]", b_dims, WEFT_I32, 1},
                                            {"c", "f64[2 * N]", c_dims, WEFT_F64, 1}};
static const weft_argument pair_outputs[] = {{"total", "f64", NULL, WEFT_F64, 0},
                                             {"columns", "f32[M]", columns_dims, WEFT_F32, 1}};
static const char *const pair_symbols[] = {"N", "M"};

static const weft_argument count_inputs[] = {{"step", "i64", NULL, WEFT_I64, 0}};
static const weft_argument count_outputs[] = {{"total", "i64", NULL, WEFT_I64, 0}};
static const int32_t count_parameters[] = {1};

static void copy_bias(weft_context *context, void *const *parameters, void *const *arguments,
                      const int64_t *symbols, char *arena) {
  (void)context, (void)symbols;
  memcpy(arena, parameters[0], 2 * sizeof(float));
  memcpy(arguments[0], arena, 2 * sizeof(float));
}

static const weft_expr x_dims[] = {SYMBOL(0)};
static const weft_expr middle_dims[] = {
    EXPR(WEFT_EXPR_SYMBOL, 0, WEFT_EXPR_CONSTANT, -2, WEFT_EXPR_ADD)};
static const weft_argument window_inputs[] = {{"x", "f32[L]", x_dims, WEFT_F32, 1}};
static const weft_argument window_outputs[] = {{"middle", "f32[L - 2]", middle_dims, WEFT_F32, 1}};
static const char *const window_symbols[] = {"L"};
static const weft_requirement window_requirements[] = {
    {EXPR(WEFT_EXPR_SYMBOL, 0, WEFT_EXPR_CONSTANT, -2, WEFT_EXPR_ADD), "L >= 2"}};

static const weft_export exports[] = {
    {"predict", "Two sums of each row.\nThe second line.", predict_inputs, predict_outputs,
     predict_symbols, predict_parameters, NULL,
     EXPR(WEFT_EXPR_CONSTANT, 8, WEFT_EXPR_SYMBOL, 0, WEFT_EXPR_MUL), predict, 1, 1, 1, 2, 0, 0, 0,
     0, NULL},
    {"pair",
     "",
     pair_inputs,
     pair_outputs,
     pair_symbols,
     NULL,
     NULL,
     {0, NULL},
     pair,
     3,
     2,
     2,
     0,
     0,
     0,
     0,
     0,
     NULL},
    {"count",
     "",
     count_inputs,
     count_outputs,
     NULL,
     count_parameters,
     NULL,
     {0, NULL},
     count,
     1,
     1,
     0,
     1,
     0,
     0,
     0,
     0,
     NULL},
    {"window",
     "",
     window_inputs,
     window_outputs,
     window_symbols,
     NULL,
     window_requirements,
     {0, NULL},
     window,
     1,
     1,
     1,
     0,
     1,
     0,
     0,
     0,
     NULL}};

static const int64_t weight_dims[] = {3, 2};
static const int64_t bias_dims[] = {2};
static const weft_parameter parameters[] = {{"weight", "", weight_dims, WEFT_F32, 2, WEFT_PARAM, 0},
                                            {"counter", "", NULL, WEFT_I64, 0, WEFT_STATE, 0},
                                            {"bias", "", bias_dims, WEFT_F32, 1, WEFT_PARAM, 0}};

// Derived tensors: the bias once more.
static const weft_parameter derived[] = {
    {"bias.copy", "", bias_dims, WEFT_F32, 1, WEFT_DERIVED, 0}};
static const weft_expr copy_dims[] = {CONSTANT(2)};
static const weft_argument copy_outputs[] = {{"bias.copy", "f32[2]", copy_dims, WEFT_F32, 1}};
static const int32_t copy_parameters[] = {2};
static const weft_export prepare[] = {{"copy_bias", "", NULL, copy_outputs, NULL, copy_parameters,
                                       NULL, CONSTANT(8), copy_bias, 0, 1, 0, 1, 0, 0, 0, 0, NULL}};

#define HEADER                                                                                     \
  "{\"weight\":{\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[0,24]},"                       \
  "\"bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[24,32]},"                           \
  "\"counter\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[32,40]}}    "

static const struct {
  _Alignas(64) uint64_t header_length;
  char header[sizeof(HEADER) - 1] __attribute__((nonstring));
  float weight[6], bias[2];
  int64_t counter;
} embedded = {sizeof(HEADER) - 1, HEADER, {1, 2, 3, 4, 5, 6}, {10, 20}, 100};

static_assert((sizeof(HEADER) - 1) % 8 == 0, "the data must follow without padding");

#define TINY(weights, end)                                                                         \
  {WEFT_ABI_VERSION,                                                                               \
   sizeof(weft_descriptor),                                                                        \
   sizeof(weft_export),                                                                            \
   sizeof(weft_parameter),                                                                         \
   "tiny",                                                                                         \
   "A model for tests.",                                                                           \
   "by hand",                                                                                      \
   "",                                                                                             \
   exports,                                                                                        \
   parameters,                                                                                     \
   weights,                                                                                        \
   end,                                                                                            \
   COUNT(exports),                                                                                 \
   COUNT(parameters),                                                                              \
   derived,                                                                                        \
   prepare,                                                                                        \
   COUNT(derived),                                                                                 \
   COUNT(prepare),                                                                                 \
   WEFT_PREPARED "tiny",                                                                           \
   NULL,                                                                                           \
   NULL,                                                                                           \
   0,                                                                                              \
   0}

const weft_descriptor tiny_descriptor = TINY(NULL, NULL);
const weft_descriptor tiny_embedded_descriptor =
    TINY(&embedded,
         (const char *)&embedded + 8 + sizeof(HEADER) - 1 + 8 * sizeof(float) + sizeof(int64_t));
