//! Histograms of several arrays at once: the bin of each element of each array, the number of their combination, and the
//! counts of these, which are then taken apart into a dim an array.

use std::sync::Arc;

use super::super::call::{cast, operator};
use super::super::elementwise::broadcast::{broadcast_to, together};
use super::super::error::{Culprit, TypeError};
use super::super::index::Labels;
use super::super::moves;
use super::super::pattern::{Pattern, Reduction, Spread};
use super::super::reduction::choose::undefined;
use super::super::reduction::expand::weights;
use super::super::{Arguments, Builder, Call, Operand, Units, Value};
use super::bins::Bins;
use super::expand::{elementwise, extremes, is_real};
use super::place;
use super::tally::Tally;
use crate::array::{ArrayType, Coord, DType, Dim, DimName, Dims};
use crate::source::{Span, Spanned};

/// The most combinations of bins.
const MOST: u64 = 1 << 24;

/// One of the arrays, with the name of the dim of its bins.
struct Sample {
    x: Operand,
    dim: DimName,
    at: Culprit,
}

/// `histogram2d`.
///
/// # Errors
/// As [`histogramdd`].
pub(super) fn histogram2d(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let sample = ["x", "y"].map(|param| {
        let x = args.array(param)?;
        Ok(Sample { x, dim: DimName::new(&format!("bin_{param}")), at: Culprit::Param(param) })
    });
    joint(builder, args, sample.into_iter().collect::<Result<_, TypeError>>()?)
}

/// `histogramdd`.
///
/// # Errors
/// The values are no real numbers, bins or ranges are none or not one an array, or there are too many combinations.
pub(super) fn histogramdd(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let named: Vec<(String, Value)> = match args.value("sample") {
        Value::List(items) => items.iter().enumerate().map(|(i, x)| (i.to_string(), x.clone())).collect(),
        Value::Record(fields) => fields.to_vec(),
        x @ Value::Array(_) => vec![("0".to_owned(), x.clone())],
        other => return Err(TypeError::expected("sample", "a list or a record of arrays", other)),
    };
    if named.is_empty() {
        let error = TypeError::new("ff::type::argument", "there is no array to count");
        return Err(error.at(Culprit::Param("sample"), "empty"));
    }
    let array = |(name, value): (String, Value)| match value {
        Value::Array(x) => Ok(Sample { x, dim: DimName::new(&format!("bin_{name}")), at: Culprit::Param("sample") }),
        other => Err(TypeError::expected("sample", "arrays", &other)),
    };
    joint(builder, args, named.into_iter().map(array).collect::<Result<_, TypeError>>()?)
}

/// What a list says of each array; the same for all where it is no such list.
fn each(args: &Arguments, param: &'static str, count: usize, is_single: bool) -> Result<Vec<Option<Value>>, TypeError> {
    match args.get(param) {
        None => Ok(vec![None; count]),
        Some(value) if is_single => Ok(vec![Some(value.clone()); count]),
        Some(Value::List(items)) if items.len() == count => {
            Ok(items.iter().map(|item| (*item != Value::None).then(|| item.clone())).collect())
        }
        Some(_) => {
            let error =
                TypeError::new("ff::type::argument", format!("`{param}` says something of each of {count} arrays"));
            Err(error.at(Culprit::Param(param), format!("a list of {count} is expected")))
        }
    }
}

/// Arguments with these bins and range.
fn with_bins(bins: Option<Value>, range: Option<Value>) -> Arguments {
    let spanned = |value: Value| Spanned::new(value, Span::default());
    let said = [("bins", bins), ("range", range)];
    let named = said.into_iter().filter_map(|(name, value)| Some((name, spanned(value?)))).collect();
    Arguments { named, ..Arguments::default() }
}

