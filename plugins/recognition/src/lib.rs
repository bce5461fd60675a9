//! Recognition: badges and titles for deeds, ranks on a board, posters that bring friends, gifts to whoever was selected.
//!
//! Deeds are counted by what they are about (an instalment, a task, a post, a holding), so that a deed that is told of twice, or
//! late, counts once. A board belongs to a team: its members compete, and where each stands is a standing in a programme.

mod params;
mod deed;
mod honours;
mod board;
mod poster;
mod state;

use largesse_sdk::{
    Claim, Decision, EffectKind, Enquiry, Input, Manifest, Policy, Problem, Question, Refusal, Role, Subscription,
    UnitClass, Value, export_policy, grants, json, key_part, manifest,
};
use serde::Deserialize;

pub use board::{Nothing, Score};
pub use deed::Deed;
pub use params::{Board, Honour, Params, Poster, Selected, Takes, Tie};
pub use state::{Scan, State};

/// The customer who acts.
const ACTOR: &str = "actor";
/// Who invited the actor.
const INVITER: &str = "inviter";
/// The members of the team whose board it is.
const MEMBER: &str = "member";

/// The policy.
pub struct Recognition;

impl Policy for Recognition {
    type Params = Params;
    type State = State;

    fn manifest() -> Manifest {
        let start = manifest!("Honours deeds with badges, titles and ranks")
            .role(Role::actor(ACTOR).standings())
            .role(Role::inviter(INVITER, 1))
            .role(Role::members(MEMBER))
            .subscribe(Subscription::party("unfeatured", "content.unfeatured", ACTOR))
            .subscribe(Subscription::party("redeemed", "invest.redeemed", ACTOR))
            .subscribe(Subscription::party("selected", "charity.selected", ACTOR))
            .subscribe(Subscription::party("scanned", "poster.scanned", ACTOR))
            .subscribe(Subscription::party("registered", "user.registered", ACTOR))
            .effects([EffectKind::Grant, EffectKind::Revoke, EffectKind::Tag, EffectKind::Place, EffectKind::Measure])
            .unit_classes(UnitClass::ALL.into_iter().filter(|class| class.is_used_up() || *class == UnitClass::Growth))
            .question(Question::new::<Nothing>("rank"));
        let deeds = Deed::ALL.iter().map(|deed| deed.subscription());
        deeds.chain(board::subscriptions()).fold(start, Manifest::subscribe)
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        match input.subscription.as_str() {
            "unfeatured" => honours::undone(input, Deed::Featured),
            "redeemed" => honours::undone(input, Deed::Invested),
            "selected" => selected(input),
            "scanned" => poster::scanned(input),
            "registered" => poster::registered(input),
            name => Deed::of(name).map_or_else(|| board::result(input), |deed| honours::done(input, deed)),
        }
    }

    fn quote(enquiry: &Enquiry<Params, State>) -> Result<Value, Refusal> {
        let board = enquiry.params.board.as_ref().ok_or_else(|| Refusal::new("no-board", "there is no board"))?;
        let tier = enquiry.asker()?.tier(&board.programme).and_then(|tier| tier.strip_prefix("rank-"));
        let rank: Option<u32> = tier.and_then(|rank| rank.parse().ok());
        rank.map(|rank| json!({ "rank": rank })).ok_or_else(|| Refusal::new("no-rank", "not on the board"))
    }

    fn merge(kept: State, joined: State) -> Result<State, Refusal> {
        Ok(kept.with(joined))
    }
}

export_policy!(Recognition);

#[derive(Deserialize)]
struct CharitySelected {
    pool: String,
}

/// Who was selected is given the same as everybody else who was, once for each pool.
fn selected(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let selected = input.params.selected.as_ref();
    let selected =
        selected.ok_or_else(|| Refusal::new("nothing-for-selected", "nothing is given for being selected"))?;
    let actor = &input.require(ACTOR)?.customer;
    let pool = input.event.data::<CharitySelected>()?.pool;
    let key = format!("selected/{}", key_part(&pool));
    let mut decision = Decision::new();
    for by in &selected.once_per {
        decision.claim(Claim::new(key.as_str(), *by, actor));
    }
    grants(&selected.gifts, &key, actor, "selected").for_each(|grant| _ = decision.grant(grant));
    Ok(decision)
}
