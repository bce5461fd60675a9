//! How connections are bounded, and how the host stops.

use std::ops::RangeInclusive;
use std::time::Duration;

use largesse_domain::limits::{
    CONNECTIONS_ANONYMOUS_ONE_IN, CONNECTIONS_CONFIGURED_MAX, CONNECTIONS_MAX, CONNECTIONS_PER_ADDRESS_MAX,
    IDLE_SECONDS_CONFIGURED_MAX, IDLE_SECONDS_MAX, SHUTDOWN_DRAIN_SECONDS, SHUTDOWN_FINISH_SECONDS,
    SHUTDOWN_SECONDS_CONFIGURED_MAX,
};
use largesse_http::ConnectionBounds;

use super::Setting;
use super::layers::{Key, Layers, Shape};
use crate::failure::Result;

/// What can be configured of connections and of the stop.
pub(super) const KEYS: [Key; 5] = [
    key("connections.max", "LARGESSE_CONNECTIONS_MAX"),
    key("connections.per_address", "LARGESSE_CONNECTIONS_PER_ADDRESS"),
    key("connections.idle_seconds", "LARGESSE_CONNECTIONS_IDLE_SECONDS"),
    key("shutdown.drain_seconds", "LARGESSE_SHUTDOWN_DRAIN_SECONDS"),
    key("shutdown.finish_seconds", "LARGESSE_SHUTDOWN_FINISH_SECONDS"),
];

const fn key(name: &'static str, variable: &'static str) -> Key {
    Key { name, variable, flag: "", shape: Shape::Number }
}

/// How connections are bounded, and how the host stops.
#[derive(Clone, Debug)]
pub(crate) struct Serving {
    max: Setting<u64>,
    per_address: Setting<u64>,
    idle_seconds: Setting<u64>,
    drain_seconds: Setting<u64>,
    finish_seconds: Setting<u64>,
}

impl Serving {
    pub(super) fn read(layers: &Layers) -> Result<Self> {
        let number = |name: &str, default: u64, range: RangeInclusive<u64>| {
            layers.text(name, default, |text| {
                let number = text.parse().ok().filter(|number| range.contains(number));
                number.ok_or_else(|| format!("a number from {} to {}", range.start(), range.end()))
            })
        };
        let (most, seconds) = (CONNECTIONS_CONFIGURED_MAX as u64, SHUTDOWN_SECONDS_CONFIGURED_MAX);
        // With fewer, no part of them could be kept for those without a token.
        let least = CONNECTIONS_ANONYMOUS_ONE_IN as u64;
        Ok(Self {
            max: number("connections.max", CONNECTIONS_MAX as u64, least..=most)?,
            per_address: number("connections.per_address", CONNECTIONS_PER_ADDRESS_MAX as u64, 0..=most)?,
            idle_seconds: number("connections.idle_seconds", IDLE_SECONDS_MAX, 1..=IDLE_SECONDS_CONFIGURED_MAX)?,
            drain_seconds: number("shutdown.drain_seconds", SHUTDOWN_DRAIN_SECONDS, 0..=seconds)?,
            finish_seconds: number("shutdown.finish_seconds", SHUTDOWN_FINISH_SECONDS, 1..=seconds)?,
        })
    }

    /// Returns the values with their names.
    pub(super) fn settings(&self) -> Vec<(&'static str, Setting<toml::Value>)> {
        let Self { max, per_address, idle_seconds, drain_seconds, finish_seconds } = self;
        let values = [max, per_address, idle_seconds, drain_seconds, finish_seconds];
        let named = KEYS.iter().zip(values).map(|(key, Setting { value, from })| {
            let value = i64::try_from(*value).unwrap_or(i64::MAX).into();
            (key.name, Setting { value, from: from.clone() })
        });
        named.collect()
    }

    /// Returns the bounds on connections.
    pub(crate) fn bounds(&self) -> ConnectionBounds {
        let count = |setting: &Setting<u64>| usize::try_from(setting.value).unwrap_or(usize::MAX);
        ConnectionBounds {
            max: count(&self.max),
            per_address: count(&self.per_address),
            idle_time: Duration::from_secs(self.idle_seconds.value),
            finish_time: Duration::from_secs(self.finish_seconds.value),
            ..ConnectionBounds::default()
        }
    }

    /// Returns how long the host serves on while it says that it stops.
    pub(crate) fn drain_time(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.value)
    }
}
