// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The syntax tree as source text in which nothing is left to precedence. Error nodes print as
// `<error>`, names that were missing as `<missing>`.
#include "frontend/AstPrinter.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace weft {

namespace {

class Printer {
public:
  explicit Printer(raw_ostream &os) : os(os) {}

  void print(const ast::File &file);
  void print(const ast::Decl &decl);
  void print(const ast::Type &type);
  void print(const ast::Pattern &pattern);
  void print(const ast::Expr &expr);

private:
  void name(const ast::Name &name) { os << (name ? name.text : "<missing>"); }
  raw_ostream &line() { return os << '\n' << std::string(2 * depth, ' '); }
  template <typename Range, typename Each>
  void list(StringRef open, const Range &range, StringRef close, Each each) {
    os << open;
    interleave(range, os, each, ", ");
    os << close;
  }
  template <typename T> void nodes(StringRef open, const ast::List<T> &range, StringRef close) {
    list(open, range, close, [&](const ast::Ptr<T> &node) { print(*node); });
  }

  void doc(StringRef text);
  void import(const ast::Import &import);
  void parameters(const std::vector<ast::Parameter> &parameters);
  void function(const ast::FunctionDecl &function);
  void model(const ast::ModelDecl &model);
  void tuple(const ast::TupleType &tuple);
  void named(const ast::NamedType &type);
  void function(const ast::FunctionType &function);
  void block(const ast::Block &block);
  void print(const ast::Stmt &stmt);
  void emit(const ast::Emit &emit);
  void lambda(const ast::Lambda &lambda);
  void number(double value);
  void string(StringRef value);
  void call(const ast::CallExpr &call);
  void index(const ast::IndexItem &item);
  void choice(const ast::IfExpr &choice);
  void tuple(const ast::TupleExpr &tuple);
  void compound(const ast::Expr &expr);

