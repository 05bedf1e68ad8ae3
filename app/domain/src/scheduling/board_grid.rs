//! The columns of the board. The content security policy forbids inline styles, so a position is a class, and the style sheet has
//! one class for each of them.

/// Minutes of a column.
pub const SLOT_MINUTES: u32 = 5;
/// The most hours that the board shows.
pub const MAX_HOURS: i64 = 36;
/// The most columns that the board shows.
pub const MAX_SLOTS: i64 = MAX_HOURS * 60 / SLOT_MINUTES as i64;
/// The most lines of overlapping visits below each other.
const MAX_OVERLAPPING: usize = 6;

/// Returns the rules for every number of hours, every start and every length.
pub fn style_sheet() -> String {
    let hours = (1..=MAX_HOURS).map(|hours| {
        let slots = hours * 60 / i64::from(SLOT_MINUTES);
        format!(".hours-{hours}{{--slots:{slots}}}")
    });
    let starts = (0..MAX_SLOTS).map(|slot| format!(".at-{slot}{{grid-column-start:{}}}", slot + 1));
    let lengths = (1..=MAX_SLOTS).map(|length| format!(".for-{length}{{grid-column-end:span {length}}}"));
    let rows = (1..=MAX_OVERLAPPING).map(|row| format!(".row-{row}{{grid-row:{row}}}"));
    let rules: String = hours.chain(starts).chain(lengths).chain(rows).collect();
    format!("@layer pages{{{rules}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn style_sheet_has_class_for_every_position() {
        let sheet = style_sheet();
        for rule in [
            ".hours-1{--slots:12}",
            ".hours-36{--slots:432}",
            ".at-0{grid-column-start:1}",
            ".at-431{grid-column-start:432}",
            ".for-1{grid-column-end:span 1}",
            ".for-432{grid-column-end:span 432}",
            ".row-6{grid-row:6}",
        ] {
            assert!(sheet.contains(rule), "{rule}");
        }
    }
}
