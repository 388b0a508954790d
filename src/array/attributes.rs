//! Attributes of arrays and groups, in file order.

use super::{DType, Scalar};

/// The value of one attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum AttrValue {
    /// One text.
    Str(String),
    /// Several texts.
    StrList(Vec<String>),
    /// One number, of the dtype it has in the file.
    Number(DType, Scalar),
    /// Several numbers of one dtype.
    Numbers(DType, Vec<Scalar>),
    /// What only JSON can say (nested lists, objects, null), as JSON text.
    Json(String),
    /// What has no counterpart here, and why; it is shown, and never written.
    Unreadable(String),
}

impl AttrValue {
    /// The text, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            AttrValue::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The first number, where there is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match self {
            AttrValue::Number(_, value) => Some(value),
            AttrValue::Numbers(_, values) => values.first(),
            _ => None,
        }
    }

    /// The dtype of a numeric attribute.
    pub fn dtype(&self) -> Option<DType> {
        match self {
            AttrValue::Number(dtype, _) | AttrValue::Numbers(dtype, _) => Some(*dtype),
            _ => None,
        }
    }
}

/// Named values in the order in which they were set.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attributes {
    entries: Vec<(String, AttrValue)>,
}

impl Attributes {
    /// No attributes.
    pub fn new() -> Self {
        Attributes::default()
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&AttrValue> {
        self.entries.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// The text of `name`, where it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(AttrValue::as_str)
    }

    /// Sets `name`, in its old place if it was there.
    pub fn set(&mut self, name: impl Into<String>, value: AttrValue) {
        let name = name.into();
        match self.entries.iter_mut().find(|(n, _)| *n == name) {
            Some(entry) => entry.1 = value,
            None => self.entries.push((name, value)),
        }
    }

    /// Takes `name` out.
    pub fn remove(&mut self, name: &str) -> Option<AttrValue> {
        let at = self.entries.iter().position(|(n, _)| n == name)?;
        Some(self.entries.remove(at).1)
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &AttrValue)> {
        self.entries.iter().map(|(n, v)| (n.as_str(), v))
    }

    /// Those that can be written, and the names and reasons of the others.
    pub fn without_unreadable(&self) -> (Attributes, Vec<(&str, &str)>) {
        let kept = self.entries.iter().filter(|(_, value)| !matches!(value, AttrValue::Unreadable(_))).cloned();
        let unreadable = self.iter().filter_map(|(name, value)| match value {
            AttrValue::Unreadable(why) => Some((name, why.as_str())),
            _ => None,
        });
        (kept.collect(), unreadable.collect())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl FromIterator<(String, AttrValue)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (String, AttrValue)>>(iter: I) -> Self {
        let mut attributes = Attributes::new();
        for (name, value) in iter {
            attributes.set(name, value);
        }
        attributes
    }
}
