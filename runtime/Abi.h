// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every struct that the compiler writes as constant data, and every function that generated code
// and the runtime call in each other. Valid C11 and C++. The sizes are pinned below: whoever
// changes a struct or the meaning of a field also raises WEFT_ABI_VERSION.
#ifndef WEFT_RUNTIME_ABI_H
#define WEFT_RUNTIME_ABI_H

#include "runtime/weft.h"

#include <assert.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_ABI_VERSION 4

/// Alignment in bytes of the arena; plans may place each buffer at a multiple of it.
#define WEFT_ARENA_ALIGNMENT 64

/// Threads of one call; the only thing generated code does with it is to pass it on.
typedef struct weft_context weft_context;

/// Work on the iterations [begin, end) of one parallel loop. Must be safe from several threads.
typedef void (*weft_body)(void *args, int64_t begin, int64_t end);

/// Runs `body(args, begin, end)` over disjoint ranges that cover [0, n), and returns when all are
/// done.
///
/// Ranges are of one length, at least `grain`, but for a shorter last one; a grain below 1 counts
/// as 1. Inside another parallel loop it runs on the calling thread.
WEFT_API void weft_parallel_for(weft_context *context, weft_body body, void *args, int64_t n,
                                int64_t grain);

/// One of the parallel loops that a step consists of.
typedef struct weft_loop {
  weft_body body;
  int64_t n;
  int64_t grain;
} weft_loop;

/// Runs `count` loops one after the other, each when the one before is done, and all of that
/// `steps` times. Threads stay between steps.
///
/// Iteration i of a loop has in step s the number s * n + i. Ranges are as in weft_parallel_for,
/// and each lies in one step; their grain may be smaller than asked for, since to go on costs less
/// than to begin.
WEFT_API void weft_parallel_steps(weft_context *context, const weft_loop *loops, int64_t count,
                                  void *args, int64_t steps);

/// An exported function, compiled.
///
/// parameters: data of the export's parameters and states, in the order of weft_export.parameters;
///             a state may be written, a parameter never.
/// arguments:  data of the inputs, then the outputs. Outputs overlap nothing.
/// symbols:    values of the export's dimension names.
/// arena:      as many bytes as weft_export.arena says, aligned to WEFT_ARENA_ALIGNMENT, contents
///             undefined; may be NULL when that is 0.
typedef void (*weft_entry)(weft_context *context, void *const *parameters, void *const *arguments,
                           const int64_t *symbols, char *arena);

/// Words of a postfix expression over int64. The divisor of the last three must be positive.
typedef enum weft_opcode {
  WEFT_EXPR_CONSTANT = 0, ///< Pushes the next word.
  WEFT_EXPR_SYMBOL = 1,   ///< Pushes the dimension whose number is the next word.
  WEFT_EXPR_ADD = 2,      ///< The rest pop the right operand, then the left, and push the result.
  WEFT_EXPR_MUL = 3,
  WEFT_EXPR_MAX = 4,
  WEFT_EXPR_FLOORDIV = 5, ///< Rounds towards minus infinity.
  WEFT_EXPR_CEILDIV = 6,  ///< Rounds towards plus infinity.
  WEFT_EXPR_MOD = 7       ///< From 0 to the divisor less 1.
} weft_opcode;

/// The most values that an expression may have on its stack at one time.
#define WEFT_EXPR_DEPTH 64

/// A dimension or a number of bytes. Evaluation checks overflow.
typedef struct weft_expr {
  int32_t length;      ///< Words in `code`, operands included.
  const int64_t *code; ///< For example 2 * N: {CONSTANT, 2, SYMBOL, 0, MUL}, length 5.
} weft_expr;

/// An input or output of an export.
typedef struct weft_argument {
  const char *name; ///< As the user wrote it.
  const char *type; ///< As the user reads it in messages: "f32[N, 1, 8, 8]", "f32" for a scalar.
  const weft_expr *dims; ///< `rank` sizes.
  int32_t dtype;         ///< A weft_dtype.
  int32_t rank;          ///< At most WEFT_MAX_RANK.
} weft_argument;

/// Something that dimensions of a call must fulfil, checked before the call computes.
///
/// A plan needs one for each intermediate size that some dimensions would make negative.
typedef struct weft_requirement {
  weft_expr value;  ///< Must be 0 or more.
  const char *text; ///< The rule as the user reads it: "N >= 3".
} weft_requirement;

