//! Checks of a campaign's settings: before it starts, and of changes once it has.

use crate::rows::campaign::Settings;
use crate::rows::catalogue::Catalogue;
use crate::rows::effect::EffectKind;
use crate::rows::policy::Manifest;
use crate::words::dimension::Dimension;
use crate::words::problem::Problem;
use crate::words::unit::UnitClass;

/// Returns what keeps a campaign from starting with this policy: every one of these classes of unit that the policy may grant needs a
/// budget, of its own or of a pocket, and a limit for each customer. Pointers are into the campaign document.
#[must_use]
pub fn problems_at_start(
    settings: &Settings,
    manifest: &Manifest,
    catalogue: &Catalogue,
    classes: &[UnitClass],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |pointer: String, message: String| problems.push(Problem { pointer, message });
    for (index, pool) in settings.pools.iter().enumerate() {
        let mut budgets = settings.budgets.iter().filter(|budget| budget.of.matches(&pool.unit));
        if budgets.clone().next().is_some() && !budgets.any(|budget| budget.total >= pool.total) {
            problem(format!("/pools/{index}/total"), "more than the campaign's budget for the unit".into());
        }
        if !manifest.effects.contains(&EffectKind::Share) {
            problem(format!("/pools/{index}"), format!("{} sets no weights in pools", manifest.name));
        }
    }
    let used = |class: &&UnitClass| classes.contains(class);
    for class in manifest.unit_classes.iter().filter(used) {
        let pockets = settings.pockets.iter().filter_map(|pocket| catalogue.pockets.get(pocket));
        let mut budgets = settings.budgets.iter().chain(pockets.flat_map(|pocket| &pocket.budgets));
        if !budgets.any(|budget| budget.of.class() == *class) {
            problem("/budgets".into(), format!("no budget for {class}, which {} may grant", manifest.name));
        }
        let limits = settings.limits.iter().filter(|limit| limit.per == Dimension::Customer);
        if !limits.into_iter().any(|limit| limit.of.class() == *class) {
            problem(
                "/limits".into(),
                format!("no limit for each customer on {class}, which {} may grant", manifest.name),
            );
        }
    }
    problems
}

/// Returns what may not change once a campaign has started.
#[must_use]
pub fn problems_of_change(old: &Settings, new: &Settings) -> Vec<Problem> {
    let counted_budgets = |settings: &Settings| {
        settings.budgets.iter().map(|budget| (budget.of.clone(), budget.per_day.is_some())).collect::<Vec<_>>()
    };
    let counted_limits = |settings: &Settings| {
        settings.limits.iter().map(|limit| (limit.of.clone(), limit.per, limit.window)).collect::<Vec<_>>()
    };
    let shared_pools = |settings: &Settings| {
        settings.pools.iter().map(|pool| (pool.id.clone(), pool.unit.clone(), pool.settles)).collect::<Vec<_>>()
    };
    let fixed = [
        ("/currency", old.currency == new.currency, "the currency"),
        ("/time_zone", old.time_zone == new.time_zone, "the time zone"),
        ("/opens", old.opens == new.opens, "the opening time"),
        ("/budgets", counted_budgets(old) == counted_budgets(new), "what budgets count (their amounts may change)"),
        ("/pockets", old.pockets == new.pockets, "which pockets it uses"),
        ("/pools", shared_pools(old) == shared_pools(new), "which pools there are and when they settle"),
        ("/limits", counted_limits(old) == counted_limits(new), "what limits count (their amounts may change)"),
    ];
    let changed = fixed.into_iter().filter(|(_, same, _)| !same);
    changed
        .map(|(pointer, _, what)| Problem { pointer: pointer.into(), message: format!("{what} is fixed at start") })
        .collect()
}
