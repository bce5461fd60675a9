//! `largesse destination`: where what was done is delivered to.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use largesse_documents::destination::secret_text;
use largesse_documents::{DeliveryView, DestinationDocument, DestinationView, WholeDeliveryView};
use largesse_domain::destination::Secret;
use largesse_domain::limits::DELIVERY_CONCURRENCY_DEFAULT;
use largesse_http::views::{DestinationAnswer, DestinationList};
use serde_json::json;

use crate::client::{Client, Connection, step};
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::table::Table;
use crate::token;

/// How long a test is waited for: longer than a destination may take to answer.
const TEST_WAIT: Duration = Duration::from_secs(20);
/// How often is looked whether a test is over.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Say where what was done is delivered to
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Register a destination, or change it; a new one without secrets is given one, which is printed once
    Set {
        /// Its id
        id: String,
        /// Where deliveries are posted to, with https
        #[arg(long)]
        url: String,
        /// What it is told of: a topic, a group such as grant.*, or *; may be given several times
        #[arg(long = "topic", value_name = "TOPIC", default_value = "*")]
        topics: Vec<String>,
        /// A file with its secrets, one on a line, the newest first
        #[arg(long, value_name = "FILE")]
        secrets: Option<PathBuf>,
        /// Let it be on a private network or the host's machine, and without TLS
        #[arg(long)]
        allow_private: bool,
        /// It confirms or fails each grant that it is told of
        #[arg(long)]
        settles: bool,
        #[command(flatten)]
        sending: Sending,
    },
    /// List destinations
    List,
    /// Delete a destination: what waits for it is dead
    Delete {
        /// Its id
        id: String,
    },
    /// Pause a destination: what it is to be told waits
    Pause {
        /// Its id
        id: String,
    },
    /// Resume a destination: what waits for it is sent
    Resume {
        /// Its id
        id: String,
    },
    /// Send a test to a destination, and say what came of it
    Test {
        /// Its id
        id: String,
    },
    /// Make a secret for a destination, and print it
    Secret,
}

/// How it is sent to
#[derive(Debug, clap::Args)]
struct Sending {
    /// Most requests on their way to it at a time
    #[arg(long, value_name = "NUMBER", default_value_t = DELIVERY_CONCURRENCY_DEFAULT)]
    concurrency: u16,
    /// Most deliveries to it in a second
    #[arg(long, value_name = "NUMBER")]
    rate: Option<u32>,
    /// Most deliveries in one request; with more than 1 a request is a batch of CloudEvents
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    batch: u16,
    /// A file with headers that go with every request, one on a line: a name, a colon, the value; a name alone keeps the value that the
    /// header has
    #[arg(long, value_name = "FILE")]
    headers: Option<PathBuf>,
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = args.connection.client()?;
    let (id, command) = match args.action {
        Action::Set { id, url, topics, secrets, allow_private, settles, sending } => {
            let document = DestinationDocument {
                url,
                topics,
                secrets: secrets.as_deref().map(read_secrets).transpose()?,
                allow_private,
                settles,
                concurrency: sending.concurrency,
                rate: sending.rate,
                batch: sending.batch,
                headers: sending.headers.as_deref().map(read_headers).transpose()?.unwrap_or_default(),
                id: None,
                secret_count: None,
                paused: None,
            };
            let answer: Result<DestinationAnswer> = client.put(&path(&id), &[], &document);
            let answer = answer.map_err(|failure| failure.context(format!("cannot set the destination {id}")))?;
            return output.print(&answer, || set_text(&answer));
        }
        Action::List => {
            let list: DestinationList = client.get("/v1/destinations")?;
            return output.print(&list, || list_text(&list));
        }
        Action::Delete { id } => {
            client.delete(&path(&id))?;
            return output.print(&json!({"deleted": id}), || format!("{id} is deleted\n"));
        }
        Action::Test { id } => {
            let delivery = test(&client, &id)?;
            return output.print(&delivery, || format!("{id} took the test (delivery {})\n", delivery.id));
        }
        Action::Secret => {
            let secret = Secret::new(&token::random()?).map(|secret| secret_text(&secret)).unwrap_or_default();
            return output.print(&json!({"secret": secret}), || format!("{secret}\n"));
        }
        Action::Pause { id } => (id, "pause"),
        Action::Resume { id } => (id, "resume"),
    };
    let destination: DestinationView = client.post(&format!("{}/{command}", path(&id)))?;
    output.print(&destination, || format!("{} {}\n", destination.id, state(&destination)))
}

