//! Visit reports and their release to the portal. An approved report is not visible to customers until it is released.

crate::lifecycle! {
    /// Status of a visit report.
    ReportStatus {
        /// Draft.
        Draft = "draft",
        /// Submitted for approval.
        Submitted = "submitted",
        /// Approved.
        Approved = "approved",
        /// Returned to the technician for correction.
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
    /// Status of one revision of a portal release. A report without revisions was never released.
    ReleaseStatus {
        /// Visible to the customer.
        Published = "published",
        /// Replaced by a later revision.
        Replaced = "replaced",
        /// Withdrawn from the portal.
        Withdrawn = "withdrawn",
    }
    steps {
        Published -> Replaced,
        Published -> Withdrawn,
    }
}

crate::stored_names! {
    /// What a photo of a report shows.
    PhotoMark {
        /// The state before the work.
        Before = "before",
        /// The state after the work.
        After = "after",
        /// The type plate of the device.
        TypePlate = "type_plate",
    }
}

/// Maximum number of material lines per report.
pub const MAX_MATERIAL_LINES: usize = 50;
/// Maximum length of a material line, in characters.
pub const MAX_MATERIAL_LINE_CHARS: usize = 200;

/// A line of used material.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Material {
    /// Quantity as entered, such as `2` or `1.5`; `1` if none was entered.
    pub quantity: String,
    /// Description of the material.
    pub what: String,
}

/// Parses material, one item per line, such as `2 x Filter G4`, `1,5 m Cable` or `Seal`. A leading number is the
/// quantity if an `x` or whitespace follows; empty lines are ignored. `None` if there are too many lines, or if a line
/// is too long or contains invalid characters.
pub fn material(text: &str) -> Option<Vec<Material>> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let line = crate::text::line(line, MAX_MATERIAL_LINE_CHARS).ok()?;
        found.push(parse_line(&line));
    }
    (found.len() <= MAX_MATERIAL_LINES).then_some(found)
}

fn parse_line(line: &str) -> Material {
    let end = line
        .find(|character: char| !character.is_ascii_digit() && !matches!(character, '.' | ','))
        .unwrap_or(line.len());
    let (number, rest) = line.split_at(end);
    let quantity = number.replace(',', ".");
    let what = rest.trim_start();
    let what = match what.strip_prefix(['x', 'X', '\u{d7}']) {
        Some(after) if after.starts_with(char::is_whitespace) => after.trim_start(),
        _ => what,
    };
    let is_separated = rest.starts_with(char::is_whitespace) || what.len() < rest.trim_start().len();
    let is_number = quantity.parse::<f64>().is_ok_and(|number| number > 0.0 && number < 1e6);
    if is_number && is_separated && !what.is_empty() {
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

/// Formats material for storage and for the form input.
pub fn material_text(lines: &[Material]) -> String {
    let lines = lines.iter().map(|line| format!("{} x {}", line.quantity, line.what));
    lines.collect::<Vec<_>>().join("\n")
}

/// Maximum length of a signature path, in characters.
pub const MAX_SIGNATURE_CHARS: usize = 20_000;

/// Returns whether a text is an SVG path as produced by the signature pad: only move and line commands with integers,
/// so it is safe to embed in markup.
pub fn is_signature(text: &str) -> bool {
    let is_valid_length = !text.is_empty() && text.len() <= MAX_SIGNATURE_CHARS;
    let has_line = text.starts_with('M') && text.contains('L');
    is_valid_length
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
    fn material_line_is_split_into_quantity_and_description() {
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

    proptest! {
        /// Whatever is accepted is digits and two commands: nothing that markup could contain.
        #[test]
        fn fuzz_signature_path_is_safe_in_markup(path in "[ML0-9 ]{0,40}[ML0-9 <>\"'&;,.()e\u{660}\u{ff2d}-]{0,8}[ML0-9 ]{0,40}") {
            let is_safe = path.chars().all(|character| "ML 0123456789".contains(character));
            prop_assert!(!is_signature(&path) || is_safe, "{path:?}");
            let expected = is_safe && path.starts_with('M') && path.contains('L');
            prop_assert_eq!(is_signature(&path), expected, "{:?}", path);
        }
    }

    #[test]
    fn is_signature_accepts_svg_move_and_line_paths_only() {
        for (text, expected) in [
            ("M1 2L3 4", true),
            ("M1 2L3 4L5 6M7 8L9 9", true),
            ("", false),
            ("M1 2", false),
            ("L1 2", false),
            ("M1 2L3 4\"/><script>", false),
            ("M-1 2L3 4", false),
        ] {
            assert_eq!(is_signature(text), expected, "{text}");
        }
        assert!(!is_signature(&format!("M1 2L{}", "3 ".repeat(MAX_SIGNATURE_CHARS))));
    }

    proptest! {
        #[test]
        fn material_text_round_trips(text in "([0-9.,]{0,4} ?[x ]{0,2}[a-z\u{e4} ]{0,12}\n){0,5}") {
            let Some(lines) = material(&text) else { return Ok(()) };
            prop_assert_eq!(material(&material_text(&lines)), Some(lines));
        }
    }
}
