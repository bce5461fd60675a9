//! Campaigns: which revision decides, who belongs, what keeps one from starting, what is fixed once it has started.

#[cfg(test)]
mod tests {
    use largesse_domain::activation::Activations;
    use largesse_domain::allocation::{UsedOf, allocations, problems, problems_of_pocket};
    use largesse_domain::budget::{Budget, Limit};
    use largesse_domain::campaign::{Campaign, OnFault, Revision, Settings, UnknownClaim};
    use largesse_domain::catalogue::{Catalogue, Pocket};
    use largesse_domain::check::{problems_at_start, problems_of_change};
    use largesse_domain::dimension::Dimension;
    use largesse_domain::effect::EffectKind;
    use largesse_domain::id::{CampaignId, Digest, PocketId, PolicyName, PolicyVersion, RoleName, SubscriptionName};
    use largesse_domain::json::Json;
    use largesse_domain::lifecycle::{Lifecycle, Phase};
    use largesse_domain::policy::{Manifest, OwnerOf, Subscription};
    use largesse_domain::protection::FaultThreshold;
    use largesse_domain::recurring::{Hours, RecurringWindow};
    use largesse_domain::referral::{Attribution, TouchRule};
    use largesse_domain::segment::Audience;
    use largesse_domain::time::{Day, Instant, LocalTime, Window};
    use largesse_domain::unit::{Currency, Quantity, UnitClass};

    fn at(millis: i64) -> Instant {
        Instant::from_millis(millis).unwrap()
    }

    fn settings() -> Settings {
        Settings {
            title: "Test".into(),
            currency: Currency::new("CNY").unwrap(),
            time_zone: "Asia/Shanghai".into(),
            opens: at(1_000),
            closes: Some(at(2_000)),
            closing_days: 30,
            audience: Audience::Everyone,
            subscriptions: None,
            unit_classes: None,
            attribution: Attribution { touch: TouchRule::First, window_days: 30, bind_on: Vec::new(), distance: None },
            unknown_claim: UnknownClaim::Deny,
            on_fault: OnFault::Skip,
            fault_threshold: FaultThreshold::default(),
            follow: false,
            budgets: vec![budget("points", 100)],
            limits: vec![limit("points", Window::Day)],
            pockets: Vec::new(),
            warn_at: vec![80, 100],
            pools: Vec::new(),
            windows: Vec::new(),
            stacking: None,
            gate: None,
        }
    }

    fn budget(of: &str, total: u64) -> Budget {
        Budget { of: of.parse().unwrap(), total: Quantity::new(total).unwrap(), per_day: None }
    }

    fn limit(of: &str, window: Window) -> Limit {
        Limit { of: of.parse().unwrap(), per: Dimension::Customer, window, amount: None, count: Some(1) }
    }

    fn manifest(classes: &[UnitClass]) -> Manifest {
        let subscription = Subscription {
            name: SubscriptionName::new("paid").unwrap(),
            kind: "order.paid".parse().unwrap(),
            owner: OwnerOf::Party(RoleName::new("actor").unwrap()),
            about: None,
        };
        Manifest {
            name: PolicyName::new("gift").unwrap(),
            version: PolicyVersion::new("1.0.0").unwrap(),
            summary: String::new(),
            params_schema: Json::empty_object(),
            state_writes: 1,
            state_reads: vec![1],
            roles: Vec::new(),
            subscriptions: vec![subscription],
            effects: vec![EffectKind::Grant],
            unit_classes: classes.to_vec(),
            questions: Vec::new(),
        }
    }

    fn campaign(lifecycle: Lifecycle, effective: &[i64]) -> Campaign {
        let revision = |(index, from): (usize, &i64)| Revision {
            number: u32::try_from(index).unwrap() + 1,
            effective_from: at(*from),
            params: Json::empty_object(),
        };
        let revisions: Vec<_> = effective.iter().enumerate().map(revision).collect();
        let numbers = revisions.iter().map(|revision| revision.number).collect();
        Campaign {
            id: CampaignId::new("c").unwrap(),
            version: 1,
            lifecycle,
            settings: settings(),
            revisions,
            activations: Activations::first(Digest::from_bytes([0; 32]), numbers, Instant::MIN),
            rollout: None,
            rollouts: 0,
        }
    }

