//! Layered drawing of acyclic graphs, after Sugiyama, Tagawa and Toda (1981): longest-path layers, an
//! order within layers by barycentres, positions nearest to the neighbours' under that order.
//!
//! An edge that spans several layers passes through a narrow gap kept for it in each layer between.

/// The space between neighbours of a layer.
const GAP: f64 = 18.0;

/// The space between layers.
const RISE: f64 = 46.0;

/// The width kept for an edge that passes a layer.
const LANE: f64 = 8.0;

/// Sweeps of ordering and of positioning.
const SWEEPS: usize = 12;

/// A rectangle, by its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rectangle {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// A drawing: no two boxes overlap.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The boxes, in the order of their sizes.
    pub boxes: Vec<Rectangle>,
    /// The points each edge passes, in the order of the edges.
    pub routes: Vec<Vec<(f64, f64)>>,
    /// The width of all.
    pub width: f64,
    /// The height of all.
    pub height: f64,
}

/// Boxes and the lanes of edges, in layers.
struct Layers {
    rows: Vec<Vec<usize>>,
    widths: Vec<f64>,
    above: Vec<Vec<usize>>,
    below: Vec<Vec<usize>>,
    /// Per edge what it passes, from its producer to its consumer.
    chains: Vec<Vec<usize>>,
}

