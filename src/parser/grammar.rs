//! The parser that pest derives from `grammar/functionfuse.pest`, and the two tables of precedence.
//!
//! pest's `Rule` is known in this directory only.

use std::sync::LazyLock;

use pest::iterators::Pair;
use pest::pratt_parser::{Assoc, Op, PrattParser};

#[allow(missing_docs)]
mod derived {
    /// Reads one statement.
    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/functionfuse.pest"]
    pub struct Grammar;
}

pub(super) use derived::{Grammar, Rule};

/// A piece of text that matched a rule.
pub(super) type Node<'i> = Pair<'i, Rule>;

/// The operators of `expression`, loosest first.
pub(super) static LOOSE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    PrattParser::new()
        .op(Op::infix(Rule::pipe_op, Assoc::Left))
        .op(Op::infix(Rule::where_op, Assoc::Left))
        .op(Op::infix(Rule::or_op, Assoc::Left))
        .op(Op::infix(Rule::and_op, Assoc::Left))
        .op(Op::prefix(Rule::not_op))
        .op(Op::infix(Rule::comparison_op, Assoc::Left))
});

/// The operators of `arithmetic`, loosest first.
pub(super) static TIGHT: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    PrattParser::new()
        .op(Op::infix(Rule::bit_or_op, Assoc::Left))
        .op(Op::infix(Rule::bit_xor_op, Assoc::Left))
        .op(Op::infix(Rule::bit_and_op, Assoc::Left))
        .op(Op::infix(Rule::shift_op, Assoc::Left))
        .op(Op::infix(Rule::sum_op, Assoc::Left))
        .op(Op::infix(Rule::product_op, Assoc::Left))
        .op(Op::prefix(Rule::unary_op))
        .op(Op::infix(Rule::power_op, Assoc::Right))
});
