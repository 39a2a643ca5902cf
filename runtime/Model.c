// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A handle from open to close: in, a descriptor and options; out, calls of compiled functions on
// checked arguments. All memory is taken at open; a call takes more only when its dimensions need a
// larger arena than any before.
#include "runtime/Internal.h"

#include <stdlib.h>
#include <string.h>

static weft_status check_descriptor(const weft_descriptor *model) {
  if (!model)
    return weft_fail(WEFT_BAD_MODEL, "no model: the descriptor is NULL");
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  return weft_fail(WEFT_BAD_MODEL, "'%s' needs a little-endian machine", model->name);
#endif
  if (model->abi_version != WEFT_ABI_VERSION)
    return weft_fail(WEFT_BAD_MODEL,
                     "the model was compiled for version %u of the runtime, but this is %u",
                     model->abi_version, WEFT_ABI_VERSION);
  if (model->descriptor_size != sizeof(weft_descriptor) ||
      model->export_size != sizeof(weft_export) || model->parameter_size != sizeof(weft_parameter))
    return weft_fail(WEFT_BAD_MODEL, "'%s' was compiled by '%s' with other data structures",
                     model->name, model->compiler);
  return WEFT_OK;
}

static weft_status check_processor(const weft_descriptor *model) {
  const char *missing;
  size_t length = weft_missing_feature(model->features, &missing);
  if (length > 0)
    return weft_fail(WEFT_BAD_MODEL,
                     "'%s' was compiled for a processor with %.*s, which this one lacks",
                     model->name, (int)length, missing);
  return WEFT_OK;
}

// The most demanding variant that this processor can run; where it can run none, the last, which
// demands least.
static const weft_descriptor *choose_variant(const weft_descriptor *model) {
  const weft_descriptor *chosen = model;
  const char *missing;
  for (int32_t i = 0; i < model->variant_count; ++i) {
    chosen = model->variants[i];
    if (weft_missing_feature(chosen->features, &missing) == 0)
      break;
  }
  return chosen;
}

// Where the parts of a handle lie behind its struct.
typedef struct layout {
  uint64_t data, tables, pointers, threads, symbols, arguments, sizes, slots, state;
  uint64_t state_size, total;
} layout;

static bool place(layout *out, uint64_t *offset, int64_t count, size_t element_size) {
  *offset = out->total;
  return weft_add_aligned(&out->total, (uint64_t)count * element_size);
}

static bool place_states(layout *out, const weft_descriptor *model) {
  out->state = out->total;
  for (int32_t i = 0; i < model->parameter_count; ++i) {
    const weft_parameter *parameter = &model->parameters[i];
    uint64_t size;
    if (parameter->kind == WEFT_STATE &&
        (!weft_byte_size(parameter->dtype, parameter->rank, parameter->dims, &size) ||
         !weft_add_aligned(&out->total, size)))
      return false;
  }
  out->state_size = out->total - out->state;
  return true;
}

static bool make_layout(const weft_descriptor *model, int32_t threads, layout *out) {
  int64_t pointers = 0, symbols = 0, arguments = 0;
  for (int32_t i = 0; i < model->export_count; ++i) {
    const weft_export *function = &model->exports[i];
    int64_t here = (int64_t)function->input_count + function->output_count;
    pointers += function->parameter_count;
    symbols = function->symbol_count > symbols ? function->symbol_count : symbols;
    arguments = here > arguments ? here : arguments;
  }
  for (int32_t i = 0; i < model->version_count; ++i)
    pointers += model->versions[i].parameter_count;
  *out = (layout){.total = sizeof(weft_model)};
  return place(out, &out->data, (int64_t)model->parameter_count + model->derived_count,
               sizeof(void *)) &&
         place(out, &out->tables, (int64_t)model->export_count + model->version_count,
               sizeof(void **)) &&
         place(out, &out->pointers, pointers, sizeof(void *)) &&
         place(out, &out->threads, threads, sizeof(pthread_t)) &&
         place(out, &out->symbols, symbols, sizeof(int64_t)) &&
         place(out, &out->arguments, arguments, sizeof(void *)) &&
         place(out, &out->sizes, arguments, sizeof(uint64_t)) &&
         place(out, &out->slots, arguments, sizeof(weft_array *)) && place_states(out, model);
}

