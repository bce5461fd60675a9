//! The rules, by number. `docs/authors/rules.md` is made from this list.

use std::fmt::Write as _;

/// A rule of conformance. Ids do not change and are not given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// It is a component of a contract version that the host takes.
    Contract,
    /// It imports only what the host gives.
    Imports,
    /// It can be compiled and started within the limits.
    Starts,
    /// What it says of itself is complete and allowed.
    Manifest,
    /// It says the same of itself at every call.
    SameManifest,
    /// What it subscribes to exists.
    Subscriptions,
    /// The schema of its parameters is one.
    ParamsSchema,
    /// It takes the parameters that it is tried with.
    Params,
    /// Parameters that are wrong do it no harm.
    WrongParams,
    /// It does not trap.
    Traps,
    /// What it returns is well formed.
    Output,
    /// It asks for what it declares.
    Declared,
    /// It names whom it was shown.
    Parties,
    /// It decides the same on the same input.
    Deterministic,
    /// Its grant keys do not depend on when it is asked.
    Keys,
    /// It reads back what it wrote.
    StateRead,
    /// Its state stays small.
    StateSize,
    /// It reads what the version before it wrote.
    Previous,
    /// It keeps within fuel, memory, stack and time.
    Limits,
}

/// Id, demand, reason, remedy.
type Row = (&'static str, &'static str, &'static str, &'static str);

impl Rule {
    /// Every rule, by number.
    pub const ALL: [Self; 19] = [
        Self::Contract,
        Self::Imports,
        Self::Starts,
        Self::Manifest,
        Self::SameManifest,
        Self::Subscriptions,
        Self::ParamsSchema,
        Self::Params,
        Self::WrongParams,
        Self::Traps,
        Self::Output,
        Self::Declared,
        Self::Parties,
        Self::Deterministic,
        Self::Keys,
        Self::StateRead,
        Self::StateSize,
        Self::Previous,
        Self::Limits,
    ];

