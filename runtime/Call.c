// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calls by name: in, arrays that state their type and shape; out, the dimension names bound and
// every array checked against the export, or one message in the words of the source. What is left
// to check, and the call itself, are weft_invoke()'s.
#include "runtime/Internal.h"

#include <string.h>

static void list_names(const weft_argument *formals, int32_t count) {
  for (int32_t i = 0; i < count; ++i)
    weft_more("%s'%s'", i == 0 ? "" : ", ", formals[i].name);
}

static weft_status wrong_count(const weft_export *function, const char *role,
                               const weft_argument *formals, int32_t count, int32_t given) {
  weft_fail(WEFT_BAD_ARGUMENT, "%s: %d %s%s given, but expected %d", function->name, given, role,
            given == 1 ? "" : "s", count);
  weft_more(count > 0 ? ": " : "");
  list_names(formals, count);
  return WEFT_BAD_ARGUMENT;
}

static weft_status unknown_name(const weft_export *function, const char *role,
                                const weft_argument *formals, int32_t count, const char *name) {
  weft_fail(WEFT_BAD_ARGUMENT, "%s: no %s has the name '%s'; expected ", function->name, role,
            name);
  list_names(formals, count);
  return WEFT_BAD_ARGUMENT;
}

// Finds the array of each formal, so that slots[i] is the one for formals[i].
static weft_status match_names(const weft_export *function, const char *role,
                               const weft_argument *formals, int32_t count,
                               const weft_array *arrays, int32_t given, const weft_array **slots) {
  if (given != count || (count > 0 && !arrays))
    return wrong_count(function, role, formals, count, arrays ? given : 0);
  for (int32_t i = 0; i < count; ++i)
    slots[i] = NULL;
  for (int32_t i = 0; i < count; ++i) {
    int32_t place = i;
    if (arrays[i].name)
      for (place = 0; place < count && strcmp(arrays[i].name, formals[place].name) != 0;)
        ++place;
    if (place == count)
      return unknown_name(function, role, formals, count, arrays[i].name);
    if (slots[place])
      return weft_fail(WEFT_BAD_ARGUMENT, "%s: %s '%s' is given twice", function->name, role,
                       formals[place].name);
    slots[place] = &arrays[i];
  }
  return WEFT_OK;
}

// "predict: argument 'image' is f32[3, 1, 8, 9], but expected f32[N, 1, 8, 8]"
static weft_status mismatch(const weft_export *function, const char *role,
                            const weft_argument *formal, const weft_array *array) {
  weft_fail(WEFT_BAD_ARGUMENT, "%s: %s '%s' is ", function->name, role, formal->name);
  weft_more_type((int32_t)array->dtype, array->rank, array->dims);
  weft_more(", but expected %s", formal->type);
  return WEFT_BAD_ARGUMENT;
}

static weft_status check_form(const weft_export *function, const char *role,
                              const weft_argument *formal, const weft_array *array) {
  if (array->rank < 0 || array->rank > WEFT_MAX_RANK)
    return weft_fail(WEFT_BAD_ARGUMENT, "%s: %s '%s' has rank %d, but expected %s", function->name,
                     role, formal->name, array->rank, formal->type);
  if (array->rank > 0 && !array->dims)
    return weft_fail(WEFT_BAD_ARGUMENT, "%s: %s '%s' has no dims: the pointer is NULL",
                     function->name, role, formal->name);
  for (int32_t i = 0; i < array->rank; ++i)
    if (array->dims[i] < 0)
      return mismatch(function, role, formal, array);
  if ((int32_t)array->dtype != formal->dtype || array->rank != formal->rank)
    return mismatch(function, role, formal, array);
  return WEFT_OK;
}

// The input that gave a symbol its value: the first where it stands alone.
static const char *binder_of(const weft_export *function, int32_t symbol) {
  for (int32_t i = 0; i < function->input_count; ++i)
    for (int32_t j = 0; j < function->inputs[i].rank; ++j)
      if (weft_bare_symbol(&function->inputs[i].dims[j]) == symbol)
        return function->inputs[i].name;
  return "?";
}

