//! Drawings as SVG, laid out by [`layout`](super::layout): views below each other, arrows downward.

use std::fmt::Write;

use super::diagram::Item;
use super::layout::{Layout, Rectangle, layered};
use super::{Diagram, View};

/// The advance of a character of the font.
const ADVANCE: f64 = 7.0;

/// The height of a line.
const LINE: f64 = 15.0;

/// The space within and around boxes.
const MARGIN: f64 = 8.0;

/// Characters of a line that are shown; a tooltip has the rest.
const SHOWN: usize = 48;

const STYLE: &str = "text{font:11.5px ui-monospace,Menlo,Consolas,monospace;fill:#111}\
    .name{font-weight:bold}.title{font-size:15px;font-weight:bold}\
    rect{stroke:#555}path{fill:none;stroke:#777;stroke-width:1.2}";

/// One drawing of all views.
pub fn render(views: &[View]) -> String {
    let diagrams: Vec<Diagram> = views.iter().map(Diagram::new).collect();
    let mut body = String::new();
    let (mut width, mut y) = (0.0_f64, MARGIN);
    for diagram in &diagrams {
        let sizes: Vec<(f64, f64)> = diagram.items.iter().map(size).collect();
        let layout = layered(&sizes, &diagram.edges);
        y += 2.0 * LINE;
        let _ = writeln!(body, "<text class=\"title\" x=\"{MARGIN}\" y=\"{}\">{}</text>", y - LINE, diagram.title);
        draw(&mut body, diagram, &layout, (MARGIN, y));
        width = width.max(layout.width + 2.0 * MARGIN).max(12.0 * ADVANCE);
        y += layout.height + 2.0 * LINE;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{y:.0}\" \
         viewBox=\"0 0 {width:.0} {y:.0}\">\n<style>{STYLE}</style>\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><polygon points=\"0,0 8,4 0,8\" fill=\"#777\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" style=\"fill:#fff;stroke:none\"/>\n{body}</svg>\n"
    )
}

fn size(item: &Item) -> (f64, f64) {
    let longest = item.lines.iter().map(|line| shown(line).chars().count()).max().unwrap_or(0);
    (longest as f64 * ADVANCE + 2.0 * MARGIN, item.lines.len() as f64 * LINE + MARGIN)
}

fn draw(body: &mut String, diagram: &Diagram, layout: &Layout, (left, top): (f64, f64)) {
    for route in &layout.routes {
        let (x, y) = route[0];
        let _ = write!(body, "<path marker-end=\"url(#arrow)\" d=\"M{:.1},{:.1}", x + left, y + top);
        for pair in route.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let half = (y0 + y1) / 2.0 + top;
            let (x0, x1) = (x0 + left, x1 + left);
            let _ = write!(body, " C{x0:.1},{half:.1} {x1:.1},{half:.1} {x1:.1},{:.1}", y1 + top);
        }
        body.push_str("\"/>\n");
    }
    for (item, place) in diagram.items.iter().zip(&layout.boxes) {
        draw_item(body, item, Rectangle { x: place.x + left, y: place.y + top, ..*place });
    }
}

fn draw_item(body: &mut String, item: &Item, place: Rectangle) {
    let Rectangle { x, y, width, height } = place;
    let tooltip: Vec<String> = item.lines.iter().chain(&item.details).map(|line| escaped(line)).collect();
    let _ = write!(
        body,
        "<g><title>{}</title><rect class=\"{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
         height=\"{height:.1}\" rx=\"4\" fill=\"{}\"/>",
        tooltip.join("\n"),
        item.kind.name(),
        item.kind.colour()
    );
    for (i, line) in item.lines.iter().enumerate() {
        let class = if i == 0 { " class=\"name\"" } else { "" };
        let (tx, ty) = (x + MARGIN, y + MARGIN / 2.0 + (i as f64 + 0.75) * LINE);
        let _ = write!(body, "<text{class} x=\"{tx:.1}\" y=\"{ty:.1}\">{}</text>", escaped(&shown(line)));
    }
    body.push_str("</g>\n");
}

/// The line, cut to what a box shows.
fn shown(line: &str) -> String {
    if line.chars().count() <= SHOWN {
        return line.to_owned();
    }
    line.chars().take(SHOWN - 1).chain(['…']).collect()
}

/// Text within an element; characters that XML does not have become a replacement character.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
