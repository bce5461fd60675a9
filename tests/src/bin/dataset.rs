//! Turns a public data set into a file of events: `dataset berka FOLDER -o berka.ndjson.gz`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use flate2::{Compression, write::GzEncoder};
use largesse_tests::dataset::{self, Dataset};

/// Turns a public data set, as it is published, into events: CloudEvents, one JSON object a line.
#[derive(Parser)]
struct Arguments {
    /// Which data set.
    dataset: Which,
    /// The folder with its files, packed with gzip or not.
    folder: PathBuf,
    /// The file to write; packed when its name ends in `.gz`.
    #[arg(short, long)]
    output: PathBuf,
    /// Of the bank's transactions, take only so many rows from the top of the file.
    #[arg(long, value_name = "ROWS")]
    max_transactions: Option<usize>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    Berka,
    Cdnow,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let dataset = match arguments.dataset {
        Which::Berka => Dataset::Berka,
        Which::Cdnow => Dataset::Cdnow,
    };
    let path = &arguments.output;
    let file = BufWriter::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?);
    let convert =
        |out: &mut dyn Write| dataset::convert_folder(dataset, &arguments.folder, arguments.max_transactions, out);
    let summary = if path.extension().is_some_and(|extension| extension == "gz") {
        let mut out = GzEncoder::new(file, Compression::best());
        let summary = convert(&mut out)?;
        out.finish()?.flush()?;
        summary
    } else {
        let mut out = file;
        let summary = convert(&mut out)?;
        out.flush()?;
        summary
    };
    println!("{summary}\nwritten to {}", path.display());
    Ok(())
}