/// Lays out boxes of the given widths and heights; edges go from smaller to larger numbers.
pub fn layered(sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Layout {
    let mut layers = Layers::new(sizes, edges);
    for sweep in 0..SWEEPS {
        layers.order(sweep % 2 == 0);
    }
    let centres = layers.centres();
    let (mut layout, mut y) = (Layout::default(), 0.0);
    layout.boxes = vec![Rectangle { x: 0.0, y: 0.0, width: 0.0, height: 0.0 }; sizes.len()];
    let mut middles = vec![0.0; centres.len()];
    for row in &layers.rows {
        let height = row.iter().filter_map(|v| sizes.get(*v)).map(|s| s.1).fold(0.0, f64::max);
        for &vertex in row {
            middles[vertex] = y + height / 2.0;
            layout.width = layout.width.max(centres[vertex] + layers.widths[vertex] / 2.0);
            if let Some(&(width, own)) = sizes.get(vertex) {
                let corner = (centres[vertex] - width / 2.0, y + (height - own) / 2.0);
                layout.boxes[vertex] = Rectangle { x: corner.0, y: corner.1, width, height: own };
            }
        }
        y += height + RISE;
    }
    layout.height = (y - RISE).max(0.0);
    for (chain, (from, to)) in layers.chains.iter().zip(edges) {
        let (first, last) = (layout.boxes[*from], layout.boxes[*to]);
        let mut route = vec![(centres[*from], first.y + first.height)];
        route.extend(chain[1..chain.len() - 1].iter().map(|v| (centres[*v], middles[*v])));
        route.push((centres[*to], last.y));
        layout.routes.push(route);
    }
    layout
}

/// The layer of each box: the longest way to it; boxes that nothing feeds stand just above their consumers.
fn depths(count: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut depths = vec![0; count];
    let mut by_consumer = edges.to_vec();
    by_consumer.sort_unstable_by_key(|(from, to)| (*to, *from));
    for &(from, to) in &by_consumer {
        depths[to] = depths[to].max(depths[from] + 1);
    }
    let mut nearest: Vec<Option<usize>> = vec![None; count];
    let mut fed = vec![false; count];
    for &(from, to) in edges {
        fed[to] = true;
        nearest[from] = Some(nearest[from].map_or(depths[to], |n| n.min(depths[to])));
    }
    for (vertex, nearest) in nearest.into_iter().enumerate() {
        if let (Some(nearest), false) = (nearest, fed[vertex]) {
            depths[vertex] = nearest - 1;
        }
    }
    depths
}

impl Layers {
    fn new(sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Layers {
        let depths = depths(sizes.len(), edges);
        let mut rows = vec![Vec::new(); depths.iter().max().map_or(0, |d| d + 1)];
        for (vertex, depth) in depths.iter().enumerate() {
            rows[*depth].push(vertex);
        }
        let mut widths: Vec<f64> = sizes.iter().map(|s| s.0).collect();
        let mut chains = Vec::with_capacity(edges.len());
        for &(from, to) in edges {
            let mut chain = vec![from];
            for row in &mut rows[depths[from] + 1..depths[to]] {
                row.push(widths.len());
                chain.push(widths.len());
                widths.push(LANE);
            }
            chain.push(to);
            chains.push(chain);
        }
        let mut layers = Layers { rows, above: vec![Vec::new(); widths.len()], below: Vec::new(), widths, chains };
        layers.below = layers.above.clone();
        for pair in layers.chains.iter().flat_map(|chain| chain.windows(2)) {
            layers.above[pair[1]].push(pair[0]);
            layers.below[pair[0]].push(pair[1]);
        }
        layers
    }

    /// Sorts each row by the mean position of its neighbours in the row before, going down or up.
    fn order(&mut self, down: bool) {
        let mut places = vec![0.0; self.widths.len()];
        let neighbours = if down { &self.above } else { &self.below };
        let count = self.rows.len();
        for step in 0..count {
            let row = &mut self.rows[if down { step } else { count - 1 - step }];
            let place = |(i, v): (usize, &usize)| (mean(&neighbours[*v], &places).unwrap_or(i as f64), *v);
            let mut keyed: Vec<(f64, usize)> = row.iter().enumerate().map(place).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            *row = keyed.into_iter().map(|(_, vertex)| vertex).collect();
            row.iter().enumerate().for_each(|(i, vertex)| places[*vertex] = i as f64);
        }
    }

    /// The horizontal centres: rows side by side at first, then drawn towards their neighbours.
    fn centres(&self) -> Vec<f64> {
        let mut centres = vec![0.0; self.widths.len()];
        for row in &self.rows {
            self.settle(row, &vec![0.0; row.len()], &mut centres);
        }
        for sweep in 0..SWEEPS {
            let neighbours = if sweep % 2 == 0 { &self.above } else { &self.below };
            for i in 0..self.rows.len() {
                let row = &self.rows[if sweep % 2 == 0 { i } else { self.rows.len() - 1 - i }];
                let wanted: Vec<f64> =
                    row.iter().map(|v| mean(&neighbours[*v], &centres).unwrap_or(centres[*v])).collect();
                self.settle(row, &wanted, &mut centres);
            }
        }
        let left = (0..centres.len()).map(|v| centres[v] - self.widths[v] / 2.0).fold(f64::INFINITY, f64::min);
        centres.iter_mut().for_each(|c| *c -= left);
        centres
    }

    /// Places a row as near to where it is wanted as its order and widths permit: least squares by
    /// pooling adjacent violators.
    fn settle(&self, row: &[usize], wanted: &[f64], centres: &mut [f64]) {
        let mut offsets = Vec::with_capacity(row.len());
        let mut reach = 0.0;
        for (i, vertex) in row.iter().enumerate() {
            if i > 0 {
                reach += (self.widths[row[i - 1]] + self.widths[*vertex]) / 2.0 + GAP;
            }
            offsets.push(reach);
        }
        let mut pools: Vec<(f64, usize)> = Vec::new();
        for (want, offset) in wanted.iter().zip(&offsets) {
            let mut pool = (want - offset, 1);
            while let Some(last) = pools.last().filter(|last| last.0 / last.1 as f64 > pool.0 / pool.1 as f64) {
                pool = (pool.0 + last.0, pool.1 + last.1);
                pools.pop();
            }
            pools.push(pool);
        }
        let starts = pools.iter().flat_map(|(sum, count)| std::iter::repeat_n(sum / *count as f64, *count));
        for ((vertex, offset), start) in row.iter().zip(&offsets).zip(starts) {
            centres[*vertex] = start + offset;
        }
    }
}

fn mean(vertices: &[usize], of: &[f64]) -> Option<f64> {
    let sum: f64 = vertices.iter().map(|v| of[*v]).sum();
    (!vertices.is_empty()).then(|| sum / vertices.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diamond_is_symmetric() {
        let layout = layered(&[(40.0, 20.0); 4], &[(0, 1), (0, 2), (1, 3), (2, 3)]);
        let [top, left, right, bottom] = [0, 1, 2, 3].map(|i| layout.boxes[i]);
        assert!((top.x - bottom.x).abs() < 1e-6 && left.y == right.y && left.x + left.width + GAP <= right.x + 1e-6);
    }

    #[test]
    fn long_edges_pass_beside_boxes() {
        let layout = layered(&[(40.0, 20.0); 3], &[(0, 1), (0, 2), (1, 2)]);
        let (x, y) = layout.routes[1][1];
        let middle = layout.boxes[1];
        assert!(y > middle.y && y < middle.y + middle.height && (x < middle.x || x > middle.x + middle.width));
    }

    #[test]
    fn nothing_is_an_empty_drawing() {
        let layout = layered(&[], &[]);
        assert_eq!((layout.width, layout.height), (0.0, 0.0));
    }
}
