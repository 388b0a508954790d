//! Elementwise functions: typed loops, and how a call finds the one that fits.
//!
//! As in NumPy, a function is a list of typed loops, and a call takes the smallest of those to which
//! all inputs can be cast without loss (`sqrt` of `i8` is computed in `f16`, of `i32` in `f64`).
//! Literals and params are weak (NEP 50): they take the dtype that the arrays decide, and never
//! decide themselves. A call without any array is computed at once and gives a plan-time value.

use super::broadcast::{self, Named};
use super::loops::{Loop, Run, through_wider, wider};
use super::{cast, refusal, time};
use crate::array::block::{Element, with_type};
use crate::array::{ArrayType, Block, Calendar, DType, Kind, Region, Scalar};
use crate::operators::arguments::{Param, ParamKind, required, weak_dtype};
use crate::operators::error::Culprit;
use crate::operators::evaluate::evaluate;
use crate::operators::pattern::Piece;
use crate::operators::tile::TileLoop;
use crate::operators::{Arguments, Builder, Call, Constant, Operand, Pattern, TypeError, Units, Value};

/// The parameter of functions of one argument.
pub const UNARY: &[Param] = &[required("x", ParamKind::Array, "The array.")];

/// The parameters of functions of two arguments.
pub const BINARY: &[Param] =
    &[required("a", ParamKind::Array, "The left operand."), required("b", ParamKind::Array, "The right operand.")];

/// An elementwise function.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its parameters, one an input.
    pub params: &'static [Param],
    /// Its typed loops.
    pub loops: &'static [Loop],
    /// What its results are measured in; those that are bool in nothing.
    pub units: Units,
}

/// One input of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// An array; its dtype counts.
    Array(Operand),
    /// A literal or param, which takes the dtype the arrays ask for.
    Weak(Scalar),
}

impl Function {
    /// Checks a call and emits it.
    ///
    /// # Errors
    /// No loop takes these dtypes, a literal does not fit, or the dims or coordinates differ.
    pub fn expand(&self, builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
        let given =
            self.params.iter().map(|p| given(p.name, arguments.value(p.name))).collect::<Result<Vec<_>, _>>()?;
        self.call(builder, &given)
    }

    /// Emits a call for these inputs, one a parameter.
    ///
    /// # Errors
    /// As [`Function::expand`].
    pub fn call(&self, builder: &mut dyn Builder, given: &[Given]) -> Result<Value, TypeError> {
        if let Some(scalars) = given.iter().map(Given::weak).collect::<Option<Vec<&Scalar>>>() {
            return self.at_once(&scalars);
        }
        let (inputs, calendar) = self.typed(builder, given)?;
        let dtypes: Vec<DType> = inputs.iter().map(|input| input.dtype).collect();
        let found = self.resolve(&dtypes).ok_or_else(|| refusal::no_loop(builder, self, given, &dtypes))?;
        let in_calendar = |dtype: DType| if let DType::DateTime(_) = dtype { DType::DateTime(calendar) } else { dtype };
        for (input, dtype) in inputs.iter().zip(found.inputs) {
            input.check_range(*dtype)?;
        }
        let wanted: Vec<(Named, DType)> = (self.params.iter().zip(&inputs).zip(found.inputs))
            .map(|((param, input), dtype)| {
                (Named { culprit: Culprit::Param(param.name), given: input.given.clone() }, in_calendar(*dtype))
            })
            .collect();
        let call = Call {
            name: self.name,
            text: String::new(),
            pattern: Pattern::Elementwise(self.runner(found)),
            dtype: in_calendar(found.output),
            units: if found.output == DType::Bool { Units::Lost } else { self.units },
        };
        emit(builder, call, &wanted).map(Value::Array)
    }

