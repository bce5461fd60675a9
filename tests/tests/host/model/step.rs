//! What may happen to a host, at random and in plots that lead to what is rare.

use largesse_domain::hold;
use largesse_domain::lifecycle::Command;
use largesse_domain::redeem;
use largesse_domain::redemption::ReturnRequest;
use largesse_domain::unit::SpendOrder;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

use super::side::{
    CAMPAIGNS, CASH, CUSTOMERS, MERGED, POINTS, STOCKED, TOLD, Terms, UNITS, USUAL as USUAL_TERMS, quantity,
};

/// Which of several that there are then.
#[derive(Clone, Debug)]
pub(super) enum Pick {
    Last,
    Any(Index),
}

impl Pick {
    pub(super) fn of<'a, T>(&self, all: &'a [T]) -> Option<&'a T> {
        match self {
            Self::Any(index) if !all.is_empty() => Some(index.get(all)),
            Self::Any(_) => None,
            Self::Last => all.last(),
        }
    }
}

/// How much of what a customer can use.
#[derive(Clone, Debug)]
pub(super) enum Amount {
    All,
    Tenths(u64),
    OneMoreThanAll,
}

/// Who settles a redemption.
#[derive(Clone, Debug)]
pub(super) enum By {
    Anyone,
    Owner,
    Another,
}

/// An event, so many hours from now.
#[derive(Clone, Debug)]
pub(super) struct Happening {
    pub(super) kind: &'static str,
    pub(super) who: u8,
    pub(super) other: u8,
    pub(super) hours: i64,
    pub(super) order: u8,
    pub(super) minor: u64,
}

