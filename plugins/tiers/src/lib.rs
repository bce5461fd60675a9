//! Tiers: customers rise and fall in a programme by what they gathered or held.
//!
//! What they are measured by is growth, or a balance that was held day after day. How the tier follows it is the service: by
//! growth, with periods at whose end it is looked at again; periodic, for so many days from the day on which it was reached; or
//! real-time, for as long as the condition holds. There are gifts for joining and rising, benefits of every month, and gifts on
//! birthdays.

mod params;
mod runs;
mod moves;
mod member;
mod turn;

use largesse_sdk::{
    Date, Decision, EffectKind, EventData, Input, Manifest, Money, Policy, Problem, Refusal, Role, TimerFired,
    UnitClass, Value, events, export_policy, manifest, money,
};

pub use member::{Member, Month};
pub use moves::Moves;
pub use params::{Held, Messages, Metric, Notice, Params, Service, Tier, ToldBy};
pub use runs::Runs;
use turn::Turn;

/// The only role: the customer.
const CUSTOMER: &str = "customer";
/// The unit that growth is counted in.
const GROWTH: &str = "growth";

/// The policy.
pub struct Tiers;

impl Policy for Tiers {
    type Params = Params;
    type State = Member;

    fn manifest() -> Manifest {
        manifest!("Places customers in the tiers of a programme by growth or by what they hold")
            .role(Role::actor(CUSTOMER).balances([GROWTH]).grants())
            .subscribe(events::UserRegistered::KIND.of(CUSTOMER))
            .subscribe(events::GrowthChanged::KIND.of(CUSTOMER))
            .subscribe(events::BalanceSnapshot::KIND.of(CUSTOMER))
            .subscribe(events::IdentityMerged::KIND.of(CUSTOMER))
            .subscribe(events::DepositMade::KIND.of(CUSTOMER))
            .subscribe(events::WithdrawalMade::KIND.of(CUSTOMER))
            .subscribe(events::Birthday::KIND.of(CUSTOMER))
            .subscribe(events::TimerFired::KIND.of(CUSTOMER))
            .effects([
                EffectKind::Grant,
                EffectKind::Revoke,
                EffectKind::Message,
                EffectKind::Schedule,
                EffectKind::Place,
                EffectKind::Measure,
            ])
            .unit_classes(UnitClass::ALL)
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, Member>) -> Result<Decision<Member>, Refusal> {
        let mut turn = Turn::new(input)?;
        match (input.subscription.as_str(), &input.params.metric) {
            ("user-registered" | "growth-changed", Metric::Growth) => {
                let today = input.event.occurred.local.date();
                turn.follow(turn.growth(), today);
                if input.params.falls_when_taken_back && input.subscription == "growth-changed" {
                    turn.take_back(&input.event.data()?);
                }
            }
            // What two have together may lead further than what either has.
            ("identity-merged", Metric::Growth) => turn.follow(turn.growth(), input.event.occurred.local.date()),
            ("identity-merged", Metric::Held(held)) => {
                turn.follow(turn.member.held.least(held.days), input.event.occurred.local.date());
            }
            ("deposit-made", Metric::Held(held)) if held.told_by == ToldBy::Movements => {
                let balance = input.event.data::<events::DepositMade>()?.balance;
                moved(input, balance, &mut turn.member)?;
                turn.judge(held, input.now.at);
            }
            ("withdrawal-made", Metric::Held(held)) if held.told_by == ToldBy::Movements => {
                let balance = input.event.data::<events::WithdrawalMade>()?.balance;
                moved(input, balance, &mut turn.member)?;
                turn.judge(held, input.now.at);
            }
            ("balance-snapshot", Metric::Held(held)) if held.told_by == ToldBy::Snapshots => {
                let day = hold(input, held, &mut turn.member)?;
                turn.follow(turn.member.held.least(held.days), day);
            }
            ("birthday", _) => {
                let year = input.event.data::<events::Birthday>()?.year.and_then(|year| i32::try_from(year).ok());
                turn.birthday(year.unwrap_or(input.event.occurred.local.year))?;
            }
            ("timer-fired", _) => match input.event.data::<TimerFired<Value>>()?.timer.as_str() {
                turn::CYCLE => turn.cycle_is_over(),
                turn::NOTICE => turn.notice(),
                turn::HELD => {
                    if let Some(held) = input.params.moved() {
                        turn.judge(held, input.now.at);
                    }
                }
                _ => turn.month_begins(),
            },
            _ => return Ok(Decision::new()),
        }
        Ok(turn.finish())
    }

    fn merge(kept: Member, joined: Member) -> Result<Member, Refusal> {
        Ok(kept.merge(joined))
    }
}

export_policy!(Tiers);

/// Notes the balance after a movement.
fn moved(input: &Input<Params, Member>, balance: Option<Money>, member: &mut Member) -> Result<(), Refusal> {
    let balance =
        balance.ok_or_else(|| Refusal::new("no-balance", "the movement does not tell the balance after it"))?;
    // Who has overdrawn the account holds nothing.
    let held = if balance.minor < 0 { 0 } else { balance.in_currency(&input.campaign.currency)? };
    let local = &input.event.occurred.local;
    let reached = input.params.reached(held).map_or(0, |place| input.params.tiers[place].from);
    if !member.moves.insert(local.date(), local.second_of_day, reached) {
        return Err(Refusal::new("balance-known", "a later balance of the day is known"));
    }
    Ok(())
}

/// Notes a day's balance, and returns the last day that is known.
fn hold(input: &Input<Params, Member>, held: &Held, member: &mut Member) -> Result<Date, Refusal> {
    let snapshot: events::BalanceSnapshot = input.event.data()?;
    let (day, today) = (snapshot.day, input.event.occurred.local.date());
    if day > today {
        return Err(Refusal::new("bad-day", format!("{day} is no day that was")));
    }
    let currency = &input.campaign.currency;
    let parts = snapshot.products.iter().filter(|part| held.without.contains(&part.product));
    let parts = parts.map(|part| part.outstanding.in_currency(currency)).collect::<Result<Vec<_>, _>>()?;
    let counts = snapshot.outstanding.in_currency(currency)?.saturating_sub(money::sum(parts)?);
    let too_old = |last: Date| i64::from(last.0) - i64::from(day.0) >= i64::from(held.days);
    if member.held.last().is_some_and(too_old) {
        return Err(Refusal::new("day-too-old", format!("{day} no longer counts")));
    }
    // Only what tiers go by is remembered, so that a balance that changes a little every day is still one run.
    let reached = input.params.reached(counts).map_or(0, |place| input.params.tiers[place].from);
    if !member.held.insert(day, reached) {
        return Err(Refusal::new("day-known", format!("the balance of {day} is known")));
    }
    member.held.prune(held.days);
    Ok(member.held.last().unwrap_or(day))
}
