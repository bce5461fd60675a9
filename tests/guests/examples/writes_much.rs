//! Writes more than the log holds, to both streams, and then behaves. That is no fault.

largesse_guests::guest!(|input| {
    for line in 0..200 {
        println!("line {line} \u{1b}[31m {}", "x".repeat(100));
        eprintln!("error {line}");
    }
    largesse_guests::one_point(&input.event.occurred.local.day.to_string())
});
