// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fits a weights file to a model: in, a descriptor and a safetensors file; out, a pointer for each
// parameter, or one message that names the tensor that is missing, unknown or of another type. Then
// what the exports read in place of parameters is derived from them, by compiled functions. A file
// of prepared weights holds that already, and not what it was derived from. Several handles share
// the result and count themselves in and out.
#include "runtime/Internal.h"
#include "runtime/Safetensors.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct weft_weights {
  _Atomic int32_t users;
  weft_safetensors file;
  char *derived;
  bool prepared;
  // For each parameter: into the file, or into the copies behind this array; NULL if a prepared
  // file left it out. For each derived tensor: into `derived`, or the same as for a parameter.
  const void *data[];
};

static bool fits(const weft_parameter *parameter, const weft_tensor *tensor) {
  return tensor->dtype == (weft_dtype)parameter->dtype && tensor->rank == parameter->rank &&
         (tensor->rank == 0 ||
          memcmp(tensor->dims, parameter->dims, sizeof *tensor->dims * (size_t)tensor->rank) == 0);
}

static bool reads(const weft_export *functions, int32_t count, int32_t parameter) {
  for (int32_t i = 0; i < count; ++i)
    for (int32_t j = 0; j < functions[i].parameter_count; ++j)
      if (functions[i].parameters[j] == parameter)
        return true;
  return false;
}

// An export, that is, or a version of one.
static bool exports_read(const weft_descriptor *model, int32_t parameter) {
  return reads(model->exports, model->export_count, parameter) ||
         reads(model->versions, model->version_count, parameter);
}

static int32_t tensor_count(const weft_descriptor *model) {
  return model->parameter_count + model->derived_count;
}

static const weft_parameter *tensor_of(const weft_descriptor *model, int32_t index) {
  return index < model->parameter_count ? &model->parameters[index]
                                        : &model->derived[index - model->parameter_count];
}

static bool is_prepared(const weft_descriptor *model, const weft_safetensors *file) {
  return model->prepared[0] != '\0' && weft_safetensors_find(file, model->prepared) != NULL;
}

// Whether tensor number `index` stands in a file: of the model's parameters, or prepared.
static bool is_wanted(const weft_descriptor *model, int32_t index, bool prepared) {
  if (index >= model->parameter_count)
    return prepared;
  return !prepared || model->parameters[index].kind == WEFT_STATE || exports_read(model, index);
}

static bool is_known(const weft_descriptor *model, const char *name, bool prepared) {
  for (int32_t i = 0; i < tensor_count(model); ++i)
    if (is_wanted(model, i, prepared) && strcmp(tensor_of(model, i)->name, name) == 0)
      return true;
  return prepared && strcmp(name, model->prepared) == 0;
}

static weft_status wrong_type(const char *label, const weft_parameter *parameter,
                              const weft_tensor *tensor) {
  weft_fail(WEFT_BAD_WEIGHTS, "%s: tensor '%s' is ", label, tensor->name);
  weft_more_type((int32_t)tensor->dtype, tensor->rank, tensor->dims);
  weft_more(", but the model expects ");
  weft_more_type(parameter->dtype, parameter->rank, parameter->dims);
  return WEFT_BAD_WEIGHTS;
}

// Names the first tensor of the file that the model does not know, with the number of others.
static void tell_unknown(const weft_descriptor *model, const weft_safetensors *file,
                         int64_t unknown) {
  bool prepared = is_prepared(model, file);
  for (int64_t i = 0; i < file->count; ++i)
    if (!is_known(model, file->tensors[i].name, prepared)) {
      weft_more(" has tensor '%s'", file->tensors[i].name);
      break;
    }
  if (unknown > 1)
    weft_more(" and %lld more", (long long)(unknown - 1));
  weft_more(" that '%s' does not know", model->name);
}

static weft_status wrong_set(const weft_descriptor *model, const weft_safetensors *file,
                             const char *label, const weft_parameter *missing,
                             int64_t missing_count, int64_t unknown_count) {
  weft_fail(WEFT_BAD_WEIGHTS, "%s:", label);
  if (missing) {
    weft_more(" lacks tensor '%s' ", missing->name);
    weft_more_type(missing->dtype, missing->rank, missing->dims);
    if (missing_count > 1)
      weft_more(" and %lld more", (long long)(missing_count - 1));
    weft_more(unknown_count > 0 ? ", and" : "");
  }
  if (unknown_count > 0)
    tell_unknown(model, file, unknown_count);
  return WEFT_BAD_WEIGHTS;
}