/// Something that happens to a host.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Events are sent in one request.
    Send(Vec<Happening>),
    /// An event is sent again.
    Again(Pick),
    /// An event is sent again with another body.
    Otherwise(Pick),
    /// Somebody asks what an event would come to.
    Try(Happening),
    /// An operator pauses or resumes a campaign.
    Command(&'static str, Command),
    /// An operator gives the daily campaign another reward from now on, by the first or the second version of its policy.
    Revise(u64, usize),
    /// Some hours go by.
    Wait(i64),
    /// The host over SQLite is stopped and started.
    Restart,
    /// A customer uses something, or reserves it for so many hours; out of one grant, if that is picked.
    Redeem { who: u8, unit: &'static str, amount: Amount, of: Option<Pick>, hours: Option<i64> },
    /// A redemption, or one that there is not, is settled.
    SettleRedemption(Option<Pick>, By, redeem::RedemptionAction),
    /// A campaign's budget is reserved for so many hours.
    Reserve { campaign: &'static str, who: u8, unit: &'static str, quantity: u64, hours: i64 },
    /// A grant is committed or released: a reservation, or any.
    SettleGrant { reserved: bool, which: Pick, how: hold::HoldAction },
    /// A grant is taken back, or so much of it.
    TakeBack(Pick, Option<u64>),
    /// What an event gave is taken back; an event that there is not, when none is picked.
    TakeBackEvent(Option<Pick>),
    /// Pieces arrive or are written off.
    Restock(u64, bool),
    /// The ledger is asked the same again.
    AskAgain(Pick),
    /// The ledger is asked for something else under the same id.
    AskOtherwise(Pick),
    /// Something else holds for a unit from now on.
    Terms(&'static str, Terms),
    /// The shared budget gets another size.
    Pocket(u64),
}

/// What each campaign gives.
const USUAL: [(&str, &str); 4] = [("daily", POINTS), ("daily", STOCKED), ("invite", POINTS), ("rebate", CASH)];

const KINDS: [&str; 17] = [
    TOLD,
    TOLD,
    TOLD,
    TOLD,
    TOLD,
    "user.registered",
    "user.realname_verified",
    "invite.opened",
    "risk.flagged",
    "risk.cleared",
    "order.paid",
    "order.paid",
    "order.refunded",
    "order.refunded_in_part",
    "checked_in",
    "checked_in",
    "checked_in",
];

fn happening() -> impl Strategy<Value = Happening> {
    let kind = prop::sample::select(&KINDS[..]);
    (kind, 0..CUSTOMERS, 0..CUSTOMERS, -48..6_i64, 0..8_u8, 0..60_000_u64)
        .prop_map(|(kind, who, other, hours, order, minor)| Happening { kind, who, other, hours, order, minor })
}

fn now(kind: &'static str, who: u8, other: u8) -> Happening {
    Happening { kind, who, other, hours: 0, order: 100 + who, minor: 40_000 }
}

/// What the policy that does what it is told is told: one of a few keys of each sort, so that they come again.
pub(super) fn told(key: u8, number: u64) -> Value {
    let (unit, some) = if number.is_multiple_of(3) { (CASH, number % 900 + 1) } else { (POINTS, number % 40 + 1) };
    let seconds = number % 60 * 60 * 60;
    let shortfall = ["reduce", "refuse", "reduce", "skip"][usize::from(key % 4)];
    let settle = |held: &str| {
        let (release, required) = (number.is_multiple_of(2), number.is_multiple_of(11));
        json!({"settle": [{held: format!("t{key}"), "release": release, "required": required}]})
    };
    let hold = json!({
        "key": format!("t{key}"), "unit": unit, "quantity": some, "hold": seconds, "void": !number.is_multiple_of(4),
    });
    let reserve = json!({
        "key": format!("t{key}"), "unit": unit, "quantity": some / 3 + 1, "until": seconds, "on_shortfall": shortfall,
    });
    match number / 60 % 7 {
        0 => json!({"grants": [hold]}),
        1 | 2 => json!({"reserve": [reserve]}),
        3 => settle("grant"),
        4 | 5 => settle("reservation"),
        _ => json!({"grants": [{"key": format!("given/{key}"), "unit": unit, "quantity": some}]}),
    }
}

fn pick() -> impl Strategy<Value = Pick> {
    prop_oneof![1 => Just(Pick::Last), 2 => any::<Index>().prop_map(Pick::Any)]
}

fn event_step() -> impl Strategy<Value = Step> {
    let commands = prop::sample::select(&[Command::Pause, Command::Resume, Command::Resume][..]);
    prop_oneof![
        10 => prop::collection::vec(happening(), 1..10).prop_map(Step::Send),
        2 => pick().prop_map(Step::Again),
        1 => pick().prop_map(Step::Otherwise),
        1 => happening().prop_map(Step::Try),
        3 => (prop::sample::select(&CAMPAIGNS[..]), commands).prop_map(|(id, command)| Step::Command(id, command)),
        1 => (0..CUSTOMERS, 0..CUSTOMERS).prop_map(|(who, other)| Step::Send(vec![now(MERGED, who, other)])),
        1 => (1..9_u64, 0..2_usize).prop_map(|(quantity, version)| Step::Revise(quantity, version)),
        2 => (1..60_i64).prop_map(Step::Wait),
        1 => Just(Step::Restart),
    ]
}

fn redeem() -> impl Strategy<Value = Step> {
    let amount = prop_oneof![
        3 => Just(Amount::All),
        5 => (1..10_u64).prop_map(Amount::Tenths),
        1 => Just(Amount::OneMoreThanAll)
    ];
    let of = prop::option::weighted(0.2, pick());
    (0..CUSTOMERS, unit(), amount, of, prop::option::of(hours()))
        .prop_map(|(who, unit, amount, of, hours)| Step::Redeem { who, unit, amount, of, hours })
}

fn unit() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&UNITS[..])
}

fn hours() -> impl Strategy<Value = i64> {
    prop_oneof![1 => Just(0), 6 => 1..90_i64]
}