static weft_status conflict(const weft_export *function, int32_t symbol, int64_t bound,
                            const weft_argument *formal, int64_t found) {
  return weft_fail(WEFT_BAD_ARGUMENT, "%s: %s is %lld from '%s' but %lld in '%s'", function->name,
                   function->symbols[symbol], (long long)bound, binder_of(function, symbol),
                   (long long)found, formal->name);
}

// Takes the values of the dimensions that are nothing but a name, and compares constant ones, so
// that an array of quite another shape is called so before its sizes are blamed on another array.
static weft_status bind_array(const weft_export *function, const weft_argument *formal,
                              const weft_array *array, int64_t *symbols) {
  for (int32_t i = 0; i < formal->rank; ++i) {
    int64_t constant;
    if (weft_evaluate(&formal->dims[i], NULL, 0, &constant) && constant != array->dims[i])
      return mismatch(function, "argument", formal, array);
  }
  for (int32_t i = 0; i < formal->rank; ++i) {
    int32_t symbol = weft_bare_symbol(&formal->dims[i]);
    if (symbol < 0)
      continue;
    if (symbols[symbol] < 0)
      symbols[symbol] = array->dims[i];
    if (symbols[symbol] != array->dims[i])
      return conflict(function, symbol, symbols[symbol], formal, array->dims[i]);
  }
  return WEFT_OK;
}

static weft_status bind_inputs(const weft_export *function, const weft_array *const *slots,
                               int64_t *symbols) {
  for (int32_t i = 0; i < function->symbol_count; ++i)
    symbols[i] = -1;
  for (int32_t i = 0; i < function->input_count; ++i) {
    weft_status status = check_form(function, "argument", &function->inputs[i], slots[i]);
    if (status == WEFT_OK)
      status = bind_array(function, &function->inputs[i], slots[i], symbols);
    if (status != WEFT_OK)
      return status;
  }
  for (int32_t i = 0; i < function->symbol_count; ++i)
    if (symbols[i] < 0)
      return weft_fail(WEFT_BAD_MODEL, "%s: no argument gives %s its value", function->name,
                       function->symbols[i]);
  return WEFT_OK;
}

// Compares one array with its expected dims once all names have values.
static weft_status check_dims(const weft_export *function, int32_t index, const weft_array *array,
                              const int64_t *symbols) {
  bool input = index < function->input_count;
  const weft_argument *formal =
      input ? &function->inputs[index] : &function->outputs[index - function->input_count];
  int64_t dims[WEFT_MAX_RANK];
  uint64_t size;
  weft_status status = weft_evaluate_dims(function, index, symbols, dims, &size);
  if (status != WEFT_OK || formal->rank == 0 ||
      memcmp(dims, array->dims, sizeof *dims * (size_t)formal->rank) == 0)
    return status;
  mismatch(function, input ? "argument" : "result", formal, array);
  weft_more_symbols(function, symbols);
  return WEFT_BAD_ARGUMENT;
}

static weft_status check_size(const weft_export *function, const char *role, const char *name,
                              const weft_array *array) {
  uint64_t needed;
  // weft_evaluate_dims() accepted the same dims, so this succeeds; NULL is weft_invoke()'s to tell.
  if (!weft_byte_size((int32_t)array->dtype, array->rank, array->dims, &needed) || !array->data ||
      array->size >= needed)
    return WEFT_OK;
  weft_fail(WEFT_BAD_ARGUMENT, "%s: %s '%s' has %llu bytes of data, but ", function->name, role,
            name, (unsigned long long)array->size);
  weft_more_type((int32_t)array->dtype, array->rank, array->dims);
  weft_more(" needs %llu", (unsigned long long)needed);
  return WEFT_BAD_ARGUMENT;
}