    /// The loop that takes inputs of these dtypes (datetimes in any calendar): of those to which all
    /// can be cast without loss, the one of the smallest and then simplest dtypes.
    pub fn resolve(&self, dtypes: &[DType]) -> Option<&'static Loop> {
        let fits = |l: &&Loop| {
            l.inputs.len() == dtypes.len()
                && l.inputs.iter().zip(dtypes).all(|(&to, &from)| {
                    let any_calendar = |d| if let DType::DateTime(_) = d { dtype!(DateTime) } else { d };
                    any_calendar(from).promote(to) == Some(to)
                })
        };
        let effort = |l: &&Loop| {
            let size: usize = l.inputs.iter().map(|d| d.size()).sum();
            let mixed = l.inputs.windows(2).any(|pair| pair[0] != pair[1]);
            (size, mixed, l.inputs.iter().map(|d| simplicity(*d)).collect::<Vec<u8>>())
        };
        self.loops.iter().filter(fits).min_by_key(effort).filter(|l| !matches!(l.run, Run::Refused))
    }

    /// What computes a loop.
    fn runner(&self, found: &Loop) -> TileLoop {
        match found.run {
            Run::Typed(make) => make(),
            Run::Wider | Run::Refused => {
                let inputs: Vec<DType> = found.inputs.iter().map(|&dtype| wider(dtype)).collect();
                let inner = self.loops.iter().find(|l| l.inputs == inputs).expect("a row has the wider loop too");
                through_wider(self.runner(inner), inner.output)
            }
        }
    }

    /// Whether the results for integers are none (comparisons, `/`): literals beyond the range of the
    /// array's dtype are then no mistake.
    fn leaves_integers(&self) -> bool {
        let of_integers = |l: &&Loop| l.inputs.iter().all(|d| d.is_integer());
        let mut loops = self.loops.iter().filter(of_integers).peekable();
        loops.peek().is_some() && loops.all(|l| !l.output.is_integer())
    }

    /// The dtype of each input and the calendar of those that are datetimes.
    fn typed(&self, builder: &dyn Builder, given: &[Given]) -> Result<(Vec<Typed>, Calendar), TypeError> {
        let arrays: Vec<DType> = given.iter().filter_map(|g| g.dtype(builder)).collect();
        let common = arrays[1..].iter().try_fold(arrays[0], |a, &b| a.promote(b)).unwrap_or(arrays[0]);
        let calendar = time::common_calendar(self, builder, given)?;
        let typed = self.params.iter().zip(given).map(|(param, given)| {
            let culprit = Culprit::Param(param.name);
            let Given::Weak(scalar) = given else {
                let dtype = given.dtype(builder).expect("what is not weak is an array");
                return Ok(Typed { culprit, given: given.clone(), dtype });
            };
            let (scalar, dtype) = match (scalar, common) {
                (Scalar::Str(text), DType::DateTime(calendar)) => {
                    (time::parse(text, calendar, &culprit)?, DType::DateTime(calendar))
                }
                (Scalar::Int(i), _) if self.leaves_integers() && common.is_integer() && !fits(*i, common) => {
                    (scalar.clone(), DType::I64)
                }
                (Scalar::UInt(_), _) if self.leaves_integers() && common.is_integer() => (scalar.clone(), DType::U64),
                _ => (scalar.clone(), weak_dtype(scalar, common).unwrap_or_else(|| default_dtype(scalar))),
            };
            Ok(Typed { culprit, given: Given::Weak(scalar), dtype })
        });
        Ok((typed.collect::<Result<_, _>>()?, calendar))
    }

    /// The value of a call without arrays.
    fn at_once(&self, scalars: &[&Scalar]) -> Result<Value, TypeError> {
        let dtypes: Vec<DType> = scalars.iter().map(|s| default_dtype(s)).collect();
        let found = self.resolve(&dtypes).ok_or_else(|| refusal::no_loop_for_values(self, scalars))?;
        let value = self.run_once(found, scalars);
        if self.overflows(found, scalars) {
            let message = format!("the integer that {} gives is too large", self.shown(scalars));
            return Err(TypeError::new("ff::type::range", message).with_help("write a number with a point: `1.0`"));
        }
        Ok(value)
    }

    /// The call as it would be written, for messages.
    pub fn shown(&self, scalars: &[&Scalar]) -> String {
        let shown: Vec<String> = scalars.iter().map(|s| s.to_string()).collect();
        match (refusal::symbol(self.name), shown.as_slice()) {
            (Some(symbol), [a, b]) => format!("`{a} {symbol} {b}`"),
            (Some(symbol), [x]) => format!("`{symbol}{x}`"),
            _ => format!("`{}({})`", self.name, shown.join(", ")),
        }
    }

    /// Whether a call on integers leaves their range: plan-time values do not wrap.
    fn overflows(&self, found: &Loop, scalars: &[&Scalar]) -> bool {
        if found.output != DType::I64 || found.inputs.iter().any(|d| *d != DType::I64) {
            return false;
        }
        let Some(real) = self.resolve(&vec![DType::F64; scalars.len()]) else { return false };
        match self.run_once(real, scalars) {
            Value::Float(x) => x.abs() >= 2f64.powi(63),
            _ => false,
        }
    }

    /// Runs a loop on one element of each input.
    fn run_once(&self, found: &Loop, scalars: &[&Scalar]) -> Value {
        let run = self.runner(found);
        let call = Call {
            name: "",
            text: String::new(),
            pattern: Pattern::Elementwise(run),
            dtype: found.output,
            units: self.units,
        };
        let whole = Region::whole(&[]);
        let piece = |(scalar, dtype): (&&Scalar, &DType)| Piece {
            region: whole.clone(),
            block: Block::from_scalar(*dtype, scalar),
        };
        let pieces: Vec<Piece> = scalars.iter().zip(found.inputs).map(piece).collect();
        let block = evaluate(&call, &whole, &pieces).expect("an elementwise call");
        plan_value(found.output, &block)
    }
}

