//! Elements in another order, or some of them, or those of another array: `sortby`, `dropna`, `combine_first`.

use super::positions::present;
use crate::operators::arguments::axis;
use crate::operators::error::Culprit;
use crate::operators::group::Key;
use crate::operators::moves::{self, Span};
use crate::operators::selection::ordered;
use crate::operators::{Arguments, Builder, Operand, TypeError, Value, axis_of, call, find};
use crate::source::Spanned;

pub(super) fn sortby(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let key = Key::read(builder, args, &ty)?;
    let axis = axis_of(&ty, &key.dim)?;
    let order = ordered(&key.coord, args.bool("descending", false)?);
    taken(builder, x, axis, &order).map(Value::Array)
}

fn taken(builder: &mut dyn Builder, x: Operand, axis: usize, positions: &[u64]) -> Result<Operand, TypeError> {
    match Span::of(positions) {
        Some(span) => moves::slice(builder, x, &[(axis, span)]),
        None => moves::take(builder, x, axis, positions, None),
    }
}

pub(super) fn dropna(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let x = args.array("x")?;
    let ty = builder.ty(x);
    let axis = axis(args.value("dim"), &ty).map_err(|e| e.at(Culprit::Param("dim"), "no such dim"))?;
    let others: u64 = ty.dims.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, dim)| dim.size).product();
    let least = match (args.int_opt("thresh")?, args.str_opt("how")?) {
        (Some(least), _) => u64::try_from(least).unwrap_or(0),
        (None, Some("all")) => 1.min(others),
        (None, _) => others,
    };
    if !ty.dtype.has_missing() && least <= others {
        return Ok(Value::Array(x));
    }
    let Some(block) = builder.chosen_by(x)? else {
        let message = "which labels stay depends on values that are only known when the script runs";
        let error =
            TypeError::new("ff::type::unknown_values", message).at(Culprit::Param("x"), format!("this is {ty}"));
        return Err(error.with_help(
            "reductions pass over missing values, `fillna` and `interpolate_na` replace them; known positions are \
             selected with `isel`",
        ));
    };
    let counts = present(&block, ty.dtype, axis);
    let stay: Vec<u64> = (0..ty.dims[axis].size).filter(|i| counts[*i as usize] >= least).collect();
    taken(builder, x, axis, &stay).map(Value::Array)
}

pub(super) fn combine_first(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let given = |name: &'static str| -> Result<Spanned<Value>, TypeError> {
        args.array(name)?;
        let found = args.named.iter().find(|(param, _)| *param == name).map(|(_, value)| value.clone());
        found.ok_or_else(|| TypeError::expected(name, "an array", &Value::None))
    };
    let both = vec![given("x")?, given("other")?];
    let outer = Spanned::new(Value::Str("outer".to_owned()), both[0].span);
    let aligned = Arguments { named: vec![("join", outer)], variadic: both, ..Arguments::default() };
    let bug = || TypeError::new("ff::type::bug", "`align` gives a list of two");
    let name_of = |culprit: Culprit| match culprit {
        Culprit::Variadic(0) => Culprit::Param("x"),
        Culprit::Variadic(_) => Culprit::Param("other"),
        other => other,
    };
    let blame = |e: TypeError| {
        let others = e.others.into_iter().map(|(culprit, label)| (name_of(culprit), label)).collect();
        TypeError { culprit: name_of(e.culprit), others, ..e }
    };
    let row = find("align").ok_or_else(bug)?;
    match (row.expand)(builder, &aligned).map_err(blame)? {
        Value::List(pair) if pair.len() == 2 => {
            call::operator(builder, "fillna", &[pair[0].clone(), pair[1].clone()]).map(Value::Array)
        }
        _ => Err(bug()),
    }
}
