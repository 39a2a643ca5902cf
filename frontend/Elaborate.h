// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The elaborating checker. Comes in: the syntax trees of a program. Goes out: the checked program,
// with every exported function expanded to one dataflow graph: sub-models instantiated, functions
// inlined, loops over lists unrolled, shapes checked. Methods stand in files by idea:
//   Elaborate.cpp             the whole: exports, what no export reaches, limits, reports
//   ElaborateModels.cpp       files, imports, instances, parameters and their initialisation
//   ElaborateTypes.cpp        types and dimensions against values
//   ElaborateFunctions.cpp    calls: arguments, results, lambdas
//   ElaborateTraining.cpp     states that change, minimize
//   ElaborateStatements.cpp   blocks, patterns, loops, choices
//   ElaborateControl.cpp      what stays in the graph: if, scan, loop
//   ElaborateExpressions.cpp  names, literals, fields, lists
//   ElaborateOperators.cpp    numbers at compile time, tensors with broadcasting, matrix products
//   ElaborateIndex.cpp        x[0, 1:, ..., new]
//   Builtins*.cpp             the operations that the language has by name
#pragma once

#include "frontend/Ast.h"
#include "frontend/Checked.h"
#include "frontend/CheckedBuilder.h"
#include "frontend/Diagnostics.h"
#include "frontend/ElaborateItems.h"
#include "frontend/Program.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringMap.h"

#include <deque>
#include <variant>

namespace weft {

/// One argument as the call wrote it. `expr` is null where the value came in by `|>` or from the
/// checker itself; it is then `item`.
struct CallArgument {
  StringRef name; // empty when positional
  Span nameSpan;
  const ast::Expr *expr = nullptr;
  Item item;
  /// Where a message about the argument points.
  Span span;
};

/// A call: who is called with what, and what the context wants of the result.
struct Call {
  Span span;
  /// The callee's name in the source.
  Span calleeSpan;
  std::vector<CallArgument> arguments;
  llvm::ArrayRef<ast::Ptr<ast::Type>> typeArguments;
  const ast::Lambda *trailing = nullptr;
  ScopeRef scope = nullptr;
  /// The type that the context wants, null if it has no wish.
  const ValueType *expected = nullptr;
};

/// Values given from outside for settings of the root model: `width` -> `64`.
using SettingValues = std::vector<std::pair<std::string, std::string>>;

class Elaborator {
public:
  Elaborator(const Program &program, llvm::ArrayRef<const ast::File *> prelude,
             DiagnosticEngine &diagnostics, MLIRContext *context);

  /// Elaborates the exports of the root model and of the file, and the parameters they use.
  CheckedProgram elaborateExports(StringRef rootModel, const SettingValues &settings);
  /// True if the main file exports anything.
  bool hasExports() const;
  /// Checks what no export of the main file reaches.
  void checkLibrary();

  //===- For the builtins: reports ---------------------------------------------------------------

  template <typename... Args> Diagnostic &report(Diag kind, Span where, const Args &...args) {
    Diagnostic &message = diagnostics.report(kind, where, args...);
    noteUse(message, where);
    return message;
  }
  /// Says that the compiler cannot lower `what` yet; silent where nothing would be lowered.
  Item unsupported(Span where, StringRef what);
  /// "; did you mean 'x'?", or nothing.
  std::string suggestion(StringRef name, llvm::ArrayRef<StringRef> candidates) const;
  /// "f32[N, 10]", "the number 3", "a model Linear": for messages.
  std::string describe(const Item &item);
  /// Adds where the value came from.
  void noteValue(Diagnostic &message, ValueId value);

  //===- For the builtins: values ----------------------------------------------------------------

