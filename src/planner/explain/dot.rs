//! Drawings in Graphviz's DOT language: a cluster for each view.

use std::fmt::Write;

use super::{Diagram, View};

/// A digraph of the views.
pub fn render(views: &[View]) -> String {
    let mut out = String::from("digraph functionfuse {\n");
    out.push_str("  node [shape=box, style=\"filled,rounded\", fontname=\"monospace\", fontsize=10];\n");
    for (d, view) in views.iter().enumerate() {
        let diagram = Diagram::new(view);
        let _ = writeln!(out, "  subgraph cluster_{d} {{\n    label={};", quoted(diagram.title));
        for (n, item) in diagram.items.iter().enumerate() {
            let label = quoted(&item.lines.join("\n"));
            let tooltip = quoted(&item.details.join("\n"));
            let colour = item.kind.colour();
            let _ = writeln!(out, "    d{d}n{n} [label={label}, tooltip={tooltip}, fillcolor=\"{colour}\"];");
        }
        for (from, to) in &diagram.edges {
            let _ = writeln!(out, "    d{d}n{from} -> d{d}n{to};");
        }
        out.push_str("  }\n");
    }
    out.push_str("}\n");
    out
}

/// A double-quoted string, with line breaks as escapes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
