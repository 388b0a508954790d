//! Reading tables.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::array::calendar::{NAT, text};
use crate::array::{Attributes, Block, Calendar, DType, DimName, Region};
use crate::planner::catalog::{CatalogError, Stored, StoredArray, StoredGroup};
use crate::runtime::serializers::{ArrayReader, Container, StorageError};
use crate::runtime::storage::{Failure, Place};

/// Larger files are refused.
const MAX_BYTES: u64 = 1 << 30;

/// A table in memory.
pub struct CsvFile {
    name: String,
    stored: Arc<Stored>,
    columns: BTreeMap<String, Arc<Column>>,
}

struct Column(Block);

impl CsvFile {
    /// Reads the table at `path`.
    ///
    /// # Errors
    /// It cannot be read, is not UTF-8, too large, or its rows differ in length.
    pub fn open(place: &Place) -> Result<Self, CatalogError> {
        let failed =
            |reason: String| CatalogError::new("ff::source::metadata", format!("`{place}` cannot be read: {reason}"));
        let bytes = place.read(MAX_BYTES).map_err(|failure| match failure {
            Failure::Length(length) => {
                failed(format!("it has {length} bytes, and tables are read whole, up to {MAX_BYTES}"))
            }
            other => failed(other.to_string()),
        })?;
        let text = String::from_utf8(bytes.ok_or_else(|| failed("it is not there".to_owned()))?);
        let text = text.map_err(|_| failed("stream did not contain valid UTF-8".to_owned()))?;
        let (names, columns) = table(text.strip_prefix('\u{feff}').unwrap_or(&text)).map_err(failed)?;
        let mut group = StoredGroup { path: "/".to_owned(), ..StoredGroup::default() };
        let mut held = BTreeMap::new();
        for (name, fields) in names.into_iter().zip(columns) {
            let (dtype, block) = typed(&fields);
            group.arrays.push((name.clone(), stored(&name, dtype, block.count())));
            if held.insert(name.clone(), Arc::new(Column(block))).is_some() {
                return Err(failed(format!("two columns are named `{name}`")));
            }
        }
        Ok(CsvFile { name: place.to_string(), stored: Arc::new(Stored::Group(group)), columns: held })
    }
}

fn stored(name: &str, dtype: DType, rows: u64) -> StoredArray {
    StoredArray {
        path: format!("/{name}"),
        dtype,
        shape: vec![rows],
        dims: vec![Some(DimName::new("row"))],
        chunks: None,
        inner_chunks: None,
        codec: "none".to_owned(),
        stored_bytes: None,
        attrs: Arc::new(Attributes::new()),
    }
}

impl Container for CsvFile {
    fn stored(&self) -> &Arc<Stored> {
        &self.stored
    }

    fn reader(&self, path: &str) -> Result<Arc<dyn ArrayReader>, CatalogError> {
        match self.columns.get(path.trim_start_matches('/')) {
            Some(column) => Ok(column.clone()),
            None => {
                let message = format!("`{}` has no column `{path}`", self.name);
                Err(CatalogError::new("ff::source::no_array", message))
            }
        }
    }
}

impl ArrayReader for Column {
    fn chunk_shape(&self) -> Option<&[u64]> {
        None
    }

    fn read_chunk(&self, _index: &[u64]) -> Result<Block, StorageError> {
        Err(StorageError::new("ff::read::no_chunk", "tables have no chunks"))
    }

    fn read_region(&self, region: &Region) -> Result<Block, StorageError> {
        if region.rank() != 1 || region.end(0) > self.0.count() {
            return Err(StorageError::new("ff::read::failed", format!("the table has no rows {region}")));
        }
        Ok(self.0.slice(region))
    }

    fn scratch_bytes(&self) -> u64 {
        0
    }
}

