//! The edges of the formulas; `docs/formulas.md` has an example of each, which the command line's tests calculate.

#[cfg(test)]
mod tests {
    use largesse_domain::formulas::{
        Boost, Quadrant, Spending, boost_cost, core_count, expected_life, funnel, is_worth_it, mean, pieces_within,
        share, split, sum,
    };
    use largesse_domain::ratio::{Ratio, Undefined};

    fn ratio(text: &str) -> Ratio {
        text.parse().unwrap()
    }

    fn ratios(text: &str) -> Vec<Ratio> {
        text.split(' ').map(ratio).collect()
    }

    #[test]
    fn what_cannot_be_is_no_number() {
        for (calculated, why) in [
            (share(ratio("3"), ratio("2")), Undefined::Meaningless),
            (share(ratio("-1"), ratio("2")), Undefined::Meaningless),
            (share(Ratio::ZERO, Ratio::ZERO), Undefined::DividedByNothing),
            (share(Ratio::ONE, Ratio::ZERO), Undefined::DividedByNothing),
            (expected_life(Ratio::ZERO), Undefined::DividedByNothing),
            (mean(ratio("9"), Ratio::ZERO), Undefined::DividedByNothing),
            (funnel(&ratios("0.5 1.1")), Undefined::Meaningless),
            (pieces_within(ratio("10"), Ratio::ZERO), Undefined::DividedByNothing),
            (pieces_within(ratio("-10"), ratio("1")), Undefined::Meaningless),
        ] {
            assert_eq!(calculated, Err(why));
        }
        assert_eq!(split(9, &[]), Err(Undefined::DividedByNothing));
        assert_eq!(split(9, &ratios("0 0")), Err(Undefined::DividedByNothing));
        assert_eq!(split(9, &ratios("1 -1")), Err(Undefined::Meaningless));
        assert_eq!(core_count(&ratios("0 0"), ratio("80%")), Err(Undefined::DividedByNothing));
        assert_eq!(core_count(&ratios("1 2"), ratio("2")), Err(Undefined::Meaningless));
    }

    #[test]
    fn parts_add_up_and_the_greatest_remainder_comes_first() {
        assert_eq!(split(10, &ratios("1 1 1")), Ok(ratios("4 3 3")));
        assert_eq!(split(10, &ratios("0.14 0.35 0.51")), Ok(ratios("1 4 5")), "1.4, 3.5 and 5.1");
        for total in 0..50 {
            let parts = split(total, &ratios("1/3 0.7 2 0")).unwrap();
            assert_eq!(sum(&parts), Ok(Ratio::whole(total)), "{parts:?}");
            assert_eq!(parts[3], Ratio::ZERO);
        }
    }

    #[test]
    fn the_core_is_as_small_as_it_can_be() {
        let count = |revenues: &str, share: &str| core_count(&ratios(revenues), ratio(share)).unwrap();
        assert_eq!(count("1 40 3 40 4 3 3 2 2 2", "80%"), 2, "in any order");
        assert_eq!(count("1 40 3 40 4 3 3 2 2 2", "80.1%"), 3);
        assert_eq!((count("5 0 5", "100%"), count("5 0 5", "0%")), (2, 0));
    }

    #[test]
    fn grades_have_their_cuts() {
        assert_eq!(
            ["2.99", "3", "3.01"].map(|value| Spending::of(ratio(value))),
            [Spending::Inefficient, Spending::Best, Spending::TooCareful]
        );
        let grade = |brought: &str, converted: &str| {
            Quadrant::of(ratio(brought), ratio("50"), ratio(converted), ratio("10%")).unwrap()
        };
        assert_eq!((grade("50", "5"), grade("50", "4")), (Quadrant::ManyGood, Quadrant::ManyPoor));
        assert_eq!((grade("49", "5"), grade("49", "4")), (Quadrant::FewGood, Quadrant::FewPoor));
        let [value, cac, coc] = ["1200", "100", "300"].map(ratio);
        assert_eq!(["799", "800"].map(|benefit| is_worth_it(value, cac, coc, ratio(benefit)).unwrap()), [true, false]);
    }

    #[test]
    fn a_raise_costs_no_more_than_its_caps() {
        let cost = |principal: &str, raise: &str| {
            let (principal, cap, raise, ceiling) = (ratio(principal), ratio("100000"), ratio(raise), ratio("0.3%"));
            boost_cost(Boost { principal, cap, raise, ceiling, days: ratio("365") }).unwrap()
        };
        assert_eq!(
            [cost("50000", "0.1%"), cost("150000", "0.1%"), cost("150000", "0.4%")],
            [ratio("50"), ratio("100"), ratio("300")]
        );
    }
}
