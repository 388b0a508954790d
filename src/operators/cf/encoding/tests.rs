//! Decoding against the table that `scripts/cf_tables.py` makes with xarray.

use super::*;
use crate::array::block::{Element, with_type};

fn scalar(dtype: DType, text: &str) -> Scalar {
    match dtype.kind() {
        Kind::Float => Scalar::Float(text.parse().unwrap()),
        Kind::Bool => Scalar::Bool(text == "True"),
        _ => text.parse().map(Scalar::Int).unwrap_or_else(|_| Scalar::UInt(text.parse().unwrap())),
    }
}

fn block(dtype: DType, text: &str) -> Block {
    let scalars: Vec<Scalar> = text.split_whitespace().map(|word| scalar(dtype, word)).collect();
    with_type!(dtype, T => Block::from_list(scalars.iter().map(T::from_scalar).collect::<Vec<T>>()))
}

fn attribute(text: &str) -> (String, AttrValue) {
    let (name, value) = text.split_once('=').unwrap();
    let value = match value.split_once(':') {
        Some((dtype, number)) => {
            let dtype = DType::parse(dtype).unwrap();
            AttrValue::Number(dtype, scalar(dtype, number))
        }
        None => AttrValue::Str(value.to_owned()),
    };
    (name.to_owned(), value)
}

/// The values as text that tells NaN from nothing and -0 from 0.
fn shown(block: &Block) -> String {
    format!("{} {:?}", block.dtype(), block.scalars())
}

#[test]
fn packed_values_mean_what_xarray_says() {
    let mut wrong = Vec::new();
    for line in include_str!("../../../../tests/tables/cf/decoded.txt").lines().skip(1) {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [from, raw, attrs, to, values] = columns[..] else { panic!("{line}") };
        let (from, to) = (DType::parse(from).unwrap(), DType::parse(to).unwrap());
        let raw = block(from, raw);
        let attrs: Attributes = attrs.split_whitespace().map(attribute).collect();
        let found = Encoding::of(from, &attrs).computed(&raw).unwrap();
        let expected = block(to, values);
        if shown(&found) != shown(&expected) {
            wrong.push(format!("{line}\n    {}", shown(&found)));
        }
    }
    assert!(wrong.is_empty(), "{} lines differ:\n{}", wrong.len(), wrong.join("\n"));
}
