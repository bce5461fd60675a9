//! The stages of an investor's life: active, on the way out (`pre-churn`), dormant, churned.
//!
//! Days are counted from the last repayment. Who has not invested when they are over is churned if nothing is left; otherwise a checkpoint
//! some days later tells those who still do something, and can be warned, from those who sleep. The stages are tiers of a programme:
//! campaigns that wake, recall or ask customers hear of a move, and every policy can be shown where a customer stands.

mod params;
mod operation;

use largesse_sdk::{
    Date, Decision, EffectKind, EventData, Input, Manifest, Measurement, Message, Party, Placement, Policy, Refusal,
    Role, Schedule, TimerFired, When, events, export_policy, manifest,
};
use serde::{Deserialize, Serialize};

pub use operation::Operation;
pub use params::{Params, Warning};

/// The only role.
const INVESTOR: &str = "investor";
/// The only timer.
const CHECKPOINT: &str = "checkpoint";

const ACTIVE: &str = "active";
const PRE_CHURN: &str = "pre-churn";
const DORMANT: &str = "dormant";
const CHURNED: &str = "churned";

/// What is remembered of an investor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// From when on days are counted, in milliseconds since 1970: the last repayment, or an investment.
    pub since: i64,
    /// Whether they are counted: not after an investment.
    pub runs: bool,
    /// The last operation, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operated: Option<i64>,
}

/// What a timer is told: from when its days were counted, and on which day operations began to count for it.
#[derive(Serialize, Deserialize)]
struct Note {
    since: i64,
    /// None on the day on which who has no assets is churned.
    from: Option<Date>,
}

/// The policy.
pub struct Lifecycle;

impl Policy for Lifecycle {
    type Params = Params;
    type State = Clock;

    fn manifest() -> Manifest {
        manifest!("Keeps investors in the stages of their lives")
            .role(Role::actor(INVESTOR).attributes(["outstanding"]).standings())
            .subscribe(events::RepaymentReceived::KIND.of(INVESTOR))
            .subscribe(events::InvestPurchased::KIND.of(INVESTOR))
            .subscribe(events::TimerFired::KIND.of(INVESTOR))
            .subscribe_all(Operation::ALL.iter().map(|operation| operation.subscription(INVESTOR)))
            .effects([EffectKind::Place, EffectKind::Message, EffectKind::Schedule, EffectKind::Measure])
    }

    fn decide(input: &Input<Params, Clock>) -> Result<Decision<Clock>, Refusal> {
        let turn = Turn { input, me: input.require(INVESTOR)? };
        match (input.subscription.as_str(), Operation::of(&input.subscription)) {
            ("repayment-received", _) => turn.repaid(),
            ("invest-purchased", _) => Ok(turn.invested()),
            ("timer-fired", _) => turn.time_over(),
            (_, Some(operation)) if input.params.operations.contains(&operation) => Ok(turn.operated()),
            (_, Some(_)) => Ok(Decision::new()),
            (name, None) => Err(Refusal::new("unknown-subscription", format!("{name} moves nobody"))),
        }
    }

    fn merge(kept: Clock, joined: Clock) -> Result<Clock, Refusal> {
        let operated = kept.operated.max(joined.operated);
        let later = if joined.since > kept.since { joined } else { kept };
        Ok(Clock { operated, ..later })
    }
}

export_policy!(Lifecycle);

/// One decision.
struct Turn<'a> {
    input: &'a Input<Params, Clock>,
    me: &'a Party,
}

