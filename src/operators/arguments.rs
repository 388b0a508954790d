//! Signatures of operators, and the values their calls bring.

use std::sync::Arc;

use super::error::{Culprit, TypeError};
use super::view::View;
use super::{Builder, Operand};
use crate::array::{ArrayType, DType, DimName, Scalar};
use crate::source::Spanned;

/// A value while planning: an array that is a node of the graph, or something known already.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An array.
    Array(Operand),
    /// A grouped or windowed array that waits for its reduction.
    View(Arc<View>),
    /// Named values: a dataset, a group, a record.
    Record(Arc<Vec<(String, Value)>>),
    /// Several values.
    List(Arc<Vec<Value>>),
    /// A range by position or by label.
    Range(Box<RangeValue>),
    /// `none`.
    None,
    /// A truth value.
    Bool(bool),
    /// An integer; weak in promotion.
    Int(i64),
    /// An integer beyond those of `i64`, as written; weak in promotion.
    UInt(u64),
    /// A real number; weak in promotion.
    Float(f64),
    /// Text; also paths and dates.
    Str(String),
    /// Bytes.
    Size(u64),
    /// Months and microseconds.
    Duration {
        /// Calendar months.
        months: i64,
        /// Microseconds.
        micros: i64,
    },
    /// An element type.
    DType(DType),
    /// A bare name where a dim is expected.
    Name(String),
}

/// A range as written: ends and step may be absent.
#[derive(Clone, Debug, PartialEq)]
pub struct RangeValue {
    /// Where it begins.
    pub start: Option<Value>,
    /// Where it ends.
    pub end: Option<Value>,
    /// Whether it was written `..`, with its end, and not `..<`.
    pub closed: bool,
    /// The distance between elements.
    pub step: Option<i64>,
}

impl Value {
    /// What it is, in a word or two, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Array(_) => "an array",
            Value::View(_) => "a grouped or windowed array",
            Value::Record(_) => "a dataset",
            Value::List(_) => "a list",
            Value::Range(_) => "a range",
            Value::None => "none",
            Value::Bool(_) => "a bool",
            Value::Int(_) | Value::UInt(_) => "an integer",
            Value::Float(_) => "a number",
            Value::Str(_) => "a string",
            Value::Size(_) => "a size",
            Value::Duration { .. } => "a duration",
            Value::DType(_) => "a dtype",
            Value::Name(_) => "a name",
        }
    }

    /// The value as a weak scalar, where it is one.
    pub fn scalar(&self) -> Option<Scalar> {
        match self {
            Value::Bool(b) => Some(Scalar::Bool(*b)),
            Value::Int(i) => Some(Scalar::Int(*i)),
            Value::UInt(u) => Some(Scalar::UInt(*u)),
            Value::Size(n) => i64::try_from(*n).ok().map(Scalar::Int),
            Value::Float(x) => Some(Scalar::Float(*x)),
            Value::Str(s) => Some(Scalar::Str(s.as_str().into())),
            Value::Duration { months: 0, micros } => Some(Scalar::Duration(*micros)),
            _ => None,
        }
    }
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ParamKind {
    /// An array; a scalar literal is taken as a weak 0-d one.
    Array,
    /// An array, or a view of one that waits for its reduction.
    ArrayOrView,
    /// A list of arrays.
    Arrays,
    /// An integer.
    Int,
    /// A real number.
    Float,
    /// Any plan-time scalar.
    Scalar,
    /// `true` or `false`.
    Bool,
    /// Text.
    Str,
    /// One of these words, written bare or as text.
    Choice(&'static [&'static str]),
    /// One of these words, written bare or as text, or any plan-time value.
    WordOr(&'static [&'static str]),
    /// The name of an element type.
    DType,
    /// One dim, by bare name or axis number.
    Dim,
    /// The name of a dim that need not exist.
    NewName,
    /// Any number of positional dims, by bare name or axis number.
    Dims,
    /// An expression in which the coordinates of the first argument are in scope by bare name. The
    /// lowering gives the record `{name, values}`: `values` is the array, list or dim name that the
    /// expression is, and `name`, a text, what the groups are to be called: the last member of
    /// `time.month`, the bare name of a coordinate, dim or `let`; it is left out where the expression
    /// has no name. A value that is no such record is a key without a name.
    Key,
    /// Any number of positional keys, each as [`ParamKind::Key`] describes it.
    Keys,
    /// Named arguments whose names are dims of the first argument (or, for `rename` and its like, anything).
    PerDim,
    /// Calls by name, or a record of such: `n: count, s: std(ddof: 1)`. The lowering makes each of them with the first
    /// argument, and the operator is never expanded.
    Calls,
    /// Any plan-time value or array, as it is.
    Any,
    /// Any number of positional values, as they are.
    Rest,
}