// Points `data[i]` at parameter i in the weights, or at this handle's own copy of state i; derived
// tensors follow.
static void fill_data(const weft_model *handle, void **data, char *states) {
  uint64_t used = 0;
  for (int32_t i = 0; i < handle->descriptor->parameter_count; ++i) {
    const weft_parameter *parameter = &handle->descriptor->parameters[i];
    const void *source = weft_weights_data(handle->weights, i);
    // Entries take one list for both kinds and write to states only.
    data[i] = (void *)source;
    if (parameter->kind != WEFT_STATE)
      continue;
    uint64_t size = 0;
    weft_byte_size(parameter->dtype, parameter->rank, parameter->dims, &size);
    data[i] = memcpy(states + used, source, size);
    weft_weights_forget(handle->weights, parameter, i); // the file need not lie in memory as well
    weft_add_aligned(&used, size);
  }
  for (int32_t i = 0; i < handle->descriptor->derived_count; ++i) {
    int32_t number = handle->descriptor->parameter_count + i;
    data[number] = (void *)weft_weights_data(handle->weights, number);
  }
}

static void **fill_table(const weft_export *function, void *const *data, void **pointers) {
  for (int32_t j = 0; j < function->parameter_count; ++j)
    *pointers++ = data[function->parameters[j]];
  return pointers;
}

static void fill_tables(weft_model *handle, void *const *data, void **pointers) {
  const weft_descriptor *model = handle->descriptor;
  void ***tables = handle->parameters;
  for (int32_t i = 0; i < model->export_count; ++i) {
    *tables++ = pointers;
    pointers = fill_table(&model->exports[i], data, pointers);
  }
  for (int32_t i = 0; i < model->version_count; ++i) {
    *tables++ = pointers;
    pointers = fill_table(&model->versions[i], data, pointers);
  }
}

static void fill_handle(weft_model *handle, const layout *parts) {
  char *base = (char *)handle;
  handle->parameters = (void ***)(base + parts->tables);
  handle->symbols = (int64_t *)(base + parts->symbols);
  handle->arguments = (void **)(base + parts->arguments);
  handle->sizes = (uint64_t *)(base + parts->sizes);
  handle->slots = (const weft_array **)(base + parts->slots);
  handle->state_size = parts->state_size;
  handle->data = (void **)(base + parts->data);
  fill_data(handle, handle->data, base + parts->state);
  fill_tables(handle, handle->data, (void **)(base + parts->pointers));
}

static weft_status tell_limit(const weft_model *handle, uint64_t needed) {
  weft_more(" needs %llu bytes for state and intermediate results, but the limit is %llu",
            (unsigned long long)needed, (unsigned long long)handle->memory_limit);
  return WEFT_OUT_OF_MEMORY;
}

static bool exceeds_limit(const weft_model *handle, uint64_t arena_size) {
  return handle->memory_limit > 0 && (arena_size > handle->memory_limit ||
                                      handle->state_size > handle->memory_limit - arena_size);
}

static weft_status check_state_limit(const weft_model *handle) {
  if (!exceeds_limit(handle, 0))
    return WEFT_OK;
  weft_fail(WEFT_OUT_OF_MEMORY, "'%s'", handle->descriptor->name);
  return tell_limit(handle, handle->state_size);
}

// The old arena goes first, so that both never need room at once. When the new one fails the handle
// stays usable: the next call that fits allocates again.
static weft_status grow_arena(weft_model *handle, const weft_export *function,
                              const int64_t *symbols, uint64_t needed) {
  if (needed <= handle->arena_size)
    return WEFT_OK;
  if (exceeds_limit(handle, needed)) {
    weft_fail(WEFT_OUT_OF_MEMORY, "%s", function->name);
    weft_more_symbols(function, symbols);
    return tell_limit(handle, handle->state_size + needed);
  }
  free(handle->arena);
  handle->arena = weft_allocate(needed);
  handle->arena_size = handle->arena ? needed : 0;
  if (handle->arena)
    return WEFT_OK;
  weft_fail(WEFT_OUT_OF_MEMORY, "%s: no memory for %llu bytes of intermediate results",
            function->name, (unsigned long long)needed);
  weft_more_symbols(function, symbols);
  return WEFT_OUT_OF_MEMORY;
}

static weft_status too_large(const weft_export *function, const int64_t *symbols) {
  weft_fail(WEFT_BAD_ARGUMENT, "%s: sizes beyond 2^63 bytes", function->name);
  weft_more_symbols(function, symbols);
  return WEFT_BAD_ARGUMENT;
}

