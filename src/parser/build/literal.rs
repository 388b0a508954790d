//! Numbers, sizes, durations and strings.

use crate::parser::ast::*;
use crate::parser::error::SyntaxError;
use crate::parser::grammar::{Node, Rule};
use crate::parser::keywords::{DURATION_UNITS, SIZE_UNITS};
use crate::source::Spanned;

use super::{Builder, meaningful};

/// How units are spelled elsewhere.
const ALIASES: [(&str, &str); 20] = [
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("m", "min"),
    ("mins", "min"),
    ("minute", "min"),
    ("minutes", "min"),
    ("hr", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("day", "d"),
    ("days", "d"),
    ("week", "w"),
    ("weeks", "w"),
    ("month", "mo"),
    ("months", "mo"),
    ("year", "y"),
    ("years", "y"),
    ("k", "KiB"),
];

impl<'i> Builder<'i> {
    /// `number`
    pub(super) fn number(&self, node: &Node<'i>) -> Expr {
        let span = self.span(node);
        let kind = self.number_kind(node).unwrap_or_else(|problem| {
            self.report(problem);
            ExprKind::Int(0)
        });
        Expr { kind, span }
    }

    fn number_kind(&self, node: &Node<'i>) -> Result<ExprKind, SyntaxError> {
        let (text, at) = (node.as_str(), self.span(node));
        if let Some(digits) = text.strip_prefix("0x") {
            let digits = digits.replace('_', "");
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                let help = "hexadecimal digits are 0-9 and a-f: `0xff`".into();
                return Err(SyntaxError::Number { text: text.into(), at, help });
            }
            return u64::from_str_radix(&digits, 16).map(ExprKind::Int).map_err(|_| integer_too_large(node, at));
        }
        let unit = text.len() - unit_length(text);
        let digits = text[..unit].replace('_', "");
        if unit < text.len() {
            return self.quantity(node, &digits, unit);
        }
        if digits.bytes().all(|b| b.is_ascii_digit()) {
            return digits.parse().map(ExprKind::Int).map_err(|_| integer_too_large(node, at));
        }
        match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(ExprKind::Float(value)),
            _ => {
                let limit = "the largest float is about 1.8e308".into();
                Err(SyntaxError::TooLarge { at, limit, help: "write `inf` for infinity".into() })
            }
        }
    }

    /// A size or duration, whose unit begins at byte `split`.
    fn quantity(&self, node: &Node<'i>, digits: &str, split: usize) -> Result<ExprKind, SyntaxError> {
        let unit = &node.as_str()[split..];
        let at = self.span(node);
        let too_large = || SyntaxError::TooLarge {
            at,
            limit: "more than 64 bits hold".into(),
            help: "the largest size is 16777215TiB, the largest duration in exact units 106751991d".into(),
        };
        let fraction = |of: &str| SyntaxError::Number {
            text: node.as_str().into(),
            at,
            help: format!("this is not a whole number of {of}: use a smaller unit"),
        };
        if let Some((_, bytes)) = SIZE_UNITS.iter().find(|(name, _)| *name == unit) {
            let bytes =
                times(digits, *bytes).map_err(|e| if e == Misfit::Large { too_large() } else { fraction("bytes") });
            return bytes.map(ExprKind::Size);
        }
        let Some((_, one)) = DURATION_UNITS.iter().find(|(name, _)| *name == unit) else {
            let at = self.part(node, split, node.as_str().len());
            return Err(SyntaxError::Unit { unit: unit.into(), at, help: suggest_unit(unit, &node.as_str()[..split]) });
        };
        let scale = |of: i64, name: &str| {
            let count =
                times(digits, of as u64).map_err(|e| if e == Misfit::Large { too_large() } else { fraction(name) });
            i64::try_from(count?).map_err(|_| too_large())
        };
        Ok(ExprKind::Duration(Duration {
            months: scale(one.months, "months")?,
            micros: scale(one.micros, "microseconds")?,
        }))
    }

    /// `string`
    pub(super) fn string(&self, node: Node<'i>) -> Expr {
        let span = self.span(&node);
        let mut parts = Vec::new();
        let mut text = String::new();
        for part in meaningful(node) {
            match part.as_rule() {
                Rule::interpolation => {
                    if !text.is_empty() {
                        parts.push(StrPart::Text(std::mem::take(&mut text)));
                    }
                    parts.extend(meaningful(part).map(|n| StrPart::Expr(self.expression(n))));
                }
                Rule::escape => text.extend(self.escape(&part)),
                Rule::brace => text.push_str(&part.as_str()[..1]),
                _ => text.push_str(part.as_str()),
            }
        }
        if !text.is_empty() {
            parts.push(StrPart::Text(text));
        }
        Expr { kind: ExprKind::Str(parts), span }
    }

    /// A `string` in which nothing may be interpolated.
    pub(super) fn plain_string(&self, node: Node<'i>) -> Spanned<String> {
        let string = self.string(node);
        let span = string.span;
        let ExprKind::Str(parts) = string.into_kind() else { return Spanned::new(String::new(), span) };
        let mut plain = String::new();
        for part in parts {
            match part {
                StrPart::Text(text) => plain.push_str(&text),
                StrPart::Expr(e) => self.report(SyntaxError::Unexpected {
                    found: "interpolation".into(),
                    expected: "plain text".into(),
                    at: e.span,
                    help: Some("import paths and keys are fixed; write `{{` for a brace".into()),
                }),
            }
        }
        Spanned::new(plain, span)
    }

    fn escape(&self, node: &Node<'i>) -> Option<char> {
        let text = node.as_str();
        let char = match &text[1..] {
            "n" => Some('\n'),
            "t" => Some('\t'),
            "r" => Some('\r'),
            "\"" => Some('"'),
            "\\" => Some('\\'),
            other => other
                .strip_prefix("u{")
                .and_then(|hex| u32::from_str_radix(hex.strip_suffix('}')?, 16).ok())
                .and_then(char::from_u32),
        };
        if char.is_none() {
            self.report(SyntaxError::Escape { escape: text.into(), at: self.span(node) });
        }
        char
    }
}

