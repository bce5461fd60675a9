//! The code of `docs/authors/parameters.md`, as it stands there.

use largesse_sdk::{BenefitParam, Problem, Problems, Tag, json};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an operator sets.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = Params::example())]
struct Params {
    /// How many orders it takes.
    #[schemars(range(min = 1, max = 50))]
    orders: u32,
    /// A tag for whoever gets there.
    #[serde(default)]
    tag: Option<Tag>,
    /// What is given then.
    reward: BenefitParam,
    /// Orders below this do not count, in minor units of the campaign's currency.
    #[serde(default)]
    least: u64,
}

impl Params {
    /// Shown to operators, and what `largesse policy check` begins with.
    fn example() -> Self {
        Self { orders: 3, tag: None, reward: BenefitParam::units("points", 20), least: 0 }
    }

    /// What the schema cannot say.
    fn check(&self) -> Result<(), Vec<Problem>> {
        let mut problems = Problems::new();
        problems.extend(self.reward.problems("/reward"));
        let single = self.orders == 1 && self.least == 0;
        problems.unless(!single, "/least", "must be more than 0 when a single order is rewarded");
        problems.done()
    }
}

#[test]
fn parameters_say_what_is_wrong_with_them() {
    let schema = schemars::schema_for!(Params).to_value();
    assert_eq!(schema["examples"][0]["reward"], json!({"unit": "points", "quantity": 20}));
    assert_eq!(
        (&schema["properties"]["orders"]["maximum"], &schema["additionalProperties"]),
        (&json!(50), &json!(false))
    );
    let mut params = Params::example();
    assert_eq!(params.check(), Ok(()));
    (params.orders, params.reward.quantity) = (1, None);
    let problems = params.check().unwrap_err();
    let pointers: Vec<&str> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(pointers, ["/reward/quantity", "/least"]);
}
