//! What the tests of formats share: the Python that other readers and writers run in, and text.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use crate::array::{AttrValue, Attributes, Block, ChunkGrid, Region};
use crate::planner::catalog::{Stored, StoredArray, StoredGroup};

use super::{ArrayReader, Container};

/// Runs a Python script in `directory` with the interpreter that `FF_PYTHON` names and gives what it
/// prints; `None`, said aloud, where the variable is not set.
pub fn python(directory: &Path, script: &str) -> Option<String> {
    let Some(interpreter) = std::env::var_os("FF_PYTHON") else {
        eprintln!("SKIPPED: FF_PYTHON is not set, so nothing was compared with other implementations");
        return None;
    };
    let run = Command::new(interpreter).args(["-W", "ignore", "-c", script]).current_dir(directory).output();
    let run = run.expect("FF_PYTHON starts");
    assert!(run.status.success(), "{}\n{script}", String::from_utf8_lossy(&run.stderr));
    Some(String::from_utf8(run.stdout).expect("Python prints UTF-8"))
}

/// All values of an array.
pub fn read_all(reader: &dyn ArrayReader, array: &StoredArray) -> Block {
    let whole = Region::whole(&array.shape);
    let Some(chunk) = reader.chunk_shape() else {
        return reader.read_region(&whole).unwrap_or_else(|e| panic!("{e}"));
    };
    let grid = ChunkGrid::regular(chunk);
    let mut values = Block::zeros(array.dtype, &array.shape);
    for index in Region::whole(&grid.counts(&array.shape)).indices() {
        let region = grid.region(&index, &array.shape);
        let block = reader.read_chunk(&index).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(block.shape(), region.shape, "chunk {index:?}");
        values.assign(&region.start, &block);
    }
    values
}

/// All values of the array at `path`.
pub fn read_path(container: &dyn Container, path: &str) -> Block {
    let reader = container.reader(path).unwrap_or_else(|e| panic!("{e}"));
    read_all(&*reader, container.stored().array(path).expect("an array that has a reader is described"))
}

/// The metadata as text, a line for each array.
pub fn describe(stored: &Stored) -> String {
    let mut text = String::new();
    match stored {
        Stored::Array(array) => describe_array(array, &mut text),
        Stored::Group(group) => describe_group(group, &mut text),
    }
    text
}

fn describe_group(group: &StoredGroup, text: &mut String) {
    writeln!(text, "group {}{}", group.path, attributes(&group.attrs)).unwrap();
    group.arrays.iter().for_each(|(_, array)| describe_array(array, text));
    for (name, reason) in &group.unsupported {
        writeln!(text, "unsupported {name}: {reason}").unwrap();
    }
    group.groups.iter().for_each(|(_, inner)| describe_group(inner, text));
}

fn describe_array(array: &StoredArray, text: &mut String) {
    let dims = array.dims.iter().zip(&array.shape).map(|(dim, n)| match dim {
        Some(name) => format!("{name}={n}"),
        None => n.to_string(),
    });
    let dims: Vec<String> = dims.collect();
    write!(text, "{} {}[{}]", array.path, array.dtype, dims.join(", ")).unwrap();
    if let Some(chunks) = &array.chunks {
        write!(text, " chunks {chunks:?}").unwrap();
    }
    if let Some(inner) = &array.inner_chunks {
        write!(text, " of {inner:?}").unwrap();
    }
    writeln!(text, " {}{}", array.codec, attributes(&array.attrs)).unwrap();
}

fn attributes(attributes: &Attributes) -> String {
    let entries = attributes.iter().map(|(name, value)| match value {
        AttrValue::Str(text) => format!(" @{name}={text:?}"),
        AttrValue::StrList(texts) => format!(" @{name}={texts:?}"),
        AttrValue::Number(dtype, scalar) => format!(" @{name}={dtype}({scalar})"),
        AttrValue::Numbers(dtype, scalars) => {
            let scalars: Vec<String> = scalars.iter().map(ToString::to_string).collect();
            format!(" @{name}={dtype}[{}]", scalars.join(", "))
        }
        AttrValue::Json(text) => format!(" @{name}=json {text}"),
        AttrValue::Unreadable(why) => format!(" @{name}=<{why}>"),
    });
    entries.collect()
}