fn joint(builder: &mut dyn Builder, args: &Arguments, sample: Vec<Sample>) -> Result<Value, TypeError> {
    let count = sample.len();
    let is_number = matches!(args.get("bins"), Some(Value::Int(_)));
    let bins = each(args, "bins", count, is_number)?;
    let ranges = each(args, "range", count, false)?;
    let all: Vec<(Culprit, Operand)> = sample.iter().map(|sample| (sample.at.clone(), sample.x)).collect();
    let all = together(builder, &all)?;
    let mut axes = Vec::new();
    for ((sample, x), said) in sample.iter().zip(&all).zip(bins.into_iter().zip(ranges)) {
        let ty = builder.ty(*x);
        if !is_real(ty.dtype) {
            return Err(undefined("histogram", ty.dtype).at(sample.at.clone(), format!("this is {ty}")));
        }
        let bins = Bins::read(builder, &with_bins(said.0, said.1), (ty.dtype, ty.dims.count() == 0))?;
        axes.push(Axis::place(builder, (*x, sample), bins)?);
    }
    let sizes: Vec<u64> = axes.iter().map(|axis| u64::from(axis.bins.count())).collect();
    let total = sizes.iter().fold(1u64, |n, size| n.saturating_mul(*size));
    if total > MOST {
        let error =
            TypeError::new("ff::type::size", format!("there are {total} combinations of bins, at most {MOST} can be"));
        return Err(error.at(Culprit::Param("bins"), "too many"));
    }
    let indices = combined(builder, &axes)?;
    let counted = tally(builder, args, indices, total)?;
    let out = taken_apart(builder, counted, &axes)?;
    match args.bool("density", false)? {
        true => density(builder, out, &axes).map(Value::Array),
        false => Ok(Value::Array(out)),
    }
}

/// The bins of one array.
struct Axis {
    bins: Bins,
    /// The dim of the bins.
    dim: DimName,
    /// Their labels.
    coord: Option<Arc<Coord>>,
    dtype: DType,
    /// The bin of each element, `i32`.
    placed: Operand,
    /// The least and greatest value, where these are the ends.
    ends: Option<[Operand; 2]>,
}

impl Axis {
    fn place(builder: &mut dyn Builder, (x, sample): (Operand, &Sample), bins: Bins) -> Result<Axis, TypeError> {
        let ty = builder.ty(x);
        let ends = match bins {
            Bins::Within(_) => Some(extremes(builder, x)?),
            Bins::Equal { .. } | Bins::Listed(_) => None,
        };
        let mut inputs = vec![x];
        for end in ends.iter().flatten() {
            inputs.push(broadcast_to(builder, *end, &ty.dims)?);
        }
        let placed = elementwise(builder, ("bins", bins.text()), (bins.place(ty.dtype), DType::I32), &inputs)?;
        let spread = bins.spread(&ty.attrs);
        let dim = sample.dim.clone();
        let coord = spread.coord.map(|coord| Arc::new(Coord { dim: dim.clone(), ..(*coord).clone() }));
        Ok(Axis { bins, dim, coord, dtype: ty.dtype, placed, ends })
    }
}

/// The number of the combination of bins, -1 where an element is in none.
fn combined(builder: &mut dyn Builder, axes: &[Axis]) -> Result<Operand, TypeError> {
    let mut out = axes[0].placed;
    for axis in &axes[1..] {
        let count = Value::Int(i64::from(axis.bins.count()));
        let scaled = operator(builder, "mul", &[Value::Array(out), count])?;
        let number = operator(builder, "add", &[Value::Array(scaled), Value::Array(axis.placed)])?;
        let is_in = [out, axis.placed].map(|bins| operator(builder, "ge", &[Value::Array(bins), Value::Int(0)]));
        let [before, here] = is_in;
        let both = operator(builder, "and", &[Value::Array(before?), Value::Array(here?)])?;
        out = operator(builder, "where", &[Value::Array(both), Value::Array(number), Value::Int(-1)])?;
    }
    Ok(out)
}

