//! One batch of events: sent until the host has answered every one.

use std::time::Duration;

use largesse_documents::DecisionSummary;
use largesse_http::views::{BatchAnswer, BatchItem, ItemStatus};
use ureq::http::Method;

use super::lines::Line;
use crate::client::{Answer, Client};
use crate::failure::{Failure, Result};

/// First wait before asking again.
const WAIT_FIRST: Duration = Duration::from_millis(100);
/// Longest wait before asking again when the host does not say how long.
const WAIT_LONGEST: Duration = Duration::from_secs(5);
/// Longest wait that the host may ask for: a token's quota can need as long for a batch.
const WAIT_ASKED_LONGEST: Duration = Duration::from_secs(60);
/// Attempts without an answer before giving up: about a minute.
const ATTEMPTS: u32 = 18;

/// What became of an event.
#[derive(Debug)]
pub(crate) enum Fate {
    /// Taken now, with these decisions and so many still to come.
    Admitted(Vec<DecisionSummary>, usize),
    /// Taken before.
    Duplicate,
    /// Taken before with another body.
    Conflict(String),
    /// Not acceptable.
    Rejected(String),
}

/// Sends the lines of a batch. Gives the fate of each.
pub(crate) fn send(client: &Client, lines: &[Line]) -> Result<Vec<(u64, Fate)>> {
    let mut fates = Vec::with_capacity(lines.len());
    let mut good = Vec::with_capacity(lines.len());
    for line in lines {
        match readable(line) {
            Ok(text) => good.push((line.number, text)),
            Err(why) => fates.push((line.number, Fate::Rejected(why))),
        }
    }
    send_texts(client, &good, &mut fates)?;
    fates.sort_by_key(|(number, _)| *number);
    Ok(fates)
}

/// A line that is not JSON would spoil the batch, so it does not go into it.
fn readable(line: &Line) -> std::result::Result<&[u8], String> {
    let Some(text) = &line.text else { return Err("the line is longer than a whole batch may be".into()) };
    match serde_json::from_slice::<serde::de::IgnoredAny>(text) {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

fn send_texts(client: &Client, texts: &[(u64, &[u8])], fates: &mut Vec<(u64, Fate)>) -> Result {
    if texts.is_empty() {
        return Ok(());
    }
    let mut waiting = texts.to_vec();
    for attempt in 0.. {
        let answer = ask(client, &waiting)?;
        match answer.status {
            200..300 => {
                waiting = take(&waiting, answer.read()?, fates)?;
                if waiting.is_empty() {
                    return Ok(());
                }
                if attempt == ATTEMPTS {
                    return Err(gave_up(Failure::new("the host does not get to decide some events")));
                }
                std::thread::sleep(wait(attempt, None));
            }
            // The batch as a whole cannot be read. One of its events alone will say why.
            400 | 413 | 422 if waiting.len() > 1 => {
                let (first, second) = waiting.split_at(waiting.len() / 2);
                send_texts(client, first, fates)?;
                return send_texts(client, second, fates);
            }
            400 | 413 | 422 => {
                let refusal = answer.refusal();
                let mut why = format!("{:#}", refusal.error);
                refusal.problems.iter().for_each(|problem| why.push_str(&said(&problem.pointer, &problem.message)));
                fates.push((waiting[0].0, Fate::Rejected(why)));
                return Ok(());
            }
            _ => return Err(answer.refusal()),
        }
    }
    unreachable!("the attempts end before the numbers do")
}

/// Asks until the host has time for the batch.
fn ask(client: &Client, texts: &[(u64, &[u8])]) -> Result<Answer> {
    let mut body = Vec::with_capacity(texts.iter().map(|(_, text)| text.len() + 1).sum::<usize>() + 1);
    for (index, (_, text)) in texts.iter().enumerate() {
        body.push(if index == 0 { b'[' } else { b',' });
        body.extend_from_slice(text);
    }
    body.push(b']');
    for attempt in 0.. {
        let asked = client.ask(Method::POST, "/v1/events", &[], Some(("application/cloudevents-batch+json", &body)));
        let (failure, pause) = match asked {
            Ok(answer) if matches!(answer.status, 429 | 502 | 503 | 504) => (answer.refusal(), answer.retry_after),
            Ok(answer) => return Ok(answer),
            // Events can be sent again without harm, so an answer that was lost is no harm either.
            Err(error) => (client.unreachable(error), None),
        };
        if attempt == ATTEMPTS {
            return Err(gave_up(failure));
        }
        std::thread::sleep(wait(attempt, pause));
    }
    unreachable!("the attempts end before the numbers do")
}

fn gave_up(failure: Failure) -> Failure {
    failure.hint("send the file again when the host is well: what it has taken changes nothing; --resume skips it")
}

fn wait(attempt: u32, asked_for: Option<u64>) -> Duration {
    let longer = WAIT_FIRST.saturating_mul(1 << attempt.min(10)).min(WAIT_LONGEST);
    asked_for.map_or(longer, |seconds| Duration::from_secs(seconds).min(WAIT_ASKED_LONGEST).max(longer))
}

/// Notes what became of the events, and gives those that must be sent again.
fn take<'a>(
    texts: &[(u64, &'a [u8])],
    answer: BatchAnswer,
    fates: &mut Vec<(u64, Fate)>,
) -> Result<Vec<(u64, &'a [u8])>> {
    let mut again = Vec::new();
    if answer.items.len() != texts.len() {
        return Err(Failure::new(format!("the host answered {} events of {}", answer.items.len(), texts.len())));
    }
    for (item, text) in answer.items.into_iter().zip(texts) {
        let BatchItem { status, decisions, deferred, problem, .. } = item;
        let why = || {
            let Some(document) = problem else { return String::new() };
            let mut why = document.detail.unwrap_or(document.title);
            document.problems.iter().for_each(|problem| why.push_str(&said(&problem.pointer, &problem.message)));
            why
        };
        let fate = match status {
            ItemStatus::Admitted => {
                Fate::Admitted(decisions.unwrap_or_default(), deferred.map_or(0, |deferred| deferred.len()))
            }
            ItemStatus::Duplicate => Fate::Duplicate,
            ItemStatus::Conflict => Fate::Conflict(why()),
            ItemStatus::Rejected => Fate::Rejected(why()),
            ItemStatus::Unavailable => {
                again.push(*text);
                continue;
            }
        };
        fates.push((text.0, fate));
    }
    Ok(again)
}

fn said(pointer: &str, message: &str) -> String {
    if pointer.is_empty() { format!("; {message}") } else { format!("; {pointer}: {message}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_to_a_bound() {
        assert_eq!(wait(0, None), WAIT_FIRST);
        assert_eq!(wait(3, None), WAIT_FIRST * 8);
        assert_eq!(wait(30, None), WAIT_LONGEST);
        assert_eq!(wait(0, Some(2)), Duration::from_secs(2));
        assert_eq!(wait(0, Some(60)), WAIT_ASKED_LONGEST);
        assert_eq!(wait(0, Some(3_600)), WAIT_ASKED_LONGEST);
    }

    #[test]
    fn a_line_that_is_no_json_stays_here() {
        let line = |text: Option<&str>| Line { number: 1, text: text.map(|text| text.as_bytes().to_vec()) };
        assert!(readable(&line(Some("{\"a\":1}"))).is_ok());
        assert!(readable(&line(Some("{\"a\":1"))).unwrap_err().starts_with("not JSON: EOF"));
        assert!(readable(&line(None)).is_err());
    }
}
