//! Drawings as Mermaid flowcharts: a subgraph for each view.

use std::fmt::Write;

use super::diagram::ItemKind;
use super::{Diagram, View};

/// A flowchart of the views.
pub fn render(views: &[View]) -> String {
    let mut out = String::from("flowchart TD\n");
    for (d, view) in views.iter().enumerate() {
        let diagram = Diagram::new(view);
        let _ = writeln!(out, "  subgraph d{d} [\"{}\"]", diagram.title);
        for (n, item) in diagram.items.iter().enumerate() {
            let lines: Vec<String> = item.lines.iter().map(|line| escaped(line)).collect();
            let _ = writeln!(out, "    d{d}n{n}[\"{}\"]:::{}", lines.join("<br/>"), item.kind.name());
        }
        for (from, to) in &diagram.edges {
            let _ = writeln!(out, "    d{d}n{from} --> d{d}n{to}");
        }
        out.push_str("  end\n");
    }
    for kind in ItemKind::ALL {
        let _ = writeln!(out, "  classDef {} fill:{},stroke:#555,color:#000", kind.name(), kind.colour());
    }
    out
}

/// Text within a quoted label; Mermaid writes entities with `#`.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '&' => out.push_str("#amp;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '`' => out.push_str("#96;"),
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
