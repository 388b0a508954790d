//! The scripts in the documentation. The `ff` blocks of a section are one script, in the order in which they stand.

use functionfuse::Options;
use functionfuse::operators::{REGISTRY, reference};
use functionfuse::parser::parse;
use functionfuse::source::SourceMap;

use crate::world::World;

const PAGES: &[&str] = &["README.md", "docs/language.md", "docs/operators.md"];

/// The scripts of a page with the headings of their sections.
fn scripts(page: &str) -> Vec<(String, String)> {
    let path = format!("{}/{page}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut sections: Vec<(String, String)> = Vec::new();
    let mut heading = String::new();
    let mut inside = None;
    for line in text.lines() {
        match inside {
            Some(_) if line == "```" => inside = None,
            Some(true) => {
                let script = &mut sections.last_mut().expect("a section has begun").1;
                script.push_str(line);
                script.push('\n');
            }
            Some(false) => {}
            None if line.starts_with("```") => {
                let is_script = line == "```ff";
                if is_script && sections.last().is_none_or(|(last, _)| *last != heading) {
                    sections.push((heading.clone(), String::new()));
                }
                inside = Some(is_script);
            }
            None => {
                if let Some(title) = line.strip_prefix("## ") {
                    heading = format!("{page}, {title}");
                }
            }
        }
    }
    sections
}

#[test]
fn scripts_in_the_documentation_are_read() {
    for page in PAGES {
        for (section, script) in scripts(page) {
            let sources = SourceMap::single(section.as_str(), script);
            let (_, problems) = parse(&sources.files()[0]);
            let found: Vec<_> = problems.iter().map(|problem| problem.to_string()).collect();
            assert!(found.is_empty(), "{section}: {}", found.join("\n"));
        }
    }
}

/// Each section is a script that runs from the project's folder.
#[cfg(feature = "runtime")]
#[test]
fn sections_are_planned() {
    let options = Options { only_looks: true, ..Options::default() };
    let mut wrong = Vec::new();
    for (section, script) in ["README.md", "docs/language.md"].into_iter().flat_map(scripts) {
        let catalog = functionfuse::runtime::catalog::LocalCatalog::default();
        let planned = functionfuse::check(&section, &script, &options, &catalog)
            .and_then(|checked| functionfuse::plan(checked, &options));
        if let Err(report) = planned {
            wrong.extend(report.problems().iter().map(|problem| format!("{section}: {problem}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn blocks_of_a_section_are_one_script() {
    let sections = scripts("docs/language.md");
    let (_, statements) = sections.iter().find(|(name, _)| name.ends_with(", Statements")).unwrap();
    assert!(statements.contains("param input") && statements.contains("plan {"), "{statements}");
}

#[test]
fn examples_of_operators_are_planned() {
    let mut wrong = Vec::new();
    for row in REGISTRY.iter().flat_map(|(_, rows)| rows.iter()) {
        let script = format!("{}\nprint {}\n", reference::PREAMBLE, row.example);
        let options = Options::default();
        let planned = functionfuse::check(row.name, &script, &options, &World)
            .and_then(|checked| functionfuse::plan(checked, &options));
        if let Err(report) = planned {
            wrong.extend(report.problems().iter().map(|problem| format!("{}: {problem}", row.name)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
