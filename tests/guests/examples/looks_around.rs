//! Behaves, and writes down what it can see of the world outside.

use std::collections::HashMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

largesse_guests::guest!(|_input| {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).map(|since| since.as_millis());
    println!("wall {wall:?}");
    let start = Instant::now();
    println!("passed {:?}", start.elapsed());
    println!("args {:?}", std::env::args().collect::<Vec<_>>());
    println!("variables {:?}", std::env::vars().collect::<Vec<_>>());
    println!("file {:?}", std::fs::read("/etc/passwd").map(|bytes| bytes.len()).is_ok());
    println!("written {:?}", std::fs::write("/tmp/largesse", "x").is_ok());
    let mut line = String::new();
    println!("input {:?} {line:?}", std::io::stdin().read_line(&mut line).ok());
    // The order of a hash map follows the random numbers that the host gives.
    let map: HashMap<u32, ()> = (0..16).map(|number| (number, ())).collect();
    println!("order {:?}", map.keys().collect::<Vec<_>>());
    largesse_guests::one_point("day")
});
