//! Decisions of a policy on generated inputs, for whoever wants to look at them rather than to judge.

use std::sync::Arc;

use largesse_domain::decision::Input;
use largesse_engine::Measured;

use super::inputs::Generator;
use super::stage::Stage;
use super::subject::Subject;
use super::trial::run;
use super::{CheckFailure, Options, PEOPLE, currency, params};

/// A decision that broke no rule.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What it was shown.
    pub input: Arc<Input>,
    /// What came of it, and what it used.
    pub measured: Measured,
}

/// Has a policy decide on the inputs that it is checked on. Parameters that it does not take are passed over; without any that it
/// takes, there are no decisions.
///
/// # Errors
/// When an event kind cannot be used.
pub fn sample(subject: &dyn Subject, options: &Options) -> Result<Vec<Sample>, CheckFailure> {
    let stage = Stage::new(&options.kinds, &currency(&options.params)).map_err(CheckFailure::Kind)?;
    let Some(schema) = params::schema(subject).0 else { return Ok(Vec::new()) };
    let currency = stage.campaign.settings.currency.to_string();
    let params = params::taken(subject, &schema, (&options.params, &currency), options.seed);
    let generator = Generator::new(&stage, subject.manifest(), &params, PEOPLE);
    let run = run(subject, &generator, (options.seed, options.cases), None);
    let sample = |done: super::trial::Done| Sample { input: done.situation.input, measured: done.measured };
    Ok(run.done.into_iter().map(sample).collect())
}
