//! Types written beside names, checked against the values.

use super::param::ParamType;
use super::{Lowerer, Lowering};
use crate::array::{ArrayType, DType};
use crate::operators::{Value, error::closest};
use crate::parser::ast::{Name, TypeDim, TypeExpr, TypeKind};
use crate::planner::error::KindError;
use crate::source::Span;

impl Lowerer<'_> {
    /// The value, where it is of the type written beside its name.
    pub(super) fn ascribe(&mut self, name: &Name, ty: &TypeExpr, value: Value, at: Span) -> Lowering<Value> {
        let declared = match &ty.kind {
            TypeKind::Array { dtype, dims } => {
                let dtype = self.dtype(dtype)?;
                let ascribed = self.array_as(&value, dtype, Some(dims));
                return self.ascribed(name, ty, value, ascribed, at);
            }
            TypeKind::Name(n) => match (ParamType::named(n), DType::parse(n)) {
                (Some(_), Some(_)) if matches!(value, Value::Array(_)) => None,
                (Some(declared), _) => Some(declared),
                (None, Some(_)) => None,
                (None, None) => return self.no_such_type(n, ty.span),
            },
            TypeKind::List(_) => Some(self.param_type(ty)?),
        };
        match declared {
            Some(declared) => match declared.coerce(&value) {
                Some(value) => Ok(value),
                None => self.ascribed(name, ty, value, Err(None), at),
            },
            None => {
                let TypeKind::Name(n) = &ty.kind else { return Ok(value) };
                let dtype = self.dtype(&Name { value: n.clone(), span: ty.span })?;
                let ascribed = self.array_as(&value, dtype, None);
                self.ascribed(name, ty, value, ascribed, at)
            }
        }
    }

    /// Whether a value is an array of this type; the error says what differs.
    fn array_as(&self, value: &Value, dtype: DType, dims: Option<&[TypeDim]>) -> Result<(), Option<String>> {
        let Value::Array(operand) = value else { return Err(None) };
        let found = self.ty(*operand);
        let same_dtype = match (dtype, found.dtype) {
            (DType::DateTime(_), DType::DateTime(_)) => true,
            (declared, found) => declared == found,
        };
        if !same_dtype {
            return Err(Some(format!("cast it: `… as {}`", dtype.name())));
        }
        dims.map_or(Ok(()), |dims| same_dims(dims, &found))
    }

    fn ascribed(
        &mut self,
        name: &Name,
        ty: &TypeExpr,
        value: Value,
        ascribed: Result<(), Option<String>>,
        at: Span,
    ) -> Lowering<Value> {
        let Err(help) = ascribed else { return Ok(value) };
        let declared = format!("`{}`", self.sources.text(ty.span));
        let found = match &value {
            Value::Array(operand) => format!("`{}`", self.ty(*operand)),
            other => self.describe(other),
        };
        let name = name.value.clone();
        self.fail(KindError::Ascription { name, declared, found, at: ty.span, value: at, help })
    }

    fn no_such_type<T>(&mut self, name: &str, at: Span) -> Lowering<T> {
        let names: Vec<&str> =
            DType::ALL.iter().map(|d| d.name()).chain(["int", "float", "path", "date", "size"]).collect();
        let help = match closest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "types are `f32[time, lat]`, a dtype alone, or a plan-time type such as `int`".to_owned(),
        };
        self.fail(KindError::UnknownType { name: name.to_owned(), at, help: Some(help) })
    }
}

fn same_dims(declared: &[TypeDim], found: &ArrayType) -> Result<(), Option<String>> {
    let names: Vec<&str> = declared.iter().map(|d| d.name.value.as_str()).collect();
    let actual: Vec<&str> = found.dims.names().map(|n| n.as_str()).collect();
    if names != actual {
        let (mut a, mut b) = (names.clone(), actual.clone());
        a.sort_unstable();
        b.sort_unstable();
        let help = (a == b).then(|| format!("the order differs: `transpose(x, {})`", names.join(", ")));
        return Err(help);
    }
    let wrong =
        declared.iter().zip(found.dims.iter()).find(|(d, f)| d.size.as_ref().is_some_and(|s| s.value != f.size));
    match wrong {
        Some((d, f)) => Err(Some(format!("`{}` has {} elements", d.name.value, f.size))),
        None => Ok(()),
    }
}
