//! What becomes of something that is held: when its time is over, and when somebody settles it before.

/// What becomes of a pending grant when its hold is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterHold {
    /// It is given.
    Post,
    /// It is taken back: nobody has settled the reservation in time.
    Void,
}

impl AfterHold {
    /// Every case.
    pub const ALL: [Self; 2] = [Self::Post, Self::Void];

    /// Returns the word in the contract and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Void => "void",
        }
    }
}

/// What shall become of something that is held: a grant that is pending, or what is reserved out of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldAction {
    /// It was carried out: it is given, or used.
    Commit,
    /// It is not wanted, or could not be carried out: it is taken back.
    Release,
}

impl HoldAction {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Commit, Self::Release];

    /// Returns the word in the contract and in answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Release => "release",
        }
    }
}
