//! The bank. An account's owner registers at 08:00 on its opening day; a card is bound to its holder at 09:00; a loan is
//! applied for at 10:00, approved at 11:00 and drawn at 12:00; a transaction falls at 13:00 plus the number of its row, in
//! seconds within the hour. Lines are in order of time, then of identifier.

use std::collections::HashMap;
use std::io::{Read, Write};

use anyhow::Context as _;

use super::table::{Row, Table};
use super::{Date, Summary, minor};

const HOUR: usize = 3_600;

/// The published files that are used.
pub struct Files<'a> {
    /// `account.asc`.
    pub accounts: &'a mut dyn Read,
    /// `disp.asc`: who has which right to which account.
    pub dispositions: &'a mut dyn Read,
    /// `card.asc`.
    pub cards: &'a mut dyn Read,
    /// `loan.asc`.
    pub loans: &'a mut dyn Read,
    /// `trans.asc`. A last row that is cut off is left out.
    pub transactions: &'a mut dyn Read,
}

struct Event {
    time: String,
    id: String,
    kind: &'static str,
    customer: String,
    data: String,
}

/// Writes the events, at most `max_transactions` of them transactions: the first of the file.
///
/// # Errors
/// When a row cannot be understood, or names an account or a card holder that is not there; when the output fails.
pub fn convert(files: Files<'_>, max_transactions: Option<usize>, out: &mut dyn Write) -> anyhow::Result<Summary> {
    let dispositions = Table::read("disp.asc", files.dispositions)?;
    let people = People::read(&dispositions)?;
    let mut events = Vec::new();
    for row in Table::read("account.asc", files.accounts)?.rows() {
        events.push(registration(row, &people)?);
    }
    for row in Table::read("card.asc", files.cards)?.rows() {
        events.push(card(row, &people)?);
    }
    for row in Table::read("loan.asc", files.loans)?.rows() {
        events.extend(loan(row, &people)?);
    }
    let transactions = Table::read("trans.asc", files.transactions)?;
    for row in transactions.rows().take(max_transactions.unwrap_or(usize::MAX)) {
        events.push(transaction(row, &people)?);
    }
    events.sort_by(|a, b| (&a.time, &a.id).cmp(&(&b.time, &b.id)));
    let mut summary = Summary { unfinished_rows: u64::from(transactions.is_cut), ..Summary::default() };
    for Event { time, id, kind, customer, data } in events {
        summary.count(kind);
        writeln!(
            out,
            r#"{{"specversion":"1.0","id":"{id}","source":"/berka/bank","type":"{kind}","subject":"c{customer}","time":"{time}","datacontenttype":"application/json","data":{data}}}"#
        )?;
    }
    Ok(summary)
}

/// Who owns an account, and who holds a disposition.
struct People {
    owners: HashMap<u64, u64>,
    holders: HashMap<u64, u64>,
}

impl People {
    fn read(dispositions: &Table) -> anyhow::Result<Self> {
        let mut people = Self { owners: HashMap::new(), holders: HashMap::new() };
        for row in dispositions.rows() {
            let client = number(row, "client_id")?;
            people.holders.insert(number(row, "disp_id")?, client);
            if row.text("type")? == "OWNER" {
                people.owners.insert(number(row, "account_id")?, client);
            }
        }
        Ok(people)
    }

    fn owner(&self, row: Row<'_>) -> anyhow::Result<String> {
        let owner = self.owners.get(&number(row, "account_id")?);
        owner.map(u64::to_string).with_context(|| row.problem("nobody owns the account"))
    }

    fn holder(&self, row: Row<'_>) -> anyhow::Result<String> {
        let holder = self.holders.get(&number(row, "disp_id")?);
        holder.map(u64::to_string).with_context(|| row.problem("nobody holds the disposition"))
    }
}

