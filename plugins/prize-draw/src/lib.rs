//! Draws: a prize by chance, at once or at the end, with stock that is kept and odds that can be read.
//!
//! A customer asks for a draw (`draw.requested`). It may cost a chance, which amounts earn; there may be so many a day, more
//! in a better tier; it may be open at certain hours only. The prize follows from the weights and from the seed that the host
//! records with the decision, so every draw can be worked out again. A lottery is the other form: whoever enters gets a number,
//! and when the pool settles its pieces go to the highest numbers.

mod clock;
mod params;
mod state;
mod earn;
mod prize;
mod lottery;
mod odds;

use largesse_sdk::{
    Decision, EffectKind, Enquiry, EventData, Input, Manifest, Offer, Policy, Problem, Question, Refusal, Role,
    UnitClass, Value, events, export_policy, manifest,
};

pub use clock::ClockTime;
pub use odds::Odds;
pub use params::{Earn, Hours, Lottery, Lucky, Params, PerDay, Pieces, Prize, Purchase, Rung};
pub use state::State;

/// The only role: the customer who draws.
pub(crate) const PLAYER: &str = "player";

/// The policy.
pub struct PrizeDraw;

impl Policy for PrizeDraw {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        manifest!("Prizes by chance, with stock that is kept and odds that can be read")
            .role(Role::actor(PLAYER).standings())
            .subscribe(events::DrawRequested::KIND.of(PLAYER))
            .subscribe(events::PoolSettled::KIND.of(PLAYER))
            .subscribe_all(Purchase::ALL.iter().map(|purchase| purchase.subscription(PLAYER)))
            .subscribe(events::LoanCancelled::KIND.of(PLAYER))
            .subscribe(events::OrderRefunded::KIND.of(PLAYER))
            .subscribe(events::InvestRedeemed::KIND.of(PLAYER))
            .effects([EffectKind::Grant, EffectKind::Revoke, EffectKind::Reserve, EffectKind::Settle])
            .effects([EffectKind::Share, EffectKind::Measure])
            .unit_classes(UnitClass::ALL)
            .question(Question::new::<Odds>("odds"))
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn offers(params: &Params) -> Vec<Offer> {
        odds::offers(params)
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        match input.subscription.as_str() {
            "draw-requested" if input.params.lotteries.is_empty() => prize::draw(input),
            "draw-requested" => lottery::enter(input),
            "pool-settled" => lottery::win(input),
            "loan-cancelled" => earn::cancelled(input),
            "order-refunded" => earn::refunded(input),
            "invest-redeemed" => earn::redeemed(input),
            name => match Purchase::of(name) {
                Some(purchase) => earn::after(input, purchase),
                None => Err(Refusal::new("unknown-subscription", name)),
            },
        }
    }

    fn quote(enquiry: &Enquiry<Params, State>) -> Result<Value, Refusal> {
        odds::answer(enquiry)
    }

    fn merge(kept: State, joined: State) -> Result<State, Refusal> {
        Ok(kept.with(joined))
    }
}

export_policy!(PrizeDraw);
