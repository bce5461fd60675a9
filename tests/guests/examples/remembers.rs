//! Behaves, and counts its calls in a static, which a fresh sandbox forgets.

use std::sync::atomic::{AtomicU64, Ordering};

static CALLS: AtomicU64 = AtomicU64::new(0);
static mut SECRET: [u8; 4096] = [0; 4096];

largesse_guests::guest!(|input| {
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    let owner = input.owner.id.as_bytes();
    let secret = &raw mut SECRET;
    // SAFETY: a guest has one thread.
    let left = unsafe { (*secret).iter().filter(|byte| **byte != 0).count() };
    // SAFETY: as above.
    unsafe { (&mut (*secret))[..owner.len()].copy_from_slice(owner) };
    let mut decision = largesse_guests::one_point("day")?;
    decision.note = format!("call {calls}, {left} bytes left by others");
    Ok(decision)
});
