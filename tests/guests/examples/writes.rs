//! Writes to standard output without end.

largesse_guests::guest!(|_input| {
    loop {
        println!("{}\u{1b}[31m noise", "x".repeat(1_000));
    }
});
