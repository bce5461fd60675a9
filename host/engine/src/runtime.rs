//! One engine of wasmtime with its pool, and policies made ready for it.

use largesse_domain::decision::{Enquiry, Evaluation, Fault, FaultKind, Input, Output, Refusal};
use largesse_domain::json::Json;
use largesse_domain::limits::{CONTROL_MS_MAX, DECISION_MS_MAX, FUEL_BASE, FUEL_PER_INPUT_BYTE, OFFLINE_CALL_MS_MAX};
use largesse_domain::owner::OwnerKind;
use largesse_domain::policy::Offer;
use largesse_domain::problem::Problem;
use largesse_domain::time::Instant;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};

use crate::bindings::wit;
use crate::contract::ContractVersion;
use crate::sandbox::{self, Budget, Run, Surroundings, World};
use crate::{profile, proposed, shown, wasi};

/// How much wall time a call has, in milliseconds. Fuel bounds it in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// A call that decisions wait for (`decide`, `quote`, `merge`, `migrate`).
    pub decision_ms: u64,
    /// A call that no decision waits for (`describe`, `check`).
    pub control_ms: u64,
}

impl Pace {
    /// Others wait for it: a running host.
    pub const LIVE: Self = Self { decision_ms: DECISION_MS_MAX, control_ms: CONTROL_MS_MAX };
    /// Nobody waits, and the result must not depend on the clock: replays, backtests, simulations, tests of policies.
    pub const OFFLINE: Self = Self { decision_ms: OFFLINE_CALL_MS_MAX, control_ms: OFFLINE_CALL_MS_MAX };
}

/// What clocks say and random numbers follow from in a call that decides nothing.
const NOWHERE: fn() -> Surroundings =
    || Surroundings { now: Instant::from_millis(0).expect("1970 is in range"), seed: 0 };

/// An engine, and what its components may import. Components of one runtime never meet those of another.
pub(crate) struct Runtime {
    engine: wasmtime::Engine,
    linker: Linker<World>,
    pace: Pace,
}

impl Runtime {
    pub(crate) fn new(pace: Pace) -> wasmtime::Result<Self> {
        let engine = profile::running()?;
        let mut linker = Linker::new(&engine);
        wasi::add_to(&mut linker)?;
        for version in ContractVersion::ALL {
            linker.instance(version.types())?;
        }
        Ok(Self { engine, linker, pace })
    }

    pub(crate) fn engine(&self) -> &wasmtime::Engine {
        &self.engine
    }

    /// Makes an artefact ready to run.
    ///
    /// The artefact is machine code that will be run as it is: it must come from the host's own compile child, in this
    /// process or authenticated by the cache.
    pub(crate) fn prepare(&self, artefact: &[u8], contract: ContractVersion) -> wasmtime::Result<Prepared> {
        // SAFETY: the callers hand over only what the compile child returned or what the cache authenticated.
        #[expect(unsafe_code, reason = "wasmtime trusts an artefact; its origin is checked before")]
        let component = unsafe { Component::deserialize(&self.engine, artefact)? };
        component.initialize_copy_on_write_image()?;
        let instance = self.linker.instantiate_pre(&component)?;
        let exports = Exports::find(&component, contract)?;
        Ok(Prepared { instance, exports, pace: self.pace })
    }
}

type Described = (wit::Manifest,);
type Checked = (Result<Vec<wit::Offer>, Vec<wit::Problem>>,);
type Decided = (Result<wit::Decision, wit::Refusal>,);
type Written = (Result<String, wit::Refusal>,);

struct Exports {
    describe: ComponentExportIndex,
    check: ComponentExportIndex,
    decide: ComponentExportIndex,
    migrate: ComponentExportIndex,
    quote: ComponentExportIndex,
    merge: ComponentExportIndex,
}

impl Exports {
    fn find(component: &Component, contract: ContractVersion) -> wasmtime::Result<Self> {
        let interface = contract.interface();
        let instance = component
            .get_export_index(None, interface)
            .ok_or_else(|| wasmtime::format_err!("it does not export `{interface}`"))?;
        let find = |name: &str| {
            component
                .get_export_index(Some(&instance), name)
                .ok_or_else(|| wasmtime::format_err!("`{interface}` has no function `{name}`"))
        };
        Ok(Self {
            describe: find("describe")?,
            check: find("check")?,
            decide: find("decide")?,
            migrate: find("migrate")?,
            quote: find("quote")?,
            merge: find("merge")?,
        })
    }
}

/// A decision with what it used of its sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// What came of it, and the fuel that it used.
    pub evaluation: Evaluation,
    /// The fuel that it might have used, which depends on its input.
    pub fuel_max: u64,
    /// The linear memory that it used, in bytes.
    pub memory_bytes: usize,
}

/// A policy that one runtime can run.
///
/// Everything that does not depend on the decision is done: imports are resolved, exports found. A decision costs a fresh
/// store and instance, which is what keeps one decision's memory from the next.
pub(crate) struct Prepared {
    instance: InstancePre<World>,
    exports: Exports,
    pace: Pace,
}

impl Prepared {
    /// One decision.
    pub(crate) fn decide(&self, input: &Input) -> Evaluation {
        self.measure(input).evaluation
    }

    /// Returns what a call may take that decisions wait for.
    fn turn_budget(&self, input_bytes: usize) -> Budget {
        Budget { fuel: fuel_for(input_bytes), millis: self.pace.decision_ms }
    }