static weft_status check_requirement(const weft_export *function, int32_t index,
                                     const int64_t *symbols) {
  const weft_requirement *required = &function->requirements[index];
  int64_t value;
  if (!weft_evaluate(&required->value, symbols, function->symbol_count, &value))
    return too_large(function, symbols);
  if (value >= 0)
    return WEFT_OK;
  weft_fail(WEFT_BAD_ARGUMENT, "%s needs %s, but was called", function->name, required->text);
  weft_more_symbols(function, symbols);
  return WEFT_BAD_ARGUMENT;
}

static bool allows(const weft_export *version, const int64_t *symbols) {
  for (int32_t i = 0; i < version->symbol_count; ++i)
    if (version->sizes[i] >= 0 && version->sizes[i] != symbols[i])
      return false;
  return true;
}

// "predict was compiled for N = 1 or N = 8, but was called with N = 3"
static weft_status no_version(const weft_export *function, const weft_export *versions,
                              const int64_t *symbols) {
  weft_fail(WEFT_BAD_ARGUMENT, "%s was compiled for", function->name);
  for (int32_t i = 0; i < function->version_count; ++i) {
    const char *before = i == 0 ? " " : " or ";
    for (int32_t j = 0; j < function->symbol_count; ++j) {
      int64_t size = versions[i].sizes[j];
      if (size < 0)
        continue;
      weft_more("%s%s = %lld", before, function->symbols[j], (long long)size);
      before = ", ";
    }
  }
  weft_more(", but was called");
  weft_more_symbols(function, symbols);
  return WEFT_BAD_ARGUMENT;
}

weft_status weft_choose_version(const weft_descriptor *model, const weft_export *function,
                                const int64_t *symbols, const weft_export **out) {
  const weft_export *versions =
      function->version_count > 0 ? &model->versions[function->first_version] : NULL;
  const weft_export *chosen = function->version_count > 0 ? NULL : function;
  for (int32_t i = 0; i < function->version_count && !chosen; ++i)
    if (allows(&versions[i], symbols))
      chosen = &versions[i];
  if (!chosen)
    return no_version(function, versions, symbols);
  weft_status status = WEFT_OK;
  for (int32_t i = 0; i < chosen->requirement_count && status == WEFT_OK; ++i)
    status = check_requirement(chosen, i, symbols);
  *out = chosen;
  return status;
}

// Finds the code for these sizes, if they are good.
static weft_status check_symbols(const weft_descriptor *model, const weft_export *function,
                                 const int64_t *symbols, const weft_export **version) {
  if (function->symbol_count > 0 && !symbols)
    return weft_fail(WEFT_BAD_ARGUMENT, "%s: no dimensions: the pointer is NULL", function->name);
  for (int32_t i = 0; i < function->symbol_count; ++i)
    if (symbols[i] < 0)
      return weft_fail(WEFT_BAD_ARGUMENT, "%s: %s is %lld, but a dimension is never negative",
                       function->name, function->symbols[i], (long long)symbols[i]);
  return weft_choose_version(model, function, symbols, version);
}

static weft_status reserve(weft_model *handle, const weft_export *function,
                           const int64_t *symbols) {
  uint64_t needed;
  if (!weft_arena_bytes(function, symbols, &needed))
    return too_large(function, symbols);
  return grow_arena(handle, function, symbols, needed);
}

// Calls with every dimension 1 must find their arena ready. Where 1 is not allowed, there are none.
static weft_status reserve_for_ones(weft_model *handle) {
  const weft_descriptor *model = handle->descriptor;
  for (int32_t i = 0; i < model->export_count; ++i) {
    const weft_export *function = &model->exports[i];
    for (int32_t j = 0; j < function->symbol_count; ++j)
      handle->symbols[j] = 1;
    const weft_export *version;
    if (check_symbols(model, function, handle->symbols, &version) != WEFT_OK)
      continue;
    weft_status status = reserve(handle, version, handle->symbols);
    if (status != WEFT_OK)
      return status;
  }
  return WEFT_OK;
}

