//! What calls of `matmul`, `dot`, `tensordot` and `outer` expand to, and the one way to multiply and sum
//! by labels that all share.

use std::collections::BTreeSet;

use super::super::arguments::axis;
use super::super::call;
use super::super::elementwise::broadcast::{broadcast_to, common_dims};
use super::super::error::{Culprit, TypeError};
use super::super::index::Labels;
use super::super::{Arguments, Builder, Call, Operand, Pattern, Units, Value, moves};
use super::{Contraction, Side};
use crate::array::{ArrayType, DType, Dim, DimName, Dims, Kind};
use crate::source::{Span, Spanned};

/// An array of a call, with what to blame it as.
pub(super) type Given = (Culprit, Operand);

const BOTH: [&str; 2] = ["a", "b"];

fn given(arguments: &Arguments) -> Result<[Given; 2], TypeError> {
    Ok([(Culprit::Param("a"), arguments.array("a")?), (Culprit::Param("b"), arguments.array("b")?)])
}

/// `matmul(a, b)`: by name; of arrays without named dims as NumPy, whose names would say nothing.
pub(super) fn matmul(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let both = given(arguments)?;
    let (a, b) = (builder.ty(both[0].1), builder.ty(both[1].1));
    if let Some((i, ty)) = [&a, &b].into_iter().enumerate().find(|(_, ty)| ty.rank() == 0) {
        let error =
            TypeError::new("ff::type::dims", format!("{ty} is a single value, and a matrix product sums over a dim"));
        return Err(error.at(Culprit::Param(BOTH[i]), "no dims").with_help("multiply with `*`"));
    }
    if a.is_auto_named() && b.is_auto_named() {
        return by_position(builder, &both).map(Value::Array);
    }
    let last = &a.dims[a.rank() - 1].name;
    if b.dims.axis(last).is_none() {
        let message = format!("`matmul` sums over `{last}`, the last dim of {a}, which {b} lacks");
        return Err(TypeError::new("ff::type::unknown_dim", message)
            .at(Culprit::Param("b"), format!("no dim `{last}`"))
            .and_at(Culprit::Param("a"), format!("its last dim is `{last}`"))
            .with_help(format!(
                "rename a dim: `rename(b, {}: {last})`, or say it by order: `einsum(\"ij,jk->ik\", a, b)`",
                b.dims[0].name
            )));
    }
    let dims = common_dims(builder, &both)?;
    let output: Vec<DimName> = dims.names().filter(|name| *name != last).cloned().collect();
    contracted(builder, &both, &output).map(Value::Array)
}

/// As NumPy's `matmul`: the last dim of `a` with the last but one of `b` (or its only one); dims before these
/// belong together from the last on.
fn by_position(builder: &mut dyn Builder, both: &[Given; 2]) -> Result<Operand, TypeError> {
    let ranks = both.each_ref().map(|(_, x)| builder.ty(*x).rank());
    let batch = ranks.map(|rank| rank.saturating_sub(2));
    let most = batch[0].max(batch[1]);
    // Labels: batch dims by their number, then rows, terms and columns.
    let labels = [0, 1].map(|i| {
        let last: &[usize] = match (i, ranks[i]) {
            (_, 1) => &[most + 1],
            (0, _) => &[most, most + 1],
            _ => &[most + 1, most + 2],
        };
        (most - batch[i]..most).chain(last.iter().copied()).collect::<Vec<usize>>()
    });
    let is_kept = |label: &usize| *label != most + 1 && labels.iter().any(|l| l.contains(label));
    let output: Vec<usize> = (0..most + 3).filter(is_kept).collect();
    by_labels(builder, both, &labels, &output)
}

/// `dot(a, b, dims…)`: sums over dims by name, all that both have where none is named.
pub(super) fn dot(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let both = given(arguments)?;
    let types = both.each_ref().map(|(_, x)| builder.ty(*x));
    let dims = common_dims(builder, &both)?;
    let mut over = BTreeSet::new();
    if arguments.variadic.is_empty() {
        over.extend(types[0].dims.names().filter(|name| types[1].dims.axis(name).is_some()).cloned());
    } else {
        let all = ArrayType::new(types[0].dtype, dims.clone());
        over.extend(arguments.axes(&all)?.into_iter().map(|axis| dims[axis].name.clone()));
    }
    let output: Vec<DimName> = dims.names().filter(|name| !over.contains(*name)).cloned().collect();
    contracted(builder, &both, &output).map(Value::Array)
}