    #[test]
    fn the_latest_revision_that_is_effective_decides() {
        let campaign = campaign(Lifecycle::Running, &[1_000, 1_500, 1_200]);
        let number = |numbers: &[u32], time: i64| campaign.revision_at(numbers, at(time)).number;
        let all = |time| number(&[1, 2, 3], time);
        assert_eq!([500, 1_000, 1_199, 1_200, 1_499, 1_500, 9_999].map(all), [1, 1, 1, 3, 3, 3, 3]);
        assert_eq!(campaign.latest().number, 3);
        let later = self::campaign(Lifecycle::Running, &[1_000, 1_200, 1_500]);
        let all = |time| later.revision_at(&[1, 2, 3], at(time)).number;
        assert_eq!([1_199, 1_200, 1_499, 1_500].map(all), [1, 2, 2, 3]);
        assert_eq!([1_199, 1_500].map(|time| number(&[2, 3], time)), [2, 3], "a version that does not take the first");
        assert_eq!([1_199, 1_500].map(|time| number(&[1, 2], time)), [1, 2]);
    }

    #[test]
    fn it_takes_events_while_it_lives_and_rewards_those_from_before_its_end() {
        for (lifecycle, takes) in [
            (Lifecycle::Draft, false),
            (Lifecycle::Scheduled, false),
            (Lifecycle::Running, true),
            (Lifecycle::Paused, true),
            (Lifecycle::Closing, true),
            (Lifecycle::Ended, false),
        ] {
            let campaign = campaign(lifecycle, &[1_000]);
            assert_eq!(campaign.takes(at(1_000)), takes, "{lifecycle:?}");
            assert!(!campaign.takes(at(999)), "{lifecycle:?}");
        }
        let campaign = campaign(Lifecycle::Closing, &[1_000]);
        assert!(campaign.grants_for(at(1_999)) && !campaign.grants_for(at(2_000)));
    }

    #[test]
    fn its_phase_is_that_of_the_event() {
        let new_year = LocalTime {
            day: Day(20_454),
            year: 2026,
            month: 1,
            day_of_month: 1,
            weekday: 4,
            iso_year: 2026,
            iso_week: 1,
            second_of_day: 0,
        };
        let phase = |lifecycle, dates: &[&str]| {
            let mut campaign = campaign(lifecycle, &[1_000]);
            campaign.settings.windows.extend(dates.iter().map(|date| RecurringWindow {
                months: Vec::new(),
                month_days: Vec::new(),
                weekdays: Vec::new(),
                dates: vec![date.parse().unwrap()],
                hours: Hours::WHOLE_DAY,
            }));
            campaign.phase(&new_year)
        };
        assert_eq!(phase(Lifecycle::Running, &[]), Phase::Open);
        assert_eq!(phase(Lifecycle::Running, &["01-02", "01-01"]), Phase::Open);
        assert_eq!(phase(Lifecycle::Running, &["01-02"]), Phase::Between);
        assert_eq!(phase(Lifecycle::Closing, &["01-02"]), Phase::Closing);
        assert_eq!(phase(Lifecycle::Closing, &["01-01"]), Phase::Closing);
    }

    #[test]
    fn it_starts_only_with_a_budget_and_a_limit_for_each_class() {
        let budgets = vec![Budget { of: "item".parse().unwrap(), total: Quantity::ONE, per_day: None }];
        let id: PocketId = "shared".parse().unwrap();
        let (title, warn_at) = (String::new(), Vec::new());
        let (opens, closes, allocates) = (None, None, false);
        let pocket = Pocket { id: id.clone(), title, budgets, warn_at, opens, closes, allocates };
        let catalogue = Catalogue { pockets: [(id.clone(), pocket)].into(), ..Catalogue::default() };
        let pointers = |settings: &Settings, classes: &[UnitClass]| -> Vec<String> {
            let used = settings.unit_classes.as_deref().unwrap_or(classes);
            let problems = problems_at_start(settings, &manifest(classes), &catalogue, used);
            problems.into_iter().map(|problem| problem.pointer).collect()
        };
        let mut settings = settings();
        assert_eq!(pointers(&settings, &[UnitClass::Item]), ["/budgets", "/limits"]);
        settings.pockets = vec![id];
        assert_eq!(pointers(&settings, &[UnitClass::Item]), ["/limits"], "a pocket's budget is one");
        assert!(pointers(&settings, &[UnitClass::Points]).is_empty());
        assert_eq!(pointers(&settings, &[UnitClass::Points, UnitClass::Cash]), ["/budgets", "/limits"]);
        settings.budgets.push(budget("cash:CNY", 5));
        assert_eq!(pointers(&settings, &[UnitClass::Points, UnitClass::Cash]), ["/limits"]);
        settings.unit_classes = Some(vec![UnitClass::Points]);
        assert!(pointers(&settings, &[UnitClass::Points, UnitClass::Cash]).is_empty());
    }