// Weights that another library was given in the form in which it reads them.
static weft_status check_mark(const weft_descriptor *model, const weft_safetensors *file,
                              const char *label) {
  for (int64_t i = 0; i < file->count; ++i)
    if (strncmp(file->tensors[i].name, WEFT_PREPARED, strlen(WEFT_PREPARED)) == 0 &&
        strcmp(file->tensors[i].name, model->prepared) != 0)
      return weft_fail(
          WEFT_BAD_WEIGHTS,
          "%s: holds weights that were prepared for another library than this of '%s': "
          "take those that were built with it, or weights with the names of the model",
          label, model->name);
  return WEFT_OK;
}

static weft_status check_fit(const weft_descriptor *model, const weft_safetensors *file,
                             const char *label) {
  const weft_parameter *missing = NULL;
  bool prepared = is_prepared(model, file);
  int64_t found = 0, missing_count = 0;
  for (int32_t i = 0; i < tensor_count(model); ++i) {
    if (!is_wanted(model, i, prepared))
      continue;
    const weft_parameter *parameter = tensor_of(model, i);
    const weft_tensor *tensor = weft_safetensors_find(file, parameter->name);
    if (tensor && !fits(parameter, tensor))
      return wrong_type(label, parameter, tensor);
    found += tensor != NULL;
    missing_count += !tensor;
    if (!tensor && !missing)
      missing = parameter;
  }
  int64_t unknown_count = file->count - found - prepared;
  if (missing_count == 0 && unknown_count == 0)
    return WEFT_OK;
  return wrong_set(model, file, label, missing, missing_count, unknown_count);
}

static bool is_aligned(const weft_tensor *tensor) {
  return (uintptr_t)tensor->data % weft_dtype_size(tensor->dtype) == 0;
}

static uint64_t head_size(const weft_descriptor *model) {
  return sizeof(weft_weights) +
         sizeof(void *) * ((uint64_t)model->parameter_count + (uint64_t)model->derived_count);
}

// The file promises no alignment beyond a byte; most writers give 8. The rest is copied.
static bool table_size(const weft_descriptor *model, const weft_safetensors *file, uint64_t *size) {
  *size = 0;
  bool fine = weft_add_aligned(size, head_size(model));
  for (int64_t i = 0; i < file->count && fine; ++i)
    if (!is_aligned(&file->tensors[i]))
      fine = weft_add_aligned(size, file->tensors[i].size);
  return fine;
}

// Places the derived tensors one after the other; their contents come later.
static bool allocate_derived(const weft_descriptor *model, weft_weights *weights) {
  uint64_t total = 0, size = 0;
  for (int32_t i = 0; i < model->derived_count; ++i) {
    const weft_parameter *tensor = &model->derived[i];
    if (!weft_byte_size(tensor->dtype, tensor->rank, tensor->dims, &size) ||
        !weft_add_aligned(&total, size))
      return false;
  }
  weights->derived = total > 0 ? weft_allocate(total) : NULL;
  if (total > 0 && !weights->derived)
    return false;
  total = 0;
  for (int32_t i = 0; i < model->derived_count; ++i) {
    const weft_parameter *tensor = &model->derived[i];
    weights->data[model->parameter_count + i] = weights->derived + total;
    weft_byte_size(tensor->dtype, tensor->rank, tensor->dims, &size);
    weft_add_aligned(&total, size);
  }
  return true;
}

static weft_weights *make_table(const weft_descriptor *model, const weft_safetensors *file) {
  uint64_t size;
  weft_weights *weights = table_size(model, file, &size) ? weft_allocate(size) : NULL;
  if (!weights)
    return NULL;
  bool prepared = is_prepared(model, file);
  weights->prepared = prepared;
  weights->derived = NULL;
  if (!prepared && !allocate_derived(model, weights)) {
    free(weights);
    return NULL;
  }
  if (prepared)
    memset(weights->data, 0, sizeof(void *) * (size_t)tensor_count(model));
  uint64_t used = 0;
  weft_add_aligned(&used, head_size(model));
  for (int32_t i = 0; i < (prepared ? tensor_count(model) : model->parameter_count); ++i) {
    if (!is_wanted(model, i, prepared))
      continue;
    const weft_tensor *tensor = weft_safetensors_find(file, tensor_of(model, i)->name);
    weights->data[i] = tensor->data;
    if (is_aligned(tensor))
      continue;
    weights->data[i] = memcpy((char *)weights + used, tensor->data, tensor->size);
    weft_add_aligned(&used, tensor->size);
  }
  weights->file = *file;
  atomic_init(&weights->users, 1);
  return weights;
}