/// An exported function, or one of its versions: code for some sizes only.
///
/// A function with versions has no code of its own. They have its name, arguments and symbols, and
/// of those that allow the sizes of a call the first is taken.
typedef struct weft_export {
  const char *name;            ///< Unique in the model.
  const char *doc;             ///< Documentation comment; "" when there is none.
  const weft_argument *inputs; ///< Each symbol stands alone as a dimension of one of them.
  const weft_argument *outputs;
  const char *const *symbols;           ///< Dimension names, in order of first appearance.
  const int32_t *parameters;            ///< Numbers of what it takes: parameters and states, then
                                        ///< from parameter_count on derived tensors.
  const weft_requirement *requirements; ///< May be NULL when there is none.
  weft_expr arena;                      ///< Bytes of intermediate results; length 0 means none.
  weft_entry entry;
  int32_t input_count;
  int32_t output_count;
  int32_t symbol_count;
  int32_t parameter_count;
  int32_t requirement_count;
  int32_t version_count; ///< 0 in a version.
  int32_t first_version; ///< Number of the first in weft_descriptor.versions.
  int32_t reserved;      ///< 0.
  const int64_t *sizes;  ///< Of a version: for each symbol its size, or -1 for any; else NULL.
} weft_export;

typedef enum weft_parameter_kind {
  WEFT_PARAM = 0,  ///< Read only, shared between handles.
  WEFT_STATE = 1,  ///< One writable copy a handle.
  WEFT_DERIVED = 2 ///< Computed from parameters when the weights are opened; read only, shared.
} weft_parameter_kind;

/// A parameter or state, the tensor of that name in the weights; or a derived tensor.
typedef struct weft_parameter {
  const char *name;    ///< "conv1.weight"
  const char *doc;     ///< "" when there is none.
  const int64_t *dims; ///< `rank` sizes.
  int32_t dtype;       ///< A weft_dtype.
  int32_t rank;        ///< At most WEFT_MAX_RANK.
  int32_t kind;        ///< A weft_parameter_kind.
  int32_t reserved;    ///< 0.
} weft_parameter;

/// All that the runtime knows of a model; constant data with the symbol `<model>_descriptor`.
struct weft_descriptor {
  uint32_t abi_version;     ///< WEFT_ABI_VERSION; first, so that it can be read in any version.
  uint32_t descriptor_size; ///< sizeof(weft_descriptor)
  uint32_t export_size;     ///< sizeof(weft_export)
  uint32_t parameter_size;  ///< sizeof(weft_parameter)
  const char *name;         ///< The model's name as C writes it: "digits".
  const char *doc;          ///< "" when there is none.
  const char *compiler;     ///< "weft 0.1.0", for messages.
  const char *features;     ///< What the code asks of the processor, in LLVM's names: "avx2,fma".
  const weft_export *exports;
  const weft_parameter *parameters;
  const void *weights;     ///< An embedded safetensors file, best aligned to 64 bytes; or NULL.
  const void *weights_end; ///< Behind its last byte.
  int32_t export_count;
  int32_t parameter_count;
  const weft_parameter *derived; ///< What exports read in place of parameters: packed weights.
  /// Functions without inputs whose outputs, one function after the other, are `derived`.
  const weft_export *prepare;
  int32_t derived_count;
  int32_t prepare_count;
  /// Name of the empty tensor in a file that holds what the exports read, derived tensors instead
  /// of what these are computed from: WEFT_PREPARED and a digest of `prepare`. "" if nothing is
  /// derived.
  const char *prepared;
  const weft_export *versions; ///< Those of all exports, one export after the other.
  /// The same model compiled for several processors, the most demanding first, this one among them;
  /// NULL when it is the only one. What names, types and parameters are is the same in all.
  const weft_descriptor *const *variants;
  int32_t version_count;
  int32_t variant_count;
};

/// How the mark of a file of prepared weights begins.
#define WEFT_PREPARED "weft.prepared."

/// The data of parameter, state or derived tensor number `index`, as exports of this handle read
/// it. NULL where a prepared file left a parameter out.
WEFT_API const void *weft_tensor_data(const weft_model *model, int32_t index);

/// `main` of a program whose verbs are the exports of `descriptor`. In libweft_program.a, which
/// only `weft build --program` links; the generated object has a `main` that calls this.
WEFT_API int weft_main(const weft_descriptor *descriptor, int argc, char **argv);

static_assert(sizeof(void *) == 8, "Weft's ABI has 64-bit pointers");
static_assert(sizeof(weft_status) == 4 && sizeof(weft_dtype) == 4, "enums travel as int32");
static_assert(sizeof(weft_options) == 24, "weft_options is part of the ABI");
static_assert(sizeof(weft_array) == 40, "weft_array is part of the ABI");
static_assert(sizeof(weft_loop) == 24, "weft_loop is part of the ABI");
static_assert(sizeof(weft_expr) == 16, "weft_expr is part of the ABI");
static_assert(sizeof(weft_argument) == 32, "weft_argument is part of the ABI");
static_assert(sizeof(weft_requirement) == 24, "weft_requirement is part of the ABI");
static_assert(sizeof(weft_export) == 120, "weft_export is part of the ABI");
static_assert(sizeof(weft_parameter) == 40, "weft_parameter is part of the ABI");
static_assert(sizeof(struct weft_descriptor) == 144, "weft_descriptor is part of the ABI");

#ifdef __cplusplus
}
#endif

#endif // WEFT_RUNTIME_ABI_H
