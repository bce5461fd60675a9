//! What a number amounts to, whichever way it is written.

use serde_json::Number;

const TOO_LARGE: &str = "a whole number must fit 64 bits";
const TOO_FINE: &str = "a fraction must not become a whole number as a 64-bit floating point number";
/// Digits of the largest number of 64 bits.
const DIGITS: usize = 20;

/// The number that a text of JSON's grammar of numbers says.
pub(super) fn read(text: &str) -> Result<Number, &'static str> {
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return whole(text);
    }
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (sign, integer) = integer.strip_prefix('-').map_or(("", integer), |rest| ("-", rest));
    let digits = format!("{integer}{fraction}");
    let kept = digits.trim_end_matches('0');
    if kept.trim_start_matches('0').is_empty() {
        return Ok(0.into());
    }
    // An exponent that fits no 32 bits makes of digits that a body can hold a number beyond all.
    let Ok(exponent) = exponent.parse::<i32>() else {
        return Err(if exponent.starts_with('-') { TOO_FINE } else { TOO_LARGE });
    };
    let places = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let zeros = i64::from(exponent) - places(fraction) + places(&digits) - places(kept);
    let kept = kept.trim_start_matches('0');
    match usize::try_from(zeros) {
        Ok(zeros) if zeros.saturating_add(kept.len()) <= DIGITS => whole(&format!("{sign}{kept}{}", "0".repeat(zeros))),
        Ok(_) => Err(TOO_LARGE),
        Err(_) => {
            let double = text.parse::<f64>().ok().filter(|double| double.fract() != 0.0);
            double.and_then(Number::from_f64).ok_or(TOO_FINE)
        }
    }
}

fn whole(text: &str) -> Result<Number, &'static str> {
    let number = text.parse::<u64>().map(Number::from).or_else(|_| text.parse::<i64>().map(Number::from));
    number.map_err(|_| TOO_LARGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_an_integer_however_it_is_written() {
        for (text, expected) in [
            ("5", "5"),
            ("5.0", "5"),
            ("5.000e0", "5"),
            ("50e-1", "5"),
            ("0.05E+2", "5"),
            ("-5.0", "-5"),
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e999999999999", "0"),
            ("0.000e-999999999999", "0"),
            ("9007199254740993.0", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
            ("1.8446744073709551615e19", "18446744073709551615"),
            ("-9223372036854775808.0", "-9223372036854775808"),
        ] {
            assert_eq!(read(text).map(|number| number.to_string()).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_fraction_is_the_double_next_to_it() {
        for (text, expected) in [("0.1", "0.1"), ("1.50", "1.5"), ("1e-7", "1e-7"), ("0.30000000000000000001", "0.3")] {
            assert_eq!(read(text).map(|number| number.to_string()).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_of_64_bits_is_not_made_one() {
        for text in ["18446744073709551616", "-9223372036854775809", "1e20", "1e400", "-1e400", "1.5e99999999999"] {
            assert_eq!(read(text), Err(TOO_LARGE), "{text}");
        }
        for text in ["1e-400", "1e-99999999999", "9007199254740993.5", "0.99999999999999999999", "-1e-9999"] {
            assert_eq!(read(text), Err(TOO_FINE), "{text}");
        }
    }
}
