//! The ledger as it goes out: transfers, the accounts of a campaign, what an audit found.

use std::collections::BTreeMap;

use largesse_domain::audit::{Audited, Difference};
use largesse_domain::catalogue::Catalogue;
use largesse_domain::ledger::{Account, Cause, Position, Transfer};
use largesse_domain::unit::Unit;
use serde::{Deserialize, Serialize};

use crate::time::instant_text;

/// A quantity that left one account for another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransferView {
    /// Its place in the journal. Numbers rise, without gaps within a run of the host.
    pub number: u64,
    /// When, by the host's clock.
    pub at: String,
    /// `decision`, `request` or `clock`.
    pub cause: String,
    /// The decision that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<u64>,
    /// The request that made it, by the identifier that whoever asked gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// Of which grant; none when stock arrives or leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<LotView>,
    /// Of what.
    pub unit: String,
    /// How much.
    pub quantity: u64,
    /// The account that it left.
    pub debit: String,
    /// The account that it went to.
    pub credit: String,
}

/// A grant, one issue of its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LotView {
    /// The campaign that granted.
    pub campaign: String,
    /// Who got it.
    pub to: String,
    /// Its key.
    pub key: String,
    /// Which issue of the key.
    pub issue: u32,
}

impl TransferView {
    /// The transfer as it goes out.
    #[must_use]
    pub fn of(number: u64, transfer: &Transfer) -> Self {
        let (cause, decision, request) = match &transfer.cause {
            Cause::Decision(id) => ("decision", Some(id.0), None),
            Cause::Request(id) => ("request", None, Some(id.to_string())),
            Cause::Settle(slot) => ("request", None, Some(slot.to_string())),
            Cause::Clock => ("clock", None, None),
        };
        Self {
            number,
            at: instant_text(transfer.at),
            cause: cause.to_owned(),
            decision,
            request,
            grant: transfer.lot.as_ref().map(|lot| LotView {
                campaign: lot.slot.campaign.to_string(),
                to: lot.slot.to.to_string(),
                key: lot.slot.key.to_string(),
                issue: lot.issue,
            }),
            unit: transfer.unit.to_string(),
            quantity: transfer.quantity.get(),
            debit: transfer.debit.as_str().to_owned(),
            credit: transfer.credit.as_str().to_owned(),
        }
    }
}

/// What was given of something, and where it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Standing {
    /// Given, less what was taken back.
    pub spent: u64,
    /// Of it promised and still held: the committed exposure.
    pub committed: u64,
    /// Of it in wallets, or reserved for redemptions under way: the liability.
    pub liability: u64,
    /// Of it used.
    pub expense: u64,
    /// Of it expired unused.
    pub breakage: u64,
    /// Owed by customers who had used what was taken back, less what this campaign's grants have paid of such debts. Below
    /// nothing when they paid those of other campaigns.
    pub owed: i64,
}

impl Standing {
    fn of(position: &Position) -> Self {
        let above = |account| u64::try_from(position.balance(account)).unwrap_or(0);
        let below = |account| u64::try_from(position.balance(account).saturating_neg()).unwrap_or(0);
        Self {
            spent: below(Account::Budget).saturating_add(below(Account::Stock)),
            committed: above(Account::Pending),
            liability: above(Account::Wallet).saturating_add(above(Account::Reserved)),
            expense: above(Account::Expense),
            breakage: above(Account::Breakage),
            owed: position.balance(Account::Debt).saturating_neg(),
        }
    }

    /// Each part by itself; `None` when one has none.
    fn each(&self, worth: impl Fn(u64) -> Option<u64>) -> Option<Self> {
        Some(Self {
            spent: worth(self.spent)?,
            committed: worth(self.committed)?,
            liability: worth(self.liability)?,
            expense: worth(self.expense)?,
            breakage: worth(self.breakage)?,
            owed: i64::try_from(worth(self.owed.unsigned_abs())?).ok()?.checked_mul(self.owed.signum())?,
        })
    }

    fn plus(&self, other: &Self) -> Option<Self> {
        Some(Self {
            spent: self.spent.checked_add(other.spent)?,
            committed: self.committed.checked_add(other.committed)?,
            liability: self.liability.checked_add(other.liability)?,
            expense: self.expense.checked_add(other.expense)?,
            breakage: self.breakage.checked_add(other.breakage)?,
            owed: self.owed.checked_add(other.owed)?,
        })
    }
}

/// A campaign's accounts in one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UnitAccounts {
    /// The unit.
    pub unit: String,
    /// Where it is, in the unit's smallest part.
    pub quantity: Standing,
    /// What that costs, in minor units of a currency, each part rounded up. Nothing for a unit whose cost nobody has said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostStanding>,
    /// The balance of every account: what went in less what went out. They add up to nothing.
    pub balances: BTreeMap<String, i64>,
}

/// The same in money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CostStanding {
    /// The currency of the minor units.
    pub currency: String,
    /// What it costs.
    #[serde(flatten)]
    pub standing: Standing,
}

/// The accounts of a campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccountsView {
    /// The campaign.
    pub campaign: String,
    /// By unit.
    pub units: Vec<UnitAccounts>,
    /// All units that have a cost, added up by currency.
    pub totals: Vec<CostStanding>,
    /// Units that the totals leave out: nobody has said what they cost, or it is beyond 64 bits.
    pub unpriced: Vec<String>,
}