/// One parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: ParamKind,
    /// Its default as a script would write it; none makes it required (variadic kinds never are).
    pub default: Option<&'static str>,
    /// One line of help.
    pub doc: &'static str,
}

/// A required parameter.
pub const fn required(name: &'static str, kind: ParamKind, doc: &'static str) -> Param {
    Param { name, kind, default: None, doc }
}

/// A parameter that may be left out; `default` is how a script would write what it then is.
pub const fn optional(name: &'static str, kind: ParamKind, default: &'static str, doc: &'static str) -> Param {
    Param { name, kind, default: Some(default), doc }
}

/// The parameters of an operator, in the order of positional arguments.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// The parameters.
    pub params: &'static [Param],
}

/// The arguments of one call, matched to the parameters.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// Parameters that were given, with their values.
    pub named: Vec<(&'static str, Spanned<Value>)>,
    /// Positional arguments of a variadic parameter (`Dims`, `Keys`, `Rest`).
    pub variadic: Vec<Spanned<Value>>,
    /// Named arguments of a `PerDim` parameter.
    pub per_dim: Vec<(Spanned<String>, Spanned<Value>)>,
}

impl Arguments {
    /// The value of a parameter, none where it was left out or given as `none`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.named.iter().find(|(n, _)| *n == name).map(|(_, v)| &v.value).filter(|v| **v != Value::None)
    }

    /// The value of a required parameter.
    ///
    /// # Panics
    /// Where it is missing: binding checks that.
    pub fn value(&self, name: &'static str) -> &Value {
        self.get(name).unwrap_or(&Value::None)
    }

    /// An array parameter.
    ///
    /// # Errors
    /// It is something else.
    pub fn array(&self, name: &'static str) -> Result<Operand, TypeError> {
        match self.value(name) {
            Value::Array(operand) => Ok(*operand),
            other => Err(TypeError::expected(name, "an array", other)),
        }
    }

    /// An integer parameter, `default` where it was left out.
    ///
    /// # Errors
    /// It is something else.
    pub fn int(&self, name: &'static str, default: i64) -> Result<i64, TypeError> {
        Ok(self.int_opt(name)?.unwrap_or(default))
    }

    /// An integer parameter that may be absent.
    ///
    /// # Errors
    /// It is something else.
    pub fn int_opt(&self, name: &'static str) -> Result<Option<i64>, TypeError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Int(i)) => Ok(Some(*i)),
            Some(other) => Err(TypeError::expected(name, "an integer", other)),
        }
    }

    /// A real parameter that may be absent.
    ///
    /// # Errors
    /// It is something else.
    pub fn float_opt(&self, name: &'static str) -> Result<Option<f64>, TypeError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Int(i)) => Ok(Some(*i as f64)),
            Some(Value::Float(x)) => Ok(Some(*x)),
            Some(other) => Err(TypeError::expected(name, "a number", other)),
        }
    }

    /// A truth parameter, `default` where it was left out.
    ///
    /// # Errors
    /// It is something else.
    pub fn bool(&self, name: &'static str, default: bool) -> Result<bool, TypeError> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(b)) => Ok(*b),
            Some(other) => Err(TypeError::expected(name, "true or false", other)),
        }
    }

    /// A text parameter that may be absent; a bare name counts as text.
    ///
    /// # Errors
    /// It is something else.
    pub fn str_opt(&self, name: &'static str) -> Result<Option<&str>, TypeError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Str(s) | Value::Name(s)) => Ok(Some(s)),
            Some(other) => Err(TypeError::expected(name, "a word", other)),
        }
    }

    /// A dtype parameter that may be absent.
    ///
    /// # Errors
    /// It is something else.
    pub fn dtype_opt(&self, name: &'static str) -> Result<Option<DType>, TypeError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::DType(dtype)) => Ok(Some(*dtype)),
            Some(other) => Err(TypeError::expected(name, "a dtype", other)),
        }
    }

    /// The axes that the variadic dims name, in ascending order; all axes where none was named, or `..`.
    ///
    /// # Errors
    /// A dim is unknown, out of range or named twice.
    pub fn axes(&self, ty: &ArrayType) -> Result<Vec<usize>, TypeError> {
        let everything = |dim: &Spanned<Value>| dim.value == Value::Name("..".to_owned());
        if self.variadic.iter().any(everything) {
            return Ok((0..ty.rank()).collect());
        }
        let mut axes = Vec::new();
        for (i, dim) in self.variadic.iter().enumerate() {
            let axis = axis(&dim.value, ty).map_err(|e| e.at(Culprit::Variadic(i), "no such dim"))?;
            if axes.contains(&axis) {
                let message = format!("dim `{}` is named twice", ty.dims[axis].name);
                return Err(TypeError::new("ff::type::repeated_dim", message).at(Culprit::Variadic(i), "again here"));
            }
            axes.push(axis);
        }
        if axes.is_empty() {
            axes.extend(0..ty.rank());
        }
        axes.sort_unstable();
        Ok(axes)
    }

    /// The named per-dim arguments with their axes in `ty`, in the order written.
    ///
    /// # Errors
    /// A name is not a dim of `ty`.
    pub fn per_axis(&self, ty: &ArrayType) -> Result<Vec<(usize, &Spanned<Value>)>, TypeError> {
        let axis = |name: &Spanned<String>| {
            let dim = DimName::new(&name.value);
            super::axis_of(ty, &dim).map_err(|e| e.at(Culprit::Named(name.value.clone()), "no such dim"))
        };
        self.per_dim.iter().map(|(name, value)| Ok((axis(name)?, value))).collect()
    }
}

