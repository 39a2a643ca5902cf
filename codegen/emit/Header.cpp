// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the C header. The functions it declares are built by TypedFunctions.cpp.

#include "codegen/emit/Header.h"

#include "codegen/emit/Names.h"
#include "llvm/ADT/StringExtras.h"

namespace weft {

/// The C type of one element. The 16-bit floats are their bits: C has no name for them everywhere.
static StringRef cTypeOf(weft_dtype dtype) {
  switch (dtype) {
  case WEFT_F64:
    return "double";
  case WEFT_F32:
    return "float";
  case WEFT_F16:
  case WEFT_BF16:
  case WEFT_U16:
    return "uint16_t";
  case WEFT_I64:
    return "int64_t";
  case WEFT_I32:
    return "int32_t";
  case WEFT_I16:
    return "int16_t";
  case WEFT_I8:
    return "int8_t";
  case WEFT_U64:
    return "uint64_t";
  case WEFT_U32:
    return "uint32_t";
  case WEFT_U8:
    return "uint8_t";
  case WEFT_BOOL:
    return "bool";
  }
  return "void";
}

/// The user's words inside of a C comment: they cannot end it.
static std::string commentText(StringRef text) {
  std::string result;
  for (char c : text) {
    if (c == '/' && !result.empty() && result.back() == '*')
      result += ' ';
    if (c == '*' && !result.empty() && result.back() == '/')
      result += ' ';
    if (c == '\n' || static_cast<unsigned char>(c) >= ' ')
      result += c;
  }
  return result;
}

/// Writes each line of `text` after ` * `.
static void writeCommentLines(StringRef text, llvm::raw_ostream &os) {
  std::string safe = commentText(text);
  SmallVector<StringRef> lines;
  StringRef(safe).trim().split(lines, '\n');
  for (StringRef line : lines)
    os << (" * " + line.rtrim()).str() << "\n";
}

namespace {
/// One parameter of a C function.
struct CParameter {
  std::string name;        // in C
  std::string declaration; // const float *image
  std::string remark;      // f32[N, 1, 8, 8]
};
} // namespace

static std::string remarkOn(const InterfaceArgument &argument, const std::string &cName) {
  std::string remark = argument.type;
  if (argument.dtype == WEFT_F16 || argument.dtype == WEFT_BF16)
    remark += ", the bits of each element";
  if (argument.name != cName)
    remark += ", '" + argument.name + "' in the model";
  if (!argument.doc.empty())
    remark += ": " + StringRef(argument.doc).trim().str();
  return remark;
}

/// The parameters of an export in C, after the handle.
static std::vector<CParameter> parametersOf(const InterfaceExport &entry) {
  llvm::StringSet<> taken;
  taken.insert("model");
  std::vector<CParameter> result;
  for (const std::string &symbol : entry.symbols) {
    std::string name = cIdentifier(symbol, taken);
    result.push_back({name, "int64_t " + name, "a dimension, 0 or more"});
  }
  auto add = [&](const InterfaceArgument &argument, StringRef before, StringRef after) {
    std::string name = cIdentifier(argument.name, taken);
    std::string declaration = (before + cTypeOf(argument.dtype) + after + name).str();
    result.push_back({name, declaration, remarkOn(argument, name)});
  };
  for (const InterfaceArgument &input : entry.inputs)
    add(input, input.dims.empty() ? "" : "const ", input.dims.empty() ? " " : " *");
  for (const InterfaceArgument &output : entry.outputs)
    add(output, "", " *");
  return result;
}

/// Which sizes there is code for, where there are versions.
static void writeVersions(const InterfaceExport &entry, llvm::raw_ostream &os) {
  if (entry.versions.empty())
    return;
  os << " * @note compiled for ";
  llvm::interleave(
      entry.versions, os,
      [&](const InterfaceVersion &version) { os << commentText(version.text(entry.symbols)); },
      " or ");
  os << (entry.takesAnySize() ? ": the first that fits runs\n"
                              : ": other sizes are WEFT_BAD_ARGUMENT\n");
  for (const InterfaceVersion &version : entry.versions)
    for (const InterfaceRequirement &requirement : version.requirements)
      os << " * @note with " << commentText(version.text(entry.symbols)) << " needs "
         << commentText(requirement.text) << "\n";
}

static void writeExport(const Interface &interface, const InterfaceExport &entry,
                        llvm::raw_ostream &os) {
  std::vector<CParameter> parameters = parametersOf(entry);
  os << "/**\n";
  writeCommentLines(entry.doc.empty() ? "Calls '" + entry.name + "'." : entry.doc, os);
  os << " *\n";
  size_t outputsFrom = parameters.size() - entry.outputs.size();
  for (auto [index, parameter] : llvm::enumerate(parameters)) {
    StringRef direction = index < entry.symbols.size() ? ""
                          : index < outputsFrom        ? "[in]"
                                                       : "[out]";
    os << " * @param" << direction << " " << parameter.name << "  " << commentText(parameter.remark)
       << "\n";
  }
  for (const InterfaceRequirement &requirement : entry.requirements)
    os << " * @note needs " << commentText(requirement.text) << "\n";
  writeVersions(entry, os);
  os << " * @return WEFT_OK; WEFT_BAD_ARGUMENT if a dimension is negative or too large or a "
        "pointer is NULL\n"
        " *         or not aligned for its type; WEFT_OUT_OF_MEMORY. Otherwise than with WEFT_OK "
        "nothing was\n"
        " *         computed and weft_message() says why.\n"
        " */\n";
  os << "WEFT_API weft_status " << entry.cName << "(" << interface.name << " *model";
  for (const CParameter &parameter : parameters)
    os << ", " << parameter.declaration;
  os << ");\n\n";
}

static void writeIntroduction(const Interface &interface, ArrayRef<std::string> processors,
                              llvm::raw_ostream &os) {
  os << "/*\n";
  writeCommentLines(interface.doc.empty() ? "The model '" + interface.name + "'." : interface.doc,
                    os);
  os << " *\n * Made by Weft. This file and lib" << interface.name
     << ".a are all that a program needs:\n"
     << " *   cc main.c lib" << interface.name << ".a -lm -lpthread\n"
     << " * Arrays are row-major without gaps; their shapes stand in the comment of each "
        "function.\n";
  if (processors.size() > 1)
    os << " * It holds code for " << llvm::join(processors, ", ")
       << ": the first that a processor can run is taken.\n";
  if (!interface.parameters.empty()) {
    os << " *\n * Weights, by the names they have in the safetensors file:\n";
    for (const InterfaceParameter &parameter : interface.parameters)
      os << " *   " << commentText(parameter.name) << ": " << parameter.type
         << (parameter.kind == WEFT_STATE ? " (state)" : "") << "\n";
  }
  os << " */\n";
}

static void writeOpenAndClose(const Interface &interface, llvm::raw_ostream &os) {
  StringRef name = interface.name;
  os << "/** An opened model. It serves one thread at a time, and is the weft_model of the general "
        "functions. */\n"
     << "typedef weft_model " << name << ";\n\n"
     << "/** What the general functions know of this model. */\n"
     << "extern WEFT_API const weft_descriptor " << name << "_descriptor;\n\n"
     << "/** Opens the model; `options` may be NULL. See weft_open_model(). */\n"
     << "WEFT_API weft_status " << name << "_open(" << name
     << " **out, const weft_options *options);\n\n"
     << "/** Closes it; NULL is allowed. */\n"
     << "WEFT_API void " << name << "_close(" << name << " *model);\n\n";
  if (interface.hasStates())
    os << "/** Writes parameters and states as they are now to a safetensors file. See "
          "weft_save(). */\n"
       << "WEFT_API weft_status " << name << "_save(const " << name
       << " *model, const char *path);\n\n";
}

void writeHeader(const Interface &interface, StringRef runtimeHeader,
                 ArrayRef<std::string> processors, llvm::raw_ostream &os) {
  std::string guard = "WEFT_MODEL_" + StringRef(interface.name).upper() + "_H";
  writeIntroduction(interface, processors, os);
  os << "#ifndef " << guard << "\n#define " << guard << "\n\n#include <stdbool.h>\n\n"
     << runtimeHeader.rtrim() << "\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  writeOpenAndClose(interface, os);
  for (const InterfaceExport &entry : interface.exports)
    writeExport(interface, entry, os);
  os << "#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
}

} // namespace weft
