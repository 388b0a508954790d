//! What `pad` adds that is computed: ramps, and statistics of the elements along the dim, as NumPy makes them.

use crate::array::{ArrayType, DType, Dims, Kind, Scalar};
use crate::operators::elementwise::broadcast::broadcast_to;
use crate::operators::error::Culprit;
use crate::operators::moves::{self, Span};
use crate::operators::{Arguments, Builder, Constant, Operand, TypeError, Value, call};

/// What is computed for the ends of a dim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// A ramp from the outermost element to another value.
    Ramp,
    /// A statistic, by the name of its operator.
    Statistic(&'static str),
}

impl Made {
    /// What comes before and after the elements along an axis.
    pub fn ends(
        self,
        builder: &mut dyn Builder,
        arguments: &Arguments,
        (x, axis, widths): (Operand, usize, (u64, u64)),
    ) -> Result<[Operand; 2], TypeError> {
        let ty = builder.ty(x);
        let dim = &ty.dims[axis];
        if matches!(ty.dtype.kind(), Kind::Time | Kind::Str | Kind::Bool) {
            let error = TypeError::new("ff::type::dtype", format!("this mode computes with numbers, not {}", ty.dtype));
            return Err(error.at(Culprit::Param("mode"), "is not for this dtype"));
        }
        if dim.size == 0 {
            let error = TypeError::new("ff::type::size", format!("dim `{}` has no elements to pad it with", dim.name));
            return Err(error.or_at(Culprit::Named(dim.name.to_string())));
        }
        let bare = moves::unlabel(builder, x, &dim.name)?;
        match self {
            Made::Ramp => {
                let end = arguments.float_opt("end_values")?.unwrap_or(0.0);
                Ok([
                    ramp(builder, bare, (axis, widths.0, end), true)?,
                    ramp(builder, bare, (axis, widths.1, end), false)?,
                ])
            }
            Made::Statistic(name) => {
                let length = match arguments.int_opt("stat_length")? {
                    None => dim.size,
                    Some(length) if length > 0 => (length as u64).min(dim.size),
                    Some(length) => {
                        let error =
                            TypeError::new("ff::type::argument", format!("no statistic is of {length} elements"));
                        return Err(error.at(Culprit::Param("stat_length"), "one or more"));
                    }
                };
                let spans = [Span::run(0, length), Span::run(dim.size - length, length)];
                let mut ends = Vec::new();
                for (span, width) in spans.into_iter().zip([widths.0, widths.1]) {
                    let part = moves::slice(builder, bare, &[(axis, span)])?;
                    ends.push(statistic(builder, part, (name, axis, width), ty.dtype)?);
                }
                Ok([ends[0], ends[1]])
            }
        }
    }
}

/// A statistic along an axis, as often as wide; whole numbers are rounded.
fn statistic(
    builder: &mut dyn Builder,
    part: Operand,
    (name, axis, width): (&str, usize, u64),
    dtype: DType,
) -> Result<Operand, TypeError> {
    let options = [("skipna", Value::Bool(false)), ("keepdims", Value::Bool(true))];
    let mut value = call::over(builder, name, (part, &[axis]), &options)?;
    if dtype.is_integer() && builder.ty(value).dtype.kind() == Kind::Float {
        value = call::operator(builder, "rint", &[Value::Array(value)])?;
    }
    let value = call::cast(builder, value, dtype)?;
    let mut shape = builder.ty(value).shape();
    shape[axis] = width;
    moves::broadcast(builder, value, &shape)
}

