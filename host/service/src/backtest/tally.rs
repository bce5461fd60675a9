//! What decisions came to: the totals of one run, and what differs between two.

use std::collections::BTreeMap;

use largesse_domain::decision::{Evaluation, Output};
use largesse_domain::effect::{Benefit, Effect};
use largesse_domain::id::{CampaignId, CustomerId, DecisionId, EventKind};
use largesse_domain::outcome::{Decision, Denied, Done, Outcome, Reason, Verdict};
use largesse_domain::time::{Day, Instant};
use largesse_domain::unit::{Currency, Unit};

/// Changed decisions of a customer that are kept to be shown.
const EXAMPLES_KEPT: usize = 3;

/// What one decision came to.
#[derive(Clone, Debug)]
pub(super) struct Came {
    campaign: CampaignId,
    kind: EventKind,
    actor: CustomerId,
    occurred: Instant,
    /// Which decision.
    id: DecisionId,
    day: Day,
    verdict: &'static str,
    fuel: u64,
    /// Quantities given; below nothing when taken back.
    given: Vec<(CustomerId, Unit, i128)>,
    /// What was not given, or not wholly, and why.
    kept_back: Vec<(Option<Unit>, Reason)>,
    /// In a few words.
    words: String,
}

impl Came {
    fn of(decision: &Decision, verdict: &'static str, evaluation: &Evaluation) -> Self {
        let input = &decision.input;
        Self {
            campaign: decision.campaign.clone(),
            kind: input.event.kind.clone(),
            actor: input.event.actor.clone(),
            occurred: input.event.occurred,
            id: decision.id,
            day: input.occurred.local.day,
            verdict,
            fuel: evaluation.fuel,
            given: Vec::new(),
            kept_back: Vec::new(),
            words: words(&evaluation.output),
        }
    }

    /// What an evaluation on a decision's input asks for: of each grant its first choice, before limits and budgets.
    pub(super) fn asked(decision: &Decision, evaluation: &Evaluation) -> Self {
        let verdict = match &evaluation.output {
            Output::Proposal(_) => "proposed",
            Output::Refusal(_) => "refused",
            Output::Fault(_) => "faulted",
        };
        let mut came = Self::of(decision, verdict, evaluation);
        if let Output::Proposal(proposal) = &evaluation.output {
            let currency = decision.input.campaign.currency;
            came.given = proposal.effects.iter().filter_map(|effect| first_choice(effect, currency)).collect();
            came.words = given_words(&came.given);
        }
        came
    }

    /// What the host made of a decision.
    pub(super) fn granted(decision: &Decision) -> Self {
        let Decision { input, evaluation, verdict, .. } = decision;
        let mut came = Self::of(decision, verdict.as_str(), evaluation);
        let asked_for = |index: usize| {
            let Output::Proposal(proposal) = &evaluation.output else { return None };
            first_choice(proposal.effects.get(index)?, input.campaign.currency).map(|(_, unit, _)| unit)
        };
        match verdict {
            Verdict::Accepted(outcomes) => {
                for (index, outcome) in outcomes.iter().enumerate() {
                    let done = match outcome {
                        Outcome::Applied(done) => done,
                        Outcome::Reduced(done, reason) => {
                            came.kept_back.push((asked_for(index), *reason));
                            done
                        }
                        Outcome::Skipped(_, reason) => {
                            came.kept_back.push((asked_for(index), *reason));
                            continue;
                        }
                    };
                    came.given.extend(given_by(done));
                }
                came.words = given_words(&came.given);
                for (unit, reason) in &came.kept_back {
                    let unit = unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
                    came.words = format!("{}; not all{unit}: {}", came.words, reason.as_str());
                }
            }
            Verdict::Denied(denied, reason) => {
                let unit = match denied {
                    Denied::Effect(index) => asked_for(*index),
                    Denied::Claim { .. } | Denied::Stacking(_) => None,
                };
                came.kept_back.push((unit, *reason));
                came.words = format!("denied: {}", reason.as_str());
            }
            Verdict::Refused | Verdict::Faulted => {}
        }
        came
    }
}

fn first_choice(effect: &Effect, currency: Currency) -> Option<(CustomerId, Unit, i128)> {
    let Effect::Grant(grant) = effect else { return None };
    let (unit, quantity) = match grant.choices.first()? {
        Benefit::Units { unit, quantity } => (unit.clone(), quantity),
        Benefit::CreditLimit { by, .. } => (Unit::credit_limit(currency), by),
        Benefit::RateBoost { unit, basis_points, .. } => (unit.clone(), basis_points),
    };
    Some((grant.to.clone(), unit, i128::from(quantity.get())))
}

fn given_by(done: &Done) -> Vec<(CustomerId, Unit, i128)> {
    match done {
        Done::Granted { grant, unit, quantity, .. } => {
            vec![(grant.to.clone(), unit.clone(), i128::from(quantity.get()))]
        }
        Done::Revoked(reversals) => {
            let taken = reversals.iter().map(|taken| {
                let quantity = i128::from(taken.quantity.get());
                (taken.grant.to.clone(), taken.unit.clone(), -quantity)
            });
            taken.collect()
        }
        _ => Vec::new(),
    }
}