    #[test]
    fn a_pocket_is_set_apart_by_campaigns_that_are_not_over() {
        let id = PocketId::new("theme").unwrap();
        let (title, warn_at) = (String::new(), Vec::new());
        let budgets = vec![budget("points", 300), budget("coupon:a", 10)];
        let mut theme = Pocket { id: id.clone(), title, budgets, warn_at, opens: None, closes: None, allocates: true };
        let child = |lifecycle, budgets: &[Budget]| {
            let mut campaign = campaign(lifecycle, &[1_000]);
            campaign.settings.pockets = vec![id.clone()];
            campaign.settings.budgets = budgets.to_vec();
            campaign
        };
        let own = [budget("points", 100), budget("coupon", 4)];
        let campaigns = [
            child(Lifecycle::Draft, &own),
            child(Lifecycle::Scheduled, &own),
            child(Lifecycle::Closing, &own),
            child(Lifecycle::Ended, &own),
            campaign(Lifecycle::Running, &[1_000]),
        ];
        // The one that is over has used 30 points and a coupon.
        let used: UsedOf<'_> = &|_, of| Quantity::new(if of.to_string() == "coupon" { 1 } else { 30 }).unwrap();
        let left: Vec<u64> =
            allocations(&theme, campaigns.iter(), used).iter().map(|allocation| allocation.left().get()).collect();
        assert_eq!(left, [70, 1], "a budget for the class holds for the unit");

        let mut catalogue = Catalogue::default();
        catalogue.pockets.insert(id.clone(), theme.clone());
        let asks = |budgets: &[Budget]| {
            let problems = problems(&child(Lifecycle::Draft, budgets).settings, &catalogue, campaigns.iter(), used);
            problems.into_iter().map(|problem| problem.pointer).collect::<Vec<_>>()
        };
        assert!(asks(&[budget("points", 70), budget("coupon:a", 1)]).is_empty());
        assert_eq!(asks(&[budget("coupon:a", 2), budget("points", 71)]), ["/budgets/1/total", "/budgets/0/total"]);
        assert_eq!(asks(&[budget("coupon:b", 1)]), ["/budgets", "/budgets"]);

        let pointers = |theme: &Pocket| {
            let problems = problems_of_pocket(theme, campaigns.iter(), used);
            problems.into_iter().map(|problem| problem.pointer).collect::<Vec<_>>()
        };
        theme.budgets[0] = budget("points", 230);
        assert!(pointers(&theme).is_empty());
        theme.budgets[0] = budget("points", 229);
        assert_eq!(pointers(&theme), ["/budgets/0/total"]);
        theme.budgets[0] = budget("cash", 200);
        assert_eq!(pointers(&theme), ["/allocates", "/allocates"], "neither has money to set apart");
        theme.allocates = false;
        assert!(pointers(&theme).is_empty());
    }

    #[test]
    fn what_is_counted_is_fixed_and_how_much_is_not() {
        type Change = fn(&mut Settings);
        let changes: [(Change, &[&str]); 11] = [
            (|_| {}, &[]),
            (|new| new.budgets[0].total = Quantity::MAX, &[]),
            (|new| new.limits[0].count = Some(9), &[]),
            (|new| new.closes = None, &[]),
            (|new| new.currency = Currency::new("USD").unwrap(), &["/currency"]),
            (|new| new.time_zone = "UTC".into(), &["/time_zone"]),
            (|new| new.opens = at(1_001), &["/opens"]),
            (|new| new.budgets[0].per_day = Some(Quantity::MAX), &["/budgets"]),
            (|new| new.limits[0].window = Window::Week, &["/limits"]),
            (|new| new.budgets.push(budget("cash:CNY", 1)), &["/budgets"]),
            (
                |new| {
                    new.limits.clear();
                    new.budgets.clear();
                },
                &["/budgets", "/limits"],
            ),
        ];
        for (index, (change, expected)) in changes.into_iter().enumerate() {
            let mut new = settings();
            change(&mut new);
            let problems = problems_of_change(&settings(), &new);
            let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
            assert_eq!(pointers, expected, "change {index}");
        }
    }
}
