//! `einsum`: subscripts as NumPy reads them.

use std::collections::BTreeSet;

use super::super::error::{Culprit, TypeError};
use super::super::{Arguments, Builder, Value};
use super::expand::{Given, by_labels};
use crate::array::Kind;

/// Labels of dims that `...` stands for: beyond those of letters, the last dim first.
const ELLIPSIS: usize = 1 << 16;

/// `einsum(subscripts, arrays…)`.
pub(super) fn einsum(builder: &mut dyn Builder, arguments: &Arguments) -> Result<Value, TypeError> {
    let written = arguments.str_opt("subscripts")?.unwrap_or_default();
    let mut arrays: Vec<Given> = Vec::new();
    for (i, value) in arguments.variadic.iter().enumerate() {
        let Value::Array(array) = value.value else {
            let message = format!("`einsum` takes arrays, this is {}", value.value.kind());
            return Err(TypeError::new("ff::type::argument", message).at(Culprit::Variadic(i), "expected an array"));
        };
        arrays.push((Culprit::Variadic(i), array));
    }
    let text: String = written.chars().filter(|c| !c.is_whitespace()).collect();
    let (inputs, output) = match text.split_once("->") {
        Some((inputs, output)) => (inputs, Some(output)),
        None => (text.as_str(), None),
    };
    let inputs: Vec<&str> = inputs.split(',').collect();
    if inputs.len() != arrays.len() || arrays.is_empty() {
        let message = format!("`{written}` is for {}, not for {}", counted(inputs.len(), "array"), arrays.len());
        return Err(wrong(message, "a list of letters for each array, separated by commas"));
    }
    let mut labels = Vec::new();
    for (input, (culprit, array)) in inputs.iter().zip(&arrays) {
        let ty = builder.ty(*array);
        if matches!(ty.dtype.kind(), Kind::Time | Kind::Str) {
            let error = TypeError::new("ff::type::dtype", format!("sums of products of {} are not defined", ty.dtype));
            return Err(error.at(culprit.clone(), format!("this is {ty}")));
        }
        let at = |error: TypeError| error.and_at(culprit.clone(), format!("this is {ty}"));
        labels.push(of_input(input, ty.rank()).map_err(at)?);
    }
    let output = match output {
        Some(output) => of_output(output, &labels)?,
        None => implied(&labels),
    };
    by_labels(builder, &arrays, &labels, &output).map(Value::Array)
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn wrong(message: String, help: &str) -> TypeError {
    TypeError::new("ff::type::einsum", message)
        .at(Culprit::Param("subscripts"), "these are the subscripts")
        .with_help(help)
}

/// Letters, and where `...` stands among them.
fn letters(text: &str) -> Result<(Vec<usize>, Option<usize>), TypeError> {
    let (before, after) = match text.split_once("...") {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    };
    let all = || before.chars().chain(after.unwrap_or_default().chars());
    if let Some(other) = all().find(|c| !c.is_ascii_alphabetic()) {
        let message = format!("`{other}` in `{text}` is no subscript");
        return Err(wrong(
            message,
            "a dim is a letter, `...` is all dims that have none, `->` comes before those of the result",
        ));
    }
    Ok((all().map(|c| c as usize).collect(), after.map(|_| before.len())))
}

/// The labels of an input's dims.
fn of_input(text: &str, rank: usize) -> Result<Vec<usize>, TypeError> {
    let (mut labels, ellipsis) = letters(text)?;
    let mut seen = BTreeSet::new();
    if let Some(twice) = labels.iter().find(|label| !seen.insert(**label)) {
        let letter = *twice as u8 as char;
        let message = format!("`{letter}` stands twice in `{text}`: diagonals and traces are not supported");
        return Err(wrong(message, "give each dim of an array its own letter"));
    }
    let unnamed = rank.checked_sub(labels.len()).filter(|n| *n == 0 || ellipsis.is_some());
    let Some(unnamed) = unnamed else {
        let (letters, dims) = (counted(labels.len(), "letter"), counted(rank, "dim"));
        let message = format!("`{text}` has {letters} for an array of {dims}");
        return Err(wrong(message, "a letter for each dim, or `...` for those that need none"));
    };
    if let Some(at) = ellipsis {
        labels.splice(at..at, (0..unnamed).rev().map(|i| ELLIPSIS + i));
    }
    Ok(labels)
}

/// The labels of the result as written.
fn of_output(text: &str, inputs: &[Vec<usize>]) -> Result<Vec<usize>, TypeError> {
    let (mut labels, ellipsis) = letters(text)?;
    let mut seen = BTreeSet::new();
    for label in &labels {
        let letter = *label as u8 as char;
        if !seen.insert(*label) {
            return Err(wrong(format!("`{letter}` stands twice in the result"), "a result has each dim once"));
        }
        if !inputs.iter().any(|input| input.contains(label)) {
            let message = format!("`{letter}` of the result is no dim of the arrays");
            return Err(wrong(message, "a result has only letters that stand before `->`"));
        }
    }
    let unnamed = unnamed(inputs);
    match ellipsis {
        Some(at) => drop(labels.splice(at..at, unnamed)),
        None if unnamed.is_empty() => {}
        None => return Err(wrong("the result lacks the dims of `...`".to_owned(), "write `...` after `->` too")),
    }
    Ok(labels)
}

/// What `...` stands for in the result.
fn unnamed(inputs: &[Vec<usize>]) -> Vec<usize> {
    let most = inputs.iter().flatten().filter(|label| **label >= ELLIPSIS).max();
    most.map_or_else(Vec::new, |most| (ELLIPSIS..=*most).rev().collect())
}

/// The labels of a result that was not written: dims of `...`, then letters that stand once, in the order of the
/// alphabet.
fn implied(inputs: &[Vec<usize>]) -> Vec<usize> {
    let count = |label: usize| inputs.iter().flatten().filter(|l| **l == label).count();
    let letters: BTreeSet<usize> =
        inputs.iter().flatten().copied().filter(|l| *l < ELLIPSIS && count(*l) == 1).collect();
    unnamed(inputs).into_iter().chain(letters).collect()
}