/// `tensordot(a, b, axes)`: by position or by pairs of dims.
pub(super) fn tensordot(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let both = given(arguments)?;
    let types = both.each_ref().map(|(_, x)| builder.ty(*x));
    let at = |error: TypeError| error.at(Culprit::Param("axes"), "these are the axes");
    let wrong = |text: String| at(TypeError::new("ff::type::argument", text));
    let ranks = [types[0].rank(), types[1].rank()];
    let pairs: [Vec<usize>; 2] = match arguments.get("axes") {
        None => last_and_first(2, ranks).map_err(wrong)?,
        Some(Value::Int(n)) => last_and_first(*n, ranks).map_err(wrong)?,
        Some(Value::List(lists)) if lists.len() == 2 => {
            let axes = |i: usize| -> Result<Vec<usize>, TypeError> {
                let list = match &lists[i] {
                    Value::List(list) => list.iter().map(|dim| axis(dim, &types[i])).collect(),
                    dim => axis(dim, &types[i]).map(|axis| vec![axis]),
                };
                list.map_err(at)
            };
            [axes(0)?, axes(1)?]
        }
        Some(other) => {
            let what = other.kind();
            return Err(wrong(format!("`axes` is how many dims, or a list of two lists of dims, this is {what}")));
        }
    };
    if pairs[0].len() != pairs[1].len() {
        return Err(wrong(format!("{} dims of `a` and {} of `b` are no pairs", pairs[0].len(), pairs[1].len())));
    }
    if let Some(i) = (0..2).find(|&i| pairs[i].iter().collect::<BTreeSet<_>>().len() < pairs[i].len()) {
        let error = TypeError::new("ff::type::repeated_dim", format!("a dim of `{}` is named twice", BOTH[i]));
        return Err(at(error));
    }
    let left: Vec<usize> = (0..ranks[0]).collect();
    let label = |axis| pairs[1].iter().position(|a| *a == axis).map_or(ranks[0] + axis, |pair| pairs[0][pair]);
    let right: Vec<usize> = (0..ranks[1]).map(label).collect();
    let output: Vec<usize> = left.iter().chain(&right).copied().filter(|l| !pairs[0].contains(l)).collect();
    by_labels(builder, &both, &[left, right], &output).map(Value::Array)
}

/// The last `n` axes of `a` and the first `n` of `b`.
fn last_and_first(n: i64, ranks: [usize; 2]) -> Result<[Vec<usize>; 2], String> {
    match usize::try_from(n) {
        Ok(n) if n <= ranks[0] && n <= ranks[1] => Ok([(ranks[0] - n..ranks[0]).collect(), (0..n).collect()]),
        _ => Err(format!("{n} dims cannot be taken of arrays of {} and {}", ranks[0], ranks[1])),
    }
}

/// `outer(a, b)`: every dim of both stays.
pub(super) fn outer(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let both = given(arguments)?;
    let ranks = both.each_ref().map(|(_, x)| builder.ty(*x).rank());
    let labels = [(0..ranks[0]).collect::<Vec<_>>(), (ranks[0]..ranks[0] + ranks[1]).collect()];
    let output: Vec<usize> = (0..ranks[0] + ranks[1]).collect();
    by_labels(builder, &both, &labels, &output).map(Value::Array)
}

