//! What the senders remember: every event that was ever sent, and every answer that came.

use serde_json::Value;

/// An answer that was received.
#[derive(Clone, Debug)]
struct Taken {
    seq: u64,
    decisions: Vec<Value>,
    /// Whether no further decision can come.
    whole: bool,
}

/// All events, with their answers.
#[derive(Default)]
pub(super) struct Memory {
    events: Vec<Value>,
    answers: Vec<Option<Taken>>,
}

impl Memory {
    /// How many events there are.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// How many of them were answered.
    pub(super) fn answered(&self) -> usize {
        self.answers.iter().flatten().count()
    }

    /// Adds an event that is about to be sent. Gives its place.
    pub(super) fn add(&mut self, event: Value) -> usize {
        self.events.push(event);
        self.answers.push(None);
        self.events.len() - 1
    }

    pub(super) fn event(&self, place: usize) -> &Value {
        &self.events[place]
    }

    /// All decisions that some sender knows of, with the event's place in the order of admission.
    pub(super) fn decisions(&self) -> impl Iterator<Item = (u64, &Value)> {
        let answers = self.answers.iter().flatten();
        answers.flat_map(|taken| taken.decisions.iter().map(|decision| (taken.seq, decision)))
    }

    /// Holds an answer to what was answered before: nothing that was acknowledged may change or go. Of two answers to one
    /// event that was sent twice at once either may arrive first; `later` says that this one was asked for after the other.
    pub(super) fn note(&mut self, place: usize, answer: &Value, later: bool) {
        let told = || format!("event {}: {answer}", self.events[place]);
        let status = answer["status"].as_str().unwrap_or_default();
        assert!(matches!(status, "admitted" | "duplicate"), "not taken: {}", told());
        let decisions = answer["decisions"].as_array().unwrap_or_else(|| panic!("{}", told())).clone();
        let waits = answer["deferred"].as_array().is_some_and(|deferred| !deferred.is_empty());
        let seq = answer["seq"].as_u64().unwrap_or_else(|| panic!("{}", told()));
        let mut taken = Taken { seq, decisions, whole: status == "admitted" && !waits };
        if let Some(before) = &self.answers[place] {
            let shared = before.decisions.len().min(taken.decisions.len());
            assert!(before.seq == taken.seq, "numbered anew: {before:?}, {}", told());
            assert!(
                before.decisions[..shared] == taken.decisions[..shared],
                "decided otherwise: {before:?}, {}",
                told()
            );
            assert!(!later || shared == before.decisions.len(), "a decision is lost: {before:?}, {}", told());
            assert!(!before.whole || shared == taken.decisions.len(), "decided again: {before:?}, {}", told());
            assert!(!later || status == "duplicate", "taken twice: {before:?}, {}", told());
            taken.whole |= before.whole;
            if shared < before.decisions.len() {
                taken.decisions.clone_from(&before.decisions);
            }
        }
        self.answers[place] = Some(taken);
    }
}
