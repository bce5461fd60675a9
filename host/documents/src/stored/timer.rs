//! What a timer carries, in the store.

use largesse_domain::event::EventKey;
use largesse_domain::json::Json;
use largesse_domain::timer::TimerBody;
use serde::{Deserialize, Serialize};

use super::{Text, Unreadable, id, read, write};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TimerBodyForm<'a> {
    Ledger,
    Policy { source: Text<'a>, event: Text<'a>, set_by: Text<'a>, actor: Text<'a>, data: Text<'a> },
    Message(Text<'a>),
}

/// What a timer carries, as the store keeps it.
#[must_use]
pub fn timer_body_text(body: &TimerBody) -> String {
    write(&match body {
        TimerBody::Ledger => TimerBodyForm::Ledger,
        TimerBody::Policy { set_on, set_by, actor, data } => TimerBodyForm::Policy {
            source: set_on.source.as_str().into(),
            event: set_on.id.as_str().into(),
            set_by: set_by.as_str().into(),
            actor: actor.as_str().into(),
            data: data.as_str().into(),
        },
        TimerBody::Message(data) => TimerBodyForm::Message(data.as_str().into()),
    })
}

/// Reads what [`timer_body_text`] wrote.
///
/// # Errors
/// When the text is something else.
pub fn read_timer_body(text: &str) -> Result<TimerBody, Unreadable> {
    Ok(match read(text)? {
        TimerBodyForm::Ledger => TimerBody::Ledger,
        TimerBodyForm::Policy { source, event, set_by, actor, data } => TimerBody::Policy {
            set_on: EventKey { source: id(&source)?, id: id(&event)? },
            set_by: id(&set_by)?,
            actor: id(&actor)?,
            data: Json::from_checked(data.into_owned()),
        },
        TimerBodyForm::Message(data) => TimerBody::Message(Json::from_checked(data.into_owned())),
    })
}