impl Given {
    /// The scalar, where it is weak.
    pub fn weak(&self) -> Option<&Scalar> {
        match self {
            Given::Weak(scalar) => Some(scalar),
            Given::Array(_) => None,
        }
    }

    /// The dtype of an array.
    pub fn dtype(&self, builder: &dyn Builder) -> Option<DType> {
        match self {
            Given::Array(operand) => Some(builder.ty(*operand).dtype),
            Given::Weak(_) => None,
        }
    }
}

/// An input and the dtype it counts as.
struct Typed {
    culprit: Culprit,
    given: Given,
    dtype: DType,
}

impl Typed {
    /// An error where this is a literal that `dtype` cannot hold.
    fn check_range(&self, dtype: DType) -> Result<(), TypeError> {
        match &self.given {
            Given::Weak(Scalar::Int(i)) if dtype.is_integer() && !fits(*i, dtype) => {
                Err(refusal::out_of_range(i, dtype).at(self.culprit.clone(), "this literal"))
            }
            Given::Weak(Scalar::UInt(u)) if dtype.is_integer() && dtype != DType::U64 => {
                Err(refusal::out_of_range(u, dtype).at(self.culprit.clone(), "this literal"))
            }
            _ => Ok(()),
        }
    }
}

/// The place of a dtype among those of its size: bools become signed rather than unsigned integers.
fn simplicity(dtype: DType) -> u8 {
    match dtype.kind() {
        Kind::Bool => 0,
        Kind::Signed => 1,
        Kind::Unsigned => 2,
        Kind::Float => 3,
        Kind::Complex => 4,
        Kind::Time => 5,
        Kind::Str => 6,
    }
}

/// Whether an integer dtype holds `i`.
pub fn fits(i: i64, dtype: DType) -> bool {
    match dtype {
        DType::U64 => i >= 0,
        DType::I64 => true,
        _ => {
            let bits = dtype.size() as u32 * 8;
            let (low, high) = if dtype.kind() == Kind::Unsigned {
                (0, (1i64 << bits) - 1)
            } else {
                (-1i64 << (bits - 1), (1i64 << (bits - 1)) - 1)
            };
            (low..=high).contains(&i)
        }
    }
}

