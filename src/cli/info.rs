//! `ffrun info`: what lies at a place, as a tree.

use std::fmt::Write;

use crate::array::{AttrValue, Attributes};
use crate::planner::catalog::{Stored, StoredArray, StoredGroup};
use crate::planner::tasks::bytes_text;

/// Characters of an attribute that are shown.
const SHOWN: usize = 80;

/// The tree of what lies at `url`, ending with a newline.
pub fn tree(url: &str, stored: &Stored) -> String {
    let mut text = format!("{url}\n");
    match stored {
        Stored::Array(array) => {
            let _ = writeln!(text, "└─ {}", line("", array));
            attributes(&mut text, "   ", &array.attrs);
        }
        Stored::Group(group) => entries(&mut text, "", group),
    }
    text
}

fn entries(text: &mut String, indent: &str, group: &StoredGroup) {
    let width = group.arrays.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let mut left = group.arrays.len() + group.groups.len() + group.unsupported.len();
    attributes(text, &format!("{indent}{}", if left > 0 { "│" } else { " " }), &group.attrs);
    let mut branch = |text: &mut String, label: String| {
        left -= 1;
        let (corner, below) = if left == 0 { ("└─", "  ") } else { ("├─", "│ ") };
        let _ = writeln!(text, "{indent}{corner} {label}");
        format!("{indent}{below} ")
    };
    for (name, array) in &group.arrays {
        let below = branch(text, line(&format!("{name:<width$}"), array));
        attributes(text, &below, &array.attrs);
    }
    for (name, reason) in &group.unsupported {
        branch(text, format!("{name}: cannot be read: {reason}"));
    }
    for (name, inner) in &group.groups {
        let below = branch(text, format!("{name}/"));
        entries(text, &below, inner);
    }
}

/// Name, type, chunks, codec and sizes of an array.
fn line(name: &str, array: &StoredArray) -> String {
    let dims: Vec<String> = (array.dims.iter().zip(&array.shape).enumerate())
        .map(|(axis, (dim, size))| match dim {
            Some(dim) => format!("{dim}={size}"),
            None => format!("dim_{axis}={size}"),
        })
        .collect();
    let shape = |chunks: &[u64]| chunks.iter().map(u64::to_string).collect::<Vec<_>>().join("x");
    let mut text = format!("{name} {}[{}]", array.dtype, dims.join(", "));
    match (&array.chunks, &array.inner_chunks) {
        (Some(shards), Some(chunks)) => {
            let _ = write!(text, "  chunks {} in shards {}", shape(chunks), shape(shards));
        }
        (Some(chunks), None) if !chunks.is_empty() => {
            let _ = write!(text, "  chunks {}", shape(chunks));
        }
        _ => text.push_str("  contiguous"),
    }
    if !array.codec.is_empty() {
        let _ = write!(text, "  {}", array.codec);
    }
    let bytes = array.shape.iter().fold(array.dtype.size() as u64, |n, &s| n.saturating_mul(s));
    let _ = write!(text, "  {}", bytes_text(bytes));
    if let Some(stored) = array.stored_bytes {
        let _ = write!(text, " ({} stored)", bytes_text(stored));
    }
    text
}

fn attributes(text: &mut String, indent: &str, attrs: &Attributes) {
    for (name, value) in attrs.iter() {
        let value = match value {
            AttrValue::Str(long) if long.len() > 4 * SHOWN => {
                attribute(&AttrValue::Str(long.chars().take(SHOWN + 1).collect()))
            }
            value => attribute(value),
        };
        let cut: String = value.chars().take(SHOWN).collect();
        let _ = writeln!(text, "{indent}   {name}: {cut}{}", if cut.len() < value.len() { "…" } else { "" });
    }
}

/// The value of an attribute on one line.
pub fn attribute(value: &AttrValue) -> String {
    match value {
        AttrValue::Str(s) => s.replace('\n', " ⏎ "),
        AttrValue::StrList(list) => format!("[{}]", list.join(", ")),
        AttrValue::Number(_, number) => number.to_string(),
        AttrValue::Numbers(_, numbers) => {
            format!("[{}]", numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        AttrValue::Json(text) => text.clone(),
        AttrValue::Unreadable(why) => format!("<{why}, not read>"),
    }
}