/// The axis a value names: a bare name, text, or a number (negative from the end).
///
/// # Errors
/// There is no such axis.
pub fn axis(value: &Value, ty: &ArrayType) -> Result<usize, TypeError> {
    match value {
        Value::Name(name) | Value::Str(name) => super::axis_of(ty, &DimName::new(name)),
        Value::Int(number) => {
            let rank = ty.rank() as i64;
            let at = if *number < 0 { number + rank } else { *number };
            if (0..rank).contains(&at) {
                return Ok(at as usize);
            }
            let message = format!("axis {number} is out of range for {ty}");
            Err(TypeError::new("ff::type::unknown_dim", message).with_help("name the dim instead: names do not shift"))
        }
        other => Err(TypeError::new("ff::type::argument", format!("a dim is expected, this is {}", other.kind()))),
    }
}

impl TypeError {
    /// An argument of the wrong kind.
    pub fn expected(param: &'static str, expected: &str, found: &Value) -> Self {
        let message = format!("`{param}` takes {expected}, this is {}", found.kind());
        TypeError::new("ff::type::argument", message).at(Culprit::Param(param), format!("expected {expected}"))
    }
}

/// The dtype a weak scalar takes beside an array of `dtype` (NEP 50), none where they do not mix.
pub fn weak_dtype(scalar: &Scalar, dtype: DType) -> Option<DType> {
    use crate::array::Kind;
    let float = |d: DType| if d.kind() >= Kind::Float { d } else { DType::F64 };
    match scalar {
        Scalar::Bool(_) if dtype.is_numeric() => Some(dtype),
        Scalar::Int(_) | Scalar::UInt(_) if dtype == DType::Bool => Some(DType::I64),
        Scalar::Int(_) | Scalar::UInt(_) if dtype.is_numeric() => Some(dtype),
        Scalar::Float(_) if dtype.is_numeric() => Some(float(dtype)),
        Scalar::Complex(_) if dtype.is_numeric() => Some(match dtype {
            DType::F16 | DType::F32 | DType::C64 => DType::C64,
            _ => DType::C128,
        }),
        Scalar::Str(_) if dtype == DType::Str => Some(dtype),
        Scalar::Duration(_) if dtype.kind() == Kind::Time => Some(DType::Duration),
        Scalar::DateTime(..) if matches!(dtype, DType::DateTime(_)) => Some(dtype),
        _ => None,
    }
}

/// The value as an operand: an array as it is, a scalar as a 0-d constant of `dtype`.
pub fn operand(builder: &mut dyn Builder, value: &Value, dtype: DType) -> Option<Operand> {
    if let Value::Array(operand) = value {
        return Some(*operand);
    }
    let scalar = value.scalar()?;
    Some(builder.constant(ArrayType::scalar(dtype), super::Constant::Full(scalar)))
}
