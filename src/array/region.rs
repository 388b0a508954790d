//! A rectangular part of an array.

use std::fmt;

/// Start and shape per axis, outermost first.
#[derive(Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Region {
    /// First element per axis.
    pub start: Vec<u64>,
    /// Elements per axis.
    pub shape: Vec<u64>,
}

impl Region {
    /// The whole of an array of `shape`.
    pub fn whole(shape: &[u64]) -> Self {
        Region { start: vec![0; shape.len()], shape: shape.to_vec() }
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// The number of elements; saturates.
    pub fn count(&self) -> u64 {
        self.shape.iter().fold(1u64, |n, &s| n.saturating_mul(s))
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// One past the last element of `axis`.
    pub fn end(&self, axis: usize) -> u64 {
        self.start[axis] + self.shape[axis]
    }

    /// What lies in both; empty axes where they do not meet.
    pub fn intersect(&self, other: &Region) -> Region {
        let spans = (0..self.rank()).map(|axis| {
            let start = self.start[axis].max(other.start[axis]);
            (start, self.end(axis).min(other.end(axis)).saturating_sub(start))
        });
        let (start, shape) = spans.unzip();
        Region { start, shape }
    }

    /// The smallest region that covers both; an empty one counts for nothing.
    pub fn union(&self, other: &Region) -> Region {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        let spans = (0..self.rank()).map(|axis| {
            let start = self.start[axis].min(other.start[axis]);
            (start, self.end(axis).max(other.end(axis)) - start)
        });
        let (start, shape) = spans.unzip();
        Region { start, shape }
    }

    /// Whether `other` lies wholly in it.
    pub fn contains(&self, other: &Region) -> bool {
        (0..self.rank()).all(|a| other.start[a] >= self.start[a] && other.end(a) <= self.end(a))
    }

    /// The place in C order of the first element of `part`, which lies in the region, where the elements of `part` follow
    /// each other there.
    pub fn run_of(&self, part: &Region) -> Option<u64> {
        let first = part.shape.iter().position(|&n| n != 1).unwrap_or(part.rank());
        let follow = (first + 1..part.rank()).all(|axis| part.shape[axis] == self.shape[axis]);
        let place = || (0..self.rank()).fold(0, |at, a| at * self.shape[a] + part.start[a] - self.start[a]);
        follow.then(place)
    }

    /// The region as seen from `origin`: its start less that of `origin`.
    pub fn relative_to(&self, origin: &Region) -> Region {
        let start = self.start.iter().zip(&origin.start).map(|(a, b)| a - b).collect();
        Region { start, shape: self.shape.clone() }
    }

    /// Every index tuple of the region in C order; for walks over chunk indices.
    pub fn indices(&self) -> impl Iterator<Item = Vec<u64>> + '_ {
        let total = self.count();
        (0..total).map(move |mut n| {
            let mut index = vec![0; self.rank()];
            for axis in (0..self.rank()).rev() {
                index[axis] = self.start[axis] + n % self.shape[axis];
                n /= self.shape[axis];
            }
            index
        })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spans: Vec<String> = (0..self.rank()).map(|a| format!("{}..<{}", self.start[a], self.end(a))).collect();
        write!(f, "[{}]", spans.join(", "))
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
