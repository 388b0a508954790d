//! Calls of reducers that the script defines: their bodies become tapes of elementwise calls.
//!
//! A body is evaluated as any expression, with placeholders for the parts of a state and for the elements, single values
//! that nobody knows. What it comes to is read off the graph. The dtype of a part of a state is that of its value in
//! `init`, widened until steps and merges give no wider one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::builder::{node, operand};
use super::call::{Input, listed, option_help};
use super::function::function_signature;
use super::scope::{Function, Item};
use super::{Lowerer, Lowering};
use crate::array::{ArrayType, DType, Scalar};
use crate::operators::error::Culprit;
use crate::operators::moves::digest;
use crate::operators::reducer::tape::{Place, Tape};
use crate::operators::reducer::{Custom, OPERATOR, Recipe};
use crate::operators::{Arguments, Operand, Pattern, TypeError, Value, reduction};
use crate::parser::ast::{self, Arg, Expr, ExprKind, Field};
use crate::planner::error::{CallError, KindError};
use crate::planner::graph::{NodeId, NodeKind};
use crate::source::{Span, Spanned};

/// The parts of a reducer, in order; the last may be left out.
const PARTS: [&str; 4] = ["init", "step", "merge", "finish"];

/// Names with a meaning of their own in bodies and calls.
const RESERVED: [&str; 7] = ["state", "a", "b", "dims", "skipna", "keepdims", "min_count"];

/// The bodies of a reducer.
struct Bodies<'d> {
    init: &'d Expr,
    step: &'d Expr,
    merge: &'d Expr,
    finish: Option<&'d Expr>,
}

/// The names of a state's parts; none where a state is a single value.
type Names = Option<Vec<String>>;

/// A state that has seen nothing.
struct Initial {
    names: Names,
    values: Vec<(DType, Scalar)>,
}

/// What a step sees besides the state.
struct Element<'d> {
    name: &'d str,
    dtype: DType,
}

