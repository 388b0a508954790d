//! Attributes by which a variable names others: in a target they name what is there.

use std::collections::BTreeSet;

use crate::array::{AttrValue, Attributes};

/// Attributes that say how another file was stored, and nothing of this one.
const INTERNAL: [&str; 5] = ["_ChunkSizes", "_Netcdf4Dimid", "_Netcdf4Coordinates", "_NCProperties", "_nc3_strict"];

/// How an attribute names variables.
enum Form {
    /// Names, some of which may be followed by a colon, all of which must be there.
    Whole,
    /// Pairs `term: name`, all of whose names must be there.
    Terms,
    /// A list of names, of which those that are there stay.
    List,
    /// Pairs `term: name`, of which those that are there stay.
    Pairs,
}

/// The attributes of CF that name variables.
const NAMING: [(&str, Form); 7] = [
    ("bounds", Form::Whole),
    ("climatology", Form::Whole),
    ("grid_mapping", Form::Whole),
    ("formula_terms", Form::Terms),
    ("coordinates", Form::List),
    ("ancillary_variables", Form::List),
    ("cell_measures", Form::Pairs),
];

/// The attributes of the array at `path` without those that name variables which are not among `paths`.
pub(super) fn kept(attrs: &Attributes, path: &str, paths: &BTreeSet<String>) -> Attributes {
    let entry = |(name, value): (&str, &AttrValue)| {
        let form = NAMING.iter().find(|(naming, _)| *naming == name).map(|(_, form)| form);
        let value = match (form, value) {
            _ if INTERNAL.contains(&name) => return None,
            (Some(form), AttrValue::Str(text)) => {
                AttrValue::Str(named(form, text, |name| is_there(name, path, paths))?)
            }
            _ => value.clone(),
        };
        Some((name.to_owned(), value))
    };
    attrs.iter().filter_map(entry).collect()
}

/// What of the text of an attribute stays; none where nothing does.
fn named(form: &Form, text: &str, is_there: impl Fn(&str) -> bool) -> Option<String> {
    let words = || text.split_whitespace();
    let kept: Vec<&str> = match form {
        Form::Whole => return words().all(|word| is_there(word.trim_end_matches(':'))).then(|| text.to_owned()),
        Form::Terms => return words().filter(|word| !word.ends_with(':')).all(is_there).then(|| text.to_owned()),
        Form::List => words().filter(|name| is_there(name)).collect(),
        Form::Pairs => {
            let words: Vec<&str> = words().collect();
            let pairs = words.chunks(2).filter(|pair| pair.len() == 2 && is_there(pair[1]));
            pairs.flatten().copied().collect()
        }
    };
    (!kept.is_empty()).then(|| if kept.len() == words().count() { text.to_owned() } else { kept.join(" ") })
}

/// Whether a variable is there, seen from an array: in its group or one around it.
fn is_there(name: &str, path: &str, paths: &BTreeSet<String>) -> bool {
    let mut group = path;
    while let Some((outer, _)) = group.rsplit_once('/') {
        if paths.contains(&format!("{outer}/{name}")) {
            return true;
        }
        group = outer;
    }
    paths.contains(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_named() {
        let paths: BTreeSet<String> = ["/x", "/lat", "/g/y", "/g/area"].map(str::to_owned).into();
        let said = |path: &str, name: &str, text: &str| {
            let attrs = [(name.to_owned(), AttrValue::Str(text.to_owned()))].into_iter().collect();
            kept(&attrs, path, &paths).text(name).map(str::to_owned)
        };
        assert_eq!(said("/x", "bounds", "x_bnds"), None);
        assert_eq!(said("/x", "bounds", "lat").as_deref(), Some("lat"));
        assert_eq!(said("/x", "bounds", "area"), None);
        assert_eq!(said("/g/y", "grid_mapping", "lat").as_deref(), Some("lat"));
        assert_eq!(said("/g/y", "grid_mapping", "crs: lat"), None);
        assert_eq!(said("/g/y", "grid_mapping", "area: lat").as_deref(), Some("area: lat"));
        assert_eq!(said("/x", "coordinates", "lat lon").as_deref(), Some("lat"));
        assert_eq!(said("/x", "coordinates", "lon"), None);
        assert_eq!(said("/g/y", "cell_measures", "area: area volume: v").as_deref(), Some("area: area"));
        assert_eq!(said("/x", "cell_measures", "area: area"), None);
        assert_eq!(said("/x", "formula_terms", "a: x b: lon"), None);
        assert_eq!(said("/x", "_ChunkSizes", "1"), None);
        assert_eq!(said("/x", "long_name", "bounds of it").as_deref(), Some("bounds of it"));
    }
}
