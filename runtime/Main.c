// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command line of a program made by `weft build --program`: its verbs are the model's exports.
// In, .npy files or numbers for the inputs; out, .npy files, or text where none is named.
// Exit code: 0 good, 1 the user's error, 2 a fault of ours.
#include "runtime/Internal.h"
#include "runtime/Npy.h"
#include "runtime/Print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// What the command line asks for. Lists have an entry for each input or output of the function.
typedef struct request {
  const weft_descriptor *model;
  const weft_export *function;
  const char **inputs;
  const char **outputs;
  weft_options options;
} request;

static void print_arguments(const weft_argument *list, int32_t count) {
  for (int32_t i = 0; i < count; ++i)
    printf("%s%s: %s", i == 0 ? "" : ", ", list[i].name, list[i].type);
}

static void print_doc(const char *doc, const char *indent) {
  while (*doc) {
    size_t length = strcspn(doc, "\n");
    printf("%s%.*s\n", indent, (int)length, doc);
    doc += length + (doc[length] == '\n');
  }
}

static void print_function(const weft_export *function) {
  printf("  %s(", function->name);
  print_arguments(function->inputs, function->input_count);
  printf(") -> ");
  print_arguments(function->outputs, function->output_count);
  printf("\n");
  print_doc(function->doc, "      ");
}

static void print_help(const request *asked) {
  const weft_descriptor *model = asked->model;
  print_doc(model->doc, "");
  printf(
      "usage: %s FUNCTION [NAME=]INPUT... [-o [NAME=]FILE.npy]... [--weights FILE] [--threads N]\n"
      "An INPUT is a .npy file, or a number for a scalar. Results without -o are printed.\n",
      model->name);
  if (model->parameter_count > 0 && !model->weights)
    printf("--weights is needed: the program carries none.\n");
  printf("\n");
  for (int32_t i = 0; i < model->export_count; ++i)
    if (!asked->function || asked->function == &model->exports[i])
      print_function(&model->exports[i]);
}

static int report(const request *asked, weft_status status) {
  fprintf(stderr, "%s: %s\n", asked->model->name, weft_message());
  return status == WEFT_BAD_MODEL ? 2 : 1;
}

static weft_status bad(const char *what, const char *text) {
  return weft_fail(WEFT_BAD_ARGUMENT, "%s '%s'; --help shows what there is", what, text);
}

// Puts the value of "NAME=VALUE" at its name, that of "VALUE" at the first free place.
static weft_status place_value(const char *text, const weft_argument *formals, int32_t count,
                               const char **values) {
  for (int32_t i = 0; i < count; ++i) {
    size_t length = strlen(formals[i].name);
    bool named = strncmp(text, formals[i].name, length) == 0 && text[length] == '=';
    if (named && values[i])
      return bad("given twice:", formals[i].name);
    if (named) {
      values[i] = text + length + 1;
      return WEFT_OK;
    }
  }
  int32_t place = 0;
  while (place < count && values[place])
    ++place;
  if (place == count || strchr(text, '='))
    return bad("the function takes no", text);
  values[place] = text;
  return WEFT_OK;
}

static weft_status parse_threads(const char *text, int32_t *threads) {
  char *end;
  long value = strtol(text, &end, 10);
  if (end == text || *end || value < 0 || value > 1000000)
    return bad("--threads takes a number, not", text);
  *threads = (int32_t)value;
  return WEFT_OK;
}

// One option and its value.
static weft_status take_option(request *asked, const char *option, const char *value) {
  const weft_export *function = asked->function;
  bool weights = strcmp(option, "--weights") == 0, output = strcmp(option, "-o") == 0;
  if (!weights && !output && strcmp(option, "--threads") != 0)
    return bad("no option", option);
  if (!value)
    return bad("a value is missing after", option);
  if (weights)
    asked->options.weights = value;
  else if (output)
    return place_value(value, function->outputs, function->output_count, asked->outputs);
  else
    return parse_threads(value, &asked->options.threads);
  return WEFT_OK;
}

static bool is_option(const char *text) {
  // "-1" is a number for an input.
  return text[0] == '-' && text[1] != 0 && (text[1] < '0' || text[1] > '9') && text[1] != '.';
}

// Cuts "--threads=2" in two and gives the value; NULL where the value stands in the next word.
static char *value_inside(char *option) {
  char *equals = strncmp(option, "--", 2) == 0 ? strchr(option, '=') : NULL;
  if (!equals)
    return NULL;
  *equals = 0;
  return equals + 1;
}

static weft_status parse_arguments(request *asked, char **argv) {
  const weft_export *function = asked->function;
  for (; *argv; ++argv) {
    weft_status status;
    if (is_option(*argv)) {
      char *value = value_inside(*argv);
      status = take_option(asked, argv[0], value ? value : argv[1]);
      argv += !value;
    } else
      status = place_value(*argv, function->inputs, function->input_count, asked->inputs);
    if (status != WEFT_OK)
      return status;
  }
  for (int32_t i = 0; i < function->input_count; ++i)
    if (!asked->inputs[i])
      return weft_fail(WEFT_BAD_ARGUMENT, "%s: argument '%s', %s, is missing", function->name,
                       function->inputs[i].name, function->inputs[i].type);
  return WEFT_OK;
}

