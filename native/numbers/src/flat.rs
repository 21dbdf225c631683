//! Numbers between brackets, by the grammar of RFC 8259 to the letter.

/// What was read of an array.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Read {
    /// Bytes up to and including the closing bracket.
    pub end: usize,
    /// Numbers written to the front of the output.
    pub count: usize,
}

/// Powers of ten that a double holds exactly.
const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];
/// Whole numbers up to here are doubles.
const EXACT_WHOLE: u64 = 1 << 53;
/// So many decimal digits always fit into 64 bits.
const MAX_DIGITS: usize = 19;

/// Reads `text`, which begins behind an opening bracket, up to the closing one. The doubles are
/// those nearest to what is written (ties to even), as `JSON.parse` gives them: infinite where it
/// is too large. `None` for anything but numbers, for more of them than `out` holds, and where
/// the text ends before the array does.
pub fn read(text: &[u8], out: &mut [f64]) -> Option<Read> {
    let mut at = skip_space(text, 0);
    if text.get(at) == Some(&b']') {
        return Some(Read { end: at + 1, count: 0 });
    }
    let mut count = 0;
    loop {
        let (value, end) = number(text, at)?;
        *out.get_mut(count)? = value;
        count += 1;
        at = skip_space(text, end);
        match text.get(at)? {
            b',' => at = skip_space(text, at + 1),
            b']' => return Some(Read { end: at + 1, count }),
            _ => return None,
        }
    }
}

/// Where the next array under a key `"data"` begins, behind its bracket, at `from` or later.
///
/// The key is looked for as bytes. Inside a string its quotes cannot stand unescaped, so what is
/// found is a value in a valid text, though its key may be one that only ends in `"data"`.
pub fn find(text: &[u8], from: usize) -> Option<usize> {
    const KEY: &[u8] = b"\"data\"";
    let mut at = from;
    loop {
        at += text.get(at..)?.iter().position(|&byte| byte == b'"')?;
        if text[at..].starts_with(KEY) {
            let colon = skip_space(text, at + KEY.len());
            let bracket = skip_space(text, colon + 1);
            if text.get(colon) == Some(&b':') && text.get(bracket) == Some(&b'[') {
                return Some(bracket + 1);
            }
        }
        at += 1;
    }
}

fn skip_space(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\n' | b'\r' | b'\t')) {
        at += 1;
    }
    at
}

/// The number at `start` and where it ends.
fn number(text: &[u8], start: usize) -> Option<(f64, usize)> {
    let negative = text.get(start) == Some(&b'-');
    let whole_start = start + usize::from(negative);
    let mut mantissa = 0u64;
    let whole_end = digits(text, whole_start, &mut mantissa);
    let leading_zero = text.get(whole_start) == Some(&b'0') && whole_end > whole_start + 1;
    if whole_end == whole_start || leading_zero {
        return None;
    }
    let mut end = whole_end;
    let mut length = whole_end - whole_start;
    let mut exponent = 0i64;
    if text.get(end) == Some(&b'.') {
        let fraction_end = digits(text, end + 1, &mut mantissa);
        let fraction = fraction_end - (end + 1);
        if fraction == 0 {
            return None;
        }
        length += fraction;
        exponent = -(fraction as i64);
        end = fraction_end;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let (power, power_end) = power(text, end + 1)?;
        exponent = exponent.saturating_add(power);
        end = power_end;
    }
    let exact = (length <= MAX_DIGITS).then(|| exact(mantissa, exponent)).flatten();
    match exact {
        Some(value) => Some((if negative { -value } else { value }, end)),
        None => Some((fast_float2::parse(&text[start..end]).ok()?, end)),
    }
}

/// Where the digits at `at` end; the mantissa goes on, and is of use while they are not too many.
fn digits(text: &[u8], mut at: usize, mantissa: &mut u64) -> usize {
    while let Some(digit @ b'0'..=b'9') = text.get(at) {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        at += 1;
    }
    at
}

/// The power of ten at `at`, behind the letter, and where it ends; held within what can matter.
fn power(text: &[u8], at: usize) -> Option<(i64, usize)> {
    let negative = text.get(at) == Some(&b'-');
    let start = at + usize::from(matches!(text.get(at), Some(b'-' | b'+')));
    let mut end = start;
    let mut value = 0i64;
    while let Some(digit @ b'0'..=b'9') = text.get(end) {
        value = (value * 10 + i64::from(digit - b'0')).min(1_000_000_000);
        end += 1;
    }
    (end > start).then_some((if negative { -value } else { value }, end))
}

