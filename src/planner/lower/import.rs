//! Imports: the definitions of another file.
//!
//! Of an imported file only `param`s (with their defaults), `source`s, `let`s, `fn`s and imports count;
//! its sinks, prints and asserts are those of a run of that file.

use super::scope::{Item, Module};
use super::{Lowerer, Lowering};
use crate::parser::ast::{Import, Name, Program};
use crate::planner::error::PlanError;
use crate::source::Span;

impl Lowerer<'_> {
    /// Lowers a file in a module of its own; gives the module.
    pub(super) fn module(&mut self, path: String, program: &Program) -> usize {
        let module = self.modules.len();
        self.modules.push(Module { path: path.clone(), ..Module::default() });
        let caller = std::mem::take(&mut self.env);
        self.env.module = module;
        self.importing.push(path);
        self.declare(program);
        for statement in &program.statements {
            self.statement(statement);
        }
        self.importing.pop();
        self.env = caller;
        module
    }

    /// `import "lib.ff" as NAME`
    pub(super) fn import(&mut self, import: &Import) {
        let module = self.imported(&import.path.value, import.path.span);
        match (&import.alias, module) {
            (Some(alias), module) => self.bind(alias, module.map(Item::Module)),
            (None, Ok(module)) => self.open(module, import.path.span),
            (None, Err(_)) => {}
        }
    }

    /// The module of an imported file, which is read once.
    fn imported(&mut self, path: &str, at: Span) -> Lowering<usize> {
        let full = joined(&self.modules[self.env.module].path, path);
        if let Some(first) = self.importing.iter().position(|p| *p == full) {
            let mut chain: Vec<&str> = self.importing[first..].iter().map(String::as_str).collect();
            chain.push(&full);
            let chain = chain.join(" → ");
            return self.fail(PlanError::ImportCycle { path: full, chain, at });
        }
        if let Some(module) = self.modules.iter().position(|m| m.path == full) {
            return Ok(module);
        }
        match self.inputs.loader.load(&full, self.sources) {
            Ok((program, diagnostics)) => {
                self.diagnostics.extend(diagnostics);
                Ok(self.module(full, &program))
            }
            Err(reason) => self.fail(PlanError::Import { path: path.to_owned(), reason, at }),
        }
    }

    /// Makes the names of a module names of this file.
    fn open(&mut self, module: usize, at: Span) {
        let names: Vec<(String, Lowering<Item>)> = (self.modules[module].names.iter())
            .filter_map(|(name, binding)| Some((name.clone(), binding.item.clone()?)))
            .collect();
        for (name, item) in names {
            self.declare_name(&Name { value: name, span: at }, Some(item));
        }
    }
}

/// `path` as seen from the folder of `from`, without `.` and, where they can be resolved, `..`.
fn joined(from: &str, path: &str) -> String {
    if path.starts_with('/') {
        return path.to_owned();
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|p| *p != "..") => drop(parts.pop()),
            other => parts.push(other),
        }
    }
    let root = if from.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::joined;

    #[test]
    fn paths_are_relative_to_the_file() {
        assert_eq!(joined("a/b/main.ff", "lib.ff"), "a/b/lib.ff");
        assert_eq!(joined("main.ff", "./lib.ff"), "lib.ff");
        assert_eq!(joined("a/main.ff", "../../lib.ff"), "../lib.ff");
        assert_eq!(joined("/a/main.ff", "../lib.ff"), "/lib.ff");
        assert_eq!(joined("a/main.ff", "/x/lib.ff"), "/x/lib.ff");
    }
}