fn words(output: &Output) -> String {
    match output {
        Output::Proposal(_) => String::new(),
        Output::Refusal(refusal) => format!("refused: {}", refusal.code),
        Output::Fault(fault) => format!("fault: {fault}"),
    }
}

fn given_words(given: &[(CustomerId, Unit, i128)]) -> String {
    let words: Vec<_> = given.iter().map(|(to, unit, quantity)| format!("{quantity} {unit} to {to}")).collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}

/// Whether the host made the same of two decisions: did the same, or denied, refused or saw a fault for the same reason.
pub(super) fn ended_the_same(one: &Decision, other: &Decision) -> bool {
    one.verdict == other.verdict
        && match (&one.evaluation.output, &other.evaluation.output) {
            (Output::Refusal(one), Output::Refusal(other)) => one.code == other.code,
            (Output::Fault(one), Output::Fault(other)) => one.kind == other.kind,
            (one, other) => std::mem::discriminant(one) == std::mem::discriminant(other),
        }
}

/// What all decisions of a run came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    pub(super) decisions: u64,
    pub(super) fuel: u128,
    pub(super) verdicts: BTreeMap<&'static str, u64>,
    /// Given less taken back, by local day of the campaign.
    pub(super) days: BTreeMap<(CampaignId, Unit), BTreeMap<Day, i128>>,
    pub(super) customers: BTreeMap<CustomerId, BTreeMap<Unit, i128>>,
    /// How many effects were not done, or not wholly.
    pub(super) kept_back: BTreeMap<(CampaignId, Option<Unit>, Reason), u64>,
    /// The first event for which a budget did not have enough.
    pub(super) exhausted: BTreeMap<(CampaignId, Unit), Instant>,
}

impl Totals {
    pub(super) fn note(&mut self, came: &Came) {
        self.decisions += 1;
        self.fuel += u128::from(came.fuel);
        *self.verdicts.entry(came.verdict).or_default() += 1;
        for (customer, unit, quantity) in &came.given {
            let days = self.days.entry((came.campaign.clone(), unit.clone())).or_default();
            *days.entry(came.day).or_default() += quantity;
            *self.customers.entry(customer.clone()).or_default().entry(unit.clone()).or_default() += quantity;
        }
        for (unit, reason) in &came.kept_back {
            *self.kept_back.entry((came.campaign.clone(), unit.clone(), *reason)).or_default() += 1;
            if let (Reason::BudgetExhausted, Some(unit)) = (reason, unit) {
                let first = self.exhausted.entry((came.campaign.clone(), unit.clone())).or_insert(came.occurred);
                *first = came.occurred.min(*first);
            }
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.decisions += other.decisions;
        self.fuel += other.fuel;
        for (verdict, count) in other.verdicts {
            *self.verdicts.entry(verdict).or_default() += count;
        }
        for (what, days) in other.days {
            let own = self.days.entry(what).or_default();
            days.into_iter().for_each(|(day, quantity)| *own.entry(day).or_default() += quantity);
        }
        for (customer, units) in other.customers {
            let own = self.customers.entry(customer).or_default();
            units.into_iter().for_each(|(unit, quantity)| *own.entry(unit).or_default() += quantity);
        }
        for (what, count) in other.kept_back {
            *self.kept_back.entry(what).or_default() += count;
        }
        for (what, at) in other.exhausted {
            let first = self.exhausted.entry(what).or_insert(at);
            *first = at.min(*first);
        }
    }
}

/// A decision that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Example {
    /// Which of the customer's decisions: examples stand in this order, whichever thread found them.
    place: (Instant, DecisionId),
    pub(super) campaign: CampaignId,
    pub(super) kind: EventKind,
    pub(super) occurred: Instant,
    /// What came of it then; nothing when it was not made.
    pub(super) then: Option<String>,
    /// What comes of it now; nothing when it is not made.
    pub(super) now: Option<String>,
}

/// What differs between two runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    /// Decisions that came to something else, or were made in one run only.
    pub(super) changed: u64,
    /// The first that changed, of each customer.
    pub(super) examples: BTreeMap<CustomerId, Vec<Example>>,
}

impl Changes {
    /// Notes a decision that changed; at least one of the two was made.
    pub(super) fn note(&mut self, then: Option<&Came>, now: Option<&Came>) {
        self.changed += 1;
        let Some(either) = then.or(now) else { return };
        let examples = self.examples.entry(either.actor.clone()).or_default();
        examples.push(Example {
            place: (either.occurred, either.id),
            campaign: either.campaign.clone(),
            kind: either.kind.clone(),
            occurred: either.occurred,
            then: then.map(|came| came.words.clone()),
            now: now.map(|came| came.words.clone()),
        });
        first_few(examples);
    }

    pub(super) fn add(&mut self, other: Self) {
        self.changed += other.changed;
        for (customer, examples) in other.examples {
            let own = self.examples.entry(customer).or_default();
            own.extend(examples);
            first_few(own);
        }
    }
}

fn first_few(examples: &mut Vec<Example>) {
    examples.sort_by_key(|example| example.place);
    examples.truncate(EXAMPLES_KEPT);
}
