//! A builder for tests of operators: it binds arguments, records calls, infers types and evaluates
//! any region of any operand by walking back through what its calls require.

use std::sync::Arc;

use super::evaluate::evaluate;
use super::pattern::Piece;
use super::{Arguments, Builder, Call, Constant, Operand, Param, ParamKind, TypeError, Value};
use crate::array::{ArrayType, Block, DType, Dims, Region};
use crate::source::{Span, Spanned};

/// Operands, each with its type and where its values come from.
#[derive(Default)]
pub struct Bench {
    nodes: Vec<(Arc<ArrayType>, Origin)>,
}

enum Origin {
    Source(Block),
    Constant(Constant),
    Rechunk(Operand),
    Call(Call, Vec<Operand>),
}

impl Bench {
    /// An empty graph.
    pub fn new() -> Self {
        Bench::default()
    }

    /// An array as if it were read: its values are not known while planning.
    pub fn source(&mut self, ty: ArrayType, block: Block) -> Operand {
        assert_eq!(ty.shape(), block.shape(), "the shape of {ty}");
        self.push(ty, Origin::Source(block))
    }

    /// A source from elements in C order.
    pub fn array<T: crate::array::block::Element>(&mut self, dims: &[(&str, u64)], elements: Vec<T>) -> Operand {
        self.array_of(T::DTYPE, dims, elements)
    }

    /// A source of `dtype` whose stored elements (`i64` for times) are these.
    pub fn array_of<T: crate::array::block::Element>(
        &mut self,
        dtype: DType,
        dims: &[(&str, u64)],
        elements: Vec<T>,
    ) -> Operand {
        let dims = Dims::new(dims.iter().map(|&(name, size)| (name, size)));
        let block = Block::from_vec(&dims.shape(), elements).expect("as many elements as the dims say");
        self.source(ArrayType::new(dtype, dims), block)
    }

    /// The `x` of the operators' examples: `f64[t=6, y=4]`, rising from -3 by 0.5, one NaN.
    pub fn x(&mut self) -> Operand {
        let elements = (0..24).map(|i| if i == 7 { f64::NAN } else { i as f64 * 0.5 - 3.0 }).collect();
        self.array(&[("t", 6), ("y", 4)], elements)
    }

    /// Calls an operator with positional and named arguments, as a script would.
    pub fn call(&mut self, name: &str, positional: &[Value], named: &[(&str, Value)]) -> Result<Value, TypeError> {
        let row = super::find(name).unwrap_or_else(|| panic!("no operator `{name}`"));
        let arguments = bind(row.signature.params, positional, named);
        (row.expand)(self, &arguments)
    }

    /// As [`Bench::call`], for calls that give an array.
    ///
    /// # Panics
    /// Where the call fails or gives something else.
    pub fn apply_named(&mut self, name: &str, positional: &[Value], named: &[(&str, Value)]) -> Operand {
        match self.call(name, positional, named) {
            Ok(Value::Array(operand)) => operand,
            Ok(other) => panic!("{name} gives {other:?}"),
            Err(error) => panic!("{name}: {error:?}"),
        }
    }

    /// The call an operand comes from, with its inputs.
    pub fn call_of(&self, operand: Operand) -> Option<(&Call, &[Operand])> {
        match &self.nodes[operand.0 as usize].1 {
            Origin::Call(call, inputs) => Some((call, inputs)),
            Origin::Source(_) | Origin::Constant(_) | Origin::Rechunk(_) => None,
        }
    }

    /// All values of an operand.
    pub fn values(&self, operand: Operand) -> Block {
        self.region(operand, &Region::whole(&self.ty(operand).shape()))
    }

    /// The values of a region of an operand, from the regions its inputs are required to give.
    ///
    /// # Panics
    /// Where a call on the way can neither be rearranged nor evaluated element by element.
    pub fn region(&self, operand: Operand, region: &Region) -> Block {
        let (ty, origin) = &self.nodes[operand.0 as usize];
        match origin {
            Origin::Source(block) => block.slice(region),
            Origin::Constant(constant) => constant.block(ty, region),
            Origin::Rechunk(input) => self.region(*input, region),
            Origin::Call(call, inputs) => {
                let types: Vec<Arc<ArrayType>> = inputs.iter().map(|&i| self.ty(i)).collect();
                let types: Vec<&ArrayType> = types.iter().map(|t| &**t).collect();
                let piece = |(port, input): (usize, &Operand)| {
                    let region = call.pattern.required_alone(region, port, &types);
                    Piece { block: self.region(*input, &region), region }
                };
                let pieces: Vec<Piece> = inputs.iter().enumerate().map(piece).collect();
                let block = evaluate(call, region, &pieces).unwrap_or_else(|| panic!("{call} needs an accumulator"));
                assert_eq!(block.shape(), region.shape, "the shape of {call}");
                block
            }
        }
    }

