//! `plan { … }`: the script's defaults for its run.

use super::call::listed;
use super::{Lowerer, Lowering};
use crate::operators::{Value, error::closest};
use crate::parser::ast::{Field, Plan};
use crate::planner::error::{NameError, PlanError};

/// The settings there are.
const SETTINGS: [&str; 4] = ["memory", "threads", "scratch", "durable"];

/// What `plan { … }` sets; command line and environment win over it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanSettings {
    /// Bytes the run may hold at once.
    pub memory: Option<u64>,
    /// Threads that carry out tasks.
    pub threads: Option<usize>,
    /// Where scratch files go.
    pub scratch: Option<String>,
    /// Whether targets are forced to disk before they get their names.
    pub durable: Option<bool>,
}

impl Lowerer<'_> {
    /// `plan { memory: 2GiB }`
    pub(super) fn plan(&mut self, plan: &Plan) {
        for field in &plan.options {
            let _: Lowering<()> = self.setting(field);
        }
    }

    fn setting(&mut self, field: &Field) -> Lowering<()> {
        let name = field.key.value.as_str();
        if !SETTINGS.contains(&name) {
            let help = match closest(name, SETTINGS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its settings are {}", listed(&SETTINGS)),
            };
            return self.fail(PlanError::Setting { name: name.to_owned(), at: field.key.span, help: Some(help) });
        }
        if let Some(first) = self.settings_given.iter().find(|n| n.value == name) {
            let (name, at, first) = (format!("plan {{ {name} }}"), field.key.span, first.span);
            return self.fail(NameError::Duplicate { name, at, first });
        }
        self.settings_given.push(field.key.clone());
        let place = format!("`{name}`");
        let value = self.plan_value(&field.value, &place)?;
        let settings = &mut self.lowered.settings;
        match (name, &value) {
            ("memory", Value::Size(n)) if *n > 0 => settings.memory = Some(*n),
            ("threads", Value::Int(n)) if *n > 0 => settings.threads = Some(*n as usize),
            ("scratch", Value::Str(path)) => settings.scratch = Some(path.clone()),
            ("durable", Value::Bool(durable)) => settings.durable = Some(*durable),
            _ => {
                let expected = match name {
                    "memory" => "a size such as 2GiB",
                    "threads" => "a positive integer",
                    "durable" => "`true` or `false`",
                    _ => "the path of a folder, as a string",
                };
                return self.expected(&place, expected, &value, field.value.span, None);
            }
        }
        Ok(())
    }
}
