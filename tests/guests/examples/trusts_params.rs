//! Behaves, but takes any number for one that it can count with.

use largesse_guests::types::{Manifest, Offer, Problem};

struct Guest;

impl largesse_guests::Guest for Guest {
    fn describe() -> Manifest {
        let params_schema =
            r#"{"type":"object","properties":{"every":{"type":"integer"}},"examples":[{"every":7}]}"#.to_owned();
        Manifest { params_schema, ..largesse_guests::manifest() }
    }

    fn check(params: String) -> Result<Vec<Offer>, Vec<Problem>> {
        let digits: String = params.chars().filter(char::is_ascii_digit).collect();
        let every: u32 = digits.parse().expect("a number of days");
        assert!(7 % every < every);
        Ok(Vec::new())
    }
}

largesse_guests::export_guest!(Guest);
