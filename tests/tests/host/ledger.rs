//! The ledger in the whole host: grants are redeemed, reserved, expired, taken back and paid for, over stops and by the clock.

mod reserve;
mod spoilt;
mod themes;

use largesse_store::DeliveryFilter;
use std::path::Path;

use largesse_documents::DestinationDocument;
use largesse_documents::catalogue::{PocketDocument, UnitDocument};
use largesse_documents::receipt::{ReversalAnswer, TakenTag};
use largesse_domain::delivery::DeliveryId;
use largesse_domain::destination::Secret;
use largesse_domain::event::EventKey;
use largesse_domain::grant::{Grant, GrantState};
use largesse_domain::hold;
use largesse_domain::id::{CustomerId, GrantKey, RequestId};
use largesse_domain::key::GrantSlot;
use largesse_domain::ledger::{Account, Position};
use largesse_domain::lot;
use largesse_domain::redeem::{RedeemError, RedemptionAction};
use largesse_domain::redemption::{Redemption, RedemptionRequest, RedemptionState, ReturnRequest};
use largesse_domain::reservation::{self, ReservationRequest, ReserveError};
use largesse_domain::restock::RestockError;
use largesse_domain::restock::StockChange;
use largesse_domain::reversal::{ReversalRequest, ReversalTarget};
use largesse_domain::unit::{Quantity, Unit};
use largesse_service::ChangeError;
use largesse_service::commands::{
    Command, Redeem, Reserve, Restock, Reverse, SetDestination, SetPocket, SetUnit, SettleGrant, SettleRedemption,
};
use largesse_service::pipeline::{ControlError, LedgerError};
use serde_json::{Value, json};

use crate::fixture::{Host, at, campaign, event};

const NINE: &str = "2026-03-01T09:00:00+08:00";
const TEN: &str = "2026-03-01T10:00:00+08:00";

/// A campaign that gives what its events say.
fn terms() -> Value {
    json!({
        "currency": "CNY", "time_zone": "Asia/Shanghai", "opens": "2026-03-01T00:00:00+08:00", "params": {},
        "budgets": [
            {"unit": "points", "total": 10_000}, {"unit": "cash:CNY", "total": 10_000},
            {"unit": "coupon", "total": 100}, {"unit": "item", "total": 100},
        ],
        "limits": [
            {"unit": "points", "window": "campaign", "amount": 5_000},
            {"unit": "cash:CNY", "window": "campaign", "amount": 5_000},
            {"unit": "coupon", "window": "campaign", "count": 50}, {"unit": "item", "window": "campaign", "count": 50},
        ],
    })
}

async fn prepare(host: &Host) {
    host.register_guest_kind().await;
    host.campaign("gives", "grants_as_told", terms()).await;
}

async fn in_memory() -> Host {
    let host = Host::in_memory();
    prepare(&host).await;
    host
}

fn told(customer: &str, time: &str, grants: Value) -> Value {
    event("day.checked-in", customer, time, json!({"grants": grants}))
}

fn points(key: &str, quantity: u64) -> Value {
    json!({"key": key, "unit": "points", "quantity": quantity})
}

fn customer(id: &str) -> CustomerId {
    CustomerId::new(id).expect("a customer id")
}

fn quantity(amount: u64) -> Quantity {
    Quantity::new(amount).expect("in range")
}

fn slot(to: &str, key: &str) -> GrantSlot {
    GrantSlot { campaign: campaign("gives"), to: customer(to), key: GrantKey::new(key).expect("a grant key") }
}

fn request(id: &str) -> RequestId {
    RequestId::new(id).expect("a request id")
}

fn redemption(id: &str, of: &str, amount: u64) -> RedemptionRequest {
    RedemptionRequest {
        id: request(id).into(),
        customer: customer("u1"),
        unit: Unit::new(of).expect("a unit"),
        quantity: quantity(amount),
        grant: None,
        reserve_until: None,
        reference: String::new(),
    }
}

fn reservation(id: &str, of: &str, amount: u64) -> ReservationRequest {
    ReservationRequest {
        id: request(id),
        campaign: campaign("gives"),
        customer: customer("u1"),
        unit: Unit::new(of).expect("a unit"),
        quantity: quantity(amount),
        until: at(TEN),
        reason: String::new(),
    }
}