/// The length of the letters that end a decimal number; an exponent is not a unit.
fn unit_length(text: &str) -> usize {
    let exponent = |i: usize| text[i..].starts_with(['e', 'E']) && is_exponent(&text[i + 1..]);
    let unit = text.char_indices().find(|(i, c)| c.is_alphabetic() && !exponent(*i));
    unit.map_or(0, |(i, _)| text.len() - i)
}

fn is_exponent(text: &str) -> bool {
    text.strip_prefix(['+', '-']).unwrap_or(text).starts_with(|c: char| c.is_ascii_digit())
}

/// Why a quantity is not a whole number of its smallest unit.
#[derive(PartialEq)]
enum Misfit {
    Fraction,
    Large,
}

/// `digits`, which may have a fraction, times `factor`, exactly.
fn times(digits: &str, factor: u64) -> Result<u64, Misfit> {
    if let Ok(whole) = digits.parse::<u64>() {
        return whole.checked_mul(factor).ok_or(Misfit::Large);
    }
    let product = digits.parse::<f64>().map_or(f64::INFINITY, |value| value * factor as f64);
    if product >= u64::MAX as f64 {
        return Err(Misfit::Large);
    }
    let rounded = product.round();
    if (product - rounded).abs() <= 1e-9 * product.max(1.0) { Ok(rounded as u64) } else { Err(Misfit::Fraction) }
}

fn integer_too_large(node: &Node, at: crate::source::Span) -> SyntaxError {
    let help = match node.as_str().starts_with("0x") {
        true => "use at most 16 hexadecimal digits".into(),
        false => format!("write `{}.0` for a float", node.as_str().replace('_', "")),
    };
    SyntaxError::TooLarge { at, limit: "the largest integer is 18446744073709551615 (u64)".into(), help }
}

/// The help line for a unit that does not exist.
fn suggest_unit(unit: &str, number: &str) -> String {
    let known = || SIZE_UNITS.iter().map(|(n, _)| *n).chain(DURATION_UNITS.iter().map(|(n, _)| *n));
    let alias = ALIASES.iter().find(|(name, _)| *name == unit).map(|(_, unit)| *unit);
    let nearest = alias
        .or_else(|| known().find(|n| n.eq_ignore_ascii_case(unit)))
        .or_else(|| known().find(|n| n.len() > 1 && strsim::damerau_levenshtein(n, unit) == 1));
    let names = |units: Vec<&str>| units.join(" ");
    let sizes = names(SIZE_UNITS.iter().map(|(n, _)| *n).collect());
    let durations = names(DURATION_UNITS.iter().map(|(n, _)| *n).collect());
    let all = format!("sizes are {sizes}, durations {durations}");
    match nearest {
        Some(nearest) => format!("did you mean `{number}{nearest}`? {all}"),
        None => format!("{all}; a name cannot begin with a digit"),
    }
}
