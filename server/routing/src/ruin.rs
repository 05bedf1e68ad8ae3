//! Removes strings of consecutive stops from neighbouring tours: "Slack induction by string removals", J. Christiaens and
//! G. Vanden Berghe, Transportation Science 54, 2020.

use fastrand::Rng;

use crate::draft::{Draft, NOWHERE};
use crate::instance::Instance;

/// The average number of visits that one step removes.
const AVERAGE_REMOVED: f64 = 10.0;
const MAX_STRING_LENGTH: f64 = 10.0;
/// The probability that a string has a gap whose stops are preserved.
const SPLIT_PROBABILITY: f64 = 0.5;
/// The probability that such a gap grows by one more stop.
const GAP_GROWTH_PROBABILITY: f64 = 0.01;

/// The probability that a whole tour is removed, which allows the search to reduce the number of tours.
const REMOVE_TOUR_PROBABILITY: f64 = 0.005;

/// Removes strings of stops and adds the changed tours to `touched`.
pub fn ruin<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &mut Draft<STATES>,
    random: &mut Rng,
    touched: &mut Vec<usize>,
) {
    let served = instance.visits - draft.unassigned.len();
    if served == 0 {
        return;
    }
    let used = draft.tours.iter().filter(|tour| !tour.is_empty()).count();
    let average = served as f64 / used as f64;
    let max_length = MAX_STRING_LENGTH.min(average);
    let max_strings = 4.0 * AVERAGE_REMOVED / (1.0 + max_length) - 1.0;
    let string_count = (random.f64() * max_strings + 1.0).floor() as usize;
    let seed = random.u32(0..instance.visits as u32);
    let whole_tour = draft.tour_of[seed as usize];
    if whole_tour != NOWHERE && random.f64() < REMOVE_TOUR_PROBABILITY {
        draft.remove_visits(instance, whole_tour as usize, &|_, _| true);
        touched.push(whole_tour as usize);
    }
    for visit in std::iter::once(seed).chain(instance.neighbours[seed as usize].iter().copied()) {
        if touched.len() >= string_count {
            break;
        }
        let tour = draft.tour_of[visit as usize];
        if tour == NOWHERE || touched.contains(&(tour as usize)) {
            continue;
        }
        let tour = tour as usize;
        let count = draft.tours[tour].visits().len();
        let tour_max_length = max_length.min(count as f64);
        let length = (random.f64() * tour_max_length + 1.0).floor().min(count as f64) as usize;
        let at = draft.at[visit as usize] as usize - 1;
        let gap = if length > 1 && length < count && random.f64() < SPLIT_PROBABILITY {
            let mut gap = 1;
            while length + gap < count && random.f64() < GAP_GROWTH_PROBABILITY {
                gap += 1;
            }
            gap
        } else {
            0
        };
        let whole = length + gap;
        // The string contains the visit at any position.
        let first = at.saturating_sub(whole - 1);
        let last = at.min(count - whole);
        let begin = random.usize(first..=last);
        let gap_begin = if gap == 0 {
            0
        } else {
            begin + random.usize(1..=length - 1)
        };
        draft.remove_visits(instance, tour, &|index, _| {
            let index = index - 1;
            let in_gap = gap > 0 && (gap_begin..gap_begin + gap).contains(&index);
            (begin..begin + whole).contains(&index) && !in_gap
        });
        touched.push(tour);
    }
}