impl AccountsView {
    /// The accounts as they go out; `None` when a total is beyond 64 bits.
    #[must_use]
    pub fn of(campaign: &str, positions: &[(Unit, Position)], catalogue: &Catalogue) -> Option<Self> {
        let mut totals: BTreeMap<String, Standing> = BTreeMap::new();
        let (mut units, mut unpriced) = (Vec::new(), Vec::new());
        for (unit, position) in positions {
            let quantity = Standing::of(position);
            let cost = catalogue.cost(unit).and_then(|cost| {
                let standing = quantity.each(|quantity| u64::try_from(cost.rounded_up(quantity.into())).ok())?;
                Some(CostStanding { currency: cost.currency.to_string(), standing })
            });
            match &cost {
                Some(CostStanding { currency, standing }) => {
                    let total = totals.entry(currency.clone()).or_default();
                    *total = total.plus(standing)?;
                }
                None => unpriced.push(unit.to_string()),
            }
            let balance = |account: Account| (account.as_str().to_owned(), position.balance(account));
            let balances = Account::ALL.into_iter().map(balance).collect();
            units.push(UnitAccounts { unit: unit.to_string(), quantity, cost, balances });
        }
        let totals = totals.into_iter().map(|(currency, standing)| CostStanding { currency, standing }).collect();
        Some(Self { campaign: campaign.to_owned(), units, totals, unpriced })
    }
}

/// What an audit found. When the books do not balance, it ended at the first difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditView {
    /// Whether everything kept is what transfers and grants come to.
    pub balanced: bool,
    /// How much was looked at, when the books balance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audited: Option<AuditedView>,
    /// The first difference, when they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<AuditDifferenceView>,
}

/// How much an audit has looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditedView {
    /// Transfers.
    pub transfers: u64,
    /// Grants, every issue of every key.
    pub grants: u64,
    /// Redemptions.
    pub redemptions: u64,
    /// Accounts of campaigns, by unit.
    pub positions: u64,
    /// Counts of use of budgets and limits.
    pub usage: u64,
    /// Debts of customers.
    pub debts: u64,
}

/// Something kept that is not what the books come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditDifferenceView {
    /// Of what: a grant, a position, a count of use.
    pub what: String,
    /// What is kept.
    pub kept: String,
    /// What it should be.
    pub found: String,
    /// What changed it last, as far as it is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cause: String,
    /// All of it in one line.
    pub message: String,
}

impl AuditView {
    /// The audit as it goes out.
    #[must_use]
    pub fn of(audited: &Result<Audited, Box<Difference>>) -> Self {
        match audited {
            Ok(Audited { transfers, grants, redemptions, positions, usage, debts }) => Self {
                balanced: true,
                audited: Some(AuditedView {
                    transfers: *transfers,
                    grants: *grants,
                    redemptions: *redemptions,
                    positions: *positions,
                    usage: *usage,
                    debts: *debts,
                }),
                difference: None,
            },
            Err(difference) => Self {
                balanced: false,
                audited: None,
                difference: Some(AuditDifferenceView {
                    what: difference.what.clone(),
                    kept: difference.kept.clone(),
                    found: difference.found.clone(),
                    cause: difference.cause.clone(),
                    message: difference.to_string(),
                }),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{UnitDocument, ValuationDocument};
    use largesse_domain::catalogue::UnitTerms;

    fn unit(text: &str) -> Unit {
        Unit::new(text).unwrap()
    }

    fn terms(text: &str, amount: u64, per: u64) -> (Unit, UnitTerms) {
        let cost = Some(ValuationDocument { amount, per, currency: "CNY".into() });
        (unit(text), UnitDocument { cost, ..UnitDocument::default() }.read(unit(text)).unwrap())
    }

    #[test]
    fn accounts_are_priced_where_the_catalogue_can() {
        let catalogue = Catalogue {
            units: [terms("points", 1, 100), terms("item:car", 1_000_000_000_000_000, 1)].into(),
            ..Catalogue::default()
        };
        // Given 1,000: 50 held, 400 in wallets, 100 reserved, 250 used, 200 expired; 30 more are owed.
        let points = Position([-970, 50, 400, 100, 250, 200, -30, 0, 0]);
        let cash = Position([-500, 0, 500, 0, 0, 0, 0, 0, 0]);
        let cups = Position([0, 0, 2, 0, 1, 0, 0, -3, 0]);
        let cars = Position([-20_000, 0, 20_000, 0, 0, 0, 0, 0, 0]);
        let positions =
            [(unit("cash:CNY"), cash), (unit("item:car"), cars), (unit("item:cup"), cups), (unit("points"), points)];
        let view = AccountsView::of("c", &positions, &catalogue).unwrap();
        let quantity = Standing { spent: 970, committed: 50, liability: 500, expense: 250, breakage: 200, owed: 30 };
        assert_eq!(view.units[3].quantity, quantity);
        assert_eq!(view.units[3].balances["budget"], -970);
        let in_money = Standing { spent: 10, committed: 1, liability: 5, expense: 3, breakage: 2, owed: 1 };
        assert_eq!(view.units[3].cost.as_ref().unwrap().standing, in_money);
        assert_eq!((view.units[2].quantity.spent, view.units[2].quantity.liability), (3, 2));
        assert_eq!(view.unpriced, ["item:car", "item:cup"]);
        assert_eq!((view.totals.len(), view.totals[0].standing.spent), (1, 510));
        assert_eq!(view.totals[0].standing.liability, 505);
        assert!(serde_json::to_string(&view).unwrap().contains(r#""currency":"CNY","spent":510"#));
    }
}
