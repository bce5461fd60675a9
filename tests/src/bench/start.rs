//! How long a host with many published versions takes to start.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use largesse_domain::id::CampaignId;
use largesse_domain::limits::INVITER_DISTANCE_DEFAULT;
use largesse_service::clock::Clock;
use largesse_service::components::Components;
use largesse_service::pipeline::Precondition;
use largesse_service::{Gaps, Parts, PublicationRules, Retention, Service};
use largesse_store::SqliteStore;
use serde_json::json;

use super::{component, workers_with};
use crate::variants::with_version;

/// Versions published.
const VERSIONS: usize = 200;

/// Publishes versions and prints how long starts take: with a few of them in use, with all, and with nothing compiled.
pub(super) fn run() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    let folder = tempfile::tempdir()?;
    for name in ["compiled", "components"] {
        std::fs::create_dir(folder.path().join(name))?;
    }
    let (service, _) = start(folder.path())?;
    let published = runtime.block_on(publish(&service))?;
    println!("publishing {VERSIONS} versions of check-in, each compiled: {:.1} s\n", published.as_secs_f64());
    println!("a start with {VERSIONS} versions published");
    println!("{:<44} {:>8}", "of which in use", "seconds");
    runtime.block_on(use_versions(&service, 0..4))?;
    let service = measure(&runtime, service, folder.path(), "4, compiled before")?;
    runtime.block_on(use_versions(&service, 4..VERSIONS))?;
    let service = measure(&runtime, service, folder.path(), &format!("{VERSIONS}, compiled before"))?;
    std::fs::remove_dir_all(folder.path().join("compiled"))?;
    std::fs::create_dir(folder.path().join("compiled"))?;
    let service = measure(&runtime, service, folder.path(), &format!("{VERSIONS}, nothing compiled"))?;
    runtime.block_on(service.stop());
    Ok(())
}

fn measure(runtime: &tokio::runtime::Runtime, service: Service, folder: &Path, what: &str) -> Result<Service> {
    runtime.block_on(service.stop());
    drop(service);
    let (service, took) = start(folder)?;
    println!("{what:<44} {:>8.2}", took.as_secs_f64());
    Ok(service)
}

/// Starts the engine and the service.
fn start(folder: &Path) -> Result<(Service, Duration)> {
    let open = |name: &str| Dir::open_ambient_dir(folder.join(name), ambient_authority());
    let began = Instant::now();
    let parts = Parts {
        store: Arc::new(SqliteStore::open(folder.join("largesse.db"))?),
        components: Components::in_folder(open("components")?)?,
        workers: workers_with(2, Some(open("compiled")?))?,
        clock: Clock::system(),
        seed_secret: [1; 32],
        rules: PublicationRules::default(),
        retention: Retention::default(),
        inviter_distance: INVITER_DISTANCE_DEFAULT,
        gaps: Gaps::None,
    };
    let service = Service::start(parts)?;
    Ok((service, began.elapsed()))
}

async fn publish(service: &Service) -> Result<Duration> {
    let component = component("check_in")?;
    let began = Instant::now();
    for number in 0..VERSIONS {
        service.publish(with_version(&component, &version(number)), None).await?;
    }
    Ok(began.elapsed())
}

/// A version of three digits for each number.
fn version(number: usize) -> String {
    format!("{}.{}.{}", 1 + number / 100, number / 10 % 10, number % 10)
}

/// Makes a campaign on each of these versions.
async fn use_versions(service: &Service, numbers: std::ops::Range<usize>) -> Result<()> {
    for number in numbers {
        let document = json!({
            "policy": format!("check-in@{}", version(number)), "currency": "CNY", "time_zone": "Asia/Shanghai",
            "opens": "2020-01-01T00:00:00+08:00", "unit_classes": ["points"], "subscriptions": ["checked-in"],
            "budgets": [{"unit": "points", "total": 1_000_000}],
            "limits": [{"unit": "points", "window": "campaign", "amount": 1_000_000}],
            "params": {"daily": {"on": ["checked-in"], "rewards": [{"unit": "points", "quantity": 5}]}},
        });
        let document: largesse_documents::CampaignDocument = serde_json::from_value(document)?;
        let Ok(spec) = document.read() else { bail!("the campaign does not read") };
        service.apply(CampaignId::new(format!("daily-{number}"))?, spec, Precondition::Absent).await?;
    }
    Ok(())
}
