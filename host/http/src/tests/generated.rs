//! Documents that are made from the code: they must be what is committed.
//!
//! `UPDATE_OPENAPI=1 cargo test -p largesse-http generated` writes them anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use largesse_domain::delivery::DeliveryId;
use largesse_domain::id::{DestinationId, Digest};
use largesse_domain::lifecycle::{Command, Lifecycle};
use largesse_domain::limits::{Limit, TABLE};
use largesse_service::pipeline::ControlError;
use largesse_service::queue::{Bound, Full};
use largesse_service::signature::SignatureError;
use largesse_service::{ChangeError, CompileError, LoadError, ReadError, StoreError, Unavailable};

use crate::problem::{Failure, ProblemType};

fn expect_committed(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/{name} is not what the code says; run with UPDATE_OPENAPI=1 and commit it");
}

#[test]
fn the_openapi_description_is_committed() {
    let text = crate::openapi();
    assert!(text.contains("\"openapi\": \"3.1"), "{}", text.lines().take(3).collect::<String>());
    expect_committed("openapi.json", &text);
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    let text = crate::openapi();
    let description: serde_json::Value = serde_json::from_str(&text).unwrap();
    let parts: Vec<_> = text.split("\"$ref\": \"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(parts.len() > 20);
    for pointer in parts {
        assert!(description.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn every_type_of_the_description_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    let mut folders: Vec<_> =
        ["src", "../documents/src"].map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).into();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            // What one file calls as another does would replace it in the description.
            for part in text.split("ToSchema)").skip(1) {
                let mut words = part.split_whitespace().skip_while(|word| !matches!(*word, "struct" | "enum")).skip(1);
                let Some(name) = words.next() else { continue };
                let name = name.trim_end_matches(['{', '(', ';']).to_owned();
                assert!(names.insert(name.clone()), "{}: {name} is the name of another type", path.display());
            }
        }
    }
    assert!(names.len() > 100, "{}", names.len());
}

#[test]
fn the_list_of_problems_is_committed() {
    let mut text = "# Problems\n\nThe `type` of every problem document that the host answers, with its HTTP status. \
        Types do not change.\n\n| type | status | title | when, and what to do |\n|---|---|---|---|\n"
        .to_owned();
    for kind in ProblemType::ALL {
        let (urn, status) = (kind.urn(), kind.status().as_u16());
        writeln!(text, "| `{urn}` | {status} | {} | {} |", kind.title(), kind.meaning()).unwrap();
    }
    expect_committed("problems.md", &text);
}

#[test]
fn the_table_of_limits_is_committed() {
    let mut text = "# Limits\n\nEvery bound on work that comes from outside: what is bounded, by how much, who can reach the bound, \
        what they are told or what happens\ninstead, and the files below `host/` that check it. Who has a role can do what the roles \
        below it can; see [problems](problems.md) for the\nwords beside a status, and [faults](authors/faults.md) for faults.\n"
        .to_owned();
    for (subject, limits) in TABLE {
        write!(text, "\n## {subject}\n\n| bound | what | by how much | who | what they are told | checked in |\n|---|---|--:|---|---|---|\n")
            .unwrap();
        for limit in *limits {
            let checked: Vec<String> = limit.checked.iter().map(|file| format!("`{file}`")).collect();
            let (name, what, value) = (limit.name, limit.what.trim(), amount(limit));
            let (who, answer, checked) = (limit.cause.label(), limit.answer, checked.join(", "));
            writeln!(text, "| `{name}` | {what} | {value} | {who} | {answer} | {checked} |").unwrap();
        }
    }
    expect_committed("limits.md", &text);
}

#[test]
fn limits_name_problems_that_there_are() {
    let mut named = 0;
    for limit in TABLE.iter().flat_map(|(_, limits)| *limits) {
        let mut statuses = limit.answer.split([' ', ';']).peekable();
        while let Some(part) = statuses.next() {
            let Ok(status @ 400..=599) = part.parse::<u16>() else { continue };
            let Some(word) = statuses.peek().and_then(|word| word.strip_prefix('`')?.split('`').next()) else {
                continue;
            };
            let kind = ProblemType::ALL.iter().find(|kind| kind.word() == word);
            assert_eq!(kind.map(|kind| kind.status().as_u16()), Some(status), "{}: {word}", limit.name);
            named += 1;
        }
    }
    assert!(named > 50, "{named}");
}

