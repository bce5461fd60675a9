//! The `largesse` program: runs a host, and talks to one.
//!
//! Each noun has its file: arguments, requests, text. Data goes to standard output, everything else to standard error.
//! `host` is the composition root and knows nothing of arguments. Modules in reading order.
#![forbid(unsafe_code)]

mod args;
mod backtest;
mod failure;
mod output;
mod stopped;
mod table;
mod money;
mod config;
mod data_dir;
mod host;
mod open_files;
mod serve;
mod client;
mod listing;
mod policy;
mod programme;
mod campaign;
mod event;
mod explain;
mod decision;
mod customer;
mod redemption;
mod replay;
mod report;
mod reservation;
mod rollout;
mod runs;
mod grant;
mod unit;
mod watch;
mod pocket;
mod segment;
mod calendar;
mod ledger;
mod kind;
mod destination;
mod delivery;
mod messages;
mod job;
mod token;
mod showcase;
mod simulate;
mod formula;
mod quickstart;
mod demo;

use std::process::ExitCode;

/// Many small allocations on several threads: measured faster than the C library's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A compiling child must not read or start anything else before it has limited itself.
    if std::env::args_os().nth(1).is_some_and(|argument| argument == host::COMPILE_CHILD) {
        return largesse_engine::compile_child_main();
    }
    match args::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.kind.code())
        }
    }
}
