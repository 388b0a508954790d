//! The input of a command line that is a script: its arrays are visible by bare name, and what is
//! computed from one of them is written under its name.

use super::scope::{Group, Item};
use super::{Lowerer, Lowering, Poisoned};
use crate::parser::ast::Name;
use crate::source::Span;

/// What the source of a command line is called.
pub const INPUT: &str = "data";

/// The name of a result that is computed from none or from several variables.
const RESULT: &str = "result";

impl Lowerer<'_> {
    /// The group that is read, where the script is a command line and reads one.
    pub(super) fn input(&self) -> Lowering<Group> {
        let binding = self.inputs.command.as_ref().and_then(|_| self.modules[self.env.module].names.get(INPUT));
        match binding.and_then(|b| b.item.as_ref()) {
            Some(Ok(Item::Group(group))) => Ok(group.clone()),
            _ => Err(Poisoned),
        }
    }

    /// What the input holds under a bare name; nothing is said where there is no input to look in.
    pub(super) fn find_in_input(&mut self, name: &str, at: Span) -> Option<Lowering<Item>> {
        self.inputs.command.as_ref()?;
        let binding = self.modules[self.env.module].names.get(INPUT)?;
        let group = match binding.item.as_ref()? {
            Ok(Item::Group(group)) => group.clone(),
            Ok(_) => return None,
            Err(poisoned) => return Some(Err(*poisoned)),
        };
        let stored = self.stored_group(&group)?;
        let unsupported = stored.unsupported.iter().any(|(n, _)| n == name);
        let known = unsupported || self.group_names(&group).iter().any(|n| n == name);
        known.then(|| self.group_member(&group, &Name { value: name.to_owned(), span: at }))
    }

    /// The name of a result without one, in a command line: that of the only variable used so far.
    pub(super) fn name_from_input(&self) -> Option<String> {
        self.inputs.command.as_ref()?;
        let Ok(group) = self.input() else {
            let bare = self.datasets.first().is_some_and(|d| !d.nodes.is_empty());
            return Some(if bare { INPUT } else { RESULT }.to_owned());
        };
        let coordinates = self.group_names(&group);
        let variables = self.variables(&group);
        let is_coordinate = |path: &str| coordinates.iter().any(|n| n == path) && !variables.iter().any(|n| n == path);
        let nodes = self.datasets.first().map(|d| &d.nodes);
        let mut used = nodes.into_iter().flat_map(|n| n.keys()).filter(|path| !is_coordinate(path));
        match (used.next(), used.next()) {
            (Some(path), None) => Some(path.rsplit('/').next().unwrap_or(path).to_owned()),
            _ => Some(RESULT.to_owned()),
        }
    }
}
