//! Campaigns that are checked before they are applied: without a host, and by one.

use super::host::{Running, policies, run};
use super::json_of;

const RIGHT: &str = r#"
policy = "new-user-gift"
currency = "CNY"
time_zone = "Asia/Shanghai"
opens = "2026-03-01T00:00:00+08:00"
subscriptions = ["user-registered"]
budgets = [{ unit = "points", total = 1000 }]
limits = [{ unit = "points", window = "campaign", amount = 100 }]
[[params.milestones]]
on = "user-registered"
gifts = [{ unit = "points", quantity = 100 }]
"#;

#[test]
fn campaigns_are_checked_without_a_host() {
    let Some(policies) = policies() else { return };
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let component = policies.join("new_user_gift.wasm");
    let check = |file: &str| run(&["campaign", "check", file, "--policies", &component]);

    let right = write("right.toml", RIGHT);
    let answer = check(&right);
    assert_eq!((answer.code, answer.out.as_str()), (0, format!("{right}: all goes together\n").as_str()));

    // A warning does not end with 1.
    let warned = write("warned.toml", &RIGHT.replace("quantity = 100", "quantity = 101"));
    let answer = check(&warned);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(
        answer.out.contains("warning [above-limit] /params/milestones/0/gifts/0: gives 101 of points"),
        "{answer:?}"
    );

    // Errors do, and are told together with a file that does not read.
    let unready = write("unready.toml", &RIGHT.replace("user-registered\"\n", "user-registerd\"\n"));
    let misspelt = write("misspelt.toml", &RIGHT.replace("currency", "curency"));
    let answer = run(&["campaign", "check", &unready, &misspelt, "--policies", &component, "--json"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    let found = json_of(&answer.out);
    assert_eq!(found[0]["findings"][0]["pointer"], "/params/milestones/0/on");
    let told = found[0]["findings"][0]["message"].as_str().unwrap();
    assert!(told.ends_with("did you mean user-registered?"), "{told}");
    let told = found[1]["findings"][0]["message"].as_str().unwrap();
    assert!(told.ends_with("did you mean `currency`?"), "{told}");

    assert_eq!(check("no/such/file.toml").code, 2);
}

#[test]
fn a_host_checks_against_what_is_there() {
    let Some(policies) = policies() else { return };
    let mut host = Running::start();
    host.ok(&["policy", "publish", &policies.join("new_user_gift.wasm")]);
    let file = host.write("vip.toml", format!("audience = {{ segment = \"vip\" }}\n{}", RIGHT.trim()).as_bytes());
    let answer = host.run(&["campaign", "check", &file]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(
        answer.out.contains("error [not-ready] /audience/segment: there is no segment vip; there are: none"),
        "{answer:?}"
    );
    // Nothing is applied by it.
    assert!(host.ok(&["campaign", "list"]).starts_with("There is no campaign."));

    // What is found is printed when it is applied and started, and shown.
    let file = host.write("much.toml", RIGHT.replace("quantity = 100", "quantity = 101").as_bytes());
    for answer in [
        host.ok(&["campaign", "apply", &file]),
        host.ok(&["campaign", "start", "much"]),
        host.ok(&["campaign", "show", "much"]),
    ] {
        assert!(answer.contains("warning [above-limit] /params/milestones/0/gifts/0"), "{answer}");
    }
    let shown = host.ok(&["campaign", "show", "much"]);
    assert!(shown.contains("unit classes   points (derived)\n"), "{shown}");
    host.terminate();
}
