//! Messages to parties: once for each key; marketing ones by the rules of [`crate::rows::message_rules`].

use crate::rows::effect::{EffectKind, Message, MessageClass};
use crate::rows::facts::{Facts, Wanted};
use crate::rows::message_rules::with_contact;
use crate::rows::outcome::{Done, Outcome, Reason};
use crate::rules::case::Case;
use crate::words::id::CustomerId;
use crate::words::key::MessageSlot;
use crate::words::time::Instant;

fn slot(case: &Case<'_>, to: &CustomerId, message: &Message) -> MessageSlot {
    MessageSlot { campaign: case.campaign.id.clone(), to: to.clone(), key: message.key.clone() }
}

/// Asks for the rows that a message takes.
pub(crate) fn wanted(case: &Case<'_>, message: &Message, facts: &Facts, wanted: &mut Wanted) {
    for to in facts.ids_of(&message.to) {
        wanted.messages.insert(slot(case, &to, message));
        if message.class == MessageClass::Marketing {
            wanted.contacts.insert(to);
        }
    }
}

/// Sends a message, now or when its quiet hours are over, unless it was sent before or the rules are against it.
pub(crate) fn send(case: &Case<'_>, message: &Message, facts: &mut Facts) -> Outcome {
    let skipped = |reason| Outcome::Skipped(EffectKind::Message, reason);
    let was_sent = |to: &CustomerId| *facts.messages.get(&slot(case, to, message));
    if facts.ids_of(&message.to).iter().any(was_sent) {
        return skipped(Reason::AlreadySent);
    }
    let (mut not_before, mut without) = (None, Vec::new());
    if message.class == MessageClass::Marketing {
        let rules = &case.catalogue.messages;
        let Some(refused) = rules.refused(facts.customers.get(&message.to), &message.channels) else {
            return skipped(Reason::NoConsent);
        };
        without = refused.into_iter().map(str::to_owned).collect();
        not_before = rules.quiet_until(&case.made.local).and_then(case.resolve);
        let at = not_before.unwrap_or(case.made.at);
        let ids = facts.ids_of(&message.to);
        let contacts: Vec<Instant> = ids.iter().flat_map(|id| facts.contacts.get(id)).copied().collect();
        if !rules.has_room(&contacts, at) {
            return skipped(Reason::TooManyMessages);
        }
        let contacts = with_contact(facts.contacts.get(&message.to), at);
        facts.contacts.put(&message.to, contacts);
    }
    facts.messages.put(&slot(case, &message.to, message), true);
    Outcome::Applied(Done::Messaged { to: message.to.clone(), key: message.key.clone(), not_before, without })
}