/// A value of a call as an input.
///
/// # Errors
/// It is neither an array nor a scalar.
pub fn given(param: &'static str, value: &Value) -> Result<Given, TypeError> {
    match value {
        Value::Array(operand) => Ok(Given::Array(*operand)),
        Value::View(_) => Err(TypeError::expected(param, "an array or a number", value)
            .with_help("a grouped or windowed array waits for its reduction: `|> mean()`")),
        Value::Duration { months, .. } if *months != 0 => Err(refusal::months(param)),
        other => {
            other.scalar().map(Given::Weak).ok_or_else(|| TypeError::expected(param, "an array or a number", other))
        }
    }
}

/// The dtype of a scalar where no array decides.
pub fn default_dtype(scalar: &Scalar) -> DType {
    match scalar {
        Scalar::Bool(_) => DType::Bool,
        Scalar::Int(_) => DType::I64,
        Scalar::UInt(_) => DType::U64,
        Scalar::Float(_) => DType::F64,
        Scalar::Complex(_) => DType::C128,
        Scalar::DateTime(_, calendar) => DType::DateTime(*calendar),
        Scalar::Duration(_) => DType::Duration,
        Scalar::Str(_) => DType::Str,
    }
}

/// Casts and broadcasts the inputs as wanted and adds the call. Blames the last array where the
/// coordinates differ.
///
/// # Errors
/// The dims or coordinates differ.
pub fn emit(builder: &mut dyn Builder, call: Call, wanted: &[(Named, DType)]) -> Result<Operand, TypeError> {
    let given = wanted.iter().filter_map(|(named, dtype)| match named.given {
        Given::Array(operand) => Some(((named.culprit.clone(), operand), *dtype)),
        Given::Weak(_) => None,
    });
    let (arrays, dtypes): (Vec<_>, Vec<DType>) = given.unzip();
    let dims = broadcast::common_dims(builder, &arrays)?;
    let mut together = Vec::new();
    for ((_, operand), dtype) in arrays.iter().zip(dtypes) {
        let operand = cast::cast_to(builder, *operand, dtype)?;
        together.push(broadcast::broadcast_to(builder, operand, &dims)?);
    }
    let mut together = together.into_iter();
    let inputs: Vec<Operand> = wanted
        .iter()
        .map(|(named, dtype)| match &named.given {
            Given::Array(_) => together.next().expect("as many as went in"),
            Given::Weak(scalar) => {
                builder.constant(ArrayType::new(*dtype, dims.clone()), Constant::Full(scalar.clone()))
            }
        })
        .collect();
    builder.apply(call, &inputs).map_err(|error| match (&error.culprit, arrays.last(), arrays.first()) {
        (Culprit::Call, Some((last, _)), Some((first, _))) if arrays.len() > 1 => {
            error.at(last.clone(), "these coordinates").and_at(first.clone(), "those of this array")
        }
        _ => error,
    })
}

/// The only element of a block as a plan-time value.
pub fn plan_value(dtype: DType, block: &Block) -> Value {
    let element = with_type!(dtype, T => {
        block.view::<T>().and_then(|view| view.first().map(Element::to_scalar)).unwrap_or(Scalar::Float(f64::NAN))
    });
    match (dtype, element) {
        (DType::Duration, Scalar::Int(micros)) => Value::Duration { months: 0, micros },
        (_, Scalar::Bool(b)) => Value::Bool(b),
        (_, Scalar::Int(i)) => Value::Int(i),
        (_, Scalar::UInt(u)) => i64::try_from(u).map_or(Value::UInt(u), Value::Int),
        (_, Scalar::Str(text)) => Value::Str(text.to_string()),
        (_, Scalar::Complex(z)) => Value::Float(z.re),
        (_, other) => Value::Float(other.as_f64().unwrap_or(f64::NAN)),
    }
}