    /// Fails unless every cut of an operand in two, and its single elements, give what the whole gives.
    pub fn assert_splits(&self, operand: Operand) {
        let shape = self.ty(operand).shape();
        let whole = self.values(operand);
        let same = |region: &Region| {
            let (part, expected) = (self.region(operand, region), whole.slice(region));
            assert_eq!(format!("{:?}", part.scalars()), format!("{:?}", expected.scalars()), "region {region}");
        };
        for axis in 0..shape.len() {
            for cut in 0..=shape[axis] {
                let mut left = Region::whole(&shape);
                left.shape[axis] = cut;
                same(&left);
                left.start[axis] = cut;
                left.shape[axis] = shape[axis] - cut;
                same(&left);
            }
        }
        for index in Region::whole(&shape).indices() {
            same(&Region { start: index, shape: vec![1; shape.len()] });
        }
    }

    /// The calls that lead to an operand, one a line, for snapshots.
    pub fn text(&self, operand: Operand) -> String {
        let mut wanted = vec![operand];
        let mut lines = Vec::new();
        for at in (0..=operand.0).rev().map(Operand) {
            if !wanted.contains(&at) {
                continue;
            }
            let (ty, origin) = &self.nodes[at.0 as usize];
            let what = match origin {
                Origin::Source(_) => "source".to_owned(),
                Origin::Constant(Constant::Full(value)) => format!("constant {value}"),
                Origin::Constant(_) => "constant".to_owned(),
                Origin::Rechunk(input) => {
                    wanted.push(*input);
                    format!("rechunk %{}", input.0)
                }
                Origin::Call(call, inputs) => {
                    wanted.extend(inputs);
                    let inputs: Vec<String> = inputs.iter().map(|i| format!("%{}", i.0)).collect();
                    format!("{call} {}", inputs.join(" "))
                }
            };
            lines.push(format!("%{} = {what} : {ty}", at.0));
        }
        lines.reverse();
        lines.join("\n")
    }

    fn push(&mut self, ty: ArrayType, origin: Origin) -> Operand {
        self.nodes.push((Arc::new(ty), origin));
        Operand(self.nodes.len() as u32 - 1)
    }

    fn is_known(&self, operand: Operand) -> bool {
        match &self.nodes[operand.0 as usize].1 {
            Origin::Source(_) => false,
            Origin::Constant(_) => true,
            Origin::Rechunk(input) => self.is_known(*input),
            Origin::Call(_, inputs) => inputs.iter().all(|&i| self.is_known(i)),
        }
    }
}

impl Builder for Bench {
    fn apply(&mut self, call: Call, inputs: &[Operand]) -> Result<Operand, TypeError> {
        let types: Vec<Arc<ArrayType>> = inputs.iter().map(|&i| self.ty(i)).collect();
        let ty = call.infer(&types.iter().map(|t| &**t).collect::<Vec<_>>())?;
        Ok(self.push(ty, Origin::Call(call, inputs.to_vec())))
    }

    fn constant(&mut self, ty: ArrayType, constant: Constant) -> Operand {
        self.push(ty, Origin::Constant(constant))
    }

    fn rechunk(&mut self, x: Operand, chunks: &[u64]) -> Operand {
        let ty = self.ty(x).rechunked(chunks);
        self.push(ty, Origin::Rechunk(x))
    }

    fn ty(&self, operand: Operand) -> Arc<ArrayType> {
        self.nodes[operand.0 as usize].0.clone()
    }

    fn known(&self, operand: Operand) -> Option<Block> {
        self.is_known(operand).then(|| self.values(operand))
    }
}

/// Matches arguments to parameters; the tests' stand-in for the planner's binding, which also checks.
pub fn bind(params: &'static [Param], positional: &[Value], named: &[(&str, Value)]) -> Arguments {
    let spanned = |value: &Value| Spanned::new(value.clone(), Span::default());
    let mut arguments = Arguments::default();
    let given = positional.len();
    let mut positional = positional.iter();
    for param in params {
        match param.kind {
            ParamKind::Dims | ParamKind::Keys | ParamKind::Rest => {
                arguments.variadic.extend(positional.by_ref().map(spanned))
            }
            ParamKind::PerDim | ParamKind::Calls => {}
            _ => {
                let by_name = || named.iter().find(|(name, _)| *name == param.name).map(|(_, value)| value);
                if let Some(value) = positional.next().or_else(by_name) {
                    arguments.named.push((param.name, spanned(value)));
                }
            }
        }
    }
    // Once there is an array, its parameter's name is free to be that of a dim.
    let free = usize::from(given > 0);
    let is_param = |name: &str| params[free..].iter().any(|p| p.name == name && p.kind != ParamKind::PerDim);
    let rest = named.iter().filter(|(name, _)| !is_param(name));
    arguments.per_dim =
        rest.map(|(name, value)| (Spanned::new((*name).to_owned(), Span::default()), spanned(value))).collect();
    arguments
}

