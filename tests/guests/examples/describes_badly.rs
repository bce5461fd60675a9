//! Says things of itself that are not allowed. Refused when it is loaded.

use largesse_guests::types::{Manifest, OwnerOf};

struct Guest;

impl largesse_guests::Guest for Guest {
    fn describe() -> Manifest {
        let mut manifest = largesse_guests::manifest();
        manifest.version = "one".to_owned();
        manifest.subscriptions[0].owner = OwnerOf::Party("nobody".to_owned());
        manifest
    }
}

largesse_guests::export_guest!(Guest);