  CheckedBuilder &builder() { return *current; }
  bool hasGraph() const { return current != nullptr; }
  const ValueType &typeOf(ValueId value) { return current->typeOf(value); }
  /// The tensor that the item is: a number becomes a scalar of `element`, or of the type that
  /// numbers have without context. Reports what is no tensor.
  std::optional<ValueId> toTensor(const Item &item, Span span, Type element = {});
  std::optional<int64_t> toConstant(const Item &item, Span span, const llvm::Twine &what);
  std::optional<Dim> toDim(const Item &item, Span span, const llvm::Twine &what);
  std::optional<double> toReal(const Item &item, Span span, const llvm::Twine &what);
  /// A list or tuple of dimensions, or one dimension.
  std::optional<Dims> toDims(const Item &item, Span span, const llvm::Twine &what);
  std::optional<SmallVector<int64_t>> toConstants(const Item &item, Span span,
                                                  const llvm::Twine &what);
  /// An axis of a tensor of `rank`, counted from the end where negative.
  std::optional<int64_t> toAxis(const Item &item, Span span, const ValueType &type);
  std::optional<SmallVector<int64_t>> toAxes(const Item &item, Span span, const ValueType &type);
  /// The seed of the graph: an input `seed: u64` that it gets when first asked.
  ValueId seed();
  int64_t nextStream();

  /// True if a and b are equal, or could be and nothing concrete is known (see `lenient`).
  bool sameDim(const Dim &a, const Dim &b) const;
  bool sameDims(llvm::ArrayRef<Dim> a, llvm::ArrayRef<Dim> b) const;
  /// The shape that NumPy's rule gives to operands of these shapes; none if they do not fit.
  std::optional<Dims> broadcastDims(llvm::ArrayRef<Dim> a, llvm::ArrayRef<Dim> b) const;
  /// Brings tensors to one shape, or reports at `span`.
  std::optional<SmallVector<ValueId>> broadcastTogether(llvm::ArrayRef<ValueId> values, Span span,
                                                        StringRef what);
  /// The values as tensors of one element type: numbers take that of the tensors.
  std::optional<SmallVector<ValueId>> unify(llvm::ArrayRef<Item> items, llvm::ArrayRef<Span> spans,
                                            Span span, StringRef what, const ValueType *expected);
  Item matmul(const Item &lhs, const Item &rhs, Span span, Span lhsSpan, Span rhsSpan);
  std::optional<Type> resolveElement(const ast::Type &type, const ScopeRef &scope);
  Item evaluate(const ast::Expr &expr, const ScopeRef &scope, const ValueType *expected = nullptr);
  Item callItem(const Item &callee, const Call &call);
  Item callLambda(const ast::Lambda &lambda, const ScopeRef &scope, std::vector<Item> arguments,
                  Span span, const ValueType *expected, std::vector<Item> *emitted = nullptr,
                  std::vector<Item> *carried = nullptr);
  Item scan(const Call &call, const Item &xs, Span xsSpan, const Item &from, Span fromSpan,
            const Item &body, Span bodySpan);
  Item minimize(const Call &call);
  /// A model of its own, with the settings and first values of `original`.
  Item copy(const Item &original, Span span);
  /// Moves what `copy` made toward its original, by a number or an f32 of this step.
  Item ema(const Item &copied, Span span, std::variant<double, ValueId> decay);
  /// How often a function has been called, from 1 on, f32: a state, counted once a call.
  ValueId stepNumber(const std::string &prefix, Span span);
  /// Whether dropout drops and normalisations use the statistics of the batch.
  bool inTraining() const;
  Item loop(const Call &call, const Item &from, Span fromSpan, const Item &condition,
            Span conditionSpan, const Item &body, Span bodySpan);

  MLIRContext *const context;
  /// Settings are symbols and nothing will be lowered: what needs concrete numbers is passed over.
  bool lenient = false;

private:
  DiagnosticEngine &diagnostics;
  const Program &program;

  //===- The whole (Elaborate.cpp) ---------------------------------------------------------------

