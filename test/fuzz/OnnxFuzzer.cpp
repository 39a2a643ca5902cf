// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gives ONNX files to the importer. Most inputs are changed as messages, not as bytes, so that
// they pass protobuf's parser and reach the handlers of operators. Nothing may crash, what is
// accepted verifies, and what is refused has an error.
#include "frontend/onnx/Onnx.h"
#include "frontend/onnx/Proto.h"
#include "ir/WeftDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <google/protobuf/message.h>

#include <random>

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

namespace {

using Random = std::minstd_rand;

/// The file from which each input is read: the importer takes a path.
llvm::StringRef inputPath() {
  static llvm::SmallString<64> path = [] {
    llvm::SmallString<64> created;
    if (llvm::sys::fs::createTemporaryFile("fuzz", "onnx", created))
      __builtin_trap();
    return created;
  }();
  return path;
}

//===-- Changing messages -------------------------------------------------------------------===//

/// Every message of the tree, outermost first.
void collect(Message &message, std::vector<Message *> &all) {
  all.push_back(&message);
  std::vector<const FieldDescriptor *> fields;
  const Reflection *access = message.GetReflection();
  access->ListFields(message, &fields);
  for (const FieldDescriptor *field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      continue;
    if (!field->is_repeated()) {
      collect(*access->MutableMessage(&message, field), all);
      continue;
    }
    for (int i = 0; i < access->FieldSize(message, field); ++i)
      collect(*access->MutableRepeatedMessage(&message, field, i), all);
  }
}

int64_t interestingInteger(Random &random) {
  static constexpr int64_t values[] = {0,  1,  -1, 2,  3,  4,  5,  7,   8,    13,        16,
                                       -2, 11, 17, 18, 64, 99, -3, 256, 1000, INT64_MAX, INT64_MIN};
  return values[random() % std::size(values)];
}

/// Writes a new value over a field that holds no message.
void writeScalar(Message &message, const FieldDescriptor *field, const std::string &text,
                 Random &random) {
  const Reflection *access = message.GetReflection();
  bool repeated = field->is_repeated();
  int size = repeated ? access->FieldSize(message, field) : 0;
  bool append = repeated && (size == 0 || random() % 3 == 0);
  int place = size > 0 ? static_cast<int>(random() % size) : 0;
#define WEFT_WRITE(TYPE, VALUE)                                                                    \
  if (append)                                                                                      \
    access->Add##TYPE(&message, field, VALUE);                                                     \
  else if (repeated)                                                                               \
    access->SetRepeated##TYPE(&message, field, place, VALUE);                                      \
  else                                                                                             \
    access->Set##TYPE(&message, field, VALUE);                                                     \
  break
  switch (field->cpp_type()) {
  case FieldDescriptor::CPPTYPE_INT32:
    WEFT_WRITE(Int32, static_cast<int32_t>(interestingInteger(random)));
  case FieldDescriptor::CPPTYPE_INT64:
    WEFT_WRITE(Int64, interestingInteger(random));
  case FieldDescriptor::CPPTYPE_UINT64:
    WEFT_WRITE(UInt64, static_cast<uint64_t>(interestingInteger(random)));
  case FieldDescriptor::CPPTYPE_FLOAT:
    WEFT_WRITE(Float, static_cast<float>(interestingInteger(random)) / 2);
  case FieldDescriptor::CPPTYPE_DOUBLE:
    WEFT_WRITE(Double, static_cast<double>(interestingInteger(random)) / 2);
  case FieldDescriptor::CPPTYPE_STRING:
    WEFT_WRITE(String, text);
  case FieldDescriptor::CPPTYPE_ENUM:
    WEFT_WRITE(EnumValue,
               field->enum_type()->value(random() % field->enum_type()->value_count())->number());
  default:
    break;
  }
#undef WEFT_WRITE
}

/// Names that the file uses anywhere, so that wires are crossed rather than cut.
std::vector<std::string> namesOf(const onnx::ModelProto &model) {
  std::vector<std::string> names = {"", "x", "y"};
  for (const auto &node : model.graph().node()) {
    names.insert(names.end(), node.input().begin(), node.input().end());
    names.insert(names.end(), node.output().begin(), node.output().end());
    names.push_back(node.op_type());
    for (const auto &attribute : node.attribute())
      names.push_back(attribute.name());
  }
  return names;
}

void changeOnce(onnx::ModelProto &model, Random &random) {
  std::vector<Message *> all;
  collect(model, all);
  Message &message = *all[random() % all.size()];
  const Reflection *access = message.GetReflection();
  std::vector<const FieldDescriptor *> fields;
  access->ListFields(message, &fields);
  std::vector<std::string> names = namesOf(model);
  const std::string &text = names[random() % names.size()];
  // Now and then a field that is not there yet.
  if (fields.empty() || random() % 8 == 0) {
    const auto *type = message.GetDescriptor();
    const FieldDescriptor *field = type->field(random() % type->field_count());
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      writeScalar(message, field, text, random);
    return;
  }
  const FieldDescriptor *field = fields[random() % fields.size()];
  bool isMessage = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  int size = field->is_repeated() ? access->FieldSize(message, field) : 0;
  switch (random() % 6) {
  case 0:
    if (size > 0)
      access->RemoveLast(&message, field);
    else
      access->ClearField(&message, field);
    break;
  case 1:
    if (size > 1)
      access->SwapElements(&message, field, random() % size, random() % size);
    break;
  case 2:
    if (isMessage && size > 0)
      access->AddMessage(&message, field)
          ->CopyFrom(access->GetRepeatedMessage(message, field, random() % size));
    break;
  default:
    if (!isMessage)
      writeScalar(message, field, text, random);
  }
}

} // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize,
                                          unsigned int seed) {
  Random random(seed);
  onnx::ModelProto model;
  google::protobuf::LogSilencer silence;
  if (random() % 16 == 0 || !model.ParseFromArray(data, static_cast<int>(size)))
    return LLVMFuzzerMutate(data, size, maxSize);
  for (unsigned i = 0; i <= random() % 3; ++i)
    changeOnce(model, random);
  std::string bytes = model.SerializeAsString();
  if (bytes.size() > maxSize)
    return LLVMFuzzerMutate(data, size, maxSize);
  memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

/// Nodes and weights of one file beside those of another.
extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1,
                                            const uint8_t *data2, size_t size2, uint8_t *out,
                                            size_t maxOutSize, unsigned int seed) {
  Random random(seed);
  onnx::ModelProto first, second;
  google::protobuf::LogSilencer silence;
  if (!first.ParseFromArray(data1, static_cast<int>(size1)) ||
      !second.ParseFromArray(data2, static_cast<int>(size2)) || second.graph().node_size() == 0)
    return 0;
  const auto &nodes = second.graph().node();
  onnx::NodeProto *node = first.mutable_graph()->add_node();
  *node = nodes[static_cast<int>(random() % nodes.size())];
  std::vector<std::string> names = namesOf(first);
  for (std::string &input : *node->mutable_input())
    input = names[random() % names.size()];
  for (std::string &output : *node->mutable_output())
    output += "_2";
  std::string bytes = first.SerializeAsString();
  if (bytes.size() > maxOutSize)
    return 0;
  memcpy(out, bytes.data(), bytes.size());
  return bytes.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.loadDialect<weft::WeftDialect, mlir::func::FuncDialect>();
  {
    std::error_code error;
    llvm::raw_fd_ostream file(inputPath(), error);
    file.write(reinterpret_cast<const char *>(data), size);
  }
  std::vector<std::string> errors;
  std::optional<weft::OnnxModel> model = weft::importOnnx(inputPath(), {}, context, errors);
  if (model.has_value() != errors.empty()) {
    llvm::errs() << "a module and errors, or neither\n";
    for (const std::string &error : errors)
      llvm::errs() << error << "\n";
    __builtin_trap();
  }
  if (model && failed(mlir::verify(*model->module)))
    __builtin_trap();
  return 0;
}