// Takes over one count of `weights`, also on failure.
static weft_status make_handle(const weft_descriptor *model, weft_weights *weights, int32_t threads,
                               uint64_t memory_limit, weft_model **out) {
  layout parts;
  weft_model *handle = make_layout(model, threads, &parts) ? weft_allocate(parts.total) : NULL;
  if (!handle) {
    weft_weights_release(weights);
    return weft_fail(WEFT_OUT_OF_MEMORY, "'%s': no memory for its state", model->name);
  }
  memset(handle, 0, parts.state);
  handle->descriptor = model;
  handle->weights = weights;
  handle->threads = threads;
  handle->memory_limit = memory_limit;
  fill_handle(handle, &parts);
  weft_status status = check_state_limit(handle);
  if (status == WEFT_OK)
    status = reserve_for_ones(handle);
  weft_pool_start(&handle->pool, status == WEFT_OK ? threads : 1,
                  (pthread_t *)((char *)handle + parts.threads));
  if (status == WEFT_OK)
    *out = handle;
  else
    weft_close(handle);
  return status;
}

static weft_status no_place(void) {
  return weft_fail(WEFT_BAD_ARGUMENT, "no place for the handle: the pointer is NULL");
}

weft_status weft_open_model(const weft_descriptor *model, const weft_options *options,
                            weft_model **out) {
  static const weft_options defaults = {0};
  if (!out)
    return no_place();
  *out = NULL;
  options = options ? options : &defaults;
  weft_status status = check_descriptor(model);
  if (status == WEFT_OK) {
    model = choose_variant(model);
    status = check_processor(model);
  }
  if (status != WEFT_OK)
    return status;
  if (options->threads < 0)
    return weft_fail(WEFT_BAD_ARGUMENT,
                     "'%s': %d threads, but at least 1 must run, or 0 for all cores", model->name,
                     options->threads);
  weft_weights *weights;
  status = weft_weights_open(model, options->weights, &weights);
  if (status != WEFT_OK)
    return status;
  status =
      make_handle(model, weights, weft_thread_count(options->threads), options->memory_limit, out);
  if (status == WEFT_OK)
    status = weft_weights_prepare(weights, model, &(*out)->pool);
  if (status != WEFT_OK) {
    weft_close(*out);
    *out = NULL;
  }
  return status;
}

weft_status weft_share(const weft_model *handle, weft_model **out) {
  if (!out)
    return no_place();
  *out = NULL;
  if (!handle)
    return weft_fail(WEFT_BAD_ARGUMENT, "no model: the handle is NULL");
  weft_weights_retain(handle->weights);
  return make_handle(handle->descriptor, handle->weights, handle->threads, handle->memory_limit,
                     out);
}

void weft_close(weft_model *handle) {
  if (!handle)
    return;
  weft_pool_stop(&handle->pool);
  weft_weights_release(handle->weights);
  free(handle->arena);
  free(handle);
}

const weft_descriptor *weft_describe(const weft_model *handle) {
  return handle ? handle->descriptor : NULL;
}

const void *weft_tensor_data(const weft_model *handle, int32_t index) {
  const weft_descriptor *model = handle ? handle->descriptor : NULL;
  return model && index >= 0 && index < model->parameter_count + model->derived_count
             ? handle->data[index]
             : NULL;
}

int32_t weft_find_export(const weft_model *handle, const char *function) {
  if (!handle || !function)
    return -1;
  for (int32_t i = 0; i < handle->descriptor->export_count; ++i)
    if (strcmp(handle->descriptor->exports[i].name, function) == 0)
      return i;
  return -1;
}

static weft_status find_function(const weft_model *handle, int32_t index, const weft_export **out) {
  if (!handle)
    return weft_fail(WEFT_BAD_ARGUMENT, "no model: the handle is NULL");
  if (index < 0 || index >= handle->descriptor->export_count)
    return weft_fail(WEFT_BAD_ARGUMENT, "'%s' has %d functions, but number %d was called",
                     handle->descriptor->name, handle->descriptor->export_count, index);
  *out = &handle->descriptor->exports[index];
  return WEFT_OK;
}

static weft_status argument_error(const weft_export *function, const char *role, const char *name,
                                  const char *fault) {
  return weft_fail(WEFT_BAD_ARGUMENT, "%s: %s '%s' %s", function->name, role, name, fault);
}

static const char *role_of(const weft_export *function, int32_t index) {
  return index < function->input_count ? "argument" : "result";
}

static const weft_argument *formal_of(const weft_export *function, int32_t index) {
  return index < function->input_count ? &function->inputs[index]
                                       : &function->outputs[index - function->input_count];
}