/// A ramp as `numpy.linspace` makes it, without its last element, the outermost one of the array.
fn ramp(
    builder: &mut dyn Builder,
    x: Operand,
    (axis, width, end): (usize, u64, f64),
    front: bool,
) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let dim = ty.dims[axis].clone();
    let edge = Span::run(if front { 0 } else { dim.size - 1 }, 1);
    let edge = moves::slice(builder, x, &[(axis, edge)])?;
    let edge = moves::drop_axis(builder, edge, axis)?;
    let wide = if ty.dtype.kind() == Kind::Complex { DType::C128 } else { DType::F64 };
    let edge = call::cast(builder, edge, wide)?;
    let (start, step) = if front { (0, 1) } else { (width as i64 - 1, -1) };
    let line = ArrayType::new(DType::F64, Dims::new([(dim.name.clone(), width)]));
    let linear = Constant::Linear { start: Scalar::Float(start as f64), step: Scalar::Float(f64::from(step)) };
    let line = builder.constant(line, linear);
    let delta = call::operator(builder, "sub", &[Value::Array(edge), Value::Float(end)])?;
    let delta = call::operator(builder, "div", &[Value::Array(delta), Value::Float(width.max(1) as f64)])?;
    let made = call::operator(builder, "mul", &[Value::Array(line), Value::Array(delta)])?;
    let mut made = call::operator(builder, "add", &[Value::Array(made), Value::Float(end)])?;
    if ty.dtype.is_integer() {
        made = call::operator(builder, "floor", &[Value::Array(made)])?;
    }
    let made = call::cast(builder, made, ty.dtype)?;
    let mut dims = ty.dims.clone();
    dims[axis].size = width;
    broadcast_to(builder, made, &dims)
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use crate::operators::Value;
    use crate::operators::testing::{Bench, assert_python, ints};
    use Value::{Float, Int, Name};

    #[test]
    fn ends_are_computed_as_numpy_does() {
        let mut bench = Bench::new();
        let values: Vec<f64> = (0..12).map(|i| if i == 5 { f64::NAN } else { f64::from(i * 7 % 11) / 4.0 }).collect();
        let reals = Value::Array(bench.array(&[("t", 3), ("y", 4)], values.clone()));
        let single =
            Value::Array(bench.array(&[("t", 3), ("y", 4)], values.iter().map(|x| *x as f32).collect::<Vec<_>>()));
        let whole =
            Value::Array(bench.array(&[("t", 3), ("y", 4)], (0..12).map(|i| i * 7 % 11 - 4).collect::<Vec<i32>>()));
        let mut made = Vec::new();
        for x in [&reals, &single, &whole] {
            for mode in ["linear_ramp", "mean", "median", "maximum", "minimum"] {
                let named = [("t", ints([2, 1])), ("y", Int(3)), ("mode", Name(mode.into()))];
                made.push(bench.apply_named("pad", from_ref(x), &named));
            }
            let ramp = [("y", ints([0, 4])), ("mode", Name("linear_ramp".into())), ("end_values", Float(-2.5))];
            made.push(bench.apply_named("pad", from_ref(x), &ramp));
            let mean = [("y", Int(1)), ("mode", Name("mean".into())), ("stat_length", Int(2))];
            made.push(bench.apply_named("pad", from_ref(x), &mean));
        }
        let line = |operand| {
            bench.assert_splits(operand);
            let texts: Vec<String> = (bench.values(operand).scalars().iter())
                .map(|s| format!("{:.6}", s.as_f64().unwrap_or(f64::NAN) + 0.0))
                .collect();
            format!("{:?} {}", bench.values(operand).shape(), texts.join(" ")).replace("NaN", "nan")
        };
        let lines: Vec<String> = made.into_iter().map(line).collect();
        let script = "
def say(a): print(list(a.shape), ' '.join(f'{float(v) + 0.0:.6f}' for v in a.ravel()))
v = np.array([np.nan if i == 5 else i * 7 % 11 / 4 for i in range(12)]).reshape(3, 4)
for x in (v, v.astype('f4'), (np.arange(12) * 7 % 11 - 4).astype('i4').reshape(3, 4)):
    for m in ['linear_ramp', 'mean', 'median', 'maximum', 'minimum']: say(np.pad(x, ((2, 1), (3, 3)), mode=m))
    e = -2.5 if x.dtype.kind == 'f' else -2.5
    say(np.pad(x, ((0, 0), (0, 4)), mode='linear_ramp', end_values=e))
    say(np.pad(x, ((0, 0), (1, 1)), mode='mean', stat_length=2))";
        assert_python(script, &lines);
    }

    #[test]
    fn mistakes_are_explained() {
        let mut bench = Bench::new();
        let x = Value::Array(bench.x());
        let empty = Value::Array(bench.array(&[("t", 0)], Vec::<f64>::new()));
        let truth = Value::Array(bench.array(&[("t", 2)], vec![true; 2]));
        let (t, mean) = (("t", Int(1)), ("mode", Name("mean".into())));
        let told = [
            bench.say("pad", from_ref(&x), &[t.clone(), ("end_values", Int(1))]),
            bench.say("pad", from_ref(&x), &[t.clone(), mean.clone(), ("stat_length", Int(0))]),
            bench.say("pad", from_ref(&x), &[t.clone(), mean.clone(), ("value", Int(0))]),
            bench.say("pad", &[empty], &[t.clone(), mean.clone()]),
            bench.say("pad", &[truth], &[t, mean]),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
