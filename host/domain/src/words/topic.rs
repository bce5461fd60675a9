//! Topics of deliveries, and the patterns by which destinations choose among them.

use std::fmt;
use std::str::FromStr;

macro_rules! topics {
    ($($(#[$doc:meta])* $name:ident, $word:literal;)*) => {
        /// What a delivery tells of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Topic { $($(#[$doc])* $name,)* }

        impl Topic {
            /// Every topic.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the word: `type` of the body.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

topics! {
    /// A benefit was given.
    GrantGranted, "grant.granted";
    /// A grant was taken back, or part of it.
    GrantRevoked, "grant.revoked";
    /// A grant that was pending is given.
    GrantPosted, "grant.posted";
    /// What was left of a grant expired.
    GrantExpired, "grant.expired";
    /// A redemption was made, or changed its state.
    RedemptionChanged, "redemption.changed";
    /// The use of a budget rose to a share that operators want to hear of.
    BudgetReached, "budget.reached";
    /// The host took a version of a policy out of a campaign.
    VersionWithdrawn, "version.withdrawn";
    /// A message is to be sent.
    Message, "message";
    /// A tag was set or taken.
    TagChanged, "tag.changed";
    /// An operator tries the destination. Told when asked for, whatever the destination takes.
    DestinationTest, "destination.test";
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Topic {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        Self::ALL.iter().copied().find(|topic| topic.as_str() == text).ok_or(UnknownTopic)
    }
}

/// Of what a destination is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TopicPattern {
    /// Everything, what is added later too: `*`.
    All,
    /// Everything under a word, what is added later too: `grant.*`.
    Under(&'static str),
    /// One topic.
    One(Topic),
}

impl TopicPattern {
    /// Reports whether the pattern includes the topic.
    pub(crate) fn includes(self, topic: Topic) -> bool {
        match self {
            Self::All => true,
            Self::Under(word) => topic.as_str().split_once('.').is_some_and(|(first, _)| first == word),
            Self::One(one) => one == topic,
        }
    }
}

impl fmt::Display for TopicPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Under(word) => write!(f, "{word}.*"),
            Self::One(topic) => f.write_str(topic.as_str()),
        }
    }
}

impl FromStr for TopicPattern {
    type Err = UnknownTopic;

    fn from_str(text: &str) -> Result<Self, UnknownTopic> {
        if text == "*" {
            return Ok(Self::All);
        }
        if let Some(word) = text.strip_suffix(".*") {
            let words = Topic::ALL.iter().filter_map(|topic| topic.as_str().split_once('.'));
            return words.map(|(first, _)| first).find(|first| *first == word).map(Self::Under).ok_or(UnknownTopic);
        }
        text.parse().map(Self::One)
    }
}

/// A word that is no topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownTopic;

impl fmt::Display for UnknownTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = Topic::ALL.iter().map(|topic| topic.as_str()).collect();
        write!(f, "expected *, a group such as grant.*, or one of {}", words.join(", "))
    }
}

impl std::error::Error for UnknownTopic {}
