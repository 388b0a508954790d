//! A run that reads and keeps results: what it reads is checked before, what it writes is published with the targets.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::{Hold, MANIFEST, checksum, damaged, hold, names, object, partial};
use crate::planner::catalog::CatalogError;
use crate::planner::persist::{Found, Manifest, Persisted};
use crate::planner::plan::{Input, Plan};
use crate::runtime::World;
use crate::runtime::error::RunError;
use crate::runtime::observer::ResultReport;
use crate::runtime::place;
use crate::runtime::serializers::{StorageError, failure, kept};

/// The results of a run. Their storages are held as long as it is there.
pub struct Keeping<'p> {
    plan: &'p Plan,
    world: &'p dyn World,
    /// Per storage its folder.
    roots: BTreeMap<String, PathBuf>,
    _held: Vec<File>,
}

/// What was written for a result, before it is published.
#[derive(Clone, Debug)]
pub struct Whole {
    blake3: String,
    bytes: u64,
}

impl<'p> Keeping<'p> {
    /// Checks the results that `plan` reads.
    ///
    /// # Errors
    /// One is not as it was kept.
    pub fn begin(plan: &'p Plan, world: &'p dyn World) -> Result<Self, RunError> {
        let (mut roots, mut held) = (BTreeMap::new(), Vec::new());
        for persisted in &plan.persisted {
            if roots.contains_key(&persisted.root) {
                continue;
            }
            let root = place::local_path(&persisted.root).map_err(|e| RunError::catalog(e, persisted.at))?;
            held.extend(hold(&root, Hold::Shared).ok().flatten());
            roots.insert(persisted.root.clone(), root);
        }
        let keeping = Keeping { plan, world, roots, _held: held };
        for persisted in plan.persisted.iter().filter(|persisted| persisted.found == Found::Hit) {
            let root = &keeping.roots[&persisted.root];
            if keeping.is_read(persisted, root) {
                verify(root, &persisted.manifest).map_err(|e| RunError::catalog(e, persisted.at))?;
            }
        }
        Ok(keeping)
    }

    /// Whether any stage reads a result.
    fn is_read(&self, persisted: &Persisted, root: &Path) -> bool {
        let manifest = &persisted.manifest;
        let file = object(root, &manifest.key).join(&manifest.file);
        self.plan.stages.iter().flat_map(|stage| &stage.inputs).any(|input| match input {
            Input::Source(source) => place::local_path(&source.location.url).is_ok_and(|path| path == file),
            Input::Constant(_) | Input::Kept(_) => false,
        })
    }

    /// What was written for a result, under its staging name; while it was, its sources have not changed.
    ///
    /// # Errors
    /// A source has changed, or what was written cannot be read.
    pub fn whole(&self, number: usize, staging: &Path) -> Result<Whole, StorageError> {
        let persisted = &self.plan.persisted[number];
        for source in &persisted.manifest.parts.sources {
            let now = self.world.place(&source.url).ok().and_then(|place| place::whole_fingerprint(&place));
            if now.as_ref() != Some(&source.fingerprint) {
                let message =
                    format!("`{}` has changed while the run went on: `{}` is not kept", source.url, persisted.name);
                return Err(StorageError::new("ff::persist::changed", message).with_help("run the script again"));
            }
        }
        let read = |error: std::io::Error| failure::refused(staging, &error);
        Ok(Whole { blake3: checksum::of(staging).map_err(read)?, bytes: checksum::bytes(staging).map_err(read)? })
    }

    /// Gives a result the name of its checksum, then its manifest.
    ///
    /// # Errors
    /// The folder of its key cannot be written.
    pub fn keep(&self, number: usize, staging: &Path, whole: Whole) -> Result<(), StorageError> {
        let persisted = &self.plan.persisted[number];
        let manifest = &persisted.manifest;
        let folder = object(&self.roots[&persisted.root], &manifest.key);
        let extension = kept::format(&manifest.format).and_then(|format| format.extensions.first()).unwrap_or(&"");
        let file = format!("{}.{extension}", &whole.blake3[..16]);
        let path = folder.join(&file);
        // A folder of the same checksum is the same; a file is put in place of one that a crash may have cut short.
        if !path.is_dir() {
            std::fs::rename(staging, &path).map_err(|e| failure::refused(&path, &e))?;
        }
        let manifest = Manifest { file, bytes: whole.bytes, blake3: whole.blake3, ..manifest.clone() };
        write_manifest(&folder, &manifest, self.plan.durable)
    }

    /// Gives all results their names; what is told of them.
    ///
    /// # Errors
    /// A name cannot be given.
    pub fn name(&self) -> Result<Vec<ResultReport>, RunError> {
        let mut told = Vec::new();
        for persisted in &self.plan.persisted {
            let root = &self.roots[&persisted.root];
            let named = self.name_one(persisted, root);
            let path = named.map_err(|e| RunError::storage(e, persisted.at))?.display().to_string();
            told.push(ResultReport {
                name: persisted.name.clone(),
                workflow: persisted.workflow.clone(),
                storage: persisted.root.clone(),
                key: persisted.manifest.key.clone(),
                hit: persisted.found == Found::Hit,
                why: match &persisted.found {
                    Found::Hit => None,
                    Found::Miss(why) => Some(why.clone()),
                },
                path,
            });
        }
        Ok(told)
    }

    fn name_one(&self, persisted: &Persisted, root: &Path) -> Result<PathBuf, StorageError> {
        let key = &persisted.manifest.key;
        let refused = |e: CatalogError| StorageError { code: e.code, message: e.message, help: e.help };
        let manifest = super::manifest(root, key).map_err(refused)?;
        let Some(manifest) = manifest else {
            let path = object(root, key);
            return Err(refused(damaged(root, key, &path, "it has gone while the run went on")));
        };
        let name = (persisted.workflow.as_str(), persisted.name.as_str());
        let path = || root.join(name.0).join(name.1);
        names::give(root, name, (key, &manifest.file)).map_err(|e| failure::refused(&path(), &e))
    }
}

/// Whether a result is as it was kept.
///
/// # Errors
/// It is not.
pub fn verify(root: &Path, manifest: &Manifest) -> Result<(), CatalogError> {
    let path = object(root, &manifest.key).join(&manifest.file);
    match checksum::of(&path) {
        Ok(blake3) if blake3 == manifest.blake3 => Ok(()),
        Ok(_) => Err(damaged(root, &manifest.key, &path, "it does not match its checksum")),
        Err(error) => Err(damaged(root, &manifest.key, &path, &error.to_string())),
    }
}

fn write_manifest(folder: &Path, manifest: &Manifest, durable: bool) -> Result<(), StorageError> {
    let path = folder.join(MANIFEST);
    let beside = partial(&path);
    let text = serde_json::to_string_pretty(manifest).map_err(|e| failure::other(&path, &e))?;
    let written = std::fs::write(&beside, text + "\n")
        .and_then(|()| if durable { File::open(&beside)?.sync_all() } else { Ok(()) })
        .and_then(|()| std::fs::rename(&beside, &path))
        .and_then(|()| if durable { File::open(folder)?.sync_all() } else { Ok(()) });
    written.map_err(|e| {
        let _ = std::fs::remove_file(&beside);
        failure::refused(&path, &e)
    })
}
