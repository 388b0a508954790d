//! Flat chains: `a + b + …` and `x |> f() |> …` are trees that lean to the left, of any length. What
//! walks them goes along the left side in a loop, so that only what is nested needs a deep stack.

use super::{Expr, ExprKind};
use crate::source::Span;

impl Expr {
    /// What stands left of the last infix operator of a chain.
    pub fn leftmost(&self) -> Option<&Expr> {
        match &self.kind {
            ExprKind::Pipe { input: left, .. }
            | ExprKind::Binary { left, .. }
            | ExprKind::Where { value: left, .. } => Some(left),
            _ => None,
        }
    }

    /// The chain that ends in this expression: its links, last first, and the operand it begins with.
    pub fn links(&self) -> (Vec<&Expr>, &Expr) {
        let (mut links, mut first) = (Vec::new(), self);
        while let Some(left) = first.leftmost() {
            links.push(first);
            first = left;
        }
        (links, first)
    }

    /// The left side of a chain, taken out of it, where it is one itself.
    fn take_left(&mut self) -> Option<Expr> {
        let left = match &mut self.kind {
            ExprKind::Pipe { input: left, .. }
            | ExprKind::Binary { left, .. }
            | ExprKind::Where { value: left, .. } => left,
            _ => return None,
        };
        left.leftmost()?;
        let nothing = Expr { kind: ExprKind::None, span: Span::default() };
        Some(std::mem::replace(left, nothing))
    }

    /// The expression without its place.
    pub fn into_kind(mut self) -> ExprKind {
        std::mem::replace(&mut self.kind, ExprKind::None)
    }
}

impl Clone for Expr {
    fn clone(&self) -> Expr {
        let (links, first) = self.links();
        let mut copy = Expr { kind: first.kind.clone(), span: first.span };
        for link in links.into_iter().rev() {
            let left = Box::new(copy);
            let kind = match &link.kind {
                ExprKind::Pipe { callee, args, .. } => {
                    ExprKind::Pipe { input: left, callee: callee.clone(), args: args.clone() }
                }
                ExprKind::Binary { op, right, .. } => ExprKind::Binary { op: op.clone(), left, right: right.clone() },
                ExprKind::Where { condition, .. } => ExprKind::Where { value: left, condition: condition.clone() },
                other => other.clone(),
            };
            copy = Expr { kind, span: link.span };
        }
        copy
    }
}

impl Drop for Expr {
    fn drop(&mut self) {
        let mut next = self.take_left();
        while let Some(mut left) = next {
            next = left.take_left();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parser::ast::{MAX_CHAIN, StatementKind};
    use crate::source::SourceMap;

    fn problems(text: &str) -> (usize, Vec<String>) {
        let sources = SourceMap::single("s.ff", text);
        let (program, problems) = crate::parser::parse(&sources.files()[0]);
        let lengths = program.statements.iter().map(|s| match &s.kind {
            StatementKind::Let(binding) => binding.value.clone().links().0.len(),
            _ => 0,
        });
        (lengths.sum(), problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn flat_chains_are_not_nested() {
        for link in [" + 1", " |> f()", " where 1", " * 2 - 1", " and true"] {
            let (length, found) = problems(&format!("let a = 1{}", link.repeat(MAX_CHAIN / 2 - 1)));
            assert!(length >= MAX_CHAIN / 2 - 1 && found.is_empty(), "{link}: {length} {found:?}");
        }
        let (_, found) = problems(&format!("let a = 1{}", " + 1".repeat(MAX_CHAIN)));
        assert_eq!(found, ["a chain of more than 10000 operands"]);
        let (_, found) = problems(&format!("let a = {}1", "1 ** ".repeat(300)));
        assert_eq!(found, ["nested more than 256 levels deep"]);
    }
}
