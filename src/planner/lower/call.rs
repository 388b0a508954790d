//! Calls of operators: arguments are matched to the signature, evaluated as each parameter asks,
//! and what the operator finds wrong is shown at the argument it names.

use std::sync::Arc;

use super::expression::stage;
use super::scope::Item;
use super::{Lowerer, Lowering, aggregate, name};
use crate::array::calendar::parts::TimePart;
use crate::array::{DType, DimName};
use crate::operators::auxiliary::{Keeping, keeping};
use crate::operators::error::{Culprit, TypeError, closest};
use crate::operators::{Arguments, Builder, Operand, Operator, Param, ParamKind, Value, find};
use crate::parser::ast::{Arg, Expr, ExprKind, Name};
use crate::planner::error::{CallError, KindError, NameError};
use crate::source::{Span, Spanned};

/// The first argument of a pipe, evaluated.
pub(super) type Input = Spanned<Lowering<Item>>;

/// An argument before it is evaluated.
enum Given<'e> {
    /// What a pipe brings.
    Input(Input),
    /// As written.
    Written(&'e Expr),
}

/// The arguments of a call by parameter, not yet evaluated.
#[derive(Default)]
pub(super) struct Matched<'e> {
    named: Vec<(&'static Param, Given<'e>)>,
    variadic: Vec<(&'static Param, Given<'e>)>,
    per_dim: Vec<(&'e Name, &'e Expr)>,
}

impl Given<'_> {
    fn span(&self) -> Span {
        match self {
            Given::Input(input) => input.span,
            Given::Written(e) => stage(e),
        }
    }
}

