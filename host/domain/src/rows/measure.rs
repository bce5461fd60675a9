//! What campaigns count: visits, clicks, orders by channel. Nothing is decided by a count; operators read them.

use std::collections::BTreeMap;

use crate::words::id::MeasureName;
use crate::words::unit::Quantity;

/// The counts of a campaign, by measure and label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measures(pub BTreeMap<(MeasureName, String), Quantity>);