/// All of it comes back, or so much of it, as one of a few returns that have a name or the one that has none.
fn coming_back() -> impl Strategy<Value = redeem::RedemptionAction> {
    let some = (prop::option::of(0..4_u8), prop::option::weighted(0.8, 1..40_u64));
    let some = some.prop_map(|(name, number)| {
        let id = name.map(|name| format!("back/{name}").parse().expect("an id"));
        ReturnRequest { id, quantity: number.map(quantity) }
    });
    let all = Just(ReturnRequest::default());
    prop_oneof![2 => some, 1 => all].prop_map(redeem::RedemptionAction::Reverse)
}

fn settling() -> impl Strategy<Value = redeem::RedemptionAction> {
    use redeem::RedemptionAction::{Commit, Release};
    prop_oneof![1 => Just(Commit), 1 => Just(Release), 2 => coming_back()]
}

fn settle_redemption() -> impl Strategy<Value = Step> {
    let by = prop_oneof![2 => Just(By::Anyone), 5 => Just(By::Owner), 1 => Just(By::Another)];
    let how = settling();
    (prop::option::weighted(0.95, pick()), by, how).prop_map(|(which, by, how)| Step::SettleRedemption(which, by, how))
}

fn reserve() -> impl Strategy<Value = Step> {
    let (usual, any) = (&USUAL[..], prop::sample::select(&CAMPAIGNS[..]));
    let of = prop_oneof![6 => prop::sample::select(usual), 1 => (any, unit())];
    (of, 0..CUSTOMERS, 1..1_600_u64, hours()).prop_map(|((campaign, unit), who, quantity, hours)| {
        let quantity = if unit == CASH { quantity } else { quantity / 40 };
        Step::Reserve { campaign, who, unit, quantity, hours }
    })
}

fn ledger_step() -> impl Strategy<Value = Step> {
    let how = prop::sample::select(&[hold::HoldAction::Commit, hold::HoldAction::Release][..]);
    let spend = prop::sample::select(&SpendOrder::ALL[..]);
    let terms = (unit(), prop::option::of(1..6_u32), prop::option::of(1..4_u64), spend, 0..4_u32);
    prop_oneof![
        6 => redeem(),
        6 => settle_redemption(),
        4 => reserve(),
        4 => (any::<bool>(), pick(), how)
            .prop_map(|(reserved, which, how)| Step::SettleGrant { reserved, which, how }),
        3 => (pick(), prop::option::of(1..40_u64)).prop_map(|(which, quantity)| Step::TakeBack(which, quantity)),
        1 => prop::option::weighted(0.7, pick()).prop_map(Step::TakeBackEvent),
        2 => (0..4_u64, prop::bool::weighted(0.8)).prop_map(|(quantity, arrives)| Step::Restock(quantity, arrives)),
        1 => pick().prop_map(Step::AskAgain),
        1 => pick().prop_map(Step::AskOtherwise),
        1 => terms.prop_map(|(unit, days, least, spend, grace)| Step::Terms(unit, Terms { days, least, spend, grace })),
        1 => (0..20_u64).prop_map(Step::Pocket),
    ]
}

/// A customer uses what was just given and loses it: a debt. Then the use is undone, or something new pays.
fn debt() -> impl Strategy<Value = Vec<Step>> {
    (0..CUSTOMERS, 0..3_u8).prop_map(|(who, then)| {
        let all = Step::Redeem { who, unit: CASH, amount: Amount::All, of: None, hours: None };
        let paid = vec![Step::Command("rebate", Command::Resume), Step::Send(vec![now("order.paid", who, who)])];
        let mut steps = [paid, vec![all, Step::TakeBack(Pick::Last, None)]].concat();
        if then != 1 {
            let undo = redeem::RedemptionAction::Reverse(ReturnRequest::default());
            steps.push(Step::SettleRedemption(Some(Pick::Last), By::Owner, undo));
        }
        if then != 0 {
            steps.push(Step::Wait(25));
            let order = Happening { order: 120 + who, ..now("order.paid", who, who) };
            steps.push(Step::Send(vec![order]));
        }
        steps
    })
}

