//! The attacks, each with what it would do to a host that has no bound on it.

mod schemas;
mod policies;
mod conditions;
mod sockets;
mod requests;
mod floods;
mod components;

use anyhow::Result;

use super::field::Field;

/// An attack: its name, and what it does until its time is over. It fails when it cannot even begin.
pub(super) struct Attack {
    pub(super) name: &'static str,
    pub(super) run: fn(&Field<'_>) -> Result<()>,
}

const fn attack(name: &'static str, run: fn(&Field<'_>) -> Result<()>) -> Attack {
    Attack { name, run }
}

/// Every attack.
pub(super) const ATTACKS: [Attack; 23] = [
    attack("kind-schemas", schemas::of_kinds),
    attack("parameter-schemas", schemas::of_parameters),
    attack("cascade-storm", policies::storm),
    attack("slow-instructions", policies::slow_instructions),
    attack("segments", conditions::segments),
    attack("audiences", conditions::audiences),
    attack("idle-sockets", sockets::idle),
    attack("slow-heads", sockets::slow_heads),
    attack("slow-bodies", sockets::slow_bodies),
    attack("slow-readers", sockets::slow_readers),
    attack("batch-senders", floods::batch_senders),
    attack("huge-batches", floods::huge_batches),
    attack("failed-tokens", floods::failed_tokens),
    attack("dry-runs", floods::dry_runs),
    attack("quotes", floods::quotes),
    attack("audits-and-lists", floods::audits_and_lists),
    attack("many-names", floods::many_names),
    attack("giant-heads", requests::giant_heads),
    attack("malformed-http", requests::malformed),
    attack("deep-json", requests::deep_json),
    attack("many-keys", requests::many_keys),
    attack("large-components", components::large),
    attack("compile-bombs", components::bombs),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn attacks_have_names_of_their_own() {
        let names: BTreeSet<&str> = ATTACKS.iter().map(|attack| attack.name).collect();
        assert_eq!(names.len(), ATTACKS.len());
    }
}
