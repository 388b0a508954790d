//! Writing tables: blocks are gathered in memory, and the file is written when all are there.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::array::calendar::cf::TimeUnits;
use crate::array::calendar::{NAT, text};
use crate::array::{Block, Calendar, DType, DimName, Kind, Scalar};
use crate::planner::catalog::CatalogError;
use crate::planner::target::{ArraySpec, TargetOptions};
use crate::runtime::serializers::{ArrayWriter, StorageError, TargetWriter, failure};

/// Tables with more cells are refused.
const MAX_CELLS: u64 = 10_000_000;

/// The columns of a table.
struct Table {
    dims: Vec<DimName>,
    shape: Vec<u64>,
    /// For each dim its coordinate, where it has one.
    labels: Vec<Option<ArraySpec>>,
    values: Vec<ArraySpec>,
}

/// Checks what a sink asks for.
///
/// # Errors
/// The arrays do not make one small table, or options of other formats are set.
pub fn check(specs: &[ArraySpec], options: &TargetOptions) -> Result<(), CatalogError> {
    Table::new(specs, options).map(|_| ())
}

fn refused(message: String) -> CatalogError {
    CatalogError::new("ff::sink::table", message)
}

impl Table {
    fn new(specs: &[ArraySpec], options: &TargetOptions) -> Result<Self, CatalogError> {
        let values: Vec<ArraySpec> = specs.iter().filter(|s| !s.is_coordinate).cloned().collect();
        let Some(first) = values.first() else { return Err(refused("a table without any array".to_owned())) };
        let (dims, shape) = (first.dims.clone(), first.shape.clone());
        if let Some(other) = values.iter().find(|v| v.dims != dims || v.shape != shape) {
            let message = format!("`{}` and `{}` have different dims and make no table", first.path, other.path);
            return Err(refused(message).with_help("write each to its own file, or use `zarr`"));
        }
        if dims.len() > 2 {
            let message = format!("`{}` has {} dims, and CSV takes at most two", first.path, dims.len());
            return Err(refused(message).with_help("reduce it or select from it, or use `zarr`"));
        }
        let columns = (dims.len() + values.len()) as u64;
        let cells = shape.iter().fold(columns, |n, s| n.saturating_mul(*s));
        if cells > MAX_CELLS {
            let message = format!("the table would have {cells} cells, and CSV takes at most {MAX_CELLS}");
            return Err(refused(message).with_help("use `zarr` or `netcdf`"));
        }
        for spec in &values {
            if spec.dtype.kind() == Kind::Complex {
                let help = "write `real(x)` and `imag(x)`";
                return Err(refused(format!("`{}` is complex, which CSV cannot hold", spec.path)).with_help(help));
            }
            let codecs = spec.codecs.as_deref().unwrap_or_default();
            let grows = !options.unlimited.is_empty();
            if options.version.is_some() || grows || spec.shards.is_some() || codecs.iter().any(|c| c.name != "none") {
                let message = "csv has no options `version`, `unlimited`, `shards` and `codec`";
                return Err(CatalogError::new("ff::sink::option", message));
            }
        }
        let label = |dim: &DimName| specs.iter().find(|s| s.is_coordinate && column(s) == dim.as_str()).cloned();
        let labels = dims.iter().map(label).collect();
        let table = Table { dims, shape, labels, values };
        let mut names = table.header();
        names.sort();
        match names.windows(2).find(|w| w[0] == w[1]) {
            Some(twice) => Err(refused(format!("two columns of the table are named `{}`", twice[0]))),
            None => Ok(table),
        }
    }

    fn header(&self) -> Vec<String> {
        let dims = self.dims.iter().map(|d| d.as_str().to_owned());
        dims.chain(self.values.iter().map(|v| column(v).to_owned())).collect()
    }

    fn text(&self, blocks: &[(ArraySpec, Block)]) -> String {
        let cells = |spec: &ArraySpec| {
            let (_, block) = blocks.iter().find(|(s, _)| s.path == spec.path).expect("every column has its block");
            fields(spec, block)
        };
        let labels: Vec<Vec<String>> = (self.labels.iter().zip(&self.shape))
            .map(|(label, n)| label.as_ref().map_or_else(|| (0..*n).map(|i| i.to_string()).collect(), cells))
            .collect();
        let values: Vec<Vec<String>> = self.values.iter().map(cells).collect();
        let header: Vec<String> = self.header().iter().map(|name| quoted(name)).collect();
        let mut text = header.join(",") + "\n";
        for row in 0..self.shape.iter().product::<u64>() as usize {
            let last = self.shape.last().map_or(1, |n| (*n).max(1) as usize);
            let place = if self.dims.len() == 2 { vec![row / last, row % last] } else { vec![row] };
            let place = labels.iter().zip(place).map(|(column, at)| &column[at]);
            let row: Vec<&str> = place.chain(values.iter().map(|column| &column[row])).map(String::as_str).collect();
            let _ = writeln!(text, "{}", row.join(","));
        }
        text
    }
}

/// The name of an array's column.
fn column(spec: &ArraySpec) -> &str {
    match spec.path.trim_matches('/').rsplit('/').next() {
        None | Some("") => "value",
        Some(name) => name,
    }
}

