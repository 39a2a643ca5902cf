// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The syntax tree of a Weft source file, as the parser leaves it: nothing is resolved or typed.
// Every node knows its source range and owns its children. `text` of names points into the source
// buffer, which therefore outlives the tree. Grammar with examples: docs/language.md.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/SMLoc.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::ast {

using llvm::SMLoc;
using llvm::SMRange;
using llvm::StringRef;

template <typename T> using Ptr = std::unique_ptr<T>;
template <typename T> using List = std::vector<std::unique_ptr<T>>;

/// A name as written. An empty text means that the name was missing and the parser has reported it.
struct Name {
  StringRef text;
  SMRange range;

  explicit operator bool() const { return !text.empty(); }
  bool isWildcard() const { return text == "_"; }
};

struct Block;
struct Lambda;

//===-------------------------------------------------------------------------------------------===//
// Types
//===-------------------------------------------------------------------------------------------===//

struct Expr;

/// `f32[N, 1, H / 2]`, `T[...S, width]`, `Mlp`, `int`, `(A, B)`, `[Block]`, `fn(A) -> B`.
struct Type {
  enum class Kind { Error, Named, Tuple, List, Function };
  const Kind kind;
  SMRange range;
  unsigned height = 1; // as of expressions, whose dimensions it counts

  virtual ~Type() = default;

protected:
  Type(Kind kind, SMRange range) : kind(kind), range(range) {}
};

/// Stands where a type was expected and none could be read. Already reported.
struct ErrorType : Type {
  explicit ErrorType(SMRange range) : Type(Kind::Error, range) {}
  static bool classof(const Type *type) { return type->kind == Kind::Error; }
};

/// One entry between the brackets of a tensor type: an expression over dimensions and settings,
/// or `...S` (then `expr` is null and `spread` names S).
struct Dimension {
  Ptr<Expr> expr;
  Name spread;
  SMRange range;

  bool isSpread() const { return !expr; }
};

/// A name with or without dimensions: an element type, a generic element type, a tensor type,
/// a model, or one of `int`, `float`, `bool`, `string`. `module.Name` has `module` set.
struct NamedType : Type {
  Name module; // empty text when unqualified
  Name name;
  bool hasDims = false; // `f32[]` has dims, and none of them: the same as `f32`
  std::vector<Dimension> dims;

  NamedType(Name name, SMRange range) : Type(Kind::Named, range), name(name) {}
  static bool classof(const Type *type) { return type->kind == Kind::Named; }
};

/// `(f32[N], i32[N])`, or with names for results: `(probability: f32[N, 10], label: i32[N])`.
/// Parentheses round one type without a name leave no node.
struct TupleType : Type {
  struct Element {
    Name name; // empty text when there is none
    Ptr<Type> type;
  };
  std::vector<Element> elements;

  explicit TupleType(SMRange range) : Type(Kind::Tuple, range) {}
  static bool classof(const Type *type) { return type->kind == Kind::Tuple; }
};

/// `[Block]`: a list whose length is known at compile time.
struct ListType : Type {
  Ptr<Type> element;

  ListType(Ptr<Type> element, SMRange range)
      : Type(Kind::List, range), element(std::move(element)) {}
  static bool classof(const Type *type) { return type->kind == Kind::List; }
};

/// `fn(f32[N], f32[N]) -> f32`.
struct FunctionType : Type {
  List<Type> parameters;
  Ptr<Type> result; // null when there is none

  explicit FunctionType(SMRange range) : Type(Kind::Function, range) {}
  static bool classof(const Type *type) { return type->kind == Kind::Function; }
};

//===-------------------------------------------------------------------------------------------===//
// Patterns
//===-------------------------------------------------------------------------------------------===//

/// What stands left of `=` or before `in`, and what names a lambda's parameters.
struct Pattern {
  enum class Kind { Name, Tuple, List };
  const Kind kind;
  SMRange range;

  virtual ~Pattern() = default;

protected:
  Pattern(Kind kind, SMRange range) : kind(kind), range(range) {}
};

