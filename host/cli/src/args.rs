//! The commands.

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::failure::Result;
use crate::output::{Output, write_out};
use crate::{
    backtest, calendar, campaign, config, customer, decision, delivery, demo, destination, event, explain, formula,
    grant, job, kind, ledger, messages, pocket, policy, programme, quickstart, redemption, replay, reservation,
    rollout, runs, segment, serve, simulate, token, unit,
};

/// Reward campaigns: policies propose, the host disposes
#[derive(Debug, Parser)]
#[command(name = "largesse", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print JSON for programs
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Quickstart(quickstart::Args),
    Demo(demo::Args),
    Serve(serve::Args),
    Config(config::ShowArgs),
    Token(token::Args),
    Policy(policy::Args),
    Dev(policy::DevArgs),
    Campaign(campaign::Args),
    Rollout(rollout::Args),
    Event(event::Args),
    Decision(decision::Args),
    Runs(runs::Args),
    Explain(explain::Args),
    Replay(replay::Args),
    Backtest(backtest::Args),
    Simulate(simulate::Args),
    Formula(formula::Args),
    Job(job::Args),
    Customer(customer::Args),
    Redemption(redemption::Args),
    Reservation(reservation::Args),
    Grant(grant::Args),
    Unit(unit::Args),
    Pocket(pocket::Args),
    Programme(programme::Args),
    Segment(segment::Args),
    Calendar(calendar::Args),
    Ledger(ledger::Args),
    Kind(kind::Args),
    Destination(destination::Args),
    Delivery(delivery::Args),
    Messages(messages::Args),
    /// Print the OpenAPI document of the HTTP interface
    Openapi,
    /// Print a script that completes commands in a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Does what the arguments say.
pub(crate) fn run() -> Result {
    let cli = Cli::parse();
    let output = Output { json: cli.json };
    match cli.command {
        Command::Quickstart(args) => quickstart::run(&args),
        Command::Demo(args) => demo::run(&args, output),
        Command::Serve(args) => serve::run(&args),
        Command::Config(args) => config::show(&args, output),
        Command::Token(args) => token::run(args, output),
        Command::Policy(args) => policy::run(args, output),
        Command::Dev(args) => policy::dev(args),
        Command::Campaign(args) => campaign::run(args, output),
        Command::Rollout(args) => rollout::run(args, output),
        Command::Event(args) => event::run(args, output),
        Command::Decision(args) => decision::run(args, output),
        Command::Runs(args) => runs::run(&args, output),
        Command::Explain(args) => explain::run(&args, output),
        Command::Replay(args) => replay::run(&args, output),
        Command::Backtest(args) => backtest::run(&args, output),
        Command::Simulate(args) => simulate::run(&args, output),
        Command::Formula(args) => formula::run(&args, output),
        Command::Job(args) => job::run(args, output),
        Command::Customer(args) => customer::run(args, output),
        Command::Redemption(args) => redemption::run(args, output),
        Command::Reservation(args) => reservation::run(args, output),
        Command::Grant(args) => grant::run(args, output),
        Command::Unit(args) => unit::run(args, output),
        Command::Pocket(args) => pocket::run(args, output),
        Command::Programme(args) => programme::run(args, output),
        Command::Segment(args) => segment::run(args, output),
        Command::Calendar(args) => calendar::run(&args, output),
        Command::Ledger(args) => ledger::run(args, output),
        Command::Kind(args) => kind::run(args, output),
        Command::Destination(args) => destination::run(args, output),
        Command::Delivery(args) => delivery::run(args, output),
        Command::Messages(args) => messages::run(args, output),
        Command::Openapi => write_out(&format!("{}\n", largesse_http::openapi().trim_end())),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "largesse", &mut script);
            write_out(&String::from_utf8_lossy(&script))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(path: &[&str]) -> String {
        let mut command = Cli::command().term_width(100);
        command.build();
        let mut command = &mut command;
        for name in path {
            command = command.find_subcommand_mut(name).unwrap();
        }
        command.render_help().to_string()
    }

    #[test]
    fn arguments_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_says_what_it_does() {
        let mut all = help(&[]);
        let command = Cli::command();
        for noun in command.get_subcommands() {
            all.push_str(&format!("\n---- {}\n{}", noun.get_name(), help(&[noun.get_name()])));
            for action in noun.get_subcommands() {
                let path = [noun.get_name(), action.get_name()];
                all.push_str(&format!("\n---- {} {}\n{}", path[0], path[1], help(&path)));
            }
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn completions_know_the_commands() {
        let mut script = Vec::new();
        clap_complete::generate(clap_complete::Shell::Bash, &mut Cli::command(), "largesse", &mut script);
        assert!(String::from_utf8(script).unwrap().contains("largesse__subcmd__campaign"));
    }
}
