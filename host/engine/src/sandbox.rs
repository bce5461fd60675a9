//! One call of a policy: a fresh store with every limit set, thrown away afterwards.
//!
//! This is the only place where a store is made, so no policy ever runs without limits.

use largesse_domain::decision::{Fault, FaultKind};
use largesse_domain::limits::{
    CORE_INSTANCES_MAX, GUEST_MEMORY_BYTES_MAX, HANDLES_MAX, MEMORIES_MAX, OUTPUT_BYTES_MAX, TABLE_ELEMENTS_MAX,
    TABLES_MAX,
};
use largesse_domain::time::Instant;
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, Instance, InstancePre, Lift, Lower, TypedFunc};
use wasmtime::{PoolConcurrencyLimitError, ResourceLimiter, Store, Trap, WasmBacktrace};

use crate::child;
use crate::log::Log;
use crate::ticker;
use crate::wasi::{Forbidden, Random};

/// What a call may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// Fuel, in wasmtime's units.
    pub(crate) fuel: u64,
    /// Wall time, in milliseconds.
    pub(crate) millis: u64,
}

/// What a guest can learn of the world besides its arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings {
    /// What clocks say.
    pub(crate) now: Instant,
    /// What random numbers follow from.
    pub(crate) seed: u64,
}

/// What came of a call.
pub(crate) struct Run<T> {
    pub(crate) result: Result<T, Fault>,
    pub(crate) fuel: u64,
    /// Linear memory at its end, which is the most that there was, in bytes.
    pub(crate) memory_bytes: usize,
    pub(crate) log: String,
}

/// The host's side of one call.
pub(crate) struct World {
    pub(crate) log: Log,
    pub(crate) random: Random,
    now: Instant,
    limits: Limits,
}

impl World {
    fn new(surroundings: Surroundings) -> Self {
        Self {
            log: Log::default(),
            random: Random::new(surroundings.seed),
            now: surroundings.now,
            limits: Limits::default(),
        }
    }

    /// The decision's time in milliseconds since 1970; clocks cannot say less than nothing.
    pub(crate) fn now_millis(&self) -> u64 {
        u64::try_from(self.now.as_millis()).unwrap_or(0)
    }
}

/// Calls one exported function in a fresh sandbox.
pub(crate) fn call<P, R>(
    component: &InstancePre<World>,
    function: &ComponentExportIndex,
    arguments: P,
    surroundings: Surroundings,
    budget: Budget,
) -> Run<R>
where
    P: ComponentNamedList + Lower + Send + Sync,
    R: ComponentNamedList + Lift + Send + Sync + 'static,
{
    let mut store = new_store(component, surroundings);
    let result = run(&mut store, component, function, arguments, budget);
    let fuel = budget.fuel.saturating_sub(store.get_fuel().unwrap_or(0));
    let world = store.data();
    let result = result.map_err(|stop| world.fault(&stop, budget));
    Run { result, fuel, memory_bytes: world.limits.memory_bytes, log: world.log.text() }
}

/// Makes one sandbox, without calling anything in it, so that types of functions can be looked at. What `look` finds
/// wrong is returned as it is; the fault is that of a component that does not even start.
pub(crate) fn look(
    component: &InstancePre<World>,
    surroundings: Surroundings,
    budget: Budget,
    look: impl FnOnce(&mut Store<World>, &Instance) -> wasmtime::Result<()>,
) -> Result<wasmtime::Result<()>, Fault> {
    let mut store = new_store(component, surroundings);
    let started = start(&mut store, component, budget);
    let instance = started.map_err(|stop| store.data().fault(&stop, budget))?;
    Ok(look(&mut store, &instance))
}

fn new_store(component: &InstancePre<World>, surroundings: Surroundings) -> Store<World> {
    Store::new(component.engine(), World::new(surroundings))
}

/// Where a call stopped before its end.
enum Stop {
    /// Before the guest could say anything.
    Setting(wasmtime::Error),
    /// While a sandbox was made for it, its start functions included.
    Starting(wasmtime::Error),
    /// In the function called, or in reading what it returned.
    Calling(wasmtime::Error),
}

fn run<P, R>(
    store: &mut Store<World>,
    component: &InstancePre<World>,
    function: &ComponentExportIndex,
    arguments: P,
    budget: Budget,
) -> Result<R, Stop>
where
    P: ComponentNamedList + Lower + Send + Sync,
    R: ComponentNamedList + Lift + Send + Sync + 'static,
{
    let instance = start(store, component, budget)?;
    let missing = || Stop::Setting(wasmtime::format_err!("an export is gone that was there at load"));
    let function = instance.get_func(&mut *store, function).ok_or_else(missing)?;
    // SAFETY: the function's type is fixed by the component; that it is this one was checked at load by
    // `Prepared::check_types`, without which no policy leaves `Workers::load`.
    #[expect(unsafe_code, reason = "comparing the types again at each call takes a tenth of a decision")]
    let function = unsafe { TypedFunc::<P, R>::new_unchecked(function) };
    function.call(&mut *store, arguments).map_err(Stop::Calling)
}

