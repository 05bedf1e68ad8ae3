//! The rows of a spreadsheet of customers in batches, each of which is stored in one transaction.

use std::collections::HashMap;

use domain::imports::customer_sheet::SheetRow;
use domain::text::{CustomerNumber, name_for_comparison};

/// How many customers are stored in one transaction: others can write in between.
const BATCH: usize = 100;

/// Returns the first group that a group was joined with.
fn root(joined: &[usize], mut group: usize) -> usize {
    while joined[group] != group {
        group = joined[group];
    }
    group
}

/// Divides rows into batches of customers; all rows that could be about one customer are in the same batch.
pub(super) fn batches(rows: Vec<SheetRow>) -> Vec<Vec<SheetRow>> {
    // Each row begins a group, and is joined with the first row of its number and of its name.
    let mut joined: Vec<usize> = (0..rows.len()).collect();
    let mut by_key: HashMap<(bool, String), usize> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        let number = row.number.as_ref().map(CustomerNumber::for_comparison);
        let name = row.name.as_deref().map(name_for_comparison);
        let keys = [number.map(|number| (true, number)), name.map(|name| (false, name))];
        for key in keys.into_iter().flatten() {
            let (first, own) = (root(&joined, *by_key.entry(key).or_insert(at)), root(&joined, at));
            joined[first.max(own)] = first.min(own);
        }
    }
    let mut groups: Vec<Vec<SheetRow>> = vec![Vec::new(); rows.len()];
    for (at, row) in rows.into_iter().enumerate() {
        groups[root(&joined, at)].push(row);
    }
    groups.retain(|group| !group.is_empty());
    groups.chunks(BATCH).map(<[_]>::concat).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: usize, number: &str, name: &str) -> SheetRow {
        SheetRow {
            line,
            number: CustomerNumber::parse(number).expect("the test has valid numbers"),
            name: (!name.is_empty()).then(|| name.to_owned()),
            ..SheetRow::default()
        }
    }

    #[test]
    fn rows_that_could_be_one_customer_are_in_one_batch() {
        let mut rows: Vec<SheetRow> = (0..BATCH * 2).map(|at| row(at, &format!("N-{at}"), "")).collect();
        rows.push(row(900, "N-0", "First"));
        rows.push(row(901, "", "first"));
        rows.push(row(902, "N-199", "First"));
        let count = rows.len();
        let batches = batches(rows);
        assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), count);
        let with_name: Vec<usize> = batches
            .iter()
            .enumerate()
            .filter(|(_, batch)| {
                batch
                    .iter()
                    .any(|row| row.line >= 900 || row.line == 0 || row.line == 199)
            })
            .map(|(at, _)| at)
            .collect();
        assert_eq!(with_name.len(), 1, "{with_name:?}");
        assert!(batches.iter().all(|batch| batch.len() <= BATCH + 4));
    }
}
