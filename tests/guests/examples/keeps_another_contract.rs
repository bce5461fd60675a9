//! Keeps a contract of another version. Refused when it is loaded.

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package largesse:policy@0.2.0;
            interface policy { decide: func() -> u32; }
            world campaign-policy { export policy; }
        ",
    });
}

struct Guest;

impl bindings::exports::largesse::policy::policy::Guest for Guest {
    fn decide() -> u32 {
        42
    }
}

bindings::export!(Guest with_types_in bindings);
