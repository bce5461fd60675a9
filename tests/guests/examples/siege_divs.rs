//! Divides and takes roots without end: instructions that cost the fuel of an addition and many times its time.

use std::hint::black_box;

use largesse_guests::types::{Decision, Enquiry, Input, Manifest, Question, Refusal};

struct Guest;

impl largesse_guests::Guest for Guest {
    fn describe() -> Manifest {
        let mut manifest = largesse_guests::manifest();
        manifest.name = "siege-divs".to_owned();
        manifest.questions = vec![Question { name: "slow".to_owned(), data_schema: r#"{"type":"object"}"#.to_owned() }];
        manifest
    }

    fn misbehave(_input: Input) -> Result<Decision, Refusal> {
        divide();
        largesse_guests::one_point("day")
    }

    fn quote(enquiry: Enquiry) -> Result<String, Refusal> {
        divide();
        Ok(enquiry.data)
    }
}

/// Comes to no end: each value needs the one before it, and none is negative.
fn divide() {
    let mut value: f64 = black_box(1.0e9);
    let by: f64 = black_box(1.000_000_1);
    while value >= 0.0 {
        for _ in 0..64 {
            value = (value / by).sqrt() + 1.0e9;
        }
    }
}

largesse_guests::export_guest!(Guest);
