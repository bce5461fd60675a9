//! Lists that come in pages: what follows the last number that was seen, so many at once.

use crate::body::malformed;
use crate::problem::Failure;

/// A page that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// After this number; 0 is before all.
    pub(crate) after: u64,
    /// At most so many.
    pub(crate) limit: usize,
}

impl Page {
    /// As a query asks for it, with at most `max` on it.
    pub(crate) fn new(after: u64, limit: usize, max: usize) -> Result<Self, Failure> {
        if !(1..=max).contains(&limit) {
            return Err(malformed(format!("limit must be 1 to {max}")));
        }
        // The store counts in signed numbers; nothing comes after the largest of them.
        Ok(Self { after: after.min(i64::MAX.unsigned_abs()), limit })
    }

    /// What to ask for next, when there may be more than what is on the page.
    pub(crate) fn next<T>(self, items: &[T], number: impl FnOnce(&T) -> u64) -> Option<u64> {
        items.last().filter(|_| items.len() == self.limit).map(number)
    }
}

/// The limit of a query that names none.
pub(crate) fn usual() -> usize {
    100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_within_bounds_and_says_what_follows() {
        assert!(Page::new(0, 0, 9).is_err());
        assert!(Page::new(0, 10, 9).is_err());
        let page = Page::new(u64::MAX, 2, 9).unwrap();
        assert_eq!(page, Page { after: i64::MAX.unsigned_abs(), limit: 2 });
        assert_eq!(page.next(&[7, 8], |number| *number), Some(8));
        assert_eq!(page.next(&[7], |number| *number), None);
        assert_eq!(page.next(&[], |number| *number), None);
    }
}