/// `x`, or `_` for a value that is not wanted.
struct NamePattern : Pattern {
  Name name;

  explicit NamePattern(Name name) : Pattern(Kind::Name, name.range), name(name) {}
  static bool classof(const Pattern *pattern) { return pattern->kind == Kind::Name; }
};

/// `(a, b)`: takes a tuple apart.
struct TuplePattern : Pattern {
  List<Pattern> elements;

  explicit TuplePattern(SMRange range) : Pattern(Kind::Tuple, range) {}
  static bool classof(const Pattern *pattern) { return pattern->kind == Kind::Tuple; }
};

/// `[q, k, v]`: takes a tensor apart along its first axis, or a list.
struct ListPattern : Pattern {
  List<Pattern> elements;

  explicit ListPattern(SMRange range) : Pattern(Kind::List, range) {}
  static bool classof(const Pattern *pattern) { return pattern->kind == Kind::List; }
};

//===-------------------------------------------------------------------------------------------===//
// Expressions
//===-------------------------------------------------------------------------------------------===//

struct Expr {
  enum class Kind {
    Error,
    Int,
    Float,
    Bool,
    String,
    Name,
    Unary,
    Binary,
    Pipe,
    Call,
    Field,
    Index,
    Tuple,
    List,
    Comprehension,
    Range,
    Lambda,
    If,
    Region,
  };
  const Kind kind;
  SMRange range;
  /// Levels of expressions from here down, this one included. The parser keeps it under
  /// `maxHeight`, so that recursion over a tree is safe.
  unsigned height = 1;
  static constexpr unsigned maxHeight = 400;

  virtual ~Expr() = default;

protected:
  Expr(Kind kind, SMRange range) : kind(kind), range(range) {}
};

/// Stands where an expression was expected and none could be read. Already reported.
struct ErrorExpr : Expr {
  explicit ErrorExpr(SMRange range) : Expr(Kind::Error, range) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Error; }
};

/// `42`, `1_000_000`. Up to 2^64 - 1, so that `18446744073709551615` can be a u64.
struct IntExpr : Expr {
  uint64_t value;

  IntExpr(uint64_t value, SMRange range) : Expr(Kind::Int, range), value(value) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Int; }
};

/// `0.5`, `1e-3`.
struct FloatExpr : Expr {
  double value;

  FloatExpr(double value, SMRange range) : Expr(Kind::Float, range), value(value) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Float; }
};

struct BoolExpr : Expr {
  bool value;

  BoolExpr(bool value, SMRange range) : Expr(Kind::Bool, range), value(value) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Bool; }
};

/// `"n l (h d) -> n h l d"`; `value` has its escapes replaced.
struct StringExpr : Expr {
  std::string value;

  StringExpr(std::string value, SMRange range)
      : Expr(Kind::String, range), value(std::move(value)) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::String; }
};

struct NameExpr : Expr {
  Name name;

  explicit NameExpr(Name name) : Expr(Kind::Name, name.range), name(name) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Name; }
};

enum class UnaryOp { Neg, Not };

/// `-x`, `!x`.
struct UnaryExpr : Expr {
  UnaryOp op;
  SMRange opRange;
  Ptr<Expr> operand;

  UnaryExpr(UnaryOp op, SMRange opRange, Ptr<Expr> operand)
      : Expr(Kind::Unary, {opRange.Start, operand->range.End}), op(op), opRange(opRange),
        operand(std::move(operand)) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Unary; }
};

enum class BinaryOp { Add, Sub, Mul, Div, Rem, Pow, MatMul, Lt, Le, Gt, Ge, Eq, Ne, And, Or };

/// How the operator is written: "+", "**", "&&".
StringRef spelling(BinaryOp op);
StringRef spelling(UnaryOp op);

struct BinaryExpr : Expr {
  BinaryOp op;
  SMRange opRange;
  Ptr<Expr> lhs, rhs;

