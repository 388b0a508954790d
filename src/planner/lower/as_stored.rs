//! Values and labels as a store has them that they go into.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::sink_options::SinkOptions;
use super::{Lowerer, Lowering};
use crate::array::block::{Element, with_type};
use crate::array::calendar::cf::TimeUnits;
use crate::array::{ArrayType, Attributes, Block, Calendar, Coord, CoordValues, DType, DimName, Kind, Scalar};
use crate::operators::cf::{Encoding, MAX_TIMES};
use crate::operators::index::Labels;
use crate::operators::{Constant, Operand, moves};
use crate::planner::catalog::StoredArray;
use crate::planner::error::EdgeError;
use crate::source::{Span, Spanned};

/// What to do where values are of another dtype.
const CONVERT: &str = "convert them where that is meant: `x as i16`, `round(x) as i16`";

impl Lowerer<'_> {
    /// Options that say otherwise than the store.
    pub(super) fn check_kept(
        &mut self,
        options: &SinkOptions,
        stored: &StoredArray,
        dims: &[DimName],
        at: Span,
    ) -> Lowering<()> {
        let name = stored.path.trim_matches('/');
        let number = |name: &str| stored.attrs.get(name).and_then(|value| value.as_scalar());
        let shown = |value: Option<&Scalar>| value.map_or("none".to_owned(), ToString::to_string);
        let same = |a: &Scalar, b: Option<&Scalar>| b.is_some_and(|b| alike(a, b));
        let axis = |dim: &DimName| dims.iter().position(|d| d == dim);
        let mut differs: Option<(String, String, Span)> = None;
        let mut says = |option: &str, is: String, at: Span| {
            differs.get_or_insert((option.to_owned(), is, at));
        };
        let chunks = stored.inner_chunks.as_ref().or(stored.chunks.as_ref());
        let shards = stored.inner_chunks.as_ref().and(stored.chunks.as_ref());
        for (option, asked, is) in [("chunks", &options.chunks, chunks), ("shards", &options.shards, shards)] {
            for (dim, size) in asked {
                let known = axis(&dim.value).and_then(|axis| is.map(|is| is[axis]));
                if axis(&dim.value).is_some() && known != Some(*size) {
                    says(option, known.map_or("none".to_owned(), |n| format!("{n} along `{}`", dim.value)), dim.span);
                }
            }
        }
        if let Some(dtype) = options.dtype.as_ref().filter(|dtype| dtype.value != stored.dtype) {
            says("dtype", stored.dtype.to_string(), dtype.span);
        }
        if let Some(fill) = options.fill.as_ref().filter(|fill| !same(&fill.value, number("_FillValue"))) {
            says("fill_value", shown(number("_FillValue")), fill.span);
        }
        for (option, asked) in [("scale_factor", options.scale), ("add_offset", options.offset)] {
            if asked.is_some_and(|asked| !same(&Scalar::Float(asked), number(option))) {
                says(option, shown(number(option)), at);
            }
        }
        if options.codecs.is_some() {
            says("codec", stored.codec.clone(), at);
        }
        if options.version.is_some() {
            says("version", "that of the store".to_owned(), at);
        }
        if !options.attrs.is_empty() {
            says("attrs", "what they are".to_owned(), at);
        }
        let Some((option, is, at)) = differs else { return Ok(()) };
        let message = format!("what is there keeps its `{option}`, of `{name}`: {is}");
        self.bad_sink_option(&message, at, "leave the option out: values are stored as those that are there")
    }

    /// Labels that are appended are new; a warning where they leave the order.
    pub(super) fn check_goes_on(&mut self, known: &Coord, labels: &Coord, at: Span) -> Lowering<()> {
        self.check_kinds_of_labels(known, labels, at)?;
        let dim = &known.dim;
        let mut keys: BTreeSet<Key> = (0..known.len()).map(|i| key(known, known, i)).collect();
        if let Some(again) = (0..labels.len()).find(|&i| !keys.insert(key(known, labels, i))) {
            let message = format!("`{dim}` has the label {} already", labels.values.get(again));
            let help = "append what is new, as in `x[time: n..]`, or replace elements with `mode: region`";
            return self.not_as_stored(message, at, Some(help));
        }
        let (old, new) = (known.len(), labels.len());
        let all: Vec<Key> = (0..old).map(|i| key(known, known, i)).collect();
        let order = |keys: &[Key]| match keys.windows(2).map(|w| w[0].cmp(&w[1])).collect::<BTreeSet<_>>() {
            one if one.len() == 1 => one.into_iter().next(),
            _ => None,
        };
        let Some(before) = order(&all).filter(|_| new > 0) else { return Ok(()) };
        let tail: Vec<Key> = all.into_iter().skip(old - 1).chain((0..new).map(|i| key(known, labels, i))).collect();
        if order(&tail) != Some(before) {
            let verb = if before == Ordering::Less { "rise" } else { "fall" };
            let (last, first) = (known.values.get(old - 1), labels.values.get(0));
            let message =
                format!("the labels of `{dim}` {verb} up to {last}, and do not with those appended, from {first}");
            self.report(EdgeError::SinkOrder { message, at });
        }
        Ok(())
    }

    /// Where the labels of a part stand among those of the whole.
    pub(super) fn found_at(&mut self, name: &str, known: &Coord, labels: &Arc<Coord>, at: Span) -> Lowering<u64> {
        self.check_kinds_of_labels(known, labels, at)?;
        let all: Vec<Key> = (0..known.len()).map(|i| key(known, known, i)).collect();
        let wanted: Vec<Key> = (0..labels.len()).map(|i| key(known, labels, i)).collect();
        let last = all.len().checked_sub(wanted.len());
        let found = last.and_then(|last| (0..=last).find(|&start| all[start..start + wanted.len()] == wanted[..]));
        if let Some(start) = found {
            return Ok(start as u64);
        }
        let dim = &known.dim;
        let known_keys: BTreeSet<&Key> = all.iter().collect();
        let message = match wanted.iter().position(|key| !known_keys.contains(key)) {
            Some(missing) => format!("`{name}` has no label {} along `{dim}`", labels.values.get(missing)),
            None => format!("the labels of `{dim}` do not follow each other in `{name}` as in what is written"),
        };
        self.not_as_stored(message, at, Some("a region is a box of what is there: its labels, in their order"))
    }

    fn check_kinds_of_labels(&mut self, known: &Coord, labels: &Coord, at: Span) -> Lowering<()> {
        let is_alike = match (&known.values, &labels.values) {
            (CoordValues::Time(_, a), CoordValues::Time(_, b)) => a == b,
            (CoordValues::Int(_) | CoordValues::Float(_), CoordValues::Int(_) | CoordValues::Float(_)) => true,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        };
        if is_alike {
            return Ok(());
        }
        let told = |dtype: DType| match dtype {
            DType::DateTime(calendar) => format!("times of the calendar `{calendar}`"),
            dtype => format!("labels of {dtype}"),
        };
        let message = format!("`{}` has {}, and what is stored {}", known.dim, told(labels.dtype), told(known.dtype));
        self.not_as_stored(message, at, Some("make them alike: `assign_coords`, `convert_calendar`"))
    }

    /// Values encoded as a stored array is, without labels and attributes.
    pub(super) fn as_stored(&mut self, x: Operand, stored: &StoredArray, at: Span) -> Lowering<Operand> {
        let ty = self.ty(x);
        let name = stored.path.trim_matches('/').to_owned();
        let encoding = Encoding::of(stored.dtype, &stored.attrs);
        let is_time = matches!(ty.dtype, DType::DateTime(_));
        if ty.dtype == DType::Duration || is_time != encoding.is_time() {
            let is = if encoding.is_time() { "times".to_owned() } else { stored.dtype.to_string() };
            return self.not_as_stored(format!("`{name}` is {}, and stored are {is}", ty.dtype), at, Some(CONVERT));
        }
        if let Some(text) = stored.attrs.text("_Unsigned") {
            let message = format!("`{name}` is stored with `_Unsigned: {text}`, which is only read");
            return self.not_as_stored(message, at, None);
        }
        let x = match ty.dtype {
            DType::DateTime(calendar) => self.times_as_stored(x, stored, calendar, at)?,
            DType::Bool if stored.attrs.text("dtype") == Some("bool") => self.cast_to(x, stored.dtype, at)?,
            _ => self.numbers_as_stored(x, stored, at)?,
        };
        let ty = self.ty(x);
        let coords = ty.coords.keys().map(|dim| (dim.clone(), None)).collect();
        let attrs = (!ty.attrs.is_empty()).then(Arc::default);
        self.built(at, |builder| moves::relabel(builder, x, Labels { coords, attrs, ..Labels::default() }))
    }

    fn numbers_as_stored(&mut self, x: Operand, stored: &StoredArray, at: Span) -> Lowering<Operand> {
        let dtype = self.ty(x).dtype;
        let number = |name: &str| stored.attrs.get(name).and_then(|value| value.as_scalar());
        let (scale, offset) = (number("scale_factor"), number("add_offset"));
        let fill = number("_FillValue").or_else(|| number("missing_value")).filter(|_| stored.dtype.is_numeric());
        let is_packed = scale.is_some() || offset.is_some();
        let fits = match (dtype.kind(), stored.dtype.kind()) {
            _ if dtype == stored.dtype => true,
            (Kind::Float | Kind::Signed | Kind::Unsigned, _) if is_packed => stored.dtype.is_numeric(),
            (Kind::Float | Kind::Signed | Kind::Unsigned, Kind::Float) => true,
            (Kind::Float, Kind::Signed | Kind::Unsigned) => fill.is_some(),
            (Kind::Signed, Kind::Signed) | (Kind::Unsigned, Kind::Unsigned) => dtype.size() <= stored.dtype.size(),
            (Kind::Unsigned, Kind::Signed) => dtype.size() < stored.dtype.size(),
            (_, Kind::Complex) => dtype.is_numeric() && dtype != DType::Bool,
            _ => false,
        };
        if !fits {
            let name = stored.path.trim_matches('/');
            let message = format!("`{name}` is {dtype}, and stored are {}", stored.dtype);
            return self.not_as_stored(message, at, Some(CONVERT));
        }
        if !dtype.is_numeric() || dtype == DType::Bool {
            return Ok(x);
        }
        let options = SinkOptions {
            dtype: Some(Spanned::new(stored.dtype, at)),
            scale: scale.and_then(Scalar::as_f64),
            offset: offset.and_then(Scalar::as_f64),
            fill: fill.filter(|_| dtype.kind() == Kind::Float || is_packed).map(|fill| Spanned::new(fill.clone(), at)),
            ..SinkOptions::default()
        };
        self.packed(x, &options, &mut Attributes::new(), &mut None, at)
    }

    /// Times, known while planning, as numbers of the stored units.
    fn times_as_stored(&mut self, x: Operand, stored: &StoredArray, calendar: Calendar, at: Span) -> Lowering<Operand> {
        let name = stored.path.trim_matches('/');
        let ty = self.ty(x);
        let units = stored.attrs.text("units").unwrap_or_default();
        let known = Calendar::parse(stored.attrs.text("calendar").unwrap_or("standard"));
        if known != Some(calendar) {
            let message = format!("`{name}` is of the calendar `{calendar}`, and stored are times of another");
            return self.not_as_stored(message, at, Some("see `convert_calendar`"));
        }
        if stored.attrs.get("scale_factor").is_some() || stored.attrs.get("add_offset").is_some() {
            return self.not_as_stored(format!("the times of `{name}` are scaled, which is only read"), at, None);
        }
        let known = self.known_block(x).filter(|block| block.count() <= MAX_TIMES);
        let Some(times) = known.and_then(|block| Some(block.view::<i64>()?.iter().copied().collect::<Vec<i64>>()))
        else {
            let message = format!("the times of `{name}` are encoded while planning, and are not known then");
            return self.not_as_stored(message, at, None);
        };
        let fill = stored.attrs.get("_FillValue").and_then(|value| value.as_scalar()).cloned();
        match TimeUnits::parse(units, calendar)
            .map_err(|e| e.to_string())
            .and_then(|u| numbers(&times, &u, stored.dtype, fill))
        {
            Ok(values) => {
                let numbers = block(stored.dtype, &ty.shape(), &values);
                Ok(self.constant(ArrayType::new(stored.dtype, ty.dims.clone()), Constant::Values(numbers), at))
            }
            Err(message) => {
                let help = "what is stored keeps its units: choose times that they can tell, or write a new store";
                self.not_as_stored(format!("`{name}`: {message}"), at, Some(help))
            }
        }
    }
}