/// The bound with its unit, which is in the name.
fn amount(limit: &Limit) -> String {
    let value = u128::try_from(limit.value).unwrap();
    let has = |unit: &str| limit.name.split('_').any(|part| part == unit);
    let scale: &[(u128, &str)] = if has("BYTES") {
        &[(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1, "bytes")]
    } else if has("MS") {
        &[(86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"), (1, "ms")]
    } else if has("SECONDS") {
        &[(1, "s")]
    } else if has("HOURS") {
        &[(1, "h")]
    } else if has("DAYS") {
        &[(1, "d")]
    } else {
        &[]
    };
    let unit = scale.iter().find(|(size, _)| value >= *size && value % size == 0);
    let (size, unit) = unit.copied().unwrap_or((1, ""));
    let digits = (value / size).to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap()).collect();
    format!("{} {unit}", groups.join(",")).trim_end().to_owned()
}

#[test]
fn problem_types_have_words_of_their_own() {
    let words: BTreeSet<_> = ProblemType::ALL.iter().map(|kind| kind.word()).collect();
    assert_eq!(words.len(), ProblemType::ALL.len());
    for kind in ProblemType::ALL {
        let status = kind.status();
        assert!(status.is_client_error() || status.is_server_error(), "{kind:?}");
        assert!(kind.word().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{kind:?}");
    }
}

#[test]
fn what_the_service_says_no_to_has_its_status() {
    let detail = String::new;
    let version_taken = || ControlError::VersionTaken {
        name: "p".into(),
        version: "1.0.0".into(),
        digest: Digest::from_bytes([0; 32]),
    };
    let destination = || DestinationId::new("shop").unwrap();
    let illegal = || Lifecycle::Draft.next(Command::Pause).unwrap_err();
    let (bound, waiting, max, retry_after_seconds) = (Bound::Events, 2, 2, 1);
    let full = |full: Full| ChangeError::from(Unavailable::Busy(full));
    let cases: [(ChangeError, u16, &str); 25] = [
        (ControlError::Changed { expected: 1, found: 2 }.into(), 412, "precondition-failed"),
        (ControlError::Unconditional { found: 2 }.into(), 428, "precondition-required"),
        (version_taken().into(), 409, "version-taken"),
        (ControlError::from(illegal()).into(), 409, "illegal-command"),
        (ControlError::Ended.into(), 409, "illegal-command"),
        (ControlError::Paused(destination()).into(), 409, "destination-paused"),
        (ControlError::SettlesNothing(DeliveryId(1)).into(), 409, "settles-nothing"),
        (ControlError::SettledOtherwise { id: DeliveryId(1), before: "failed" }.into(), 409, "settled-otherwise"),
        (SignatureError::Unsigned.into(), 422, "unsigned"),
        (full(Full::Caller { bound, waiting, max, retry_after_seconds }), 429, "queue-full"),
        (full(Full::Host { bound, waiting, max, retry_after_seconds }), 503, "busy"),
        (Unavailable::Stopping.into(), 503, "unavailable"),
        (load(CompileError::TooLarge { bytes: 2, max: 1 }), 413, "too-large"),
        (load(CompileError::NotAComponent { found: "a text" }), 422, "not-a-component"),
        (load(CompileError::Unreadable { detail: detail() }), 422, "unreadable-component"),
        (load(CompileError::WrongContract { found: detail() }), 422, "wrong-contract"),
        (load(CompileError::ForeignImport { name: detail() }), 422, "foreign-import"),
        (load(CompileError::Shape { rule: detail() }), 422, "component-shape"),
        (load(CompileError::Refused { detail: detail() }), 422, "compiler-refused"),
        (load(CompileError::OutOfTime { limit: "20 s" }), 422, "compile-time"),
        (load(CompileError::OutOfMemory), 422, "compile-memory"),
        (load(CompileError::ArtefactTooLarge), 422, "compile-memory"),
        (load(CompileError::Failed { detail: detail() }), 500, "internal"),
        (ChangeError::Load(LoadError::Unfit { detail: detail() }), 422, "unfit-component"),
        (ChangeError::Load(LoadError::Manifest(Vec::new())), 422, "invalid-manifest"),
    ];
    for (error, status, word) in cases {
        let text = format!("{error:?}");
        let document = Failure::from(error).document();
        assert_eq!((document.status, document.kind), (status, format!("{}{word}", crate::URN)), "{text}");
    }
}

fn load(error: CompileError) -> ChangeError {
    ChangeError::Load(error.into())
}

#[test]
fn what_fails_inside_is_not_told_outside() {
    let error = ReadError::from(StoreError::Database("secret path".into()));
    let document = Failure::from(error).document();
    assert_eq!((document.status, document.detail), (500, None));
}
