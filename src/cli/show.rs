//! Values on standard output: scalars on a line, arrays as NumPy prints them, with their coordinates.

use std::fmt::Write;

use crate::array::{ArrayType, Block, Calendar, Coord, DType, DimName, Scalar};
use crate::planner::plan::Beside;
use crate::runtime::Shown;

/// Elements per edge of an axis that was cut.
const EDGE: u64 = 3;

/// The text of a printed value, ending with a newline.
pub fn value(shown: &Shown) -> String {
    if shown.ty.rank() == 0 {
        if let (Scalar::Str(text), true) = (shown.values.get(&[]), shown.verbatim) {
            return format!("{} = {text}\n", shown.label);
        }
        return format!("{} = {}\n", shown.label, element(&shown.values.get(&[]), shown.ty.dtype));
    }
    let dims: Vec<String> = shown.whole.dims.iter().map(|d| format!("{}={}", d.name, d.size)).collect();
    let mut text = format!("{}: {}[{}]\n", shown.label, shown.whole.dtype, dims.join(", "));
    let cells = texts(&shown.values, shown.ty.dtype);
    let width = cells.iter().map(|c| c.chars().count()).max().unwrap_or(0);
    rows(&mut text, shown, (&cells, width), (0, 0, cells.len()));
    text.push('\n');
    for coord in shown.ty.coords.values() {
        coordinate(&mut text, coord, &shown.whole);
    }
    shown.beside.iter().for_each(|one| other(&mut text, one));
    text
}

/// The brackets of `axis`, over the cells from `from`.
fn rows(text: &mut String, shown: &Shown, (cells, width): (&[String], usize), (axis, from, to): (usize, usize, usize)) {
    let shape = shown.ty.shape();
    let count = shape[axis] as usize;
    let cut = shown.whole.dims[axis].size > shape[axis];
    let each = (to - from).checked_div(count).unwrap_or(0);
    text.push('[');
    for i in 0..count {
        let last = axis + 1 == shape.len();
        if i > 0 {
            text.push_str(if last { " " } else { "\n" });
            if !last {
                text.push_str(&" ".repeat(axis + 1));
            }
        }
        if cut && i as u64 == EDGE {
            let _ = if last { write!(text, "... ") } else { write!(text, "...\n{}", " ".repeat(axis + 1)) };
        }
        if last {
            let _ = write!(text, "{:>width$}", cells[from + i]);
        } else {
            rows(text, shown, (cells, width), (axis + 1, from + i * each, from + (i + 1) * each));
        }
    }
    text.push(']');
}

fn coordinate(text: &mut String, coord: &Coord, whole: &ArrayType) {
    let size = whole.dims.get(&coord.dim).map_or(0, |d| d.size);
    let labels: Vec<String> = (0..coord.len()).map(|i| element(&coord.values.get(i), coord.dtype)).collect();
    let _ = writeln!(text, "  {} ({}): {}", coord.dim, coord.dtype, row(&labels, size));
}

/// Some of `size` labels on a line, of many those at the ends.
fn row(labels: &[String], size: u64) -> String {
    if size <= labels.len() as u64 && labels.len() <= 2 * EDGE as usize {
        return labels.join(" ");
    }
    let edge = (EDGE as usize).min(labels.len());
    format!("{} ... {}", labels[..edge].join(" "), labels[labels.len() - edge..].join(" "))
}

/// A coordinate that is no labels of a dim: its values where they are few, else the dims it lies along.
fn other(text: &mut String, beside: &Beside) {
    let Beside { name, ty, values } = beside;
    let dims: Vec<&str> = ty.dims.names().map(DimName::as_str).collect();
    let along = if dims.is_empty() { String::new() } else { format!(", along {}", dims.join(", ")) };
    let _ = match values {
        Some(values) => {
            let labels: Vec<String> = values.iter().map(|value| element(value, ty.dtype)).collect();
            writeln!(text, "  {name} ({}{along}): {}", ty.dtype, row(&labels, labels.len() as u64))
        }
        None => writeln!(text, "  {name} ({}{along})", ty.dtype),
    };
}

fn texts(block: &Block, dtype: DType) -> Vec<String> {
    block.scalars().iter().map(|s| element(s, dtype)).collect()
}

/// An element as text; floats in the precision of their dtype.
pub fn element(scalar: &Scalar, dtype: DType) -> String {
    match (scalar, dtype) {
        (Scalar::Int(t), DType::DateTime(calendar)) => time(*t, calendar),
        (Scalar::Int(i64::MIN), DType::Duration) => "NaT".into(),
        (Scalar::Int(t), DType::Duration) => Scalar::Duration(*t).to_string(),
        (Scalar::Float(x), _) if !x.is_finite() => scalar.to_string().to_lowercase(),
        (Scalar::Float(x), DType::F32) => float((*x as f32).to_string(), *x),
        (Scalar::Float(x), DType::F16) => float(half::f16::from_f64(*x).to_string(), *x),
        (Scalar::Float(x), _) => float(x.to_string(), *x),
        _ => scalar.to_string(),
    }
}

fn time(micros: i64, calendar: Calendar) -> String {
    crate::array::calendar::text::format(calendar, micros)
}

/// The shortest text that reads back as the same number; very large and small ones with an exponent.
fn float(plain: String, value: f64) -> String {
    if value != 0.0 && !(1e-4..1e16).contains(&value.abs()) {
        return format!("{value:e}");
    }
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}
