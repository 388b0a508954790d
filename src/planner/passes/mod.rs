//! Passes: functions from a graph to a better graph that means the same.
//!
//! [`PIPELINE`] is their one table, in the order in which they run; [`run`] applies it, verifying the
//! graph after each pass and telling an observer. A pass never names an operator: it asks a call for
//! its pattern. What it declines to do it says in [`Notes`], which `ffplan --why` prints.

pub mod align_chunks;
pub mod deduplicate;
pub mod drop_advice;
pub mod eliminate_dead;
pub mod finish_scans;
pub mod finish_small;
pub mod fold_constants;
pub mod fuse;
pub mod push_down;
pub mod reshapes;
pub mod select_apart;
pub mod whole_axes;

use super::graph::{Graph, NodeId};
use super::settings::Settings;
use super::verify::{self, Violation};

/// One row of the pipeline.
pub struct Pass {
    /// The name of its file.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The pass.
    pub run: fn(&mut Graph, &Settings, &mut Notes),
}

/// All passes in order. Dead nodes go first, so that nothing is spent on them; constants fold before
/// equal nodes are merged, since folding makes more of them equal; slices move down before chunks are
/// chosen, since they change what is read; scans are finished before chunks are looked at, since what is finished
/// is read from there; fusion comes last, when every cut is known.
pub static PIPELINE: &[Pass] = &[
    Pass { name: "eliminate_dead", summary: "drop nodes that no sink needs", run: eliminate_dead::eliminate_dead },
    Pass {
        name: "fold_constants",
        summary: "compute what depends on nothing stored",
        run: fold_constants::fold_constants,
    },
    Pass { name: "deduplicate", summary: "merge equal nodes", run: deduplicate::deduplicate },
    Pass { name: "push_down", summary: "select before computing", run: push_down::push_down },
    Pass {
        name: "drop_advice",
        summary: "take out the rechunks of the script, which types bear",
        run: drop_advice::drop_advice,
    },
    Pass {
        name: "select_apart",
        summary: "read what is selected by parts that lie far apart",
        run: select_apart::select_apart,
    },
    Pass {
        name: "finish_scans",
        summary: "decide which scans must be finished before they are used",
        run: finish_scans::finish_scans,
    },
    Pass {
        name: "whole_axes",
        summary: "decide what comes in whole axes, and what is finished with them",
        run: whole_axes::whole_axes,
    },
    Pass { name: "reshapes", summary: "decide what is reshaped from scratch", run: reshapes::reshapes },
    Pass {
        name: "finish_small",
        summary: "decide which small values are finished before several stages use them",
        run: finish_small::finish_small,
    },
    Pass {
        name: "align_chunks",
        summary: "decide where chunks must change through scratch",
        run: align_chunks::align_chunks,
    },
    Pass { name: "fuse", summary: "join calls into kernels", run: fuse::fuse },
];

/// Decisions worth explaining, in the order in which they were taken.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    entries: Vec<Note>,
}

/// One decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The pass or stage that took it.
    pub by: &'static str,
    /// The node it is about.
    pub node: Option<NodeId>,
    /// What was decided and why.
    pub text: String,
}

impl Notes {
    /// Records a decision.
    pub fn add(&mut self, by: &'static str, node: Option<NodeId>, text: impl Into<String>) {
        self.entries.push(Note { by, node, text: text.into() });
    }

    /// The decisions in order.
    pub fn iter(&self) -> impl Iterator<Item = &Note> {
        self.entries.iter()
    }
}

/// Runs the pipeline; `observe` sees the graph after each pass.
///
/// # Errors
/// A pass broke an invariant: a bug, said with the pass's name.
pub fn run(
    graph: &mut Graph,
    settings: &Settings,
    notes: &mut Notes,
    observe: &mut dyn FnMut(&'static str, &Graph),
) -> Result<(), Violation> {
    for pass in PIPELINE {
        (pass.run)(graph, settings, notes);
        verify::verify(graph).map_err(|v| v.after(pass.name))?;
        observe(pass.name, graph);
    }
    Ok(())
}