fn path(id: &str) -> String {
    format!("/v1/destinations/{}", step(id))
}

fn read_secrets(file: &Path) -> Result<Vec<String>> {
    Ok(read_lines(file)?.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

fn read_headers(file: &Path) -> Result<BTreeMap<String, Option<String>>> {
    let text = read_lines(file)?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let header = |line: &str| match line.split_once(':') {
        Some((name, value)) => (name.trim().to_owned(), Some(value.trim().to_owned())),
        None => (line.to_owned(), None),
    };
    Ok(lines.map(header).collect())
}

fn read_lines(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file);
    text.map_err(|error| Failure::usage(error).context(format!("cannot read {}", file.display())))
}

/// Sends a test and waits until it was taken.
fn test(client: &Client, id: &str) -> Result<DeliveryView> {
    let mut delivery: DeliveryView = client.post(&format!("{}/test", path(id)))?;
    let started = Instant::now();
    while delivery.state == "waiting" && started.elapsed() < TEST_WAIT {
        std::thread::sleep(LOOK_EVERY);
        let looked: WholeDeliveryView = client.get(&format!("/v1/deliveries/{}", delivery.id))?;
        delivery = looked.delivery;
    }
    if delivery.state == "delivered" {
        return Ok(delivery);
    }
    let why = delivery.last_error.unwrap_or_else(|| "it is still on its way".to_owned());
    Err(Failure::new(format!("{id} did not take the test (delivery {}): {why}", delivery.id)))
}

fn state(destination: &DestinationView) -> String {
    match destination.paused.as_deref() {
        None => "is sent to".to_owned(),
        Some("gone") => "is paused: it answered that it is gone".to_owned(),
        Some(_) => "is paused".to_owned(),
    }
}

fn set_text(answer: &DestinationAnswer) -> String {
    let DestinationView { id, url, topics, .. } = &answer.destination;
    let mut text = format!("{id}: {} to {url}; {}\n", topics.join(", "), state(&answer.destination));
    if let Some(secret) = &answer.secret {
        let _ = write!(text, "\n{secret}\n\nThe secret is not shown again; the receiver checks signatures with it.\n");
    }
    text
}

fn list_text(list: &DestinationList) -> String {
    if list.items.is_empty() {
        return "No destination.\n".to_owned();
    }
    let mut table =
        Table::new(["id", "url", "topics", ">secrets", "settles", "private", ">at a time", ">a second", "paused"]);
    let yes = |yes: bool| if yes { "yes".to_owned() } else { String::new() };
    for view in &list.items {
        let each = if view.batch == 1 { String::new() } else { format!(" x {}", view.batch) };
        table.row([
            view.id.clone(),
            view.url.clone(),
            view.topics.join(", "),
            view.secret_count.to_string(),
            yes(view.settles),
            yes(view.allow_private),
            format!("{}{each}", view.concurrency),
            view.rate.map(|rate| rate.to_string()).unwrap_or_default(),
            view.paused.clone().unwrap_or_default(),
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_listed() {
        let list = json!({"items": [
            {"id": "bank", "url": "https://bank.example/in", "topics": ["grant.*"], "secret_count": 2, "allow_private": false,
             "settles": true, "concurrency": 16, "batch": 1, "headers": {}},
            {"id": "push", "url": "http://10.0.0.7:8080/", "topics": ["message", "tag.changed"], "secret_count": 1,
             "allow_private": true, "settles": false, "concurrency": 40, "rate": 200, "batch": 50, "headers": {},
             "paused": "gone"}
        ]});
        insta::assert_snapshot!(list_text(&serde_json::from_value(list).unwrap()));
    }

    #[test]
    fn a_new_secret_is_shown_with_a_word_of_warning() {
        let answer = json!({"id": "bank", "url": "https://bank.example/in", "topics": ["*"], "secret_count": 1,
            "allow_private": false, "settles": true, "concurrency": 16, "batch": 1, "headers": {}, "secret": "whsec_c2VjcmV0"});
        insta::assert_snapshot!(set_text(&serde_json::from_value(answer).unwrap()));
    }
}