/// A list of values.
pub fn list(items: impl IntoIterator<Item = Value>) -> Value {
    Value::List(Arc::new(items.into_iter().collect()))
}

/// A list of integers.
pub fn ints(items: impl IntoIterator<Item = i64>) -> Value {
    list(items.into_iter().map(Value::Int))
}

/// Text.
pub fn text(text: &str) -> Value {
    Value::Str(text.into())
}

/// A range as written: `start..end`, or `start..<end` where it is not closed.
pub fn range(start: Option<Value>, end: Option<Value>, closed: bool, step: Option<i64>) -> Value {
    Value::Range(Box::new(super::arguments::RangeValue { start, end, closed, step }))
}

/// Compares lines with what a Python script prints, run by the interpreter that `FF_PYTHON` names;
/// says aloud where it is not set. NumPy is `np`, xarray `xr`, pandas `pd`, and `show` prints an array
/// as [`Bench::show`] does.
pub fn assert_python(script: &str, lines: &[String]) {
    let Some(interpreter) = std::env::var_os("FF_PYTHON") else {
        eprintln!("SKIPPED: FF_PYTHON is not set, so nothing was compared with xarray");
        return;
    };
    let script = format!("{PREAMBLE}\n{script}");
    let run = std::process::Command::new(interpreter).args(["-W", "ignore", "-c", &script]).output();
    let run = run.expect("FF_PYTHON starts");
    assert!(run.status.success(), "{}\n{script}", String::from_utf8_lossy(&run.stderr));
    let told = String::from_utf8(run.stdout).expect("Python prints UTF-8");
    let told: Vec<&str> = told.lines().collect();
    for (i, (ours, theirs)) in lines.iter().zip(&told).enumerate() {
        assert_eq!(ours, theirs, "case {i}: ours, then Python's");
    }
    assert_eq!(lines.len(), told.len(), "as many cases");
}

const PREAMBLE: &str = r#"
import cftime, numpy as np, pandas as pd, xarray as xr
def value(v):
    if isinstance(v, np.datetime64): v = pd.Timestamp(v)
    if hasattr(v, 'isoformat'):
        if v is pd.NaT: return 'NaT'
        text = v.strftime('%Y-%m-%dT%H:%M:%S')
        return text.removesuffix('T00:00:00')
    if isinstance(v, (np.timedelta64, str)): return str(v)
    if isinstance(v, (bool, np.bool_)): return str(v).lower()
    return repr(v.item() if hasattr(v, 'item') else v).removesuffix('.0')
def values(a): return ' '.join(value(v) for v in np.ravel(a))
def show(a):
    dims = ', '.join(f'{d}={n}' for d, n in zip(a.dims, a.shape))
    labels = [f' {d}: {values(a[d].values)}' for d in sorted(a.dims) if d in a.coords]
    print(f'[{dims}] {values(a.values)}' + (';' + ','.join(labels) if labels else ''))
"#;

impl Bench {
    /// Dims, values and labels in one line: `[t=2] 1.5 nan; t: 10 20`.
    pub fn show(&self, operand: Operand) -> String {
        let ty = self.ty(operand);
        let dims: Vec<String> = ty.dims.iter().map(|d| format!("{}={}", d.name, d.size)).collect();
        let values: Vec<String> = self.values(operand).scalars().iter().map(|s| shown(s, ty.dtype)).collect();
        let labels = ty.coords.iter().map(|(dim, coord)| {
            let labels: Vec<String> = (0..coord.len()).map(|i| shown(&coord.values.get(i), coord.dtype)).collect();
            format!(" {dim}: {}", labels.join(" "))
        });
        let labels: Vec<String> = labels.collect();
        let labels = if labels.is_empty() { String::new() } else { format!(";{}", labels.join(",")) };
        format!("[{}] {}{labels}", dims.join(", "), values.join(" "))
    }

    /// The line that [`Bench::show`] gives for a call of an operator, or its error.
    pub fn say(&mut self, name: &str, positional: &[Value], named: &[(&str, Value)]) -> String {
        match self.call(name, positional, named) {
            Ok(Value::Array(operand)) => {
                self.assert_splits(operand);
                self.show(operand)
            }
            Ok(other) => panic!("{name} gives {other:?}"),
            Err(error) => {
                let part = |text: &str| if text.is_empty() { String::new() } else { format!(" [{text}]") };
                let help = error.help.as_deref().unwrap_or_default();
                let help = if help.is_empty() { String::new() } else { format!("; {help}") };
                format!("{}: {}{}{help}", error.code, error.message, part(&error.label))
            }
        }
    }
}

fn shown(scalar: &crate::array::Scalar, dtype: DType) -> String {
    use crate::array::Scalar;
    match (scalar, dtype) {
        (Scalar::Int(t) | Scalar::DateTime(t, _), DType::DateTime(calendar)) => {
            crate::array::calendar::text::format(calendar, *t)
        }
        (Scalar::Str(text), _) => text.to_string(),
        (other, _) => other.to_string(),
    }
}