/// The counts of numbers, or the sums of weights, along a last dim.
fn tally(builder: &mut dyn Builder, args: &Arguments, indices: Operand, total: u64) -> Result<Operand, TypeError> {
    let ty = builder.ty(indices);
    let mut inputs = vec![indices];
    if let Some(weights) = weights(builder, args)? {
        let weights = cast(builder, weights, DType::F64)?;
        let at = Culprit::Param("weights");
        let weights = broadcast_to(builder, weights, &ty.dims).map_err(|e| e.or_at(at))?;
        inputs.push(weights);
    }
    let axes = args.axes(&ty)?;
    let spread = Some(Spread { dim: Dim { name: DimName::new("bins"), size: total }, coord: None });
    let tally = Tally { bins: total as usize, weighted: inputs.len() > 1, widths: None };
    let dtype = if tally.weighted { DType::F64 } else { DType::I64 };
    let text = format!("axes: {axes:?}, {total} combinations{}", if tally.weighted { ", weighted" } else { "" });
    let pattern =
        Pattern::Reduction(Reduction { axes, groups: None, keepdims: false, spread, combine: Arc::new(tally) });
    builder.apply(Call { name: "histogramdd", text, pattern, dtype, units: Units::Lost }, &inputs)
}

/// The last dim as one dim an array, with labels.
fn taken_apart(builder: &mut dyn Builder, x: Operand, axes: &[Axis]) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let kept = ty.dims.iter().take(ty.rank() - 1).cloned();
    let own = axes.iter().map(|axis| Dim { name: axis.dim.clone(), size: u64::from(axis.bins.count()) });
    let dims: Dims = kept.chain(own).collect();
    if let Some(twice) = (0..dims.rank()).find(|axis| dims.axis(&dims[*axis].name) != Some(*axis)) {
        let message = format!("two dims of the counts would be called `{}`", dims[twice].name);
        return Err(TypeError::new("ff::type::repeated_dim", message).with_help("give one of both another name"));
    }
    let out = moves::reshape(builder, x, &dims)?;
    let got: Arc<ArrayType> = builder.ty(out);
    let kept = ty.coords.iter().filter(|(dim, _)| got.dims.axis(dim).is_some() && got.coord(dim).is_none());
    let own = axes.iter().filter_map(|axis| Some((axis.dim.clone(), axis.coord.clone()?)));
    let coords = kept.map(|(dim, coord)| (dim.clone(), coord.clone())).chain(own);
    let coords = coords.map(|(dim, coord)| (dim, Some(coord))).collect();
    moves::relabel(builder, out, Labels { coords, ..Labels::default() })
}

