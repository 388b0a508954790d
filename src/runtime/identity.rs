//! All on which the bytes of targets depend: where it is as it was, a run goes on from what an interrupted one has stored.

use std::collections::BTreeMap;

use super::World;
use super::journal::Identity;
use super::place;
use crate::planner::identity::Digest;
use crate::planner::plan::{Input, Plan, Target};
use crate::planner::target;

/// All on which the bytes of a target's objects depend; with what [`chunks_read`] gives.
pub fn of(target: &Target, chunks: BTreeMap<String, String>) -> Identity {
    let attrs = &target.write.options.attrs;
    let text = |name: &str| attrs.text(name).unwrap_or_default();
    let sources = text("functionfuse_sources").split("; ").filter(|source| !source.is_empty()).map(str::to_owned);
    let amended = target.write.amends.as_ref().map(|before| format!("{} ({before})", target.write.location.url));
    let specs = target::specs(&target.write, &target.types);
    let specs: Vec<_> = specs.iter().map(|(spec, _)| spec).collect();
    let options = &target.write.options;
    let mut storage = Digest::default();
    let origins: Vec<_> = target.write.variables.iter().map(|variable| &variable.inset).collect();
    storage.text(&format!("{specs:?} {origins:?} {:?} {:?}", options.version, options.unlimited));
    Identity {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: target.identity.clone(),
        params: text("functionfuse_params").to_owned(),
        sources: sources.chain(amended).collect(),
        chunks,
        storage: storage.hex(),
    }
}

/// The folders of arrays that a run reads on this machine, where it writes there too, with the fingerprints of all their chunks: as many
/// files are looked at as the arrays have, whether the run reads them all or not.
pub fn chunks_read(plan: &Plan, world: &dyn World) -> BTreeMap<String, String> {
    let goes_on =
        |target: &Target| target.write.result.is_none() && place::local_path(&target.write.location.url).is_ok();
    if !plan.targets.iter().any(goes_on) {
        return BTreeMap::new();
    }
    let print = |input: &Input| {
        let Input::Source(source) = input else { return None };
        let found = place::find(world.place(&source.location.url).ok()?).ok()?;
        let folder = found.place.join(&found.inside).join(source.path.trim_matches('/'));
        let print = folder.path().filter(|path| path.is_dir()).and_then(|_| place::whole_fingerprint(&folder))?;
        Some((folder.to_string(), print))
    };
    plan.stages.iter().flat_map(|stage| &stage.inputs).filter_map(print).collect()
}
