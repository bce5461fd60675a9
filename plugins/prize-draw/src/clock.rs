//! Times of the day, as operators write them.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time of the day by the clock on the wall, such as `20:00` or `19:59:59`; `24:00` is the end of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String", extend("pattern" = "^(([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?|24:00(:00)?)$"))]
pub struct ClockTime(
    /// Seconds since local midnight, 0 to 86,400.
    pub u32,
);

impl ClockTime {
    /// Reads `20:00` or `20:00:00`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':').map(|part| {
            let two_digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u32>().ok().filter(|_| two_digits)
        });
        let (hours, minutes) = (parts.next()??, parts.next()??);
        let seconds = parts.next().unwrap_or(Some(0))?;
        if parts.next().is_some() || minutes > 59 || seconds > 59 {
            return None;
        }
        let time = hours * 3_600 + minutes * 60 + seconds;
        (time <= 86_400).then_some(Self(time))
    }
}

impl std::fmt::Display for ClockTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.0 / 3_600, self.0 / 60 % 60, self.0 % 60)
    }
}

impl Serialize for ClockTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        largesse_sdk::param::text(deserializer, "a time such as 20:00 or 19:59:59", Self::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_and_back() {
        for (text, seconds) in [("00:00", 0), ("20:00", 72_000), ("19:59:59", 71_999), ("24:00", 86_400)] {
            assert_eq!(ClockTime::parse(text), Some(ClockTime(seconds)), "{text}");
        }
        assert_eq!(ClockTime(71_999).to_string(), "19:59:59");
        for bad in ["", "20", "20:60", "24:00:01", "2:00", "20:00:00:00", "+1:00", "20:0x"] {
            assert_eq!(ClockTime::parse(bad), None, "{bad}");
        }
    }
}
