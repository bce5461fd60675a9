//! Declares a schema of its parameters that takes a page to write and for ever to evaluate: each of forty levels asks twice for the one
//! before it.

use largesse_guests::types::Manifest;

struct Guest;

impl largesse_guests::Guest for Guest {
    fn describe() -> Manifest {
        let mut manifest = largesse_guests::manifest();
        manifest.name = "siege-schema".to_owned();
        let reference = |level: usize| format!(r##"{{"$ref":"#/$defs/a{level}"}}"##);
        let level = |level: usize| {
            let before = reference(level - 1);
            format!(r#","a{level}":{{"allOf":[{before},{before}]}}"#)
        };
        let levels: String = (1..=40).map(level).collect();
        manifest.params_schema = format!(r##"{{"$defs":{{"a0":{{"type":"object"}}{levels}}},"$ref":"#/$defs/a40"}}"##);
        manifest
    }
}

largesse_guests::export_guest!(Guest);
