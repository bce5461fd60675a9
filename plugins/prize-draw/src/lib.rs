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
    Decision, EffectKind, Enquiry, Input, Manifest, Offer, POOL_SETTLED, Policy, Problem, Question, Refusal, Role,
    Subscription, UnitClass, Value, export_policy, manifest, no_problems,
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
            .subscribe(Subscription::party("requested", "draw.requested", PLAYER))
            .subscribe(Subscription::party("settled", POOL_SETTLED, PLAYER))
            .subscribe(Subscription::party("loan-drawn", "loan.drawn", PLAYER).about("/loan"))
            .subscribe(Subscription::party("loan-cancelled", "loan.cancelled", PLAYER).about("/loan"))
            .subscribe(Subscription::party("order-paid", "order.paid", PLAYER).about("/order"))
            .subscribe(Subscription::party("order-refunded", "order.refunded", PLAYER).about("/order"))
            .subscribe(Subscription::party("invested", "invest.purchased", PLAYER).about("/holding"))
            .subscribe(Subscription::party("redeemed", "invest.redeemed", PLAYER).about("/holding"))
            .effects([EffectKind::Grant, EffectKind::Revoke, EffectKind::Reserve, EffectKind::Settle])
            .effects([EffectKind::Share, EffectKind::Measure])
            .unit_classes(UnitClass::ALL)
            .question(Question::new::<Odds>("odds"))
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        no_problems(params.problems())
    }

    fn offers(params: &Params) -> Vec<Offer> {
        odds::offers(params)
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        let step = |purchase| earn::after(input, purchase);
        match input.subscription.as_str() {
            "requested" if input.params.lotteries.is_empty() => prize::draw(input),
            "requested" => lottery::enter(input),
            "settled" => lottery::win(input),
            "loan-drawn" => step(Purchase::LoanDrawn),
            "order-paid" => step(Purchase::OrderPaid),
            "invested" => step(Purchase::Invested),
            "loan-cancelled" => earn::undo(input, Purchase::LoanDrawn),
            "order-refunded" => earn::undo(input, Purchase::OrderPaid),
            "redeemed" => earn::undo(input, Purchase::Invested),
            other => Err(Refusal::new("unknown-subscription", other)),
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
