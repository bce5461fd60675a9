//! Prints the events of the demonstration: `cargo run -p largesse-tests --bin demo_day > demo/day.ndjson`.

fn main() {
    for line in largesse_tests::demo_day::lines() {
        println!("{line}");
    }
}
