//! Who invited whom, as far as a campaign is concerned.
//!
//! Invitations reach a customer as touches. The first event of a binding kind fixes, per campaign and for ever, which
//! touch counts. Policies never see touches; they see the inviter that was bound.

use crate::words::id::EventKind;

/// Which of several invitations counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TouchRule {
    /// The earliest within the window.
    First,
    /// The latest.
    Last,
}

/// A campaign's rule for who counts as a customer's inviter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribution {
    /// Which touch counts.
    pub touch: TouchRule,
    /// How long before the binding event a touch may lie, in days.
    pub window_days: u32,
    /// The kinds of event that bind.
    pub bind_on: Vec<EventKind>,
    /// Inviters are shown up to so many steps away, 1 to [`INVITER_DISTANCE_MAX`](crate::limits::INVITER_DISTANCE_MAX); as far as
    /// the policy looks when absent.
    pub distance: Option<u8>,
}