  raw_ostream &os;
  size_t depth = 0;
};

//===--- Declarations ---===//

void Printer::print(const ast::File &file) {
  for (const ast::Import &each : file.imports)
    import(each);
  for (const ast::Ptr<ast::Decl> &decl : file.decls) {
    print(*decl);
    os << '\n';
  }
}

void Printer::import(const ast::Import &import) {
  os << "import " << import.module();
  if (import.alias)
    os << " as " << import.alias.text;
  if (!import.items.empty())
    list(": ", import.items, "", [&](const ast::Import::Item &item) {
      name(item.name);
      if (item.alias)
        os << " as " << item.alias.text;
    });
  os << '\n';
}

void Printer::doc(StringRef text) {
  if (text.empty())
    return;
  for (StringRef each : split(text, '\n')) {
    os << "///" << (each.empty() ? "" : " ") << each;
    line();
  }
}

void Printer::parameters(const std::vector<ast::Parameter> &parameters) {
  list("(", parameters, ")", [&](const ast::Parameter &parameter) {
    if (!parameter.doc.empty()) {
      line();
      doc(parameter.doc);
    }
    name(parameter.name);
    os << ": ";
    print(*parameter.type);
    if (parameter.defaultValue) {
      os << " = ";
      print(*parameter.defaultValue);
    }
  });
}

void Printer::print(const ast::Decl &decl) {
  doc(decl.doc);
  auto typeAndValue = [&](const ast::Type *type, const ast::Expr *value) {
    name(decl.name);
    if (type) {
      os << ": ";
      print(*type);
    }
    if (value) {
      os << " = ";
      print(*value);
    }
  };
  switch (decl.kind) {
  case ast::Decl::Kind::Function:
    return function(cast<ast::FunctionDecl>(decl));
  case ast::Decl::Kind::Model:
    return model(cast<ast::ModelDecl>(decl));
  case ast::Decl::Kind::Const: {
    const auto &constant = cast<ast::ConstDecl>(decl);
    os << "const ";
    return typeAndValue(constant.type.get(), constant.value.get());
  }
  case ast::Decl::Kind::Variable: {
    const auto &variable = cast<ast::VariableDecl>(decl);
    os << (variable.isState ? "state " : "param ");
    return typeAndValue(variable.type.get(), variable.initial.get());
  }
  case ast::Decl::Kind::SubModel:
    return typeAndValue(nullptr, cast<ast::SubModelDecl>(decl).value.get());
  }
}

void Printer::function(const ast::FunctionDecl &function) {
  os << (function.isExport ? "export fn " : "fn ") << function.name.text;
  parameters(function.parameters);
  if (function.result) {
    os << " -> ";
    print(*function.result);
  }
  os << ' ';
  if (function.body)
    block(*function.body);
  else
    os << "<error>";
  if (function.vjp) {
    os << " vjp ";
    lambda(*function.vjp);
  }
}

void Printer::model(const ast::ModelDecl &model) {
  os << "model ";
  name(model.name);
  parameters(model.settings);
  os << " {";
  ++depth;
  for (const ast::Ptr<ast::Decl> &member : model.members) {
    line();
    print(*member);
  }
  --depth;
  line() << '}';
}

//===--- Types and patterns ---===//

void Printer::print(const ast::Type &type) {
  switch (type.kind) {
  case ast::Type::Kind::Error:
    os << "<error>";
    return;
  case ast::Type::Kind::Named:
    return named(cast<ast::NamedType>(type));
  case ast::Type::Kind::Tuple:
    return tuple(cast<ast::TupleType>(type));
  case ast::Type::Kind::List:
    os << '[';
    print(*cast<ast::ListType>(type).element);
    os << ']';
    return;
  case ast::Type::Kind::Function:
    return function(cast<ast::FunctionType>(type));
  }
}

void Printer::named(const ast::NamedType &type) {
  if (type.module)
    os << type.module.text << '.';
  name(type.name);
  if (!type.hasDims)
    return;
  list("[", type.dims, "]", [&](const ast::Dimension &dimension) {
    if (dimension.isSpread())
      os << "..." << dimension.spread.text;
    else
      print(*dimension.expr);
  });
}

void Printer::tuple(const ast::TupleType &tuple) {
  list("(", tuple.elements, ")", [&](const ast::TupleType::Element &element) {
    if (element.name)
      os << element.name.text << ": ";
    print(*element.type);
  });
}

void Printer::function(const ast::FunctionType &function) {
  nodes("fn(", function.parameters, ")");
  if (function.result) {
    os << " -> ";
    print(*function.result);
  }
}

void Printer::print(const ast::Pattern &pattern) {
  if (const auto *tuple = dyn_cast<ast::TuplePattern>(&pattern))
    nodes("(", tuple->elements, tuple->elements.size() == 1 ? ",)" : ")");
  else if (const auto *list = dyn_cast<ast::ListPattern>(&pattern))
    nodes("[", list->elements, "]");
  else
    name(cast<ast::NamePattern>(pattern).name);
}

//===--- Statements ---===//

void Printer::block(const ast::Block &block) {
  os << '{';
  ++depth;
  for (const ast::Ptr<ast::Stmt> &stmt : block.statements) {
    line();
    print(*stmt);
  }
  if (block.result) {
    line();
    print(*block.result);
  }
  if (block.emit) {
    line();
    emit(*block.emit);
  }
  --depth;
  line() << '}';
}

void Printer::print(const ast::Stmt &stmt) {
  if (const auto *let = dyn_cast<ast::LetStmt>(&stmt)) {
    os << "let ";
    print(*let->pattern);
    if (let->type) {
      os << ": ";
      print(*let->type);
    }
    os << " = ";
    print(*let->value);
  } else if (const auto *assign = dyn_cast<ast::AssignStmt>(&stmt)) {
    print(*assign->pattern);
    os << " = ";
    print(*assign->value);
  } else if (const auto *loop = dyn_cast<ast::ForStmt>(&stmt)) {
    os << "for ";
    print(*loop->variable);
    os << " in ";
    print(*loop->iterable);
    os << ' ';
    block(*loop->body);
  } else {
    print(*cast<ast::ExprStmt>(stmt).expr);
  }
}

void Printer::emit(const ast::Emit &emit) {
  if (!emit.emitted.empty())
    nodes("emit ", emit.emitted, emit.carried.empty() ? "" : ", ");
  if (!emit.carried.empty())
    nodes("carry ", emit.carried, "");
}

void Printer::lambda(const ast::Lambda &lambda) {
  list("|", lambda.parameters, "| ", [&](const ast::Lambda::Parameter &parameter) {
    print(*parameter.pattern);
    if (parameter.type) {
      os << ": ";
      print(*parameter.type);
    }
  });
  block(*lambda.body);
}

//===--- Expressions ---===//

void Printer::print(const ast::Expr &expr) {
  switch (expr.kind) {
  case ast::Expr::Kind::Error:
    os << "<error>";
    return;
  case ast::Expr::Kind::Int:
    os << cast<ast::IntExpr>(expr).value;
    return;
  case ast::Expr::Kind::Float:
    return number(cast<ast::FloatExpr>(expr).value);
  case ast::Expr::Kind::Bool:
    os << (cast<ast::BoolExpr>(expr).value ? "true" : "false");
    return;
  case ast::Expr::Kind::String:
    return string(cast<ast::StringExpr>(expr).value);
  case ast::Expr::Kind::Name:
    return name(cast<ast::NameExpr>(expr).name);
  case ast::Expr::Kind::Call:
    return call(cast<ast::CallExpr>(expr));
  case ast::Expr::Kind::Tuple:
    return tuple(cast<ast::TupleExpr>(expr));
  case ast::Expr::Kind::List:
    return nodes("[", cast<ast::ListExpr>(expr).elements, "]");
  case ast::Expr::Kind::Lambda:
    return lambda(*cast<ast::LambdaExpr>(expr).lambda);
  case ast::Expr::Kind::If:
    return choice(cast<ast::IfExpr>(expr));
  default:
    return compound(expr);
  }
}

void Printer::compound(const ast::Expr &expr) {
  auto joined = [&](const ast::Expr &lhs, StringRef sign, const ast::Expr &rhs) {
    os << '(';
    print(lhs);
    os << sign;
    print(rhs);
    os << ')';
  };
  if (const auto *unary = dyn_cast<ast::UnaryExpr>(&expr)) {
    os << '(' << ast::spelling(unary->op);
    print(*unary->operand);
    os << ')';
  } else if (const auto *binary = dyn_cast<ast::BinaryExpr>(&expr)) {
    joined(*binary->lhs, (" " + ast::spelling(binary->op) + " ").str(), *binary->rhs);
  } else if (const auto *pipe = dyn_cast<ast::PipeExpr>(&expr)) {
    joined(*pipe->value, " |> ", *pipe->target);
  } else if (const auto *range = dyn_cast<ast::RangeExpr>(&expr)) {
    joined(*range->start, "..", *range->stop);
  } else if (const auto *field = dyn_cast<ast::FieldExpr>(&expr)) {
    print(*field->base);
    os << '.';
    name(field->field);
  } else if (const auto *indexed = dyn_cast<ast::IndexExpr>(&expr)) {
    print(*indexed->base);
    list("[", indexed->items, "]", [&](const ast::IndexItem &item) { index(item); });
  } else if (const auto *each = dyn_cast<ast::ComprehensionExpr>(&expr)) {
    os << '[';
    print(*each->element);
    os << " for ";
    print(*each->variable);
    os << " in ";
    print(*each->iterable);
    os << ']';
  } else if (const auto *region = dyn_cast<ast::RegionExpr>(&expr)) {
    // In parentheses, because in the condition of an `if` it would be read as a name.
    os << (region->region == ast::RegionExpr::Region::Training ? "(training " : "(checkpoint ");
    block(*region->body);
    os << ')';
  }
}

void Printer::number(double value) {
  // Seventeen digits bring every f64 back; fewer read better where they do too.
  std::string text;
  for (int digits : {6, 9, 17}) {
    text.clear();
    raw_string_ostream(text) << format("%.*g", digits, value);
    double again = 0;
    if (!StringRef(text).getAsDouble(again) && again == value)
      break;
  }
  os << text << (StringRef(text).find_first_of(".e") == StringRef::npos ? ".0" : "");
}

void Printer::string(StringRef value) {
  os << '"';
  for (char c : value) {
    if (c == '\n')
      os << "\\n";
    else if (c == '\t')
      os << "\\t";
    else if (c == '"' || c == '\\')
      os << '\\' << c;
    else if (static_cast<unsigned char>(c) < 0x20)
      os << format("\\u{%X}", c);
    else
      os << c;
  }
  os << '"';
}

void Printer::call(const ast::CallExpr &call) {
  print(*call.callee);
  if (!call.typeArguments.empty())
    nodes("<", call.typeArguments, ">");
  list("(", call.arguments, ")", [&](const ast::Argument &argument) {
    if (argument.name)
      os << argument.name.text << ": ";
    print(*argument.value);
  });
  if (call.trailing) {
    os << ' ';
    lambda(*call.trailing);
  }
}

void Printer::index(const ast::IndexItem &item) {
  auto part = [&](const ast::Ptr<ast::Expr> &expr) {
    if (expr)
      print(*expr);
  };
  switch (item.kind) {
  case ast::IndexItem::Kind::At:
    return part(item.start);
  case ast::IndexItem::Kind::Slice:
    part(item.start);
    os << ':';
    part(item.stop);
    if (item.stride)
      os << ':';
    return part(item.stride);
  case ast::IndexItem::Kind::Ellipsis:
    os << "...";
    return;
  case ast::IndexItem::Kind::New:
    os << "new";
    return;
  }
}

void Printer::choice(const ast::IfExpr &choice) {
  os << "if ";
  print(*choice.condition);
  os << ' ';
  block(*choice.then);
  if (choice.otherwise) {
    os << " else ";
    block(*choice.otherwise);
  }
}

void Printer::tuple(const ast::TupleExpr &tuple) {
  nodes("(", tuple.elements, tuple.elements.size() == 1 ? ",)" : ")");
}

} // namespace

void printAst(const ast::File &file, raw_ostream &os) { Printer(os).print(file); }
void printAst(const ast::Expr &expr, raw_ostream &os) { Printer(os).print(expr); }
void printAst(const ast::Type &type, raw_ostream &os) { Printer(os).print(type); }
void printAst(const ast::Pattern &pattern, raw_ostream &os) { Printer(os).print(pattern); }

} // namespace weft
