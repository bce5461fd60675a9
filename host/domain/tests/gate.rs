//! Cost gates: what one customer may cost at the worst, and which rules allow it.

#[cfg(test)]
mod tests {
    use largesse_domain::budget::Limit;
    use largesse_domain::campaign::{OnFault, Settings, UnknownClaim};
    use largesse_domain::catalogue::{Catalogue, UnitTerms, Valuation};
    use largesse_domain::cost::{Span, problems};
    use largesse_domain::dimension::Dimension;
    use largesse_domain::gate::{Gate, GatePeriod, GateRule};
    use largesse_domain::json::Json;
    use largesse_domain::protection::FaultThreshold;
    use largesse_domain::referral::{Attribution, TouchRule};
    use largesse_domain::segment::Audience;
    use largesse_domain::time::{Day, Instant, LocalTime, Window};
    use largesse_domain::unit::{Currency, Quantity, SpendOrder};

    fn quantity(number: u64) -> Quantity {
        Quantity::new(number).unwrap()
    }

    fn settings(limits: Vec<Limit>, any_of: Vec<GateRule>) -> Settings {
        Settings {
            title: String::new(),
            currency: Currency::new("CNY").unwrap(),
            time_zone: "UTC".into(),
            opens: Instant::MIN,
            closes: None,
            closing_days: 30,
            audience: Audience::Everyone,
            subscriptions: None,
            unit_classes: None,
            attribution: Attribution { touch: TouchRule::First, window_days: 30, bind_on: Vec::new(), distance: None },
            unknown_claim: UnknownClaim::Deny,
            on_fault: OnFault::Skip,
            fault_threshold: FaultThreshold::default(),
            follow: false,
            budgets: Vec::new(),
            limits,
            pockets: Vec::new(),
            warn_at: Vec::new(),
            pools: Vec::new(),
            windows: Vec::new(),
            stacking: None,
            gate: Some(Gate { any_of }),
        }
    }

    fn limit(of: &str, window: Window, amount: u64) -> Limit {
        let of = of.parse().unwrap();
        Limit { of, per: Dimension::Customer, window, amount: Some(quantity(amount)), count: None }
    }

    /// A wash costs 20.00, a check-up 1,200.00, and 50 points a fen.
    fn catalogue() -> Catalogue {
        let terms = |(unit, amount, per): (&str, u64, u64)| {
            let currency = Currency::new("CNY").unwrap();
            let terms = UnitTerms {
                unit: unit.parse().unwrap(),
                title: String::new(),
                cost: Some(Valuation { amount: quantity(amount), per: quantity(per), currency }),
                value: None,
                stocked: false,
                valid_days: None,
                spend: SpendOrder::ExpiresFirst,
                grace_days: 30,
                redeem_minimum: None,
                terms: Json::empty_object(),
            };
            (terms.unit.clone(), terms)
        };
        let units = [("entitlement:wash", 2_000, 1), ("entitlement:check-up", 120_000, 1), ("points", 1, 50)];
        Catalogue { units: units.map(terms).into(), ..Catalogue::default() }
    }

    fn profit(holding: u64, per: GatePeriod) -> GateRule {
        GateRule::Profit { holding: quantity(holding), rate_basis_points: 200, per }
    }

    fn acquisition(most: u64) -> GateRule {
        GateRule::Acquisition { most: quantity(most) }
    }

    /// Whether a rule alone lets these limits through.
    fn passes(limits: &[Limit], rule: GateRule) -> bool {
        let found = problems(&settings(limits.to_vec(), vec![rule]), &catalogue(), None);
        assert!(found.iter().all(|problem| problem.pointer == "/gate"), "{found:?}");
        found.is_empty()
    }

    #[test]
    fn a_month_of_the_lowest_tier() {
        let monthly = |amount| [limit("cash:CNY", Window::Month, amount)];
        let earned = profit(1_000_000, GatePeriod::Month);
        assert!(passes(&monthly(1_500), earned));
        assert!(passes(&monthly(1_667), earned), "10,000.00 at 2% are 16.666... a month: 16.67");
        assert!(!passes(&monthly(1_668), earned));
        assert!(!passes(&monthly(2_000), earned));
        let once = |amount| [limit("cash:CNY", Window::Campaign, amount)];
        let won = acquisition(50_000);
        assert!(passes(&once(2_000), won) && passes(&once(50_000), won));
        assert!(!passes(&once(50_100), won) && !passes(&once(50_100), earned));
        let both = problems(&settings(once(2_000).to_vec(), vec![earned, won]), &catalogue(), None);
        assert_eq!(both, [], "one of them is enough");
    }