/// The fields of a column; times of CF and missing values as text.
fn fields(spec: &ArraySpec, block: &Block) -> Vec<String> {
    let calendar = spec.attrs.text("calendar").map_or(Some(Calendar::Standard), Calendar::parse);
    let units = spec.attrs.text("units").filter(|units| TimeUnits::recognises(units));
    let units = calendar.and_then(|calendar| TimeUnits::parse(units?, calendar).ok());
    let missing = spec.fill.as_ref().or_else(|| spec.attrs.get("_FillValue").and_then(|v| v.as_scalar()));
    let is_missing = |value: &Scalar| value.is_missing() || missing.is_some_and(|m| same(m, value));
    let field = |value: &Scalar| if is_missing(value) { String::new() } else { plain(value, spec.dtype) };
    let values = block.scalars();
    let time = |units: &TimeUnits, value: &Scalar| match value {
        _ if is_missing(value) => Some(NAT),
        Scalar::Int(i) => units.decode_int(*i).ok(),
        other => units.decode(other.as_f64()?).ok(),
    };
    let times = units.as_ref().and_then(|units| values.iter().map(|v| time(units, v)).collect::<Option<Vec<_>>>());
    match (times, units) {
        (Some(times), Some(units)) => times_alike(&times, units.calendar()),
        _ => values.iter().map(field).collect(),
    }
}

/// Times of one column, all with as many parts as any of them needs: readers guess the form from the first.
fn times_alike(times: &[i64], calendar: Calendar) -> Vec<String> {
    let texts: Vec<String> = times.iter().map(|t| text::format(calendar, *t)).collect();
    let has_hours = texts.iter().any(|t| t.contains(':'));
    let has_fraction = texts.iter().any(|t| t.contains('.'));
    let alike = times.iter().zip(texts).map(|(time, mut text)| {
        if *time == NAT {
            return String::new();
        }
        if has_hours && !text.contains(':') {
            text.push_str("T00:00:00");
        }
        if has_fraction {
            text.truncate(text.find('.').unwrap_or(text.len()));
            let _ = write!(text, ".{:06}", time.rem_euclid(1_000_000));
        }
        text
    });
    alike.collect()
}

fn same(a: &Scalar, b: &Scalar) -> bool {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => a == b,
        _ => a.as_f64().is_some() && a.as_f64() == b.as_f64(),
    }
}

/// A value as it reads back; the shortest digits that do.
fn plain(value: &Scalar, dtype: DType) -> String {
    match value {
        Scalar::Str(text) => quoted(text),
        Scalar::Float(x) if dtype == DType::F32 => format!("{:?}", *x as f32),
        Scalar::Float(x) if dtype == DType::F16 => half::f16::from_f64(*x).to_string(),
        Scalar::Float(x) => format!("{x:?}"),
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let plain = !text.contains(['"', ',', '\n', '\r']) && text.trim() == text;
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

/// Begins a table at `path`.
///
/// # Errors
/// The specs do not pass [`check`], or the file cannot be made.
pub fn create(
    path: &Path,
    specs: &[ArraySpec],
    options: &TargetOptions,
) -> Result<Arc<dyn TargetWriter>, StorageError> {
    let table =
        Table::new(specs, options).map_err(|e| StorageError { code: e.code, message: e.message, help: e.help })?;
    let file = File::create(path).map_err(|e| failure::refused(path, &e))?;
    let columns = specs.iter().map(|spec| {
        let values = Mutex::new(Block::zeros(spec.dtype, &spec.shape));
        Arc::new(Column { spec: spec.clone(), values })
    });
    Ok(Arc::new(CsvTarget { table, columns: columns.collect(), file, path: path.to_owned() }))
}

struct CsvTarget {
    table: Table,
    columns: Vec<Arc<Column>>,
    file: File,
    path: PathBuf,
}

impl TargetWriter for CsvTarget {
    fn array(&self, path: &str) -> Arc<dyn ArrayWriter> {
        let column = self.columns.iter().find(|column| column.spec.path == path);
        column.unwrap_or_else(|| panic!("the array {path} is not among the specs")).clone()
    }

    fn finish(&self) -> Result<(), StorageError> {
        let columns = self.columns.iter().map(|c| (c.spec.clone(), c.lock().clone()));
        let text = self.table.text(&columns.collect::<Vec<_>>());
        let mut file = &self.file;
        file.write_all(text.as_bytes()).map_err(|e| failure::refused(&self.path, &e))
    }
}

/// An array being gathered.
struct Column {
    spec: ArraySpec,
    values: Mutex<Block>,
}

impl Column {
    fn lock(&self) -> std::sync::MutexGuard<'_, Block> {
        self.values.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl ArrayWriter for Column {
    fn object_shape(&self) -> &[u64] {
        &self.spec.chunks
    }

    fn write(&self, index: &[u64], block: &Block) -> Result<u64, StorageError> {
        let start: Vec<u64> = index.iter().zip(&self.spec.chunks).map(|(i, n)| i.saturating_mul(*n)).collect();
        let shape = block.shape();
        let fits = start.iter().zip(&shape).zip(&self.spec.shape).all(|((s, n), whole)| s.saturating_add(*n) <= *whole);
        if !fits || shape.len() != self.spec.shape.len() || block.dtype() != self.spec.dtype {
            let message = format!("a block of {} does not fit into `{}` at {index:?}", block.dtype(), self.spec.path);
            return Err(StorageError::new("ff::write::encode", message));
        }
        self.lock().assign(&start, block);
        Ok(block.bytes())
    }

    fn scratch_bytes(&self) -> u64 {
        0
    }
}
