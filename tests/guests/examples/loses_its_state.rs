//! Counts, but makes nothing of what it counted when it reads it back.

use largesse_guests::types::{Decision, Input, Refusal, StateChange};

struct Guest;

impl largesse_guests::Guest for Guest {
    fn misbehave(input: Input) -> Result<Decision, Refusal> {
        let count = input.state.as_deref().and_then(|state| state.parse().ok()).unwrap_or(0_u64) + 1;
        let mut decision = largesse_guests::one_point(&format!("n/{count}"))?;
        decision.state = StateChange::Put(count.to_string());
        Ok(decision)
    }

    fn migrate(_state: String, _written_by: u32) -> Result<String, Refusal> {
        Ok("0".to_owned())
    }
}

largesse_guests::export_guest!(Guest);