  BinaryExpr(BinaryOp op, SMRange opRange, Ptr<Expr> lhs, Ptr<Expr> rhs)
      : Expr(Kind::Binary, {lhs->range.Start, rhs->range.End}), op(op), opRange(opRange),
        lhs(std::move(lhs)), rhs(std::move(rhs)) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Binary; }
};

/// `value |> target`. When the target is a call, the value becomes its first argument; otherwise
/// the target is called with the value alone. `opRange` is that of `|>`.
struct PipeExpr : Expr {
  SMRange opRange;
  Ptr<Expr> value, target;

  PipeExpr(SMRange opRange, Ptr<Expr> value, Ptr<Expr> target)
      : Expr(Kind::Pipe, {value->range.Start, target->range.End}), opRange(opRange),
        value(std::move(value)), target(std::move(target)) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Pipe; }
};

/// `x` or `name: x`.
struct Argument {
  Name name; // empty text when positional
  Ptr<Expr> value;
  SMRange range;
};

/// `f(x, axis: 1)`, `cast<f32>(x)`, `scan(xs, from: h0) |h, x| { ... }`.
struct CallExpr : Expr {
  Ptr<Expr> callee;
  List<Type> typeArguments;
  std::vector<Argument> arguments;
  Ptr<Lambda> trailing; // the lambda after the parentheses, or null

  CallExpr(Ptr<Expr> callee, SMRange range) : Expr(Kind::Call, range), callee(std::move(callee)) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Call; }
};

/// `net.head`, `w.T`, `nn.relu`.
struct FieldExpr : Expr {
  Ptr<Expr> base;
  Name field;

  FieldExpr(Ptr<Expr> base, Name field)
      : Expr(Kind::Field, {base->range.Start, field.range.End}), base(std::move(base)),
        field(field) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Field; }
};

/// One entry of an index: `i` (value in `start`), `start:stop:stride` with each part optional,
/// `...`, or `new`.
struct IndexItem {
  enum class Kind { At, Slice, Ellipsis, New };
  Kind kind;
  SMRange range;
  Ptr<Expr> start, stop, stride; // null where absent
};

/// `x[0, :, 1:-1, ::2]`, `x[..., new]`.
struct IndexExpr : Expr {
  Ptr<Expr> base;
  std::vector<IndexItem> items;

  IndexExpr(Ptr<Expr> base, SMRange range) : Expr(Kind::Index, range), base(std::move(base)) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Index; }
};

/// `(a, b)`, and `()` for no value. Parentheses round one expression leave no node.
struct TupleExpr : Expr {
  List<Expr> elements;

  explicit TupleExpr(SMRange range) : Expr(Kind::Tuple, range) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Tuple; }
};

/// `[a, b, c]`.
struct ListExpr : Expr {
  List<Expr> elements;

  explicit ListExpr(SMRange range) : Expr(Kind::List, range) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::List; }
};

/// `[Block(width) for _ in 0..layers]`.
struct ComprehensionExpr : Expr {
  Ptr<Expr> element;
  Ptr<Pattern> variable;
  Ptr<Expr> iterable;

  ComprehensionExpr(Ptr<Expr> element, Ptr<Pattern> variable, Ptr<Expr> iterable, SMRange range)
      : Expr(Kind::Comprehension, range), element(std::move(element)),
        variable(std::move(variable)), iterable(std::move(iterable)) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Comprehension; }
};

/// `0..layers`: the integers from `start` up to, not including, `stop`.
struct RangeExpr : Expr {
  Ptr<Expr> start, stop;

  RangeExpr(Ptr<Expr> start, Ptr<Expr> stop)
      : Expr(Kind::Range, {start->range.Start, stop->range.End}), start(std::move(start)),
        stop(std::move(stop)) {}
  static bool classof(const Expr *expr) { return expr->kind == Kind::Range; }
};

/// `|h, x| { ... }` as a value. The lambda itself is shared with trailing position.
struct LambdaExpr : Expr {
  Ptr<Lambda> lambda;

