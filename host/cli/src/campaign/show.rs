//! Campaigns as text.

use std::fmt::Write as _;

use largesse_documents::rollout::MigrationView;
use largesse_documents::stacking::StackingDocument;
use largesse_documents::{CampaignView, FindingView};
use largesse_http::views::{ActivationList, SpendView, StuckStateList};

use crate::money::{count, worth};
use crate::table::Table;

pub(super) fn applied_line(campaign: &CampaignView, is_new: bool) -> String {
    let CampaignView { id, version, lifecycle, .. } = campaign;
    let done = if is_new { "created" } else { "changed" };
    let mut text = format!("{done} {id}: version {version}, {lifecycle}\n");
    if lifecycle == "draft" {
        let _ = writeln!(text, "Start it with `largesse campaign start {id}`.");
    }
    text.push_str(&findings_text(&campaign.findings));
    text
}

/// What does not go together in a campaign, a line for each.
pub(super) fn findings_text(findings: &[FindingView]) -> String {
    findings.iter().map(finding_line).collect()
}

pub(super) fn finding_line(finding: &FindingView) -> String {
    let FindingView { code, severity, pointer, message } = finding;
    let place = if pointer.is_empty() { "(whole document)" } else { pointer };
    format!("{} [{code}] {place}: {message}\n", severity.as_str())
}

pub(super) fn list_text(campaigns: &[CampaignView]) -> String {
    if campaigns.is_empty() {
        return "There is no campaign. `largesse campaign apply FILE` creates one.\n".into();
    }
    let mut table = Table::new(["campaign", "state", "opens", "closes", "zone", "title"]);
    for campaign in campaigns {
        let document = &campaign.document;
        table.row([
            campaign.id.clone(),
            campaign.lifecycle.clone(),
            document.opens.clone(),
            document.closes.clone().unwrap_or_else(|| "-".into()),
            document.time_zone.clone(),
            document.title.clone(),
        ]);
    }
    table.to_string()
}

pub(super) fn text(campaign: &CampaignView) -> String {
    let document = &campaign.document;
    let mut text = format!("{}: {}\n\n", campaign.id, document.title);
    let closes = document.closes.as_deref().unwrap_or("never");
    let list = |words: &Option<Vec<String>>, derived: &Option<Vec<String>>| match (words, derived) {
        (Some(words), _) => words.join(", "),
        (None, Some(derived)) => format!("{} (derived)", derived.join(", ")),
        (None, None) => "all that the policy has".to_owned(),
    };
    let derived = &campaign.derived;
    for (name, value) in [
        ("state", campaign.lifecycle.clone()),
        ("version", campaign.version.to_string()),
        ("policy", document.policy.clone()),
        ("opens", document.opens.clone()),
        ("closes", closes.to_owned()),
        ("time zone", document.time_zone.clone()),
        ("currency", document.currency.clone()),
        ("subscriptions", list(&document.subscriptions, &derived.subscriptions)),
        ("unit classes", list(&document.unit_classes, &derived.unit_classes)),
        ("stacking", document.stacking.as_ref().map_or_else(|| "with all".into(), stacking)),
        ("gate", document.gate.as_ref().map_or_else(|| "none".into(), |gate| gate.words().join(" or "))),
        ("revisions", campaign.revisions.len().to_string()),
        ("activations", campaign.active.number.to_string()),
        ("tried", campaign.rollout.as_ref().map_or_else(|| "nothing".into(), |rollout| rollout.policy.clone())),
    ] {
        let _ = writeln!(text, "{name:15}{value}");
    }
    let amount = |unit: &str, value: Option<u64>| value.map_or_else(|| "-".into(), |value| quantity(unit, value));
    let mut budgets = Table::new(["budget", ">total", ">per day"]);
    for budget in &document.budgets {
        budgets.row([budget.unit.clone(), quantity(&budget.unit, budget.total), amount(&budget.unit, budget.per_day)]);
    }
    let mut limits = Table::new(["limit", "window", ">amount", ">grants"]);
    for limit in &document.limits {
        let window = format!("{:?}", limit.window).to_lowercase();
        let grants = limit.count.map_or_else(|| "-".into(), count);
        limits.row([limit.unit.clone(), window, amount(&limit.unit, limit.amount), grants]);
    }
    let params = serde_json::to_string_pretty(&document.params).unwrap_or_default();
    let _ = write!(text, "\n{budgets}\n{limits}\nparameters {params}\n");
    if !campaign.findings.is_empty() {
        let _ = write!(text, "\n{}", findings_text(&campaign.findings));
    }
    text
}

fn stacking(StackingDocument { group, priority, mode }: &StackingDocument) -> String {
    format!("{} of {group}, priority {priority}", format!("{mode:?}").to_lowercase())
}

pub(super) fn activations_text(list: &ActivationList) -> String {
    let mut table = Table::new([">activation", "version", "since", "cause", "revisions"]);
    for activation in &list.items {
        let revisions: Vec<_> = activation.revisions.iter().map(u32::to_string).collect();
        table.row([
            activation.number.to_string(),
            activation.policy.chars().take(12).collect(),
            activation.at.clone(),
            activation.cause.clone(),
            revisions.join(", "),
        ]);
    }
    table.to_string()
}

