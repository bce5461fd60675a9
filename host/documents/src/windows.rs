//! Recurring windows of a campaign. Read as part of a campaign document and of the store.

use largesse_domain::limits::{MINUTES_PER_DAY, WINDOW_DATES_MAX, WINDOWS_MAX};
use largesse_domain::recurring::{Hours, RecurringWindow};
use serde::{Deserialize, Serialize};

use crate::problem::Problems;
use crate::terms::texts;

/// Days that come again, and the same part of each. A day fits when it is among all that is given; what is empty or absent
/// leaves every day in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct WindowDocument {
    /// Months, 1 to 12.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub months: Vec<u8>,
    /// Days of a month, 1 to 31. A month that has not the day is left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub month_days: Vec<u8>,
    /// Days of the week, 1 (Monday) to 7.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weekdays: Vec<u8>,
    /// Dates of every year (`01-31`) or of one (`2026-01-31`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<String>,
    /// Begins with this minute of the day: `10:00`.
    pub from: String,
    /// Ends before this minute of the day, which is later: `22:30`, or `24:00`.
    pub to: String,
}

impl Default for WindowDocument {
    fn default() -> Self {
        (&RecurringWindow {
            months: Vec::new(),
            month_days: Vec::new(),
            weekdays: Vec::new(),
            dates: Vec::new(),
            hours: Hours::WHOLE_DAY,
        })
            .into()
    }
}

impl From<&RecurringWindow> for WindowDocument {
    fn from(window: &RecurringWindow) -> Self {
        Self {
            months: window.months.clone(),
            month_days: window.month_days.clone(),
            weekdays: window.weekdays.clone(),
            dates: texts(&window.dates),
            from: minute_text(window.hours.from()),
            to: minute_text(window.hours.to()),
        }
    }
}

impl WindowDocument {
    fn read(&self, pointer: &str, problems: &mut Problems) -> Option<RecurringWindow> {
        let lists =
            [("months", &self.months, 12), ("month_days", &self.month_days, 31), ("weekdays", &self.weekdays, 7)];
        for (name, numbers, most) in lists {
            for (index, number) in numbers.iter().enumerate() {
                let pointer = format!("{pointer}/{name}/{index}");
                if !(1..=most).contains(number) {
                    problems.add(pointer, format!("expected 1 to {most}"));
                } else if numbers[..index].contains(number) {
                    problems.add(pointer, format!("{number} is there twice"));
                }
            }
        }
        if self.dates.len() > WINDOW_DATES_MAX {
            problems.add(format!("{pointer}/dates"), format!("more than {WINDOW_DATES_MAX} dates"));
            return None;
        }
        let dates = problems.keep_all(&format!("{pointer}/dates"), &self.dates);
        let from = problems.keep(format!("{pointer}/from"), read_minute(&self.from));
        let to = problems.keep(format!("{pointer}/to"), read_minute(&self.to));
        let (from, to) = (from?, to?);
        let hours = Hours::new(from, to).ok_or("a window must end later on the day than it begins");
        let hours = problems.keep(format!("{pointer}/to"), hours)?;
        let (months, month_days, weekdays) = (self.months.clone(), self.month_days.clone(), self.weekdays.clone());
        Some(RecurringWindow { months, month_days, weekdays, dates, hours })
    }
}

/// The windows, as far as they are right.
pub(crate) fn read_windows(documents: &[WindowDocument], problems: &mut Problems) -> Vec<RecurringWindow> {
    if documents.len() > WINDOWS_MAX {
        problems.add("/windows", format!("more than {WINDOWS_MAX} windows"));
    }
    let read = |(index, document): (usize, &WindowDocument)| document.read(&format!("/windows/{index}"), problems);
    documents.iter().enumerate().filter_map(read).collect()
}

/// A minute of the day, 0 to 1,440, as `HH:MM`.
fn minute_text(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn read_minute(text: &str) -> Result<u16, &'static str> {
    let number = |part: &str| {
        let right = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        right.then(|| part.parse::<u16>().ok()).flatten()
    };
    let parts = text.split_once(':').and_then(|(hour, minute)| number(hour).zip(number(minute)));
    let minute = parts.filter(|(_, minute)| *minute < 60).map(|(hour, minute)| hour * 60 + minute);
    minute
        .filter(|minute| *minute <= MINUTES_PER_DAY)
        .ok_or("expected a time of day from 00:00 to 24:00, such as 10:00")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(windows: Value) -> Result<Vec<RecurringWindow>, Vec<(String, String)>> {
        let documents: Vec<WindowDocument> = serde_json::from_value(windows).unwrap();
        let mut problems = Problems::default();
        let windows = read_windows(&documents, &mut problems);
        let told = |problem: largesse_domain::problem::Problem| (problem.pointer, problem.message);
        problems.finish(Some(windows)).map_err(|problems| problems.into_iter().map(told).collect())
    }

    #[test]
    fn a_window_is_written_back_as_it_was_read() {
        let windows = json!([
            {"months": [1, 12], "month_days": [18], "weekdays": [5], "dates": ["01-01", "2026-02-28"], "from": "10:00",
             "to": "24:00"},
            {"from": "00:00", "to": "00:01"},
        ]);
        let read = read(windows.clone()).unwrap();
        let written: Vec<WindowDocument> = read.iter().map(Into::into).collect();
        assert_eq!(serde_json::to_value(written).unwrap(), windows);
    }

    #[test]
    fn what_is_absent_is_every_day_and_the_whole_of_it() {
        assert_eq!(read(json!([{}])).unwrap()[0].hours, Hours::WHOLE_DAY);
    }

    #[test]
    fn each_problem_is_pointed_at() {
        let windows = json!([
            {"months": [0, 13], "month_days": [32, 31, 31], "weekdays": [8], "dates": ["02-30"]},
            {"from": "10", "to": "24:01"},
            {"from": "22:00", "to": "02:00"},
            {"from": "09:60"},
        ]);
        let pointers: Vec<String> = read(windows).unwrap_err().into_iter().map(|(pointer, _)| pointer).collect();
        let expected = [
            "/windows/0/months/0",
            "/windows/0/months/1",
            "/windows/0/month_days/0",
            "/windows/0/month_days/2",
            "/windows/0/weekdays/0",
            "/windows/0/dates/0",
            "/windows/1/from",
            "/windows/1/to",
            "/windows/2/to",
            "/windows/3/from",
        ];
        assert_eq!(pointers, expected);
    }

    #[test]
    fn windows_and_their_dates_are_bounded() {
        assert!(read(json!(vec![json!({}); WINDOWS_MAX])).is_ok());
        assert_eq!(read(json!(vec![json!({}); WINDOWS_MAX + 1])).unwrap_err()[0].0, "/windows");
        let dates = |count: usize| read(json!([{"dates": vec!["01-01"; count]}]));
        assert!(dates(WINDOW_DATES_MAX).is_ok());
        assert_eq!(dates(WINDOW_DATES_MAX + 1).unwrap_err()[0].0, "/windows/0/dates");
    }
}
