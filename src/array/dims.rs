//! Named dimensions.

use std::fmt;
use std::sync::Arc;

/// The name of a dimension.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DimName(Arc<str>);

impl DimName {
    /// A dimension called `name`.
    pub fn new(name: &str) -> Self {
        DimName(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name given to axis `axis` of a source that names none.
    pub fn auto(axis: usize) -> Self {
        DimName(format!("dim_{axis}").into())
    }

    /// Whether the name is one that [`DimName::auto`] gives.
    pub fn is_auto(&self) -> bool {
        self.0.strip_prefix("dim_").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    }
}

impl fmt::Debug for DimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for DimName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for DimName {
    fn from(name: &str) -> Self {
        DimName::new(name)
    }
}

/// One dimension: a name and how many elements lie along it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Dim {
    /// The name.
    pub name: DimName,
    /// The number of elements.
    pub size: u64,
}

/// The dimensions of an array, outermost first; names are unique.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub struct Dims(Vec<Dim>);

impl Dims {
    /// Dimensions from names and sizes.
    pub fn new<N: Into<DimName>>(dims: impl IntoIterator<Item = (N, u64)>) -> Self {
        Dims(dims.into_iter().map(|(name, size)| Dim { name: name.into(), size }).collect())
    }

    /// The number of dimensions.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The dimensions, outermost first.
    pub fn iter(&self) -> std::slice::Iter<'_, Dim> {
        self.0.iter()
    }

    /// The axis of the dimension called `name`.
    pub fn axis(&self, name: &DimName) -> Option<usize> {
        self.0.iter().position(|d| d.name == *name)
    }

    /// The dimension called `name`.
    pub fn get(&self, name: &DimName) -> Option<&Dim> {
        self.0.iter().find(|d| d.name == *name)
    }

    /// The sizes, outermost first.
    pub fn shape(&self) -> Vec<u64> {
        self.0.iter().map(|d| d.size).collect()
    }

    /// The names, outermost first.
    pub fn names(&self) -> impl Iterator<Item = &DimName> {
        self.0.iter().map(|d| &d.name)
    }

    /// The number of elements; saturates.
    pub fn count(&self) -> u64 {
        self.0.iter().fold(1u64, |n, d| n.saturating_mul(d.size))
    }

    /// Appends a dimension.
    pub fn push(&mut self, name: DimName, size: u64) {
        self.0.push(Dim { name, size });
    }

    /// Inserts a dimension before `axis`.
    pub fn insert(&mut self, axis: usize, name: DimName, size: u64) {
        self.0.insert(axis, Dim { name, size });
    }

    /// Takes out the dimension at `axis`.
    pub fn remove(&mut self, axis: usize) -> Dim {
        self.0.remove(axis)
    }
}

impl std::ops::Index<usize> for Dims {
    type Output = Dim;
    fn index(&self, axis: usize) -> &Dim {
        &self.0[axis]
    }
}

impl std::ops::IndexMut<usize> for Dims {
    fn index_mut(&mut self, axis: usize) -> &mut Dim {
        &mut self.0[axis]
    }
}

impl FromIterator<Dim> for Dims {
    fn from_iter<I: IntoIterator<Item = Dim>>(iter: I) -> Self {
        Dims(iter.into_iter().collect())
    }
}