/// The names and the fields of all columns.
fn table(text: &str) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
    let mut rows = Rows { rest: text, line: 1 };
    let Some(header) = rows.next() else { return Err("it has no header line".to_owned()) };
    let names: Vec<String> = header?.into_iter().map(|name| name.trim().to_owned()).collect();
    if let Some(at) = names.iter().position(|name| name.is_empty() || name.contains('/')) {
        return Err(format!("its column {} is named {:?}", at + 1, names[at]));
    }
    let mut columns = vec![Vec::new(); names.len()];
    loop {
        let line = rows.line;
        let Some(row) = rows.next() else { return Ok((names, columns)) };
        let row = row?;
        if row.len() != names.len() {
            return Err(format!("line {line} has {} fields, and the header has {}", row.len(), names.len()));
        }
        columns.iter_mut().zip(row).for_each(|(column, field)| column.push(field));
    }
}

/// The rows of a text.
struct Rows<'a> {
    rest: &'a str,
    line: usize,
}

impl Iterator for Rows<'_> {
    type Item = Result<Vec<String>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.trim().is_empty() {
            return None;
        }
        let mut row = Vec::new();
        loop {
            let field = if let Some(body) = self.rest.strip_prefix('"') {
                match self.quoted(body) {
                    Ok(field) => field,
                    Err(reason) => return Some(Err(reason)),
                }
            } else {
                let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
                let (field, rest) = self.rest.split_at(end);
                self.rest = rest;
                field.trim_end_matches('\r').to_owned()
            };
            row.push(field);
            match self.rest.as_bytes().first() {
                Some(b',') => self.rest = &self.rest[1..],
                Some(_) => {
                    self.rest = &self.rest[1..];
                    self.line += 1;
                    return Some(Ok(row));
                }
                None => return Some(Ok(row)),
            }
        }
    }
}

impl<'a> Rows<'a> {
    /// A field in quotes, of which the first was taken.
    fn quoted(&mut self, mut body: &'a str) -> Result<String, String> {
        let mut field = String::new();
        loop {
            let end =
                body.find('"').ok_or_else(|| format!("the quotes that line {} opens are not closed", self.line))?;
            field.push_str(&body[..end]);
            body = &body[end + 1..];
            match body.strip_prefix('"') {
                Some(rest) => {
                    field.push('"');
                    body = rest;
                }
                None => break,
            }
        }
        let body = body.strip_prefix('\r').unwrap_or(body);
        if !(body.is_empty() || body.starts_with([',', '\n'])) {
            return Err(format!("line {} goes on after closing quotes", self.line));
        }
        self.line += field.matches('\n').count();
        self.rest = body;
        Ok(field)
    }
}

/// The fields as the narrowest type that holds them all; empty ones are missing.
fn typed(fields: &[String]) -> (DType, Block) {
    let given = |field: &&String| !field.trim().is_empty();
    let has_missing = !fields.iter().all(|f| given(&f));
    let all = |is: &dyn Fn(&str) -> bool| {
        fields.iter().any(|f| given(&f)) && fields.iter().filter(given).all(|f| is(f.trim()))
    };
    let truth = |field: &str| match field {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    };
    if !has_missing && all(&|f| f.parse::<i64>().is_ok()) {
        let values: Vec<i64> = fields.iter().map(|f| f.trim().parse().unwrap_or_default()).collect();
        return (DType::I64, Block::from_list(values));
    }
    if all(&|f| f.parse::<f64>().is_ok()) {
        let values: Vec<f64> = fields.iter().map(|f| f.trim().parse().unwrap_or(f64::NAN)).collect();
        return (DType::F64, Block::from_list(values));
    }
    if !has_missing && all(&|f| truth(f).is_some()) {
        let values: Vec<bool> = fields.iter().map(|f| truth(f.trim()).unwrap_or_default()).collect();
        return (DType::Bool, Block::from_list(values));
    }
    let calendar = Calendar::ProlepticGregorian;
    if all(&|f| f == "NaT" || text::parse(calendar, f).is_ok()) {
        let values: Vec<i64> = fields.iter().map(|f| text::parse(calendar, f.trim()).unwrap_or(NAT)).collect();
        return (DType::DateTime(calendar), Block::from_list(values));
    }
    (DType::Str, Block::from_list(fields.iter().map(|f| Arc::<str>::from(f.as_str())).collect::<Vec<_>>()))
}
