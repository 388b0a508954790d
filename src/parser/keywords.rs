//! The words with a meaning of their own: keywords and the units of numbers. Grammar, editors' grammars
//! and completion follow these tables; the names of operators and dtypes have tables elsewhere.

use super::ast::Duration;

/// What a keyword is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeywordKind {
    /// Begins a statement that names something: `let`.
    Declaration,
    /// Begins or belongs to a statement that does something: `sink`, `to`.
    Action,
    /// Stands between operands, or before one: `and`, `not`.
    Operator,
    /// A choice or repetition while planning: `if`, `for`.
    Conditional,
    /// A value: `true`, `nan`.
    Constant,
}

/// Every keyword, a longer one before those it begins with. None can be a name; all can be record keys, member names and argument names.
pub const KEYWORDS: &[(&str, KeywordKind)] = &[
    ("param", KeywordKind::Declaration),
    ("plan", KeywordKind::Declaration),
    ("storage", KeywordKind::Declaration),
    ("source", KeywordKind::Declaration),
    ("let", KeywordKind::Declaration),
    ("fn", KeywordKind::Declaration),
    ("persist", KeywordKind::Action),
    ("sink", KeywordKind::Action),
    ("to", KeywordKind::Action),
    ("print", KeywordKind::Action),
    ("assert", KeywordKind::Action),
    ("import", KeywordKind::Action),
    ("as", KeywordKind::Operator),
    ("and", KeywordKind::Operator),
    ("or", KeywordKind::Operator),
    ("not", KeywordKind::Operator),
    ("inf", KeywordKind::Constant),
    ("in", KeywordKind::Operator),
    ("where", KeywordKind::Operator),
    ("if", KeywordKind::Conditional),
    ("then", KeywordKind::Conditional),
    ("else", KeywordKind::Conditional),
    ("for", KeywordKind::Conditional),
    ("true", KeywordKind::Constant),
    ("false", KeywordKind::Constant),
    ("none", KeywordKind::Constant),
    ("nan", KeywordKind::Constant),
];

/// Units of sizes, in bytes.
pub const SIZE_UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1000),
    ("KB", 1000),
    ("MB", 1000 * 1000),
    ("GB", 1000 * 1000 * 1000),
    ("TB", 1000 * 1000 * 1000 * 1000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

/// Units of durations. Months and years have no fixed length.
pub const DURATION_UNITS: &[(&str, Duration)] = &[
    ("us", Duration { months: 0, micros: 1 }),
    ("ms", Duration { months: 0, micros: 1000 }),
    ("s", Duration { months: 0, micros: 1_000_000 }),
    ("min", Duration { months: 0, micros: 60 * 1_000_000 }),
    ("h", Duration { months: 0, micros: 3600 * 1_000_000 }),
    ("d", Duration { months: 0, micros: 86_400 * 1_000_000 }),
    ("w", Duration { months: 0, micros: 7 * 86_400 * 1_000_000 }),
    ("mo", Duration { months: 1, micros: 0 }),
    ("y", Duration { months: 12, micros: 0 }),
];
