//! Behaves, but takes a role from a field that no schema marks as a customer.

use largesse_guests::types::{Manifest, Needs, Role, Source};

struct Guest;

impl largesse_guests::Guest for Guest {
    fn describe() -> Manifest {
        let mut manifest = largesse_guests::manifest();
        let needs =
            Needs { attributes: Vec::new(), balances: Vec::new(), tags: false, standings: false, grants: false };
        let source = Source::CustomerAt("/friend".to_owned());
        manifest.roles.push(Role { name: "friend".to_owned(), source, needs });
        manifest
    }
}

largesse_guests::export_guest!(Guest);
