//! Why nothing is kept under a key: what is not as it was when the name was last given.

use super::{Manifest, Parts};

/// Calls that are told.
const TOLD: usize = 2;

/// What is other than it was, in words; `last` is what the name led to until now.
pub fn miss(key: &str, parts: &Parts, last: Option<&Manifest>) -> String {
    let Some(last) = last else { return "nothing is kept under that name".to_owned() };
    if last.key == key {
        return "what was kept is gone".to_owned();
    }
    let before = &last.parts;
    if before.engine != parts.engine {
        return format!("it was kept by {}, and this is {}", before.engine, parts.engine);
    }
    let mut reasons = sources(before, parts);
    if before.graph != parts.graph && reasons.is_empty() {
        reasons = params(before, parts);
        // Where the text is the same, it is the params alone.
        if before.script != parts.script || reasons.is_empty() {
            reasons.push(calls(before, parts));
        }
    }
    match reasons.as_slice() {
        [] => "the key is another".to_owned(),
        _ => reasons.join("; "),
    }
}

fn sources(before: &Parts, now: &Parts) -> Vec<String> {
    let mut reasons = Vec::new();
    for source in &now.sources {
        match before.sources.iter().find(|other| other.url == source.url) {
            Some(other) if other.fingerprint == source.fingerprint => {}
            Some(_) => reasons.push(format!("the source `{}` has changed", source.url)),
            None => reasons.push(format!("the source `{}` is new", source.url)),
        }
    }
    let is_gone = |url: &str| now.sources.iter().all(|source| source.url != url);
    let gone = before.sources.iter().filter(|source| is_gone(&source.url));
    reasons.extend(gone.map(|source| format!("the source `{}` is not read any more", source.url)));
    reasons
}

fn params(before: &Parts, now: &Parts) -> Vec<String> {
    let changed = now.params.iter().filter_map(|(name, value)| {
        let old = before.params.get(name)?;
        (old != value).then(|| format!("the param `{name}` is {value}, and was {old}"))
    });
    changed.collect()
}

fn calls(before: &Parts, now: &Parts) -> String {
    let beside = |some: &[String], others: &[String]| {
        let own: Vec<String> =
            some.iter().filter(|call| !others.contains(call)).map(|call| format!("`{call}`")).collect();
        let more = if own.len() > TOLD { ", …" } else { "" };
        (!own.is_empty()).then(|| format!("{}{more}", own[..own.len().min(TOLD)].join(", ")))
    };
    match (beside(&before.calls, &now.calls), beside(&now.calls, &before.calls)) {
        (Some(old), Some(new)) => format!("the script has changed: {new} instead of {old}"),
        (None, Some(new)) => format!("the script has changed: {new} is new"),
        (Some(old), None) => format!("the script has changed: {old} is gone"),
        (None, None) => "the script has changed: values, labels or attributes that it is made of".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::persist::{LAYOUT, SourcePart, ValueKind};

    fn parts() -> Parts {
        let source = SourcePart { url: "/d/air.nc".into(), fingerprint: "8 bytes".into() };
        let params = [("first".to_owned(), "1991".to_owned())].into();
        let calls = vec!["mean(axes: 0) : f32[lat=3; chunks 3]".to_owned()];
        let (engine, graph, script) = ("functionfuse 1".into(), "g".into(), "s".into());
        Parts { engine, graph, sources: vec![source], params, script, calls }
    }

    fn manifest(parts: Parts) -> Manifest {
        let text = String::new;
        let (layout, kind, key) = (LAYOUT, ValueKind::Array, parts.key());
        let (name, workflow, format, file, blake3) = (text(), text(), text(), text(), text());
        Manifest { layout, key, name, workflow, kind, format, file, bytes: 0, blake3, arrays: vec![], parts }
    }

    #[test]
    fn what_has_changed_is_told() {
        let now = parts();
        let other_source = SourcePart { url: "/d/air.nc".into(), fingerprint: "9 bytes".into() };
        let moved = SourcePart { url: "/e/air.nc".into(), fingerprint: "8 bytes".into() };
        let param = [("first".to_owned(), "1961".to_owned())].into();
        let call = vec!["max(axes: 0) : f32[lat=3; chunks 3]".to_owned()];
        let cases = [
            Parts { engine: "functionfuse 0".into(), ..parts() },
            Parts { sources: vec![other_source], graph: "h".into(), ..parts() },
            Parts { sources: vec![moved], graph: "h".into(), ..parts() },
            Parts { params: param, graph: "h".into(), ..parts() },
            Parts { calls: call, script: "t".into(), graph: "h".into(), ..parts() },
            Parts { calls: vec![], script: "t".into(), graph: "h".into(), ..parts() },
            Parts { script: "t".into(), graph: "h".into(), ..parts() },
            parts(),
        ];
        let mut told: Vec<String> =
            cases.into_iter().map(|before| miss(&now.key(), &now, Some(&manifest(before)))).collect();
        told.push(miss(&now.key(), &now, None));
        let (mean, max) = ("mean(axes: 0) : f32[lat=3; chunks 3]", "max(axes: 0) : f32[lat=3; chunks 3]");
        let expected = [
            "it was kept by functionfuse 0, and this is functionfuse 1".to_owned(),
            "the source `/d/air.nc` has changed".to_owned(),
            "the source `/d/air.nc` is new; the source `/e/air.nc` is not read any more".to_owned(),
            "the param `first` is 1991, and was 1961".to_owned(),
            format!("the script has changed: `{mean}` instead of `{max}`"),
            format!("the script has changed: `{mean}` is new"),
            "the script has changed: values, labels or attributes that it is made of".to_owned(),
            "what was kept is gone".to_owned(),
            "nothing is kept under that name".to_owned(),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn keys_tell_parts_apart_and_nothing_else() {
        let now = parts();
        let same = Parts { script: "t".into(), calls: vec![], params: Default::default(), ..parts() };
        assert_eq!(now.key(), same.key());
        let moved = SourcePart { url: "/d/air.nc8".into(), fingerprint: " bytes".into() };
        for other in [
            Parts { engine: "functionfuse 2".into(), ..parts() },
            Parts { graph: "h".into(), ..parts() },
            Parts { sources: vec![], ..parts() },
            Parts { sources: vec![moved], ..parts() },
        ] {
            assert_ne!(now.key(), other.key());
        }
    }
}
