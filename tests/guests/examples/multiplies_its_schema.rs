//! Behaves, but a value that is validated by its schema of parameters is validated 2^40 times. Not published.

use largesse_guests::types::Manifest;

struct Guest;

impl largesse_guests::Guest for Guest {
    fn describe() -> Manifest {
        let twice = |level: u32| {
            format!(r##""a{}":{{"allOf":[{{"$ref":"#/$defs/a{level}"}},{{"$ref":"#/$defs/a{level}"}}]}}"##, level + 1)
        };
        let levels: Vec<String> = (0..40).map(twice).collect();
        let schema = format!(r##"{{"$defs":{{"a0":{{"type":"object"}},{}}},"$ref":"#/$defs/a40"}}"##, levels.join(","));
        Manifest { params_schema: schema, ..largesse_guests::manifest() }
    }
}

largesse_guests::export_guest!(Guest);
