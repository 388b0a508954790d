//! Sources that more than one stage reads (an anomaly: the mean, then the difference to it).
//!
//! What the budget leaves over in all the stages from the first that reads such a source to the last
//! is spent on its decoded chunks: the first to be read stay until the last stage has used them, the
//! others are read and decoded again. Contiguous layouts are left alone; there is nothing to decode.

use super::graph::Source;
use super::passes::Notes;
use super::plan::{Input, Plan};
use super::tasks::bytes_text;

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
}

/// Decides how much of each source stays, and counts it into the cost of the stages.
pub fn hold(plan: &mut Plan, notes: &mut Notes) {
    for (source, readers) in readers(plan) {
        let (Some(&(first, _)), Some(&(last, _))) = (readers.first(), readers.last()) else { continue };
        let between = first..=last;
        let room = plan.stages[between.clone()].iter().map(|s| plan.memory.saturating_sub(s.cost.peak)).min();
        let wanted = readers.iter().map(|(_, bytes)| *bytes).max().unwrap_or(0);
        let room = room.unwrap_or(0);
        let bytes = (room - room / SLACK).min(wanted);
        let stages: Vec<String> = readers.iter().map(|(stage, _)| stage.to_string()).collect();
        notes.add(
            "schedule",
            None,
            format!(
                "`{}` is read by stages {}; {} of its {} stay decoded in between",
                source.path,
                stages.join(" and "),
                bytes_text(bytes),
                bytes_text(wanted)
            ),
        );
        for stage in between {
            let cost = &mut plan.stages[stage].cost;
            cost.peak += bytes;
            cost.cache = cost.cache.saturating_sub(bytes);
        }
        for &(stage, read) in &readers[1..] {
            let cost = &mut plan.stages[stage].cost;
            cost.read = cost.read.saturating_sub(bytes.min(read));
        }
        plan.rereads.push(Reread { source, first, last, bytes });
    }
}

/// The chunked sources that several stages read, with those stages and the bytes each needs of it.
fn readers(plan: &Plan) -> Vec<(Source, Vec<(usize, u64)>)> {
    let mut readers: Vec<(Source, Vec<(usize, u64)>)> = Vec::new();
    for (number, stage) in plan.stages.iter().enumerate() {
        for (input, needed) in stage.inputs.iter().zip(&stage.cost.needed) {
            let Input::Source(source) = input else { continue };
            match readers.iter_mut().find(|(known, _)| known == source) {
                Some((_, stages)) if stages.last().is_some_and(|(last, _)| *last == number) => {}
                Some((_, stages)) => stages.push((number, *needed)),
                None => readers.push((source.clone(), vec![(number, *needed)])),
            }
        }
    }
    readers.retain(|(source, stages)| source.chunks.is_some() && stages.len() > 1);
    readers
}