static weft_status find_by_name(const weft_model *handle, const char *name, int32_t *index) {
  if (!handle || !name)
    return weft_fail(WEFT_BAD_ARGUMENT, "no model or no function: a pointer is NULL");
  *index = weft_find_export(handle, name);
  if (*index >= 0)
    return WEFT_OK;
  const weft_descriptor *model = handle->descriptor;
  weft_fail(WEFT_BAD_ARGUMENT, "'%s' exports no function '%s'; it has ", model->name, name);
  for (int32_t i = 0; i < model->export_count; ++i)
    weft_more("%s'%s'", i == 0 ? "" : ", ", model->exports[i].name);
  return WEFT_BAD_ARGUMENT;
}

static weft_status check_inputs(const weft_model *handle, const weft_export *function,
                                const weft_array *inputs, int32_t count) {
  weft_status status = match_names(function, "argument", function->inputs, function->input_count,
                                   inputs, count, handle->slots);
  if (status == WEFT_OK)
    status = bind_inputs(function, handle->slots, handle->symbols);
  for (int32_t i = 0; i < function->input_count && status == WEFT_OK; ++i)
    status = check_dims(function, i, handle->slots[i], handle->symbols);
  const weft_export *version;
  return status == WEFT_OK
             ? weft_choose_version(handle->descriptor, function, handle->symbols, &version)
             : status;
}

static weft_status check_outputs(const weft_model *handle, const weft_export *function,
                                 const weft_array *outputs, int32_t count) {
  const weft_array **slots = handle->slots + function->input_count;
  weft_status status = match_names(function, "result", function->outputs, function->output_count,
                                   outputs, count, slots);
  for (int32_t i = 0; i < function->output_count && status == WEFT_OK; ++i) {
    status = check_form(function, "result", &function->outputs[i], slots[i]);
    if (status == WEFT_OK)
      status = check_dims(function, function->input_count + i, slots[i], handle->symbols);
    if (status == WEFT_OK)
      status = check_size(function, "result", function->outputs[i].name, slots[i]);
  }
  return status;
}

weft_status weft_call(weft_model *handle, const char *name, const weft_array *inputs,
                      int32_t input_count, const weft_array *outputs, int32_t output_count) {
  int32_t index;
  weft_status status = find_by_name(handle, name, &index);
  if (status != WEFT_OK)
    return status;
  const weft_export *function = &handle->descriptor->exports[index];
  status = check_inputs(handle, function, inputs, input_count);
  for (int32_t i = 0; i < function->input_count && status == WEFT_OK; ++i)
    status = check_size(function, "argument", function->inputs[i].name, handle->slots[i]);
  if (status == WEFT_OK)
    status = check_outputs(handle, function, outputs, output_count);
  if (status != WEFT_OK)
    return status;
  for (int32_t i = 0; i < function->input_count + function->output_count; ++i)
    handle->arguments[i] = handle->slots[i]->data;
  return weft_invoke(handle, index, handle->symbols, handle->arguments);
}

weft_status weft_output_shape(const weft_model *handle, const char *name, const weft_array *inputs,
                              int32_t input_count, int32_t index, int64_t dims[WEFT_MAX_RANK],
                              weft_array *out) {
  int32_t number;
  weft_status status = find_by_name(handle, name, &number);
  if (status != WEFT_OK)
    return status;
  const weft_export *function = &handle->descriptor->exports[number];
  if (index < 0 || index >= function->output_count)
    return weft_fail(WEFT_BAD_ARGUMENT, "%s has %d results, but the shape of number %d was asked",
                     function->name, function->output_count, index);
  status = check_inputs(handle, function, inputs, input_count);
  uint64_t size = 0;
  if (status == WEFT_OK)
    status =
        weft_evaluate_dims(function, function->input_count + index, handle->symbols, dims, &size);
  if (status != WEFT_OK)
    return status;
  const weft_argument *formal = &function->outputs[index];
  out->name = formal->name;
  out->dtype = (weft_dtype)formal->dtype;
  out->rank = formal->rank;
  out->dims = dims;
  out->size = size;
  return WEFT_OK;
}
