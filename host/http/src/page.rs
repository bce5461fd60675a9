//! Lists that come in pages: what follows the last item that was seen, bounded in items and in bytes.

use std::str::FromStr;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use largesse_domain::limits::{PAGE_BYTES_MAX, PAGE_ITEMS_DEFAULT, PAGE_ITEMS_MAX};
use largesse_service::queries::Sink;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::IntoParams;

use crate::body::malformed;
use crate::problem::Failure;

/// Which page of a list is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// After this item: `next` of the page before.
    pub(crate) after: Option<String>,
    /// At most so many.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub(crate) limit: usize,
}

impl Paging {
    /// Reads where to go on.
    pub(crate) fn read<T: FromStr>(self) -> Result<Page<T>, Failure> {
        let unread = |text: &str| malformed(format!("after: nothing is listed under {text:?}"));
        let after = self.after.as_deref().map(|text| text.parse().map_err(|_| unread(text))).transpose()?;
        Page::new(after, self.limit)
    }
}

/// The limit of a query that names none.
pub(crate) fn default_limit() -> usize {
    PAGE_ITEMS_DEFAULT
}

/// Where a page begins, and how many items it has at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    /// After this item.
    pub(crate) after: Option<T>,
    /// At most so many.
    pub(crate) limit: usize,
}

impl<T> Page<T> {
    /// Checks the limit.
    pub(crate) fn new(after: Option<T>, limit: usize) -> Result<Self, Failure> {
        match (1..=PAGE_ITEMS_MAX).contains(&limit) {
            true => Ok(Self { after, limit }),
            false => Err(malformed(format!("limit must be 1 to {PAGE_ITEMS_MAX}"))),
        }
    }
}

impl Page<u64> {
    /// Begins after a number; 0 is before all.
    pub(crate) fn after_number(after: u64, limit: usize) -> Result<Self, Failure> {
        // The store counts in signed numbers; nothing comes after the largest of them.
        Self::new(Some(after.min(i64::MAX.unsigned_abs())), limit)
    }

    /// Returns the number to go on after.
    pub(crate) fn number(&self) -> u64 {
        self.after.unwrap_or(0)
    }
}

impl<T: Ord> Page<T> {
    /// Reports whether an item belongs to this page or a later one.
    pub(crate) fn is_after(&self, key: &T) -> bool {
        self.after.as_ref().is_none_or(|after| key > after)
    }
}

/// Makes a page of items that are in order, each with what the next page begins after.
pub(crate) fn listed<P: Into<Value>, I: Serialize>(
    limit: usize,
    items: impl IntoIterator<Item = (P, I)>,
) -> Result<Response, Failure> {
    let mut listing = Listing::new(limit);
    for (place, item) in items {
        if !listing.push(&item, place) {
            break;
        }
    }
    listing.finish()
}

/// A page under way. It takes items until it has as many, or as many bytes, as it may have.
#[derive(Debug)]
pub(crate) struct Listing {
    limit: usize,
    bytes: usize,
    is_full: bool,
    items: Vec<(Value, String)>,
    error: Option<serde_json::Error>,
}

