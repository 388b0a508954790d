//! Expressions: what they stand for.

use std::sync::Arc;

use super::scope::Item;
use super::value::{self, Failure};
use super::{Lowerer, Lowering, Poisoned};
use crate::array::DType;
use crate::operators::arguments::RangeValue;
use crate::operators::error::closest;
use crate::operators::{Value, find};
use crate::parser::ast::{self, Expr, ExprKind, Field, Name, StrPart};
use crate::planner::error::{KindError, PlanError};
use crate::source::{Span, Spanned};

/// The deepest that expressions and the functions they call may nest.
const MAX_DEPTH: usize = 400;

/// The most expressions that are evaluated, functions inlined and lists written out.
const MAX_STEPS: usize = 1_000_000;

impl Lowerer<'_> {
    /// What an expression stands for.
    pub(super) fn item(&mut self, e: &Expr) -> Lowering<Item> {
        if self.depth >= MAX_DEPTH || self.steps >= MAX_STEPS {
            return self.too_large(e.span);
        }
        self.depth += 1;
        let item = self.chain(e);
        self.depth -= 1;
        item
    }

    /// What an expression stands for, from its leftmost operand on: a flat chain is as long as one
    /// likes, and is not nested.
    fn chain(&mut self, e: &Expr) -> Lowering<Item> {
        let (links, first) = e.links();
        self.steps += links.len() + 1;
        let mut item = self.item_of_kind(first);
        let mut before = first;
        for link in links.into_iter().rev() {
            item = self.link(link, before, item);
            before = link;
        }
        item
    }

    /// A link of a chain: what an operator makes of all that stands left of it.
    fn link(&mut self, e: &Expr, left: &Expr, item: Lowering<Item>) -> Lowering<Item> {
        if let ExprKind::Pipe { callee, args, .. } = &e.kind {
            let input = Spanned::new(item, stage(left));
            return self.call(Some(input), callee, args, callee.span.to(e.span_end()));
        }
        let value = item.and_then(|item| self.value_of(item, left.span));
        match &e.kind {
            ExprKind::Binary { op, right, .. } => self.binary(op, (left, value), right),
            ExprKind::Where { condition, .. } => self.keep_where((left, value), condition, e.span),
            _ => value,
        }
        .map(Item::Value)
    }

    /// Reported once for each limit: all that is left then fails.
    fn too_large(&mut self, at: Span) -> Lowering<Item> {
        if self.steps >= MAX_STEPS && std::mem::replace(&mut self.exhausted, true) {
            return Err(Poisoned);
        }
        let message = if self.depth >= MAX_DEPTH {
            format!("expressions and the functions they call nest deeper than {MAX_DEPTH}")
        } else {
            format!("the script comes to more than {MAX_STEPS} expressions once functions and lists are written out")
        };
        let help = Some("name intermediate results with `let`, or compute with arrays instead of lists".to_owned());
        self.fail(PlanError::TooLarge { message, at, help })
    }

    fn item_of_kind(&mut self, e: &Expr) -> Lowering<Item> {
        let value = match &e.kind {
            ExprKind::Name(name) => return self.lookup(name, e.span),
            ExprKind::Call { callee, args } => return self.call(None, callee, args, e.span),
            ExprKind::Pipe { .. } | ExprKind::Binary { .. } | ExprKind::Where { .. } => return self.chain(e),
            ExprKind::Index { base, args } => return self.index(base, args, e.span),
            ExprKind::Member { base, name } => return self.member(base, name, e.span),
            ExprKind::If { condition, then, otherwise } => {
                let chosen = if self.condition(condition)? { then } else { otherwise };
                return self.item(chosen);
            }
            ExprKind::Int(n) => i64::try_from(*n).map_or(Value::UInt(*n), Value::Int),
            ExprKind::Float(x) => Value::Float(*x),
            ExprKind::Str(parts) => Value::Str(self.string(parts)?),
            ExprKind::Bool(b) => Value::Bool(*b),
            ExprKind::None => Value::None,
            ExprKind::Size(n) => Value::Size(*n),
            ExprKind::Duration(d) => Value::Duration { months: d.months, micros: d.micros },
            ExprKind::List(items) => self.list(items)?,
            ExprKind::Record(fields) => self.record(fields)?,
            ExprKind::Comprehension { element, name, iterable } => self.comprehension(element, name, iterable)?,
            ExprKind::Unary { op, operand } => self.unary(op, operand)?,
            ExprKind::Range(range) => self.range(range)?,
            ExprKind::Ellipsis => return self.misplaced_ellipsis(e.span),
            ExprKind::Cast { value, dtype } => self.cast(value, dtype, e.span)?,
            ExprKind::Attribute { base, name } => self.attribute(base, name)?,
            ExprKind::Configured { options, .. } => return self.misplaced_options(options, e.span),
        };
        Ok(Item::Value(value))
    }

    /// The value of an expression; a dataset becomes a record of its variables.
    pub(super) fn value(&mut self, e: &Expr) -> Lowering<Value> {
        let item = self.item(e)?;
        self.value_of(item, e.span)
    }

    /// The value an item is.
    pub(super) fn value_of(&mut self, item: Item, at: Span) -> Lowering<Value> {
        match item {
            Item::Value(value) => Ok(value),
            Item::Group(group) => self.group_record(&group, at),
            Item::Function(function) => {
                let name = function.decl.name.value.clone();
                let help = Some(format!("call it: `{name}(…)`"));
                self.not_a_value(name, "a function", at, help)
            }
            Item::Module(module) => {
                let path = self.modules[module].path.clone();
                let help = Some("name one of its definitions after a dot".to_owned());
                self.not_a_value(path, "an imported file", at, help)
            }
            Item::Storage(_) => {
                let name = self.sources.text(at).to_owned();
                let help = Some(format!("results are kept there with `persist x to {name}`"));
                self.not_a_value(name, "a storage", at, help)
            }
        }
    }

    fn not_a_value<T>(&mut self, name: String, what: &str, at: Span, help: Option<String>) -> Lowering<T> {
        self.fail(crate::planner::error::NameError::NotAValue { name, what: what.to_owned(), at, help })
    }

    /// A value that must be known while planning; `place` names what it is for.
    pub(super) fn plan_value(&mut self, e: &Expr, place: &str) -> Lowering<Value> {
        let value = self.value(e)?;
        match &value {
            Value::Array(operand) => {
                let found = self.ty(*operand).to_string();
                self.fail(PlanError::NotKnown { place: place.to_owned(), found, at: e.span, help: None })
            }
            Value::View(_) => {
                let found = value.kind().to_owned();
                self.fail(PlanError::NotKnown { place: place.to_owned(), found, at: e.span, help: None })
            }
            _ => Ok(value),
        }
    }

    fn condition(&mut self, e: &Expr) -> Lowering<bool> {
        match self.value(e)? {
            Value::Bool(b) => Ok(b),
            Value::Array(operand) => {
                let found = self.ty(operand).to_string();
                let place = "the condition of `if`".to_owned();
                let help = Some("choose element by element with `where(cond, a, b)`".to_owned());
                self.fail(PlanError::NotKnown { place, found, at: e.span, help })
            }
            other => {
                let help = Some("compare it with something, as in `if n == 0 then …`".to_owned());
                self.expected("the condition of `if`", "true or false", &other, e.span, help)
            }
        }
    }

    /// A value of the wrong kind.
    pub(super) fn expected<T>(
        &mut self,
        place: &str,
        expected: &str,
        found: &Value,
        at: Span,
        help: Option<String>,
    ) -> Lowering<T> {
        let found = self.describe(found);
        self.fail(KindError::Expected { place: place.to_owned(), expected: expected.to_owned(), found, at, help })
    }

    /// A value in a few words: an array by its type, what is known by its text.
    pub(super) fn describe(&self, value: &Value) -> String {
        match value {
            Value::Array(operand) => self.ty(*operand).to_string(),
            Value::View(_) | Value::Record(_) | Value::None => value.kind().to_owned(),
            known => {
                let text = value::literal(known);
                if text.chars().count() > 40 { known.kind().to_owned() } else { format!("{} ({text})", known.kind()) }
            }
        }
    }

    fn string(&mut self, parts: &[StrPart]) -> Lowering<String> {
        let mut text = Ok(String::new());
        for part in parts {
            let piece = match part {
                StrPart::Text(piece) => Ok(piece.clone()),
                StrPart::Expr(e) => self.interpolated(e),
            };
            text = text.and_then(|text| Ok(text + &piece?));
        }
        text
    }

    fn interpolated(&mut self, e: &Expr) -> Lowering<String> {
        let value = self.plan_value(e, "what a string holds in braces")?;
        match value::text(&value) {
            Some(text) => Ok(text),
            None => self.expected("what a string holds in braces", "a plan-time value", &value, e.span, None),
        }
    }

    fn list(&mut self, items: &[Expr]) -> Lowering<Value> {
        let items: Vec<Lowering<Value>> = items.iter().map(|e| self.value(e)).collect();
        Ok(Value::List(Arc::new(items.into_iter().collect::<Lowering<_>>()?)))
    }

    fn record(&mut self, fields: &[Field]) -> Lowering<Value> {
        let fields: Vec<Lowering<(String, Value)>> =
            fields.iter().map(|f| Ok((f.key.value.clone(), self.value(&f.value)?))).collect();
        Ok(Value::Record(Arc::new(fields.into_iter().collect::<Lowering<_>>()?)))
    }

    fn comprehension(&mut self, element: &Expr, name: &Name, iterable: &Expr) -> Lowering<Value> {
        let collection = self.plan_value(iterable, "what a list is made from")?;
        let elements = match value::elements(&collection) {
            Ok(elements) => elements,
            Err(Failure::Kinds { .. }) => {
                let help = Some("as in `[f(k) for k in 0..<4]` or `[f(n) for n in [\"a\", \"b\"]]`".to_owned());
                return self.expected(
                    "what a list is made from",
                    "a list or a range of integers",
                    &collection,
                    iterable.span,
                    help,
                );
            }
            Err(Failure::Undefined { message, help }) => {
                return self.fail(PlanError::Arithmetic { message, at: iterable.span, help });
            }
        };
        let mut items = Vec::with_capacity(elements.len());
        for each in elements {
            let local = vec![(name.value.clone(), Ok(Item::Value(each)))];
            items.push(self.with_locals(local, |l| l.value(element))?);
        }
        Ok(Value::List(Arc::new(items)))
    }

    fn range(&mut self, range: &ast::Range) -> Lowering<Value> {
        let mut end = |e: &Option<Box<Expr>>| match e {
            Some(e) => self.plan_value(e, "the end of a range").map(Some),
            None => Ok(None),
        };
        let (start, stop, step) = (end(&range.start), end(&range.end), end(&range.step));
        let step = match (step?, &range.step) {
            (Some(Value::Int(0)), Some(e)) => {
                let message = "a step of zero never ends".to_owned();
                return self.fail(PlanError::Arithmetic { message, at: e.span, help: None });
            }
            (Some(Value::Int(step)), _) => Some(step),
            (Some(other), Some(e)) => return self.expected("a step", "an integer", &other, e.span, None),
            _ => None,
        };
        Ok(Value::Range(Box::new(RangeValue { start: start?, end: stop?, closed: range.closed, step })))
    }

    fn misplaced_ellipsis<T>(&mut self, at: Span) -> Lowering<T> {
        let message = "`..` alone means all other dims, and only in an index".to_owned();
        let help = Some("write `x[0, .., 5]`, or give the range an end: `0..<24`".to_owned());
        self.fail(KindError::Index { message, at, label: "no index".into(), help })
    }

    fn misplaced_options<T>(&mut self, options: &[Field], at: Span) -> Lowering<T> {
        let place = "a value".to_owned();
        let expected = "without options in braces".to_owned();
        let names: Vec<String> = options.iter().map(|f| format!("`{}`", f.key.value)).collect();
        let found = format!("one with {}", names.join(", "));
        self.fail(KindError::Expected { place, expected, found, at, help: None })
    }

    /// `e as f32`
    fn cast(&mut self, e: &Expr, dtype: &Name, at: Span) -> Lowering<Value> {
        let value = self.value(e);
        let dtype = self.dtype(dtype);
        let args = vec![Spanned::new(value?, stage(e)), Spanned::new(Value::DType(dtype?), at)];
        self.operate("cast", args, at)
    }

    /// The dtype of that name.
    pub(super) fn dtype(&mut self, name: &Name) -> Lowering<DType> {
        if let Some(dtype) = DType::parse(&name.value) {
            return Ok(dtype);
        }
        let names = DType::ALL.map(DType::name);
        let help = match dtype_synonym(&name.value).or(closest(&name.value, names)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the dtypes are {}", names.join(" ")),
        };
        self.fail(KindError::UnknownType { name: name.value.clone(), at: name.span, help: Some(help) })
    }

    /// Calls an operator with positional arguments that are evaluated already.
    pub(super) fn operate(&mut self, name: &'static str, args: Vec<Spanned<Value>>, at: Span) -> Lowering<Value> {
        let Some(operator) = find(name) else {
            let what = format!("the operator `{name}` is");
            return self.fail(PlanError::Unsupported { what, at, help: None });
        };
        let names = operator.signature.params.iter().map(|p| p.name);
        let arguments = crate::operators::Arguments { named: names.zip(args).collect(), ..Default::default() };
        self.apply_to_all(operator, &arguments, at)
    }
}

impl Expr {
    /// The span of the expression's last character's end.
    fn span_end(&self) -> Span {
        Span { start: self.span.end, end: self.span.end }
    }
}

/// Where an expression is shown: of a pipe only its last stage.
pub(super) fn stage(e: &Expr) -> Span {
    match &e.kind {
        ExprKind::Pipe { callee, .. } => callee.span.to(e.span_end()),
        _ => e.span,
    }
}

fn dtype_synonym(name: &str) -> Option<&'static str> {
    Some(match name {
        "float" | "double" | "float64" => "f64",
        "float32" | "single" => "f32",
        "float16" | "half" => "f16",
        "int" | "int64" | "long" => "i64",
        "int32" => "i32",
        "int16" | "short" => "i16",
        "int8" | "byte" => "i8",
        "uint" | "uint64" => "u64",
        "uint32" => "u32",
        "uint16" => "u16",
        "uint8" => "u8",
        "complex" | "complex128" => "c128",
        "complex64" => "c64",
        "string" => "str",
        "boolean" => "bool",
        "date" | "time" | "datetime64" => "datetime",
        "timedelta" | "timedelta64" => "duration",
        _ => return None,
    })
}