    #[test]
    fn washes_and_check_ups() {
        let washes = |number| [limit("entitlement:wash", Window::Campaign, number)];
        assert!(!passes(&washes(12), profit(1_000_000, GatePeriod::Year)), "240.00 against 200.00");
        assert!(passes(&washes(12), acquisition(50_000)));
        assert!(passes(&washes(25), acquisition(50_000)) && !passes(&washes(26), acquisition(50_000)));
        let monthly = [limit("entitlement:wash", Window::Month, 1)];
        assert!(!passes(&monthly, profit(1_000_000, GatePeriod::Year)), "the same twelve");
        assert!(passes(&monthly, profit(1_200_000, GatePeriod::Year)));
        let check_up = [limit("entitlement:check-up", Window::Campaign, 1)];
        assert!(!passes(&check_up, acquisition(50_000)));
        assert!(passes(&check_up, profit(10_000_000, GatePeriod::Year)), "1,200.00 against 2,000.00");
    }

    #[test]
    fn a_customer_has_to_be_worth_more_than_all_that_they_cost() {
        let once = |amount| [limit("cash:CNY", Window::Campaign, amount)];
        let [ltv, cac, coc] = [120_000, 10_000, 30_000].map(quantity);
        let rule = GateRule::Ltv { ltv, cac, coc };
        assert!(passes(&once(79_999), rule));
        assert!(!passes(&once(80_000), rule));
        assert!(!passes(&once(0), GateRule::Ltv { ltv, cac: ltv, coc: Quantity::ZERO }));
    }

    #[test]
    fn the_tightest_limit_of_a_unit_counts_and_units_add_up() {
        let figures = |limits: Vec<Limit>| {
            let found = problems(&settings(limits, vec![profit(0, GatePeriod::Month)]), &catalogue(), None);
            let message = found[0].message.rsplit(' ').next().unwrap().to_owned();
            message.parse::<u64>().unwrap()
        };
        let cash = |window, amount| limit("cash:CNY", window, amount);
        assert_eq!(figures(vec![cash(Window::Day, 10)]), 310);
        assert_eq!(figures(vec![cash(Window::Week, 10)]), 60);
        assert_eq!(figures(vec![cash(Window::Day, 10), cash(Window::Campaign, 100)]), 100);
        assert_eq!(
            figures(vec![cash(Window::Month, 7), limit("points", Window::Day, 10)]),
            7 + 7,
            "310 points are 6.2 fen"
        );
    }

    #[test]
    fn a_campaign_costs_no_more_than_while_it_gives() {
        let day = |day: i32, (month, weekday): (u8, u8)| LocalTime {
            day: Day(day),
            year: 2026,
            month,
            day_of_month: 1,
            weekday,
            iso_year: 2026,
            iso_week: 9,
            second_of_day: 0,
        };
        // From Sunday 1 March 2026 to Monday 9 March.
        let span: Option<Span> = Some((day(20_513, (3, 7)), day(20_521, (3, 1))));
        let cost = |window| {
            let limits = vec![limit("cash:CNY", window, 10)];
            let passes =
                |most: u64| problems(&settings(limits.clone(), vec![acquisition(most)]), &catalogue(), span).is_empty();
            (0..200).find(|most| passes(*most)).unwrap()
        };
        assert_eq!([Window::Day, Window::Week, Window::Month, Window::Campaign].map(cost), [90, 30, 10, 10]);
        let endless = settings(vec![limit("cash:CNY", Window::Month, 1)], vec![acquisition(50_000)]);
        assert!(problems(&endless, &catalogue(), None)[0].message.contains("no bound"));
    }

    #[test]
    fn limits_that_do_not_bound_the_cost_are_named() {
        let counted = Limit { amount: None, count: Some(1), ..limit("points", Window::Day, 1) };
        let device = Limit { per: Dimension::Device, ..limit("entitlement:wash", Window::Day, 1) };
        let limits = vec![
            limit("cash:CNY", Window::Day, 1),
            limit("coupon:tea", Window::Day, 1),
            limit("item", Window::Day, 1),
            counted.clone(),
            device.clone(),
            limit("cash:USD", Window::Day, 1),
        ];
        let pointers = |limits| -> Vec<String> {
            let found = problems(&settings(limits, vec![acquisition(50_000)]), &catalogue(), None);
            found.into_iter().map(|problem| problem.pointer).collect()
        };
        assert_eq!(pointers(limits), ["/limits/1", "/limits/2", "/limits/3", "/limits/4", "/limits/5"]);
        let bound = [limit("points", Window::Campaign, 1), limit("entitlement:wash", Window::Campaign, 1)];
        let none: [&str; 0] = [];
        assert_eq!(pointers([vec![counted, device], bound.to_vec()].concat()), none, "others may stand beside");
        let mut open = settings(vec![limit("item", Window::Day, 1)], Vec::new());
        open.gate = None;
        assert_eq!(problems(&open, &catalogue(), None), []);
    }
}
