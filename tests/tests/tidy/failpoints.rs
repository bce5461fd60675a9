//! Rules on fail points: each is reached at one place of the host.

use largesse_failpoint::Point;

use crate::files::File;
use crate::rules::{REACHED_POINTS, Violation};

const NAMED_IN: &str = "host/failpoint/src/lib.rs";

/// Counts the places that reach each point.
pub(crate) fn check(files: &[File]) -> Vec<Violation> {
    let host: Vec<&File> = files
        .iter()
        .filter(|file| file.path.starts_with("host/") && file.path.contains("/src/") && file.path != NAMED_IN)
        .collect();
    let mut found = Vec::new();
    for point in Point::ALL {
        let call = format!("reach(Point::{point:?});");
        let places: usize = host.iter().map(|file| file.text.matches(&call).count()).sum();
        if places != 1 {
            found.push(Violation::new(
                &REACHED_POINTS,
                NAMED_IN,
                0,
                format!("{point:?} is reached at {places} places"),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_that_is_reached_never_or_twice() {
        let text: String = Point::ALL[1..].iter().map(|point| format!("reach(Point::{point:?});\n")).collect();
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let once = file("host/store/src/a.rs", &text);
        let outside = file("host/store/tests/a.rs", "reach(Point::SecretsAbsent);");
        let twice = file("host/cli/src/a.rs", "reach(Point::LogOn);");
        let found: Vec<String> = check(&[once, outside, twice]).into_iter().map(|violation| violation.what).collect();
        assert_eq!(found, ["SecretsAbsent is reached at 0 places", "LogOn is reached at 2 places"]);
    }
}