/// An invitee succeeds, is flagged and is cleared; what was given may be used in between.
fn granted_anew() -> impl Strategy<Value = Vec<Step>> {
    (0..CUSTOMERS, 1..CUSTOMERS, prop::bool::weighted(0.8)).prop_map(|(who, step, uses)| {
        let inviter = (who + step) % CUSTOMERS;
        let send = |kind, hours| Step::Send(vec![Happening { hours, ..now(kind, who, inviter) }]);
        let mut steps = vec![
            Step::Command("invite", Command::Resume),
            send("invite.opened", 0),
            send("user.registered", 0),
            send("user.realname_verified", 1),
        ];
        if uses {
            steps.push(Step::Wait(26));
            let used = Step::Redeem { who: inviter, unit: POINTS, amount: Amount::All, of: None, hours: None };
            steps.push(used);
        }
        steps.extend([send("risk.flagged", 1), send("risk.cleared", 1), Step::Wait(26)]);
        if uses {
            let undo = redeem::RedemptionAction::Reverse(ReturnRequest::default());
            steps.push(Step::SettleRedemption(Some(Pick::Last), By::Owner, undo));
        }
        steps
    })
}

/// What is reserved is past its time when it comes back, by request or by the clock.
fn expired_while_reserved() -> impl Strategy<Value = Vec<Step>> {
    (0..CUSTOMERS, any::<bool>()).prop_map(|(who, released)| {
        let hours = Some(if released { 300 } else { 30 });
        let all = Step::Redeem { who, unit: POINTS, amount: Amount::All, of: None, hours };
        let given = vec![Step::Command("daily", Command::Resume), Step::Send(vec![now("checked_in", who, who)])];
        let terms = Step::Terms(POINTS, Terms { grace: if released { 0 } else { 2 }, ..USUAL_TERMS });
        let mut steps = [given, vec![terms, all, Step::Wait(24 * 6)]].concat();
        if released {
            steps.push(Step::SettleRedemption(Some(Pick::Last), By::Owner, redeem::RedemptionAction::Release));
        }
        let (amount, of) = (Amount::OneMoreThanAll, Some(Pick::Last));
        steps.push(Step::Redeem { who, unit: POINTS, amount, of, hours: None });
        steps
    })
}

/// What was used comes back in pieces, some of them after its end, and is used again.
fn comes_back_in_pieces() -> impl Strategy<Value = Vec<Step>> {
    (0..CUSTOMERS, prop::collection::vec(coming_back(), 1..5), any::<bool>()).prop_map(|(who, pieces, late)| {
        let all = Step::Redeem { who, unit: POINTS, amount: Amount::All, of: None, hours: None };
        let given = vec![Step::Command("daily", Command::Resume), Step::Send(vec![now("checked_in", who, who)])];
        let wait = Step::Wait(if late { 24 * 6 } else { 1 });
        let named = |number| {
            let request = ReturnRequest { id: "twice".parse().ok(), quantity: Some(quantity(number)) };
            redeem::RedemptionAction::Reverse(request)
        };
        let pieces = [named(1), named(2)].into_iter().chain(pieces);
        let back = pieces.map(|how| Step::SettleRedemption(Some(Pick::Last), By::Owner, how));
        [given, vec![all.clone(), wait], back.collect(), vec![all, Step::Wait(24 * 5)]].concat()
    })
}

/// A redemption is reserved, asked for otherwise, settled by the wrong customer and then by the right one, and that twice.
fn settled() -> impl Strategy<Value = Vec<Step>> {
    use redeem::RedemptionAction::{Commit, Release};
    (0..CUSTOMERS, any::<bool>()).prop_map(|(who, commits)| {
        let how = if commits { Commit } else { Release };
        let settle = |by, how| Step::SettleRedemption(Some(Pick::Last), by, how);
        let least = |least| Step::Terms(CASH, Terms { least, ..USUAL_TERMS });
        let some = Step::Redeem { who, unit: CASH, amount: Amount::Tenths(6), of: None, hours: Some(40) };
        vec![
            Step::Command("rebate", Command::Resume),
            Step::Send(vec![now("order.paid", who, who)]),
            least(Some(5_000)),
            some.clone(),
            least(None),
            some,
            Step::AskOtherwise(Pick::Last),
            settle(By::Another, how.clone()),
            settle(By::Owner, how),
            settle(By::Anyone, if commits { Release } else { Commit }),
            Step::AskAgain(Pick::Last),
        ]
    })
}