    /// Its stable id.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.row().0
    }

    /// What it demands.
    #[must_use]
    pub fn demand(self) -> &'static str {
        self.row().1
    }

    /// Why.
    #[must_use]
    pub fn reason(self) -> &'static str {
        self.row().2
    }

    /// What to do about a breach.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        self.row().3
    }

    fn row(self) -> Row {
        match self {
            Self::Contract
            | Self::Imports
            | Self::Starts
            | Self::Manifest
            | Self::SameManifest
            | Self::Subscriptions => self.row_of_component(),
            Self::ParamsSchema | Self::Params | Self::WrongParams => self.row_of_params(),
            Self::StateRead | Self::StateSize | Self::Previous | Self::Limits => self.row_of_state(),
            Self::Traps | Self::Output | Self::Declared | Self::Parties | Self::Deterministic | Self::Keys => {
                self.row_of_decision()
            }
        }
    }

    fn row_of_component(self) -> Row {
        match self {
            Self::Contract => (
                "C01-contract",
                "The file is a component that exports `largesse:policy/policy` at a version that the host takes.",
                "The host can call nothing else.",
                "Build for `wasm32-wasip2` with the SDK of the host's contract version.",
            ),
            Self::Imports => (
                "C02-imports",
                "It imports the contract's types and the bounded part of WASI that the host gives, nothing else.",
                "A policy has no network, no files and no other system: all that it may know is in its input.",
                "Leave out the dependency that imports it.",
            ),
            Self::Starts => (
                "C03-starts",
                "It keeps the rules of size and shape, compiles, starts and describes itself within the limits.",
                "A host must be able to make it ready, in bounded time and memory.",
                "Build in release mode with few dependencies; do no work in `describe`.",
            ),
            Self::Manifest => (
                "C04-manifest",
                "Its manifest is complete, and every name, version and pointer in it is well formed.",
                "The host shows, and takes, only what is declared.",
                "Correct the fields that are named.",
            ),
            Self::SameManifest => (
                "C05-same-manifest",
                "It says the same of itself at every call.",
                "The host asks once and goes by that answer for as long as the version is published.",
                "Make the manifest of constants.",
            ),
            _ => (
                "C06-subscriptions",
                "Event kinds that it subscribes to are known; its pointers lead to fields that their schemas mark; a policy \
                 that sets timers hears of them.",
                "A role that is never filled, or a timer that nobody hears of, fails in silence.",
                "Correct the pointer or the kind; give schemas of kinds of your own with `--kind`.",
            ),
        }
    }

    fn row_of_params(self) -> Row {
        match self {
            Self::ParamsSchema => (
                "C07-params-schema",
                "The schema of its parameters is a valid JSON Schema 2020-12.",
                "Operators and the host check parameters by it before they are in force.",
                "Derive it from the type of the parameters, or correct what is named.",
            ),
            Self::Params => (
                "C08-params",
                "Parameters that are given, or that the schema shows as examples and defaults, are taken by schema and `check`.",
                "An example that is refused misleads whoever sets up the campaign.",
                "Correct the example, or what `check` says of it.",
            ),
            _ => (
                "C09-wrong-params",
                "`check` refuses wrong parameters without a fault; what it takes does not make `decide` fault.",
                "What `check` lets pass is in force for every customer.",
                "Have `check` name what `decide` could not bear.",
            ),
        }
    }

    fn row_of_decision(self) -> Row {
        match self {
            Self::Traps => (
                "C10-no-trap",
                "It does not trap on any input that the host may show it.",
                "A fault loses the customer what was due, and too many take the version out.",
                "Refuse with a code where it panics, and use checked arithmetic.",
            ),
            Self::Output => (
                "C11-output",
                "What it returns is well formed: keys, units, quantities, JSON, counts and sizes.",
                "The host takes a decision wholly or not at all.",
                "Build the decision with the SDK, and bound what comes from event data.",
            ),
            Self::Declared => (
                "C12-declared",
                "It asks only for kinds of effect and classes of unit that its manifest declares.",
                "Operators give budgets and limits for what is declared.",
                "Declare it, or do not ask for it.",
            ),
            Self::Parties => (
                "C13-parties",
                "Effects and claims concern customers whom it was shown.",
                "Whoever is not part of an event is neither paid nor charged by it.",
                "Take customers from `parties`, not from state or event data.",
            ),
            Self::Deterministic => (
                "C14-deterministic",
                "The same input gives the same decision, log and fuel: alone, after others, beside others, in any order.",
                "A decision is evaluated again when it is disputed, tried in the shadow, or put off.",
                "Decide from the input alone; take chance from the seed.",
            ),
            _ => (
                "C15-stable-keys",
                "The keys under which an event is granted do not depend on when the host takes it.",
                "An event that comes late, or again, must not be paid under another key.",
                "Make keys of the event's own time and data, and not of `now` or a clock.",
            ),
        }
    }

    fn row_of_state(self) -> Row {
        match self {
            Self::StateRead => (
                "C16-state-read",
                "`migrate` takes a state of its own version, and it decides on the result as on the state.",
                "States are read back for years; what is lost is granted again.",
                "Test `migrate` with the states that `decide` puts.",
            ),
            Self::StateSize => (
                "C17-state-size",
                "The state of one owner stays within its limit over a long history, and does not grow with every event.",
                "The customer who comes most would be the first for whom the policy fails.",
                "Forget what is too old to matter; keep counts instead of lists.",
            ),
            Self::Previous => (
                "C18-previous-states",
                "`migrate` takes every state that the previous version wrote (`--previous`).",
                "A state that cannot be read stops all decisions for its owner.",
                "List the version in `state-reads`, and carry over what it wrote.",
            ),
            _ => (
                "C19-limits",
                "Decisions keep within fuel, memory, stack and time.",
                "Whoever exceeds one is stopped, and the decision is lost.",
                "Do less: look at long lists once, and bound loops that event data drives.",
            ),
        }
    }
}

/// The page of the rules, in Markdown.
#[must_use]
pub fn page() -> String {
    let mut text = "# Rules for policies\n\n`largesse policy check FILE.wasm` tries a component by these rules, without a host, and ends with 1 when \
        one is broken. A\nrule that could not be tried is `skipped`, with the reason. Ids do not change.\n\nInputs are generated by a \
        seed, from the manifest, the schemas of the event kinds, the parameters, and the\nstates and timers that the policy \
        came to itself; `--seed` repeats a run. An input that breaks a rule is made as small as it\nwill go. Passing shows that \
        nothing was found, not that nothing is there: `--cases` looks longer.\n"
        .to_owned();
    for rule in Rule::ALL {
        let (id, demand, reason, remedy) = rule.row();
        let _ = write!(text, "\n## {id}\n\n{demand}\n\n*Why:* {reason}\n\n*Remedy:* {remedy}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn ids_are_numbered_and_unlike() {
        let ids: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        assert_eq!(ids.len(), Rule::ALL.len());
        for (index, rule) in Rule::ALL.iter().enumerate() {
            assert!(rule.id().starts_with(&format!("C{:02}-", index + 1)), "{}", rule.id());
        }
    }

    #[test]
    fn the_generated_page_is_committed() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/authors/rules.md");
        if std::env::var_os("UPDATE_OPENAPI").is_some() {
            std::fs::write(&path, page()).expect("the page can be written");
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == page(),
            "docs/authors/rules.md is not what the code says; run `make generated` and commit it"
        );
    }
}
