//! Scripts in, trees and messages out.

use std::fs;

use functionfuse::diagnostic::Diagnostics;
use functionfuse::parser::ast::Program;
use functionfuse::parser::{parse, print};
use functionfuse::source::{SourceFile, SourceMap};

fn file(text: &str) -> SourceFile {
    SourceMap::single("script.ff", text).files()[0].clone()
}

fn program(text: &str) -> Program {
    let (program, problems) = parse(&file(text));
    assert!(problems.is_empty(), "{}", rendered(text, problems));
    program
}

fn tree(text: &str) -> String {
    print::program(&program(text))
}

/// The problems as the user sees them.
#[cfg(feature = "cli")]
fn rendered(text: &str, problems: Diagnostics) -> String {
    let report = problems.report(std::sync::Arc::new(SourceMap::single("script.ff", text)));
    let theme = miette::GraphicalTheme::unicode_nocolor();
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(100).with_links(false);
    let mut out = String::new();
    handler.render_report(&mut out, &report).unwrap();
    out
}

#[cfg(not(feature = "cli"))]
fn rendered(_: &str, problems: Diagnostics) -> String {
    problems.iter().map(|p| format!("{p}\n")).collect()
}

fn codes(text: &str) -> Vec<String> {
    let (_, problems) = parse(&file(text));
    problems.iter().map(|p| p.code().unwrap().to_string()).collect()
}

#[test]
fn trees() {
    insta::glob!("cases/parse/*.ff", |path| {
        insta::assert_snapshot!(tree(&fs::read_to_string(path).unwrap()));
    });
}

/// Each case names the codes it gives, in order, in comments.
#[cfg(feature = "cli")]
#[test]
fn errors() {
    let wrong = std::cell::RefCell::new(Vec::new());
    insta::glob!("cases/errors/parse_*.ff", |path| {
        let text = fs::read_to_string(path).unwrap();
        let named: Vec<_> =
            text.split_whitespace().filter(|w| w.starts_with("ff::parse::")).map(str::to_string).collect();
        let (_, problems) = parse(&file(&text));
        insta::assert_snapshot!(rendered(&text, problems));
        if codes(&text) != named {
            wrong.borrow_mut().push(format!("{}: {:?}, not {named:?}", path.display(), codes(&text)));
        }
    });
    let wrong = wrong.into_inner();
    assert!(wrong.is_empty(), "codes differ from the comments:\n{}", wrong.join("\n"));
}
