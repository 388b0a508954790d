//! A chunk that is not there was never written, as long as its array is there as it was described.
//!
//! A store that is removed or replaced while it is read loses its chunks one by one, and each would be taken for fill. So where a chunk is
//! missing the document that describes the array is read again, once in a while ([`FRESH`]), and once more when all has been read. What
//! cannot be known is whether a chunk was removed of an array that stays as it is.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::json;
use crate::runtime::storage::{Failure, Place};

/// For how long an array that was found as it was is taken to stay so.
const FRESH: Duration = Duration::from_secs(1);

/// Where an array is described.
#[derive(Clone, Debug)]
pub struct Document {
    place: Place,
    /// In a document for all below a group, the names that lead to the array, and the document of its own that is to be there too.
    shared: Option<(Vec<String>, Place)>,
}

impl Document {
    /// A document that describes one array or group.
    pub fn own(place: Place) -> Document {
        Document { place, shared: None }
    }

    /// One that describes all below a group, in the object that the names lead to; what it describes lies at `own`.
    pub fn shared(place: Place, names: &[&str], own: Place) -> Document {
        Document { place, shared: Some((names.iter().map(|name| (*name).to_owned()).collect(), own)) }
    }

    /// Whether the array has a document of its own.
    fn is_there(&self) -> Result<bool, Failure> {
        self.shared.as_ref().map_or(Ok(true), |(_, own)| Ok(own.kind_of_object()?.is_some()))
    }

    fn read(&self) -> Result<Option<Map<String, Value>>, String> {
        let Some(mut object) = json::read_object(&self.place)? else { return Ok(None) };
        for name in self.shared.iter().flat_map(|(names, _)| names) {
            let Some(Value::Object(below)) = object.remove(name) else { return Ok(None) };
            object = below;
        }
        Ok(Some(object))
    }
}

/// How an array was described when its store was opened.
#[derive(Clone, Debug)]
pub struct Described {
    document: Document,
    text: String,
}

impl Described {
    /// The description of an array in a document.
    pub fn new(document: Document, object: &Map<String, Value>) -> Described {
        Described { document, text: text(object) }
    }

    /// Checks that it is described in the same way now.
    fn check(&self) -> Result<(), Failure> {
        let changed = |reason: String| Failure::Remote { reason, help: Some("run the script again") };
        let gone = || changed("the array is no longer there".to_owned());
        if !self.document.is_there()? {
            return Err(gone());
        }
        match self.document.read().map_err(changed)? {
            None => Err(gone()),
            Some(object) if text(&object) != self.text => {
                Err(changed("the chunk is not there, and the array has become another since it was opened".to_owned()))
            }
            Some(_) => Ok(()),
        }
    }
}

/// All that bears on values.
fn text(object: &Map<String, Value>) -> String {
    let bears = |(name, _): &(&String, &Value)| *name != "attributes";
    let bearing: Map<String, Value> = object.iter().filter(bears).map(|(k, v)| (k.clone(), v.clone())).collect();
    Value::Object(bearing).to_string()
}

/// Chunks of an array that were not there.
pub struct Absence {
    described: Described,
    /// When the array was last found as it was; none while no chunk was missing.
    found: Mutex<Option<Instant>>,
}

impl Absence {
    /// Of an array that was described so.
    pub fn of(described: Described) -> Absence {
        Absence { described, found: Mutex::new(None) }
    }

    /// Takes in that a chunk is missing.
    ///
    /// # Errors
    /// The array is gone or another, or that cannot be told.
    pub fn met(&self) -> Result<(), Failure> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.is_none_or(|at| at.elapsed() >= FRESH) {
            self.described.check()?;
            *found = Some(Instant::now());
        }
        Ok(())
    }

    /// Checks once more what was taken for granted since.
    ///
    /// # Errors
    /// As [`Absence::met`].
    pub fn confirm(&self) -> Result<(), Failure> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.map_or(Ok(()), |_| self.described.check())
    }
}
