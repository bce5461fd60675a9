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
    Claim, Decision, EffectKind, Enquiry, EventData, Input, Manifest, Policy, Problem, Question, Refusal, Role,
    UnitClass, Value, events, export_policy, grants, json, key_part, manifest,
};

pub use board::Nothing;
pub use deed::Deed;
pub use params::{Board, Honour, Params, Poster, Selected, Takes, Tie};
pub use state::{Scan, Score, State};

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
        manifest!("Honours deeds with badges, titles and ranks")
            .role(Role::actor(ACTOR).standings())
            .role(Role::inviter(INVITER, 1))
            .role(Role::members(MEMBER))
            .subscribe(events::ContentUnfeatured::KIND.of(ACTOR))
            .subscribe(events::InvestRedeemed::KIND.of(ACTOR))
            .subscribe(events::IdentityMerged::KIND.of(ACTOR))
            .subscribe(events::CharitySelected::KIND.of(ACTOR))
            .subscribe(events::PosterScanned::KIND.of(ACTOR))
            .subscribe(events::UserRegistered::KIND.of(ACTOR))
            .subscribe_all(Deed::ALL.iter().map(|deed| deed.subscription(ACTOR)))
            .subscribe_all(board::subscriptions())
            .effects([EffectKind::Grant, EffectKind::Revoke, EffectKind::Tag, EffectKind::Place, EffectKind::Measure])
            .unit_classes(UnitClass::ALL.into_iter().filter(|class| class.is_used_up() || *class == UnitClass::Growth))
            .question(Question::new::<Nothing>("rank"))
    }

    fn check(params: &Params) -> Result<(), Vec<Problem>> {
        params.check()
    }

    fn decide(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
        match input.subscription.as_str() {
            "content-unfeatured" => honours::undone(input, Deed::ContentFeatured),
            "invest-redeemed" => honours::undone(input, Deed::InvestPurchased),
            "identity-merged" => honours::unite(input),
            "charity-selected" => selected(input),
            "poster-scanned" => poster::scanned(input),
            "user-registered" => poster::registered(input),
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

/// Who was selected is given the same as everybody else who was, once for each pool.
fn selected(input: &Input<Params, State>) -> Result<Decision<State>, Refusal> {
    let selected = input.params.selected.as_ref();
    let selected =
        selected.ok_or_else(|| Refusal::new("nothing-for-selected", "nothing is given for being selected"))?;
    let actor = &input.require(ACTOR)?.customer;
    let pool = input.event.data::<events::CharitySelected>()?.pool;
    let key = format!("selected/{}", key_part(&pool));
    let mut decision = Decision::new();
    for by in &selected.once_per {
        decision.claim(Claim::new(key.as_str(), *by, actor));
    }
    grants(&selected.gifts, &key, actor, "selected").for_each(|grant| _ = decision.grant(grant));
    Ok(decision)
}