impl Listing {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, bytes: 0, is_full: false, items: Vec::new(), error: None }
    }

    /// Adds an item, by which the next page begins. Reports whether the page takes another one.
    pub(crate) fn push(&mut self, item: &impl Serialize, place: impl Into<Value>) -> bool {
        if self.is_full {
            return false;
        }
        match serde_json::to_string(item) {
            Ok(text) => self.push_text(place.into(), text),
            Err(error) => {
                (self.error, self.is_full) = (Some(error), true);
                false
            }
        }
    }

    fn push_text(&mut self, place: Value, text: String) -> bool {
        // A first item that is too large for a page is a page of its own.
        if !self.items.is_empty() && self.bytes + text.len() > PAGE_BYTES_MAX {
            self.is_full = true;
            return false;
        }
        self.bytes += text.len() + 1;
        self.items.push((place, text));
        self.is_full = self.items.len() >= self.limit;
        !self.is_full
    }

    /// Adds the items of a page that follows.
    pub(crate) fn extend(&mut self, other: Self) {
        self.error = self.error.take().or(other.error);
        for (place, text) in other.items {
            if self.is_full || !self.push_text(place, text) {
                break;
            }
        }
        self.is_full |= other.is_full;
    }

    /// Returns the page; `next` is there when there may be more.
    pub(crate) fn finish(self) -> Result<Response, Failure> {
        if let Some(error) = self.error {
            return Err(Failure::internal(&error));
        }
        let mut text = String::with_capacity(self.bytes + 64);
        text.push_str(r#"{"items":["#);
        for (number, (_, item)) in self.items.iter().enumerate() {
            if number > 0 {
                text.push(',');
            }
            text.push_str(item);
        }
        text.push(']');
        if let Some((place, _)) = self.items.last().filter(|_| self.is_full) {
            text.push_str(&format!(r#","next":{place}"#));
        }
        text.push('}');
        Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
    }
}

/// A page that a query fills with numbered items, each as it is shown.
#[derive(Debug)]
pub(crate) struct Filling<T, V> {
    listing: Listing,
    view: fn(&T) -> (u64, V),
}

impl<T, V> Filling<T, V> {
    /// Begins a page of at most so many items.
    pub(crate) fn new(limit: usize, view: fn(&T) -> (u64, V)) -> Self {
        Self { listing: Listing::new(limit), view }
    }

    /// Adds the items of a page that follows.
    pub(crate) fn extend<U, W>(&mut self, other: Filling<U, W>) {
        self.listing.extend(other.listing);
    }

    /// Returns the page; `next` is there when there may be more.
    pub(crate) fn finish(self) -> Result<Response, Failure> {
        self.listing.finish()
    }
}

impl<T: 'static, V: Serialize + 'static> Sink for Filling<T, V> {
    type Item = T;

    fn room(&self) -> usize {
        self.listing.limit - self.listing.items.len()
    }

    fn put(&mut self, item: &T) -> bool {
        let (number, view) = (self.view)(item);
        self.listing.push(&view, number)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;
    use serde_json::json;

    use super::*;

    async fn shown(listing: Listing) -> Value {
        let body = listing.finish().unwrap().into_body();
        serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()).unwrap()
    }

    #[test]
    fn a_page_is_within_bounds() {
        for limit in [0, PAGE_ITEMS_MAX + 1, usize::MAX] {
            assert!(Page::<u64>::new(None, limit).is_err(), "{limit}");
        }
        for limit in [1, PAGE_ITEMS_MAX] {
            assert!(Page::<u64>::new(None, limit).is_ok(), "{limit}");
        }
        assert_eq!(Page::after_number(u64::MAX, 2).unwrap().number(), i64::MAX.unsigned_abs());
        let paging = |after: &str| Paging { after: Some(after.to_owned()), limit: 1 }.read::<u32>();
        assert_eq!(paging("7").unwrap().after, Some(7));
        assert!(paging("seven").is_err());
    }

    #[tokio::test]
    async fn a_full_page_says_what_follows() {
        let mut listing = Listing::new(2);
        assert!(listing.push(&"a", 7));
        assert!(!listing.push(&"b", 8) && !listing.push(&"c", 9));
        assert_eq!(shown(listing).await, json!({"items": ["a", "b"], "next": 8}));
        let mut listing = Listing::new(2);
        assert!(listing.push(&"a", "x"));
        assert_eq!(shown(listing).await, json!({"items": ["a"]}));
        assert_eq!(shown(Listing::new(2)).await, json!({"items": []}));
    }

    #[tokio::test]
    async fn a_page_is_bounded_in_bytes() {
        // A text in quotes, and the comma after it.
        let item = "x".repeat(PAGE_BYTES_MAX / 4 - 3);
        let mut listing = Listing::new(100);
        for number in 1..=4 {
            assert!(listing.push(&item, number), "just below");
        }
        assert!(!listing.push(&item, 5));
        let page = shown(listing).await;
        assert_eq!((page["items"].as_array().unwrap().len(), &page["next"]), (4, &json!(4)));
        let mut listing = Listing::new(100);
        assert!(listing.push(&"x".repeat(PAGE_BYTES_MAX), 1), "a large one is a page of its own");
        assert!(!listing.push(&"y", 2));
        assert_eq!(shown(listing).await["next"], 1);
    }

    #[tokio::test]
    async fn pages_that_follow_one_another_are_one() {
        let page = |numbers: std::ops::Range<u64>, limit| {
            let mut listing = Listing::new(limit);
            for number in numbers {
                listing.push(&number, number);
            }
            listing
        };
        let mut both = page(1..3, 4);
        both.extend(page(3..6, 4));
        assert_eq!(shown(both).await, json!({"items": [1, 2, 3, 4], "next": 4}));
        let mut both = page(1..3, 5);
        both.extend(page(3..5, 5));
        assert_eq!(shown(both).await, json!({"items": [1, 2, 3, 4]}));
    }

    #[tokio::test]
    async fn items_in_order_are_found_again() {
        let page = |after: Option<&str>| Page { after: after.map(str::to_owned), limit: 2 };
        let of = async |after| {
            let page = page(after);
            let later = ["a", "b", "c"].into_iter().filter(|item| page.is_after(&(*item).to_owned()));
            let response = listed(page.limit, later.map(|item| (item, item))).unwrap();
            let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
            serde_json::from_slice::<Value>(&bytes).unwrap()
        };
        assert_eq!(of(None).await, json!({"items": ["a", "b"], "next": "b"}));
        assert_eq!(of(Some("b")).await, json!({"items": ["c"]}));
        assert_eq!(of(Some("bb")).await, json!({"items": ["c"]}), "one that is gone");
    }
}
