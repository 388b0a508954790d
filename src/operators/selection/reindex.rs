//! `reindex`: an array brought to given labels, as `xarray.DataArray.reindex`.

use std::sync::Arc;

use super::align::{common, distinct, gathered};
use super::label::{How, Lookup};
use crate::array::{ArrayType, Coord, CoordValues, DimName};
use crate::operators::creation::fill_value;
use crate::operators::error::Culprit;
use crate::operators::interpolate::dated;
use crate::operators::labels::coordinate;
use crate::operators::{Arguments, Builder, TypeError, Value};

/// New labels along some dims, and what to blame for each.
type Wanted = Vec<(DimName, Arc<Coord>, Culprit)>;

pub(super) fn reindex(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let ty = builder.ty(args.array("x")?);
    let mut wanted: Wanted = Vec::new();
    for (axis, value) in args.per_axis(&ty)? {
        let dim = ty.dims[axis].name.clone();
        let at = Culprit::Named(dim.to_string());
        let labels = coordinate(builder, &dim, &value.value).map_err(|e| e.or_at(at.clone()))?;
        let Some(labels) = labels else {
            let message = format!("the new labels of `{dim}` are none");
            return Err(TypeError::new("ff::type::argument", message).at(at, "expected labels"));
        };
        let ours = ty.coord(&dim).map(|coord| &**coord);
        let mut labels = dated(&labels, ours).map_err(|e| e.or_at(at.clone()))?;
        if let Some(ours) = ours.filter(|_| labels.attrs.is_empty()) {
            labels.attrs = ours.attrs.clone();
        }
        wanted.push((dim, Arc::new(labels), at));
    }
    brought(builder, args, &ty, wanted)
}

pub(super) fn reindex_like(builder: &mut dyn Builder, args: &Arguments) -> Result<Value, TypeError> {
    let (ty, other) = (builder.ty(args.array("x")?), builder.ty(args.array("other")?));
    let labelled = ty.dims.names().filter_map(|dim| Some((dim.clone(), other.coord(dim)?.clone())));
    let wanted = labelled.map(|(dim, labels)| (dim, labels, Culprit::Param("other"))).collect();
    brought(builder, args, &ty, wanted)
}

/// The array brought to the labels wanted, one dim after the other.
fn brought(builder: &mut dyn Builder, args: &Arguments, ty: &ArrayType, wanted: Wanted) -> Result<Value, TypeError> {
    let how = How::read(args)?;
    let fill = match args.get("fill") {
        None => None,
        Some(value) => Some(fill_value(builder, value, ty.dtype).map_err(|e| e.or_at(Culprit::Param("fill")))?),
    };
    let mut out = args.array("x")?;
    for (dim, labels, at) in wanted {
        let Some(own) = ty.dims.get(&dim) else { continue };
        let ours = ty.coord(&dim);
        if ours.is_some_and(|ours| **ours == *labels) {
            continue;
        }
        let lookup = Lookup::new(own, ours).map_err(|e| e.or_at(at.clone()))?;
        let found = ours.map_or(Ok(Vec::new()), |ours| {
            distinct(ours)?;
            alike(ours, &labels)?;
            lookup.found(&labels, &how)
        });
        let found = found.map_err(|e| e.or_at(at.clone()))?;
        out = gathered(builder, out, (&labels, &found), fill.clone()).map_err(|e| e.or_at(at))?;
    }
    Ok(Value::Array(out))
}

/// Labels that are looked up are of the kind of those there are.
fn alike(ours: &Coord, labels: &Coord) -> Result<(), TypeError> {
    let is_empty = labels.is_empty() || ours.is_empty();
    if is_empty || common(ours.dtype, labels.dtype).is_some() {
        return Ok(());
    }
    let message = format!("the labels of `{}` are {}, the new ones {}", ours.dim, ours.dtype, labels.dtype);
    let error = TypeError::new("ff::type::label", message);
    Err(match ours.values {
        CoordValues::Time(..) => error.with_help("write dates as texts, such as \"1991-06-15\""),
        _ => error,
    })
}