impl Turn<'_> {
    fn now(&self) -> i64 {
        self.input.event.occurred.at
    }

    fn stage(&self) -> Option<&str> {
        self.me.tier(&self.input.params.programme)
    }

    /// Moves to a stage, unless the investor is in it.
    fn place(&self, stage: &str, reason: &str, decision: &mut Decision<Clock>) {
        if self.stage() == Some(stage) {
            return;
        }
        let placement = Placement::into(&self.me.customer, &self.input.params.programme, stage);
        decision.place(placement.reason(reason)).measure(Measurement::one("stage").of(stage));
    }

    /// Days are counted from the last repayment; an earlier one that comes late changes nothing.
    fn repaid(&self) -> Result<Decision<Clock>, Refusal> {
        let mut decision = Decision::new();
        // The holding is paid back wholly by it when nobody says.
        let events::RepaymentReceived { last, .. } = self.input.event.data()?;
        let clock = self.input.state.clone().unwrap_or_default();
        if last == Some(false) || (self.input.state.is_some() && self.now() <= clock.since) {
            return Ok(decision);
        }
        if self.stage().is_none() {
            self.place(ACTIVE, "was paid back", &mut decision);
        }
        self.count_from_now(clock, &mut decision);
        Ok(decision)
    }

    fn count_from_now(&self, clock: Clock, decision: &mut Decision<Clock>) {
        let note = Note { since: self.now(), from: None };
        self.look_again(self.day(self.input.params.quiet_days), &note, decision);
        decision.put(Clock { since: self.now(), runs: true, ..clock });
    }

    /// So many days after the event's.
    fn day(&self, days: u32) -> Date {
        Date(self.input.event.occurred.local.day.saturating_add_unsigned(days))
    }

    fn look_again(&self, day: Date, note: &Note, decision: &mut Decision<Clock>) {
        decision.schedule(Schedule::new(CHECKPOINT, When::AtLocal(day, 0)).data(note));
    }

    /// Who invests is active, from wherever; an investment from before the days are counted is none of theirs.
    fn invested(&self) -> Decision<Clock> {
        let mut decision = Decision::new();
        let clock = self.input.state.clone().unwrap_or_default();
        if self.input.state.is_some() && self.now() < clock.since {
            return decision;
        }
        self.place(ACTIVE, "invested", &mut decision);
        if self.input.params.warn_even_if_invested {
            self.count_from_now(clock, &mut decision);
        } else if clock.runs {
            decision.cancel_timer(CHECKPOINT);
            decision.put(Clock { since: self.now(), runs: false, ..clock });
        } else if self.input.state.is_none() {
            decision.put(Clock { since: self.now(), ..clock });
        }
        decision
    }

    /// Who sleeps wakes up by it; otherwise it is only noted.
    fn operated(&self) -> Decision<Clock> {
        let mut decision = Decision::new();
        let Some(mut clock) = self.input.state.clone() else { return decision };
        if clock.operated.is_some_and(|operated| operated >= self.now()) {
            return decision;
        }
        clock.operated = Some(self.now());
        let asleep = self.me.standing(&self.input.params.programme).filter(|standing| standing.tier == DORMANT);
        if asleep.is_some_and(|standing| standing.since <= self.now()) {
            self.place(ACTIVE, "came back", &mut decision);
        }
        decision.put(clock);
        decision
    }

    /// The days are over, or a checkpoint is reached.
    fn time_over(&self) -> Result<Decision<Clock>, Refusal> {
        let mut decision = Decision::new();
        let Note { since, from } = self.input.event.data::<TimerFired<Note>>()?.data;
        let clock = self.input.state.clone().unwrap_or_default();
        if !clock.runs || clock.since != since {
            return Ok(decision);
        }
        let today = self.input.event.occurred.local.date();
        let next = Note { since, from: Some(today) };
        let Some(from) = from else {
            // What is not known to be left is not left.
            if self.me.integer("outstanding").unwrap_or(0) > 0 {
                self.look_again(self.day(self.input.params.warn_days), &next, &mut decision);
            } else {
                self.place(CHURNED, "nothing invested and nothing left", &mut decision);
            }
            return Ok(decision);
        };
        let seen = |operated: i64| self.input.event.occurred.date_of(operated) >= from;
        if clock.operated.is_some_and(seen) {
            self.place(PRE_CHURN, "nothing invested", &mut decision);
            self.warn(since, &mut decision);
            self.look_again(self.day(self.input.params.warn_days), &next, &mut decision);
        } else {
            self.place(DORMANT, "nothing invested and nothing done", &mut decision);
        }
        Ok(decision)
    }

    fn warn(&self, since: i64, decision: &mut Decision<Clock>) {
        let Some(Warning { template, channels }) = &self.input.params.warning else { return };
        let message = Message::new(format!("warning/{since}"), &self.me.customer, template).marketing();
        decision.message(message.channels(channels.iter().cloned()));
    }
}
