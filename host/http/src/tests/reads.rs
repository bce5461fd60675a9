//! Slow reads keep nobody waiting but other reads, and those not for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use largesse_domain::limits::READS_MAX;

use super::{Host, event};

/// Reads that last until they are let go.
#[derive(Clone, Default)]
struct Gate {
    entered: Arc<AtomicUsize>,
    is_open: Arc<AtomicBool>,
}

impl Gate {
    fn pass(&self) {
        self.entered.fetch_add(1, Ordering::SeqCst);
        while !self.is_open.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    async fn wait_for(&self, entered: usize) {
        while self.entered.load(Ordering::SeqCst) < entered {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_reads_leave_health_and_events_alone() {
    let (host, gate) = (Host::start(), Gate::default());
    let read = || {
        let (service, gate) = (Arc::clone(&host.state.service), gate.clone());
        tokio::spawn(async move {
            service
                .read(move |_| {
                    gate.pass();
                    Ok(())
                })
                .await
        })
    };
    let mut reads: Vec<_> = (1..READS_MAX).map(|_| read()).collect();
    gate.wait_for(READS_MAX - 1).await;
    assert_eq!(host.get("/v1/decisions").await.status, 200, "just below");
    reads.push(read());
    gate.wait_for(READS_MAX).await;
    let waits = host.get("/v1/decisions");
    let others = async {
        for path in ["/healthz", "/readyz"] {
            assert_eq!(host.ask(("", Method::GET, path), &[], Body::empty()).await.status, 200, "{path}");
        }
        assert_eq!(host.send(event("1")).await.status, 200);
    };
    let others = tokio::time::timeout(Duration::from_secs(2), others);
    let (waited, others) = tokio::join!(waits, others);
    others.expect("at once");
    assert_eq!(waited.problem(), (503, "busy"));
    assert_eq!(waited.headers["retry-after"], "1");
    gate.open();
    for read in reads {
        read.await.unwrap().unwrap();
    }
    assert_eq!(host.get("/v1/decisions").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_audit_runs_at_a_time() {
    let (host, gate) = (Host::start(), Gate::default());
    let audit = {
        let (service, gate) = (Arc::clone(&host.state.service), gate.clone());
        tokio::spawn(async move {
            service
                .read_all(move |store| {
                    gate.pass();
                    store.audit()
                })
                .await
        })
    };
    gate.wait_for(1).await;
    assert_eq!(host.get("/v1/ledger/audit").await.problem(), (503, "busy"));
    assert_eq!(host.get("/v1/transfers").await.status, 200, "other reads go on");
    gate.open();
    assert!(audit.await.unwrap().unwrap().is_ok());
    assert_eq!(host.get("/v1/ledger/audit").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_nobody_waits_for_gives_its_room_back_when_it_ends() {
    let (host, gate) = (Host::start(), Gate::default());
    for _ in 0..READS_MAX {
        let held = gate.clone();
        let read = host.state.service.read(move |_| {
            held.pass();
            Ok(())
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), read).await.is_err());
    }
    gate.wait_for(READS_MAX).await;
    gate.open();
    assert_eq!(host.get("/v1/decisions").await.status, 200);
}
