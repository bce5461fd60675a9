//! What was probably meant: the known word that is most like one that is not known, and what readers of documents say of it.

use largesse_domain::unit::{UnitClass, UnitPattern};

/// Most words that are listed where one is not known.
const WORDS_LISTED: usize = 24;
/// How alike two words are that may be meant for one another.
const ALIKE: f64 = 0.8;

/// Returns the known word that is most like a misspelt one, if one is.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(word);
    let likeness = |candidate: &str| {
        let candidate = plain(candidate);
        match is_part(&wanted, &candidate) {
            // Of those that contain it, the shortest.
            true => 2.0 - f64::from(u16::try_from(candidate.len()).unwrap_or(u16::MAX)) / f64::from(u16::MAX),
            false => strsim::jaro_winkler(&wanted, &candidate),
        }
    };
    let alike = known.into_iter().map(|candidate| (likeness(candidate), candidate));
    let best = alike.reduce(|best, other| if other.0 > best.0 { other } else { best })?;
    (best.0 > ALIKE).then_some(best.1)
}

/// Case and the sign between words are what people do not remember.
fn plain(word: &str) -> String {
    word.to_lowercase().replace(['_', '.', ' '], "-")
}

/// Reports whether it is whole words of the other one: `registered` is of `user-registered`.
fn is_part(word: &str, whole: &str) -> bool {
    let at_end = |rest: &str| rest.strip_suffix(word).is_some_and(|before| before.ends_with(['-', ':']));
    let at_start = |rest: &str| rest.strip_prefix(word).is_some_and(|after| after.starts_with(['-', ':']));
    !word.is_empty() && (at_end(whole) || at_start(whole) || whole.contains(&format!("-{word}-")))
}

/// Returns the words that are known, and which of them was probably meant: `a, b, c; did you mean a?`
#[must_use]
pub fn choices<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let listed = listed(&known);
    listed + &meant(word, known)
}

/// Returns which word was probably meant, behind what else is said of one that is not known: `; did you mean a?`
#[must_use]
pub fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

/// The same of a unit, or of a class of units, whose class is misspelt.
#[must_use]
pub fn meant_unit(text: &str) -> String {
    let (class, name) = text.split_once(':').map_or((text, ""), |(class, name)| (class, name));
    let near = nearest(class, UnitClass::ALL.map(UnitClass::as_str));
    let near = near.map(|near| if name.is_empty() { near.to_owned() } else { format!("{near}:{name}") });
    let near = near.filter(|near| near.parse::<UnitPattern>().is_ok());
    near.map(|near| format!("; did you mean {near}?")).unwrap_or_default()
}

/// Lists words, as many as can be read.
fn listed(words: &[&str]) -> String {
    match words.len() {
        0 => "none".to_owned(),
        count @ 1..=WORDS_LISTED => words[..count].join(", "),
        count => format!("{} and {} more", words[..WORDS_LISTED].join(", "), count - WORDS_LISTED),
    }
}

/// Returns that there is no such thing, which ones there are, and which was probably meant.
#[must_use]
pub fn unknown<'a>(what: &str, word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    format!("there is no {what} {word}; there are: {}", choices(word, known))
}

/// Returns what a reader of documents says, in the words of whoever wrote the document: what is allowed, and what was probably
/// meant.
#[must_use]
pub fn explained(message: &str) -> String {
    number(message).or_else(|| name(message)).unwrap_or_else(|| message.to_owned())
}

/// A number that is none of those that are taken. Only whole ones ever are.
fn number(message: &str) -> Option<String> {
    let (before, rest) = message.split_once("invalid type: ").or_else(|| message.split_once("invalid value: "))?;
    let (got, after) = rest.split_once(", expected ")?;
    let wanted: &str = after.split([' ', '\n']).next()?;
    let least = match wanted {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number from 0",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        _ => return None,
    };
    let (kind, value) = got.split_once(' ').unwrap_or((got, ""));
    let got = match kind {
        "floating" => value.trim_start_matches("point ").replace('`', ""),
        "integer" => value.replace('`', ""),
        "string" => format!("the text {value}"),
        _ => got.to_owned(),
    };
    let bound = match wanted {
        "u8" => " to 255",
        "u16" => " to 65,535",
        "u32" => " to 4,294,967,295",
        _ => "",
    };
    Some(format!("{before}expected {least}{bound}, not {got}{}", &after[wanted.len()..]))
}

/// A name that is none of those that are taken.
fn name(message: &str) -> Option<String> {
    let start = message.find("unknown field `").or_else(|| message.find("unknown variant `"))?;
    let quoted: Vec<&str> = message[start..].split('`').skip(1).step_by(2).collect();
    let (word, known) = quoted.split_first()?;
    let near = nearest(word, known.iter().copied())?;
    Some(format!("{}; did you mean `{near}`?", message.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_near() {
        let known = ["listen", "data_dir", "workers", "user-registered", "friend-user-registered", "card-bound"];
        for (word, meant) in [
            ("lisen", Some("listen")),
            ("datadir", Some("data_dir")),
            ("Data-Dir", Some("data_dir")),
            ("registered", Some("user-registered")),
            ("card.bound", Some("card-bound")),
            ("zebra", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
    }

    #[test]
    fn words_are_listed_as_far_as_they_can_be_read() {
        assert_eq!(choices("vipp", []), "none");
        assert_eq!(choices("vipp", ["vip"]), "vip; did you mean vip?");
        assert_eq!(unknown("segment", "x", ["vip", "new"]), "there is no segment x; there are: vip, new");
        let many: Vec<String> = (10..50).map(|number| format!("word-{number}")).collect();
        let text = choices("word-49", many.iter().map(String::as_str));
        assert!(text.ends_with("word-33 and 16 more; did you mean word-49?"), "{text}");
    }

    #[test]
    fn what_readers_say_is_said_in_other_words() {
        for (message, said) in [
            ("invalid type: floating point `1.5`, expected u64", "expected a whole number from 0, not 1.5"),
            (
                "invalid value: integer `-5`, expected u32 at line 1 column 3",
                "expected a whole number from 0 to 4,294,967,295, not -5 at line 1 column 3",
            ),
            ("invalid type: string \"5\", expected u64", "expected a whole number from 0, not the text \"5\""),
            (
                "unknown field `curency`, expected one of `policy`, `currency`",
                "unknown field `curency`, expected one of `policy`, `currency`; did you mean `currency`?",
            ),
            ("unknown field `x`, expected `policy`", "unknown field `x`, expected `policy`"),
            ("missing field `opens`", "missing field `opens`"),
        ] {
            assert_eq!(explained(message), said);
        }
    }
}