/// Products of arrays summed over the labels that `output` lacks; equal labels are one dim whatever it is
/// called. A dim of the result is called as in the first array that has it, `name_2` where another dim
/// before it in the result is called so.
pub(super) fn by_labels(
    builder: &mut dyn Builder,
    arrays: &[Given],
    labels: &[Vec<usize>],
    output: &[usize],
) -> Result<Operand, TypeError> {
    let dims = |builder: &dyn Builder| -> Vec<(usize, Dim, usize)> {
        let of = |i: usize| labels[i].iter().enumerate().map(move |(axis, label)| (*label, axis, i));
        let all = (0..arrays.len()).flat_map(of);
        all.map(|(label, axis, i)| (label, builder.ty(arrays[i].1).dims[axis].clone(), i)).collect()
    };
    let dims = dims(builder);
    let mut names: Vec<(usize, DimName)> = Vec::new();
    let others = dims.iter().map(|(label, ..)| label).filter(|label| !output.contains(label));
    for label in output.iter().chain(others) {
        if names.iter().any(|(known, _)| known == label) {
            continue;
        }
        let Some((_, dim, _)) = dims.iter().find(|(l, ..)| l == label) else { continue };
        let called = |n: u32| if n == 1 { dim.name.clone() } else { DimName::new(&format!("{}_{n}", dim.name)) };
        let free = (1..).map(called).find(|name| names.iter().all(|(_, taken)| taken != name));
        names.push((*label, free.expect("there is always a number")));
    }
    let name = |label: usize| names.iter().find(|(l, _)| *l == label).expect("every label has a name").1.clone();
    for (i, (label, dim, array)) in dims.iter().enumerate() {
        let Some((_, other, first)) = dims[..i].iter().find(|(l, ..)| l == label) else { continue };
        if other.size != dim.size {
            let message =
                format!("`{}` is {} long and its partner `{}` {}", other.name, other.size, dim.name, dim.size);
            let shown = |i: usize| format!("this is {}", builder.ty(arrays[i].1));
            return Err(TypeError::new("ff::type::size", message)
                .at(arrays[*array].0.clone(), shown(*array))
                .and_at(arrays[*first].0.clone(), shown(*first)));
        }
    }
    let mut renamed = Vec::new();
    for ((culprit, x), labels) in arrays.iter().zip(labels) {
        let old = builder.ty(*x).dims.names().cloned().collect::<Vec<_>>();
        let rename = old.into_iter().zip(labels).map(|(old, label)| (old, name(*label)));
        let rename = rename.filter(|(old, new)| old != new).collect();
        renamed.push((culprit.clone(), moves::relabel(builder, *x, Labels { rename, ..Labels::default() })?));
    }
    let output: Vec<DimName> = output.iter().map(|label| name(*label)).collect();
    let (mut product, later) = renamed.split_first().expect("there is an array");
    let mut held;
    for (i, next) in later.iter().enumerate() {
        let types = [product.1, next.1].map(|x| builder.ty(x));
        let wanted = |name: &&DimName| {
            output.contains(*name) || later[i + 1..].iter().any(|(_, x)| builder.ty(*x).dims.axis(name).is_some())
        };
        let mut kept: Vec<DimName> = types[0].dims.names().filter(wanted).cloned().collect();
        let new = types[1].dims.names().filter(wanted).filter(|name| types[0].dims.axis(name).is_none());
        kept.extend(new.cloned());
        let is_last = i + 1 == later.len();
        let both = [product.clone(), next.clone()];
        held = (Culprit::Call, contracted(builder, &both, if is_last { &output } else { &kept })?);
        product = &held;
    }
    if later.is_empty() { summed(builder, product.1, &output) } else { Ok(product.1) }
}

