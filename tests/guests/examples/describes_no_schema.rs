//! Behaves, but what it calls the schema of its parameters is none.

use largesse_guests::types::Manifest;

struct Guest;

impl largesse_guests::Guest for Guest {
    fn describe() -> Manifest {
        Manifest { params_schema: r#"{"type":"objekt"}"#.to_owned(), ..largesse_guests::manifest() }
    }
}

largesse_guests::export_guest!(Guest);