  explicit LambdaExpr(Ptr<Lambda> lambda);
  static bool classof(const Expr *expr) { return expr->kind == Kind::Lambda; }
};

/// `if condition { ... } else { ... }`. `else if` nests: an otherwise-block whose only content is
/// the inner if.
struct IfExpr : Expr {
  Ptr<Expr> condition;
  Ptr<Block> then;
  Ptr<Block> otherwise; // null without else

  IfExpr(Ptr<Expr> condition, Ptr<Block> then, Ptr<Block> otherwise, SMRange range);
  static bool classof(const Expr *expr) { return expr->kind == Kind::If; }
};

/// `training { ... }` and `checkpoint { ... }`.
struct RegionExpr : Expr {
  enum class Region { Training, Checkpoint };
  Region region;
  SMRange wordRange;
  Ptr<Block> body;

  RegionExpr(Region region, SMRange wordRange, Ptr<Block> body);
  static bool classof(const Expr *expr) { return expr->kind == Kind::Region; }
};

//===-------------------------------------------------------------------------------------------===//
// Statements
//===-------------------------------------------------------------------------------------------===//

struct Stmt {
  enum class Kind { Let, Assign, For, Expr };
  const Kind kind;
  SMRange range;

  virtual ~Stmt() = default;

protected:
  Stmt(Kind kind, SMRange range) : kind(kind), range(range) {}
};

/// `let pattern = value`, `let x: f32[N] = value`. Introduces names, may shadow.
struct LetStmt : Stmt {
  Ptr<Pattern> pattern;
  Ptr<Type> type; // null when inferred
  Ptr<Expr> value;

  explicit LetStmt(SMRange range) : Stmt(Kind::Let, range) {}
  static bool classof(const Stmt *stmt) { return stmt->kind == Kind::Let; }
};

/// `x = value`: gives a name of an enclosing block its value for what follows (`for` and `if`).
struct AssignStmt : Stmt {
  Ptr<Pattern> pattern;
  Ptr<Expr> value;

  AssignStmt(Ptr<Pattern> pattern, Ptr<Expr> value)
      : Stmt(Kind::Assign, {pattern->range.Start, value->range.End}), pattern(std::move(pattern)),
        value(std::move(value)) {}
  static bool classof(const Stmt *stmt) { return stmt->kind == Kind::Assign; }
};

/// `for block in blocks { ... }`.
struct ForStmt : Stmt {
  Ptr<Pattern> variable;
  Ptr<Expr> iterable;
  Ptr<Block> body;

  explicit ForStmt(SMRange range) : Stmt(Kind::For, range) {}
  static bool classof(const Stmt *stmt) { return stmt->kind == Kind::For; }
};

/// An expression that is not the last of its block: only `if` with assignments has a use here.
struct ExprStmt : Stmt {
  Ptr<Expr> expr;

  explicit ExprStmt(Ptr<Expr> expr) : Stmt(Kind::Expr, expr->range), expr(std::move(expr)) {}
  static bool classof(const Stmt *stmt) { return stmt->kind == Kind::Expr; }
};

/// `emit y, carry h` at the end of a block: what a turn of `scan` stacks and hands to the next.
struct Emit {
  List<Expr> emitted;
  List<Expr> carried;
  SMRange range;
};

/// `{ statements result }`. `result` is null when the block does not end in an expression, or ends
/// in `emit`/`carry` (then `emit` is set).
struct Block {
  List<Stmt> statements;
  Ptr<Expr> result;
  std::optional<Emit> emit;
  SMRange range;
  unsigned height = 1; // as of expressions
};

struct Lambda {
  struct Parameter {
    Ptr<Pattern> pattern;
    Ptr<Type> type; // null when inferred
  };
  std::vector<Parameter> parameters;
  Ptr<Block> body;
  SMRange range;
};

//===-------------------------------------------------------------------------------------------===//
// Declarations
//===-------------------------------------------------------------------------------------------===//

/// A function's parameter, or a model's setting: `name: type = default`.
struct Parameter {
  Name name;
  Ptr<Type> type;
  Ptr<Expr> defaultValue; // null when the caller must give it
  std::string doc;
  SMRange range;
};