  struct Frame {
    const void *callee; // FunctionDecl or Lambda
    const Instance *self;
    Span span;
    std::string name;
  };
  /// Where the graph under construction lives, besides its builder.
  struct GraphState {
    std::optional<ValueId> seed;
    int64_t stream = 0;
    bool isTraining = false;
    /// Initialisers draw from streams of their own and know their shape.
    bool isInitialisation = false;
  };
  class GraphScope;

  const ast::ModelDecl *findRoot(StringRef name);
  bool readSettings(const ast::ModelDecl &root, const SettingValues &settings, Call &call);
  void elaborateExport(const ast::FunctionDecl &function, Instance *self, const ScopeRef &scope);
  bool declareInputs(const ast::FunctionDecl &function, const ScopeRef &scope, CheckedGraph *graph);
  std::optional<Item> declareInput(const ast::Parameter &parameter, const ScopeRef &scope,
                                   CheckedGraph *graph);
  bool nameResults(const ast::FunctionDecl &function, const Item &result, CheckedGraph &graph);
  std::optional<ValueType> wantedInLibrary(const ast::NamedType &type, const ScopeRef &scope);
  void checkFunction(const ast::FunctionDecl &function, Instance *self, const ScopeRef &scope);
  void checkModel(const ast::ModelDecl &model, const ScopeRef &scope);
  CheckedProgram withUsedParameters();
  void noteUse(Diagnostic &message, Span where);
  bool withinBudget(Span span);

  //===- Models (ElaborateModels.cpp) ------------------------------------------------------------

  ScopeRef makeScope(Scope::Kind kind, ScopeRef parent) {
    return &scopes.emplace_back(kind, parent);
  }
  ScopeRef fileScope(const ast::File &file);
  void declareFile(const ast::File &file, const ScopeRef &scope);
  void bindImports(const ast::File &file, const ScopeRef &scope);
  void declare(const ScopeRef &scope, const ast::Name &name, Item item);
  void declareConst(const ast::ConstDecl &decl, const ScopeRef &scope);
  Item instantiate(const Item &model, const Call &call);
  /// Null if the settings do not fit.
  Instance *makeInstance(const ast::ModelDecl &model, const ScopeRef &fileScope, const Call &call,
                         StringRef path, std::optional<ValueId> shapedBy = {});
  bool bindShape(Instance &instance, ValueId value);
  bool bindSettings(Instance &instance, const Call &call);
  void declareFunction(const ast::FunctionDecl &function, const ScopeRef &scope, Instance *self);
  Item symbolicSetting(const ast::Parameter &setting);
  void declareMembers(Instance &instance);
  void declareSubModel(Instance &instance, const ast::SubModelDecl &decl);
  void declareVariable(Instance &instance, const ast::VariableDecl &variable);
  std::optional<ValueType> variableType(const ast::VariableDecl &variable, const ScopeRef &scope);
  std::optional<Item> parseSetting(const ast::ModelDecl &root, const ast::Parameter &setting,
                                   StringRef text);
  CheckedGraph elaborateInitialisation(ArrayRef<unsigned> used);
  std::optional<ValueId> initialValue(unsigned parameter);

  //===- Types (ElaborateTypes.cpp) --------------------------------------------------------------

