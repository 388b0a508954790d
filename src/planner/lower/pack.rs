//! How values become what a file holds: `dtype`, `scale_factor`, `add_offset` and `fill_value` of a sink.

use super::sink_options::SinkOptions;
use super::{Lowerer, Lowering};
use crate::array::{AttrValue, Attributes, DType, Scalar};
use crate::operators::Operand;
use crate::operators::cf::Packing;
use crate::source::Span;

impl Lowerer<'_> {
    /// Applies `dtype`, `scale_factor`, `add_offset` and `fill_value`.
    pub(super) fn packed(
        &mut self,
        x: Operand,
        options: &SinkOptions,
        attrs: &mut Attributes,
        fill: &mut Option<Scalar>,
        at: Span,
    ) -> Lowering<Operand> {
        let packing = Packing {
            dtype: options.dtype.as_ref().map(|dtype| dtype.value),
            scale: options.scale,
            offset: options.offset,
            fill: options.fill.as_ref().map(|fill| fill.value.clone()),
        };
        if let Err(problem) = packing.check(self.ty(x).dtype) {
            let blamed = match problem.is_of_fill {
                true => options.fill.as_ref().map(|fill| fill.span),
                false => options.dtype.as_ref().map(|dtype| dtype.span),
            };
            return self.bad_sink_option(&problem.message, blamed.unwrap_or(at), problem.help);
        }
        let mut says = Attributes::new();
        let packed = self.built(at, |builder| packing.pack(builder, x, &mut says))?;
        for (name, value) in says.iter() {
            if name == "_FillValue" {
                *fill = value.as_scalar().cloned();
            }
            attrs.set(name, value.clone());
        }
        Ok(packed)
    }

    /// Instants, durations and truth values as files can hold them; floats say that NaN is missing.
    pub(super) fn storable(
        &mut self,
        x: Operand,
        native_bool: bool,
        attrs: &mut Attributes,
        fill: &mut Option<Scalar>,
        at: Span,
    ) -> Lowering<Operand> {
        let dtype = self.ty(x).dtype;
        match dtype {
            DType::Bool if !native_bool => {
                attrs.set("dtype", AttrValue::Str("bool".to_owned()));
                self.cast_to(x, DType::I8, at)
            }
            DType::DateTime(_) | DType::Duration => {
                attrs.set("_FillValue", AttrValue::Number(DType::I64, Scalar::Int(i64::MIN)));
                *fill = Some(Scalar::Int(i64::MIN));
                Ok(x)
            }
            DType::F16 | DType::F32 | DType::F64 if attrs.get("_FillValue").is_none() => {
                attrs.set("_FillValue", AttrValue::Number(dtype, Scalar::Float(f64::NAN)));
                fill.get_or_insert(Scalar::Float(f64::NAN));
                Ok(x)
            }
            _ => Ok(x),
        }
    }
}
