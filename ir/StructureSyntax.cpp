// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Text form of the operations whose regions take arguments: kernel, while, scan. Declarative
// formats cannot bind region arguments to operands, hence the C++.

#include "ir/WeftOps.h"

#include "mlir/IR/OpImplementation.h"

namespace weft {

using Argument = mlir::OpAsmParser::Argument;
using Operand = mlir::OpAsmParser::UnresolvedOperand;

namespace {
/// `(%a = %x : type, ...)`: arguments of a region, the operands behind them, and their types.
struct Bindings {
  SmallVector<Argument> arguments;
  SmallVector<Operand> operands;
  SmallVector<Type> types;
};
} // namespace

static mlir::ParseResult parseBindings(mlir::OpAsmParser &parser, Bindings &bindings) {
  return parser.parseCommaSeparatedList(
      mlir::AsmParser::Delimiter::Paren, [&]() -> mlir::ParseResult {
        Type &type = bindings.types.emplace_back();
        Argument &argument = bindings.arguments.emplace_back();
        if (parser.parseArgument(argument) || parser.parseEqual() ||
            parser.parseOperand(bindings.operands.emplace_back()) || parser.parseColonType(type))
          return failure();
        argument.type = type;
        return success();
      });
}

/// `-> (type, ...)`; nothing for no results.
static mlir::ParseResult parseResults(mlir::OpAsmParser &parser, mlir::OperationState &state) {
  return parser.parseOptionalArrowTypeList(state.types);
}

static void printBindings(mlir::OpAsmPrinter &printer, ValueRange arguments, ValueRange operands) {
  printer << "(";
  llvm::interleaveComma(llvm::zip(arguments, operands), printer, [&](auto pair) {
    auto [argument, operand] = pair;
    printer << argument << " = " << operand << " : " << operand.getType();
  });
  printer << ")";
}

static void printResults(mlir::OpAsmPrinter &printer, Operation *op) {
  if (op->getNumResults() > 0)
    printer.printArrowTypeList(op->getResultTypes());
}

static void printBody(mlir::OpAsmPrinter &printer, mlir::Region &region) {
  printer << " ";
  printer.printRegion(region, /*printEntryBlockArgs=*/false);
}

//===-- kernel ------------------------------------------------------------------------------===//

// %r = weft.kernel (%a = %x : T) -> U { ... }
mlir::ParseResult KernelOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &state) {
  Bindings inputs;
  auto place = parser.getCurrentLocation();
  if (parseBindings(parser, inputs) || parseResults(parser, state) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes) ||
      parser.parseRegion(*state.addRegion(), inputs.arguments) ||
      parser.resolveOperands(inputs.operands, inputs.types, place, state.operands))
    return failure();
  return success();
}

void KernelOp::print(mlir::OpAsmPrinter &printer) {
  printer << " ";
  printBindings(printer, getBody().getArguments(), getInputs());
  printResults(printer, *this);
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs());
  printBody(printer, getBody());
}

//===-- while -------------------------------------------------------------------------------===//

// %r = weft.while (%c = %x : T) -> T condition { ... } do { ... }
mlir::ParseResult WhileOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &state) {
  Bindings inits;
  auto place = parser.getCurrentLocation();
  if (parseBindings(parser, inits) || parseResults(parser, state) ||
      parser.parseOptionalAttrDictWithKeyword(state.attributes) ||
      parser.parseKeyword("condition") || parser.parseRegion(*state.addRegion(), inits.arguments) ||
      parser.parseKeyword("do") || parser.parseRegion(*state.addRegion(), inits.arguments) ||
      parser.resolveOperands(inits.operands, inits.types, place, state.operands))
    return failure();
  return success();
}

void WhileOp::print(mlir::OpAsmPrinter &printer) {
  // Both regions are printed under the names of the first: the parser reads one list for both.
  mlir::Region &body = getBodyRegion();
  printer << " ";
  printBindings(printer, getConditionRegion().getArguments(), getInits());
  printResults(printer, *this);
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs());
  printer << " condition";
  printBody(printer, getConditionRegion());
  printer << " do";
  printer.shadowRegionArgs(body, getConditionRegion().getArguments());
  printBody(printer, body);
}

//===-- scan --------------------------------------------------------------------------------===//

// %r:2 = weft.scan (%c = %x : T) over (%s = %xs : U) [element types] -> T, V { ... }
mlir::ParseResult ScanOp::parse(mlir::OpAsmParser &parser, mlir::OperationState &state) {
  Bindings inits, xs;
  auto place = parser.getCurrentLocation();
  if (parseBindings(parser, inits) || parser.parseKeyword("over") || parseBindings(parser, xs) ||
      parseResults(parser, state) || parser.parseOptionalAttrDictWithKeyword(state.attributes))
    return failure();
  SmallVector<Argument> arguments = inits.arguments;
  for (auto [argument, type] : llvm::zip(xs.arguments, xs.types)) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || tensor.getRank() == 0)
      return parser.emitError(argument.ssaName.location)
             << "scan steps along the first axis, but this is a " << type;
    argument.type = tensorType(ArrayRef<Dim>(dimsOf(tensor)).drop_front(), tensor.getElementType());
    arguments.push_back(argument);
  }
  if (parser.parseRegion(*state.addRegion(), arguments) ||
      parser.resolveOperands(inits.operands, inits.types, place, state.operands) ||
      parser.resolveOperands(xs.operands, xs.types, place, state.operands))
    return failure();
  state.getOrAddProperties<ScanOp::Properties>().operandSegmentSizes = {
      static_cast<int32_t>(inits.operands.size()), static_cast<int32_t>(xs.operands.size())};
  return success();
}

void ScanOp::print(mlir::OpAsmPrinter &printer) {
  ValueRange arguments = getBody().getArguments();
  printer << " ";
  printBindings(printer, arguments.take_front(getInits().size()), getInits());
  printer << " over ";
  printBindings(printer, arguments.drop_front(getInits().size()), getXs());
  printResults(printer, *this);
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"operandSegmentSizes"});
  printBody(printer, getBody());
}

} // namespace weft
