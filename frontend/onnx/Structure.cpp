// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads the file and orders nodes (Kahn's algorithm, stable).

#include "frontend/onnx/Structure.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>

#include <limits>
#include <queue>

#include <fcntl.h>
#include <unistd.h>

namespace weft {

using llvm::Error;
using llvm::Expected;
using onnx::NodeProto;

/// Protobuf writes its complaints to stderr; ours say the same in the user's words.
static bool parseQuietly(onnx::ModelProto &model, google::protobuf::io::ZeroCopyInputStream &in) {
  google::protobuf::LogSilencer silence;
  google::protobuf::io::CodedInputStream coded(&in);
  coded.SetTotalBytesLimit(std::numeric_limits<int>::max());
  return model.ParseFromCodedStream(&coded) && coded.ConsumedEntireMessage();
}

Expected<std::unique_ptr<onnx::ModelProto>> readOnnxFile(StringRef path) {
  auto fail = [&](const Twine &why) {
    return llvm::createStringError("cannot read '" + path + "': " + why);
  };
  uint64_t size = 0;
  if (std::error_code wrong = llvm::sys::fs::file_size(path, size))
    return fail(wrong.message());
  if (size > static_cast<uint64_t>(std::numeric_limits<int>::max()))
    return fail("it has " + Twine(size) +
                " bytes, but a protobuf file holds at most 2 GiB: keep its weights in external "
                "files");
  if (llvm::sys::fs::is_directory(path))
    return fail("it is a folder");
  int file = ::open(path.str().c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return fail(std::error_code(errno, std::generic_category()).message());
  google::protobuf::io::FileInputStream stream(file, 1 << 16);
  stream.SetCloseOnDelete(true);
  auto model = std::make_unique<onnx::ModelProto>();
  if (!parseQuietly(*model, stream))
    return fail("it is no ONNX model, or it is damaged or cut short (" + Twine(size) + " bytes)");
  if (!model->has_graph())
    return fail("it is no ONNX model: it has no graph");
  return model;
}

std::string describe(const NodeProto &node) {
  std::string name = node.name();
  for (const std::string &output : node.output())
    if (name.empty())
      name = output;
  return "'" + name + "' (" + node.op_type() + ")";
}

/// Names that a node reads, also inside of its graphs, which see the names around them.
static void addReads(const NodeProto &node, llvm::StringSet<> &reads) {
  for (const std::string &input : node.input())
    if (!input.empty())
      reads.insert(input);
  auto addGraph = [&](const onnx::GraphProto &graph) {
    llvm::StringSet<> inner, own;
    for (const auto &input : graph.input())
      own.insert(input.name());
    for (const auto &tensor : graph.initializer())
      own.insert(tensor.name());
    for (const NodeProto &child : graph.node()) {
      addReads(child, inner);
      for (const std::string &output : child.output())
        own.insert(output);
    }
    for (const auto &output : graph.output())
      inner.insert(output.name());
    for (const auto &name : inner)
      if (!own.contains(name.getKey()))
        reads.insert(name.getKey());
  };
  for (const auto &attribute : node.attribute()) {
    if (attribute.has_g())
      addGraph(attribute.g());
    for (const onnx::GraphProto &graph : attribute.graphs())
      addGraph(graph);
  }
}

namespace {
/// The wiring of one list of nodes.
struct Wiring {
  llvm::StringMap<size_t> producers;
  std::vector<SmallVector<size_t>> readers;
  std::vector<size_t> waitsFor;
};
} // namespace

static Error findProducers(const OnnxNodes &nodes, llvm::function_ref<bool(StringRef)> isKnown,
                           Wiring &wiring) {
  for (int i = 0; i < nodes.size(); ++i)
    for (const std::string &output : nodes[i].output()) {
      if (output.empty())
        continue;
      auto [place, isNew] = wiring.producers.try_emplace(output, i);
      if (!isNew)
        return llvm::createStringError("the nodes " + describe(nodes[place->second]) + " and " +
                                       describe(nodes[i]) + " both give '" + output + "'");
      if (isKnown(output))
        return llvm::createStringError("the node " + describe(nodes[i]) + " gives '" + output +
                                       "', but that is already the name of an input, a weight or "
                                       "a value around");
    }
  return Error::success();
}

static Error connect(const OnnxNodes &nodes, llvm::function_ref<bool(StringRef)> isKnown,
                     Wiring &wiring) {
  wiring.readers.resize(nodes.size());
  wiring.waitsFor.resize(nodes.size());
  for (int i = 0; i < nodes.size(); ++i) {
    llvm::StringSet<> reads;
    addReads(nodes[i], reads);
    for (const auto &name : reads) {
      auto producer = wiring.producers.find(name.getKey());
      if (producer == wiring.producers.end()) {
        if (isKnown(name.getKey()))
          continue;
        return llvm::createStringError("the node " + describe(nodes[i]) + " reads '" +
                                       name.getKey() + "', which nothing gives");
      }
      wiring.readers[producer->second].push_back(i);
      ++wiring.waitsFor[i];
    }
  }
  return Error::success();
}

Expected<SmallVector<const NodeProto *>> orderNodes(const OnnxNodes &nodes,
                                                    llvm::function_ref<bool(StringRef)> isKnown) {
  Wiring wiring;
  if (Error wrong = findProducers(nodes, isKnown, wiring))
    return std::move(wrong);
  if (Error wrong = connect(nodes, isKnown, wiring))
    return std::move(wrong);
  // The earliest of those that wait for nothing: an order that is good stays.
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < wiring.waitsFor.size(); ++i)
    if (wiring.waitsFor[i] == 0)
      ready.push(i);
  SmallVector<const NodeProto *> result;
  while (!ready.empty()) {
    size_t next = ready.top();
    ready.pop();
    result.push_back(&nodes[static_cast<int>(next)]);
    for (size_t reader : wiring.readers[next])
      if (--wiring.waitsFor[reader] == 0)
        ready.push(reader);
  }
  for (int i = 0; i < nodes.size(); ++i)
    if (wiring.waitsFor[i] != 0)
      return llvm::createStringError("the node " + describe(nodes[i]) +
                                     " waits for its own result: the graph has a cycle");
  return result;
}

} // namespace weft
