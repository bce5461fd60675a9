//! `largesse policy`: write policies, build, test and check them; publish components, sign them, and look at what is published.

mod new;
mod build;
mod test;
mod inputs;
mod check;
mod bench;
mod dev;
mod sign;

pub(crate) use dev::{Args as DevArgs, run as dev};
pub(crate) use inputs::read_kind;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use largesse_documents::PolicyView;
use largesse_domain::id::KeyName;
use largesse_http::views::{PolicyList, StopDocument, StopView};

use crate::client::{Client, Connection, step};
use crate::failure::{Failure, Result};
use crate::listing::{Paging, with_next};
use crate::money::count;
use crate::output::Output;
use crate::table::Table;

/// Write, build and test policies; publish them and look at them
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
    /// Begin a policy: a crate with tests and scenarios that passes as it is
    New(new::Args),
    /// Build a policy's component and show what it says of itself
    Build(build::Args),
    /// Run scenario files on a component, in the host's own engine and under its limits
    Test(test::Args),
    /// Hold a component to the rules for policies, without a host; ends with 1 when one is broken
    Check(check::Args),
    /// Measure what decisions cost: time, fuel and memory, next to another version if there is one
    Bench(bench::Args),
    /// Publish components; publishing one again changes nothing
    Publish {
        /// Components for the WebAssembly target `wasm32-wasip2`
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The component's signature; the file beside it, FILE.sig, when absent
        #[arg(long, value_name = "FILE.sig")]
        signature: Option<PathBuf>,
    },
    /// Sign components: each signature is written beside its component, into FILE.sig
    Sign {
        /// Components
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The private key, as `keygen` wrote it
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Make a key to sign with: write the private one into a file, print the public one
    Keygen {
        /// The file for the private key; only its owner may read it
        file: PathBuf,
        /// What hosts shall call the key; the file's name without ending when absent
        #[arg(long)]
        name: Option<KeyName>,
    },
    /// List what is published
    List(Paging),
    /// Stop a version everywhere: campaigns go back to the last good one, or keep their events
    Stop {
        /// A name, a name@version, or a digest
        policy: String,
        /// Why, for people
        #[arg(long)]
        reason: String,
    },
    /// Allow a version again that was stopped
    Allow {
        /// A name, a name@version, or a digest
        policy: String,
    },
    /// Show what a policy says of itself, published or in a file
    Show {
        /// A name, a name@version, a digest, or a component (FILE.wasm), for which no host is asked
        policy: String,
        /// Print only the JSON Schema of its parameters
        #[arg(long)]
        params: bool,
    },
}

pub(crate) fn run(args: Args, output: Output) -> Result {
    let client = || args.connection.client();
    match args.action {
        Action::New(args) => new::run(&args, output),
        Action::Build(args) => build::run(&args, output),
        Action::Test(args) => test::run(&args, output),
        Action::Check(args) => check::run(&args, output),
        Action::Bench(args) => bench::run(&args, output),
        Action::Sign { files, key } => sign::sign(&files, &key, output),
        Action::Keygen { file, name } => sign::keygen(&file, name, output),
        Action::Publish { files, signature } => {
            if signature.is_some() && files.len() > 1 {
                let failure =
                    Failure::usage(anyhow::anyhow!("--signature is for one component, not for {}", files.len()));
                return Err(failure.hint("signatures beside the components, in FILE.sig, are found by themselves"));
            }
            let client = client()?;
            let published = files.iter().map(|file| publish(&client, file, signature.as_deref()));
            let published: Vec<_> = published.collect::<Result<_>>()?;
            output.print(&published, || published.iter().map(published_line).collect())
        }
        Action::List(paging) => {
            let list: PolicyList = paging.read(&client()?, "/v1/policies")?;
            output.print(&list, || with_next(list_text(&list), &list))
        }
        Action::Stop { policy, reason } => {
            let path = format!("/v1/policies/{}/stop", step(&policy));
            let stop: StopView = client()?.post_document(&path, &StopDocument { reason })?;
            output.print(&stop, || stop_text(&stop))
        }
        Action::Allow { policy } => {
            let stop: StopView = client()?.post(&format!("/v1/policies/{}/allow", step(&policy)))?;
            output.print(&stop, || stop_text(&stop))
        }
        Action::Show { policy, params } if policy.ends_with(".wasm") => build::show(Path::new(&policy), params, output),
        Action::Show { policy, params } => {
            let policy: PolicyView = client()?.get(&format!("/v1/policies/{}", step(&policy)))?;
            if params {
                return Output { json: true }.print(&policy.params_schema, String::new);
            }
            output.print(&policy, || show_text(&policy))
        }
    }
}

