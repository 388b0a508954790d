//! The tree of a script: plain data, a span on every node, nothing of the parser generator.
//!
//! A [`Program`] is a list of [`Statement`]s; a statement holds [`Expr`]essions; both are named as in
//! the language reference. The tree says what was written and not what it means: names are not
//! resolved, types are not checked, `x |> f(a)` is not yet `f(x, a)`. Parentheses, comments and layout
//! are absent (the formatter works on the text).
//!
//! No expression nests deeper than [`MAX_HEIGHT`], so a recursive walk that goes along chains in a loop
//! ([`Expr::links`]) needs no guard of its own.

mod chain;
mod operator;

use crate::source::{Span, Spanned};

pub use operator::{BINARY, BinaryOp, UnaryOp};

/// The greatest height of an expression's tree, chains counted as one, and the greatest depth of its brackets.
pub const MAX_HEIGHT: usize = 256;

/// The most operands of one flat chain, `a + b + …` or `x |> f() |> …`.
pub const MAX_CHAIN: usize = 10_000;

/// A name and where it stands.
pub type Name = Spanned<String>;

/// One script file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// The doc comment of the script itself: the block at its head, where a blank line follows it or
    /// the first statement has a doc comment of its own on its line.
    pub doc: Option<String>,
    /// The statements, in the order they were written.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it says.
    pub kind: StatementKind,
    /// From its keyword to its last character.
    pub span: Span,
    /// Its doc comment: the lines above it, then the one on its line, joined by newlines.
    pub doc: Option<String>,
}

/// The closed list of statements.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// `param NAME: TYPE = EXPR`
    Param(Param),
    /// `plan { memory: 2GiB }`
    Plan(Plan),
    /// `storage NAME = local(DIR) {options}`
    Storage(Storage),
    /// `source NAME = FORMAT(URL, PATH) {options}`
    Source(Source),
    /// `let NAME: TYPE = EXPR`
    Let(Let),
    /// `fn NAME(P, …) = EXPR`, `stencil NAME(P, …) = EXPR`, `reducer NAME(P, …) { init: EXPR, … }`
    Fn(Function),
    /// `persist NAME, … to STORAGE`
    Persist(Persist),
    /// `sink EXPR to FORMAT(URL, PATH) {options}`
    Sink(Sink),
    /// `print EXPR, …`
    Print(Print),
    /// `assert EXPR, STRING`
    Assert(Assert),
    /// `import "lib.ff" as NAME`
    Import(Import),
}

/// A plan-time value given by the user.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its name, also that of the command-line option.
    pub name: Name,
    /// The type of the value.
    pub ty: TypeExpr,
    /// The value when none is given; without it the param is required.
    pub default: Option<Expr>,
}

/// Defaults for the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The settings.
    pub options: Vec<Field>,
}

/// A place where named results are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// Its name.
    pub name: Name,
    /// Scheme, place and options.
    pub target: Target,
}

/// A dataset or array that is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its name.
    pub name: Name,
    /// Format, URL, path within it and options.
    pub target: Target,
}

/// Something outside the script: `FORMAT(ARGS) {options}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The format or scheme, as in `zarr("a.zarr")`.
    pub format: Name,
    /// The arguments in parentheses.
    pub args: Vec<Arg>,
    /// The options in braces, empty where there are none.
    pub options: Vec<Field>,
    /// From the format's name to the last bracket.
    pub span: Span,
}

/// A named node of the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    /// Its name.
    pub name: Name,
    /// The type it is said to have.
    pub ty: Option<TypeExpr>,
    /// What it is.
    pub value: Expr,
}

/// What a definition with parameters is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionKind {
    /// `fn`: an expression.
    Function,
    /// `stencil`: an expression in which indices are relative to the element.
    Stencil,
    /// `reducer`: a record of `init`, `step`, `merge` and, if need be, `finish`.
    Reducer,
}

impl FunctionKind {
    /// The word that begins its statement.
    pub fn keyword(self) -> &'static str {
        match self {
            FunctionKind::Function => "fn",
            FunctionKind::Stencil => "stencil",
            FunctionKind::Reducer => "reducer",
        }
    }
}

/// A function of the script.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// What it is.
    pub kind: FunctionKind,
    /// Its name.
    pub name: Name,
    /// Its parameters, in order.
    pub params: Vec<FnParam>,
    /// The `let`s of a block body `{ let …; EXPR }`, empty for a plain expression.
    pub lets: Vec<Let>,
    /// The body's value.
    pub value: Expr,
}