impl Lowerer<'_> {
    /// `f(x, a: 1)` or `x |> f(a: 1)`; `at` is the call without what a pipe brings.
    pub(super) fn call(&mut self, input: Option<Input>, callee: &Expr, args: &[Arg], at: Span) -> Lowering<Item> {
        if let ExprKind::Member { base, name } = &callee.kind {
            self.check_method(base, name, args)?;
        }
        match self.callee(callee)? {
            Callee::Function(function) => self.call_function(&function, input, args, at),
            Callee::Operator(operator) => self.call_operator(operator, input, args, at).map(Item::Value),
        }
    }

    fn callee(&mut self, callee: &Expr) -> Lowering<Callee> {
        match &callee.kind {
            ExprKind::Name(name) => self.callee_named(name, callee.span),
            ExprKind::Member { base, name } => {
                if let ExprKind::Name(group) = &base.kind
                    && !self.is_visible(group)
                {
                    let dotted = format!("{group}.{}", name.value);
                    return self.operator_named(&dotted, callee.span).map(Callee::Operator);
                }
                match self.item(callee)? {
                    Item::Function(function) => Ok(Callee::Function(function)),
                    other => self.not_callable(&other, &name.value, callee.span),
                }
            }
            _ => {
                let item = self.item(callee)?;
                self.not_callable(&item, "", callee.span)
            }
        }
    }

    fn callee_named(&mut self, name: &str, at: Span) -> Lowering<Callee> {
        let is_operator = find(name).is_some();
        match self.is_visible(name).then(|| self.lookup(name, at)).transpose()? {
            Some(Item::Function(function)) => Ok(Callee::Function(function)),
            Some(other) if !is_operator => self.not_callable(&other, name, at),
            _ if is_operator => self.operator_named(name, at).map(Callee::Operator),
            _ => match self.find(name, at) {
                Some(item) => item.and_then(|item| self.not_callable(&item, name, at)),
                None => self.operator_named(name, at).map(Callee::Operator),
            },
        }
    }

    fn not_callable<T>(&mut self, item: &Item, name: &str, at: Span) -> Lowering<T> {
        let what = match item {
            Item::Value(value) => self.describe(value),
            other => other.kind().to_owned(),
        };
        let what = if name.is_empty() { what } else { format!("`{name}` is {what}, which") };
        let help = match item {
            Item::Value(Value::Array(_)) => Some("an element is taken with brackets, `x[0]`".to_owned()),
            _ => None,
        };
        self.fail(NameError::NotCallable { what, at, help })
    }

    fn operator_named(&mut self, name: &str, at: Span) -> Lowering<&'static Operator> {
        if let Some(operator) = find(name) {
            return Ok(operator);
        }
        let help = name::suggestion(name, &self.functions());
        self.fail(NameError::UnknownOperator { name: name.to_owned(), at, help })
    }

    fn call_operator(
        &mut self,
        operator: &'static Operator,
        input: Option<Input>,
        args: &[Arg],
        at: Span,
    ) -> Lowering<Value> {
        if aggregate::applies_others(operator) {
            return self.aggregate(operator, input, args, at);
        }
        let matched = self.matched(operator, input, args);
        let arguments = self.evaluated(matched?)?;
        self.check_required(operator, &arguments, at)?;
        self.apply_to_all(operator, &arguments, at)
    }

    /// Matches arguments to parameters. Everything that does not match is reported.
    pub(super) fn matched<'e>(
        &mut self,
        operator: &'static Operator,
        input: Option<Input>,
        args: &'e [Arg],
    ) -> Lowering<Matched<'e>> {
        let params = operator.signature.params;
        let mut matched = Matched::default();
        let mut sound = Ok(());
        let mut positional = params.iter().filter(|p| p.kind != ParamKind::PerDim);
        let mut variadic: Option<&'static Param> = None;
        let given = args.iter().filter(|a| a.name.is_none()).map(|a| Given::Written(&a.value));
        for (index, given) in input.map(Given::Input).into_iter().chain(given).enumerate() {
            let param = match variadic {
                Some(param) => param,
                None => match positional.next() {
                    Some(param) => param,
                    None => {
                        sound = sound.and(self.too_many(operator, index, given.span()));
                        continue;
                    }
                },
            };
            if matches!(param.kind, ParamKind::Dims | ParamKind::Keys | ParamKind::Rest) {
                variadic = Some(param);
                matched.variadic.push((param, given));
            } else {
                matched.named.push((param, given));
            }
        }
        for arg in args {
            let Some(name) = &arg.name else { continue };
            sound = sound.and(self.match_named(operator, name, &arg.value, &mut matched));
        }
        sound.map(|()| matched)
    }

    fn match_named<'e>(
        &mut self,
        operator: &'static Operator,
        name: &'e Name,
        value: &'e Expr,
        matched: &mut Matched<'e>,
    ) -> Lowering<()> {
        let params = operator.signature.params;
        let by_dim = params.iter().any(|p| p.kind == ParamKind::PerDim);
        // Once there is an array, its parameter's name is free to be that of a dim: isel(a, x: 0).
        let is_free =
            |p: &&Param| by_dim && p.name == params[0].name && matched.named.iter().any(|(q, _)| q.name == p.name);
        let named = |p: &&Param| p.name == name.value && p.kind != ParamKind::PerDim;
        if let Some(param) = params.iter().find(named).filter(|p| !is_free(p)) {
            if let Some((_, first)) = matched.named.iter().find(|(p, _)| p.name == param.name) {
                let (operator, param, first) = (operator.name.to_owned(), param.name.to_owned(), first.span());
                return self.fail(KindError::RepeatedArgument { operator, param, at: name.span, first });
            }
            match (&value.kind, param.kind) {
                (ExprKind::List(items), ParamKind::Dims | ParamKind::Rest) => {
                    matched.variadic.extend(items.iter().map(|e| (param, Given::Written(e))));
                }
                (_, ParamKind::Dims | ParamKind::Keys | ParamKind::Rest) => {
                    matched.variadic.push((param, Given::Written(value)));
                }
                _ => matched.named.push((param, Given::Written(value))),
            }
            return Ok(());
        }
        if by_dim {
            matched.per_dim.push((name, value));
            return Ok(());
        }
        let names: Vec<&str> = params.iter().map(|p| p.name).collect();
        let help = option_help(&name.value, &names[1.min(names.len())..]);
        let (operator, option) = (operator.name.to_owned(), name.value.clone());
        self.fail(KindError::UnknownOption { operator, option, at: name.span, help })
    }

    fn too_many(&mut self, operator: &Operator, index: usize, at: Span) -> Lowering<()> {
        let most = operator.signature.params.iter().filter(|p| p.kind != ParamKind::PerDim).count();
        let help = Some(format!("it is called as `{}`", signature(operator)));
        let operator = operator.name.to_owned();
        self.fail(KindError::TooManyArguments { operator, most, given: index + 1, at, help })
    }

    pub(super) fn missing(&mut self, operator: &Operator, param: &Param, at: Span) -> Lowering<()> {
        let help =
            Some(format!("`{}` is {}; it is called as `{}`", param.name, phrase(param.doc), signature(operator)));
        let (operator, param) = (operator.name.to_owned(), param.name.to_owned());
        self.fail(KindError::MissingArgument { operator, param, at, help })
    }

    pub(super) fn check_required(&mut self, operator: &Operator, arguments: &Arguments, at: Span) -> Lowering<()> {
        let variadic =
            |p: &&Param| matches!(p.kind, ParamKind::Dims | ParamKind::Keys | ParamKind::Rest | ParamKind::PerDim);
        let required = operator.signature.params.iter().filter(|p| p.default.is_none() && !variadic(p));
        let mut sound = Ok(());
        for param in required {
            if !arguments.named.iter().any(|(name, _)| *name == param.name) {
                sound = sound.and(self.missing(operator, param, at));
            }
        }
        sound
    }

    /// Evaluates matched arguments, the first one first: names of dims are looked up in it.
    pub(super) fn evaluated(&mut self, matched: Matched<'_>) -> Lowering<Arguments> {
        let mut arguments = Arguments::default();
        let mut sound = Ok(());
        let mut subject = None;
        for (param, given) in matched.named {
            let span = given.span();
            match self.argument(param, given, subject) {
                Ok(value) => {
                    subject = subject.or_else(|| self.subject_of(&value));
                    arguments.named.push((param.name, Spanned::new(value, span)));
                }
                Err(poisoned) => sound = Err(poisoned),
            }
        }
        for (param, given) in matched.variadic {
            let span = given.span();
            match self.argument(param, given, subject) {
                Ok(value) => {
                    subject = subject.or_else(|| self.subject_of(&value));
                    arguments.variadic.push(Spanned::new(value, span));
                }
                Err(poisoned) => sound = Err(poisoned),
            }
        }
        for (name, e) in matched.per_dim {
            match self.per_dim(e, subject) {
                Ok(value) => arguments.per_dim.push((name.clone(), Spanned::new(value, stage(e)))),
                Err(poisoned) => sound = Err(poisoned),
            }
        }
        sound.map(|()| arguments)
    }

    fn argument(&mut self, param: &Param, given: Given<'_>, subject: Option<Operand>) -> Lowering<Value> {
        let e = match given {
            Given::Input(input) => {
                let item = input.value?;
                return self.array_argument(param, item, input.span);
            }
            Given::Written(e) => e,
        };
        let bare = match &e.kind {
            ExprKind::Name(name) => Some(name.as_str()),
            _ => None,
        };
        match (param.kind, bare) {
            (ParamKind::Dim | ParamKind::Dims, Some(name)) => self.dim_name(name, e.span, subject),
            (ParamKind::NewName, Some(name)) => Ok(Value::Name(name.to_owned())),
            (ParamKind::Any | ParamKind::Rest, Some(name)) if self.is_dim(subject, name) && !self.is_visible(name) => {
                Ok(Value::Name(name.to_owned()))
            }
            (ParamKind::Dims, None) if matches!(e.kind, ExprKind::Ellipsis) => Ok(Value::Name("..".to_owned())),
            (ParamKind::Choice(words), _) => self.choice(param, words, e, bare),
            (ParamKind::WordOr(words), Some(name)) if words.contains(&name) && !self.is_visible(name) => {
                Ok(Value::Str(name.to_owned()))
            }
            (ParamKind::DType, _) => self.dtype_argument(e, bare),
            (ParamKind::Key | ParamKind::Keys, _) => self.key(e, subject),
            (ParamKind::Array | ParamKind::ArrayOrView, _) => {
                let item = self.item(e)?;
                self.array_argument(param, item, e.span)
            }
            _ => self.value(e),
        }
    }

    /// A key with the name its groups are to have, as [`ParamKind::Key`] describes it.
    fn key(&mut self, e: &Expr, subject: Option<Operand>) -> Lowering<Value> {
        let named = |name: String, values: Value| {
            Value::Record(Arc::new(vec![("name".to_owned(), Value::Str(name)), ("values".to_owned(), values)]))
        };
        if let ExprKind::Record(fields) = &e.kind {
            let keys = fields.iter().map(|field| {
                let values = self.key(&field.value, subject)?;
                Ok(named(field.key.value.clone(), values))
            });
            return keys.collect::<Lowering<Vec<Value>>>().map(|keys| Value::List(Arc::new(keys)));
        }
        if let (ExprKind::Name(name), Some(subject)) = (&e.kind, subject) {
            self.check_part_of_a_time(name, subject, e.span)?;
        }
        let values = self.with_subject(subject, |l| l.value(e))?;
        Ok(key_name(e).map_or(values.clone(), |name| named(name, values)))
    }

    /// Refuses a key that is called as a part of times and means nothing here, where there are times it may be a part of.
    fn check_part_of_a_time(&mut self, name: &str, subject: Operand, at: Span) -> Lowering<()> {
        let is_declared = self.is_visible(name) || self.modules[self.env.module].names.contains_key(name);
        let is_coordinate = self.is_dim(Some(subject), name) || self.has_auxiliary(subject, name);
        let means = is_declared || is_coordinate || self.find_in_input(name, at).is_some();
        if means || TimePart::parse(name).is_none() {
            return Ok(());
        }
        let ty = self.ty(subject);
        let times = ty.coords.values().filter(|coord| matches!(coord.dtype, DType::DateTime(_)));
        let parts: Vec<String> = times.map(|coord| format!("{}.{name}", coord.dim)).collect();
        match parts.is_empty() {
            true => Ok(()),
            false => {
                let help =
                    Some(format!("did you mean {}? Keys that are parts of dates name their dim", listed(&parts)));
                self.fail(NameError::UnknownName { name: name.to_owned(), at, help })
            }
        }
    }

    /// The array in which names of dims and coordinates are looked up.
    pub(super) fn subject_of(&self, value: &Value) -> Option<Operand> {
        match value {
            Value::Array(operand) => Some(*operand),
            Value::View(view) => Some(view.operand),
            Value::List(items) => items.iter().find_map(|item| self.subject_of(item)),
            Value::Record(fields) => {
                self.widest(fields).or_else(|| fields.iter().find_map(|(_, value)| self.subject_of(value)))
            }
            _ => None,
        }
    }

    /// An argument that is an array, or a dataset of some; of one that holds only groups these are offered.
    fn array_argument(&mut self, param: &Param, item: Item, at: Span) -> Lowering<Value> {
        let takes_array = matches!(param.kind, ParamKind::Array | ParamKind::ArrayOrView);
        match item {
            Item::Group(group) if takes_array && self.variables(&group).is_empty() => {
                let names = self.group_names(&group);
                let source = self.sources.text(at).to_owned();
                let source = if source.len() > 30 { "data".to_owned() } else { source };
                let first: Vec<String> = names.iter().take(6).map(|n| format!("`{source}.{n}`")).collect();
                let help = Some(format!("choose a group: {}", first.join(", ")));
                let (place, expected) = (format!("`{}`", param.name), "an array".to_owned());
                self.fail(KindError::Expected { place, expected, found: "a dataset".into(), at, help })
            }
            item => self.value_of(item, at),
        }
    }

    pub(super) fn is_dim(&self, subject: Option<Operand>, name: &str) -> bool {
        subject.is_some_and(|subject| self.ty(subject).dims.axis(&DimName::new(name)).is_some())
    }

    /// A bare name where a dim is expected: a dim of the first argument, else a name for a dim.
    fn dim_name(&mut self, name: &str, at: Span, subject: Option<Operand>) -> Lowering<Value> {
        if self.is_dim(subject, name) || !self.is_visible(name) {
            return Ok(Value::Name(name.to_owned()));
        }
        match self.lookup(name, at)? {
            Item::Value(value @ (Value::Str(_) | Value::Int(_) | Value::Name(_))) => Ok(value),
            _ => Ok(Value::Name(name.to_owned())),
        }
    }

    pub(super) fn choice(&mut self, param: &Param, words: &[&str], e: &Expr, bare: Option<&str>) -> Lowering<Value> {
        if let Some(word) = bare.filter(|word| words.contains(word)) {
            return Ok(Value::Str(word.to_owned()));
        }
        let word = match bare.filter(|word| !self.is_visible(word)) {
            Some(word) => word.to_owned(),
            None => match self.plan_value(e, &format!("`{}`", param.name))? {
                Value::Str(word) => word,
                Value::None => return Ok(Value::None),
                Value::Bool(b) => b.to_string(),
                other => {
                    let help = Some(format!("write one of {}", listed(words)));
                    return self.expected(&format!("`{}`", param.name), "a word", &other, e.span, help);
                }
            },
        };
        if words.contains(&word.as_str()) {
            return Ok(Value::Str(word));
        }
        let help = match closest(&word, words.iter().copied()) {
            Some(near) => format!("did you mean `{near}`? The choices are {}", listed(words)),
            None => format!("the choices are {}", listed(words)),
        };
        self.fail(KindError::Choice { word, param: param.name.to_owned(), at: e.span, help: Some(help) })
    }

    fn dtype_argument(&mut self, e: &Expr, bare: Option<&str>) -> Lowering<Value> {
        let name = match bare {
            Some(name) if DType::parse(name).is_some() || !self.is_visible(name) => name.to_owned(),
            _ => match self.plan_value(e, "a dtype")? {
                Value::DType(dtype) => return Ok(Value::DType(dtype)),
                Value::None => return Ok(Value::None),
                Value::Str(name) => name,
                other => return self.expected("a dtype", "the name of one, such as `f32`", &other, e.span, None),
            },
        };
        self.dtype(&Spanned::new(name, e.span)).map(Value::DType)
    }

    /// The value of a named argument whose name is a dim; a bare name may be a new name, those of a list dims or new names.
    fn per_dim(&mut self, e: &Expr, subject: Option<Operand>) -> Lowering<Value> {
        match &e.kind {
            ExprKind::List(items) => match self.bare_names(items, subject) {
                Some(names) => Ok(Value::List(Arc::new(names))),
                None => self.value(e),
            },
            ExprKind::Name(name) if !self.is_visible(name) => match self.find(name, e.span) {
                Some(item) => item.and_then(|item| self.value_of(item, e.span)),
                None => Ok(Value::Name(name.clone())),
            },
            _ => self.value(e),
        }
    }

    /// The items of a list, where all are bare names that mean nothing but dims.
    fn bare_names(&mut self, items: &[Expr], subject: Option<Operand>) -> Option<Vec<Value>> {
        let bare = |item: &Expr| match &item.kind {
            ExprKind::Name(name) if !self.is_visible(name) => {
                let is_free = self.is_dim(subject, name) || self.find(name, item.span).is_none();
                is_free.then(|| Value::Name(name.clone()))
            }
            _ => None,
        };
        items.iter().map(bare).collect::<Option<Vec<Value>>>().filter(|names| !names.is_empty())
    }

    /// Expands a call and shows what is wrong with it at the arguments.
    pub(super) fn apply(&mut self, operator: &'static Operator, arguments: &Arguments, at: Span) -> Lowering<Value> {
        match keeping(operator.name) {
            Keeping::Told => self.tell(operator, arguments, at),
            _ => match self.labels_of_joined(operator, arguments, at) {
                Some(labelled) => self.apply_by(operator, &labelled, at, operator.expand),
                None => self.apply_by(operator, arguments, at, operator.expand),
            },
        }
    }

    /// As [`Lowerer::apply`], expanded by `expand`.
    pub(super) fn apply_by(
        &mut self,
        operator: &'static Operator,
        arguments: &Arguments,
        at: Span,
        expand: impl FnOnce(&mut dyn Builder, &Arguments) -> Result<Value, TypeError>,
    ) -> Lowering<Value> {
        match self.expand(operator, arguments, at, expand) {
            Ok(value) => {
                self.follow(operator, arguments, &value, at);
                Ok(value)
            }
            Err(error) => {
                let problem = self.placed(operator, arguments, at, error);
                self.fail(problem)
            }
        }
    }

    /// An operator's error with the places of the arguments it names.
    pub(super) fn placed(&self, operator: &Operator, arguments: &Arguments, at: Span, error: TypeError) -> CallError {
        let place = |culprit: &Culprit| match culprit {
            Culprit::Call => at,
            Culprit::Param(name) => arguments.named.iter().find(|(n, _)| n == name).map_or(at, |(_, v)| v.span),
            Culprit::Variadic(index) => arguments.variadic.get(*index).map_or(at, |v| v.span),
            Culprit::Named(name) => arguments
                .per_dim
                .iter()
                .find(|(n, _)| n.value == *name)
                .map_or(at, |(n, v)| if error.code == "ff::type::unknown_dim" { n.span } else { n.span.to(v.span) }),
        };
        let label = match (error.label.as_str(), &error.culprit) {
            ("", Culprit::Call) => "this call".to_owned(),
            ("", _) => "this argument".to_owned(),
            (label, _) => label.to_owned(),
        };
        let mut labels = vec![(label, place(&error.culprit))];
        labels.extend(error.others.iter().map(|(culprit, label)| (label.clone(), place(culprit))));
        for (_, argument) in &arguments.named {
            if let Value::Array(operand) = argument.value {
                let ty = self.ty(operand).to_string();
                let said = error.message.contains(&ty) || labels.iter().any(|(label, _)| label.contains(&ty));
                if !said && !labels.iter().any(|(_, span)| *span == argument.span) {
                    labels.push((ty, argument.span));
                }
            }
        }
        let help = match (&error.culprit, error.code) {
            (Culprit::Named(name), "ff::type::unknown_dim") => {
                let options = operator.signature.params.iter().filter(|p| p.kind != ParamKind::PerDim).skip(1);
                closest(name, options.map(|p| p.name)).map(|near| format!("did you mean the option `{near}`?"))
            }
            _ => None,
        };
        CallError { code: error.code, message: error.message, labels, help: help.or(error.help), is_warning: false }
    }
}

