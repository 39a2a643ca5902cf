// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the files of the runtime share among themselves. Nothing here is seen from outside: the
// archive is built with hidden visibility, and these names carry the prefix only because a static
// archive has no other way to keep them apart.
#ifndef WEFT_RUNTIME_INTERNAL_H
#define WEFT_RUNTIME_INTERNAL_H

#include "runtime/Abi.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#ifdef __cplusplus
#error "the runtime is C11: C++ includes runtime/weft.h or runtime/Abi.h"
#endif

// Threads sleep on a futex where there is one. A test builds the other way too.
#if defined(__linux__) && !defined(WEFT_NO_FUTEX)
#define WEFT_FUTEX
#endif

#define WEFT_PRINTF(text, first) __attribute__((format(printf, text, first)))

// Message.c

/// Starts the thread's message over with this text and returns `status`.
weft_status weft_fail(weft_status status, const char *format, ...) WEFT_PRINTF(2, 3);

/// Adds to the message that weft_fail() started. Too long a message ends in "...".
void weft_more(const char *format, ...) WEFT_PRINTF(1, 2);

/// Adds a type as the language writes it: "f32[3, 1, 8, 8]".
void weft_more_type(int32_t dtype, int32_t rank, const int64_t *dims);

/// Adds " with N = 3, M = 4", or nothing when the export has no dimension names.
void weft_more_symbols(const weft_export *function, const int64_t *symbols);

/// Memory aligned to WEFT_ARENA_ALIGNMENT, for free(); NULL when there is none.
void *weft_allocate(uint64_t size_bytes);

/// The page that processors map with one entry of a table where memory is large.
#define WEFT_LARGE_PAGE (2u << 20)

/// Asks the system to hold the whole large pages of this memory as such: a model that reads
/// hundreds of megabytes otherwise waits for the tables of its pages, too. The rest stays in small
/// pages, so that no more memory is taken. What the system does not have, it leaves out.
void weft_want_large_pages(const void *memory, uint64_t size_bytes);

/// Rounds up to a multiple of WEFT_ARENA_ALIGNMENT; false when the result overflows int64.
bool weft_add_aligned(uint64_t *total, uint64_t size_bytes);

// Expr.c

/// Evaluates an expression. False on overflow, division by zero or code that is not well-formed.
bool weft_evaluate(const weft_expr *expr, const int64_t *symbols, int32_t symbol_count,
                   int64_t *value);

/// Bytes of intermediate results that the export asks for with these dimensions.
bool weft_arena_bytes(const weft_export *function, const int64_t *symbols, uint64_t *size_bytes);

/// The number of the symbol when the expression is nothing but that, else -1.
int32_t weft_bare_symbol(const weft_expr *expr);

/// Bytes of an array, or false when they do not fit into int64 or a size is negative.
bool weft_byte_size(int32_t dtype, int32_t rank, const int64_t *dims, uint64_t *size_bytes);

// Processor.c

/// Points at the first feature of a list ("avx2,fma") that this processor lacks and returns the
/// length of its name; 0 when it has all. Names that the runtime does not know count as there.
size_t weft_missing_feature(const char *list, const char **missing);

// Pool.c

/// Parts of a loop that threads begin in: threads beyond this number share them.
enum { WEFT_MOST_PARTS = 16 };

/// Loops of a step that threads go through together; a step of more begins each by itself.
enum { WEFT_MOST_LOOPS = 16 };

/// A part of the work, and what the threads that begin there write: each in a line of its own, so
/// that waiting for the others does not hold up who claims.
typedef struct weft_part {
  /// Generation of the work in the upper half; in the lower how many chunks of the part have been
  /// claimed, of all loops and steps together.
  _Alignas(64) _Atomic uint64_t ticket;
  /// Chunks, wherever they belong, that these threads have run since the pool began.
  _Alignas(64) _Atomic uint32_t done;
} weft_part;

/// A loop as it is published.
typedef struct weft_work {
  _Atomic(weft_body) body;
  _Atomic int64_t n;
  _Atomic uint32_t chunks;
} weft_work;

/// The threads of one handle and the parallel loops they work on. See Pool.c for the protocol.
struct weft_context {
  weft_part part[WEFT_MOST_PARTS];
  _Alignas(64) _Atomic uint32_t generation;
  _Atomic int32_t parked;
  _Atomic bool stop;
  // The work. Atomic because a late worker may look while the next is written; it then fails to
  // claim a chunk and never uses what it saw.
  _Alignas(64) _Atomic(void *) args;
  _Atomic int64_t first_step;
  _Atomic int64_t steps;
  _Atomic int32_t loops;
  _Atomic uint32_t done_before; ///< Sum over all parts when the work began.
  weft_work work[WEFT_MOST_LOOPS];
  _Atomic bool busy;

  uint64_t spin_ns;
  int32_t workers;
  int32_t parts;
  _Atomic int32_t started;
  pid_t owner;
  pthread_t *threads;
#ifndef WEFT_FUTEX
  pthread_mutex_t mutex;
  pthread_cond_t changed;
#endif
};

/// Turns the number of threads in weft_options into a real one: 1 to 256.
int32_t weft_thread_count(int32_t requested);

/// Starts `threads - 1` workers or as many of them as the system grants; `storage` holds that many.
void weft_pool_start(weft_context *pool, int32_t threads, pthread_t *storage);

/// Ends and joins the workers.
void weft_pool_stop(weft_context *pool);

// Weights.c

typedef struct weft_weights weft_weights;

/// Opens the weights file, or the embedded one when `path` is NULL, and fits it to the descriptor.
weft_status weft_weights_open(const weft_descriptor *descriptor, const char *path,
                              weft_weights **out);

/// Counts one more, or one less, handle; the last one to go frees the weights.
void weft_weights_retain(weft_weights *weights);
void weft_weights_release(weft_weights *weights);

/// Computes the derived tensors; once, by the handle that opened the weights. Parameters that only
/// derived tensors need leave memory again where they come from a file.
weft_status weft_weights_prepare(weft_weights *weights, const weft_descriptor *descriptor,
                                 weft_context *context);

/// The data of parameter, state or derived tensor number `index`, aligned for its type.
const void *weft_weights_data(const weft_weights *weights, int32_t index);

/// Gives the pages of parameter `index` back that nothing reads any more. They come from a file, so
/// that whoever looks after all sees the same bytes.
void weft_weights_forget(const weft_weights *weights, const weft_parameter *parameter,
                         int32_t index);

// Model.c

/// One handle. A single allocation holds it with everything its pointers reach but arena and
/// weights.
struct weft_model {
  weft_context pool;
  const weft_descriptor *descriptor;
  weft_weights *weights;
  /// For each export, then for each version, the data of its parameters and states.
  void ***parameters;
  /// Each parameter, state and derived tensor, as exports read it.
  void **data;
  char *arena;
  uint64_t arena_size;
  uint64_t state_size;
  uint64_t memory_limit;
  int32_t threads;
  // Scratch of one call, large enough for any export.
  int64_t *symbols;
  void **arguments;
  uint64_t *sizes;
  const weft_array **slots;
};

/// Sizes of argument number `index` (inputs, then outputs) for these symbols, and its bytes.
weft_status weft_evaluate_dims(const weft_export *function, int32_t index, const int64_t *symbols,
                               int64_t *dims, uint64_t *size_bytes);

/// Finds the code for these sizes, which is a version of the export or the export itself, and holds
/// the sizes to its requirements.
weft_status weft_choose_version(const weft_descriptor *model, const weft_export *function,
                                const int64_t *symbols, const weft_export **out);

#endif // WEFT_RUNTIME_INTERNAL_H
