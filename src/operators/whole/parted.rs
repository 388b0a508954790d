//! Functions of lines for each group of their elements, whichever groups these are in.

use std::sync::Arc;

use super::LineFunction;
use super::lines::Layout;
use crate::array::{Block, DType, Region};

/// A function of each group of a line's elements: the results of a group follow those of the one before.
#[derive(Debug)]
pub struct Parted {
    /// The function.
    pub function: Arc<dyn LineFunction>,
    /// How many groups there are.
    pub groups: usize,
    /// The group of each element of any line, where all lines have the same; else a second input tells them.
    pub known: Option<Arc<[i32]>>,
    /// What the function gives of no elements, and of what dtype.
    pub dtype: DType,
}

impl LineFunction for Parted {
    fn len(&self, n: u64) -> u64 {
        self.groups as u64 * self.function.len(n)
    }

    fn run(&self, block: &Block, layout: Layout<'_>) -> Block {
        let known = self.known.as_ref().expect("without a second input groups are known");
        let places = places(known, self.groups);
        self.lines(block, layout, |_, line| self.results(line, &places))
    }

    fn run_with(&self, block: &Block, codes: &Block, layout: Layout<'_>) -> Block {
        let mut last: Option<(Vec<i32>, Vec<Vec<usize>>)> = None;
        self.lines(block, layout, |region, line| {
            let own = codes.slice(region).contiguous();
            let own: Vec<i32> = own.view::<i32>().map(|view| view.iter().copied().collect()).unwrap_or_default();
            if last.as_ref().is_none_or(|(before, _)| *before != own) {
                let places = places(&own, self.groups);
                last = Some((own, places));
            }
            last.as_ref().map_or_else(Vec::new, |(_, places)| self.results(line, places))
        })
    }

    fn room(&self, n: u64) -> u64 {
        let element = self.dtype.size() as u64 + 24;
        self.function.room(n).saturating_add(n.saturating_mul(element)).saturating_add(self.len(n).saturating_mul(64))
    }
}

/// The places of the elements of each group.
fn places(codes: &[i32], groups: usize) -> Vec<Vec<usize>> {
    let mut places = vec![Vec::new(); groups];
    for (place, code) in codes.iter().enumerate() {
        if let Some(group) = usize::try_from(*code).ok().and_then(|code| places.get_mut(code)) {
            group.push(place);
        }
    }
    places
}

impl Parted {
    /// The results of the groups of a line, one after the other.
    fn results(&self, line: &Block, places: &[Vec<usize>]) -> Vec<Block> {
        let of = |places: &Vec<usize>| {
            let part = line.take(0, places).contiguous();
            let len = self.function.len(places.len() as u64) as usize;
            self.function.run(&part, Layout { axes: &[0], place: 0, len })
        };
        places.iter().map(of).collect()
    }

    /// The results of all lines of a block, laid out as `layout` says.
    fn lines(
        &self,
        block: &Block,
        layout: Layout<'_>,
        mut results: impl FnMut(&Region, &Block) -> Vec<Block>,
    ) -> Block {
        let shape = block.shape();
        let kept: Vec<usize> = (0..shape.len()).filter(|axis| !layout.axes.contains(axis)).collect();
        let mut out: Vec<u64> = kept.iter().map(|axis| shape[*axis]).collect();
        let mut all = Vec::new();
        for index in Region::whole(&out).indices() {
            let mut region = Region::whole(&shape);
            for (axis, at) in kept.iter().zip(index.iter()) {
                (region.start[*axis], region.shape[*axis]) = (*at, 1);
            }
            let line = block.slice(&region).contiguous();
            let count = line.count();
            all.extend(results(&region, &line.reshape(&[count])));
        }
        out.push(layout.len as u64);
        let last = out.len() - 1;
        let whole = if all.is_empty() { Block::zeros(self.dtype, &[0]) } else { Block::concat(&all, 0) };
        let mut axes: Vec<usize> = (0..last).collect();
        axes.insert(layout.place, last);
        whole.reshape(&out).permute(&axes)
    }
}
