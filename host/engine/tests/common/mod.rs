//! What the engine's tests share: inputs, and the guest programs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use largesse_domain::decision::{CampaignView, Input, Party};
use largesse_domain::event::{BodyHash, Event, EventKey};
use largesse_domain::json::Json;
use largesse_domain::lifecycle::Phase;
use largesse_domain::owner::Owner;
use largesse_domain::time::{Day, Instant, LocalTime, Moment};

/// 2025-06-12T03:46:40.123Z.
pub(crate) const NOW_MS: i64 = 1_749_700_000_123;

fn moment(ms: i64) -> Moment {
    let local = LocalTime {
        day: Day(20_251),
        year: 2025,
        month: 6,
        day_of_month: 12,
        weekday: 4,
        iso_year: 2025,
        iso_week: 24,
        second_of_day: 13_600,
    };
    Moment { at: Instant::from_millis(ms).unwrap(), local }
}

/// A check-in of this customer with this data.
pub(crate) fn input(customer: &str, data: &str, seed: u64) -> Arc<Input> {
    let at = Instant::from_millis(NOW_MS).unwrap();
    Arc::new(Input {
        subscription: "check-in".parse().unwrap(),
        event: Arc::new(Event {
            key: EventKey { source: "test".parse().unwrap(), id: "1".parse().unwrap() },
            kind: "day.checked-in".parse().unwrap(),
            actor: customer.parse().unwrap(),
            occurred: at,
            data: Json::from_checked(data),
            body_hash: BodyHash([0; 32]),
        }),
        occurred: moment(NOW_MS),
        owner: Owner::Party(customer.parse().unwrap()),
        parties: vec![Party {
            role: "actor".parse().unwrap(),
            customer: customer.parse().unwrap(),
            attributes: Json::empty_object(),
            tags: Vec::new(),
            balances: Vec::new(),
            standings: Vec::new(),
            grants: Vec::new(),
        }],
        campaign: CampaignView {
            id: "campaign".parse().unwrap(),
            revision: 1,
            currency: "CNY".parse().unwrap(),
            opens: Instant::from_millis(0).unwrap(),
            closes: None,
            phase: Phase::Open,
            params: Json::empty_object(),
        },
        now: moment(NOW_MS),
        seed,
        state: None,
    })
}

/// The bytes of a guest program of `tests/guests/examples`. The first call builds them all.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let file = BUILT.get_or_init(build_guests).join(format!("{name}.wasm"));
    std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn build_guests() -> PathBuf {
    // This test runs as <target>/<profile>/deps/<name>.
    let own = std::env::current_exe().unwrap();
    let target = own.ancestors().nth(3).unwrap();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "largesse-guests", "--examples"])
        .args(["--target", "wasm32-wasip2", "--profile", "guest", "--target-dir"])
        .arg(target)
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .status()
        .unwrap();
    assert!(status.success(), "the guest programs do not build");
    target.join("wasm32-wasip2/guest/examples")
}