/// Divided by the total of all combinations, and by the widths of the bins.
fn density(builder: &mut dyn Builder, x: Operand, axes: &[Axis]) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let last: Vec<usize> = (ty.rank() - axes.len()..ty.rank()).collect();
    let total = super::super::call::over(builder, "sum", (x, &last), &[])?;
    let total = broadcast_to(builder, total, &ty.dims)?;
    let mut out = x;
    for axis in axes {
        let width = match axis.ends {
            Some(ends) => {
                let run = (place::widths(axis.bins.count(), axis.dtype), DType::F64);
                elementwise(builder, ("width", axis.bins.text()), run, &ends)?
            }
            None => {
                let widths = axis.bins.widths(axis.dtype);
                let line = ArrayType::new(DType::F64, Dims::new([(axis.dim.clone(), widths.len() as u64)]));
                let block = crate::array::Block::from_list(widths.to_vec());
                builder.constant(line, super::super::Constant::Values(block))
            }
        };
        let width = broadcast_to(builder, width, &ty.dims)?;
        out = operator(builder, "div", &[Value::Array(out), Value::Array(width)])?;
    }
    operator(builder, "div", &[Value::Array(out), Value::Array(total)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::testing::{Bench, assert_python, ints, list};
    use Value::{Bool, Float, Int, Name};

    fn told(bench: &Bench, operand: Operand) -> String {
        bench.assert_splits(operand);
        let values = bench.values(operand);
        let texts: Vec<String> =
            values.scalars().iter().map(|s| format!("{:.9e}", s.as_f64().unwrap_or(f64::NAN))).collect();
        format!("{:?} {}", values.shape(), texts.join(" ")).replace("NaN", "nan")
    }

    #[test]
    fn several_arrays_are_counted_as_numpy_does() {
        let mut bench = Bench::new();
        let x: Vec<f64> = (0..60).map(|i| if i == 17 { f64::NAN } else { f64::from(i * i % 23) / 7.0 }).collect();
        let y: Vec<i32> = (0..60).map(|i| i * 7 % 31 - 9).collect();
        let w: Vec<f64> = (0..12).map(|i| f64::from(i) / 4.0).collect();
        let x = Value::Array(bench.array(&[("t", 5), ("y", 12)], x));
        let y = Value::Array(bench.array(&[("t", 5), ("y", 12)], y));
        let weights = ("weights", Value::Array(bench.array(&[("y", 12)], w)));
        let pair = |a: Value, b: Value| list([a, b]);
        let range = ("range", pair(list([Float(0.5), Float(3.0)]), list([Int(-9), Int(22)])));
        let density = ("density", Bool(true));
        let edges = ("bins", pair(list([Int(0), Float(0.7), Int(3)]), Int(4)));
        let both = [x.clone(), y.clone()];
        let mut made = vec![
            bench.apply_named("histogram2d", &both, &[("bins", pair(Int(4), Int(3))), range.clone()]),
            bench.apply_named("histogram2d", &both, &[("bins", Int(5)), range.clone(), weights.clone()]),
            bench.apply_named("histogram2d", &both, &[("bins", Int(3)), range.clone(), density.clone()]),
            bench.apply_named("histogram2d", &both, &[edges.clone(), density.clone(), weights]),
            bench.apply_named("histogramdd", &[list([y.clone(), y.clone(), y.clone()])], &[("bins", ints([2, 3, 2]))]),
            bench.apply_named("histogramdd", &[list([y.clone()])], &[density]),
        ];
        let along = [x.clone(), y.clone(), Name("y".into())];
        let by_row = bench.apply_named("histogram2d", &along, &[("bins", pair(Int(4), Int(3))), range]);
        assert_eq!(
            bench.ty(by_row).dims.names().map(|d| d.as_str().to_owned()).collect::<Vec<_>>(),
            ["t", "bin_x", "bin_y"]
        );
        made.push(by_row);
        let lines: Vec<String> = made.into_iter().map(|operand| told(&bench, operand)).collect();
        let script = "
def e(v): return 'nan' if np.isnan(v) else (lambda a, b: a + 'e' + str(int(b)))(*f'{float(v):.9e}'.split('e'))
def say(a): a = np.asarray(a); print(list(a.shape), ' '.join(e(v) for v in a.ravel()))
x = np.array([np.nan if i == 17 else i * i % 23 / 7 for i in range(60)]).reshape(5, 12)
y = (np.arange(60) * 7 % 31 - 9).reshape(5, 12)
w = np.broadcast_to(np.arange(12) / 4, x.shape)
def h(x, y, **k):
    m = ~np.isnan(x.ravel()); k = {n: v.ravel()[m] if n == 'weights' else v for n, v in k.items()}
    return np.histogram2d(x.ravel()[m], y.ravel()[m], **k)[0]
r = [[.5, 3], [-9, 22]]
say(h(x, y, bins=[4, 3], range=r)); say(h(x, y, bins=5, range=r, weights=w)); say(h(x, y, bins=3, range=r, density=True))
m = ~np.isnan(x)
say(np.histogramdd((x[m], y[m]), bins=[np.array([0, .7, 3]), np.linspace(y.min(), y.max(), 5)], density=True, weights=w[m])[0])
f = y.ravel(); say(np.histogramdd((f, f, f), bins=[2, 3, 2])[0]); say(np.histogramdd((f,), density=True)[0])
say([h(x[i], y[i], bins=[4, 3], range=r) for i in range(5)])";
        assert_python(script, &lines);
    }

    #[test]
    fn mistakes_are_explained() {
        let mut bench = Bench::new();
        let x = Value::Array(bench.x());
        let both = [x.clone(), x.clone()];
        let other = Value::Array(bench.array(&[("y", 3)], vec![1.0, 2.0, 3.0]));
        let told = [
            bench.say("histogram2d", &both, &[("bins", ints([4, 4, 4]))]),
            bench.say("histogram2d", &both, &[("bins", Int(0))]),
            bench.say("histogram2d", &both, &[("range", ints([0, 1]))]),
            bench.say("histogram2d", &[x.clone(), other], &[]),
            bench.say("histogram2d", &both, &[("bins", Int(5000))]),
            bench.say("histogramdd", &[list([])], &[]),
            bench.say("histogramdd", &[Int(3)], &[]),
        ];
        insta::assert_snapshot!(told.join("\n"));
    }
}
