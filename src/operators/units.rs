//! What becomes of the attributes that say what values measure.

use std::sync::Arc;

use crate::array::{ArrayType, Attributes};

/// What a call's values are measured in, by what its inputs are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Units {
    /// As the inputs: sums, differences, means, choices.
    #[default]
    Kept,
    /// The product of the inputs' units: as they are where at most one has any.
    Product,
    /// The first input's units by the second's: as they are where the second has none.
    Quotient,
    /// Other ones, or none: powers, logarithms, counts, positions.
    Lost,
}

/// The attributes that are true of values only while these measure what they did.
const MEASURED: [&str; 7] =
    ["units", "standard_name", "valid_min", "valid_max", "valid_range", "actual_range", "cell_methods"];

impl Units {
    /// Takes what is no longer true out of the attributes of `out`, computed from `inputs`.
    pub fn settle(self, out: &mut ArrayType, inputs: &[&ArrayType]) {
        let measured = |ty: &&&ArrayType| ty.attrs.get("units").is_some();
        let kept = match self {
            Units::Kept => true,
            Units::Product => inputs.iter().filter(measured).count() < 2,
            Units::Quotient => !inputs.iter().skip(1).any(|ty| measured(&ty)),
            Units::Lost => false,
        };
        if !kept && MEASURED.iter().any(|name| out.attrs.get(name).is_some()) {
            let rest = out.attrs.iter().filter(|(name, _)| !MEASURED.contains(name));
            out.attrs = Arc::new(rest.map(|(name, value)| (name.to_owned(), value.clone())).collect::<Attributes>());
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::array::{AttrValue, DType};
    use crate::operators::testing::{Bench, ints, list, text};
    use crate::operators::{Builder, Operand, Value};

    /// An operator, its positional and its named arguments.
    type Row<'a> = (&'a str, Vec<Value>, Vec<(&'a str, Value)>);

    /// The attributes of the results of one call of each family of operators. Two inputs share `units` and `grid` and
    /// differ in `long_name`; only one has `note`.
    #[test]
    fn every_family_keeps_what_is_still_true() {
        let mut bench = Bench::new();
        let x = bench.x();
        let named = |units: &str, name: &str| {
            vec![("units", text(units)), ("long_name", text(name)), ("grid", text("regular"))]
        };
        let mut with =
            |x: Operand, attrs: Vec<(&str, Value)>| bench.apply_named("with_attrs", &[Value::Array(x)], &attrs);
        let noted = [named("K", "left"), vec![("note", text("n"))]].concat();
        let (a, b) = (Value::Array(with(x, noted)), Value::Array(with(x, named("K", "right"))));
        let plain = Value::Array(x);
        let name = |name: &str| Value::Name(name.to_owned());
        let both = [a.clone(), b.clone()];
        let condition = Value::Array(bench.apply_named("gt", &[b.clone(), Value::Int(0)], &[]));
        let f32s = Value::DType(DType::F32);
        let calls: Vec<Row> = vec![
            ("add", both.to_vec(), vec![]),
            ("sub", vec![a.clone(), plain.clone()], vec![]),
            ("mul", both.to_vec(), vec![]),
            ("mul", vec![a.clone(), plain.clone()], vec![]),
            ("div", both.to_vec(), vec![]),
            ("pow", vec![a.clone(), Value::Int(2)], vec![]),
            ("sqrt", vec![a.clone()], vec![]),
            ("gt", both.to_vec(), vec![]),
            ("maximum", both.to_vec(), vec![]),
            ("where", vec![condition.clone(), a.clone(), b.clone()], vec![]),
            ("where", vec![condition, a.clone()], vec![]),
            ("fillna", both.to_vec(), vec![]),
            ("cast", vec![a.clone(), f32s], vec![]),
            ("mean", vec![a.clone(), name("t")], vec![]),
            ("sum", vec![a.clone(), name("t")], vec![]),
            ("var", vec![a.clone(), name("t")], vec![]),
            ("count", vec![a.clone(), name("t")], vec![]),
            ("argmax", vec![a.clone(), name("t")], vec![]),
            ("median", vec![a.clone(), name("t")], vec![]),
            ("cumsum", vec![a.clone(), name("t")], vec![]),
            ("diff", vec![a.clone(), name("t")], vec![]),
            ("sort", vec![a.clone(), name("t")], vec![]),
            ("concat", vec![list(both.clone()), name("t")], vec![]),
            ("stack", vec![list(both.clone()), name("k")], vec![]),
            ("isel", vec![a.clone()], vec![("t", ints([1, 3]))]),
            ("transpose", vec![a.clone()], vec![]),
            ("shift", vec![a.clone()], vec![("t", Value::Int(1))]),
            ("pad", vec![a.clone()], vec![("t", Value::Int(1))]),
            ("gaussian", vec![a.clone()], vec![("t", Value::Int(1))]),
            ("interp", vec![a.clone()], vec![("t", ints([1, 3]))]),
            ("combine_first", both.to_vec(), vec![]),
            ("dot", both.to_vec(), vec![]),
        ];
        let mut told = Vec::new();
        for (operator, positional, named) in calls {
            let result = bench.call(operator, &positional, &named);
            let Ok(Value::Array(result)) = result else { panic!("{operator}: {result:?}") };
            let ty = bench.ty(result);
            let shown = |(name, value): (&str, &AttrValue)| format!("{name}={}", value.as_str().unwrap_or("?"));
            let attrs: Vec<String> = ty.attrs.iter().map(shown).collect();
            told.push(format!("{operator}/{}: {}", positional.len(), attrs.join(" ")));
        }
        insta::assert_snapshot!(told.join("\n"));
    }
}
