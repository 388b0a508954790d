//! Sources that more than one stage reads (an anomaly: the mean, then the difference to it).
//!
//! What the budget leaves over in all the stages from the first that reads such a source to the last
//! is spent on its decoded chunks: the first to be read stay until the last stage has used them, the
//! others are read and decoded again. Contiguous layouts are left alone; there is nothing to decode.

use std::sync::Arc;

use super::access;
use super::graph::Source;
use super::passes::Notes;
use super::plan::{Input, Plan};
use super::tasks::bytes_text;
use crate::array::{ArrayType, ChunkGrid, Region};

/// One part in so many of what is left over is not spent: memory that is given back and taken again by
/// and by does not lie as closely as the plan has it.
const SLACK: u64 = 16;

/// A source whose decoded chunks stay from one stage to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Reread {
    /// The source.
    pub source: Source,
    /// The first stage that reads it.
    pub first: usize,
    /// The last.
    pub last: usize,
    /// Bytes of its chunks that may stay.
    pub bytes: u64,
    /// The stages that read it, and what each needs of it.
    pub needed: Vec<(usize, Region)>,
}

impl Reread {
    /// The region that stages after `stage` need; none where there are none.
    pub fn later(&self, stage: usize) -> Option<Region> {
        let later = self.needed.iter().filter(|(reader, _)| *reader > stage).map(|(_, region)| region.clone());
        later.reduce(|a, b| a.union(&b))
    }
}

/// Decides how much of each source stays, and counts it into the cost of the stages.
pub fn hold(plan: &mut Plan, notes: &mut Notes) {
    for (source, readers) in readers(plan) {
        let (Some(first), Some(last)) = (readers.first(), readers.last()) else { continue };
        let (first, last) = (first.stage, last.stage);
        // What a stage finds is at most what it shares with one before.
        let shared = |at: usize| readers[..at].iter().map(|r| r.shared(&readers[at])).max().unwrap_or(0);
        let saved: Vec<u64> = (0..readers.len()).map(shared).collect();
        let between = first..=last;
        let room = plan.stages[between.clone()].iter().map(|s| plan.memory.saturating_sub(s.cost.peak)).min();
        let wanted = saved.iter().copied().max().unwrap_or(0);
        let room = room.unwrap_or(0);
        let bytes = (room - room / SLACK).min(wanted);
        let stages: Vec<String> = readers.iter().map(|r| r.stage.to_string()).collect();
        notes.add(
            "schedule",
            None,
            format!(
                "`{}` is read by stages {}; {} of the {} that they share stay decoded in between",
                source.path,
                stages.join(" and "),
                bytes_text(bytes),
                bytes_text(wanted)
            ),
        );
        for stage in between {
            plan.stages[stage].cost.peak += bytes;
        }
        for (reader, saved) in readers.iter().zip(&saved) {
            let cost = &mut plan.stages[reader.stage].cost;
            cost.read = cost.read.saturating_sub(bytes.min(*saved));
        }
        let needed = readers.into_iter().map(|r| (r.stage, r.region)).collect();
        plan.rereads.push(Reread { source, first, last, bytes, needed });
    }
}

/// A stage that reads a source.
struct Reader {
    stage: usize,
    region: Region,
    ty: Arc<ArrayType>,
    chunks: ChunkGrid,
}

impl Reader {
    /// Bytes of the chunks that both need.
    fn shared(&self, other: &Reader) -> u64 {
        access::touched(&self.ty, &self.chunks, &self.region.intersect(&other.region))
    }
}

/// The chunked sources that several stages read, each with those stages.
fn readers(plan: &Plan) -> Vec<(Source, Vec<Reader>)> {
    let mut readers: Vec<(Source, Vec<Reader>)> = Vec::new();
    for (number, stage) in plan.stages.iter().enumerate() {
        for (i, (input, needed)) in stage.inputs.iter().zip(&stage.cost.needed).enumerate() {
            let (Input::Source(source), Some(region)) = (input, needed) else { continue };
            let Some(chunks) = source.chunks.as_deref().map(ChunkGrid::regular) else { continue };
            let reader = Reader { stage: number, region: region.clone(), ty: stage.kernel.inputs[i].clone(), chunks };
            match readers.iter_mut().find(|(known, _)| known == source) {
                Some((_, stages)) => match stages.last_mut().filter(|last| last.stage == number) {
                    Some(last) => last.region = last.region.union(region),
                    None => stages.push(reader),
                },
                None => readers.push((source.clone(), vec![reader])),
            }
        }
    }
    readers.retain(|(_, stages)| stages.len() > 1);
    readers
}
