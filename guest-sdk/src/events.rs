//! The event kinds that every host knows, from their schemas in `wit/schemas`: the data of each as a struct, its word in
//! parameters and subscriptions, what it is about, and its amount.
//!
//! The word of a kind is its name with dashes: `order.paid` is `order-paid` in the parameters of every policy, and in the names
//! of subscriptions. [`events!`](crate::events!) makes the enum of the kinds that a policy's parameters name.

use std::fmt;
use std::marker::PhantomData;

use schemars::{Schema, json_schema};
use serde::de::{DeserializeOwned, Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::answer::Refusal;
use crate::manifest::Subscription;
use crate::money::Money;
use crate::time::Date;

include!(concat!(env!("OUT_DIR"), "/events.rs"));

/// What the schema of an event kind says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventKind {
    /// Its name, such as `order.paid`.
    pub name: &'static str,
    /// Its word in parameters and subscriptions, such as `order-paid`.
    pub word: &'static str,
    /// A pointer to the loan, order, holding ... that can be cancelled, refunded or redeemed later.
    pub about: Option<&'static str>,
    /// The field with its amount.
    pub amount: Option<&'static str>,
    /// What happened, in a sentence.
    pub description: &'static str,
}

impl EventKind {
    /// Subscribes to the kind under its word, with the state of the customer in a role. Grants are about what the kind is about.
    #[must_use]
    pub fn of(self, role: &str) -> Subscription {
        Subscription { about: self.about.map(str::to_owned), ..Subscription::party(self.word, self.name, role) }
    }

    /// Subscribes with the state of the entity that a field names.
    #[must_use]
    pub fn of_entity(self, pointer: &str) -> Subscription {
        Subscription::entity(self.word, self.name, pointer)
    }

    /// Subscribes under its word with the state of what the kind is about (an order, a loan, a holding): what is kept of it is bounded by
    /// it and not by how many a customer has, and found whoever of a customer's ids tells of it.
    ///
    /// # Panics
    /// When the kind is about nothing.
    #[must_use]
    pub fn of_thing(self) -> Subscription {
        let about = self.about.expect("the kind is about something");
        self.of_entity(about).about(about)
    }

    /// Subscribes with the state of the group of that kind that the actor is a member of, under `<group>-<word>`.
    #[must_use]
    pub fn of_group(self, group: &str) -> Subscription {
        Subscription::group(format!("{group}-{}", self.word), self.name, group)
    }

    /// Subscribes with the state of the customer in a role, under `<before>-<word>`: for the second subscription of a policy to a
    /// kind, such as `friend-order-paid` for the inviter of whoever paid an order.
    #[must_use]
    pub fn of_other(self, before: &str, role: &str) -> Subscription {
        Subscription { name: format!("{before}-{}", self.word), ..self.of(role) }
    }

    /// The amount of an event whose data was read as JSON, because parameters name the fields that matter; `None` without one.
    ///
    /// # Errors
    /// Refuses with `bad-event-data` when the field is no amount.
    pub fn amount_in(self, data: &Value) -> Result<Option<Money>, Refusal> {
        let Some(amount) = self.amount.and_then(|field| data.get(field)) else { return Ok(None) };
        let read = Money::deserialize(amount);
        read.map(Some).map_err(|error| Refusal::new("bad-event-data", format!("amount of {}: {error}", self.name)))
    }
}

/// The data of an event kind; `input.event.data::<events::OrderPaid>()` reads it.
pub trait EventData: DeserializeOwned {
    /// What its schema says of the kind.
    const KIND: EventKind;

    /// The loan, order, holding ... that it is about, where it names one.
    fn about(&self) -> Option<&str>;

    /// Its amount, where it names one.
    fn amount(&self) -> Option<&Money>;

    /// Its amount in minor units of a currency; 0 where it names none.
    ///
    /// # Errors
    /// As [`Money::in_currency`].
    fn amount_in(&self, currency: &str) -> Result<u64, Refusal> {
        self.amount().map_or(Ok(0), |amount| amount.in_currency(currency))
    }
}

/// An enum that [`events!`](crate::events!) makes.
pub trait Events: Copy + 'static {
    /// Every event of the enum, by its word.
    const EVENTS: &'static [(&'static str, Self)];
    /// The name and the description of the enum in the schema of parameters.
    const TITLE: (&'static str, &'static str);

    /// What the schema says of the kind.
    fn kind(self) -> EventKind;

    /// The event of a word, which is also the name of its subscription.
    #[must_use]
    fn of(word: &str) -> Option<Self> {
        Self::EVENTS.iter().find(|(known, _)| *known == word).map(|(_, event)| *event)
    }
}