/// One parameter of a [`Function`].
#[derive(Clone, Debug, PartialEq)]
pub struct FnParam {
    /// Its name.
    pub name: Name,
    /// The type the argument must have.
    pub ty: Option<TypeExpr>,
    /// The value when the call gives none.
    pub default: Option<Expr>,
}

/// Names whose results are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Persist {
    /// What is kept, at least one.
    pub items: Vec<PersistItem>,
    /// The storage; without it the script's only one.
    pub to: Option<Name>,
}

/// One name, or all names that match.
#[derive(Clone, Debug, PartialEq)]
pub enum PersistItem {
    /// `clim`
    Name(Name),
    /// `/clim_.*/`: the pattern between the slashes, where `\/` has become `/`.
    Regex(Spanned<String>),
}

/// An array, or a record of arrays, that is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Sink {
    /// What is written.
    pub value: Expr,
    /// Where to.
    pub target: Target,
}

/// Values shown on standard output.
#[derive(Clone, Debug, PartialEq)]
pub struct Print {
    /// The values, at least one.
    pub values: Vec<Expr>,
}

/// A condition without which the run fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Assert {
    /// What must hold.
    pub condition: Expr,
    /// What is said where it does not.
    pub message: Option<Expr>,
}

/// Another file's functions and `let`s.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The file, relative to this one; never interpolated.
    pub path: Spanned<String>,
    /// The name under which its definitions are reached; without it they are reached by their own.
    pub alias: Option<Name>,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeExpr {
    /// What it says.
    pub kind: TypeKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of a type.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `float`, `path`, `f32`; which names exist is for the planner to say.
    Name(String),
    /// `[float]`
    List(Box<TypeExpr>),
    /// `f32[time, lat]`
    Array {
        /// The element type.
        dtype: Name,
        /// The dimensions, in order.
        dims: Vec<TypeDim>,
    },
}

/// A dimension of an array type: `time` or `time=1460`.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeDim {
    /// Its name.
    pub name: Name,
    /// Its size, where that is part of the type.
    pub size: Option<Spanned<u64>>,
}

/// One expression.
#[derive(Debug, PartialEq)]
pub struct Expr {
    /// What it says.
    pub kind: ExprKind,
    /// Where it stands, with the parentheses around it.
    pub span: Span,
}

/// The closed list of expressions.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `1_000`, `0xff`; a sign is an operator.
    Int(u64),
    /// `1.5e-3`, also `nan` and `inf`.
    Float(f64),
    /// `"a{b}c"`; a plain string has at most one part, and none when it is empty.
    Str(Vec<StrPart>),
    /// `true`, `false`
    Bool(bool),
    /// `none`
    None,
    /// `512KiB`, in bytes.
    Size(u64),
    /// `15min`, `1mo`
    Duration(Duration),
    /// `air`
    Name(String),
    /// `[1, 5, 9]`
    List(Vec<Expr>),
    /// `{a: 1, b: 2}`
    Record(Vec<Field>),
    /// `[f(k) for k in 0..<4]`
    Comprehension {
        /// Computed for each value.
        element: Box<Expr>,
        /// The name the values are given.
        name: Name,
        /// A plan-time list or range.
        iterable: Box<Expr>,
    },
    /// `-x`, `not a`
    Unary {
        /// The operator.
        op: Spanned<UnaryOp>,
        /// What it is applied to.
        operand: Box<Expr>,
    },
    /// `a + b`
    Binary {
        /// The operator.
        op: Spanned<BinaryOp>,
        /// What stands before it.
        left: Box<Expr>,
        /// What stands after it.
        right: Box<Expr>,
    },
    /// `x where cond`
    Where {
        /// Kept where the condition holds.
        value: Box<Expr>,
        /// The condition.
        condition: Box<Expr>,
    },
    /// `a..b`, `a..<b`, `a..`, `..<b`, `(0..<100) step 2`; at least one end is given.
    Range(Range),
    /// `..` alone: in a positional index, all dims not named.
    Ellipsis,
    /// `if c then a else b`
    If {
        /// A plan-time bool.
        condition: Box<Expr>,
        /// The value when it is true.
        then: Box<Expr>,
        /// The value when it is false.
        otherwise: Box<Expr>,
    },
    /// `e as f32`
    Cast {
        /// What is cast.
        value: Box<Expr>,
        /// The name of the dtype.
        dtype: Name,
    },
    /// `f(x, a: 1)`
    Call {
        /// A name, or a member of an import.
        callee: Box<Expr>,
        /// Positional arguments, then named ones.
        args: Vec<Arg>,
    },
    /// `x |> f(a: 1)`, or `x |> f`, whose `args` are empty.
    Pipe {
        /// The first argument.
        input: Box<Expr>,
        /// A name, or a member of an import.
        callee: Box<Expr>,
        /// The arguments after the first.
        args: Vec<Arg>,
    },
    /// `x[time: 0..<24]`, `x[0..<24, .., 10]`, `era["t2m"]`
    Index {
        /// What is indexed.
        base: Box<Expr>,
        /// Positional, then named indices, at least one.
        args: Vec<Arg>,
    },
    /// `era.t2m`
    Member {
        /// What it is a member of.
        base: Box<Expr>,
        /// Its name, which may be a keyword.
        name: Name,
    },
    /// `x@units`
    Attribute {
        /// What it is an attribute of.
        base: Box<Expr>,
        /// Its name, which may be a keyword.
        name: Name,
    },
    /// `zarr {codec: zstd(9)}`: a name or call with options, only as the value of a record's field.
    Configured {
        /// The name or call.
        target: Box<Expr>,
        /// The options in braces.
        options: Vec<Field>,
    },
}

