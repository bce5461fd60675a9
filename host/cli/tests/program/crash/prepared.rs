//! Compiled policies for trials that are not about compiling: it takes longer than everything else.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::client::Client;
use super::load::set_up;
use crate::host::{Policies, Running};

/// What of a data directory knows compiled code: the secrets that it is authenticated with, and the code.
const SECRETS: &str = "secrets.toml";
const COMPILED: &str = "compiled";

/// Gives a host that was never started the compiled policies.
pub(super) fn give_to(host: &Running, policies: &Policies) {
    static PREPARED: OnceLock<PathBuf> = OnceLock::new();
    let prepared = PREPARED.get_or_init(|| {
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prepared");
        let mut host = Running::new();
        let data = PathBuf::from(host.path("data"));
        // What an earlier run has kept; policies that have changed since are compiled anew.
        copy(&kept, &data);
        host.restart();
        set_up(&Client::of(&host), policies).expect("the host lives");
        host.terminate();
        copy(&data, &kept);
        kept
    });
    copy(prepared, Path::new(&host.path("data")));
}

fn copy(from: &Path, to: &Path) {
    if !from.join(SECRETS).exists() {
        return;
    }
    std::fs::create_dir_all(to.join(COMPILED)).unwrap();
    std::fs::copy(from.join(SECRETS), to.join(SECRETS)).unwrap();
    for entry in std::fs::read_dir(from.join(COMPILED)).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(COMPILED).join(entry.file_name())).unwrap();
    }
}
