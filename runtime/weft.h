// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The public interface of every library that Weft makes. Plain C11, also valid C++; it includes
// nothing but two standard headers, so a generated header may carry it whole.
// In: a model compiled into the program. Out: results in the caller's buffers, or a status and a
// message in the user's words.
#ifndef WEFT_H
#define WEFT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_API __attribute__((visibility("default")))

/// The most dimensions that an array may have.
#define WEFT_MAX_RANK 32

/// What a function of this header returns. Anything but WEFT_OK leaves a text in weft_message().
typedef enum weft_status {
  WEFT_OK = 0,
  WEFT_BAD_ARGUMENT = 1, ///< A call with a wrong name, number, type or shape; nothing was computed.
  WEFT_BAD_WEIGHTS = 2, ///< The weights cannot be read or do not fit the model; nothing was loaded.
  WEFT_OUT_OF_MEMORY = 3, ///< Memory ended, or the limit in weft_options was reached.
  WEFT_BAD_MODEL = 4 ///< The model was compiled for another version of this runtime or processor.
} weft_status;

/// Element types. The values are part of the ABI.
typedef enum weft_dtype {
  WEFT_F64 = 0,
  WEFT_F32 = 1,
  WEFT_F16 = 2,
  WEFT_BF16 = 3,
  WEFT_I64 = 4,
  WEFT_I32 = 5,
  WEFT_I16 = 6,
  WEFT_I8 = 7,
  WEFT_U64 = 8,
  WEFT_U32 = 9,
  WEFT_U16 = 10,
  WEFT_U8 = 11,
  WEFT_BOOL = 12 ///< One byte, 0 or 1.
} weft_dtype;

/// One opened model: its weights, its state, its arena and its threads.
///
/// A handle serves one thread at a time; different handles are independent of each other, and
/// weft_share() makes more of them over one copy of the weights.
typedef struct weft_model weft_model;

/// What the compiler wrote about a model; `runtime/Abi.h` shows its fields.
typedef struct weft_descriptor weft_descriptor;

/// How to open a model. All zero is a good choice.
typedef struct weft_options {
  const char *weights; ///< A safetensors file; NULL takes the weights embedded in the library.
  int32_t threads; ///< Threads of a call, the caller included; 0 takes every core, 1 starts none.
  uint64_t memory_limit; ///< Most bytes for state and intermediate results; 0 sets no limit.
} weft_options;

/// An array that the caller owns: row-major, without gaps, aligned for its element type.
typedef struct weft_array {
  const char *name;    ///< Name of the argument; NULL goes by position.
  weft_dtype dtype;    ///< Type of the elements.
  int32_t rank;        ///< Number of dimensions; 0 is a scalar.
  const int64_t *dims; ///< `rank` sizes; may be NULL when the rank is 0.
  void *data;          ///< First element; may be NULL when there is none. Inputs are only read.
  size_t size;         ///< Bytes behind `data`, at least those of all elements.
} weft_array;

/// Text for the last status other than WEFT_OK of the calling thread; "" before the first.
///
/// One line without a full stop. Valid until the thread's next call that fails.
WEFT_API const char *weft_message(void);

/// The name of a type as the language writes it ("f32"), or "?" for a value outside the list.
WEFT_API const char *weft_dtype_name(weft_dtype dtype);

/// Bytes of one element, or 0 for a value outside the list.
WEFT_API size_t weft_dtype_size(weft_dtype dtype);

/// Opens a model: maps the weights, allocates the arena, starts the threads, and computes what the
/// compiled code reads in place of the weights, unless the file holds that already.
///
/// `descriptor` is the constant `<model>_descriptor` of the compiled library; generated code calls
/// this for `<model>_open`. `options` may be NULL. On success `*out` is a handle for weft_close();
/// on any failure it is NULL and nothing stays allocated.
///
/// Parameters are used in place, from the mapped file: do not shorten or rewrite the file while the
/// model is open. If the system grants fewer threads than asked for, the model runs with those.
WEFT_API weft_status weft_open_model(const weft_descriptor *descriptor, const weft_options *options,
                                     weft_model **out);

/// Opens a second handle over the same weights, with the options of the first.
///
/// It has its own arena, threads, and state (as it stands in the weights file), so both may be
/// called at the same time from different threads. The weights go with the last of the handles.
/// May be called while `model` is in use elsewhere.
WEFT_API weft_status weft_share(const weft_model *model, weft_model **out);

/// Writes all parameters and states, as this handle has them now, to a safetensors file.
///
/// It opens like any weights of the model, so that training goes on from there. The file is written
/// beside `path` and takes its name when it is whole and on the disk: a full disk or a kill leaves
/// what stood there before. WEFT_BAD_ARGUMENT says why it could not be written.
WEFT_API weft_status weft_save(const weft_model *model, const char *path);

/// Closes a handle; NULL is allowed. Not during a call on the same handle.
///
/// After fork() a child may go on with a handle that was idle at the fork (its calls then run on
/// one thread) and may close it.
WEFT_API void weft_close(weft_model *model);

/// Calls an exported function by name.
///
/// Inputs and outputs are matched by name where one is given, else by position. The caller states
/// type, rank and dims of every array, outputs too, and weft_output_shape() tells those of outputs.
/// A dimension that the source calls `N` takes its value from the first input where `N` stands
/// alone. Everything is checked before anything is computed: on failure the outputs are untouched.
/// No memory is allocated unless the dimensions need more of it than any call before.
WEFT_API weft_status weft_call(weft_model *model, const char *function, const weft_array *inputs,
                               int32_t input_count, const weft_array *outputs,
                               int32_t output_count);

/// Finds type and shape of output number `index` for inputs of these types and shapes.
///
/// `data` and `size` of the inputs are not looked at. Sets `name`, `dtype`, `rank` and `size` of
/// `*out`, points `out->dims` at `dims`, and leaves `out->data` alone: the caller allocates
/// `out->size` bytes and can pass `*out` to weft_call().
WEFT_API weft_status weft_output_shape(const weft_model *model, const char *function,
                                       const weft_array *inputs, int32_t input_count, int32_t index,
                                       int64_t dims[WEFT_MAX_RANK], weft_array *out);

/// What the model offers: exports with arguments and documentation, parameters, states.
WEFT_API const weft_descriptor *weft_describe(const weft_model *model);

/// Number of the exported function `function`, or -1 when there is none of that name.
WEFT_API int32_t weft_find_export(const weft_model *model, const char *function);

/// Calls export number `function` with checked types: what generated typed functions are made of.
///
/// `symbols` holds the value of each dimension name in the export's order, `arguments` the data of
/// inputs, then outputs. Checks the values, NULL, alignment and overlap; sizes are the caller's
/// word.
WEFT_API weft_status weft_invoke(weft_model *model, int32_t function, const int64_t *symbols,
                                 void *const *arguments);

/// Allocates now what calls of export number `function` up to these dimensions will need.
WEFT_API weft_status weft_reserve(weft_model *model, int32_t function, const int64_t *symbols);

#ifdef __cplusplus
}
#endif

#endif // WEFT_H
