//! One caller that sends single events, alone and beside callers that send batches as fast as they are answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::durable::{Sender, folder, start, token};
use super::stats::{Times, rate};

const TIME: Duration = Duration::from_secs(5);
const SENDERS: usize = 8;
const BATCH: usize = 1_000;

pub(super) fn run() -> Result<()> {
    let folder = folder()?;
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder().handle();
    let server = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tokens = (0..=SENDERS).map(|number| token(&format!("token{number}"))).collect::<Result<Vec<_>>>()?;
    let (mut tokens, entries): (Vec<_>, Vec<_>) = tokens.into_iter().unzip();
    let (address, service) = server.block_on(start(folder.path(), &entries, metrics))?;
    println!("Milliseconds until a single event is answered, by a token of its own");
    println!("{:<44} {:>9} {:>9} {:>14}", "beside", "median", "99 %", "their events/s");
    let single = tokens.pop().unwrap_or_default();
    let measured = client.block_on(async {
        measure(address, &single, &[]).await?;
        measure(address, &single, &tokens).await
    });
    server.block_on(service.stop());
    measured
}

async fn measure(address: SocketAddr, single: &str, others: &[String]) -> Result<()> {
    let done = Arc::new(AtomicBool::new(false));
    let send = |token: &String| tokio::spawn(send_until(address, token.clone(), Arc::clone(&done)));
    let senders: Vec<_> = others.iter().map(send).collect();
    let (started, mut times) = (Instant::now(), Vec::new());
    let mut sender = Sender::connect(address, single.to_owned()).await?;
    while started.elapsed() < TIME {
        let asked = Instant::now();
        sender.send(1).await?;
        times.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    done.store(true, Ordering::Relaxed);
    let (elapsed, mut sent) = (started.elapsed(), 0);
    for sender in senders {
        sent += sender.await??;
    }
    let times = Times::from(times);
    let (median, most) = (times.micros(50) / 1e3, times.micros(99) / 1e3);
    let beside = format!("{} senders of batches of {BATCH}", others.len());
    println!("{beside:<44} {median:>9.1} {most:>9.1} {:>14.0}", rate(sent, elapsed));
    Ok(())
}

async fn send_until(address: SocketAddr, token: String, done: Arc<AtomicBool>) -> Result<usize> {
    let (mut sender, mut sent) = (Sender::connect(address, token).await?, 0);
    while !done.load(Ordering::Relaxed) {
        sender.send(BATCH).await?;
        sent += BATCH;
    }
    Ok(sent)
}
