//! Visit reports and their release to the portal. Approved does not mean visible.

crate::lifecycle! {
    /// Where a visit report stands.
    ReportStatus {
        /// Being written.
        Draft = "draft",
        /// Handed in.
        Submitted = "submitted",
        /// Checked and accepted.
        Approved = "approved",
        /// Sent back to the technician.
        Returned = "returned",
    }
    steps {
        Draft -> Submitted,
        Submitted -> Approved,
        Submitted -> Returned,
        Returned -> Submitted,
    }
}

crate::lifecycle! {
    /// Where one revision of a portal release stands. A report without a revision was never released.
    ReleaseStatus {
        /// The customer sees it.
        Published = "published",
        /// A later revision took its place.
        Replaced = "replaced",
        /// Taken back.
        Withdrawn = "withdrawn",
    }
    steps {
        Published -> Replaced,
        Published -> Withdrawn,
    }
}

/// The most lines of material of one report.
pub const MOST_MATERIAL: usize = 50;
/// The longest line of it, in characters.
pub const MOST_MATERIAL_LINE: usize = 200;

/// One line of material: how much of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// How much, as it was written ("2", "1.5"); one if nothing was.
    pub quantity: String,
    /// What.
    pub what: String,
}

/// Reads material, one line each, such as `2 x Filter G4`, `1,5 m Cable` or `Seal`. A number in front is the quantity if an
/// `x` or a blank follows; empty lines count for nothing. `None` if there are too many lines, or one is too long or has
/// characters that no text may have.
pub fn material(text: &str) -> Option<Vec<Material>> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let line = crate::text::line(line, MOST_MATERIAL_LINE).ok()?;
        found.push(one_line(&line));
    }
    (found.len() <= MOST_MATERIAL).then_some(found)
}

fn one_line(line: &str) -> Material {
    let end = line
        .find(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '.' | ','))
        .unwrap_or(line.len());
    let (number, rest) = line.split_at(end);
    let quantity = number.replace(',', ".");
    let what = rest.trim_start();
    let what = match what.strip_prefix(['x', 'X', '\u{d7}']) {
        Some(after) if after.starts_with(char::is_whitespace) => after.trim_start(),
        _ => what,
    };
    let is_apart = rest.starts_with(char::is_whitespace) || what.len() < rest.trim_start().len();
    let is_number = quantity.parse::<f64>().is_ok_and(|number| number > 0.0 && number < 1e6);
    if is_number && is_apart && !what.is_empty() {
        Material {
            quantity,
            what: what.to_owned(),
        }
    } else {
        Material {
            quantity: "1".to_owned(),
            what: line.to_owned(),
        }
    }
}

/// Material as it is kept and shown again in a form.
pub fn material_text(lines: &[Material]) -> String {
    let lines = lines.iter().map(|line| format!("{} x {}", line.quantity, line.what));
    lines.collect::<Vec<_>>().join("\n")
}

/// The longest drawing of a signature, in characters.
pub const MOST_SIGNATURE: usize = 20_000;

/// Whether a text is a drawing as the page makes it: an SVG path of moves and lines with whole numbers, and nothing else, so
/// that it can be shown without being escaped into something.
pub fn is_signature(text: &str) -> bool {
    let is_small = !text.is_empty() && text.len() <= MOST_SIGNATURE;
    let has_line = text.starts_with('M') && text.contains('L');
    is_small
        && has_line
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'M' | b'L' | b' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn material_lines() {
        for (line, quantity, what) in [
            ("2 x Filter G4", "2", "Filter G4"),
            ("2x Filter", "2", "Filter"),
            ("2 Filter", "2", "Filter"),
            ("1,5 m Cable", "1.5", "m Cable"),
            ("3 \u{d7} Seal", "3", "Seal"),
            ("Seal", "1", "Seal"),
            ("4mm screw", "1", "4mm screw"),
            ("2xenon lamp", "1", "2xenon lamp"),
            ("0 x nothing", "1", "0 x nothing"),
            ("12", "1", "12"),
        ] {
            let expected = Material {
                quantity: quantity.to_owned(),
                what: what.to_owned(),
            };
            assert_eq!(material(line), Some(vec![expected]), "{line}");
        }
        assert_eq!(material("\n  \n"), Some(vec![]));
        assert_eq!(material(&"a\n".repeat(51)), None);
        assert_eq!(material(&"a".repeat(201)), None);
    }

    #[test]
    fn signatures() {
        for (text, is_one) in [
            ("M1 2L3 4", true),
            ("M1 2L3 4L5 6M7 8L9 9", true),
            ("", false),
            ("M1 2", false),
            ("L1 2", false),
            ("M1 2L3 4\"/><script>", false),
            ("M-1 2L3 4", false),
        ] {
            assert_eq!(is_signature(text), is_one, "{text}");
        }
        assert!(!is_signature(&format!("M1 2L{}", "3 ".repeat(MOST_SIGNATURE))));
    }

    proptest! {
        #[test]
        fn material_that_was_kept_is_read_as_the_same(text in "([0-9.,]{0,4} ?[x ]{0,2}[a-z\u{e4} ]{0,12}\n){0,5}") {
            let Some(lines) = material(&text) else { return Ok(()) };
            prop_assert_eq!(material(&material_text(&lines)), Some(lines));
        }
    }
}
