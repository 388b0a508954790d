//! Sinks: what is written, packed as the options say, checked against the target.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::amend::Amending;
use super::auxiliary::{Company, name_coordinates};
use super::builder::node;
use super::call::listed;
use super::member::member_help;
use super::sink_options::SinkOptions;
use super::{Lowerer, Lowering};
use crate::array::{ArrayType, Attributes, DType, Dim, DimName};
use crate::operators::{Operand, Value};
use crate::parser::ast::{self, Arg, Expr, ExprKind, StrPart};
use crate::planner::catalog::{Location, SinkForm};
use crate::planner::error::EdgeError;
use crate::planner::graph::{NodeId, Variable, Write};
use crate::planner::target::{TargetOptions, default_chunks, specs};
use crate::source::{Span, Spanned};

/// An array that is written, with the name it takes.
pub(super) struct Written {
    /// Its path in the target.
    pub path: String,
    /// The array.
    pub operand: Operand,
}

impl Lowerer<'_> {
    /// `sink EXPR to FORMAT(URL, PATH) {options}`
    pub(super) fn sink(&mut self, sink: &ast::Sink, at: Span) -> Lowering<()> {
        let target = &sink.target;
        let format = self.sink_format(&target.format);
        let place = self.place(target, false);
        let options = self.sink_options(&target.options);
        let item = self.item(&sink.value);
        let (format, place, options) = (format?, place?, options?);
        let form = self.check_form(&format, target, &place)?;
        self.check_mode(&format, form, &options)?;
        self.set_storage(&place, options.storage.as_ref())?;
        let location = Location { format, url: place.urls.into_iter().next().unwrap_or_default() };
        let free = self.claim(&location, place.path.as_ref(), &options, target.span);
        let item = item?;
        let value = self.value_of(item, sink.value.span)?;
        let is_record = matches!(value, Value::Record(_));
        let written = self.written(&sink.value, &value, place.path.as_ref(), form);
        let (free, mut written) = (free?, written?);
        if let Some(mode) = &options.amend {
            self.check_dims(&options, &written, at)?;
            let places = (sink.value.span, target.span, at);
            return self.amend(&Amending { mode, options: &options, location, written, places }, free);
        }
        let has_coords = is_record || place.path.is_none();
        if has_coords && options.dtype.is_none() && options.scale.is_none() && options.offset.is_none() {
            self.put_bounds(&mut written, sink.value.span)?;
        }
        self.check_dims(&options, &written, at)?;
        if place.path.is_none() || written.len() > 1 {
            self.check_names(&written, sink.value.span)?;
        }
        let company = if has_coords && form.has_paths { self.company(&written) } else { Company::default() };
        let mut variables = Vec::new();
        let mut inputs = Vec::new();
        for (place, one) in written.iter().enumerate() {
            let (operand, mut variable) = self.variable_of(one, &options, &location, sink.value.span)?;
            variable.with_coords = has_coords;
            company.named.get(place).into_iter().for_each(|names| name_coordinates(&mut variable, names));
            inputs.push(node(operand));
            variables.push(variable);
        }
        for mut one in company.written {
            one.operand = self.coordinate_as_stored(one.operand, sink.value.span);
            let (operand, mut variable) =
                self.variable_of(&one, &SinkOptions::default(), &location, sink.value.span)?;
            variable.with_coords = false;
            inputs.push(node(operand));
            variables.push(variable);
        }
        self.leave_out_attributes(&mut variables, &inputs, target.span);
        let mut of_dataset = options.attrs;
        if !is_record {
            std::mem::take(&mut of_dataset).iter().for_each(|(n, v)| variables[0].attrs.set(n, v.clone()));
        }
        let (version, overwrite) = (options.version, options.overwrite);
        let unlimited = options.unlimited.into_iter().map(|dim| dim.value).collect();
        let options = TargetOptions { version, unlimited, attrs: Attributes::new() };
        let write = Write { location, variables, options, overwrite, amends: None, result: None, at: target.span };
        self.put(free, write, inputs, &of_dataset, (target.span, at))
    }

    /// Bounds of times in the units of the coordinates that come along.
    fn put_bounds(&mut self, written: &mut [Written], at: Span) -> Lowering<()> {
        let others: Vec<Operand> = written.iter().map(|w| w.operand).collect();
        for one in written {
            let name = one.path.rsplit('/').next().unwrap_or_default();
            one.operand = self.bounds(name, one.operand, &others, at)?;
        }
        Ok(())
    }

    /// Takes out attributes that cannot be written, and warns of them.
    pub(super) fn leave_out_attributes(&mut self, variables: &mut [Variable], inputs: &[NodeId], at: Span) {
        let mut left_out = BTreeSet::new();
        for (variable, input) in variables.iter_mut().zip(inputs) {
            let (kept, unreadable) = variable.attrs.without_unreadable();
            let of = variable.path.trim_start_matches('/');
            left_out.extend(unreadable.iter().map(|(name, why)| format!("`{of}@{name}`, {why}")));
            variable.attrs = kept;
            for coord in self.lowered.graph[*input].ty.coords.values() {
                let (_, unreadable) = coord.attrs.without_unreadable();
                left_out.extend(unreadable.iter().map(|(name, why)| format!("`{}@{name}`, {why}", coord.dim)));
            }
        }
        if !left_out.is_empty() {
            let attributes = left_out.into_iter().collect::<Vec<_>>().join("; ");
            self.diagnostics.push(EdgeError::AttributesLeftOut { attributes, at });
        }
    }

    fn sink_format(&mut self, format: &ast::Name) -> Lowering<String> {
        let known = self.catalog.formats();
        if known.contains(&format.value.as_str()) {
            return Ok(format.value.clone());
        }
        let (message, help) = match format.value.as_str() {
            "open" => ("`open` recognises what is there, and nothing is there yet".to_owned(), None),
            other => (format!("there is no format `{other}`"), member_help(other, &known, "the formats are")),
        };
        let help = help.or_else(|| Some(format!("name the format: {}", listed(&known))));
        self.fail(EdgeError::SinkOption { message, at: format.span, label: "not a format".into(), help })
    }

    /// The arrays of what is written, each with its path in the target.
    fn written(
        &mut self,
        e: &Expr,
        value: &Value,
        path: Option<&Spanned<String>>,
        form: SinkForm,
    ) -> Lowering<Vec<Written>> {
        match (value, path) {
            (Value::Record(fields), path) => {
                let root = path.map_or("", |p| p.value.trim_matches('/'));
                self.written_record(fields, root, e.span)
            }
            (Value::View(_), _) => {
                let help = Some("reduce it, as in `x |> groupby(time.month) |> mean()`".to_owned());
                self.expected("what is written", "an array or a dataset", value, e.span, help)
            }
            (Value::Array(operand), Some(path)) => {
                let path = format!("/{}", path.value.trim_matches('/'));
                Ok(vec![Written { path, operand: *operand }])
            }
            (Value::Array(operand), None) => match written_name(e).or_else(|| self.name_from_input()) {
                Some(name) => Ok(vec![Written { path: format!("/{name}"), operand: *operand }]),
                None if !form.has_names => Ok(vec![Written { path: "/value".to_owned(), operand: *operand }]),
                None => {
                    let help = "name it in a record, `sink {name: …} to …`, with `let`, or give a path in the target, \
                                `zarr(\"out.zarr\", \"name\")`"
                        .to_owned();
                    self.fail(EdgeError::SinkNameless { at: e.span, help })
                }
            },
            (known, path) => match self.array_of(known, e.span) {
                Some(operand) => self.written(e, &Value::Array(operand), path, form),
                None => self.expected("what is written", "an array or a dataset", known, e.span, None),
            },
        }
    }

    pub(super) fn written_record(
        &mut self,
        fields: &[(String, Value)],
        root: &str,
        at: Span,
    ) -> Lowering<Vec<Written>> {
        let mut written = Vec::new();
        for (name, value) in fields {
            let operand = match value {
                Value::Array(operand) => *operand,
                Value::Record(inner) => {
                    let group = if root.is_empty() { name.clone() } else { format!("{root}/{name}") };
                    written.extend(self.written_record(inner, &group, at)?);
                    continue;
                }
                other => match self.array_of(other, at) {
                    Some(operand) => operand,
                    None => return self.expected(&format!("`{name}`"), "an array", other, at, None),
                },
            };
            let path = if root.is_empty() { format!("/{name}") } else { format!("/{root}/{name}") };
            written.push(Written { path, operand });
        }
        if written.is_empty() {
            let message = "there is nothing to write: the dataset has no variables".to_owned();
            return self.fail(EdgeError::SinkDataset { message, at, help: None });
        }
        Ok(written)
    }

    /// A number known while planning as an array of one element.
    pub(super) fn array_of(&mut self, value: &Value, at: Span) -> Option<Operand> {
        let dtype = match value {
            Value::Bool(_) => DType::Bool,
            Value::Int(_) => DType::I64,
            Value::UInt(_) => DType::U64,
            Value::Float(_) => DType::F64,
            _ => return None,
        };
        Some(self.scalar_constant(dtype, value.scalar()?, at))
    }

    /// Dims that options name must be there, and dims of one name must be one dim.
    pub(super) fn check_dims(&mut self, options: &SinkOptions, written: &[Written], at: Span) -> Lowering<()> {
        let types: Vec<Arc<ArrayType>> = written.iter().map(|w| self.ty(w.operand)).collect();
        let mut sound = Ok(());
        let sized = options.chunks.iter().chain(&options.shards).map(|(dim, _)| dim);
        for dim in sized.chain(&options.unlimited) {
            if types.iter().all(|t| t.dims.axis(&dim.value).is_none()) {
                let mut names: Vec<&str> = types.iter().flat_map(|t| t.dims.names()).map(DimName::as_str).collect();
                names.sort_unstable();
                names.dedup();
                let help = member_help(dim.value.as_str(), &names, "its dims are");
                let message = format!("what is written has no dim `{}`", dim.value);
                let label = "no such dim".to_owned();
                sound = self.fail(EdgeError::SinkOption { message, at: dim.span, label, help });
            }
        }
        let group = |one: &Written| one.path.rsplit_once('/').map(|(group, _)| group.to_owned());
        for (index, ty) in types.iter().enumerate() {
            let beside = (0..index).filter(|&other| group(&written[other]) == group(&written[index]));
            let clash = beside.into_iter().find_map(|other| clash(&types[other], ty));
            if let Some((dim, what)) = clash {
                let message = format!("the variables have different `{dim}`: {what}");
                let help =
                    Some(format!("write them to targets of their own, or rename one: `rename(x, {dim}: {dim}2)`"));
                sound = self.fail(EdgeError::SinkDataset { message, at, help });
                break;
            }
        }
        sound
    }

    /// In a dataset the variable that is named as a dim holds the labels of that dim.
    pub(super) fn check_names(&mut self, written: &[Written], at: Span) -> Lowering<()> {
        let parted = |path: &str| path.rsplit_once('/').map(|(group, name)| (group.to_owned(), DimName::new(name)));
        for (group, name) in written.iter().filter_map(|w| parted(&w.path)) {
            let beside = written.iter().filter(|w| parted(&w.path).is_some_and(|(other, _)| other == group));
            let is_dim = beside.into_iter().any(|w| self.ty(w.operand).dims.axis(&name).is_some());
            let of_name =
                written.iter().find(|w| parted(&w.path).is_some_and(|at| at == (group.clone(), name.clone())));
            let Some(ty) = of_name.filter(|_| is_dim).map(|w| self.ty(w.operand)) else { continue };
            if !matches!(ty.dims.names().collect::<Vec<_>>().as_slice(), [only] if **only == name) {
                let message = format!("the variable `{name}` is named as a dim, and is {ty}");
                let help = "in a dataset that name is the dim's labels: give the variable another, in a record: \
                            `sink {name: …} to …`";
                return self.fail(EdgeError::SinkDataset { message, at, help: Some(help.to_owned()) });
            }
        }
        Ok(())
    }

    /// The node and the storage of one array.
    pub(super) fn variable_of(
        &mut self,
        written: &Written,
        options: &SinkOptions,
        location: &Location,
        at: Span,
    ) -> Lowering<(Operand, Variable)> {
        let mut attrs = (*self.ty(written.operand).attrs).clone();
        let native_bool = matches!(location.format.as_str(), "zarr" | "hdf5" | "npy" | "csv" | "json" | "raw");
        let mut fill = None;
        let x = self.packed(written.operand, options, &mut attrs, &mut fill, at)?;
        let x = self.storable(x, native_bool, &mut attrs, &mut fill, at)?;
        let ty = self.ty(x);
        let size = |sizes: &[(Spanned<DimName>, u64)], dim: &Dim, otherwise: u64| {
            let asked = sizes.iter().find(|(d, _)| d.value == dim.name).map(|(_, n)| *n);
            asked.map_or(otherwise, |n| n.min(dim.size.max(1)))
        };
        let chunks: Vec<u64> =
            ty.dims.iter().zip(default_chunks(&ty)).map(|(d, default)| size(&options.chunks, d, default)).collect();
        // A shard of a whole axis still holds whole chunks.
        let shard = |(d, &chunk): (&Dim, &u64)| match size(&options.shards, d, chunk) {
            n if n >= d.size => d.size.max(1).next_multiple_of(chunk),
            n => n,
        };
        let shards = (!options.shards.is_empty()).then(|| ty.dims.iter().zip(&chunks).map(shard).collect());
        let chunks = Some(chunks);
        let (path, codecs) = (written.path.clone(), options.codecs.clone());
        Ok((x, Variable { path, chunks, shards, codecs, fill, attrs, with_coords: true, inset: None }))
    }

    /// Whether shards hold whole chunks, and whether the format can store the arrays so.
    pub(super) fn check_write(&mut self, write: &Write, inputs: &[NodeId], at: Span) -> Lowering<()> {
        let types: Vec<Arc<ArrayType>> = inputs.iter().map(|id| self.lowered.graph[*id].ty.clone()).collect();
        let arrays: Vec<_> = specs(write, &types).into_iter().map(|(spec, _)| spec).collect();
        for array in &arrays {
            let Some(shards) = &array.shards else { continue };
            let broken = (0..shards.len()).find(|&axis| shards[axis] % array.chunks[axis] != 0);
            if let Some(axis) = broken {
                let dim = &array.dims[axis];
                let message = format!(
                    "shards of {} along `{dim}` do not hold whole chunks of {}",
                    shards[axis], array.chunks[axis]
                );
                return self.bad_sink_option(&message, at, "a shard's size is a multiple of the chunk's");
            }
        }
        match self.catalog.check_target(&write.location, &arrays, &write.options) {
            Ok(()) => Ok(()),
            Err(error) => self.catalog_problem(error, at, "written here"),
        }
    }
}

/// The name an array takes from how it is written: of a `let`, a member, or `data["name"]`.
fn written_name(e: &Expr) -> Option<String> {
    match &e.kind {
        ExprKind::Name(name) => Some(name.clone()),
        ExprKind::Member { name, .. } => Some(name.value.clone()),
        ExprKind::Index { args, .. } => match args.as_slice() {
            [Arg { name: None, value: Expr { kind: ExprKind::Str(parts), .. } }] => match parts.as_slice() {
                [StrPart::Text(text)] => Some(text.clone()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// The first dim that two arrays of one dataset do not share, and how it differs.
fn clash(a: &ArrayType, b: &ArrayType) -> Option<(DimName, String)> {
    for dim in a.dims.iter() {
        let Some(other) = b.dims.get(&dim.name) else { continue };
        if other.size != dim.size {
            return Some((dim.name.clone(), format!("{} and {} elements", dim.size, other.size)));
        }
        if let (Some(x), Some(y)) = (a.coord(&dim.name), b.coord(&dim.name))
            && let Some(at) = x.first_difference(y)
        {
            return Some((dim.name.clone(), format!("their labels differ first at position {at}")));
        }
    }
    None
}
