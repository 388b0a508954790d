//! The canonical print of a tree, for tests and for looking.
//!
//! A statement is an s-expression on a line of its own; spans are left out, so two trees that print
//! alike say the same.

use std::fmt::Write;

use super::ast::*;

/// The whole program.
pub fn program(program: &Program) -> String {
    let mut out = String::new();
    push_doc(&mut out, &program.doc, "##! ");
    for statement in &program.statements {
        push_doc(&mut out, &statement.doc, "## ");
        out.push_str(&self::statement(statement));
        out.push('\n');
    }
    out
}

fn push_doc(out: &mut String, doc: &Option<String>, mark: &str) {
    for line in doc.iter().flat_map(|d| d.lines()) {
        out.push_str(mark);
        out.push_str(line);
        out.push('\n');
    }
}

/// One statement, without its doc comment.
pub fn statement(statement: &Statement) -> String {
    let text = |s: &str| format!("{s:?}");
    match &statement.kind {
        StatementKind::Param(p) => {
            list("param", [p.name.value.clone(), ty(&p.ty)].into_iter().chain(p.default.iter().map(expr)))
        }
        StatementKind::Plan(p) => list("plan", p.options.iter().map(field)),
        StatementKind::Storage(s) => list("storage", [s.name.value.clone(), target(&s.target)]),
        StatementKind::Source(s) => list("source", [s.name.value.clone(), target(&s.target)]),
        StatementKind::Let(l) => binding(l),
        StatementKind::Fn(f) => {
            let params = list(
                "",
                f.params.iter().map(|p| {
                    let mut out = p.name.value.clone();
                    p.ty.iter().for_each(|t| out += &format!(": {}", ty(t)));
                    p.default.iter().for_each(|d| out += &format!(" = {}", expr(d)));
                    out
                }),
            );
            let body = f.lets.iter().map(binding).chain([expr(&f.value)]);
            list(f.kind.keyword(), [f.name.value.clone(), params].into_iter().chain(body))
        }
        StatementKind::Persist(p) => {
            let items = p.items.iter().map(|i| match i {
                PersistItem::Name(name) => name.value.clone(),
                PersistItem::Regex(pattern) => format!("/{}/", pattern.value),
            });
            list("persist", items.chain(p.to.iter().map(|t| format!("to: {}", t.value))))
        }
        StatementKind::Sink(s) => list("sink", [expr(&s.value), target(&s.target)]),
        StatementKind::Print(p) => list("print", p.values.iter().map(expr)),
        StatementKind::Assert(a) => list("assert", [&a.condition].into_iter().chain(&a.message).map(expr)),
        StatementKind::Import(i) => {
            list("import", [text(&i.path.value)].into_iter().chain(i.alias.iter().map(|a| format!("as: {}", a.value))))
        }
    }
}

/// One expression.
pub fn expr(e: &Expr) -> String {
    match &e.kind {
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Float(value) => format!("{value:?}"),
        ExprKind::Str(parts) => string(parts),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::None => "none".into(),
        ExprKind::Size(bytes) => format!("{bytes}B"),
        ExprKind::Duration(Duration { months, micros: 0 }) if *months != 0 => format!("{months}mo"),
        ExprKind::Duration(duration) => format!("{}us", duration.micros),
        ExprKind::Name(name) => name.clone(),
        ExprKind::List(items) => format!("[{}]", items.iter().map(expr).collect::<Vec<_>>().join(" ")),
        ExprKind::Record(fields) => record(fields),
        ExprKind::Comprehension { element, name, iterable } => {
            list("for", [name.value.clone(), expr(iterable), expr(element)])
        }
        ExprKind::Unary { op, operand } => list(op.value.symbol(), [expr(operand)]),
        ExprKind::Binary { op, left, right } => list(op.value.symbol(), [expr(left), expr(right)]),
        ExprKind::Where { value, condition } => list("where", [expr(value), expr(condition)]),
        ExprKind::Range(range) => {
            let bound = |b: &Option<Box<Expr>>| b.as_ref().map_or("_".into(), |b| expr(b));
            let step = range.step.iter().map(|s| format!("step: {}", expr(s)));
            let op = if range.closed { ".." } else { "..<" };
            list(op, [bound(&range.start), bound(&range.end)].into_iter().chain(step))
        }
        ExprKind::Ellipsis => "..".into(),
        ExprKind::If { condition, then, otherwise } => list("if", [expr(condition), expr(then), expr(otherwise)]),
        ExprKind::Cast { value, dtype } => list("as", [expr(value), dtype.value.clone()]),
        ExprKind::Call { callee, args } => list("call", [expr(callee)].into_iter().chain(args.iter().map(arg))),
        ExprKind::Pipe { input, callee, args } => {
            list("|>", [expr(input), expr(callee)].into_iter().chain(args.iter().map(arg)))
        }
        ExprKind::Index { base, args } => list("index", [expr(base)].into_iter().chain(args.iter().map(arg))),
        ExprKind::Member { base, name } => list(".", [expr(base), name.value.clone()]),
        ExprKind::Attribute { base, name } => list("@", [expr(base), name.value.clone()]),
        ExprKind::Configured { target, options } => list("with", [expr(target), record(options)]),
    }
}

fn string(parts: &[StrPart]) -> String {
    let mut out = String::from("\"");
    for part in parts {
        match part {
            StrPart::Text(text) => text.chars().for_each(|c| match c {
                '{' => out.push_str("{{"),
                c => out.extend(c.escape_debug()),
            }),
            StrPart::Expr(e) => drop(write!(out, "{{{}}}", expr(e))),
        }
    }
    out + "\""
}

fn list(head: &str, items: impl IntoIterator<Item = String>) -> String {
    let mut out = format!("({head}");
    for item in items {
        if out.len() > 1 {
            out.push(' ');
        }
        out.push_str(&item);
    }
    out + ")"
}

fn record(fields: &[Field]) -> String {
    format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
}

fn field(field: &Field) -> String {
    format!("{}: {}", field.key.value, expr(&field.value))
}

fn arg(arg: &Arg) -> String {
    arg.name.as_ref().map_or(String::new(), |n| format!("{}: ", n.value)) + &expr(&arg.value)
}

fn binding(l: &Let) -> String {
    let ty = l.ty.iter().map(|t| format!(": {}", ty(t)));
    list("let", [l.name.value.clone()].into_iter().chain(ty).chain([expr(&l.value)]))
}

fn target(target: &Target) -> String {
    let options = (!target.options.is_empty()).then(|| record(&target.options));
    list(&target.format.value, target.args.iter().map(arg).chain(options))
}

fn ty(ty: &TypeExpr) -> String {
    match &ty.kind {
        TypeKind::Name(name) => name.clone(),
        TypeKind::List(element) => format!("[{}]", self::ty(element)),
        TypeKind::Array { dtype, dims } => {
            let dims = dims
                .iter()
                .map(|d| d.name.value.clone() + &d.size.as_ref().map_or(String::new(), |s| format!("={}", s.value)));
            format!("{}[{}]", dtype.value, dims.collect::<Vec<_>>().join(", "))
        }
    }
}
