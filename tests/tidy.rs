//! Rules about the sources themselves, checked by reading them as text: which layer may use which, where a library
//! may be named, sizes, words that do not belong, errors without a case, paths of a machine.
//!
//! The part of a file after `#[cfg(test)] mod …` is free to use any layer: tests go from text to text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;

const MAX_FILE_LINES: usize = 600;
const MAX_PROGRAM_LINES: usize = 150;
const MAX_FUNCTION_LINES: usize = 80;

/// Each layer and what it may use besides itself; a longer path narrows it to that module.
const LAYERS: &[(&str, &[&str])] = &[
    ("allocator", &[]),
    ("source", &[]),
    ("diagnostic", &["source"]),
    ("array", &["allocator", "source", "diagnostic"]),
    ("operators", &["source", "diagnostic", "array"]),
    ("parser", &["source", "diagnostic", "array"]),
    ("planner", &["source", "diagnostic", "array", "operators", "parser::ast"]),
    (
        "runtime",
        &[
            "allocator",
            "source",
            "array",
            "operators",
            "planner::plan",
            "planner::kernel",
            "planner::catalog",
            "planner::persist",
            "planner::identity",
            "planner::target",
        ],
    ),
    ("ide", &["source", "diagnostic", "array", "operators", "parser", "planner"]),
];

/// A pattern and the only places under `src` where it may stand.
const CONFINED: &[(&str, &[&str])] = &[
    (r"\bRule\b|\bpest(_derive)?\b", &["parser/"]),
    (r"\brayon::", &["runtime/executor"]),
    (r"\buse (::)?hdf5\b|\bhdf5_sys\b|(^|[^:\w])::hdf5::", &["runtime/serializers/hdf5/"]),
    (r"\basync\b|\.await\b", &["runtime/storage"]),
    (r"\be?print(ln)?!|GraphicalReportHandler", &["bin/", "cli/"]),
    (r"\btodo!|\bunimplemented!|\bdbg!", &[]),
];

#[test]
fn layers_import_downward() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let module = module_of(&path);
        let Some((layer, allowed)) = LAYERS.iter().find(|(layer, _)| module.first().is_some_and(|m| m == layer)) else {
            continue;
        };
        for (line, used) in crate_paths(product_code(&text), module.len()) {
            let permitted = |to: &str| used == to || used.starts_with(&format!("{to}::"));
            if !permitted(layer) && !allowed.iter().any(|to| permitted(to)) {
                wrong.push(format!("{path}:{line}: `{layer}` may not use `crate::{used}`"));
            }
        }
    }
    report("The layers (tests/tidy.rs, ARCHITECTURE.md) are broken here", &wrong);
}

#[test]
fn libraries_stay_where_they_belong() {
    let mut wrong = Vec::new();
    for (pattern, places) in CONFINED {
        let pattern = Regex::new(pattern).unwrap();
        for (path, text) in sources() {
            if places.iter().any(|place| path.strip_prefix("src/").unwrap().starts_with(place)) {
                continue;
            }
            for (number, line) in numbered_code(product_code(&text)) {
                if let Some(found) = pattern.find(&line) {
                    wrong.push(format!("{path}:{number}: `{}` belongs in {places:?}", found.as_str().trim()));
                }
            }
        }
    }
    report("These stand where they may not", &wrong);
}

#[test]
fn files_are_short() {
    let mut lengths: Vec<_> = sources().into_iter().map(|(path, text)| (text.lines().count(), path)).collect();
    lengths.sort_by(|a, b| b.cmp(a));
    let limit = |path: &str| {
        let program = path.strip_prefix("src/bin/").is_some_and(|rest| !rest.contains('/'));
        if program { MAX_PROGRAM_LINES } else { MAX_FILE_LINES }
    };
    let wrong: Vec<_> =
        lengths.iter().filter(|(n, path)| *n > limit(path)).map(|(n, path)| format!("{n} {path}")).collect();
    let longest: Vec<_> = lengths.iter().take(5).map(|(n, path)| format!("{n} {path}")).collect();
    report(&format!("Split these files (the longest: {})", longest.join(", ")), &wrong);
}

#[test]
fn functions_are_short() {
    let wrong: Vec<_> = sources()
        .into_iter()
        .flat_map(|(path, text)| long_functions(&text).into_iter().map(move |found| format!("{path}: {found}")))
        .collect();
    report(&format!("Functions of more than {MAX_FUNCTION_LINES} lines"), &wrong);
}

