//! Some elements of a line in order, of which any is found, put in or taken out in logarithmic time.
//!
//! What can be among them is known beforehand, so an element is its rank, and how many there are of each is a tree of
//! sums (P. M. Fenwick, "A new data structure for cumulative frequency tables", Software: Practice and Experience 24, 1994).

/// The elements that are in, as ranks among all that may be.
#[derive(Debug)]
pub struct Ordered<K> {
    /// All that may be in, ascending, each once.
    values: Vec<K>,
    /// Per place the number of elements in the run of ranks that ends there, whose length is the lowest bit of the place.
    sums: Vec<u32>,
    /// How many are in.
    count: usize,
}

impl<K: Ord + Copy> Ordered<K> {
    /// Nothing in, of what is in `all`; missing ones are left out.
    pub fn of(all: &[K], missing: Option<K>) -> Self {
        let mut values: Vec<K> = all.iter().copied().filter(|key| Some(*key) != missing).collect();
        values.sort_unstable();
        values.dedup();
        let sums = vec![0; values.len() + 1];
        Ordered { values, sums, count: 0 }
    }

    /// How many are in.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Puts in an element.
    ///
    /// # Panics
    /// Where it is none of those that may be in.
    pub fn put(&mut self, key: K) {
        self.count += 1;
        self.add(key, 1);
    }

    /// Takes out an element, which is in.
    ///
    /// # Panics
    /// As [`Ordered::put`].
    pub fn take(&mut self, key: K) {
        self.count -= 1;
        self.add(key, u32::MAX);
    }

    fn add(&mut self, key: K, what: u32) {
        let mut place = self.values.binary_search(&key).expect("it may be in") + 1;
        while let Some(sum) = self.sums.get_mut(place) {
            *sum = sum.wrapping_add(what);
            place += place & place.wrapping_neg();
        }
    }

    /// The element at a place in the order of those that are in, counted from zero.
    pub fn at(&self, place: usize) -> K {
        let (mut at, mut left) = (0, place as u32);
        let mut step = self.sums.len().next_power_of_two();
        while step > 0 {
            if let Some(sum) = self.sums.get(at + step).filter(|sum| **sum <= left) {
                (at, left) = (at + step, left - sum);
            }
            step /= 2;
        }
        self.values[at]
    }

    /// Bytes that as many elements take.
    pub fn room(n: u64) -> u64 {
        n.saturating_mul(2 * (size_of::<K>() + size_of::<u32>()) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_stand_where_they_would_if_they_were_sorted() {
        let all: Vec<u8> = (0..200u32).map(|i| (i * 7919 % 61) as u8).collect();
        let mut ordered = Ordered::of(&all, Some(60));
        let mut plain: Vec<u8> = Vec::new();
        for (i, key) in all.iter().enumerate().filter(|(_, key)| **key != 60) {
            ordered.put(*key);
            plain.push(*key);
            if i % 3 == 2 {
                let gone = plain.remove(i % plain.len());
                ordered.take(gone);
            }
            let mut sorted = plain.clone();
            sorted.sort_unstable();
            assert_eq!(ordered.count(), sorted.len());
            assert_eq!((0..sorted.len()).map(|place| ordered.at(place)).collect::<Vec<_>>(), sorted);
        }
    }
}
