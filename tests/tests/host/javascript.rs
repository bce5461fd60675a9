//! The policy in JavaScript beside the one in Rust. Building it takes another tool chain and is left to `make check-in-js`; what can be
//! compared without is compared here.

use std::path::Path;

use largesse_sdk::__private::Adapter;
use largesse_sdk::__private::exports::largesse::policy::policy::Guest;
use serde_json::Value;

#[test]
fn its_parameters_have_the_schema_of_the_policy_in_rust() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/check-in-js/src/params-schema.js");
    let text = std::fs::read_to_string(file).expect("the schema is there");
    let (_, schema) = text.split_once("export default ").expect("a module that exports the schema");
    let schema: Value = serde_json::from_str(schema.trim_end().trim_end_matches(';')).expect("it is written as JSON");
    let own = Adapter::<check_in::CheckIn>::describe().params_schema;
    let own: Value = serde_json::from_str(&own).expect("a schema is JSON");
    assert!(schema == own, "write it anew:\n\nexport default {own:#};");
}