static weft_status read_file(const weft_descriptor *model, const char *path,
                             weft_safetensors *file) {
  if (path)
    return weft_safetensors_open(path, file);
  // A model without parameters needs no weights: that is the empty file.
  static const char empty[] = "\2\0\0\0\0\0\0\0{}";
  if (!model->weights && model->parameter_count == 0)
    return weft_safetensors_parse(empty, sizeof empty - 1, "no weights", file);
  if (!model->weights) {
    weft_fail(WEFT_BAD_WEIGHTS,
              "'%s' has no weights inside: name a safetensors file with tensor '%s'", model->name,
              model->parameters[0].name);
    if (model->parameter_count > 1)
      weft_more(" and %d more", model->parameter_count - 1);
    return WEFT_BAD_WEIGHTS;
  }
  uint64_t size = (uint64_t)((const char *)model->weights_end - (const char *)model->weights);
  return weft_safetensors_parse(model->weights, size, "embedded weights", file);
}

weft_status weft_weights_open(const weft_descriptor *model, const char *path, weft_weights **out) {
  const char *label = path ? path : "embedded weights";
  weft_safetensors file;
  weft_status status = read_file(model, path, &file);
  if (status != WEFT_OK)
    return status;
  status = check_mark(model, &file, label);
  if (status == WEFT_OK)
    status = check_fit(model, &file, label);
  *out = status == WEFT_OK ? make_table(model, &file) : NULL;
  if (status == WEFT_OK && !*out)
    status = weft_fail(WEFT_OUT_OF_MEMORY, "%s: no memory for its tensors", label);
  if (status != WEFT_OK)
    weft_safetensors_close(&file);
  return status;
}

void weft_weights_retain(weft_weights *weights) {
  atomic_fetch_add_explicit(&weights->users, 1, memory_order_relaxed);
}

void weft_weights_release(weft_weights *weights) {
  if (atomic_fetch_sub_explicit(&weights->users, 1, memory_order_acq_rel) > 1)
    return;
  weft_safetensors_close(&weights->file);
  free(weights->derived);
  free(weights);
}

void weft_weights_forget(const weft_weights *weights, const weft_parameter *parameter,
                         int32_t index) {
  const void *data = weights->data[index];
  uint64_t size = 0;
  weft_byte_size(parameter->dtype, parameter->rank, parameter->dims, &size);
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), file = (uintptr_t)weights->file.bytes;
  uintptr_t begin = (uintptr_t)data, end = begin + size;
  if (!weights->file.mapped || begin < file || end > file + weights->file.size)
    return;
  begin = (begin + page - 1) / page * page;
  end = end / page * page;
  if (begin < end)
    madvise((void *)begin, end - begin, MADV_DONTNEED);
}

//===-- Derived tensors ---------------------------------------------------------------------===//

// Parameters that function number `done` read and that neither a later one nor an export reads.
static void forget_unused(const weft_weights *weights, const weft_descriptor *model, int32_t done) {
  const weft_export *function = &model->prepare[done];
  for (int32_t i = 0; i < function->parameter_count; ++i) {
    int32_t number = function->parameters[i];
    if (number < model->parameter_count && !exports_read(model, number) &&
        !reads(function + 1, model->prepare_count - done - 1, number))
      weft_weights_forget(weights, &model->parameters[number], number);
  }
}

static weft_status run_prepare(const weft_weights *weights, const weft_export *function,
                               void *const *outputs, weft_context *context) {
  uint64_t arena_size = 0;
  bool fits = weft_arena_bytes(function, NULL, &arena_size);
  char *arena = fits && arena_size > 0 ? weft_allocate(arena_size) : NULL;
  void **parameters =
      fits ? weft_allocate(sizeof(void *) * ((uint64_t)function->parameter_count + 1)) : NULL;
  if (!parameters || (arena_size > 0 && !arena)) {
    free(arena);
    free(parameters);
    return weft_fail(WEFT_OUT_OF_MEMORY, "no memory to prepare the weights");
  }
  for (int32_t i = 0; i < function->parameter_count; ++i)
    parameters[i] = (void *)weights->data[function->parameters[i]];
  function->entry(context, parameters, outputs, NULL, arena);
  free(arena);
  free(parameters);
  return WEFT_OK;
}

weft_status weft_weights_prepare(weft_weights *weights, const weft_descriptor *model,
                                 weft_context *context) {
  if (weights->prepared)
    return WEFT_OK;
  void *const *outputs = (void *const *)(weights->data + model->parameter_count);
  for (int32_t i = 0; i < model->prepare_count; ++i) {
    weft_status status = run_prepare(weights, &model->prepare[i], outputs, context);
    if (status != WEFT_OK)
      return status;
    outputs += model->prepare[i].output_count;
    forget_unused(weights, model, i);
  }
  return WEFT_OK;
}

const void *weft_weights_data(const weft_weights *weights, int32_t index) {
  return weights->data[index];
}