impl Host {
    async fn ask<C: Command>(&self, command: C) -> Result<C::Answer, LedgerError> {
        match self.service.run(command).await {
            Ok(answer) => Ok(answer),
            Err(ChangeError::Control(ControlError::Ledger(error))) => Err(error),
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn redeem(&self, request: RedemptionRequest) -> Result<Redemption, LedgerError> {
        Ok(self.ask(Redeem(request)).await?.0)
    }

    async fn settle(&self, id: &str, how: RedemptionAction) -> Result<RedemptionState, LedgerError> {
        Ok(self.ask(SettleRedemption { id: request(id).into(), customer: None, how }).await?.0.state)
    }

    async fn settle_grant(&self, id: &str, how: hold::HoldAction) -> Result<Grant, LedgerError> {
        let slot = slot("u1", reservation::key(&request(id)).as_str());
        Ok(self.ask(SettleGrant { slot, how, id: request(id) }).await?.0)
    }

    async fn reverse(&self, id: &str, of: ReversalTarget) -> Result<(ReversalAnswer, bool), LedgerError> {
        self.ask(Reverse(ReversalRequest { id: request(id), of, reason: "a test".into() })).await
    }

    async fn grant(&self, to: &str, key: &str) -> Grant {
        let (to, key) = (customer(to), key.to_owned());
        let grants = self.service.read(move |store| store.grants_to(&to)).await.expect("the store reads");
        grants.into_iter().rfind(|grant| grant.slot.key.as_str() == key).expect("it was granted")
    }

    async fn state(&self, key: &str) -> GrantState {
        self.grant("u1", key).await.state_at(self.service.clock().now())
    }

    async fn position(&self, unit: &str) -> Position {
        let all = self.service.read(|store| store.positions(None)).await.expect("the store reads");
        all.into_iter().find(|(key, _)| key.unit.as_str() == unit).map(|found| found.1).unwrap_or_default()
    }

    async fn owes(&self, unit: &str) -> u64 {
        let known = self.service.read(|store| store.customer(&customer("u1"))).await.expect("the store reads");
        let unit = Unit::new(unit).expect("a unit");
        known.and_then(|known| known.debts.get(&unit).copied()).unwrap_or_default().get()
    }

    async fn pass(&self, until: &str) {
        self.clock.set(at(until));
        self.service.catch_up().await.expect("the host takes it");
    }

    async fn set_unit(&self, unit: &str, document: Value) {
        let document: UnitDocument = serde_json::from_value(document).expect("terms");
        let terms = document.read(Unit::new(unit).expect("a unit")).expect("terms");
        self.service.run(SetUnit(terms)).await.expect("they are set");
    }
}

#[tokio::test]
async fn points_are_spent_from_what_was_given_first() {
    let host = in_memory().await;
    host.send_one(told("u1", NINE, json!([points("a", 100), points("b", 50)]))).await;
    let made = host.redeem(redemption("order/1", "points", 120)).await.expect("there is enough");
    let parts: Vec<_> = made.parts.iter().map(|part| (part.slot.key.as_str(), part.quantity.get())).collect();
    assert_eq!(parts, [("a", 100), ("b", 20)]);
    assert_eq!(host.state("a").await, GrantState::Redeemed);
    let again = host.redeem(redemption("order/1", "points", 120)).await.expect("the same again");
    assert_eq!(again, made);
    let refused = host.redeem(redemption("order/1", "points", 119)).await;
    assert_eq!(refused, Err(RedeemError::OtherRequest.into()));
    let refused = host.redeem(redemption("order/2", "points", 31)).await;
    assert_eq!(refused, Err(RedeemError::Insufficient(quantity(30)).into()));
    let position = host.position("points").await;
    assert_eq!((position.balance(Account::Expense), position.balance(Account::Wallet)), (120, 30));
    assert_eq!(
        host.settle("order/1", RedemptionAction::Reverse(ReturnRequest::default())).await,
        Ok(RedemptionState::Reversed)
    );
    assert_eq!(
        host.settle("order/1", RedemptionAction::Commit).await,
        Err(RedeemError::State(RedemptionState::Reversed).into())
    );
    assert_eq!(host.position("points").await.balance(Account::Wallet), 150);
    host.service.stop().await;
}

#[tokio::test]
async fn what_is_reserved_is_committed_released_or_times_out() {
    let host = in_memory().await;
    host.send_one(told("u1", NINE, json!([points("a", 100)]))).await;
    for id in ["used", "released", "forgotten"] {
        let reserve_until = Some(at(TEN));
        let asked = RedemptionRequest { reserve_until, ..redemption(id, "points", 30) };
        assert_eq!(host.redeem(asked).await.expect("there is enough").state, RedemptionState::Reserved);
    }
    let refused = host.redeem(redemption("more", "points", 11)).await;
    assert_eq!(refused, Err(RedeemError::Insufficient(quantity(10)).into()));
    assert_eq!(host.settle("used", RedemptionAction::Commit).await, Ok(RedemptionState::Redeemed));
    assert_eq!(host.settle("used", RedemptionAction::Commit).await, Ok(RedemptionState::Redeemed));
    assert_eq!(host.settle("released", RedemptionAction::Release).await, Ok(RedemptionState::Released));
    assert_eq!(host.settle("nobody", RedemptionAction::Release).await.unwrap_err(), RedeemError::NotFound.into());
    host.pass(TEN).await;
    let timed_out = Err(RedeemError::State(RedemptionState::TimedOut).into());
    assert_eq!(host.settle("forgotten", RedemptionAction::Commit).await, timed_out);
    let position = host.position("points").await;
    let accounts = [Account::Wallet, Account::Reserved, Account::Expense].map(|account| position.balance(account));
    assert_eq!(accounts, [70, 0, 30]);
    host.service.stop().await;
}

#[tokio::test]
async fn a_coupon_is_used_by_its_own_customer_only() {
    let host = in_memory().await;
    host.set_unit("coupon:tea", json!({"title": "A tea", "cost": {"amount": 900, "currency": "CNY"}})).await;
    host.send_one(told("u2", NINE, json!([{"key": "tea", "unit": "coupon:tea", "quantity": 1}]))).await;
    let theirs = Some((campaign("gives"), GrantKey::new("tea").expect("a key")));
    let stolen = RedemptionRequest { grant: theirs.clone(), ..redemption("r1", "coupon:tea", 1) };
    assert_eq!(host.redeem(stolen).await, Err(RedeemError::NoGrant.into()));
    let own = RedemptionRequest { customer: customer("u2"), grant: theirs, ..redemption("r2", "coupon:tea", 1) };
    assert_eq!(host.redeem(own).await.expect("it is theirs").state, RedemptionState::Redeemed);
    let how = RedemptionAction::Reverse(ReturnRequest::default());
    let other = SettleRedemption { id: request("r2").into(), customer: Some(customer("u1")), how };
    assert_eq!(host.ask(other).await, Err(RedeemError::OtherCustomer.into()));
    let unknown = host.redeem(redemption("r3", "coupon:coffee", 1)).await;
    assert_eq!(unknown, Err(RedeemError::UnknownUnit(Unit::new("coupon:coffee").expect("a unit")).into()));
    host.service.stop().await;
}

#[tokio::test]
async fn grants_are_held_posted_and_expire_by_the_clock() {
    let host = in_memory().await;
    let held = json!({"key": "held", "unit": "cash:CNY", "quantity": 500, "hold": 3_600});
    let brief = json!({"key": "brief", "unit": "points", "quantity": 80, "expires": 3_600});
    host.send_one(told("u1", NINE, json!([held, brief]))).await;
    assert_eq!((host.state("held").await, host.state("brief").await), (GrantState::Pending, GrantState::Posted));
    let refused = host.redeem(redemption("r1", "cash:CNY", 1)).await;
    assert_eq!(refused, Err(RedeemError::Insufficient(Quantity::ZERO).into()));
    host.redeem(redemption("r2", "points", 30)).await.expect("there is enough");
    host.pass("2026-03-01T09:59:59.999+08:00").await;
    assert_eq!(host.position("cash:CNY").await.balance(Account::Pending), 500);
    host.pass(TEN).await;
    assert_eq!((host.state("held").await, host.state("brief").await), (GrantState::Posted, GrantState::Redeemed));
    assert_eq!(host.position("cash:CNY").await.balance(Account::Wallet), 500);
    assert_eq!(host.position("points").await.balance(Account::Breakage), 50);
    host.redeem(redemption("r3", "cash:CNY", 500)).await.expect("it is theirs now");
    let named = Some((campaign("gives"), GrantKey::new("brief").expect("a key")));
    let late = RedemptionRequest { grant: named, ..redemption("r4", "points", 1) };
    assert_eq!(host.redeem(late).await, Err(RedeemError::GrantExpired.into()));
    host.service.stop().await;
}

#[tokio::test]
async fn a_reservation_holds_budget_and_limit_until_it_is_settled() {
    let host = in_memory().await;
    let reserve = async |id: &str, amount| host.ask(Reserve(reservation(id, "points", amount))).await;
    for (id, amount) in [("given", 2_000), ("let-go", 2_000), ("forgotten", 1_000)] {
        reserve(id, amount).await.expect("there is room");
    }
    assert!(matches!(reserve("more", 1).await, Err(LedgerError::Reserve(ReserveError::NoRoom(_)))));
    assert!(matches!(reserve("given", 2_000).await, Ok((_, false))));
    assert_eq!(reserve("given", 1).await, Err(ReserveError::OtherRequest.into()));
    assert_eq!(host.settle_grant("given", hold::HoldAction::Commit).await.expect("it is held").hold, None);
    host.settle_grant("let-go", hold::HoldAction::Release).await.expect("it is held");
    assert_eq!(host.settle_grant("given", hold::HoldAction::Release).await, Err(lot::SettleError::Posted.into()));
    reserve("more", 2_000).await.expect("there is room again");
    host.pass(TEN).await;
    assert_eq!(host.settle_grant("forgotten", hold::HoldAction::Commit).await, Err(lot::SettleError::TimedOut.into()));
    let position = host.position("points").await;
    assert_eq!((position.balance(Account::Budget), position.balance(Account::Wallet)), (-2_000, 2_000));
    let unknown = host.ask(Reserve(ReservationRequest {
        until: at("2026-03-01T11:00:00+08:00"),
        ..reservation("cup", "item:cup", 1)
    }));
    assert_eq!(unknown.await, Err(ReserveError::UnknownUnit(Unit::new("item:cup").expect("a unit")).into()));
    host.service.stop().await;
}

#[tokio::test]
async fn a_grant_is_taken_back_by_amount_and_what_was_used_is_owed() {
    let host = in_memory().await;
    host.send_one(told("u1", NINE, json!([points("a", 100)]))).await;
    host.redeem(redemption("r1", "points", 70)).await.expect("there is enough");
    let of = |amount| ReversalTarget::Grant(slot("u1", "a"), amount);
    let (answer, is_new) = host.reverse("first", of(Some(quantity(20)))).await.expect("there is enough");
    assert_eq!((answer.reversed[0].quantity, is_new), (20, true));
    assert_eq!(host.owes("points").await, 0);
    assert_eq!(host.reverse("first", of(Some(quantity(20)))).await, Ok((answer, false)));
    assert_eq!(host.reverse("first", of(None)).await, Err(LedgerError::OtherRequest));
    host.reverse("rest", of(None)).await.expect("there is some left");
    assert_eq!(host.owes("points").await, 70);
    assert_eq!(host.reverse("again", of(None)).await, Err(LedgerError::NothingLeft));
    // The next grant pays first.
    host.send_one(told("u1", TEN, json!([points("b", 90)]))).await;
    assert_eq!(host.owes("points").await, 0);
    let refused = host.redeem(redemption("r2", "points", 21)).await;
    assert_eq!(refused, Err(RedeemError::Insufficient(quantity(20)).into()));
    assert_eq!(host.position("points").await.balance(Account::Budget), -90);
    host.service.stop().await;
}

#[tokio::test]
async fn everything_that_an_event_gave_is_taken_back_at_any_age() {
    let host = in_memory().await;
    let mut given = told("u1", NINE, json!([points("a", 100), {"key": "c", "unit": "cash:CNY", "quantity": 500}]));
    given["data"]["tag"] = "lucky".into();
    host.send_one(given.clone()).await;
    host.send_one(told("u1", TEN, json!([points("b", 7)]))).await;
    host.pass("2027-03-01T09:00:00+08:00").await;
    let key = EventKey {
        source: given["source"].as_str().expect("a text").parse().expect("a source"),
        id: given["id"].as_str().expect("a text").parse().expect("an id"),
    };
    let (answer, _) = host.reverse("r", ReversalTarget::Event(key.clone())).await.expect("it gave something");
    assert_eq!(answer.reversed.len(), 2);
    assert_eq!(answer.tags, [TakenTag { customer: "u1".into(), tag: "lucky".into() }]);
    let held: Vec<_> = host.grants("u1").await.into_iter().filter(|grant| grant.2 > 0).collect();
    assert_eq!(held, [("b".into(), "points".into(), 7)]);
    assert_eq!(host.reverse("s", ReversalTarget::Event(key)).await, Err(LedgerError::NothingLeft));
    host.service.stop().await;
}

#[tokio::test]
async fn items_are_given_while_there_are() {
    let host = in_memory().await;
    let cup = Unit::new("item:cup").expect("a unit");
    host.set_unit("item:cup", json!({"stocked": true})).await;
    let move_stock = async |id: &str, amount, arrives| {
        let amount = quantity(amount);
        let change = if arrives { StockChange::Arrives(amount) } else { StockChange::WrittenOff(amount) };
        host.ask(Restock { id: request(id), unit: cup.clone(), change }).await
    };
    move_stock("truck", 2, true).await.expect("it arrives");
    let gift = |key: &str| json!({"key": key, "unit": "item:cup", "quantity": 1});
    host.send_one(told("u1", NINE, json!([gift("a"), gift("b")]))).await;
    host.send_one(told("u2", NINE, json!([gift("a")]))).await;
    assert_eq!(host.grants("u2").await, []);
    assert!(matches!(move_stock("broken", 1, false).await, Err(LedgerError::Restock(RestockError::NotOnHand(_)))));
    host.reverse("r", ReversalTarget::Grant(slot("u1", "b"), None)).await.expect("it is there");
    host.send_one(told("u2", TEN, json!([gift("a")]))).await;
    assert_eq!(host.grants("u2").await.len(), 1, "what was taken back is on hand again");
    host.service.stop().await;
}

/// Tells a destination of budgets that run low. Nobody sends what is kept for it.
async fn watch_budgets(host: &Host) {
    let document = json!({"url": "https://finance.example/", "topics": ["budget.reached"]});
    let document: DestinationDocument = serde_json::from_value(document).expect("a destination");
    let (spec, fresh) =
        (document.read().expect("a destination"), Secret::new(&[1; 32]).expect("32 bytes are a secret"));
    host.service
        .run(SetDestination { id: "finance".parse().expect("an id"), spec, fresh })
        .await
        .expect("it is registered");
}

/// The pocket, the share in per cent, and how much was used then.
async fn warnings(host: &Host) -> Vec<(Value, Value, Value)> {
    let read = host.service.read(|store| store.deliveries(&DeliveryFilter::default(), DeliveryId(0), 100));
    let told = read.await.expect("the store reads").into_iter().map(|delivery| {
        let body: Value = serde_json::from_str(delivery.body.as_str()).expect("a body is JSON");
        (body["data"]["pocket"].clone(), body["data"]["percent"].clone(), body["data"]["used"].clone())
    });
    told.collect()
}

#[tokio::test]
async fn a_pocket_is_shared_to_the_last_point() {
    let host = Host::in_memory();
    host.register_guest_kind().await;
    let pocket = json!({"title": "Shared", "budgets": [{"unit": "points", "total": 150}], "warn_at": [80, 100]});
    let pocket: PocketDocument = serde_json::from_value(pocket).expect("a pocket");
    let pocket = pocket.read("shared".parse().expect("a pocket id")).expect("a pocket");
    host.service.run(SetPocket(pocket)).await.expect("it is made");
    watch_budgets(&host).await;
    let mut document = terms();
    document["pockets"] = json!(["shared"]);
    host.campaign("gives", "grants_as_told", document.clone()).await;
    host.campaign("too", "grants_as_told", document).await;
    for day in 1..=9 {
        let time = format!("2026-03-{day:02}T09:00:00+08:00");
        host.send_one(told(&format!("u{day}"), &time, json!([points("a", 20)]))).await;
    }
    let used = host.service.read(|store| store.pocket_usage(&"shared".parse().expect("a pocket id")));
    let used = used.await.expect("the store reads");
    assert_eq!((used[0].1.amount.get(), used[0].1.count), (140, 7), "20 more would be beyond 150");
    assert_eq!(warnings(&host).await, [(json!("shared"), json!(80), json!(120))], "told once");
    host.send_one(told("u10", "2026-03-10T09:00:00+08:00", json!([points("a", 10)]))).await;
    assert_eq!(warnings(&host).await[1..], [(json!("shared"), json!(100), json!(150))]);
    host.service.stop().await;
}

#[tokio::test]
async fn a_device_gets_so_much_whoever_holds_it() {
    let host = Host::in_memory();
    let device = json!({"type": "string", "x-largesse-identifier": "device"});
    host.register_kind("day.checked-in", json!({"type": "object", "properties": {"device": device}})).await;
    let mut document = terms();
    let limit = json!({"unit": "points", "per": "device", "window": "campaign", "amount": 100});
    document["limits"].as_array_mut().expect("limits").push(limit);
    document["unit_classes"] = json!(["points"]);
    host.campaign("gives", "grants_as_told", document).await;
    for (customer, device) in [("u1", "d1"), ("u2", "d1"), ("u3", "d2")] {
        let mut event = told(customer, NINE, json!([points("a", 60)]));
        event["data"]["device"] = device.into();
        host.send_one(event).await;
    }
    assert_eq!(host.grants("u1").await.len(), 1);
    assert_eq!(host.grants("u2").await, []);
    assert_eq!(host.grants("u3").await.len(), 1);
    host.service.stop().await;
}

async fn before_and_after_a_stop(folder: &Path) -> Vec<(u64, String)> {
    let host = Host::on_disk(folder);
    prepare(&host).await;
    host.send_one(told("u1", NINE, json!([points("a", 100), points("b", 50)]))).await;
    host.redeem(RedemptionRequest { reserve_until: Some(at(TEN)), ..redemption("r1", "points", 120) })
        .await
        .expect("there is enough");
    host.ask(Reserve(reservation("s1", "points", 10))).await.expect("there is room");
    host.reverse("v1", ReversalTarget::Grant(slot("u1", "b"), None)).await.expect("some is left");
    host.service.stop().await;
    drop(host);
    let host = Host::on_disk(folder);
    let again = host.redeem(RedemptionRequest { reserve_until: Some(at(TEN)), ..redemption("r1", "points", 120) });
    assert_eq!(again.await.expect("known").state, RedemptionState::Reserved);
    let again = host.reverse("v1", ReversalTarget::Grant(slot("u1", "b"), None)).await.expect("known");
    assert!(!again.1);
    host.pass("2026-03-02T09:00:00+08:00").await;
    let transfers = host.service.read(|store| store.transfers(0, usize::MAX)).await.expect("the store reads");
    host.service.stop().await;
    let line = |(number, transfer): (u64, largesse_domain::ledger::Transfer)| {
        let (debit, credit) = (transfer.debit.as_str(), transfer.credit.as_str());
        (number, format!("{} {debit} to {credit}", transfer.quantity))
    };
    transfers.into_iter().map(line).collect()
}

#[tokio::test]
async fn a_stop_in_between_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = before_and_after_a_stop(folder.path()).await;
    let numbers: Vec<u64> = journal.iter().map(|line| line.0).collect();
    assert_eq!(numbers, (1..=journal.len() as u64).collect::<Vec<_>>(), "no number is missing");
    let lines: Vec<&str> = journal.iter().map(|line| line.1.as_str()).collect();
    assert!(lines.contains(&"10 budget to pending") && lines.contains(&"10 pending to budget"), "{lines:?}");
    assert!(lines.contains(&"100 reserved to wallet"), "{lines:?}");
}
