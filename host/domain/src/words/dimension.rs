//! The dimensions that claims and limits count by, and that customers are identified by.

/// What a claim is about, and under which the host keeps a customer's identifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// The customer.
    Customer,
    /// The person: a hash of the identity number.
    Identity,
    /// The device.
    Device,
    /// The bank card.
    Card,
    /// The postal address.
    Address,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 5] = [Self::Customer, Self::Identity, Self::Device, Self::Card, Self::Address];

    /// Returns the word in the contract and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Identity => "identity",
            Self::Device => "device",
            Self::Card => "card",
            Self::Address => "address",
        }
    }
}
