//! Layers, places, and what is refused.

use std::path::Path;

use largesse_http::Role;

use super::*;

const FILE: &str = r#"listen = "0.0.0.0:80"
workers = 3

[log]
level = "debug"

[[tokens]]
name = "shop"
roles = ["ingest"]
backfill = true
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
"#;

fn read(text: &str, environment: &[(&str, &str)], args: &ConfigArgs) -> Result<Config> {
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::layered(Some((Path::new("largesse.toml"), text)), environment, args)
}

fn refusal(text: &str) -> String {
    let failure = read(text, &[], &ConfigArgs::default()).unwrap_err();
    assert_eq!(failure.kind.code(), 2);
    failure.text(false)
}

#[test]
fn flags_lie_over_the_environment_over_the_file() {
    let args = ConfigArgs { workers: Some("5".into()), ..ConfigArgs::default() };
    let environment = [("LARGESSE_LISTEN", "[::1]:90"), ("LARGESSE_WORKERS", "4"), ("LARGESSE_TOKEN", "secret")];
    let config = read(FILE, &environment, &args).unwrap();
    insta::assert_snapshot!(show::as_toml(&config), @r#"
    listen = "[::1]:90"                 # environment LARGESSE_LISTEN
    data_dir = "data"                   # default
    workers = 5                         # flag --workers
    log.format = "text"                 # default
    log.level = "debug"                 # largesse.toml:5
    policies.trusted_keys = []          # default
    policies.require_signature = false  # default
    policies.replace_versions = false   # default
    policies.interpreters = false       # default
    policies.inviter_distance = 2       # default
    connections.max = 4096              # default
    connections.per_address = 256       # default
    connections.idle_seconds = 75       # default
    shutdown.drain_seconds = 5          # default
    shutdown.finish_seconds = 35        # default

    [[tokens]]  # largesse.toml:7
    name = "shop"
    roles = ["ingest"]
    backfill = true
    sha256 = "(not shown)"
    "#);
}

#[test]
fn the_machine_readable_form_has_the_same() {
    let config = read(FILE, &[], &ConfigArgs::default()).unwrap();
    insta::assert_snapshot!(show::as_json(&config).to_string(), @r#"{"connections.idle_seconds":{"from":"default","value":75},"connections.max":{"from":"default","value":4096},"connections.per_address":{"from":"default","value":256},"data_dir":{"from":"default","value":"data"},"listen":{"from":"largesse.toml:1","value":"0.0.0.0:80"},"log.format":{"from":"default","value":"text"},"log.level":{"from":"largesse.toml:5","value":"debug"},"policies.interpreters":{"from":"default","value":false},"policies.inviter_distance":{"from":"default","value":2},"policies.replace_versions":{"from":"default","value":false},"policies.require_signature":{"from":"default","value":false},"policies.trusted_keys":{"from":"default","value":[]},"shutdown.drain_seconds":{"from":"default","value":5},"shutdown.finish_seconds":{"from":"default","value":35},"tokens":{"from":"largesse.toml:7","value":[{"backfill":true,"name":"shop","roles":["ingest"]}]},"workers":{"from":"largesse.toml:2","value":3}}"#);
}

#[test]
fn what_is_printed_can_be_read_again() {
    let config =
        read(&FILE.replace("[[tokens]]\nname = \"shop\"", "[[tokens]]\nname = \"a\""), &[], &ConfigArgs::default());
    let text = show::as_toml(&config.unwrap()).replace("(not shown)", &"0".repeat(64));
    let again = read(&text, &[], &ConfigArgs::default()).unwrap();
    assert_eq!(again.tokens.value[0].name, "a");
    assert_eq!(again.workers.value.get(), 3);
}

#[test]
fn tokens_come_from_the_environment_too() {
    let sha = "0".repeat(64);
    let text = format!(r#"[{{name = "a", roles = ["admin"], sha256 = "{sha}"}}]"#);
    let config = read("", &[("LARGESSE_TOKENS", &text)], &ConfigArgs::default()).unwrap();
    assert_eq!(config.tokens.value[0].roles, [Role::Admin]);
    assert_eq!(config.tokens.from.to_string(), "environment LARGESSE_TOKENS");
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_name() {
    insta::assert_snapshot!(refusal("\nlisten = \"x\"\nlog = {}\ndatadir = \"x\""), @r"
    error: unknown key `datadir` (largesse.toml:4)
    hint: did you mean `data_dir`?
    ");
    insta::assert_snapshot!(refusal("[log]\nformt = \"text\""), @r"
    error: unknown key `log.formt` (largesse.toml:2)
    hint: did you mean `log.format`?
    ");
    insta::assert_snapshot!(refusal("[quux]\na = 1"), @r"
    error: unknown key `quux` (largesse.toml:1)
    hint: the keys are listen, data_dir, workers, log.format, log.level, watch, policies.trusted_keys, policies.require_signature, policies.replace_versions, policies.interpreters, policies.inviter_distance, records.keep_days, records.keep_bytes, connections.max, connections.per_address, connections.idle_seconds, shutdown.drain_seconds, shutdown.finish_seconds, deliveries.authorities, deliveries.certificate, deliveries.key, tokens
    ");
}

#[test]
fn wrong_values_are_refused_with_their_place() {
    insta::assert_snapshot!(refusal("listen = \"here\""), @"error: listen must be an address and a port, such as 127.0.0.1:7480, not `here` (largesse.toml:1)");
    insta::assert_snapshot!(refusal("workers = 0"), @"error: workers must be a number from 1 to 1024, not `0` (largesse.toml:1)");
    let failure = refusal("policies.replace_versions = \"yes\"");
    insta::assert_snapshot!(failure, @"error: policies.replace_versions must be true or false (largesse.toml:1)");
    insta::assert_snapshot!(refusal("workers = \"2\""), @"error: workers must be a number (largesse.toml:1)");
    insta::assert_snapshot!(refusal("log.format = \"xml\""), @"error: log.format must be text or json, not `xml` (largesse.toml:1)");
    insta::assert_snapshot!(refusal("log.level = \"=x=\""), @"error: log.level must be a level, or directives such as info,largesse=debug, not `=x=` (largesse.toml:1)");
    insta::assert_snapshot!(refusal("a b"), @r"
    error: largesse.toml is not TOML
      cause: TOML parse error at line 1, column 3
          |
        1 | a b
          |   ^
        key with no value, expected `=`
    ");
}

#[test]
fn wrong_tokens_are_refused() {
    insta::assert_snapshot!(refusal("[[tokens]]\nname = \"a\"\nroles = [\"king\"]\nsha256 = \"\""), @r"
    error: tokens cannot be read (largesse.toml:1)
      cause: unknown variant `king`, expected one of `ingest`, `fulfil`, `viewer`, `operator`, `admin`
    ");
    insta::assert_snapshot!(refusal("[[tokens]]\nname = \"a\"\nroles = [\"admin\"]\nsha256 = \"abc\""), @r#"
    error: tokens cannot be used (largesse.toml:1)
      cause: the token "a" needs a sha256 of 64 hexadecimal digits
    hint: `largesse token new` prints lines that can be used
    "#);
    let twice = format!("[[tokens]]\nname = \"a\"\nroles = [\"admin\"]\nsha256 = \"{}\"\n", "0".repeat(64)).repeat(2);
    insta::assert_snapshot!(refusal(&twice), @r#"
    error: tokens cannot be used (largesse.toml:1)
      cause: the token "a" is there twice
    hint: `largesse token new` prints lines that can be used
    "#);
}

#[test]
fn who_trusts_a_key_requires_signatures_unless_told_otherwise() {
    let key = "release:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let required = |text: &str| read(text, &[], &ConfigArgs::default()).unwrap().require_signature.value;
    assert!(!required(""));
    assert!(required(&format!("[policies]\ntrusted_keys = [\"{key}\"]")));
    assert!(!required(&format!("[policies]\ntrusted_keys = [\"{key}\"]\nrequire_signature = false")));
    let list = format!("[\"{key}\"]");
    let environment =
        [("LARGESSE_POLICIES_TRUSTED_KEYS", list.as_str()), ("LARGESSE_POLICIES_REQUIRE_SIGNATURE", "false")];
    let config = read("", &environment, &ConfigArgs::default()).unwrap();
    assert_eq!((config.trusted_keys.value[0].to_string(), config.require_signature.value), (key.to_owned(), false));
    insta::assert_snapshot!(refusal("policies.require_signature = true"), @r"
    error: policies.require_signature is true, but no key is trusted (largesse.toml:1)
    hint: `largesse policy keygen` makes a key and prints the line for policies.trusted_keys
    ");
    insta::assert_snapshot!(refusal("[policies]\ntrusted_keys = [\"release:AAAA\"]"), @r"
    error: policies.trusted_keys cannot be used (largesse.toml:2)
      cause: not a trusted key: expected a name of a-z, 0-9 and -, a colon and 32 bytes in base64
    hint: `largesse policy keygen` prints lines that can be used
    ");
    insta::assert_snapshot!(refusal("policies.trusted_keys = \"release:AAAA\""), @"error: policies.trusted_keys must be an array of texts in quotes (largesse.toml:1)");
}

#[test]
fn what_is_kept_of_records_is_a_number_or_all() {
    let kept = |lines: &str| read(&format!("[records]\n{lines}\n"), &[], &ConfigArgs::default()).unwrap();
    let config = kept("keep_days = 400\nkeep_bytes = 10000000000");
    assert_eq!((config.keep_days.value, config.keep_bytes.value), (Some(400), Some(10_000_000_000)));
    let shown = show::as_toml(&config);
    assert!(
        shown.contains("records.keep_days = 400 ") && shown.contains("records.keep_bytes = 10000000000 "),
        "{shown}"
    );
    let all = kept("");
    assert_eq!((all.keep_days.value, all.keep_bytes.value), (None, None));
    assert!(!show::as_toml(&all).contains("records"));
    for wrong in ["keep_days = 0", "keep_days = 36526", "keep_bytes = 0", "keep_bytes = -1", "keep = 1"] {
        let told = refusal(&format!("[records]\n{wrong}\n"));
        assert!(told.contains("records.keep"), "{wrong}: {told}");
    }
}

#[test]
fn connections_and_the_stop_are_bounded_as_configured() {
    let text = "[connections]\nmax = 64\nper_address = 0\nidle_seconds = 600\n[shutdown]\ndrain_seconds = 0\nfinish_seconds = 3600\n";
    let serving = read(text, &[], &ConfigArgs::default()).unwrap().serving;
    let bounds = serving.bounds();
    assert_eq!((bounds.max, bounds.per_address, bounds.idle_time.as_secs()), (64, 0, 600));
    assert_eq!((serving.drain_time().as_secs(), bounds.finish_time.as_secs()), (0, 3_600));
    let environment = [("LARGESSE_SHUTDOWN_DRAIN_SECONDS", "9"), ("LARGESSE_CONNECTIONS_PER_ADDRESS", "7")];
    let serving = read(text, &environment, &ConfigArgs::default()).unwrap().serving;
    assert_eq!((serving.drain_time().as_secs(), serving.bounds().per_address), (9, 7));
    for wrong in [
        "connections.max = 63",
        "connections.max = 1000001",
        "connections.per_address = 1000001",
        "connections.idle_seconds = 0",
        "connections.idle_seconds = 3601",
        "shutdown.drain_seconds = 3601",
        "shutdown.finish_seconds = 0",
    ] {
        let (name, value) = wrong.split_once(" = ").unwrap();
        let told = refusal(wrong);
        assert!(told.starts_with(&format!("error: {name} must be a number from ")) && told.contains(value), "{told}");
    }
}