  /// What a declared type is held against: for messages.
  struct MatchContext {
    Span span;          // the value
    std::string callee; // "Linear", "cross_entropy"
    StringRef name;     // the parameter
    const Instance *self = nullptr;
    bool isResult = false;
  };
  bool isCompileTimeType(const ast::Type &type) const;
  /// The item that a name in a type stands for: only what can stand there.
  Item *findDimension(const ScopeRef &scope, StringRef name);
  std::optional<Type> findElement(const ast::NamedType &type, const ScopeRef &scope);
  std::optional<Dim> evaluateDim(const ast::Expr &expr, const ScopeRef &scope);
  /// The declared type with every name known; none if a name is unbound. Silent.
  std::optional<ValueType> resolveType(const ast::Type &type, const ScopeRef &scope);
  /// The declared type; unbound names become symbols of the exported function. Reports.
  std::optional<ValueType> declareType(const ast::NamedType &type, const ScopeRef &scope,
                                       bool isExport);
  /// Holds `actual` against the declared type and binds the names that the type introduces.
  bool matchType(const ast::NamedType &declared, const ScopeRef &scope, const ValueType &actual,
                 ValueId value, const MatchContext &match);
  Diagnostic &reportMade(const MatchContext &match, const ast::Type &declared,
                         const ValueType &actual);
  Diagnostic &reportKind(const MatchContext &match, const std::string &wanted, const Item &item);
  bool matchElement(const ast::NamedType &declared, const ScopeRef &scope, const ValueType &actual,
                    const MatchContext &match);
  bool matchDim(const ast::Dimension &declared, const ScopeRef &scope, const Dim &actual,
                size_t axis, const ast::NamedType &type, ValueId value, const MatchContext &match);
  bool matchSpread(const ast::Dimension &declared, const ScopeRef &scope,
                   llvm::ArrayRef<Dim> actual, const ast::NamedType &type, ValueId value,
                   const MatchContext &match);
  void reportDim(const ast::Dimension &declared, const Dim &expected, const Dim &actual,
                 size_t axis, const ast::NamedType &type, ValueId value, const MatchContext &match);
  /// Converts a compile-time value to `int`, `float`, `bool` or `string`.
  std::optional<Item> convertSetting(const ast::NamedType &type, const Item &item,
                                     const MatchContext &match);
  /// Holds an item against any declared type; gives the item as the callee sees it.
  std::optional<Item> matchItem(const ast::Type &type, const ScopeRef &scope, const Item &item,
                                const MatchContext &match);
  std::optional<Item> matchNamed(const ast::NamedType &type, const ScopeRef &scope,
                                 const Item &item, const MatchContext &match);

  //===- Functions (ElaborateFunctions.cpp) ------------------------------------------------------

  Item evaluateCall(const ast::CallExpr &expr, const ScopeRef &scope, const ValueType *expected,
                    const CallArgument *piped);
  Item evaluatePipe(const ast::PipeExpr &expr, const ScopeRef &scope, const ValueType *expected);
  Item callFunction(const Item &callee, const Call &call);
  Item callWithVjp(const ast::FunctionDecl &function, const ScopeRef &scope,
                   const ValueType *expected, const std::string &name);
  Item callBuiltin(const Builtin &builtin, const Call &call);
  bool bindArguments(llvm::ArrayRef<ast::Parameter> parameters, const Call &call,
                     const std::string &callee, Span declaration,
                     llvm::SmallVectorImpl<const CallArgument *> &bound);
  bool bindParameter(const ast::Parameter &parameter, const CallArgument *argument,
                     const Call &call, const std::string &callee, const Instance *self,
                     const ScopeRef &scope);
  void bindContext(const ast::Type &result, const ScopeRef &scope, const ValueType &expected);
  Item checkResult(const ast::FunctionDecl &function, Item result, const ScopeRef &scope,
                   const std::string &callee);
  bool enter(const void *callee, const Instance *self, Span span, const std::string &name);
  void leave() { frames.pop_back(); }

  //===- Training (ElaborateTraining.cpp) --------------------------------------------------------

