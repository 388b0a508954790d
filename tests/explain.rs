//! Graphs and plans as text, drawings and JSON.

use functionfuse::array::{ArrayType, DType, Dims, Scalar};
use functionfuse::operators::{Constant, find};
use functionfuse::planner::explain::layout::Rectangle;
use functionfuse::planner::explain::{self, View, dot, json, mermaid, svg, text};
use functionfuse::planner::graph::{Graph, NodeId, NodeKind};
use functionfuse::runtime::catalog::LocalCatalog;
use functionfuse::source::Span;
use functionfuse::{Options, check, plan};
use regex::Regex;

use crate::world::World;

const SCRIPT: &str = r#"
source a1b = open("examples/data/iris/A1B_north_america.nc")
let celsius = a1b.air_temperature - 273.15
let warming = celsius - mean(celsius, time)
sink { warming: warming } to zarr("out/warming.zarr")
print mean(warming)
"#;

/// Scans that share a stage, that are finished first, and that go the other way.
const SCANS: &str = r#"
source a1b = open("examples/data/iris/A1B_north_america.nc")
let air = a1b.air_temperature
let total = air |> cumsum(time, latitude)
let lag = total - shift(total, time: 1)
let filled = ffill(air, time) + bfill(air, time)
sink { total: total, lag: lag, filled: filled, high: max(cummax(air, time), longitude) } to zarr("out/scans.zarr")
print total |> isel(time: 3)
"#;

fn views() -> (Vec<View>, String) {
    views_of(SCRIPT)
}

fn views_of(script: &str) -> (Vec<View>, String) {
    let options = Options { memory: Some(256 << 20), threads: Some(2), ..Options::default() };
    let checked = check("warming.ff", script, &options, &LocalCatalog::default()).unwrap_or_else(|e| panic!("{e:?}"));
    let mut planned = plan(checked, &options).unwrap_or_else(|e| panic!("{e:?}"));
    let (_, optimized) = planned.graphs.pop().unwrap();
    let graph = planned.graphs.swap_remove(0).1;
    let views = vec![View::Graph("graph", graph), View::Graph("optimized", optimized), View::Plan(planned.plan)];
    (views, explain::notes(&planned.notes))
}

#[test]
fn texts() {
    let (views, notes) = views();
    insta::assert_snapshot!(format!("{}\n{notes}", text::render(&views)));
}

#[test]
fn scans() {
    let (views, notes) = views_of(SCANS);
    insta::assert_snapshot!(format!("{}\n{notes}", text::render(&views[1..])));
}

#[test]
fn drawings() {
    let (views, _) = views();
    insta::assert_snapshot!("dot", dot::render(&views));
    insta::assert_snapshot!("mermaid", mermaid::render(&views));
}

#[test]
fn data() {
    let (views, _) = views();
    insta::assert_snapshot!(json::render(&views[1..], None));
}

#[test]
fn matches_keep_their_ancestors() {
    let (views, _) = views();
    let part: Vec<View> = views.iter().map(|v| v.matching(&Regex::new("^celsius$").unwrap())).collect();
    insta::assert_snapshot!(text::render(&part));
}

#[test]
fn equal_scripts_give_equal_bytes() {
    let all = || {
        let (views, notes) = views();
        [
            text::render(&views),
            dot::render(&views),
            mermaid::render(&views),
            json::render(&views, None),
            svg::render(&views),
            notes,
        ]
    };
    assert_eq!(all(), all());
}

/// A graph of `count` nodes: constants, then sums of two earlier nodes, some far back.
fn generated(count: usize) -> Graph {
    let ty = ArrayType::new(DType::F64, Dims::new([("t", 10)]));
    let mut graph = Graph::default();
    let mut ids: Vec<NodeId> = Vec::new();
    let mut state = 7usize;
    while ids.len() < count {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let id = if ids.len() < 8 {
            graph.leaf(NodeKind::Constant(Constant::Full(Scalar::Float(1.0))), ty.clone(), Span::default())
        } else {
            let (near, far) = (ids[ids.len() - 1 - (state >> 33) % 8], ids[(state >> 40) % ids.len()]);
            graph.node(NodeKind::Rechunk, graph[near].ty.clone(), &[near, far], Span::default())
        };
        graph.node_mut(id).name = Some("n".repeat(1 + (state >> 50) % 40));
        ids.push(id);
    }
    graph
}

#[test]
fn no_two_boxes_overlap() {
    let drawing = svg::render(&[View::Graph("graph", generated(200))]);
    let rect =
        Regex::new(r#"<rect class="\w+" x="([\d.-]+)" y="([\d.-]+)" width="([\d.]+)" height="([\d.]+)""#).unwrap();
    let boxes = rect.captures_iter(&drawing).map(|found| {
        let [x, y, width, height] = [1, 2, 3, 4].map(|i| found[i].parse::<f64>().unwrap());
        Rectangle { x, y, width, height }
    });
    let boxes: Vec<Rectangle> = boxes.collect();
    assert_eq!(boxes.len(), 200);
    for (i, a) in boxes.iter().enumerate() {
        assert!(a.x >= 0.0 && a.y >= 0.0);
        for b in &boxes[i + 1..] {
            let apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
            assert!(apart, "{a:?} {b:?}");
        }
    }
}

#[test]
fn the_list_of_operators_has_them_all() {
    let list = functionfuse::operators::reference::list();
    let mean = find("mean").unwrap();
    assert!(list.contains(&format!("  {}\n      {}\n", mean.usage(), mean.summary)));
}

/// Reading all between the ends for it would take as long as any computation.
#[test]
fn large_arrays_are_read_at_their_ends_to_be_printed() {
    let script = "source g = open(\"grid.zarr\")\nprint g.x";
    let options = Options { memory: Some(512 << 20), threads: Some(2), ..Options::default() };
    let checked = check("s.ff", script, &options, &World).unwrap_or_else(|e| panic!("{e:?}"));
    let planned = plan(checked, &options).unwrap_or_else(|e| panic!("{e:?}"));
    insta::assert_snapshot!(text::render(&[View::Plan(planned.plan)]));
}
