//! Lists of the host: one page of them, or all, page by page.

use clap::builder::RangedU64ValueParser;
use largesse_domain::limits::PAGE_ITEMS_MAX;
use largesse_http::views::{
    ActivationList, BalanceList, CalendarList, CampaignList, GrantList, KindList, PocketList, PolicyList,
    RedemptionList, SegmentList, StuckStateList, UnitList,
};
use serde::de::DeserializeOwned;

use crate::client::{Client, with_query};
use crate::failure::Result;

/// Which part of a list is asked for.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Paging {
    /// Begin after this item, as the page before says
    #[arg(long, value_name = "ITEM")]
    after: Option<String>,
    /// List at most so many; everything when absent
    #[arg(long, value_name = "NUMBER", value_parser = RangedU64ValueParser::<usize>::new().range(1..=PAGE_ITEMS_MAX as u64))]
    limit: Option<usize>,
}

/// A list that comes in pages.
pub(crate) trait List: DeserializeOwned {
    /// Returns what the next page begins after, when there may be one.
    fn next(&self) -> Option<String>;

    /// Adds the page that follows.
    fn append(&mut self, later: Self);
}

macro_rules! lists {
    ($($list:ident),*) => {$(
        impl List for $list {
            fn next(&self) -> Option<String> {
                self.next.as_ref().map(ToString::to_string)
            }

            fn append(&mut self, later: Self) {
                self.items.extend(later.items);
                self.next = later.next;
            }
        }
    )*};
}

lists!(
    ActivationList,
    BalanceList,
    CalendarList,
    CampaignList,
    GrantList,
    KindList,
    PocketList,
    PolicyList,
    RedemptionList,
    SegmentList,
    StuckStateList,
    UnitList
);

impl Paging {
    /// Reads a page, or everything when no limit is given.
    pub(crate) fn read<T: List>(&self, client: &Client, path: &str) -> Result<T> {
        self.read_with(client, path, &[])
    }

    /// The same with further parameters.
    pub(crate) fn read_with<T: List>(
        &self,
        client: &Client,
        path: &str,
        parameters: &[(&str, Option<String>)],
    ) -> Result<T> {
        let page = |after: Option<String>| {
            let limit = self.limit.unwrap_or(PAGE_ITEMS_MAX);
            let mut query = parameters.to_vec();
            query.extend([("after", after), ("limit", Some(limit.to_string()))]);
            client.get::<T>(&with_query(path, &query))
        };
        let mut list = page(self.after.clone())?;
        while self.limit.is_none()
            && let Some(next) = list.next()
        {
            let later = page(Some(next))?;
            list.append(later);
        }
        Ok(list)
    }
}

/// Reads all of a list.
pub(crate) fn read_all<T: List>(client: &Client, path: &str) -> Result<T> {
    Paging::default().read(client, path)
}

/// Says how to go on after a page.
pub(crate) fn with_next(mut text: String, list: &impl List) -> String {
    if let Some(next) = list.next() {
        text.push_str(&format!("\nThere may be more: --after {next}\n"));
    }
    text
}
