//! `wasi:clocks` and `wasi:io/poll`: time stands still at the decision's `now`, and nobody waits for it to pass.

use wasmtime::component::{ComponentType, Lift, Linker, Lower, Resource, ResourceType};
use wasmtime::{Result, StoreContextMut};

use super::{Forbidden, charge, versioned};
use crate::sandbox::World;

/// What a guest may ask to wait for.
pub(super) struct Pollable;

/// A [`Pollable`] that is ready: a stream.
pub(super) const READY: u32 = 1;
/// A [`Pollable`] that never is: a time to come.
const NEVER: u32 = 2;

const NO_WAITING: Forbidden = Forbidden("the policy tried to wait (sleep or poll), which no policy can");

#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

type Caller<'a> = StoreContextMut<'a, World>;

pub(super) fn add_to(linker: &mut Linker<World>) -> Result<()> {
    wall_clock(linker)?;
    monotonic_clock(linker)?;
    poll(linker)
}

fn wall_clock(linker: &mut Linker<World>) -> Result<()> {
    let mut clock = linker.instance(&versioned("wasi:clocks/wall-clock"))?;
    clock.func_wrap("now", |mut store: Caller<'_>, (): ()| {
        charge(&mut store, 0)?;
        let millis = store.data().now_millis();
        let nanoseconds = u32::try_from(millis % 1_000).unwrap_or(0) * 1_000_000;
        Ok((Datetime { seconds: millis / 1_000, nanoseconds },))
    })?;
    clock.func_wrap("resolution", |mut store: Caller<'_>, (): ()| {
        charge(&mut store, 0)?;
        Ok((Datetime { seconds: 0, nanoseconds: 1_000_000 },))
    })
}

fn monotonic_clock(linker: &mut Linker<World>) -> Result<()> {
    let mut clock = linker.instance(&versioned("wasi:clocks/monotonic-clock"))?;
    clock.func_wrap("now", |mut store: Caller<'_>, (): ()| {
        charge(&mut store, 0)?;
        Ok((store.data().now_millis().saturating_mul(1_000_000),))
    })?;
    clock.func_wrap("resolution", |mut store: Caller<'_>, (): ()| {
        charge(&mut store, 0)?;
        Ok((1_000_000_u64,))
    })?;
    for function in ["subscribe-instant", "subscribe-duration"] {
        clock.func_wrap(function, |mut store: Caller<'_>, _: (u64,)| {
            charge(&mut store, 0)?;
            Ok((Resource::<Pollable>::new_own(NEVER),))
        })?;
    }
    Ok(())
}

fn poll(linker: &mut Linker<World>) -> Result<()> {
    let mut poll = linker.instance(&versioned("wasi:io/poll"))?;
    poll.resource("pollable", ResourceType::host::<Pollable>(), |_, _| Ok(()))?;
    poll.func_wrap("[method]pollable.ready", |mut store: Caller<'_>, (pollable,): (Resource<Pollable>,)| {
        charge(&mut store, 0)?;
        Ok((pollable.rep() == READY,))
    })?;
    poll.func_wrap("[method]pollable.block", |mut store: Caller<'_>, (pollable,): (Resource<Pollable>,)| {
        charge(&mut store, 0)?;
        if pollable.rep() == READY { Ok(()) } else { Err(NO_WAITING.into()) }
    })?;
    poll.func_wrap("poll", |mut store: Caller<'_>, (pollables,): (Vec<Resource<Pollable>>,)| {
        charge(&mut store, pollables.len() as u64)?;
        let ready: Vec<u32> =
            (0..).zip(&pollables).filter(|(_, pollable)| pollable.rep() == READY).map(|(index, _)| index).collect();
        if ready.is_empty() { Err(NO_WAITING.into()) } else { Ok((ready,)) }
    })
}
