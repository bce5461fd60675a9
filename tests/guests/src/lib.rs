//! What the guest programs in `examples/` share: a policy that grants its actor one point, and a way to misbehave.
//!
//! A guest misbehaves only where the event's data says `"misbehave": true`, so that tests can watch the customer beside it.

pub mod counting;

/// The generated bindings.
pub mod bindings {
    #![expect(missing_docs, reason = "generated from wit/policy.wit, which documents its items")]
    wit_bindgen::generate!({
        path: "../../wit",
        world: "campaign-policy",
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "largesse_guests::bindings",
    });
}

/// The contract's types.
pub use bindings::largesse::policy::types;

use types::{
    Benefit, Decision, Effect, EffectKind, Enquiry, Grant, Input, Manifest, Needs, Offer, OwnerKind, OwnerOf, Problem,
    Refusal, Role, Shortfall, Source, StateChange, Subscription, Units,
};

/// A guest: by default one that behaves.
pub trait Guest {
    /// What it says of itself.
    fn describe() -> Manifest {
        manifest()
    }

    /// What it does when told to misbehave.
    ///
    /// # Errors
    /// As the guest likes.
    fn misbehave(_input: Input) -> Result<Decision, Refusal> {
        one_point("day")
    }

    /// What it has against parameters: those that hold the text `wrong` are.
    ///
    /// # Errors
    /// What is wrong.
    fn check(params: String) -> Result<Vec<Offer>, Vec<Problem>> {
        if params.contains("wrong") {
            return Err(vec![Problem { pointer: "/wrong".to_owned(), message: "this is wrong".to_owned() }]);
        }
        Ok(Vec::new())
    }

    /// A state as it writes it: it is kept as it is.
    ///
    /// # Errors
    /// When another version wrote it.
    fn migrate(state: String, written_by: u32) -> Result<String, Refusal> {
        if written_by == 1 {
            return Ok(state);
        }
        Err(Refusal { code: "too-old".to_owned(), message: format!("version {written_by} is not read") })
    }

    /// An answer: the question's data come back.
    ///
    /// # Errors
    /// As the guest likes.
    fn quote(enquiry: Enquiry) -> Result<String, Refusal> {
        Ok(enquiry.data)
    }

    /// One state of two: the one that is kept.
    ///
    /// # Errors
    /// As the guest likes.
    fn merge(kept: String, _joined: String) -> Result<String, Refusal> {
        Ok(kept)
    }
}

/// Makes a component of a [`Guest`].
pub struct Adapter<G>(std::marker::PhantomData<G>);

impl<G: Guest> bindings::exports::largesse::policy::policy::Guest for Adapter<G> {
    fn describe() -> Manifest {
        G::describe()
    }

    fn check(params: String) -> Result<Vec<Offer>, Vec<Problem>> {
        G::check(params)
    }

    fn decide(input: Input) -> Result<Decision, Refusal> {
        let customer = input.parties.first().map(|party| party.customer.clone()).unwrap_or_default();
        let told: String = input.event.data.split_whitespace().collect();
        let mut decision = if told.contains("\"misbehave\":true") { G::misbehave(input)? } else { one_point("day")? };
        for effect in &mut decision.effects {
            if let Effect::Grant(grant) = effect
                && grant.to.is_empty()
            {
                grant.to.clone_from(&customer);
            }
        }
        Ok(decision)
    }

    fn migrate(_owner: OwnerKind, state: String, written_by: u32) -> Result<String, Refusal> {
        G::migrate(state, written_by)
    }

    fn quote(enquiry: Enquiry) -> Result<String, Refusal> {
        G::quote(enquiry)
    }

    fn merge(kept: String, joined: String) -> Result<String, Refusal> {
        G::merge(kept, joined)
    }
}

/// What a guest says of itself: it decides on check-ins and may grant points.
#[must_use]
pub fn manifest() -> Manifest {
    let needs = Needs { attributes: Vec::new(), balances: Vec::new(), tags: false, standings: false, grants: false };
    Manifest {
        name: "guest".to_owned(),
        version: "0.1.0".to_owned(),
        summary: "Grants a point, or misbehaves.".to_owned(),
        params_schema: r#"{"type":"object"}"#.to_owned(),
        state_writes: 1,
        state_reads: vec![1],
        roles: vec![Role { name: "actor".to_owned(), source: Source::Actor, needs }],
        subscriptions: vec![Subscription {
            name: "check-in".to_owned(),
            kind: "day.checked-in".to_owned(),
            owner: OwnerOf::Party("actor".to_owned()),
            about: None,
        }],
        effects: vec![EffectKind::Grant],
        unit_classes: vec!["points".to_owned()],
        questions: Vec::new(),
    }
}

/// A decision that grants the actor one point under this key.
///
/// # Errors
/// Never; the type is that of a decision, for the guests' convenience.
pub fn one_point(key: &str) -> Result<Decision, Refusal> {
    let grant = Grant {
        key: key.to_owned(),
        // The adapter puts the actor here.
        to: String::new(),
        choices: vec![Benefit::Units(Units { unit: "points".to_owned(), quantity: 1 })],
        on_shortfall: Shortfall::Refuse,
        hold: None,
        expires: None,
        reason: String::new(),
    };
    let effects = vec![Effect::Grant(grant)];
    Ok(Decision { claims: Vec::new(), effects, state: StateChange::Keep, note: String::new() })
}

/// Makes this program the component of a guest.
#[macro_export]
macro_rules! export_guest {
    ($guest:ty) => {
        type Component = $crate::Adapter<$guest>;
        $crate::bindings::export_component!(Component with_types_in $crate::bindings);
    };
}

/// Makes this program a guest that misbehaves as the closure says.
#[macro_export]
macro_rules! guest {
    ($misbehave:expr) => {
        struct Guest;

        impl $crate::Guest for Guest {
            fn misbehave(input: $crate::types::Input) -> Result<$crate::types::Decision, $crate::types::Refusal> {
                let misbehave: fn($crate::types::Input) -> Result<$crate::types::Decision, $crate::types::Refusal> =
                    $misbehave;
                misbehave(input)
            }
        }

        $crate::export_guest!(Guest);
    };
}
