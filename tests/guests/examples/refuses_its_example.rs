//! Behaves, but shows parameters that it does not take.

use largesse_guests::types::Manifest;

struct Guest;

impl largesse_guests::Guest for Guest {
    fn describe() -> Manifest {
        let params_schema = r#"{"type":"object","examples":[{"wrong":1}]}"#.to_owned();
        Manifest { params_schema, ..largesse_guests::manifest() }
    }
}

largesse_guests::export_guest!(Guest);