/// A reservation is committed or released, and then the other. Two more are too much for a budget and for a limit.
fn reserved() -> impl Strategy<Value = Vec<Step>> {
    (0..CUSTOMERS, any::<bool>(), 1..30_u64, prop::bool::weighted(0.75)).prop_map(
        |(who, commits, quantity, in_time)| {
            let (campaign, unit) = ("invite", POINTS);
            let settle = |commits| {
                let how = if commits { hold::HoldAction::Commit } else { hold::HoldAction::Release };
                Step::SettleGrant { reserved: true, which: Pick::Last, how }
            };
            let wait = Step::Wait(if in_time { 1 } else { 50 });
            let resumed = CAMPAIGNS.map(|id| Step::Command(id, Command::Resume)).to_vec();
            let some = Step::Reserve { campaign, who, unit, quantity, hours: 48 };
            let beyond = [("rebate", CASH, 3_000), ("daily", POINTS, 32)]
                .map(|(campaign, unit, quantity)| Step::Reserve { campaign, who, unit, quantity, hours: 48 });
            [resumed, beyond.to_vec(), vec![some, wait, settle(commits), settle(!commits)]].concat()
        },
    )
}

/// Both versions of a policy decide on something.
fn revised() -> impl Strategy<Value = Vec<Step>> {
    (0..CUSTOMERS, 1..9_u64).prop_map(|(who, quantity)| {
        let check_in = |hours| Step::Send(vec![Happening { hours, ..now("checked_in", who, who) }]);
        let resumed = Step::Command("daily", Command::Resume);
        vec![resumed, Step::Revise(quantity, 0), check_in(1), Step::Revise(quantity, 1), check_in(3)]
    })
}

/// A policy holds a grant or reserves, settles it or lets it lapse, and settles it again.
fn held_by_a_policy() -> impl Strategy<Value = Vec<Step>> {
    let number = |group: u64, within: u64| group * 60 + within;
    (0..CUSTOMERS, 8..90_u8, any::<bool>(), 0..60_u64, prop::bool::weighted(0.7)).prop_map(
        move |(who, order, reserves, within, in_time)| {
            // An event's id is made of its time: each is an hour after the one before.
            let told = |minor| Step::Send(vec![Happening { order, minor, hours: 1, ..now(TOLD, who, who) }]);
            // A key that single events do not name, and a hold of an hour at least.
            let (holds, settles) = if reserves { (1, 4) } else { (0, 3) };
            let mut steps = vec![
                Step::Command("told", Command::Resume),
                told(number(6, 37)),
                told(number(holds, 1 + 3 * (within % 19))),
                told(number(holds, 4)),
                Step::Wait(if in_time { 0 } else { 70 }),
            ];
            steps.extend([told(number(settles, within)), told(number(settles, within + 1))]);
            steps
        },
    )
}

fn plot() -> impl Strategy<Value = Vec<Step>> {
    prop_oneof![
        1 => debt(),
        1 => granted_anew(),
        1 => expired_while_reserved(),
        1 => settled(),
        2 => comes_back_in_pieces(),
        1 => reserved(),
        1 => revised(),
        3 => held_by_a_policy(),
    ]
}

/// What happens in one case.
pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let some = prop_oneof![
        12 => event_step().prop_map(|step| vec![step]),
        12 => ledger_step().prop_map(|step| vec![step]),
        6 => plot(),
    ];
    prop::collection::vec(some, 8..64).prop_map(|steps| steps.concat())
}
