//! The shop: a line for each purchase, with customer, date, number of discs and amount. A customer registers at 08:00 on the
//! day of the first purchase and buys from 12:00 on, at the number of the row in seconds within the hour. Lines are in order
//! of day; within one, registrations come first, each kind in the order of the file.

use std::collections::HashSet;
use std::io::{Read, Write};

use anyhow::Context as _;

use super::{Date, Summary, minor};

const FILE: &str = "CDNOW_master.txt";
const HOUR: usize = 3_600;

struct Purchase<'a> {
    row: usize,
    customer: &'a str,
    date: Date,
    quantity: u32,
    minor: i64,
}

/// Writes the events.
///
/// # Errors
/// When a row cannot be understood, or the output fails.
pub fn convert(input: &mut dyn Read, out: &mut dyn Write) -> anyhow::Result<Summary> {
    let mut text = String::new();
    input.read_to_string(&mut text).context(FILE)?;
    let mut purchases = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let row = index + 1;
        purchases.push(purchase(row, line).with_context(|| format!("{FILE}, line {row}: {line:?}"))?);
    }
    // Rows of one customer are in order of date, so the first one is the first purchase.
    let mut known = HashSet::new();
    let mut events = Vec::new();
    for purchase in &purchases {
        if known.insert(purchase.customer) {
            events.push((purchase.date, false, purchase));
        }
        events.push((purchase.date, true, purchase));
    }
    events.sort_by_key(|(date, is_order, purchase)| (*date, *is_order, purchase.row));
    let mut summary = Summary::default();
    for (_, is_order, purchase) in events {
        let kind = if is_order { "order.paid" } else { "user.registered" };
        summary.count(kind);
        write_event(purchase, kind, out)?;
    }
    Ok(summary)
}

fn purchase(row: usize, line: &str) -> Option<Purchase<'_>> {
    let mut fields = line.split_ascii_whitespace();
    let customer = fields.next().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    let date = Date::read(fields.next()?)?;
    let quantity = fields.next()?.parse().ok()?;
    let minor = minor(fields.next()?)?;
    fields.next().is_none().then_some(Purchase { row, customer, date, quantity, minor })
}

fn write_event(purchase: &Purchase<'_>, kind: &str, out: &mut dyn Write) -> anyhow::Result<()> {
    let Purchase { row, customer, date, quantity, minor } = purchase;
    let (id, time, data) = if kind == "order.paid" {
        let data =
            format!(r#"{{"order":"o{row}","amount":{{"minor":{minor},"currency":"USD"}},"quantity":{quantity}}}"#);
        (format!("order-{row}"), date.at(12 * HOUR + row % HOUR), data)
    } else {
        (format!("user-{customer}"), date.at(8 * HOUR), r#"{"channel":"web"}"#.to_owned())
    };
    writeln!(
        out,
        r#"{{"specversion":"1.0","source":"/cdnow/shop","subject":"u{customer}","datacontenttype":"application/json","id":"{id}","type":"{kind}","time":"{time}","data":{data}}}"#
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> anyhow::Result<Vec<String>> {
        let mut out = Vec::new();
        convert(&mut text.as_bytes(), &mut out)?;
        let lines = String::from_utf8(out)?;
        let short = |line: &str| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            format!("{} {} {} {}", text("time"), text("subject"), text("id"), event["data"])
        };
        Ok(lines.lines().map(short).collect())
    }

    #[test]
    fn a_customer_registers_on_the_day_of_the_first_purchase() {
        let text = " 00001 20210102  1   11.77\r\n 00002 20210101  5    7.00\r\n 00002 20210102 10   12.5\r\n";
        let expected = [
            r#"2021-01-01T08:00:00+01:00 u00002 user-00002 {"channel":"web"}"#,
            r#"2021-01-01T12:00:02+01:00 u00002 order-2 {"amount":{"currency":"USD","minor":700},"order":"o2","quantity":5}"#,
            r#"2021-01-02T08:00:00+01:00 u00001 user-00001 {"channel":"web"}"#,
            r#"2021-01-02T12:00:01+01:00 u00001 order-1 {"amount":{"currency":"USD","minor":1177},"order":"o1","quantity":1}"#,
            r#"2021-01-02T12:00:03+01:00 u00002 order-3 {"amount":{"currency":"USD","minor":1250},"order":"o3","quantity":10}"#,
        ];
        assert_eq!(run(text).unwrap(), expected);
    }

    #[test]
    fn a_row_that_makes_no_sense_is_named() {
        for bad in ["x 20210101 1 2.00", "1 20211301 1 2.00", "1 20210101 -1 2.00", "1 20210101 1", "1 20210101 1 2 3"]
        {
            let error = run(&format!("00001 20210101 1 2.00\n{bad}\n")).unwrap_err();
            assert!(error.to_string().starts_with("CDNOW_master.txt, line 2: "), "{error}");
        }
    }
}
