//! The results as JUnit's XML, which continuous integration reads.

use std::fmt::Write as _;

use super::Results;

pub(super) fn document(results: &Results) -> String {
    let (tests, failed) = (results.scenarios.len(), results.failed);
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<testsuites tests=\"{tests}\" failures=\"{failed}\">");
    let name = escaped(&results.policy);
    let _ = writeln!(xml, "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failed}\">");
    for scenario in &results.scenarios {
        let file = escaped(&scenario.file.to_string_lossy());
        let title = if scenario.title.is_empty() { &file } else { &escaped(&scenario.title) };
        let seconds = scenario.took.as_secs_f64();
        let _ =
            write!(xml, "    <testcase classname=\"{file}\" name=\"{title}\" file=\"{file}\" time=\"{seconds:.3}\"");
        if scenario.failures.is_empty() {
            xml.push_str("/>\n");
            continue;
        }
        xml.push_str(">\n");
        for failure in &scenario.failures {
            let message = escaped(&failure.to_string());
            let _ = writeln!(xml, "      <failure message=\"{message}\">{file}:{}</failure>", failure.line);
        }
        xml.push_str("    </testcase>\n");
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// Text as it may stand in an attribute. What XML cannot have at all becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            one if one.is_control() || matches!(one, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            one => out.push(one),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_are_xml() {
        insta::assert_snapshot!(super::document(&super::super::tests::results()));
    }
}