weft_status weft_evaluate_dims(const weft_export *function, int32_t index, const int64_t *symbols,
                               int64_t *dims, uint64_t *size) {
  const weft_argument *formal = formal_of(function, index);
  bool negative = false;
  for (int32_t i = 0; i < formal->rank; ++i) {
    if (!weft_evaluate(&formal->dims[i], symbols, function->symbol_count, &dims[i]))
      return too_large(function, symbols);
    negative |= dims[i] < 0;
  }
  if (negative) {
    argument_error(function, role_of(function, index), formal->name, "would be ");
    weft_more_type(formal->dtype, formal->rank, dims);
    weft_more_symbols(function, symbols);
    return WEFT_BAD_ARGUMENT;
  }
  if (!weft_byte_size(formal->dtype, formal->rank, dims, size))
    return too_large(function, symbols);
  return WEFT_OK;
}

static bool overlap(const void *a, uint64_t a_size, const void *b, uint64_t b_size) {
  uintptr_t left = (uintptr_t)a, right = (uintptr_t)b;
  return a_size > 0 && b_size > 0 && left < right + b_size && right < left + a_size;
}

// Compiled code writes results while it still reads arguments.
static weft_status check_overlap(const weft_export *function, void *const *arguments,
                                 const uint64_t *sizes, int32_t result) {
  for (int32_t i = 0; i < result; ++i)
    if (overlap(arguments[i], sizes[i], arguments[result], sizes[result])) {
      argument_error(function, "result", formal_of(function, result)->name,
                     "lies in the memory of ");
      weft_more("%s '%s'", role_of(function, i), formal_of(function, i)->name);
      return WEFT_BAD_ARGUMENT;
    }
  return WEFT_OK;
}

static weft_status check_pointer(const weft_export *function, void *const *arguments,
                                 const uint64_t *sizes, int32_t index) {
  const weft_argument *formal = formal_of(function, index);
  const char *role = role_of(function, index);
  if (sizes[index] == 0)
    return WEFT_OK;
  if (!arguments[index])
    return argument_error(function, role, formal->name, "has no data: its pointer is NULL");
  if ((uintptr_t)arguments[index] % weft_dtype_size((weft_dtype)formal->dtype) != 0)
    return argument_error(function, role, formal->name, "is not aligned for its element type");
  return index < function->input_count ? WEFT_OK : check_overlap(function, arguments, sizes, index);
}

static weft_status check_arguments(const weft_export *function, const int64_t *symbols,
                                   void *const *arguments, uint64_t *sizes) {
  int32_t count = function->input_count + function->output_count;
  if (count > 0 && !arguments)
    return weft_fail(WEFT_BAD_ARGUMENT, "%s: no arguments: the pointer is NULL", function->name);
  for (int32_t i = 0; i < count; ++i) {
    int64_t dims[WEFT_MAX_RANK];
    weft_status status = weft_evaluate_dims(function, i, symbols, dims, &sizes[i]);
    if (status == WEFT_OK)
      status = check_pointer(function, arguments, sizes, i);
    if (status != WEFT_OK)
      return status;
  }
  return WEFT_OK;
}

static void **parameters_of(const weft_model *handle, int32_t index, const weft_export *version) {
  const weft_descriptor *model = handle->descriptor;
  return version == &model->exports[index]
             ? handle->parameters[index]
             : handle->parameters[model->export_count + (version - model->versions)];
}

weft_status weft_invoke(weft_model *handle, int32_t index, const int64_t *symbols,
                        void *const *arguments) {
  const weft_export *function = NULL, *version = NULL;
  weft_status status = find_function(handle, index, &function);
  if (status == WEFT_OK)
    status = check_symbols(handle->descriptor, function, symbols, &version);
  if (status == WEFT_OK)
    status = check_arguments(function, symbols, arguments, handle->sizes);
  if (status == WEFT_OK)
    status = reserve(handle, version, symbols);
  if (status == WEFT_OK)
    version->entry(&handle->pool, parameters_of(handle, index, version), arguments, symbols,
                   handle->arena);
  return status;
}

weft_status weft_reserve(weft_model *handle, int32_t index, const int64_t *symbols) {
  const weft_export *function = NULL, *version = NULL;
  weft_status status = find_function(handle, index, &function);
  if (status == WEFT_OK)
    status = check_symbols(handle->descriptor, function, symbols, &version);
  return status == WEFT_OK ? reserve(handle, version, symbols) : status;
}
