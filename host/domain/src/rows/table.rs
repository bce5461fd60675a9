//! Rows of one kind, held in memory under the keys that the store has them under.
//!
//! Most of a decision's time goes into finding rows by texts, so a change finds its row once: what changed and what can be
//! undone is noted by place.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::ops::Deref;

/// Rows of one kind: those that were asked for. They keep their places until all are let go of.
#[derive(Debug)]
pub struct Table<K, V> {
    places: HashMap<K, usize>,
    rows: Vec<(K, Row<V>)>,
    /// The places of the rows that changed, each once.
    changed: Vec<usize>,
    /// The rows that were changed, as they were before, with their places.
    undo: Vec<(usize, Row<V>)>,
}

#[derive(Debug)]
struct Row<V> {
    value: V,
    has_changed: bool,
}

#[expect(clippy::panic, reason = "a missing row is a programming error, and a default would be an unchecked limit")]
pub(crate) fn not_loaded(key: &impl std::fmt::Debug) -> ! {
    panic!("used before it was loaded: {key:?}")
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self { places: HashMap::new(), rows: Vec::new(), changed: Vec::new(), undo: Vec::new() }
    }
}

impl<K: Clone + Eq + Hash + std::fmt::Debug, V: Clone> Table<K, V> {
    /// Reports whether the row was loaded.
    pub fn has(&self, key: &K) -> bool {
        self.places.contains_key(key)
    }

    /// Returns the row.
    ///
    /// # Panics
    /// When it was not loaded.
    pub fn get(&self, key: &K) -> &V {
        &self.rows[self.place(key)].1.value
    }

    /// Returns where the row is.
    pub(crate) fn place(&self, key: &K) -> usize {
        *self.places.get(key).unwrap_or_else(|| not_loaded(key))
    }

    /// Takes a row as the store has it. A row that is held already stays: it may have been changed since.
    pub fn load(&mut self, key: K, value: V) {
        if let Entry::Vacant(vacant) = self.places.entry(key) {
            self.rows.push((vacant.key().clone(), Row { value, has_changed: false }));
            vacant.insert(self.rows.len() - 1);
        }
    }

    /// Changes a row.
    ///
    /// # Panics
    /// When it was not loaded.
    pub fn put(&mut self, key: &K, value: V) {
        let place = self.place(key);
        let before = std::mem::replace(&mut self.rows[place].1, Row { value, has_changed: true });
        if !before.has_changed {
            self.changed.push(place);
        }
        self.undo.push((place, before));
    }

    /// Returns how many rows are held.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the rows that changed since they were last taken to be written.
    pub fn changed(&self) -> impl Iterator<Item = (&K, &V)> {
        self.changed.iter().map(|place| self.at(*place))
    }

    /// Returns the row at a place.
    pub(crate) fn at(&self, place: usize) -> (&K, &V) {
        let (key, row) = &self.rows[place];
        (key, &row.value)
    }

    pub(crate) fn mark(&self) -> usize {
        self.undo.len()
    }

    pub(crate) fn undo_to(&mut self, mark: usize) {
        while self.undo.len() > mark
            && let Some((place, before)) = self.undo.pop()
        {
            if !before.has_changed {
                // This made it one of those that changed, and all that became so later are undone.
                self.changed.pop();
            }
            self.rows[place].1 = before;
        }
    }

    pub(crate) fn take_changed(&mut self) -> Vec<(K, V)> {
        self.undo.clear();
        let changed = std::mem::take(&mut self.changed);
        let take = |place: usize| {
            self.rows[place].1.has_changed = false;
            let (key, value) = self.at(place);
            (key.clone(), value.clone())
        };
        changed.into_iter().map(take).collect()
    }
}

/// Which rows of a kind are asked for: once each and in order when [`Facts::missing`](crate::rows::facts::Facts::missing) has looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys<K>(Vec<K>);

impl<K> Default for Keys<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K> Keys<K> {
    /// Asks for one more.
    pub fn insert(&mut self, key: K) {
        self.0.push(key);
    }

    /// Leaves those that a condition holds for.
    pub fn retain(&mut self, holds: impl FnMut(&K) -> bool) {
        self.0.retain(holds);
    }
}

impl<K> Deref for Keys<K> {
    type Target = [K];

    fn deref(&self) -> &[K] {
        &self.0
    }
}

impl<K: Ord> Keys<K> {
    /// Leaves those that are missing, once each and in order.
    pub(crate) fn leave(&mut self, is_missing: impl FnMut(&K) -> bool) {
        self.0.retain(is_missing);
        if self.0.len() > 1 {
            self.0.sort_unstable();
            self.0.dedup();
        }
    }
}

impl<K> Extend<K> for Keys<K> {
    fn extend<T: IntoIterator<Item = K>>(&mut self, keys: T) {
        self.0.extend(keys);
    }
}

impl<K> FromIterator<K> for Keys<K> {
    fn from_iter<T: IntoIterator<Item = K>>(keys: T) -> Self {
        Self(keys.into_iter().collect())
    }
}

impl<K> From<Vec<K>> for Keys<K> {
    fn from(keys: Vec<K>) -> Self {
        Self(keys)
    }
}

impl<K, const N: usize> From<[K; N]> for Keys<K> {
    fn from(keys: [K; N]) -> Self {
        Self(keys.into())
    }
}

impl<K> IntoIterator for Keys<K> {
    type Item = K;
    type IntoIter = std::vec::IntoIter<K>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, K> IntoIterator for &'a Keys<K> {
    type Item = &'a K;
    type IntoIter = std::slice::Iter<'a, K>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