/// Anything a file or a model declares. `doc` is the text of the `///` lines above it.
struct Decl {
  enum class Kind { Function, Model, Const, Variable, SubModel };
  const Kind kind;
  Name name; // empty text for a model's unnamed call function
  SMRange range;
  std::string doc;

  virtual ~Decl() = default;

protected:
  Decl(Kind kind, Name name) : Decl(kind, name, name.range) {}
  Decl(Kind kind, Name name, SMRange range) : kind(kind), name(name), range(range) {}
};

/// `fn name(x: f32[N]) -> f32[N] { ... }`, `fn (x: T) -> T { ... }` inside a model, `export fn`.
struct FunctionDecl : Decl {
  bool isExport = false;
  bool isBroken = false; // the parameters could not all be read: say nothing about its calls
  SMRange wordRange;     // of `fn`, where an unnamed function is pointed at
  std::vector<Parameter> parameters;
  SMRange parametersRange; // with the parentheses
  Ptr<Type> result;        // null when inferred from the body
  Ptr<Block> body;         // null only if it could not be read
  Ptr<Lambda> vjp;         // custom derivative `vjp |x, dy| { ... }`, or null

  explicit FunctionDecl(Name name) : Decl(Kind::Function, name) {}
  bool isCall() const { return name.text.empty(); }
  static bool classof(const Decl *decl) { return decl->kind == Kind::Function; }
};

/// `const depth = width / heads`.
struct ConstDecl : Decl {
  Ptr<Type> type; // null when inferred
  Ptr<Expr> value;

  explicit ConstDecl(Name name) : Decl(Kind::Const, name) {}
  static bool classof(const Decl *decl) { return decl->kind == Kind::Const; }
};

/// `param weight: f32[outputs, inputs] = zeros()` or `state mean: f32[channels] = zeros()`.
struct VariableDecl : Decl {
  bool isState;
  Ptr<Type> type;
  Ptr<Expr> initial; // null when not given

  VariableDecl(Name name, bool isState) : Decl(Kind::Variable, name), isState(isState) {}
  static bool classof(const Decl *decl) { return decl->kind == Kind::Variable; }
};

/// `conv1 = Conv2d(1, width)` or `blocks = [Block(width) for _ in 0..layers]`.
struct SubModelDecl : Decl {
  Ptr<Expr> value;

  explicit SubModelDecl(Name name) : Decl(Kind::SubModel, name) {}
  static bool classof(const Decl *decl) { return decl->kind == Kind::SubModel; }
};

/// `model Linear(inputs: int, outputs: int) { ... }`; members are in source order.
struct ModelDecl : Decl {
  std::vector<Parameter> settings;
  bool isBroken = false; // the settings could not all be read: say nothing about its uses
  List<Decl> members;

  explicit ModelDecl(Name name) : Decl(Kind::Model, name) {}
  static bool classof(const Decl *decl) { return decl->kind == Kind::Model; }
};

struct File;

/// `import std.nn: Conv2d, Linear as Dense`, `import std.optim`, `import std.optim as o`.
struct Import {
  struct Item {
    Name name;
    Name alias; // empty text without `as`
    Name bound() const { return alias ? alias : name; }
  };
  std::vector<Name> path;
  Name alias;              // of the whole module, without an item list
  std::vector<Item> items; // empty: the module itself is bound to its last name or the alias
  SMRange pathRange;
  SMRange range;
  const File *file = nullptr; // set when the program is loaded; null if it could not be

  /// "std.nn".
  std::string module() const {
    std::string text;
    for (const Name &part : path)
      text += (text.empty() ? "" : ".") + part.text.str();
    return text;
  }
};

struct File {
  unsigned buffer = 0; // of the SourceMgr
  std::string path;    // as it is shown in messages
  std::vector<Import> imports;
  List<Decl> decls; // models, functions and consts in source order
};

} // namespace weft::ast