// Arrays of one run, with room for their sizes.
typedef struct arrays {
  weft_array *list;
  int64_t (*dims)[WEFT_MAX_RANK];
  int32_t count;
} arrays;

static bool make_arrays(arrays *out, int32_t count) {
  out->count = count;
  out->list = calloc((size_t)count + 1, sizeof *out->list);
  out->dims = calloc((size_t)count + 1, sizeof *out->dims);
  return out->list && out->dims;
}

static void free_arrays(arrays *all) {
  for (int32_t i = 0; all->list && i < all->count; ++i)
    free(all->list[i].data);
  free(all->list);
  free(all->dims);
}

static weft_status read_inputs(const request *asked, arrays *inputs) {
  for (int32_t i = 0; i < inputs->count; ++i) {
    const weft_argument *formal = &asked->function->inputs[i];
    weft_array *array = &inputs->list[i];
    if (formal->rank == 0 && weft_parse_number(asked->inputs[i], (weft_dtype)formal->dtype, array))
      continue;
    weft_status status = weft_npy_read(asked->inputs[i], inputs->dims[i], array);
    if (status != WEFT_OK)
      return status;
  }
  return WEFT_OK;
}

static weft_status make_outputs(const request *asked, const weft_model *model, const arrays *inputs,
                                arrays *outputs) {
  for (int32_t i = 0; i < outputs->count; ++i) {
    weft_array *array = &outputs->list[i];
    weft_status status = weft_output_shape(model, asked->function->name, inputs->list,
                                           inputs->count, i, outputs->dims[i], array);
    if (status != WEFT_OK)
      return status;
    array->data = weft_allocate(array->size);
    if (!array->data)
      return weft_fail(WEFT_OUT_OF_MEMORY, "no memory for result '%s'", array->name);
  }
  return WEFT_OK;
}

static weft_status write_outputs(const request *asked, const arrays *outputs) {
  for (int32_t i = 0; i < outputs->count; ++i) {
    weft_status status = WEFT_OK;
    if (asked->outputs[i])
      status = weft_npy_write(asked->outputs[i], &outputs->list[i]);
    else
      weft_print_array(&outputs->list[i], asked->function->outputs[i].name);
    if (status != WEFT_OK)
      return status;
  }
  if (fflush(stdout) != 0)
    return weft_fail(WEFT_BAD_ARGUMENT, "standard output: %s", strerror(errno));
  return WEFT_OK;
}

static weft_status run_model(const request *asked, weft_model *model, arrays *inputs,
                             arrays *outputs) {
  const weft_export *function = asked->function;
  if (!make_arrays(inputs, function->input_count) || !make_arrays(outputs, function->output_count))
    return weft_fail(WEFT_OUT_OF_MEMORY, "no memory for the list of arrays");
  weft_status status = read_inputs(asked, inputs);
  if (status == WEFT_OK)
    status = make_outputs(asked, model, inputs, outputs);
  if (status == WEFT_OK)
    status = weft_call(model, function->name, inputs->list, inputs->count, outputs->list,
                       outputs->count);
  return status == WEFT_OK ? write_outputs(asked, outputs) : status;
}

static weft_status run(request *asked, char **argv) {
  weft_model *model = NULL;
  arrays inputs = {0}, outputs = {0};
  weft_status status = parse_arguments(asked, argv);
  if (status == WEFT_OK)
    status = weft_open_model(asked->model, &asked->options, &model);
  if (status == WEFT_OK)
    status = run_model(asked, model, &inputs, &outputs);
  free_arrays(&inputs);
  free_arrays(&outputs);
  weft_close(model);
  return status;
}

static const weft_export *find_function(const weft_descriptor *model, const char *name) {
  for (int32_t i = 0; i < model->export_count; ++i)
    if (strcmp(model->exports[i].name, name) == 0)
      return &model->exports[i];
  return NULL;
}

static bool wants_help(char **argv) {
  for (; *argv; ++argv)
    if (strcmp(*argv, "--help") == 0 || strcmp(*argv, "-h") == 0)
      return true;
  return false;
}

int weft_main(const weft_descriptor *descriptor, int argc, char **argv) {
  request asked = {.model = descriptor};
  if (argc > 1)
    asked.function = find_function(descriptor, argv[1]);
  if (argc > 1 && wants_help(argv + 1)) {
    print_help(&asked);
    return 0;
  }
  if (!asked.function)
    return report(&asked, argc > 1
                              ? bad("no function", argv[1])
                              : weft_fail(WEFT_BAD_ARGUMENT, "which function? --help shows them"));
  // One pointer for each input and output, and one more so that none is not a failure.
  int32_t inputs = asked.function->input_count, outputs = asked.function->output_count;
  asked.inputs = (const char **)calloc((size_t)inputs + (size_t)outputs + 1, sizeof *asked.inputs);
  if (!asked.inputs)
    return report(&asked, weft_fail(WEFT_OUT_OF_MEMORY, "no memory for the arguments"));
  asked.outputs = asked.inputs + inputs;
  weft_status status = run(&asked, argv + 2);
  free((void *)asked.inputs);
  return status == WEFT_OK ? 0 : report(&asked, status);
}
