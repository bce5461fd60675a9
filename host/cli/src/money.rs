//! Amounts as people write them.

/// How many digits of a currency are minor units (ISO 4217).
fn minor_digits(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// An amount of minor units: `8800` of `CNY` is `88.00 CNY`.
pub(crate) fn money(minor: i64, currency: &str) -> String {
    let digits = minor_digits(currency);
    let (sign, minor) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    if digits == 0 {
        return format!("{sign}{minor} {currency}");
    }
    let one = 10_u64.pow(digits);
    let width = digits as usize;
    format!("{sign}{}.{:0width$} {currency}", minor / one, minor % one)
}

/// What a quantity of a unit is worth in money; nothing for units that are not money.
pub(crate) fn worth(unit: &str, quantity: i64) -> String {
    match unit.split_once(':') {
        Some(("cash" | "credit-limit", currency)) => money(quantity, currency),
        _ => String::new(),
    }
}

/// A count in groups of three digits: `56,540`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_have_their_own_minor_units() {
        assert_eq!(money(8_800, "CNY"), "88.00 CNY");
        assert_eq!(money(5, "USD"), "0.05 USD");
        assert_eq!(money(-105, "EUR"), "-1.05 EUR");
        assert_eq!(money(1_500, "JPY"), "1500 JPY");
        assert_eq!(money(1_500, "KWD"), "1.500 KWD");
        assert_eq!(money(i64::MIN, "CLF"), "-922337203685477.5808 CLF");
    }

    #[test]
    fn only_money_is_worth_money() {
        assert_eq!(worth("cash:CNY", 1), "0.01 CNY");
        assert_eq!(worth("credit-limit:CZK", 5_000_000), "50000.00 CZK");
        assert_eq!(worth("points", 300), "");
        assert_eq!(worth("coupon:cash", 1), "");
    }

    #[test]
    fn counts_are_grouped() {
        assert_eq!([0, 7, 999, 1_000, 56_540, 1_234_567].map(count), ["0", "7", "999", "1,000", "56,540", "1,234,567"]);
    }
}