/// Publishes a file, with the signature in another or the one beside it.
pub(crate) fn publish(client: &Client, file: &Path, signature: Option<&Path>) -> Result<PolicyView> {
    let named = format!("cannot publish {}", file.display());
    let component = std::fs::read(file).map_err(|error| Failure::usage(error).context(named.clone()))?;
    let signature = sign::signature(file, signature).map_err(|failure| failure.context(named.clone()))?;
    let signature = signature.map(|signature| signature.to_string());
    let headers: Vec<_> = signature.iter().map(|text| ("largesse-signature", text.as_str())).collect();
    let published = client.post_with("/v1/policies", &headers, ("application/wasm", &component));
    published.map_err(|failure| failure.context(named))
}

fn published_line(policy: &PolicyView) -> String {
    let signed = policy.signed_by.as_ref().map(|key| format!("  signed by {key}")).unwrap_or_default();
    format!("published {}@{}  {}{signed}\n", policy.name, policy.version, policy.digest)
}

fn stop_text(stop: &StopView) -> String {
    let StopView { policy, stopped, campaigns } = stop;
    let campaigns = campaigns.join(", ");
    match (stopped, campaigns.is_empty()) {
        (Some(reason), true) => format!("stopped {policy}: {reason}\nIt decides in no campaign.\n"),
        (Some(reason), false) => format!(
            "stopped {policy}: {reason}\nThere is no good version to go back to in {campaigns}: events are kept until \
             another is activated.\n"
        ),
        (None, _) => format!("{policy} may decide\n"),
    }
}

fn list_text(list: &PolicyList) -> String {
    if list.items.is_empty() {
        return "No policy is published. `largesse policy publish FILE` publishes one.\n".into();
    }
    let mut table =
        Table::new(["policy", "digest", ">bytes", "contract", "published", "signed by", "campaigns", "summary"]);
    for item in &list.items {
        table.row([
            format!("{}@{}", item.name, item.version),
            item.digest.chars().take(12).collect(),
            count(item.size_bytes),
            item.contract.clone(),
            item.published_at.clone(),
            item.signed_by.clone().unwrap_or_default(),
            item.campaigns.join(", "),
            item.stopped.as_ref().map_or_else(|| item.summary.clone(), |reason| format!("stopped: {reason}")),
        ]);
    }
    let mut text = table.to_string();
    for item in &list.items {
        if let Some(why) = &item.broken {
            let _ = write!(
                text,
                "\n{}@{} cannot be run: {why}\nIts campaigns are held. Publish the same bytes again.\n",
                item.name, item.version
            );
        }
    }
    text
}

fn show_text(policy: &PolicyView) -> String {
    let mut subscriptions = Table::new(["subscription", "event kind"]);
    for subscription in &policy.subscriptions {
        subscriptions.row([subscription.name.clone(), subscription.kind.clone()]);
    }
    let PolicyView {
        name, version, summary, digest, size_bytes, contract, published_at, signed_by, state_writes, ..
    } = policy;
    let questions: Vec<&str> = policy.questions.iter().map(|question| question.name.as_str()).collect();
    format!(
        "{name}@{version}: {summary}\n\ndigest        {digest}\nsize          {} bytes\ncontract      {contract}\n\
         published     {published_at}\nsigned by     {}\neffects       {}\nunit classes  {}\n\
         state         writes version {state_writes}, reads {:?}\nquestions     {}\n\n{subscriptions}\n\
         The parameters: `largesse policy show {name}@{version} --params`\n",
        count(*size_bytes),
        signed_by.as_deref().unwrap_or("no trusted key"),
        policy.effects.join(", "),
        policy.unit_classes.join(", "),
        policy.state_reads,
        if questions.is_empty() { "none".to_owned() } else { questions.join(", ") },
    )
}

#[cfg(test)]
mod tests {
    use largesse_http::views::PolicyItem;

    use super::*;

    #[test]
    fn policies_are_listed() {
        let item = |name: &str, campaigns: &[&str]| PolicyItem {
            digest: "0123456789abcdef".repeat(4),
            name: name.into(),
            version: "0.1.0".into(),
            summary: "Rewards days".into(),
            size_bytes: 123_456,
            contract: "0.1".into(),
            published_at: "2026-03-01T00:00:00Z".into(),
            signed_by: (!campaigns.is_empty()).then(|| "release".into()),
            broken: campaigns.is_empty().then(|| "the file components/01.wasm is missing".into()),
            campaigns: campaigns.iter().map(ToString::to_string).collect(),
            stopped: None,
        };
        let list =
            PolicyList { items: vec![item("check-in", &["daily", "spring"]), item("new-user-gift", &[])], next: None };
        insta::assert_snapshot!(list_text(&list), @r"
        POLICY               DIGEST          BYTES  CONTRACT  PUBLISHED             SIGNED BY  CAMPAIGNS      SUMMARY
        check-in@0.1.0       0123456789ab  123,456  0.1       2026-03-01T00:00:00Z  release    daily, spring  Rewards days
        new-user-gift@0.1.0  0123456789ab  123,456  0.1       2026-03-01T00:00:00Z                            Rewards days

        new-user-gift@0.1.0 cannot be run: the file components/01.wasm is missing
        Its campaigns are held. Publish the same bytes again.
        ");
    }
}
