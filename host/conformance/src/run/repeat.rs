//! Events that arrive many times.

use largesse_documents::time::instant_text;
use largesse_domain::limits::SCENARIO_TIMES_MAX;
use serde_json::Value;

use super::time;
use crate::scenario::{Step, StepEvent};

/// The events of a step: one, or as many as it says, each numbered.
pub(super) fn repeated(event: &StepEvent, step: &Step) -> Result<Vec<StepEvent>, String> {
    let Some(times) = step.times else { return Ok(vec![event.clone()]) };
    if times > SCENARIO_TIMES_MAX {
        return Err(format!("times: at most {SCENARIO_TIMES_MAX}"));
    }
    let start = time(&event.time)?;
    let numbered = |number: u32| {
        let with = |text: &str| text.replace("{n}", &number.to_string());
        let later = i64::from(number - 1) * i64::from(step.every_seconds) * 1_000;
        let at = start.plus_millis(later).ok_or("every_seconds: too far ahead")?;
        let mut data = Value::Object(event.data.clone());
        each_text(&mut data, &with);
        Ok(StepEvent {
            id: Some(event.id.as_deref().map_or_else(|| format!("repeated-{}-{number}", start.as_millis()), with)),
            kind: event.kind.clone(),
            customer: with(&event.customer),
            time: instant_text(at),
            data: data.as_object().cloned().unwrap_or_default(),
        })
    };
    (1..=times).map(numbered).collect()
}

fn each_text(value: &mut Value, change: &impl Fn(&str) -> String) {
    match value {
        Value::String(text) => *text = change(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(fields) => fields.values_mut().for_each(|field| each_text(field, change)),
        _ => {}
    }
}
