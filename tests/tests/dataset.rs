//! The converter gives the shipped files of events, line for line. Needs the data sets: set `LARGESSE_DATA` to a folder that
//! has `berka.ndjson.gz`, `cdnow.ndjson.gz` and, in `raw/`, the published files.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use largesse_tests::dataset::{self, Dataset};

fn compare(dataset: Dataset, shipped: &str, events: u64) {
    let Some(folder) = std::env::var_os("LARGESSE_DATA") else {
        // Past the test runner, which keeps what passing tests print.
        let note = format!("skipped {shipped}: LARGESSE_DATA is not set, so there is no data set to convert\n");
        std::io::stderr().write_all(note.as_bytes()).expect("standard error is open");
        return;
    };
    let folder = Path::new(&folder);
    let mut converted = Vec::new();
    let summary =
        dataset::convert_folder(dataset, &folder.join("raw"), None, &mut converted).expect("the data sets can be read");
    assert_eq!(summary.total(), events);
    let mut expected = String::new();
    let file = File::open(folder.join(shipped)).expect("LARGESSE_DATA has the shipped events");
    MultiGzDecoder::new(file).read_to_string(&mut expected).expect("the shipped events are packed with gzip");
    let converted = String::from_utf8(converted).expect("JSON is UTF-8");
    for (number, (ours, theirs)) in converted.lines().zip(expected.lines()).enumerate() {
        assert_eq!(ours, theirs, "line {}", number + 1);
    }
    assert_eq!(converted.lines().count(), expected.lines().count());
}

#[test]
fn the_bank() {
    compare(Dataset::Berka, "berka.ndjson.gz", 56_540);
}

#[test]
fn the_shop() {
    compare(Dataset::Cdnow, "cdnow.ndjson.gz", 93_203);
}