/// Makes the enum of the events that a policy's parameters name, with the words that all policies use for them.
///
/// ```
/// use largesse_sdk::{Subscription, events, json};
///
/// events! {
///     /// What counts as a purchase.
///     pub enum Purchase {
///         OrderPaid,
///         LoanDrawn,
///         /// A friend paid an order: the same kind, decided for the inviter, has a word of its own.
///         FriendOrderPaid = OrderPaid as "friend-order-paid",
///     }
/// }
///
/// assert_eq!(json!(Purchase::OrderPaid), json!("order-paid"));
/// assert_eq!(Purchase::of("loan-drawn"), Some(Purchase::LoanDrawn));
/// assert_eq!(Purchase::OrderPaid.subscription("buyer"), Subscription::party("order-paid", "order.paid", "buyer").about("/order"));
/// ```
///
/// An event that no schema describes is an error of the compiler that names it:
///
/// ```compile_fail
/// largesse_sdk::events! {
///     /// What counts.
///     pub enum Purchase { OrderPayed }
/// }
/// ```
#[macro_export]
macro_rules! events {
    (@kind $variant:ident [] []) => {
        <$crate::events::$variant as $crate::EventData>::KIND
    };
    (@kind $variant:ident [] [$about:literal]) => {
        $crate::EventKind { description: $about, ..$crate::events!(@kind $variant [] []) }
    };
    (@kind $variant:ident [$event:ident $word:literal] [$about:literal]) => {
        $crate::EventKind { word: $word, description: $about, ..$crate::events!(@kind $event [] []) }
    };
    (
        $(#[doc = $doc:literal])+
        $visibility:vis enum $name:ident {
            $($(#[doc = $about:literal])? $variant:ident $(= $event:ident as $word:literal)?),+ $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility enum $name {
            $($(#[doc = $about])? #[doc = concat!("`", stringify!($variant), "`.")] $variant,)+
        }

        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// What the schema says of the kind.
            #[must_use]
            pub const fn kind(self) -> $crate::EventKind {
                match self {
                    $(Self::$variant => $crate::events!(@kind $variant [$($event $word)?] [$($about)?]),)+
                }
            }

            /// The word in parameters; also the name of the subscription.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                self.kind().word
            }

            /// The event of a word, or of the name of a subscription.
            #[must_use]
            pub fn of(word: &str) -> Option<Self> {
                <Self as $crate::Events>::of(word)
            }

            /// The subscription to it, with the state of the customer in a role.
            #[must_use]
            pub fn subscription(self, role: &str) -> $crate::Subscription {
                self.kind().of(role)
            }
        }

        impl $crate::Events for $name {
            const EVENTS: &'static [(&'static str, Self)] = &[$((Self::$variant.as_str(), Self::$variant)),+];
            const TITLE: (&'static str, &'static str) = (stringify!($name), concat!($($doc),+));

            fn kind(self) -> $crate::EventKind {
                Self::kind(self)
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::__private::event(deserializer)
            }
        }

        impl $crate::__private::schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut $crate::__private::schemars::SchemaGenerator) -> $crate::__private::schemars::Schema {
                $crate::__private::event_schema::<Self>()
            }
        }
    };
}

/// Reads the word of an event. For [`events!`](crate::events!).
///
/// # Errors
/// When no event of the enum has that word.
#[doc(hidden)]
pub fn event<'de, D: Deserializer<'de>, E: Events>(deserializer: D) -> Result<E, D::Error> {
    struct Word<E>(PhantomData<E>);

    impl<E: Events> Visitor<'_> for Word<E> {
        type Value = E;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("one of")?;
            E::EVENTS.iter().try_for_each(|(word, _)| write!(f, " {word}"))
        }

        fn visit_str<R: Error>(self, word: &str) -> Result<E, R> {
            E::of(word).ok_or_else(|| R::invalid_value(serde::de::Unexpected::Str(word), &self))
        }
    }

    deserializer.deserialize_str(Word(PhantomData))
}

/// The JSON Schema of the words of an enum, each with what happened. For [`events!`](crate::events!).
#[doc(hidden)]
#[must_use]
pub fn event_schema<E: Events>() -> Schema {
    let words: Vec<&str> = E::EVENTS.iter().map(|(word, _)| *word).collect();
    let mut description = E::TITLE.1.trim().to_owned();
    for (word, event) in E::EVENTS {
        description.push_str(&format!("\n- `{word}`: {}", event.kind().description.trim()));
    }
    json_schema!({"type": "string", "enum": words, "description": description})
}