fn registration(row: Row<'_>, people: &People) -> anyhow::Result<Event> {
    Ok(Event {
        time: row.get("date", Date::read)?.at(8 * HOUR),
        id: format!("account-{}", number(row, "account_id")?),
        kind: "user.registered",
        customer: people.owner(row)?,
        data: format!(r#"{{"channel":"district-{}"}}"#, number(row, "district_id")?),
    })
}

fn card(row: Row<'_>, people: &People) -> anyhow::Result<Event> {
    let card = number(row, "card_id")?;
    let issued = |text: &str| Date::read(text.split(' ').next()?);
    Ok(Event {
        time: row.get("issued", issued)?.at(9 * HOUR),
        id: format!("card-{card}"),
        kind: "card.bound",
        customer: people.holder(row)?,
        data: format!(r#"{{"card_hash":"k{card}","kind":{}}}"#, quoted(row.text("type")?)?),
    })
}

fn loan(row: Row<'_>, people: &People) -> anyhow::Result<[Event; 3]> {
    let loan = number(row, "loan_id")?;
    let date = row.get("date", Date::read)?;
    let amount = money(row.get("amount", minor)?);
    let periods = number(row, "duration")?;
    let customer = people.owner(row)?;
    let event = |hour: usize, id: String, kind, data| Event {
        time: date.at(hour * HOUR),
        id,
        kind,
        customer: customer.clone(),
        data,
    };
    let applied = format!(r#"{{"application":"a{loan}"}}"#);
    let approved = format!(r#"{{"application":"a{loan}","limit":{amount}}}"#);
    let drawn = format!(r#"{{"loan":"l{loan}","amount":{amount},"periods":{periods}}}"#);
    Ok([
        event(10, format!("loan-applied-{loan}"), "credit.applied", applied),
        event(11, format!("loan-approved-{loan}"), "credit.approved", approved),
        event(12, format!("loan-{loan}"), "loan.drawn", drawn),
    ])
}

fn transaction(row: Row<'_>, people: &People) -> anyhow::Result<Event> {
    let kind = row.get("type", |text| match text {
        "PRIJEM" => Some("deposit.made"),
        "VYDAJ" | "VYBER" => Some("withdrawal.made"),
        _ => None,
    })?;
    // What the bank itself pays in has no operation.
    let operation = match row.text("operation")? {
        "" => "interest",
        operation => operation,
    };
    let (amount, balance) = (money(row.get("amount", minor)?), money(row.get("balance", minor)?));
    Ok(Event {
        time: row.get("date", Date::read)?.at(13 * HOUR + row.number() % HOUR),
        id: format!("trans-{}", number(row, "trans_id")?),
        kind,
        customer: people.owner(row)?,
        data: format!(r#"{{"amount":{amount},"balance":{balance},"operation":{}}}"#, quoted(operation)?),
    })
}

fn number(row: Row<'_>, name: &str) -> anyhow::Result<u64> {
    row.get(name, |text| text.parse().ok())
}

fn money(minor: i64) -> String {
    format!(r#"{{"minor":{minor},"currency":"CZK"}}"#)
}

fn quoted(text: &str) -> anyhow::Result<String> {
    Ok(serde_json::to_string(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DISPOSITIONS: &str =
        "\"disp_id\";\"client_id\";\"account_id\";\"type\"\r\n1;11;5;\"OWNER\"\r\n2;12;5;\"DISPONENT\"\r\n";
    const TRANSACTIONS: &str = "\"trans_id\";\"account_id\";\"date\";\"type\";\"operation\";\"amount\";\"balance\"\r\n\
                                90;5;930103;\"PRIJEM\";\"VKLAD\";700.00;700.00\r\n\
                                91;5;930131;\"PRIJEM\";\"\";2.5;702.50\r\n\
                                92;5;930201;\"VYDAJ\";\"VYBER\";800.00;-97.50\r\n";

    fn run(transactions: &str, max: Option<usize>) -> anyhow::Result<(Vec<String>, Summary)> {
        let mut out = Vec::new();
        let files = Files {
            accounts: &mut "\"account_id\";\"district_id\";\"date\"\r\n5;77;930101\r\n".as_bytes(),
            dispositions: &mut DISPOSITIONS.as_bytes(),
            cards: &mut "\"card_id\";\"disp_id\";\"type\";\"issued\"\r\n8;2;\"junior\";930102 00:00:00\r\n".as_bytes(),
            loans: &mut "\"loan_id\";\"account_id\";\"date\";\"amount\";\"duration\"\r\n3;5;930102;96396;12\r\n"
                .as_bytes(),
            transactions: &mut transactions.as_bytes(),
        };
        let summary = convert(files, max, &mut out)?;
        Ok((String::from_utf8(out)?.lines().map(str::to_owned).collect(), summary))
    }

    #[test]
    fn each_row_becomes_its_events() {
        let (lines, summary) = run(TRANSACTIONS, None).unwrap();
        let short: Vec<String> = lines
            .iter()
            .map(|line| {
                let event: serde_json::Value = serde_json::from_str(line).unwrap();
                let text = |name: &str| event[name].as_str().unwrap().to_owned();
                format!("{} {} {} {}", text("time"), text("subject"), text("type"), event["data"])
            })
            .collect();
        let expected = [
            r#"1993-01-01T08:00:00+01:00 c11 user.registered {"channel":"district-77"}"#,
            r#"1993-01-02T09:00:00+01:00 c12 card.bound {"card_hash":"k8","kind":"junior"}"#,
            r#"1993-01-02T10:00:00+01:00 c11 credit.applied {"application":"a3"}"#,
            r#"1993-01-02T11:00:00+01:00 c11 credit.approved {"application":"a3","limit":{"currency":"CZK","minor":9639600}}"#,
            r#"1993-01-02T12:00:00+01:00 c11 loan.drawn {"amount":{"currency":"CZK","minor":9639600},"loan":"l3","periods":12}"#,
            r#"1993-01-03T13:00:01+01:00 c11 deposit.made {"amount":{"currency":"CZK","minor":70000},"balance":{"currency":"CZK","minor":70000},"operation":"VKLAD"}"#,
            r#"1993-01-31T13:00:02+01:00 c11 deposit.made {"amount":{"currency":"CZK","minor":250},"balance":{"currency":"CZK","minor":70250},"operation":"interest"}"#,
            r#"1993-02-01T13:00:03+01:00 c11 withdrawal.made {"amount":{"currency":"CZK","minor":80000},"balance":{"currency":"CZK","minor":-9750},"operation":"VYBER"}"#,
        ];
        assert_eq!(short, expected);
        assert_eq!((summary.total(), summary.unfinished_rows), (8, 0));
    }

    #[test]
    fn a_file_that_is_cut_or_too_long() {
        let (lines, summary) = run(&format!("{TRANSACTIONS}93;5;930202;\"VYD"), None).unwrap();
        assert_eq!((lines.len(), summary.unfinished_rows), (8, 1));
        let (lines, _) = run(TRANSACTIONS, Some(1)).unwrap();
        assert_eq!(lines.len(), 6);
    }

    #[test]
    fn a_row_that_makes_no_sense_is_named() {
        for (from, to, expected) in [
            ("930131", "931331", "trans.asc, line 3: date is \"931331\""),
            ("91;5;", "91;6;", "trans.asc, line 3: nobody owns the account"),
            ("\"VYDAJ\"", "\"GIFT\"", "trans.asc, line 4: type is \"GIFT\""),
            ("91;5;", "91;5;9;", "trans.asc, line 3: 8 fields instead of 7"),
            ("\"balance\"", "\"rest\"", "trans.asc: there is no column balance"),
        ] {
            let error = run(&TRANSACTIONS.replacen(from, to, 1), None).unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }
}