impl Lowerer<'_> {
    /// `f(x, dims…, a: 1)` for a reducer of the script.
    pub(super) fn call_reducer(
        &mut self,
        function: &Arc<Function>,
        input: Option<Input>,
        args: &[Arg],
        at: Span,
    ) -> Lowering<Item> {
        let decl = &function.decl;
        let bodies = self.bodies(&decl.value)?;
        let Some(first) = decl.params.first() else {
            let message = "a reducer has a parameter for the elements it takes in".to_owned();
            return self.refused(
                message,
                decl.name.span,
                Some(format!("write `reducer {}(x) {{ … }}`", decl.name.value)),
            );
        };
        if let Some(param) = decl.params.iter().find(|param| RESERVED.contains(&param.name.value.as_str())) {
            let message = format!("a parameter of a reducer cannot be called `{}`", param.name.value);
            let help = format!("{} have a meaning in bodies and calls", listed(&RESERVED));
            return self.refused(message, param.name.span, Some(help));
        }
        let is_own = |arg: &&Arg| {
            arg.name.as_ref().is_some_and(|name| decl.params[1..].iter().any(|p| p.name.value == name.value))
        };
        let (own, rest): (Vec<Arg>, Vec<Arg>) = args.iter().cloned().partition(|arg| is_own(&arg));
        let unnamed = |arg: Arg| match &arg.name {
            Some(name) if name.value == first.name.value => Arg { name: None, ..arg },
            _ => arg,
        };
        let rest: Vec<Arg> = rest.into_iter().map(unnamed).collect();
        self.check_options(decl, &rest)?;
        if input.is_none() && rest.iter().all(|arg| arg.name.is_some()) {
            let help = Some(format!("it is called as `{}`", function_signature(decl)));
            let (operator, param) = (decl.name.value.clone(), first.name.value.clone());
            return self.fail(KindError::MissingArgument { operator, param, at, help });
        }
        let matched = self.matched(&OPERATOR, input, &rest)?;
        let arguments = self.evaluated(matched)?;
        self.for_each_variable(&OPERATOR, &arguments, &mut |l, own_arguments| {
            l.reduce(function, &bodies, (&own, own_arguments), at)
        })
        .map(Item::Value)
    }

    /// Refuses options that are neither parameters of a reducer nor those of every reduction.
    fn check_options(&mut self, decl: &ast::Function, args: &[Arg]) -> Lowering<()> {
        let own = decl.params[1..].iter().map(|param| param.name.value.as_str());
        let known: Vec<&str> = own.chain(OPERATOR.signature.params[1..].iter().map(|param| param.name)).collect();
        let mut sound = Ok(());
        for name in args.iter().filter_map(|arg| arg.name.as_ref()) {
            if !known.contains(&name.value.as_str()) {
                let help = option_help(&name.value, &known);
                let (operator, option) = (decl.name.value.clone(), name.value.clone());
                sound = self.fail(KindError::UnknownOption { operator, option, at: name.span, help });
            }
        }
        sound
    }

    /// The parts of a reducer's record.
    fn bodies<'d>(&mut self, record: &'d Expr) -> Lowering<Bodies<'d>> {
        let ExprKind::Record(fields) = &record.kind else {
            return self.refused("a reducer is a record of its parts".to_owned(), record.span, None);
        };
        let stranger = fields.iter().find(|field| !PARTS.contains(&field.key.value.as_str()));
        if let Some(Field { key, .. }) = stranger {
            let message = format!("a reducer has no part `{}`", key.value);
            return self.refused(message, key.span, Some(format!("its parts are {}", listed(&PARTS))));
        }
        let part = |name: &str| fields.iter().find(|field| field.key.value == name).map(|field| &field.value);
        match (part("init"), part("step"), part("merge")) {
            (Some(init), Some(step), Some(merge)) => Ok(Bodies { init, step, merge, finish: part("finish") }),
            _ => {
                let missing: Vec<&str> = PARTS[..3].iter().copied().filter(|name| part(name).is_none()).collect();
                let message = format!("the reducer has no {}", listed(&missing));
                let help = "`init` is a state that has seen nothing, `step` the next one of `state` and an element, \
                            `merge` what becomes of the states `a` and `b`, `finish` the result of `state`";
                self.refused(message, record.span, Some(help.to_owned()))
            }
        }
    }

    /// Reduces one array.
    fn reduce(
        &mut self,
        function: &Arc<Function>,
        bodies: &Bodies<'_>,
        (own, arguments): (&[Arg], &Arguments),
        at: Span,
    ) -> Lowering<Value> {
        let decl = &function.decl;
        let x = arguments.named.iter().find(|(name, _)| *name == "x").map(|(_, value)| value.clone());
        let x = x.unwrap_or_else(|| Spanned::new(Value::None, at));
        let elements = match &x.value {
            Value::Array(operand) => *operand,
            Value::View(view) => view.operand,
            other => {
                return self.expected(&format!("`{}`", decl.params[0].name.value), "an array", other, x.span, None);
            }
        };
        let first = Spanned::new(Ok(Item::Value(Value::Array(elements))), x.span);
        let given = self.function_arguments(decl, Some(first), own, at)?;
        let skipna = arguments.get("skipna") != Some(&Value::Bool(false));
        let custom = self.within(function, at, |l| {
            l.bind_parameters(decl, given);
            let second = l.second_array(function)?;
            let mut seen = vec![Element { name: &decl.params[0].name.value, dtype: l.ty(elements).dtype }];
            seen.extend(second.iter().map(|(name, y)| Element { name, dtype: l.ty(*y).dtype }));
            let recipe = Arc::new(l.recipe(bodies, &seen, skipna)?);
            let identity = format!("{} {}, ", decl.name.value, digest(&recipe));
            Ok(Custom { recipe, identity, second: second.map(|(_, y)| y) })
        })?;
        self.apply_by(&OPERATOR, arguments, at, |builder, arguments| {
            let reduced = reduction::expand::expand(&custom, builder, arguments);
            reduced.map_err(|error| by_name(error, decl))
        })
    }

    /// Takes out what the bodies of reducers came to, which nothing uses: they are on tapes. Ids are not used again while
    /// lowering goes on, so this comes last.
    pub(super) fn forget_bodies(&mut self) {
        let graph = &mut self.lowered.graph;
        let mut bodies = BTreeSet::new();
        // A node is younger than its inputs.
        for id in graph.ids() {
            let is_body = matches!(graph[id].kind, NodeKind::Placeholder);
            if is_body || graph.inputs(id).iter().any(|input| bodies.contains(input)) {
                bodies.insert(id);
            }
        }
        bodies.into_iter().for_each(|id| graph.remove(id));
    }

    /// The other parameter that is an array whose values are not known while planning.
    fn second_array(&mut self, function: &Function) -> Lowering<Option<(String, Operand)>> {
        let mut found: Option<(String, Operand)> = None;
        for param in &function.decl.params[1..] {
            let local = self.env.locals.iter().rev().find(|(name, _)| *name == param.name.value);
            let Some((name, Ok(Item::Value(Value::Array(operand))))) = local else { continue };
            let (name, operand) = (name.clone(), *operand);
            if self.ty(operand).rank() == 0 && self.known_block(operand).is_some() {
                continue;
            }
            if let Some((other, _)) = &found {
                let message =
                    format!("a reducer takes two arrays at most: `{other}` and `{name}` are a second and a third");
                return self.refused(message, param.name.span, None);
            }
            found = Some((name, operand));
        }
        Ok(found)
    }

    /// What the bodies compute, for elements of these dtypes.
    fn recipe(&mut self, bodies: &Bodies<'_>, seen: &[Element<'_>], skipna: bool) -> Lowering<Recipe> {
        let initial = self.initial(bodies.init)?;
        let names = &initial.names;
        let mut dtypes: Vec<DType> = initial.values.iter().map(|(dtype, _)| *dtype).collect();
        loop {
            let (inputs, stepped) = self.stepped(bodies.step, (names, &dtypes), seen, skipna)?;
            let (both, merged) = self.merged(bodies.merge, (names, &dtypes))?;
            let results = || stepped.iter().zip(&merged).map(|(a, b)| [*a, *b]);
            let wider = dtypes.iter().zip(results()).map(|(dtype, [a, b])| {
                dtype.promote(self.ty(a).dtype).and_then(|wider| wider.promote(self.ty(b).dtype))
            });
            let Some(wider) = wider.collect::<Option<Vec<DType>>>() else {
                let message = "the parts of a state keep their dtypes: `step` or `merge` gives values of another kind than `init`";
                return self.refused(message.to_owned(), bodies.step.span, None);
            };
            if wider != dtypes {
                dtypes = wider;
                continue;
            }
            let stepped = self.cast_all(&stepped, &dtypes, bodies.step.span)?;
            let merged = self.cast_all(&merged, &dtypes, bodies.merge.span)?;
            let step = self.tape("step", &inputs, &stepped, bodies.step.span)?;
            let merge = self.tape("merge", &both, &merged, bodies.merge.span)?;
            let (finish, dtype) = self.finished(bodies, (names, &dtypes))?;
            let init = dtypes.into_iter().zip(initial.values).map(|(dtype, (_, value))| (dtype, value)).collect();
            let elements = seen.iter().map(|element| element.dtype).collect();
            return Ok(Recipe { elements, init, step, merge, finish, dtype });
        }
    }

    /// The parts of `init`.
    fn initial(&mut self, init: &Expr) -> Lowering<Initial> {
        let value = self.value(init)?;
        let (names, values) = match &value {
            Value::Record(fields) if !fields.is_empty() => {
                let (names, values): (Vec<String>, Vec<Value>) = fields.iter().cloned().unzip();
                (Some(names), values)
            }
            _ => (None, vec![value]),
        };
        let values = values.iter().map(|value| self.known_part(value, "init", init.span)).collect::<Lowering<_>>()?;
        Ok(Initial { names, values })
    }

    /// The dtype and the number of a value in a part of the reducer that is known while planning.
    fn known_part(&mut self, value: &Value, part: &str, at: Span) -> Lowering<(DType, Scalar)> {
        let known = match value {
            Value::Array(x) if self.ty(*x).rank() == 0 => {
                let block = self.known_block(*x);
                block.and_then(|block| Some((self.ty(*x).dtype, block.scalars().into_iter().next()?)))
            }
            known => known.scalar().and_then(|scalar| {
                let dtype = match scalar {
                    Scalar::Bool(_) => DType::Bool,
                    Scalar::Int(_) => DType::I64,
                    Scalar::UInt(_) => DType::U64,
                    Scalar::Float(_) => DType::F64,
                    Scalar::Duration(_) => DType::Duration,
                    _ => return None,
                };
                Some((dtype, scalar))
            }),
        };
        match known {
            Some(known) => Ok(known),
            None => {
                let help = Some("such as `0.0`, `inf`, `0 as u8` or `{sum: 0.0, n: 0}`".to_owned());
                let place = if part == "init" { "a part of `init`".to_owned() } else { format!("what `{part}` gives") };
                let (expected, help) = match part {
                    "init" => ("a number that is known while planning", help),
                    _ => ("a number or what is computed from numbers", None),
                };
                self.expected(&place, expected, value, at, help)
            }
        }
    }

    /// Placeholders for a state and the elements, and the parts of the next state.
    fn stepped(
        &mut self,
        body: &Expr,
        (names, dtypes): (&Names, &[DType]),
        seen: &[Element<'_>],
        skipna: bool,
    ) -> Lowering<(Vec<Operand>, Vec<Operand>)> {
        let parts = self.placeholders(dtypes.iter().copied(), body.span);
        let elements = self.placeholders(seen.iter().map(|element| element.dtype), body.span);
        let state = ("state".to_owned(), Ok(Item::Value(state(names, &parts))));
        let named = seen.iter().zip(&elements);
        let named = named.map(|(element, x)| (element.name.to_owned(), Ok(Item::Value(Value::Array(*x)))));
        let locals = std::iter::once(state).chain(named).collect();
        let next = self.with_locals(locals, |l| l.value(body))?;
        let mut next = self.parts_of(&next, names, "step", body.span)?;
        if skipna {
            next = self.passing_over_missing((&parts, next), (seen, &elements), body.span)?;
        }
        Ok((parts.into_iter().chain(elements).collect(), next))
    }

    /// The parts of the next state, or those of the state where an element is missing.
    fn passing_over_missing(
        &mut self,
        (before, next): (&[Operand], Vec<Operand>),
        (seen, elements): (&[Element<'_>], &[Operand]),
        at: Span,
    ) -> Lowering<Vec<Operand>> {
        let spanned = |x: Operand| Spanned::new(Value::Array(x), at);
        let mut missing = None;
        for (_, x) in seen.iter().zip(elements).filter(|(element, _)| Scalar::missing(element.dtype).is_some()) {
            let this = self.operate("isnan", vec![spanned(*x)], at)?;
            missing = Some(match missing.take() {
                None => this,
                Some(others) => self.operate("or", vec![Spanned::new(others, at), Spanned::new(this, at)], at)?,
            });
        }
        let Some(missing) = missing else { return Ok(next) };
        let chosen = before.iter().zip(next).map(|(before, next)| {
            let arguments = vec![Spanned::new(missing.clone(), at), spanned(*before), spanned(next)];
            let chosen = self.operate("where", arguments, at)?;
            self.single(&chosen, "step", at)
        });
        chosen.collect()
    }

    /// Placeholders for two states, and the parts of what they become.
    fn merged(&mut self, body: &Expr, (names, dtypes): (&Names, &[DType])) -> Lowering<(Vec<Operand>, Vec<Operand>)> {
        let [a, b] = [0, 1].map(|_| self.placeholders(dtypes.iter().copied(), body.span));
        let local = |name: &str, parts: &[Operand]| (name.to_owned(), Ok(Item::Value(state(names, parts))));
        let locals = vec![local("a", &a), local("b", &b)];
        let merged = self.with_locals(locals, |l| l.value(body))?;
        let merged = self.parts_of(&merged, names, "merge", body.span)?;
        Ok((a.into_iter().chain(b).collect(), merged))
    }

    /// What `finish` computes, and the dtype of that.
    fn finished(&mut self, bodies: &Bodies<'_>, (names, dtypes): (&Names, &[DType])) -> Lowering<(Tape, DType)> {
        let at = bodies.finish.map_or(bodies.init.span, |body| body.span);
        let parts = self.placeholders(dtypes.iter().copied(), at);
        let result = match (bodies.finish, names) {
            (Some(body), _) => {
                let local = ("state".to_owned(), Ok(Item::Value(state(names, &parts))));
                let value = self.with_locals(vec![local], |l| l.value(body))?;
                self.single(&value, "finish", at)?
            }
            (None, None) => parts[0],
            (None, Some(_)) => {
                let message = "a state of several parts is no result: the reducer has no `finish`".to_owned();
                return self.refused(message, at, Some("add `finish: state.…`".to_owned()));
            }
        };
        let tape = self.tape("finish", &parts, &[result], at)?;
        Ok((tape, self.ty(result).dtype))
    }

    fn placeholders(&mut self, dtypes: impl Iterator<Item = DType>, at: Span) -> Vec<Operand> {
        let graph = &mut self.lowered.graph;
        dtypes.map(|dtype| operand(graph.leaf(NodeKind::Placeholder, ArrayType::scalar(dtype), at))).collect()
    }

    /// The parts of a state that a body gives, in the order of `init`.
    fn parts_of(&mut self, value: &Value, names: &Names, part: &str, at: Span) -> Lowering<Vec<Operand>> {
        let Some(names) = names else { return Ok(vec![self.single(value, part, at)?]) };
        let fields: &[(String, Value)] = match value {
            Value::Record(fields) => fields,
            _ => &[],
        };
        let given: BTreeSet<&String> = fields.iter().map(|(name, _)| name).collect();
        if given != names.iter().collect() {
            let message = format!("`{part}` gives a state as `init` has it: a record of {}", listed(names));
            return self.refused(message, at, None);
        }
        let found = names.iter().filter_map(|name| fields.iter().find(|(n, _)| n == name));
        found.map(|(_, value)| self.single(value, part, at)).collect()
    }

    /// A single value as an operand.
    fn single(&mut self, value: &Value, part: &str, at: Span) -> Lowering<Operand> {
        match value {
            Value::Array(x) if self.ty(*x).rank() == 0 => Ok(*x),
            Value::Array(_) | Value::View(_) => {
                let message = format!("`{part}` computes with one element at a time, this is {}", self.describe(value));
                self.refused(message, at, None)
            }
            known => {
                let (dtype, scalar) = self.known_part(known, part, at)?;
                Ok(self.scalar_constant(dtype, scalar, at))
            }
        }
    }

    fn cast_all(&mut self, values: &[Operand], dtypes: &[DType], at: Span) -> Lowering<Vec<Operand>> {
        let cast = |(x, dtype): (&Operand, &DType)| {
            self.built(at, |builder| crate::operators::call::cast(builder, *x, *dtype))
        };
        values.iter().zip(dtypes).map(cast).collect()
    }

    /// What the graph computes of `outputs` from `inputs`.
    fn tape(&mut self, part: &str, inputs: &[Operand], outputs: &[Operand], at: Span) -> Lowering<Tape> {
        let inputs: BTreeMap<NodeId, Place> =
            inputs.iter().enumerate().map(|(i, input)| (node(*input), Place::Input(i))).collect();
        let mut needed = BTreeSet::new();
        let mut pending: Vec<NodeId> = outputs.iter().map(|output| node(*output)).collect();
        while let Some(id) = pending.pop() {
            if needed.insert(id) && !inputs.contains_key(&id) && self.known_block(operand(id)).is_none() {
                pending.extend(self.lowered.graph.inputs(id));
            }
        }
        let mut tape = Tape::default();
        let mut places = BTreeMap::new();
        // A node is younger than its inputs.
        for id in needed {
            let place = match inputs.get(&id) {
                Some(place) => Some(*place),
                None => self.on_tape(&mut tape, &places, id),
            };
            let Some(place) = place else {
                let what = self.lowered.graph.described(id);
                let message = format!("`{part}` computes with one element at a time: `{what}` is more than that");
                let help = "use what is known while planning, the parameters and elementwise functions".to_owned();
                return self.refused(message, at, Some(help));
            };
            places.insert(id, place);
        }
        outputs.iter().for_each(|output| tape.output(places[&node(*output)]));
        Ok(tape)
    }

    /// The place of a node whose inputs have theirs; none where it is not elementwise.
    fn on_tape(&self, tape: &mut Tape, places: &BTreeMap<NodeId, Place>, id: NodeId) -> Option<Place> {
        let graph = &self.lowered.graph;
        if let Some(block) = self.known_block(operand(id)) {
            let value = block.scalars().into_iter().next().filter(|_| block.count() == 1)?;
            return Some(tape.constant(graph[id].ty.dtype, value));
        }
        let NodeKind::Apply(kernel) = &graph[id].kind else { return None };
        let args: Vec<Place> =
            graph.inputs(id).iter().map(|input| places.get(input).copied()).collect::<Option<_>>()?;
        let call = &kernel.last()?.call;
        match &call.pattern {
            Pattern::Injective(_) => args.first().copied(),
            _ => tape.step(call, args),
        }
    }

    fn refused<T>(&mut self, message: String, at: Span, help: Option<String>) -> Lowering<T> {
        let labels = vec![("here".to_owned(), at)];
        self.fail(CallError { code: "ff::type::reducer", message, labels, help, is_warning: false })
    }
}

/// An error of what stands where dims are expected, with what is given by name instead.
fn by_name(error: TypeError, decl: &ast::Function) -> TypeError {
    let own: Vec<String> = decl.params[1..].iter().map(|param| format!("`{}: …`", param.name.value)).collect();
    if own.is_empty() || !matches!(error.culprit, Culprit::Variadic(_)) {
        return error;
    }
    let names = format!("what follows the elements are dims, other arguments go by name: {}", own.join(", "));
    let help = error.help.as_ref().map_or(names.clone(), |help| format!("{help}; {names}"));
    error.with_help(help)
}

/// A state as a body sees it: a record of its parts, or the only one.
fn state(names: &Names, parts: &[Operand]) -> Value {
    match names {
        None => Value::Array(parts[0]),
        Some(names) => {
            let part = |(name, part): (&String, &Operand)| (name.clone(), Value::Array(*part));
            Value::Record(Arc::new(names.iter().zip(parts).map(part).collect()))
        }
    }
}
