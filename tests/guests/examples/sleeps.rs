//! Sleeps for a minute.

use std::time::Duration;

largesse_guests::guest!(|_input| {
    std::thread::sleep(Duration::from_secs(60));
    largesse_guests::one_point("day")
});