/// Products of two arrays, whose dims of one name are one, summed over the dims that `output` lacks.
///
/// # Errors
/// The dtypes have no products, or coordinates differ.
fn contracted(builder: &mut dyn Builder, both: &[Given; 2], output: &[DimName]) -> Result<Operand, TypeError> {
    let (dtype, factors) = dtypes(builder, both)?;
    let mut sides = [both[0].1, both[1].1];
    for i in 0..2 {
        sides[i] = call::cast(builder, sides[i], factors)?;
        let (own, other) = (builder.ty(sides[i]), builder.ty(sides[1 - i]));
        let kept: Vec<DimName> =
            own.dims.names().filter(|n| output.contains(n) || other.dims.axis(n).is_some()).cloned().collect();
        sides[i] = summed(builder, sides[i], &kept)?;
    }
    let types = sides.map(|x| builder.ty(x));
    let side = |name: &DimName| match types.each_ref().map(|ty| ty.dims.axis(name).is_some()) {
        [true, true] => Side::Both,
        [true, false] => Side::Left,
        [false, _] => Side::Right,
    };
    let over: Vec<DimName> = types[0].dims.names().filter(|name| !output.contains(name)).cloned().collect();
    let size = |name: &DimName| types.iter().find_map(|ty| ty.dims.get(name)).map_or(1, |dim| dim.size);
    let space: Dims = output.iter().chain(&over).map(|n| Dim { name: n.clone(), size: size(n) }).collect();
    let kept: Vec<Side> = output.iter().map(side).collect();
    let views = [broadcast_to(builder, sides[0], &space)?, broadcast_to(builder, sides[1], &space)?];
    let blame = |error: TypeError| error.or_at(both[1].0.clone());
    let is_blocked = !over.is_empty() && kept.contains(&Side::Left) && kept.contains(&Side::Right);
    if !is_blocked {
        let product = call::operator(builder, "mul", &views.map(Value::Array)).map_err(blame)?;
        let sum = summed(builder, product, output)?;
        return call::cast(builder, sum, dtype);
    }
    let text = format!(
        "axes: {:?}, left: {:?}, right: {:?}",
        (output.len()..space.rank()).collect::<Vec<_>>(),
        (0..kept.len()).filter(|a| kept[*a] == Side::Left).collect::<Vec<_>>(),
        (0..kept.len()).filter(|a| kept[*a] == Side::Right).collect::<Vec<_>>(),
    );
    let contraction = Contraction::new(kept, over.len(), factors, dtype).ok_or_else(|| undefined(dtype))?;
    let pattern = Pattern::Contraction(contraction);
    builder.apply(Call { name: "contract", text, pattern, dtype, units: Units::Product }, &views).map_err(blame)
}

/// The dtype of the products of two arrays, and in which they are computed.
fn dtypes(builder: &dyn Builder, both: &[Given; 2]) -> Result<(DType, DType), TypeError> {
    let types = both.each_ref().map(|(_, x)| builder.ty(*x));
    let unfit = |ty: &ArrayType| matches!(ty.dtype.kind(), Kind::Time | Kind::Str);
    if let Some((i, ty)) = types.iter().enumerate().find(|(_, ty)| unfit(ty)) {
        return Err(undefined(ty.dtype).at(both[i].0.clone(), format!("this is {ty}")));
    }
    let dtype = types[0].dtype.promote(types[1].dtype).ok_or_else(|| undefined(types[1].dtype))?;
    Ok((dtype, if dtype == DType::F16 { DType::F32 } else { dtype }))
}

fn undefined(dtype: DType) -> TypeError {
    let error = TypeError::new("ff::type::dtype", format!("sums of products of {dtype} are not defined"));
    error.with_help("numbers can be multiplied: cast durations with `as i64` or divide them by one")
}

/// The sum over the dims that `output` lacks, in its order; missing values stay, and the dtype does. Truths are
/// summed as NumPy multiplies matrices of them: by `or`.
pub(super) fn summed(builder: &mut dyn Builder, x: Operand, output: &[DimName]) -> Result<Operand, TypeError> {
    let ty = builder.ty(x);
    let spanned = |value: Value| Spanned::new(value, Span::default());
    let lost: Vec<&DimName> = ty.dims.names().filter(|name| !output.contains(name)).collect();
    let mut sum = x;
    if !lost.is_empty() {
        let variadic = lost.iter().map(|name| spanned(Value::Name(name.to_string()))).collect();
        let named = vec![("x", spanned(Value::Array(x))), ("skipna", spanned(Value::Bool(false)))];
        let (reducer, named) = match ty.dtype {
            DType::Bool => ("any", named[..1].to_vec()),
            _ => ("sum", named),
        };
        let arguments = Arguments { named, variadic, ..Arguments::default() };
        sum = call::with(builder, reducer, &arguments)?;
        sum = call::cast(builder, sum, ty.dtype)?;
    }
    let ty = builder.ty(sum);
    let order: Vec<usize> = output.iter().filter_map(|name| ty.dims.axis(name)).collect();
    moves::permute(builder, sum, &order)
}