/// Times as numbers of a dtype.
fn numbers(times: &[i64], units: &TimeUnits, dtype: DType, fill: Option<Scalar>) -> Result<Vec<Scalar>, String> {
    if dtype.kind() == Kind::Float {
        let missing = fill.filter(|fill| !fill.is_missing());
        let number = |time: &i64| match &missing {
            Some(fill) if *time == i64::MIN => fill.clone(),
            _ => Scalar::Float(units.encode(*time)),
        };
        return Ok(times.iter().map(number).collect());
    }
    let numbers = units.encode_ints(times, fill.and_then(|fill| fill.as_i64())).map_err(|e| e.to_string())?;
    let values: Vec<Scalar> = numbers.into_iter().map(Scalar::Int).collect();
    match values.iter().find(|value| Block::from_scalar(dtype, value).get(&[]).as_i64() != value.as_i64()) {
        Some(large) => Err(format!("{large} {units} is no {dtype}")),
        None => Ok(values),
    }
}

/// A block of as many values as its shape has.
fn block(dtype: DType, shape: &[u64], values: &[Scalar]) -> Block {
    with_type!(dtype, T => {
        let elements = values.iter().map(T::from_scalar).collect::<Vec<T>>();
        Block::from_vec(shape, elements).expect("a value for each element")
    })
}

/// A label that can be compared with others of its kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(Arc<str>),
}

/// The label at a position as a coordinate of the store would have it.
fn key(known: &Coord, labels: &Coord, position: usize) -> Key {
    let number = |x: f64| {
        let stored = if known.dtype == DType::F32 { f64::from(x as f32) } else { x };
        // The order of numbers, and one zero.
        let bits = (stored + 0.0).to_bits() as i64;
        Key::Number(if bits < 0 { i64::MIN - bits } else { bits })
    };
    let is_real = matches!(known.values, CoordValues::Float(_)) || matches!(labels.values, CoordValues::Float(_));
    match labels.values.get(position) {
        Scalar::Str(text) => Key::Text(text),
        Scalar::DateTime(time, _) | Scalar::Duration(time) => Key::Number(time),
        Scalar::Int(i) if !is_real => Key::Number(i),
        other => number(other.as_f64().unwrap_or(f64::NAN)),
    }
}

/// Whether two numbers are the same, both missing included.
fn alike(a: &Scalar, b: &Scalar) -> bool {
    (a.is_missing() && b.is_missing()) || a == b || (a.as_f64().is_some() && a.as_f64() == b.as_f64())
}