/// What can be called.
enum Callee {
    Function(Arc<super::scope::Function>),
    Operator(&'static Operator),
}

/// What the groups of a key are called: what is in bins after its own key.
fn key_name(e: &Expr) -> Option<String> {
    match &e.kind {
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::Member { name, .. } => Some(name.value.clone()),
        ExprKind::Call { callee, args } if matches!(&callee.kind, ExprKind::Name(name) if name == "bins") => {
            args.first().and_then(|key| key_name(&key.value)).map(|name| format!("{name}_bins"))
        }
        _ => None,
    }
}

/// `mean(x, dims…, skipna: true)`: how an operator is called.
pub(super) fn signature(operator: &Operator) -> String {
    let param = |p: &Param| match (p.kind, p.default) {
        (ParamKind::Dims | ParamKind::Keys | ParamKind::Rest, _) => format!("{}…", p.name),
        (ParamKind::PerDim, _) => "dim: …".to_owned(),
        (ParamKind::Calls, _) => "name: …".to_owned(),
        (_, Some(default)) => format!("{}: {default}", p.name),
        (_, None) => p.name.to_owned(),
    };
    let params: Vec<String> = operator.signature.params.iter().map(param).collect();
    format!("{}({})", operator.name, params.join(", "))
}

/// A line of help as part of a sentence: no capital, no full stop.
fn phrase(doc: &str) -> String {
    let doc = doc.trim_end_matches('.');
    let mut chars = doc.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => {
            format!("{}{}", first.to_lowercase(), &doc[first.len_utf8()..])
        }
        _ => doc.to_owned(),
    }
}

/// What to say about an option that does not exist.
pub(super) fn option_help(name: &str, options: &[&str]) -> Option<String> {
    match closest(name, options.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if options.is_empty() => Some("it has no options".to_owned()),
        None => Some(format!("its options are {}", listed(options))),
    }
}

/// Words in backticks with commas.
pub(super) fn listed<S: AsRef<str>>(words: &[S]) -> String {
    words.iter().map(|w| format!("`{}`", w.as_ref())).collect::<Vec<_>>().join(", ")
}