/// Sets every limit, then instantiates.
fn start(store: &mut Store<World>, component: &InstancePre<World>, budget: Budget) -> Result<Instance, Stop> {
    store.limiter(|world| &mut world.limits);
    store.set_fuel(budget.fuel).map_err(Stop::Setting)?;
    store.set_epoch_deadline(ticker::ticks(budget.millis));
    store.epoch_deadline_trap();
    store.set_hostcall_fuel(OUTPUT_BYTES_MAX);
    store.set_max_component_handles(HANDLES_MAX);
    component.instantiate(&mut *store).map_err(Stop::Starting)
}

impl World {
    /// Names the limit that stopped a call, or what the guest did.
    fn fault(&self, stop: &Stop, budget: Budget) -> Fault {
        let (Stop::Setting(error) | Stop::Starting(error) | Stop::Calling(error)) = stop;
        if let Some(denied) = self.limits.denied {
            return denied.fault();
        }
        if let Some(trap) = error.downcast_ref::<Trap>() {
            return self.trap(*trap, budget);
        }
        if let Some(forbidden) = error.downcast_ref::<Forbidden>() {
            return Fault { kind: FaultKind::Trap, detail: forbidden.to_string() };
        }
        if error.is::<WasmBacktrace>() {
            // The guest was running: it passed the host a handle or a pointer that it does not have, or took too many.
            let detail = format!("it called the host wrongly: {}", error.root_cause());
            return Fault { kind: FaultKind::Trap, detail };
        }
        let text = child::describe(error);
        match stop {
            Stop::Calling(_) if text.contains("fuel allocated for hostcalls") => Fault {
                kind: FaultKind::Output,
                detail: format!("it returned more than the {OUTPUT_BYTES_MAX} bytes that the host takes"),
            },
            Stop::Calling(_) => {
                Fault { kind: FaultKind::InvalidOutput, detail: format!("what it returned cannot be read: {text}") }
            }
            Stop::Starting(_) if error.is::<PoolConcurrencyLimitError>() => {
                Fault { kind: FaultKind::Host, detail: "no sandbox is free".to_owned() }
            }
            Stop::Setting(_) | Stop::Starting(_) => {
                Fault { kind: FaultKind::Host, detail: format!("cannot make a sandbox: {text}") }
            }
        }
    }

    fn trap(&self, trap: Trap, budget: Budget) -> Fault {
        let (kind, detail) = match trap {
            Trap::OutOfFuel => (FaultKind::Fuel, format!("it used up its {} units of fuel", budget.fuel)),
            Trap::Interrupt => (FaultKind::Time, format!("it took longer than {} ms", budget.millis)),
            Trap::StackOverflow => (FaultKind::Stack, "it called itself too deep for its stack".to_owned()),
            _ => (FaultKind::Trap, self.last_words_or(trap)),
        };
        Fault { kind, detail }
    }

    /// What the guest said last, which for a panic is its message; without one, the name of the trap.
    fn last_words_or(&self, trap: Trap) -> String {
        match (trap, self.log.last_words()) {
            (Trap::UnreachableCodeReached, Some(words)) => words,
            (Trap::MemoryOutOfBounds, None) => format!("{trap} (a stack that overflowed looks like this too)"),
            (_, Some(words)) => format!("{trap}; it last said: {words}"),
            (_, None) => trap.to_string(),
        }
    }
}

/// Bounds memory and tables, over all of a component's memories together, and remembers what it denied.
#[derive(Debug, Default)]
struct Limits {
    memory_bytes: usize,
    denied: Option<Denied>,
}

#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Denied {
    #[error("it wanted more than {GUEST_MEMORY_BYTES_MAX} bytes of memory")]
    Memory,
    #[error("it wanted a table of more than {TABLE_ELEMENTS_MAX} elements")]
    Table,
    #[error("the host has no memory to give")]
    Host,
}

impl Denied {
    fn fault(self) -> Fault {
        let kind = match self {
            Self::Memory | Self::Table => FaultKind::Memory,
            Self::Host => FaultKind::Host,
        };
        Fault { kind, detail: self.to_string() }
    }
}

impl Limits {
    /// Growth is denied with a trap: a guest that went on would only fail with fewer words.
    fn deny(&mut self, denied: Denied) -> wasmtime::Result<bool> {
        self.denied = Some(denied);
        Err(denied.into())
    }
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, current: usize, desired: usize, own: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        if total > GUEST_MEMORY_BYTES_MAX || own.is_some_and(|own| desired > own) {
            return self.deny(Denied::Memory);
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.deny(Denied::Host).map(|_| ())
    }

    fn table_growing(&mut self, _: usize, desired: usize, own: Option<usize>) -> wasmtime::Result<bool> {
        if desired > TABLE_ELEMENTS_MAX || own.is_some_and(|own| desired > own) {
            return self.deny(Denied::Table);
        }
        Ok(true)
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.deny(Denied::Host).map(|_| ())
    }

    fn instances(&self) -> usize {
        CORE_INSTANCES_MAX as usize
    }

    fn tables(&self) -> usize {
        TABLES_MAX as usize
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX as usize
    }
}
