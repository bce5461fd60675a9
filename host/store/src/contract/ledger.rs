//! The ledger.

use std::sync::Arc;

use largesse_domain::catalogue::{Pocket, UnitTerms, Valuation};
use largesse_domain::facts::Rows;
use largesse_domain::grant::Grant;
use largesse_domain::json::Json;
use largesse_domain::key::{PositionKey, ReservationSlot};
use largesse_domain::ledger::{Account, Cause, Lot, Position, Transfer};
use largesse_domain::message_rules::{Consent, FrequencyCap, MessageRules, Quiet};
use largesse_domain::redemption::{Part, Redemption, RedemptionRequest, RedemptionState, Return, ReturnRequest};
use largesse_domain::segment::Segment;
use largesse_domain::unit::SpendOrder;

use super::fixtures::{at, campaign, grant, id, quantity};
use crate::{Batch, Store};

fn transfer(lot: Option<&Grant>, amount: u64, (debit, credit): (Account, Account)) -> Transfer {
    Transfer {
        at: at(5),
        cause: Cause::Request(id("r1")),
        lot: lot.map(Lot::of),
        unit: lot.map_or(id("item:phone"), |grant| grant.unit.clone()),
        quantity: quantity(amount),
        debit,
        credit,
    }
}

fn commit(store: &dyn Store, rows: Rows) {
    store.commit(&Batch { rows, ..Batch::default() }).unwrap();
}

/// Transfers are numbered from 1 in the order in which they were made.
pub fn the_journal_is_numbered_without_gaps(store: &dyn Store) {
    let grant = grant("u1", "k1", 2, 7);
    let mut given = transfer(Some(&grant), 100, (Account::Budget, Account::Wallet));
    given.cause = Cause::Decision(largesse_domain::id::DecisionId(7));
    let arrived = transfer(None, 5, (Account::Supply, Account::Stock));
    let mut expired = transfer(Some(&grant), 3, (Account::Wallet, Account::Breakage));
    expired.cause = Cause::Clock;
    let mut settled = transfer(Some(&grant), 2, (Account::Reserved, Account::Expense));
    let (spring, party) = (id("spring"), id("u1@shop"));
    settled.cause = Cause::Settle(ReservationSlot { campaign: spring, party, key: id("order/7") });
    commit(store, Rows { transfers: vec![given.clone(), arrived.clone()], ..Rows::default() });
    commit(store, Rows { transfers: vec![expired.clone(), settled.clone()], ..Rows::default() });
    let first = [(1, given), (2, arrived.clone()), (3, expired.clone())];
    assert_eq!(store.transfers(0, 3).unwrap(), first);
    assert_eq!(store.transfers(1, 1).unwrap(), [(2, arrived)]);
    assert_eq!(store.transfers(2, 9).unwrap(), [(3, expired), (4, settled)]);
    assert_eq!(store.transfers(u64::MAX, 9).unwrap(), []);
}

/// What fits together passes the audit; the first thing that does not is named.
pub fn the_ledger_is_kept_and_audited(store: &dyn Store) {
    assert_eq!(store.audit().unwrap(), Ok(Default::default()));
    let mut grant = grant("u1", "k1", 1, 7);
    (grant.redeemed, grant.reserved) = (quantity(10), quantity(20));
    let moves = [
        (100, (Account::Budget, Account::Wallet)),
        (14, (Account::Wallet, Account::Expense)),
        (4, (Account::Expense, Account::Wallet)),
        (20, (Account::Wallet, Account::Reserved)),
    ];
    let transfers: Vec<_> = moves.into_iter().map(|(amount, way)| transfer(Some(&grant), amount, way)).collect();
    let position = transfers.iter().fold(Position::default(), |position, transfer| position.after(transfer));
    let key = PositionKey { campaign: id("spring"), unit: id("points") };
    let request = RedemptionRequest {
        id: id("r1"),
        customer: id("u1"),
        unit: id("points"),
        quantity: quantity(20),
        grant: Some((id("spring"), id("k1"))),
        reserve_until: Some(at(9)),
        reference: "order \"7\"".into(),
    };
    let part = |number, returned| {
        let (slot, quantity, returned) = (grant.slot.clone(), quantity(number), quantity(returned));
        vec![Part { slot, issue: 1, quantity, returned }]
    };
    let (parts, returns) = (part(20, 0), Vec::new());
    let (state, made_at, changed_at) = (RedemptionState::Reserved, at(5), at(6));
    let redemption = Redemption { request, state, parts, returns, made_at, changed_at };
    // Of 14, returned in two pieces, one of which has no name.
    let piece = |id: Option<&str>, number| {
        let request = ReturnRequest { id: id.map(|id| id.parse().unwrap()), quantity: id.map(|_| quantity(number)) };
        Return { request, quantity: quantity(number), at: at(7) }
    };
    let used = Redemption {
        request: RedemptionRequest {
            id: id("r2"),
            quantity: quantity(14),
            reserve_until: None,
            ..redemption.request.clone()
        },
        state: RedemptionState::Redeemed,
        parts: part(14, 4),
        returns: vec![piece(Some("back/1"), 3), piece(None, 1)],
        ..redemption.clone()
    };
    let rows = Rows {
        grants: vec![(grant.slot.clone(), Some(Arc::new(grant.clone())))],
        positions: vec![(key.clone(), position)],
        redemptions: vec![(id("r1"), Some(redemption.clone())), (id("r2"), Some(used.clone()))],
        transfers,
        ..Rows::default()
    };
    store.commit(&Batch { campaigns: vec![campaign("spring").into()], rows, ..Batch::default() }).unwrap();
    let audited = store.audit().unwrap().unwrap();
    assert_eq!((audited.transfers, audited.grants, audited.redemptions, audited.positions), (4, 1, 2, 1));
    assert_eq!(store.positions(Some(&id("spring"))).unwrap(), [(key.clone(), position)]);
    assert_eq!(store.positions(None).unwrap().len(), 1);
    assert_eq!(store.positions(Some(&id("autumn"))).unwrap(), []);
    assert_eq!(store.redemptions_of(&[id("u1")], None, 9).unwrap(), [redemption, used]);
    assert_eq!(store.redemptions_of(&[id("u2")], None, 9).unwrap(), []);
    // One more is redeemed than was booked.
    grant.redeemed = quantity(11);
    commit(store, Rows { grants: vec![(grant.slot.clone(), Some(Arc::new(grant.clone())))], ..Rows::default() });
    let difference = store.audit().unwrap().unwrap_err();
    assert_eq!(
        difference.to_string(),
        "wallet of grant k1 of spring to u1: kept is 69, but the books come to 70 (last changed by transfer 4 by request r1)"
    );
}