pub(super) fn migration_text(migration: &MigrationView) -> String {
    let MigrationView { campaign, states, migrated, failed, ended, .. } = migration;
    let how_far = if ended.is_some() { "done" } else { "under way" };
    let stuck = if *failed > 0 { format!(", {} stuck", count(*failed)) } else { String::new() };
    format!("{campaign}: {how_far}, {} of {} states migrated{stuck}\n", count(*migrated), count(*states))
}

pub(super) fn stuck_text(list: &StuckStateList) -> String {
    if list.items.is_empty() {
        return "No state is known to be stuck. `largesse campaign migrate` tries all of them.\n".into();
    }
    let mut table = Table::new(["owner", ">state version", "tried", "why"]);
    for stuck in &list.items {
        let owner = format!("{}:{}", stuck.owner.kind, stuck.owner.id);
        table.row([owner, stuck.written_as.to_string(), stuck.at.clone(), stuck.why.clone()]);
    }
    table.to_string()
}

/// A quantity of a unit, as money when it is money.
pub(crate) fn quantity(unit: &str, quantity: u64) -> String {
    let worth = i64::try_from(quantity).map(|quantity| worth(unit, quantity)).unwrap_or_default();
    if worth.is_empty() { count(quantity) } else { worth }
}

/// What a campaign decided and spent.
pub(crate) fn spend_tables(spend: &SpendView) -> String {
    let mut text = format!("{} ({})", spend.campaign, spend.lifecycle);
    let verdicts = spend.verdicts.iter().filter(|(_, number)| **number > 0);
    let verdicts: Vec<_> = verdicts.map(|(verdict, number)| format!("{} {verdict}", count(*number))).collect();
    if verdicts.is_empty() {
        text.push_str(": no decisions");
    } else {
        let _ = write!(text, ": {}", verdicts.join(", "));
    }
    if spend.deferred > 0 {
        let _ = write!(text, ", {} still to come", count(spend.deferred));
    }
    let mut table = Table::new(["budget", ">grants", ">used", ">of", ">used %"]);
    for budget in &spend.budgets {
        table.row([
            budget.unit.clone(),
            count(budget.grants),
            quantity(&budget.unit, budget.used),
            quantity(&budget.unit, budget.total),
            percent(budget.used, budget.total),
        ]);
    }
    let _ = write!(text, "\n{table}");
    text
}

/// A share with one decimal, rounded down, so that 100.0 means all.
fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".into();
    }
    let tenths = u128::from(part) * 1_000 / u128::from(whole);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use largesse_documents::CampaignDocument;
    use largesse_http::views::BudgetSpend;

    use super::*;

    fn campaign() -> CampaignView {
        let text = r#"
            title = "Welcome"
            policy = "new-user-gift"
            currency = "CNY"
            time_zone = "Asia/Shanghai"
            opens = "2026-11-01T00:00:00+08:00"
            unit_classes = ["cash", "points"]
            budgets = [{ unit = "cash:CNY", total = 2000000, per_day = 5 }, { unit = "points", total = 5000000 }]
            limits = [{ unit = "cash:CNY", window = "campaign", amount = 800 }, { unit = "points", window = "day", count = 2 }]
            params = { milestones = [] }
            stacking = { group = "spring", priority = 2, mode = "best" }
            gate = { acquisition = { most = 50000 } }
        "#;
        CampaignView {
            id: "welcome".into(),
            version: 1,
            lifecycle: "draft".into(),
            document: super::super::read(Path::new("welcome.toml"), text).unwrap(),
            revisions: Vec::new(),
            active: serde_json::from_value(
                serde_json::json!({"number": 1, "policy": "ab".repeat(32), "revisions": [1],
                "at": "2026-11-01T00:00:00Z", "cause": "created"}),
            )
            .unwrap(),
            earlier: Vec::new(),
            rollout: None,
            findings: Vec::new(),
            derived: Default::default(),
        }
    }

    #[test]
    fn a_campaign_is_shown() {
        insta::assert_snapshot!(applied_line(&campaign(), true));
        insta::assert_snapshot!(list_text(&[campaign()]));
        insta::assert_snapshot!(text(&campaign()));
    }

    #[test]
    fn a_misspelt_field_is_named_with_its_line() {
        let wrong = super::super::read::<CampaignDocument>(Path::new("c.toml"), "policy = \"p\"\ncurency = \"CNY\"\n")
            .unwrap_err();
        insta::assert_snapshot!(wrong.text(false));
        let wrong = super::super::read::<CampaignDocument>(Path::new("c.json"), "{\"policy\": 1}").unwrap_err();
        insta::assert_snapshot!(wrong.text(false));
    }

    #[test]
    fn spend_is_shown_against_budgets() {
        let budget = |unit: &str, total: u64, used: u64| BudgetSpend {
            unit: unit.into(),
            total,
            used,
            left: total - used,
            grants: 12,
            per_day: None,
            days: Vec::new(),
        };
        let spend = SpendView {
            campaign: "welcome".into(),
            lifecycle: "running".into(),
            budgets: vec![budget("cash:CNY", 2_000_000, 9_600), budget("points", 5_000, 4_999), budget("item", 0, 0)],
            accounts: "/v1/campaigns/welcome/accounts".into(),
            verdicts: BTreeMap::from([("accepted".into(), 1_012), ("denied".into(), 3), ("faulted".into(), 0)]),
            deferred: 2,
        };
        insta::assert_snapshot!(spend_tables(&spend));
    }
}
