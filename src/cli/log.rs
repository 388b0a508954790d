//! What happens during a run, line by line on standard error.

use std::time::Instant;

use clap::ValueEnum;
use indicatif::HumanBytes;

use crate::planner::plan::{Plan, Stage};
use crate::runtime::observer::{Observer, Phase, Report, StageReport, Timed};

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Level {
    /// The plan, each stage and what is published.
    Info,
    /// Each task too, and what its time went to.
    Debug,
}

/// Says what happens.
pub struct Log {
    level: Level,
    begun: Instant,
}

impl Log {
    /// A log of this level, which counts time from now.
    pub fn new(level: Level) -> Log {
        Log { level, begun: Instant::now() }
    }

    fn say(&self, level: &str, text: &str) {
        super::tell(format_args!("{:10.3} s {level:5} {text}\n", self.begun.elapsed().as_secs_f64()));
    }
}

impl Observer for Log {
    fn planned(&self, plan: &Plan) {
        let tasks: u64 = plan.stages.iter().map(|s| s.cost.tasks).sum();
        let read = plan.stages.iter().fold(0u64, |n, s| n.saturating_add(s.cost.read));
        let text = format!("planned {} stages, {tasks} tasks, {} to read", plan.stages.len(), HumanBytes(read));
        self.say("info", &text);
    }

    fn stage_begun(&self, number: usize, stage: &Stage) {
        let ends: Vec<&str> = stage.ends.iter().map(|e| e.name.as_str()).collect();
        let (tasks, at_once) = (stage.cost.tasks, stage.cost.concurrent);
        self.say("info", &format!("stage {number} begins: {}; {tasks} tasks, {at_once} at once", ends.join(", ")));
    }

    fn times(&self) -> bool {
        self.level == Level::Debug
    }

    fn timed(&self, timed: &Timed<'_>) {
        let what = match timed.phase {
            Phase::Publish | Phase::Stage => return,
            Phase::Task => "done",
            Phase::Read => "read",
            Phase::Compute => "computed",
            Phase::Wait => "waited for",
            Phase::Write => "wrote",
        };
        let (stage, task) = (timed.stage.unwrap_or_default(), timed.task.unwrap_or_default());
        let millis = (timed.ended - timed.begun).as_secs_f64() * 1e3;
        let detail = match timed.moved {
            Some(moved) => format!(": read {}, wrote {}", HumanBytes(moved.read), HumanBytes(moved.written)),
            None if timed.phase == Phase::Task => ": failed".to_owned(),
            None => format!(" {}", timed.name),
        };
        self.say("debug", &format!("stage {stage} task {task} {what}{detail}, {millis:.3} ms"));
    }

    fn stage_done(&self, number: usize, report: &StageReport) {
        let (read, written) = (HumanBytes(report.read), HumanBytes(report.written));
        let text = format!("stage {number} is done: read {read}, wrote {written}, {:.3} s", report.wall);
        self.say("info", &text);
    }

    fn finished(&self, report: &Report) {
        report.published.iter().for_each(|name| self.say("info", &format!("published {name}")));
    }
}