  struct Optimizer;
  struct Minimization;
  /// How steps follow from gradients, and, once known, whether one is taken in this call.
  struct StepPlan {
    std::string prefix; // of the names of its states
    Span span;
    int64_t every; // calls
    std::optional<double> lossScale;
    std::optional<ValueId> applies = {};
  };
  /// A pattern over the names of parameters, as it is written.
  struct Pattern {
    std::string text;
    Span span;
    bool matches(StringRef path) const;
  };
  Item evaluateRegion(const ast::RegionExpr &region, const ScopeRef &scope,
                      const ValueType *expected);
  void assignState(const Item &target, const Item &value, Span span);
  /// Gives a parameter or state its value for the next call.
  bool update(unsigned parameter, ValueId value, Span span);
  /// What reads of a parameter see: its last new value, or what it came in with.
  ValueId currentValue(unsigned parameter);
  SmallVector<unsigned> parametersOf(ValueId loss);
  unsigned ownState(const std::string &path, const ValueType &type, Span span, double initial = 0);
  ValueId valueOfState(unsigned parameter, Span span);
  std::optional<Optimizer> readOptimizer(const ast::Expr &expr, const ScopeRef &scope);
  bool readPatterns(const ast::Expr &expr, const ScopeRef &scope, std::vector<Pattern> &patterns);
  bool readGroups(const ast::Expr &expr, const ScopeRef &scope,
                  std::vector<std::pair<Pattern, Optimizer>> &groups);
  bool thaw(SmallVector<unsigned> &parameters, ArrayRef<Pattern> frozen);
  void reportUnmatched(const Pattern &pattern, ArrayRef<unsigned> parameters);
  std::optional<double> readPositive(const CallArgument &argument, const Call &call);
  bool readMinimizeArgument(const CallArgument &argument, const Call &call, Minimization &asked);
  bool readMinimization(const Call &call, Minimization &asked);
  std::optional<ValueId> lossOf(const CallArgument &argument, const ScopeRef &scope);
  std::optional<SmallVector<unsigned>> trainedBy(ValueId loss, const Minimization &asked,
                                                 ArrayRef<std::pair<Pattern, Optimizer>> special,
                                                 const ScopeRef &scope);
  void clipNorm(SmallVector<ValueId> &gradients, double limit);
  void clipValue(SmallVector<ValueId> &gradients, double limit);
  Instance *optimizerFor(const Optimizer &optimizer, unsigned parameter, const std::string &prefix,
                         const ScopeRef &scope);
  std::optional<ValueId> stepOf(Instance &instance, unsigned parameter, ValueId gradient,
                                const std::string &prefix, Span span);

  //===- Steps (ElaborateSteps.cpp) --------------------------------------------------------------

  SmallVector<ValueId> gradientsFor(ValueId loss, ArrayRef<unsigned> parameters, StepPlan &plan);
  ValueId accumulate(SmallVector<ValueId> &gradients, ArrayRef<unsigned> parameters,
                     const StepPlan &plan);
  ValueId areFinite(ArrayRef<ValueId> gradients);
  void adjustScale(unsigned place, ValueId isFinite, const StepPlan &plan);
  void keepUnless(ValueId condition, const llvm::MapVector<unsigned, ValueId> &before);

  //===- Copies (ElaborateCopies.cpp) ------------------------------------------------------------

  /// The paths of a model that is being copied, and of its copy.
  struct CopyPaths {
    std::string from, to;
  };
  Instance *copyInstance(const Instance &original, Span span);
  std::optional<unsigned> originalOf(StringRef path);
  Item average(const Instance &copied, std::variant<double, ValueId> decay, Span span);

  //===- Statements (ElaborateStatements.cpp) ----------------------------------------------------

  Item evaluateBlock(const ast::Block &block, const ScopeRef &scope, const ValueType *expected);
  void evaluateStatement(const ast::Stmt &stmt, const ScopeRef &scope);
  void evaluateLet(const ast::LetStmt &stmt, const ScopeRef &scope);
  void evaluateFor(const ast::ForStmt &stmt, const ScopeRef &scope);
  void bindPattern(const ast::Pattern &pattern, const Item &item, Span span, const ScopeRef &scope,
                   bool assigns);
  void bindName(const ast::NamePattern &pattern, const Item &item, const ScopeRef &scope,
                bool assigns);
  std::optional<std::vector<Item>> takeApart(const ast::Pattern &pattern, size_t count,
                                             const Item &item, Span span);
  /// The elements that a loop runs over.
  std::optional<std::vector<Item>> iterate(const ast::Expr &iterable, const ScopeRef &scope);
  Item evaluateIf(const ast::IfExpr &expr, const ScopeRef &scope, const ValueType *expected);
  Item evaluateBranches(const ast::IfExpr &expr, ValueId condition, const ScopeRef &scope,
                        const ValueType *expected);
  /// The tensors inside an item, in order; numbers become scalars. False if there is something
  /// else.
  bool flatten(const Item &item, Span span, llvm::SmallVectorImpl<ValueId> &values,
               llvm::ArrayRef<ValueType> wanted = {});
  Item rebuild(const Item &like, llvm::ArrayRef<ValueId> &values);

