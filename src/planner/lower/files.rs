//! Several files as one: their order, what they have to share, and their variables one after the other.
//!
//! The rules are those of `xarray.open_mfdataset` with `data_vars="minimal"`: a variable with the dim that is named is
//! joined, any other is that of the first file. What differs is an error that names the file; nothing is looked at
//! before the variable that it concerns is used, but for the labels of the joined dim.

use std::cmp::Ordering;
use std::sync::Arc;

use super::builder::{node, operand};
use super::source::File;
use super::{Lowerer, Lowering, Poisoned};
use crate::array::{ArrayType, Coord, DType, DimName, Scalar};
use crate::operators::cf::Encoding;
use crate::operators::selection::{Brought, aligned};
use crate::operators::{Arguments, Call, Operand, Pattern, Units, Value, find};
use crate::planner::catalog::{Location, StoredArray};
use crate::planner::error::{EdgeError, PlanError};
use crate::source::{Span, Spanned};

/// The most files that problems are reported of.
const MAX_REPORTED: usize = 3;

impl Lowerer<'_> {
    /// The files at some locations.
    pub(super) fn opened_files(&mut self, locations: Vec<Location>, at: Span) -> Lowering<Vec<File>> {
        let described = self.catalog.describe_all(&locations);
        let mut files = Vec::with_capacity(locations.len());
        let mut problems = 0;
        for (location, stored) in locations.into_iter().zip(described) {
            match stored {
                Ok(stored) => files.push(File { location, stored }),
                Err(error) if problems < MAX_REPORTED => {
                    problems += 1;
                    let _: Lowering<()> = self.catalog_problem(error, at, "read here");
                }
                Err(_) => {}
            }
        }
        if problems == 0 { Ok(files) } else { Err(Poisoned) }
    }

    fn url(&self, dataset: usize, file: usize) -> &str {
        &self.datasets[dataset].files[file].location.url
    }

    fn not_joined<T>(&mut self, dataset: usize, message: String, help: &str) -> Lowering<T> {
        let (at, help) = (self.datasets[dataset].at, Some(help.to_owned()));
        self.fail(EdgeError::SourceConcat { message, at, help })
    }

    /// Compares the labels of the dim along which files are joined, as seen from a group, and orders the files by them
    /// where that is asked for.
    pub(super) fn put_in_order(&mut self, dataset: usize, path: &str) -> Lowering<()> {
        let count = self.datasets[dataset].files.len();
        let Some(along) = self.datasets[dataset].options.concat.clone() else { return Ok(()) };
        if count < 2 {
            return Ok(());
        }
        let mut labels: Vec<Option<Arc<Coord>>> = Vec::with_capacity(count);
        for file in 0..count {
            labels.push(self.coordinate_of(dataset, file, path.trim_matches('/'), &along.value)?);
        }
        self.check_kinds(dataset, &along.value, &labels)?;
        let Some(labels) = labels.into_iter().collect::<Option<Vec<_>>>() else { return Ok(()) };
        let mut spans: Vec<(usize, Scalar, Scalar)> = Vec::new();
        for (file, coord) in labels.iter().enumerate().filter(|(_, coord)| !coord.is_empty()) {
            spans.push((file, coord.values.get(0), coord.values.get(coord.len() - 1)));
        }
        let falls = spans.iter().find_map(|(_, a, b)| order(a, b).filter(|o| o.is_ne())) == Some(Ordering::Greater);
        let follows = |a: &Scalar, b: &Scalar| order(a, b).map(|o| if falls { o.reverse() } else { o });
        if self.datasets[dataset].options.in_order {
            spans.sort_by(|(_, a, _), (_, b, _)| follows(a, b).unwrap_or(Ordering::Equal));
            let empty = (0..count).filter(|&file| labels[file].is_empty());
            let order: Vec<usize> = spans.iter().map(|(file, ..)| *file).chain(empty).collect();
            let mut files: Vec<Option<File>> =
                std::mem::take(&mut self.datasets[dataset].files).into_iter().map(Some).collect();
            self.datasets[dataset].files = order.iter().filter_map(|&file| files[file].take()).collect();
            self.datasets[dataset].coords.clear();
            for (place, span) in spans.iter_mut().enumerate() {
                span.0 = place;
            }
        }
        let broken = spans.windows(2).find(|pair| follows(&pair[0].2, &pair[1].1) != Some(Ordering::Less));
        let Some([(a, _, end), (b, start, _)]) = broken.map(|pair| [&pair[0], &pair[1]]) else { return Ok(()) };
        let (a, b, dim) = (self.url(dataset, *a), self.url(dataset, *b), &along.value);
        let message = format!("`{dim}` of `{b}` begins at {start}, and `{a}`, which comes before, ends at {end}");
        match self.datasets[dataset].options.in_order {
            true => self.not_joined(dataset, message, "files that overlap have no order: leave one of them out"),
            false => {
                let at = self.datasets[dataset].at;
                self.report(EdgeError::FilesOutOfOrder { message, at });
                Ok(())
            }
        }
    }

    /// All files have labels of one kind, or none has any.
    fn check_kinds(&mut self, dataset: usize, dim: &DimName, labels: &[Option<Arc<Coord>>]) -> Lowering<()> {
        let kind = |coord: &Option<Arc<Coord>>| coord.as_ref().map(|c| (c.dtype.kind(), calendar(c.dtype)));
        let Some(file) = labels.iter().position(|coord| kind(coord) != kind(&labels[0])) else { return Ok(()) };
        let told = |file: usize| match &labels[file] {
            None => "no labels".to_owned(),
            Some(coord) => match coord.dtype {
                DType::DateTime(calendar) => format!("times of the calendar `{calendar}`"),
                dtype => format!("labels of {dtype}"),
            },
        };
        let (first, other) = (self.url(dataset, 0), self.url(dataset, file));
        let message = format!("`{dim}` has {} in `{first}` and {} in `{other}`", told(0), told(file));
        let help = "read them as sources of their own, make the labels alike (`convert_calendar`, `assign_coords`), and \
                    join the datasets: `concat([a, b], time)`";
        self.not_joined(dataset, message, help)
    }

    /// A variable that only other files have cannot be told the dims of.
    pub(super) fn check_first_file(&mut self, dataset: usize, path: &str, at: Span) -> Lowering<()> {
        let files = &self.datasets[dataset].files;
        let Some(other) = files.iter().position(|file| file.stored.array(path).is_some()) else { return Ok(()) };
        let message = format!("`{}` has no variable `{path}`", self.url(dataset, 0));
        let help = Some(format!("`{}` has; files that are joined must hold the same", self.url(dataset, other)));
        self.fail(EdgeError::SourceConcat { message, at, help })
    }

    /// A variable of all files, joined along `axis` or along a new dim.
    pub(super) fn joined_variable(
        &mut self,
        dataset: usize,
        first: &StoredArray,
        dims: &[DimName],
        axis: Option<usize>,
        at: Span,
    ) -> Lowering<Operand> {
        let mut stored = vec![first.clone()];
        for file in 1..self.datasets[dataset].files.len() {
            let next = self.stored_array(dataset, file, &first.path, at)?;
            self.check_alike(dataset, file, first, &next, axis)?;
            stored.push(next);
        }
        let encoding = |array: &StoredArray| Encoding::of(array.dtype, &array.attrs);
        let known = encoding(first);
        let join = self.datasets[dataset].options.join;
        let gaps = !matches!(join, "exact" | "override");
        let together = !gaps && !known.is_time() && stored.iter().all(|array| encoding(array) == known);
        let mut parts = Vec::new();
        for (file, array) in stored.iter().enumerate() {
            let raw = self.raw(dataset, file, array, dims)?;
            self.check_labels(dataset, file, parts.first().copied(), raw, axis.map(|axis| &dims[axis]))?;
            parts.push(if together { raw } else { self.decoded(dataset, raw, array, file, at)? });
        }
        if join != "exact" {
            parts = self.with_labels_joined(parts, join, axis.map(|axis| &dims[axis]), at)?;
        }
        let joined = match axis {
            Some(axis) => self.joined(dataset, &parts, axis)?,
            None => self.stacked(dataset, &parts)?,
        };
        if together { self.decoded(dataset, joined, first, 0, at) } else { Ok(joined) }
    }

    /// The labels of all files as a constant, which may be of any size.
    pub(super) fn joined_labels(&mut self, dataset: usize, joined: Operand, labels: &Arc<Coord>, at: Span) -> Operand {
        let constant = self.coord_constant(labels, at);
        self.made_from(constant, joined);
        for file in 0..self.datasets[dataset].files.len() {
            self.read_from(constant, self.datasets[dataset].files[file].location.clone());
        }
        constant
    }

    /// The variables of two files are of one dtype, of the same dims, and of one size but along the joined one.
    fn check_alike(
        &mut self,
        dataset: usize,
        file: usize,
        first: &StoredArray,
        next: &StoredArray,
        axis: Option<usize>,
    ) -> Lowering<()> {
        let (a, b) = (self.dims_of(dataset, first)?, self.dims_of(dataset, next)?);
        let name = first.path.trim_matches('/');
        let shown = |array: &StoredArray, dims: &[DimName]| {
            let dims: Vec<String> = dims.iter().zip(&array.shape).map(|(d, n)| format!("{d}={n}")).collect();
            format!("{}[{}]", array.dtype, dims.join(", "))
        };
        let fixed = matches!(self.datasets[dataset].options.join, "exact" | "override");
        let sizes = first.shape.len() == next.shape.len()
            && (0..first.shape.len()).all(|i| !fixed || Some(i) == axis || first.shape[i] == next.shape[i]);
        let (here, there) = (self.url(dataset, 0), self.url(dataset, file));
        if a != b || !sizes || first.dtype != next.dtype {
            let message = format!("`{name}` is {} in `{here}` and {} in `{there}`", shown(first, &a), shown(next, &b));
            let help = "files that are joined must agree in dtype, dims and all sizes but the joined one";
            return self.not_joined(dataset, message, help);
        }
        let units = |array: &StoredArray| match Encoding::of(array.dtype, &array.attrs).is_time() {
            true => None,
            false => array.attrs.text("units").map(str::to_owned),
        };
        match (units(first), units(next)) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                let message = format!("`{name}` is measured in `{ours}` in `{here}` and in `{theirs}` in `{there}`");
                let help = "read them as sources of their own, convert one, and join them: `concat([a, b], time)`";
                self.not_joined(dataset, message, help)
            }
            _ => Ok(()),
        }
    }

    /// The labels of the dims that are not joined are the first file's, unless something is said of where they differ.
    fn check_labels(
        &mut self,
        dataset: usize,
        file: usize,
        first: Option<Operand>,
        next: Operand,
        along: Option<&DimName>,
    ) -> Lowering<()> {
        let Some(first) = first.filter(|_| self.datasets[dataset].options.join == "exact") else { return Ok(()) };
        let (first, next) = (self.ty(first), self.ty(next));
        let differs = |ty: &ArrayType, (dim, coord): (&DimName, &Arc<Coord>)| {
            let ours = ty.coord(dim).filter(|_| Some(dim) != along)?;
            ours.first_difference(coord).map(|at| (dim.clone(), ours.clone(), coord.clone(), at))
        };
        let Some((dim, ours, theirs, at)) = next.coords.iter().find_map(|coord| differs(&first, coord)) else {
            return Ok(());
        };
        let label = |coord: &Coord| if at < coord.len() { coord.values.get(at).to_string() } else { "nothing".into() };
        let message = format!(
            "the labels of `{dim}` differ first at position {at}: {} in `{}` and {} in `{}`",
            label(&ours),
            self.url(dataset, 0),
            label(&theirs),
            self.url(dataset, file)
        );
        let help = "`{ join: override }` takes the first file's, `join: inner` or `join: outer` the labels that all or any have";
        self.not_joined(dataset, message, help)
    }

    /// The parts with the same labels along all dims but the joined one.
    fn with_labels_joined(
        &mut self,
        parts: Vec<Operand>,
        join: &str,
        along: Option<&DimName>,
        at: Span,
    ) -> Lowering<Vec<Operand>> {
        let mut brought = Vec::new();
        let arrays = parts.iter().enumerate().map(|(argument, &array)| Brought { array, argument }).collect();
        self.built(at, |builder| {
            brought = aligned(builder, arrays, join, along)?;
            Ok(parts[0])
        })?;
        Ok(brought)
    }

    /// A variable that is not joined is that of the first file; the others have the same, where that is asked for.
    pub(super) fn check_equal(&mut self, dataset: usize, first: &StoredArray, at: Span) -> Lowering<()> {
        if !self.datasets[dataset].options.compares {
            return Ok(());
        }
        let values = |l: &mut Self, file: usize| {
            let location = l.datasets[dataset].files[file].location.clone();
            l.catalog.values(&location, &first.path).or_else(|error| l.catalog_problem(error, at, "compared here"))
        };
        let ours = values(self, 0)?;
        for file in 1..self.datasets[dataset].files.len() {
            let next = self.stored_array(dataset, file, &first.path, at)?;
            self.check_alike(dataset, file, first, &next, None)?;
            let theirs = values(self, file)?;
            let encoded = Encoding::of(first.dtype, &first.attrs) == Encoding::of(next.dtype, &next.attrs);
            if !encoded || ours.shape() != theirs.shape() || !same(&ours.scalars(), &theirs.scalars()) {
                let (here, there) = (self.url(dataset, 0), self.url(dataset, file));
                let name = first.path.trim_matches('/');
                let message = format!("`{name}` is not joined, and differs in `{here}` and `{there}`");
                return self.not_joined(dataset, message, "`{ compat: override }` takes that of the first file");
            }
        }
        Ok(())
    }

    /// Arrays one after another.
    fn joined(&mut self, dataset: usize, parts: &[Operand], axis: usize) -> Lowering<Operand> {
        let at = self.datasets[dataset].at;
        let nodes: Vec<_> = parts.iter().map(|o| node(*o)).collect();
        let ty = self.ty(parts[0]);
        let text = format!("axis: {axis}");
        let call =
            Call { name: "concat", text, pattern: Pattern::Concat { axis }, dtype: ty.dtype, units: Units::Kept };
        match self.lowered.graph.apply(call, &nodes, at) {
            Ok(id) => Ok(operand(id)),
            Err(error) => {
                let help = Some("joined files must have the same labels on all other dims".to_owned());
                self.fail(EdgeError::SourceConcat { message: error.message, at, help })
            }
        }
    }

    /// Arrays one over another, along the new dim that the source names.
    fn stacked(&mut self, dataset: usize, parts: &[Operand]) -> Lowering<Operand> {
        let (at, options) = (self.datasets[dataset].at, self.datasets[dataset].options.clone());
        let (Some(dim), Some(stack)) = (options.stack, find("stack")) else {
            return self.fail(PlanError::Unsupported { what: "stacking is".to_owned(), at, help: None });
        };
        let layers = Value::List(Arc::new(parts.iter().copied().map(Value::Array).collect()));
        let name = Value::Name(dim.value.to_string());
        let mut named = vec![("arrays", Spanned::new(layers, at)), ("dim", Spanned::new(name, dim.span))];
        named.extend(options.labels.map(|labels| ("labels", labels)));
        match self.apply(stack, &Arguments { named, ..Arguments::default() }, at)? {
            Value::Array(stacked) => Ok(stacked),
            other => self.expected("what files make", "an array", &other, at, None),
        }
    }
}

/// Which of two labels comes first; none where they cannot be compared.
fn order(a: &Scalar, b: &Scalar) -> Option<Ordering> {
    match (a, b) {
        (Scalar::Str(a), Scalar::Str(b)) => Some(a.cmp(b)),
        (Scalar::DateTime(a, _), Scalar::DateTime(b, _)) | (Scalar::Duration(a), Scalar::Duration(b)) => Some(a.cmp(b)),
        (Scalar::Int(a), Scalar::Int(b)) => Some(a.cmp(b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn calendar(dtype: DType) -> Option<crate::array::Calendar> {
    match dtype {
        DType::DateTime(calendar) => Some(calendar),
        _ => None,
    }
}

/// Whether values are equal one by one, missing ones among themselves.
pub(super) fn same(a: &[Scalar], b: &[Scalar]) -> bool {
    let equal = |(a, b): (&Scalar, &Scalar)| a == b || (a.is_missing() && b.is_missing());
    a.len() == b.len() && a.iter().zip(b).all(equal)
}