/// A script in `tests/cases/errors` shows each code; a code of the runtime may be shown by another test; nothing can
/// show a bug.
#[test]
fn every_error_has_its_case() {
    let cases = files_under("tests/cases/errors", "ff");
    if cases.is_empty() {
        return;
    }
    let code = Regex::new(r"\bff::[a-z0-9_]+::[a-z0-9_]+").unwrap();
    let declared = Regex::new(r#"code\(\s*(ff::[a-z0-9_]+::[a-z0-9_]+)\s*\)|"(ff::[a-z0-9_]+::[a-z0-9_]+)""#).unwrap();
    let mut known = BTreeMap::new();
    for (path, text) in sources() {
        for found in declared.captures_iter(product_code(&text)) {
            known.entry(found.get(1).or(found.get(2)).unwrap().as_str().to_owned()).or_insert(path.clone());
        }
    }
    let mut wrong = Vec::new();
    let mut shown = BTreeSet::new();
    for case in &cases {
        let text = read(case);
        let comments = text.lines().filter_map(|line| line.split_once('#')).map(|(_, comment)| comment);
        let codes: Vec<_> = comments.flat_map(|c| code.find_iter(c)).map(|m| m.as_str().to_owned()).collect();
        if codes.is_empty() {
            wrong.push(format!("{case}: names no code in a comment"));
        }
        wrong.extend(codes.iter().filter(|c| !known.contains_key(*c)).map(|c| format!("{case}: nothing gives {c}")));
        shown.extend(codes);
    }
    let shows = |p: &&String| {
        ["tests/", "/tests/", "/tests.rs", "/snapshots/"].iter().any(|t| p.starts_with(t) || p.contains(t))
    };
    let elsewhere: String = tracked().iter().filter(shows).map(|p| read(p)).collect();
    let tests: String = files_under("src", "rs").iter().map(|path| test_code(&read(path))).collect();
    let snapshots: String = files_under("src", "snap").iter().map(|path| read(path)).collect();
    let others = [elsewhere, tests, snapshots].concat();
    for (code, path) in &known {
        let after_lowering = path.starts_with("src/runtime/") || path == "src/planner/schedule.rs";
        let shown_elsewhere = after_lowering && others.contains(code);
        if !shown.contains(code) && !shown_elsewhere && !code.ends_with("::bug") {
            wrong.push(format!("{path}: no case shows {code}"));
        }
    }
    report("Errors and their cases differ", &wrong);
}

#[test]
fn no_paths_of_a_machine() {
    let machine = Regex::new(concat!("/(ro", "ot|ho", "me|wo", r"rk)/[\w.]|/tmp/", r"bash")).unwrap();
    let wrong: Vec<_> = tracked()
        .into_iter()
        .flat_map(|path| {
            let text = read(&path);
            let lines = text.lines().enumerate().filter(|(_, line)| machine.is_match(line));
            lines.map(|(n, line)| format!("{path}:{}: {}", n + 1, line.trim())).collect::<Vec<_>>()
        })
        .collect();
    report("Paths of a machine", &wrong);
}

/// These macros panic where nobody reads; `cli::tell` and `cli::give` do not.
#[test]
fn programs_speak_through_one_place() {
    let macros = Regex::new(r"\be?print(ln)?!").unwrap();
    let speaks = |(path, text): (String, String)| {
        let lines = product_code(&text).lines().enumerate().filter(|(_, line)| macros.is_match(line));
        lines.map(|(n, line)| format!("{path}:{}: {}", n + 1, line.trim())).collect::<Vec<_>>()
    };
    report("Printed past `cli::tell` and `cli::give`", &sources().into_iter().flat_map(speaks).collect::<Vec<_>>());
}

#[test]
fn use_trees_are_read() {
    let text = "use crate::planner::{graph::{Node, self}, plan::*};\nlet x = crate::array::Region::new();\n// crate::runtime\nuse super::super::parser::ast;";
    let found: Vec<_> = crate_paths(text, 2).into_iter().map(|(line, path)| format!("{line} {path}")).collect();
    assert_eq!(
        found,
        [
            "1 planner::graph::Node",
            "1 planner::graph::self",
            "1 planner::plan",
            "2 array::Region::new",
            "4 parser::ast"
        ]
    );
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The page of what is done beside other libraries names tests by file and function; each row that is done names one, or has none to name.
#[test]
fn parity_names_tests_that_exist() {
    let text = read("docs/parity.md");
    let named = Regex::new(r"`([a-z0-9_]+)::([a-z0-9_]+)`").unwrap();
    let is_there = |file: &str, name: &str| read(&format!("tests/{file}.rs")).contains(&format!("fn {name}()"));
    let missing = named.captures_iter(&text).filter(|found| !is_there(&found[1], &found[2])).map(|f| f[0].to_owned());
    let mut wrong: Vec<String> = missing.collect();
    for row in text.lines().filter(|line| line.starts_with("| D") || line.starts_with("| X") || line.starts_with("| K"))
    {
        let cells: Vec<&str> = row.split(" | ").collect();
        let shown = cells.get(4).is_some_and(|tests| tests.contains("each") || named.is_match(tests));
        if cells.get(2) == Some(&"done") && !shown {
            wrong.push(format!("no test shows {row}"));
        }
    }
    report("docs/parity.md names what is not there", &wrong);
}

/// The text of a file under the root; empty for one that is not text.
fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Fails with the findings, if there are any.
fn report(title: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{title}:\n  {}\n", findings.join("\n  "));
}

fn files_under(folder: &str, extension: &str) -> Vec<String> {
    let mut pending = vec![root().join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = pending.pop() {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
        pending.extend(folders);
        found.extend(files.into_iter().filter(|file| file.extension().is_some_and(|e| e == extension)));
    }
    let mut found: Vec<_> =
        found.iter().map(|p| p.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()).collect();
    found.sort();
    found
}

/// The library's and the programs' sources as (path, text), without files that hold nothing but tests.
fn sources() -> Vec<(String, String)> {
    let of_tests = |path: &String| path.trim_end_matches(".rs").split('/').any(|p| p == "tests" || p == "testing");
    let files = files_under("src", "rs").into_iter().filter(|path| !of_tests(path));
    files.map(|path| (path.clone(), read(&path))).collect()
}

/// The files under version control; nothing in an unpacked archive.
fn tracked() -> Vec<String> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output();
    let listed = listed.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    listed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

/// `src/planner/passes/fuse.rs` is `[planner, passes, fuse]`; the crate's root and programs are no module.
fn module_of(path: &str) -> Vec<String> {
    let inner = path.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap();
    let mut parts: Vec<_> = inner.split('/').map(str::to_owned).collect();
    if parts[0] == "bin" {
        return Vec::new();
    }
    parts.pop_if(|last| last == "mod" || last == "lib");
    parts
}

/// The text before the test module.
fn product_code(text: &str) -> &str {
    let tests = Regex::new(r"(?m)^#\[cfg\(test\)\]\s*\n(#\[.*\]\s*\n)*(pub(\([a-z]+\))? )?mod ").unwrap();
    tests.find(text).map_or(text, |found| &text[..found.start()])
}

/// What [`product_code`] leaves out, or the whole of a file that has none to leave out and is one of tests.
fn test_code(text: &str) -> String {
    let product = product_code(text);
    let whole = product.len() == text.len() && text.contains("#[test]");
    if whole { text.to_owned() } else { text[product.len()..].to_owned() }
}

/// Lines with their numbers, comments blanked.
fn numbered_code(text: &str) -> Vec<(usize, String)> {
    let comment = Regex::new(r"(^|\s)//.*$").unwrap();
    text.lines().enumerate().map(|(n, line)| (n + 1, comment.replace(line, "").into_owned())).collect()
}

/// All paths from the crate's root in the text of a module at `depth`, with their lines, use trees taken apart.
fn crate_paths(text: &str, depth: usize) -> Vec<(usize, String)> {
    let code: Vec<_> = numbered_code(text).into_iter().map(|(_, line)| line).collect();
    let code = code.join("\n");
    let start = Regex::new(r"\bcrate::|\b(super::)+").unwrap();
    let mut paths = Vec::new();
    for found in start.find_iter(&code) {
        if found.as_str().starts_with("super") && found.as_str().matches("super").count() < depth {
            continue;
        }
        let line = code[..found.start()].matches('\n').count() + 1;
        let mut leaves = Vec::new();
        use_tree(&code[found.end()..], String::new(), &mut leaves);
        let from_super = found.as_str().starts_with("super");
        leaves.retain(|leaf| !from_super || LAYERS.iter().any(|(layer, _)| leaf.split("::").next() == Some(layer)));
        paths.extend(leaves.into_iter().map(|leaf| (line, leaf)));
    }
    paths
}

/// Reads one use tree at the start of `text`, adds its leaves, and returns what follows it.
fn use_tree<'t>(text: &'t str, prefix: String, leaves: &mut Vec<String>) -> &'t str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start_matches([' ', '\n', ',']);
            if rest.is_empty() || rest.starts_with('}') {
                return rest.strip_prefix('}').unwrap_or(rest);
            }
            let before = rest.len();
            rest = use_tree(rest, prefix.clone(), leaves).trim_start();
            rest = rest.strip_prefix("as ").map_or(rest, |r| r.trim_start_matches(|c: char| c != ',' && c != '}'));
            assert!(rest.len() < before, "unreadable use tree at `{}`", &rest[..rest.len().min(40)]);
        }
    }
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '*').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let path = match (prefix.as_str(), name) {
        (_, "*") => prefix,
        ("", _) => name.to_owned(),
        _ => format!("{prefix}::{name}"),
    };
    match rest.strip_prefix("::") {
        Some(deeper) if deeper.starts_with(|c: char| c.is_alphabetic() || "_{*".contains(c)) => {
            use_tree(deeper, path, leaves)
        }
        _ => {
            leaves.push(path);
            rest
        }
    }
}

/// Functions over the limit, found by their indentation, which rustfmt guarantees.
fn long_functions(text: &str) -> Vec<String> {
    let head = Regex::new(r"^( *)(pub(\([a-z]+\))? )?(const |async |unsafe )*fn (\w+)").unwrap();
    let lines: Vec<_> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(parts) = head.captures(line) else { continue };
        let end = format!("{}}}", &parts[1]);
        let declaration_end = format!("{});", &parts[1]);
        let ends = |line: &&str| **line == end || line.starts_with(&declaration_end);
        let length = lines[start + 1..].iter().position(ends).map_or(0, |n| n + 2);
        if length > MAX_FUNCTION_LINES && !line.ends_with([';', '}']) {
            found.push(format!("{length} lines in `{}`", &parts[5]));
        }
    }
    found
}