    fn control_budget(&self, input_bytes: usize) -> Budget {
        Budget { fuel: fuel_for(input_bytes), millis: self.pace.control_ms }
    }

    /// One decision, with what it used and might have used.
    pub(crate) fn measure(&self, input: &Input) -> Measured {
        let surroundings = Surroundings { now: input.now.at, seed: input.seed };
        let budget = self.turn_budget(input.measured_bytes());
        let run: Run<Decided> = shown::with_input(input, |shown| {
            sandbox::call(&self.instance, &self.exports.decide, (shown,), surroundings, budget)
        });
        let output = match run.result {
            Ok((Ok(decision),)) => proposed::proposal(decision).map(Output::Proposal),
            Ok((Err(refusal),)) => proposed::refusal(refusal).map(Output::Refusal),
            Err(fault) => Ok(Output::Fault(fault)),
        };
        let output = output.unwrap_or_else(|wrong| Output::Fault(invalid(&wrong)));
        let evaluation = Evaluation { output, fuel: run.fuel, log: run.log };
        Measured { evaluation, fuel_max: budget.fuel, memory_bytes: run.memory_bytes }
    }

    /// Starts the policy once and looks whether its functions have the contract's types.
    ///
    /// # Errors
    /// The fault of a policy that does not start; within, what is wrong with a type.
    pub(crate) fn check_types(&self) -> Result<wasmtime::Result<()>, Fault> {
        let Exports { describe, check, decide, migrate, quote, merge } = &self.exports;
        sandbox::look(&self.instance, NOWHERE(), self.control_budget(0), |store, instance| {
            instance.get_typed_func::<(), Described>(&mut *store, describe)?;
            instance.get_typed_func::<(&str,), Checked>(&mut *store, check)?;
            instance.get_typed_func::<(wit::Input<'_>,), Decided>(&mut *store, decide)?;
            instance.get_typed_func::<(wit::OwnerKind, &str, u32), Written>(&mut *store, migrate)?;
            instance.get_typed_func::<(wit::Enquiry<'_>,), Written>(&mut *store, quote)?;
            instance.get_typed_func::<(&str, &str), Written>(&mut *store, merge)?;
            Ok(())
        })
    }

    /// What the policy says of itself, unchecked.
    pub(crate) fn describe(&self) -> Result<wit::Manifest, Fault> {
        let run: Run<Described> =
            sandbox::call(&self.instance, &self.exports.describe, (), NOWHERE(), self.control_budget(0));
        run.result.map(|(manifest,)| manifest)
    }

    /// What the policy may give with the parameters, or what is wrong with them.
    pub(crate) fn check(&self, params: &Json) -> Result<Result<Vec<Offer>, Vec<Problem>>, Fault> {
        let run: Run<Checked> = sandbox::call(
            &self.instance,
            &self.exports.check,
            (params.as_str(),),
            NOWHERE(),
            self.control_budget(params.len()),
        );
        let read = match run.result? {
            (Ok(offers),) => proposed::offers(offers).map(Ok),
            (Err(problems),) => proposed::problems(problems).map(Err),
        };
        read.map_err(|wrong| invalid(&wrong))
    }

    /// The answer to a question, or the policy's no.
    pub(crate) fn quote(&self, enquiry: &Enquiry) -> Result<Result<Json, Refusal>, Fault> {
        let surroundings = Surroundings { now: enquiry.now.at, seed: 0 };
        let budget = self.turn_budget(enquiry.measured_bytes());
        let run: Run<Written> = shown::with_enquiry(enquiry, |shown| {
            sandbox::call(&self.instance, &self.exports.quote, (shown,), surroundings, budget)
        });
        let read = match run.result? {
            (Ok(text),) => proposed::answer(text).map(Ok),
            (Err(refusal),) => proposed::refusal(refusal).map(Err),
        };
        read.map_err(|wrong| invalid(&wrong))
    }

    /// One state of two, or the policy's no.
    pub(crate) fn merge(&self, kept: &Json, joined: &Json) -> Result<Result<Json, Refusal>, Fault> {
        let run: Run<Written> = sandbox::call(
            &self.instance,
            &self.exports.merge,
            (kept.as_str(), joined.as_str()),
            NOWHERE(),
            self.turn_budget(kept.len() + joined.len()),
        );
        written(run)
    }

    /// An older state as this version writes it, or the policy's no.
    pub(crate) fn migrate(
        &self,
        owner: OwnerKind,
        state: &Json,
        written_by: u32,
    ) -> Result<Result<Json, Refusal>, Fault> {
        let run: Run<Written> = sandbox::call(
            &self.instance,
            &self.exports.migrate,
            (shown::owner_kind(owner), state.as_str(), written_by),
            NOWHERE(),
            self.turn_budget(state.len()),
        );
        written(run)
    }
}

/// A state that the policy wrote, or its no.
fn written(run: Run<Written>) -> Result<Result<Json, Refusal>, Fault> {
    let read = match run.result? {
        (Ok(text),) => proposed::state(text).map(Ok),
        (Err(refusal),) => proposed::refusal(refusal).map(Err),
    };
    read.map_err(|wrong| invalid(&wrong))
}

fn invalid(wrong: &proposed::Wrong) -> Fault {
    Fault { kind: FaultKind::InvalidOutput, detail: wrong.to_string() }
}

fn fuel_for(input_bytes: usize) -> u64 {
    FUEL_BASE.saturating_add(FUEL_PER_INPUT_BYTE.saturating_mul(input_bytes as u64))
}