/// Both factors are doubles, so that one rounding gives the nearest one (Clinger 1990).
fn exact(mantissa: u64, exponent: i64) -> Option<f64> {
    if mantissa > EXACT_WHOLE {
        return None;
    }
    let power = EXACT_POWERS.get(usize::try_from(exponent.unsigned_abs()).ok()?)?;
    let whole = mantissa as f64;
    Some(if exponent < 0 { whole / power } else { whole * power })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Option<Vec<f64>> {
        let mut out = vec![0.0; 64];
        let read = read(text.as_bytes(), &mut out)?;
        assert_eq!(read.end, text.len());
        out.truncate(read.count);
        Some(out)
    }

    #[test]
    fn reads_what_the_grammar_allows() {
        assert_eq!(all("]"), Some(vec![]));
        assert_eq!(all(" \t\r\n]"), Some(vec![]));
        assert_eq!(all("0]"), Some(vec![0.0]));
        assert_eq!(all(" 1 , -2.5 ,3e2,4E-1,5e+0 ]"), Some(vec![1.0, -2.5, 300.0, 0.4, 5.0]));
        assert!(all("-0]").unwrap()[0].is_sign_negative());
        assert!(all("-0.0e7]").unwrap()[0].is_sign_negative());
    }

    #[test]
    fn refuses_what_it_does_not_allow() {
        let bad = [
            "", "1", "1,", "1,]", ",1]", "01]", "-]", "+1]", ".5]", "5.]", "1e]", "1e+]", "1.e5]",
            "1 2]", "[1]]", "\"1\"]", "null]", "NaN]", "Infinity]", "0x10]", "1_0]", "--1]", "-01]",
            "1,\u{a0}2]", "1;2]", "1}",
        ];
        for text in bad {
            assert_eq!(all(text), None, "{text}");
        }
    }

    #[test]
    fn agrees_with_the_standard_library() {
        let mut seed = 7u64;
        let mut next = || {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            seed >> 11
        };
        for _ in 0..20_000 {
            let bits = next() << 11 | next() % 2048;
            let value = f64::from_bits(bits);
            let texts = [
                format!("{value}"),
                format!("{value:e}"),
                format!("{}", value as f32),
                format!("{}.{}", next() % 1000, next()),
                format!("{}e{}", next(), next() % 700 as u64),
                format!("{}{}e-{}", next(), next(), next() % 700),
            ];
            for text in texts.iter().filter(|text| !text.contains(['n', 'N'])) {
                let wanted: f64 = text.parse().unwrap();
                let got = all(&format!("{text}]")).unwrap()[0];
                assert_eq!(got.to_bits(), wanted.to_bits(), "{text}");
            }
        }
    }

    #[test]
    fn is_infinite_or_zero_where_a_double_ends() {
        assert_eq!(all("1e999]"), Some(vec![f64::INFINITY]));
        assert_eq!(all("-1e99999999999999999999]"), Some(vec![f64::NEG_INFINITY]));
        assert_eq!(all("1e-99999999999999999999]"), Some(vec![0.0]));
    }

    #[test]
    fn finds_arrays_under_data() {
        assert_eq!(find(br#"{"data":[1]}"#, 0), Some(9));
        assert_eq!(find(b"{\"data\" :\n [1]}", 0), Some(12));
        assert_eq!(find(br#"{"data":1,"data":[2]}"#, 0), Some(18));
        assert_eq!(find(br#"{"data":[1],"data":[2]}"#, 9), Some(20));
        for text in [&br#"{"dat":[1]}"#[..], br#"{"data":{}}"#, br#"["data",[1]]"#, b"\"data\"", b"", br#""data":"#] {
            assert_eq!(find(text, 0), None);
        }
        assert_eq!(find(b"{}", 7), None);
    }

    #[test]
    fn writes_no_more_than_there_is_room_for() {
        let mut out = [0.0; 2];
        assert_eq!(read(b"1,2,3]", &mut out), None);
        assert_eq!(read(b"1,2]", &mut out), Some(Read { end: 4, count: 2 }));
    }

    #[test]
    fn stops_at_the_bracket() {
        let mut out = [0.0; 8];
        assert_eq!(read(b"1,2] , 3]", &mut out), Some(Read { end: 4, count: 2 }));
    }
}
