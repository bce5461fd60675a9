//! Long lists in SQLite.

use largesse_documents::stored::read_redemption;
use largesse_domain::grant::Grant;
use largesse_domain::id::{CustomerId, DecisionId};
use largesse_domain::outcome::Decision;
use largesse_domain::redemption::{Redemption, RedemptionId};
use rusqlite::params;

use super::convert::column;
use super::list::{all, at_most};
use super::{SqliteStore, list, load};
use crate::{DecisionFilter, GrantPlace, Pages, StoreError};

impl Pages for SqliteStore {
    fn each_decision(
        &self,
        filter: &DecisionFilter,
        after: DecisionId,
        take: &mut dyn FnMut(Decision) -> bool,
    ) -> Result<(), StoreError> {
        self.read(|connection| list::each_decision(connection, filter, (after, usize::MAX), take))
    }

    fn each_grant_to(&self, customer: &CustomerId, take: &mut dyn FnMut(Grant) -> bool) -> Result<(), StoreError> {
        self.read(|connection| load::each_grant_to(connection, customer, take))
    }

    fn grants_page(
        &self,
        customers: &[CustomerId],
        after: Option<&GrantPlace>,
        limit: usize,
    ) -> Result<Vec<Grant>, StoreError> {
        let before_all = GrantPlace {
            granted_at: i64::MIN,
            decision: 0,
            campaign: String::new(),
            key: String::new(),
            issue: 0,
            to: String::new(),
        };
        let after = after.unwrap_or(&before_all);
        let row = params![
            ids(customers),
            after.granted_at,
            column(after.decision)?,
            after.campaign,
            after.key,
            after.issue,
            after.to,
            at_most(limit)
        ];
        self.read(|connection| all(connection, "grant", load::PAGE, row, load::grant))
    }

    fn redemptions_of(
        &self,
        customers: &[CustomerId],
        after: Option<&RedemptionId>,
        limit: usize,
    ) -> Result<Vec<Redemption>, StoreError> {
        let sql = "SELECT id, body FROM redemptions WHERE customer IN (SELECT value FROM json_each(?1)) AND id > ?2 \
                   ORDER BY id LIMIT ?3";
        let row = params![ids(customers), after.map(ToString::to_string).unwrap_or_default(), at_most(limit)];
        self.read(|connection| {
            all(connection, "redemption", sql, row, |row| {
                let id = row.id()?;
                row.form(|text| read_redemption(&id, text))
            })
        })
    }
}

/// Ids as a JSON array.
fn ids(customers: &[CustomerId]) -> String {
    let ids: Vec<&str> = customers.iter().map(CustomerId::as_str).collect();
    serde_json::Value::from(ids).to_string()
}
