//! Scripts in, graphs and messages out: parsing and lowering over a fixed [`World`].

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use functionfuse::diagnostic::Report;
use functionfuse::planner::lower::{Inputs, Lowered, lower};
use functionfuse::planner::print;
use functionfuse::source::SourceMap;

use crate::world::{World, load};

/// Values of params: the words after `# run:` in the script, as `name=value`.
fn given(text: &str) -> BTreeMap<String, String> {
    let words = text.lines().filter_map(|line| line.strip_prefix("# run:")).flat_map(str::split_whitespace);
    words.filter_map(|word| word.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn lowered(name: &str, text: &str) -> (Lowered, Report) {
    let mut sources = SourceMap::single(name, text);
    let (program, mut problems) = functionfuse::parser::parse(&sources.files()[0].clone());
    let loader = load;
    let inputs = Inputs {
        params: given(text),
        script_name: name.to_owned(),
        command: None,
        overwrite: false,
        only_looks: false,
        resumes: false,
        loader: &loader,
    };
    let (graph, found) = lower(&program, &mut sources, &inputs, &World);
    problems.extend(found);
    (graph, problems.report(Arc::new(sources)))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The problems as the user sees them.
#[cfg(feature = "cli")]
fn rendered(report: &Report) -> String {
    let theme = miette::GraphicalTheme::unicode_nocolor();
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(100).with_links(false);
    let mut out = String::new();
    handler.render_report(&mut out, report).unwrap();
    out
}

fn codes(report: &Report) -> Vec<String> {
    report.problems().iter().map(|p| p.code().map_or_else(String::new, |c| c.to_string())).collect()
}

/// Each case names the codes it gives, in order, in comments.
#[cfg(feature = "cli")]
#[test]
fn errors() {
    let wrong = RefCell::new(Vec::new());
    insta::glob!("cases/errors/*.ff", |path| {
        let name = file_name(path);
        let text = fs::read_to_string(path).unwrap();
        let named: Vec<&str> = text.split_whitespace().filter(|w| w.starts_with("ff::")).collect();
        if named.iter().all(|code| code.starts_with("ff::parse::")) {
            return;
        }
        let (_, report) = lowered(&name, &text);
        insta::assert_snapshot!(rendered(&report));
        let mut found = codes(&report);
        found.sort();
        let mut sorted = named.clone();
        sorted.sort_unstable();
        if found != sorted {
            wrong.borrow_mut().push(format!("{name}: {found:?}, not {named:?}"));
        }
    });
    let wrong = wrong.into_inner();
    assert!(wrong.is_empty(), "codes differ from the comments:\n{}", wrong.join("\n"));
}

#[test]
fn graphs() {
    let wrong = RefCell::new(Vec::new());
    insta::glob!("cases/plan/*.ff", |path| {
        let name = file_name(path);
        let (lowered, report) = lowered(&name, &fs::read_to_string(path).unwrap());
        wrong.borrow_mut().extend(report.problems().iter().map(|p| format!("{name}: {p}")));
        insta::assert_snapshot!(print::graph(&lowered.graph));
    });
    let wrong = wrong.into_inner();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