  //===- Expressions (ElaborateExpressions.cpp, ElaborateOperators.cpp, ElaborateIndex.cpp) -------

  Item evaluateInner(const ast::Expr &expr, const ScopeRef &scope, const ValueType *expected);
  Item evaluateElements(const ast::List<ast::Expr> &elements, Item::Kind kind,
                        const ScopeRef &scope);
  Item evaluateName(const ast::Name &name, const ScopeRef &scope);
  Item evaluateUnary(const ast::UnaryExpr &expr, const ScopeRef &scope, const ValueType *expected);
  Item evaluateBinary(const ast::BinaryExpr &expr, const ScopeRef &scope,
                      const ValueType *expected);
  Item evaluateField(const ast::FieldExpr &expr, const ScopeRef &scope);
  Item fieldOfInstance(const ast::FieldExpr &expr, const Item &base);
  Item evaluateComprehension(const ast::ComprehensionExpr &expr, const ScopeRef &scope);
  Item evaluateRange(const ast::RangeExpr &expr, const ScopeRef &scope);
  Item numberBinary(const ast::BinaryExpr &expr, const Item &lhs, const Item &rhs);
  Item intBinary(const ast::BinaryExpr &expr, const Dim &lhs, const Dim &rhs);
  Item tensorBinary(const ast::BinaryExpr &expr, const Item &lhs, const Item &rhs,
                    const ValueType *expected);
  std::optional<ValueId> numberToTensor(const Item &item, Span span, Type element);
  Item evaluateIndex(const ast::IndexExpr &expr, const ScopeRef &scope);
  Item indexSequence(const ast::IndexExpr &expr, const Item &base, const ScopeRef &scope);
  Item indexTensor(const ast::IndexExpr &expr, ValueId base, const ScopeRef &scope);
  friend class TensorIndexer;

  //===- State -----------------------------------------------------------------------------------

  CheckedProgram checked;
  llvm::DenseMap<const ast::File *, ScopeRef> fileScopes;
  std::deque<Scope> scopes;
  ScopeRef builtinScope, preludeScope;
  std::deque<Instance> instances;
  std::deque<CheckedGraph> scratchGraphs;
  /// The declaration and the instance of each parameter.
  struct ParameterOrigin {
    const ast::VariableDecl *variable;
    const Instance *self;
    double initial = 0;                    // of a state without a declaration
    std::optional<unsigned> original = {}; // what this is a copy of
  };
  std::vector<ParameterOrigin> parameterOrigins;
  llvm::StringMap<unsigned> ownStates;    // by path: states that no declaration stands for
  llvm::StringMap<Instance *> optimizers; // by path
  llvm::DenseMap<const ast::Expr *, unsigned> minimizeSites; // numbers of the optimizers written
  llvm::DenseSet<std::pair<const CheckedGraph *, unsigned>> countedSteps;
  std::vector<const ast::ModelDecl *> instantiating;
  std::vector<Frame> frames;
  /// Functions and models that some elaboration went through.
  llvm::DenseSet<const ast::Decl *> reached;
  CheckedBuilder *current = nullptr;
  GraphState *state = nullptr;
  std::string instancePath; // of the field that is being declared
  std::vector<Item> *emittedItems = nullptr, *carriedItems = nullptr;
  unsigned depth = 0;
  size_t operationCount = 0, stepCount = 0;
  llvm::StringMap<unsigned> parameterPaths;
  std::optional<CopyPaths> copying;
  bool overBudget = false;
};

} // namespace weft
