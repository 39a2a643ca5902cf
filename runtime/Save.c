// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the parameters and states of a handle as a safetensors file, that opens like any weights.
// The bytes go into a new file beside the old one, are brought to the disk, and then take its name:
// whatever happens in between, a whole file stands under the name.
#include "runtime/Internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Text that grows; `failed` once memory ended.
typedef struct text {
  char *data;
  size_t size, capacity;
  bool failed;
} text;

static void append(text *out, const char *bytes, size_t count) {
  if (out->failed)
    return;
  if (count > out->capacity - out->size) {
    size_t wanted = 2 * (out->size + count) + 256;
    char *grown = realloc(out->data, wanted);
    if (!grown) {
      out->failed = true;
      return;
    }
    out->data = grown;
    out->capacity = wanted;
  }
  memcpy(out->data + out->size, bytes, count);
  out->size += count;
}

static void append_text(text *out, const char *string) { append(out, string, strlen(string)); }

static void append_number(text *out, uint64_t value) {
  char digits[24];
  snprintf(digits, sizeof digits, "%" PRIu64, value);
  append_text(out, digits);
}

// A JSON string: quotes, backslashes and control characters are escaped, UTF-8 stays.
static void append_string(text *out, const char *string) {
  append_text(out, "\"");
  for (; *string; ++string) {
    char escaped[8];
    unsigned char byte = (unsigned char)*string;
    if (byte == '"' || byte == '\\')
      snprintf(escaped, sizeof escaped, "\\%c", byte);
    else if (byte < 0x20)
      snprintf(escaped, sizeof escaped, "\\u%04x", byte);
    else
      snprintf(escaped, sizeof escaped, "%c", byte);
    append_text(out, escaped);
  }
  append_text(out, "\"");
}

static uint64_t bytes_of(const weft_parameter *parameter) {
  uint64_t size = 0; // Opening has checked that it fits.
  weft_byte_size(parameter->dtype, parameter->rank, parameter->dims, &size);
  return size;
}

static void append_tensor(text *out, const weft_parameter *parameter, uint64_t begin) {
  static const char *const names[] = {"F64", "F32", "F16", "BF16", "I64", "I32", "I16",
                                      "I8",  "U64", "U32", "U16",  "U8",  "BOOL"};
  append_string(out, parameter->name);
  append_text(out, ":{\"dtype\":\"");
  append_text(out, names[parameter->dtype]);
  append_text(out, "\",\"shape\":[");
  for (int32_t i = 0; i < parameter->rank; ++i) {
    append_text(out, i > 0 ? "," : "");
    append_number(out, (uint64_t)parameter->dims[i]);
  }
  append_text(out, "],\"data_offsets\":[");
  append_number(out, begin);
  append_text(out, ",");
  append_number(out, begin + bytes_of(parameter));
  append_text(out, "]}");
}

// The length of the header, then the header, padded so that the tensors behind it are aligned.
static text make_header(const weft_descriptor *model) {
  text out = {0};
  append(&out, "\0\0\0\0\0\0\0", 8);
  append_text(&out, "{");
  uint64_t begin = 0;
  for (int32_t i = 0; i < model->parameter_count; ++i) {
    append_text(&out, i > 0 ? "," : "");
    append_tensor(&out, &model->parameters[i], begin);
    begin += bytes_of(&model->parameters[i]);
  }
  append_text(&out, "}");
  while (out.size % 8 != 0 && !out.failed)
    append_text(&out, " ");
  uint64_t length = out.size - 8;
  for (int i = 0; i < 8 && !out.failed; ++i)
    out.data[i] = (char)(length >> (8 * i));
  return out;
}

static bool write_all(int file, const char *data, uint64_t size) {
  while (size > 0) {
    size_t part = size < ((uint64_t)1 << 30) ? (size_t)size : (size_t)1 << 30;
    ssize_t written = write(file, data, part);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0) {
      errno = written == 0 ? ENOSPC : errno;
      return false;
    }
    data += written;
    size -= (uint64_t)written;
  }
  return true;
}

static bool write_tensors(int file, const weft_model *handle, const text *header) {
  if (!write_all(file, header->data, header->size))
    return false;
  for (int32_t i = 0; i < handle->descriptor->parameter_count; ++i)
    if (!write_all(file, weft_tensor_data(handle, i), bytes_of(&handle->descriptor->parameters[i])))
      return false;
  return fsync(file) == 0;
}

// A name stays only if its folder is on the disk, too. Where folders cannot be synced, it does by
// and by.
static void sync_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  int opened = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  free(folder);
  if (opened < 0)
    return;
  fsync(opened);
  close(opened);
}

static weft_status cannot_save(const char *path) {
  return weft_fail(WEFT_BAD_ARGUMENT, "cannot save '%s': %s", path, strerror(errno));
}

static weft_status save_beside(const weft_model *handle, const char *path, const char *beside,
                               const text *header) {
  int file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0)
    return cannot_save(path);
  bool good = write_tensors(file, handle, header);
  int why = errno;
  if (close(file) != 0 && good) {
    good = false;
    why = errno;
  }
  if (good && rename(beside, path) == 0) {
    sync_folder(path);
    return WEFT_OK;
  }
  errno = good ? errno : why;
  weft_status status = cannot_save(path);
  unlink(beside);
  return status;
}

weft_status weft_save(const weft_model *handle, const char *path) {
  if (!handle || !path)
    return weft_fail(WEFT_BAD_ARGUMENT,
                     handle ? "cannot save: no path" : "no model: the handle is NULL");
  const weft_descriptor *model = handle->descriptor;
  for (int32_t i = 0; i < model->parameter_count; ++i)
    if (!weft_tensor_data(handle, i))
      return weft_fail(
          WEFT_BAD_ARGUMENT,
          "cannot save '%s': the weights that are open were prepared, and '%s' is not in them",
          path, model->parameters[i].name);
  text header = make_header(model);
  size_t room = strlen(path) + 32;
  char *beside = malloc(room);
  weft_status status;
  if (header.failed || !beside) {
    status = weft_fail(WEFT_OUT_OF_MEMORY, "cannot save '%s': no memory", path);
  } else {
    snprintf(beside, room, "%s.%ld.part", path, (long)getpid());
    status = save_beside(handle, path, beside, &header);
  }
  free(beside);
  free(header.data);
  return status;
}