/// Units, pockets and segments are as they were written last.
pub fn what_operators_say_is_replaced(store: &dyn Store) {
    let terms = |title: &str| UnitTerms {
        unit: id("item:phone"),
        title: title.into(),
        cost: Some(Valuation { amount: quantity(5), per: quantity(2), currency: id("CNY") }),
        value: Some(Valuation { amount: quantity(7), per: quantity(2), currency: id("CNY") }),
        stocked: true,
        valid_days: Some(3),
        spend: SpendOrder::GivenFirst,
        grace_days: 4,
        redeem_minimum: Some(quantity(1)),
        terms: Json::from_checked(" {\"colour\" : \"red\"}"),
    };
    let budget = largesse_domain::budget::Budget { of: id("points"), total: quantity(9), per_day: Some(quantity(3)) };
    let pocket = |title: &str| Pocket {
        id: id("shared"),
        title: title.into(),
        budgets: vec![budget.clone()],
        warn_at: vec![50, 100],
        opens: Some(at(1)),
        closes: Some(at(1_001)),
        allocates: true,
    };
    let segment = |title: &str| Segment { id: id("vip"), title: title.into(), condition: id("'vip' in tags") };
    for title in ["a", "b"] {
        let (units, pockets) = (vec![terms(title)], vec![pocket(title)]);
        store.commit(&Batch { units, pockets, segments: vec![segment(title)], ..Batch::default() }).unwrap();
    }
    let catalogue = store.catalogue().unwrap();
    assert_eq!(catalogue.units.into_values().collect::<Vec<_>>(), [terms("b")]);
    assert_eq!(catalogue.pockets.into_values().collect::<Vec<_>>(), [pocket("b")]);
    assert_eq!(catalogue.segments.into_values().collect::<Vec<_>>(), [segment("b")]);
}

/// The rules for messages are as they were set last, and stay when something else is written.
pub fn message_rules_are_replaced(store: &dyn Store) {
    assert_eq!(store.catalogue().unwrap().messages, MessageRules::default());
    let rules = |count| {
        let (quiet, caps) = (vec![Quiet { from: 1_320, to: 480 }], vec![FrequencyCap { count, hours: 24 }]);
        MessageRules { consent: Consent::Required, quiet, caps }
    };
    for count in [1, 2] {
        store.commit(&Batch { message_rules: Some(rules(count)), ..Batch::default() }).unwrap();
    }
    store.commit(&Batch::default()).unwrap();
    assert_eq!(store.catalogue().unwrap().messages, rules(2));
}

/// Redemptions are listed by the texts of their ids, whoever made them.
pub fn redemptions_are_listed_by_id(store: &dyn Store) {
    let made = |name: &str| {
        let request = RedemptionRequest {
            id: id(name),
            customer: id("u1"),
            unit: id("points"),
            quantity: quantity(1),
            grant: None,
            reserve_until: None,
            reference: String::new(),
        };
        let (state, at) = (RedemptionState::Redeemed, at(5));
        (
            id(name),
            Some(Redemption { request, state, parts: Vec::new(), returns: Vec::new(), made_at: at, changed_at: at }),
        )
    };
    let ids = ["r2", "spring@r/1@u1@shop", "a@z@u1", "r1"];
    commit(store, Rows { redemptions: ids.map(made).into(), ..Rows::default() });
    let listed = store.redemptions_of(&[id("u1")], None, 9).unwrap();
    let listed: Vec<String> = listed.iter().map(|redemption| redemption.request.id.to_string()).collect();
    assert_eq!(listed, ["a@z@u1", "r1", "r2", "spring@r/1@u1@shop"]);
}