/// A piece of a string.
#[derive(Clone, Debug, PartialEq)]
pub enum StrPart {
    /// Text, with its escapes resolved.
    Text(String),
    /// `{expr}`
    Expr(Expr),
}

/// A span of time. Months have no fixed length, so they are kept apart: a year is twelve months, all
/// other units are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    /// Calendar months.
    pub months: i64,
    /// Microseconds.
    pub micros: i64,
}

/// A range by position or by label.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// The first value, if given.
    pub start: Option<Box<Expr>>,
    /// The end, if given.
    pub end: Option<Box<Expr>>,
    /// Whether it is written `..` (with its end) and not `..<` (without it). `a..` is closed.
    pub closed: bool,
    /// The distance between values, if given.
    pub step: Option<Box<Expr>>,
}

/// An argument of a call, or an index.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// Its name, which may be a keyword; none for a positional one.
    pub name: Option<Name>,
    /// Its value.
    pub value: Expr,
}

impl Arg {
    /// From the name, if there is one, to the value's end.
    pub fn span(&self) -> Span {
        self.name.as_ref().map_or(self.value.span, |n| n.span.to(self.value.span))
    }
}

/// A field of a record or an option: `key: value`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its key, which may be a keyword or a string.
    pub key: Name,
    /// Its value.
    pub value: Expr,
}

impl Expr {
    /// Calls `visit` on each direct sub-expression, in the order they were written.
    pub fn for_each_child<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::Size(_)
            | ExprKind::Duration(_)
            | ExprKind::Name(_)
            | ExprKind::Ellipsis => {}
            ExprKind::Str(parts) => parts.iter().for_each(|part| match part {
                StrPart::Text(_) => {}
                StrPart::Expr(e) => visit(e),
            }),
            ExprKind::List(items) => items.iter().for_each(visit),
            ExprKind::Record(fields) => fields.iter().for_each(|f| visit(&f.value)),
            ExprKind::Comprehension { element, iterable, .. } => [element, iterable].into_iter().for_each(|e| visit(e)),
            ExprKind::Unary { operand, .. } => visit(operand),
            ExprKind::Binary { left, right, .. } => [left, right].into_iter().for_each(|e| visit(e)),
            ExprKind::Where { value, condition } => [value, condition].into_iter().for_each(|e| visit(e)),
            ExprKind::Range(r) => [&r.start, &r.end, &r.step].into_iter().flatten().for_each(|e| visit(e)),
            ExprKind::If { condition, then, otherwise } => {
                [condition, then, otherwise].into_iter().for_each(|e| visit(e));
            }
            ExprKind::Cast { value, .. } => visit(value),
            ExprKind::Call { callee, args } | ExprKind::Index { base: callee, args } => {
                visit(callee);
                args.iter().for_each(|a| visit(&a.value));
            }
            ExprKind::Pipe { input, callee, args } => {
                visit(input);
                visit(callee);
                args.iter().for_each(|a| visit(&a.value));
            }
            ExprKind::Member { base, .. } | ExprKind::Attribute { base, .. } => visit(base),
            ExprKind::Configured { target, options } => {
                visit(target);
                options.iter().for_each(|f| visit(&f.value));
            }
        }
    }
}
