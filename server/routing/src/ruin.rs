//! Takes strings of neighbouring stops out of routes that lie beside each other (slack induction by string removals,
//! J. Christiaens and G. Vanden Berghe, Transportation Science 54, 2020).

use fastrand::Rng;

use crate::draft::{Draft, NOWHERE};
use crate::instance::Instance;

/// How many visits one step takes out on average.
const AVERAGE: f64 = 10.0;
/// The longest string.
const LONGEST_STRING: f64 = 10.0;
/// How often a string has a gap whose stops stay.
const SPLIT: f64 = 0.5;
/// How often such a gap grows by one more.
const GROW: f64 = 0.01;

/// How often a whole route is taken out, so that a plan can do with fewer.
const WHOLE: f64 = 0.005;

/// Takes strings out; `touched` gets the routes that lost something.
pub fn ruin<const STATES: usize>(
    instance: &Instance<'_, STATES>,
    draft: &mut Draft<STATES>,
    random: &mut Rng,
    touched: &mut Vec<usize>,
) {
    let served = instance.visits - draft.absent.len();
    if served == 0 {
        return;
    }
    let used = draft.lines.iter().filter(|line| !line.is_empty()).count();
    let average = served as f64 / used as f64;
    let longest = LONGEST_STRING.min(average);
    let most_strings = 4.0 * AVERAGE / (1.0 + longest) - 1.0;
    let strings = (random.f64() * most_strings + 1.0).floor() as usize;
    let seed = random.u32(0..instance.visits as u32);
    let whole_line = draft.line_of[seed as usize];
    if whole_line != NOWHERE && random.f64() < WHOLE {
        draft.take_out(instance, whole_line as usize, &|_, _| true);
        touched.push(whole_line as usize);
    }
    for visit in std::iter::once(seed).chain(instance.near[seed as usize].iter().copied()) {
        if touched.len() >= strings {
            break;
        }
        let line = draft.line_of[visit as usize];
        if line == NOWHERE || touched.contains(&(line as usize)) {
            continue;
        }
        let line = line as usize;
        let count = draft.lines[line].visits().len();
        let most = longest.min(count as f64);
        let length = (random.f64() * most + 1.0).floor().min(count as f64) as usize;
        let at = draft.at[visit as usize] as usize - 1;
        let gap = if length > 1 && length < count && random.f64() < SPLIT {
            let mut gap = 1;
            while length + gap < count && random.f64() < GROW {
                gap += 1;
            }
            gap
        } else {
            0
        };
        let whole = length + gap;
        // The string holds the visit, wherever in it.
        let first = at.saturating_sub(whole - 1);
        let last = at.min(count - whole);
        let begin = random.usize(first..=last);
        let gap_begin = if gap == 0 {
            0
        } else {
            begin + random.usize(1..=length - 1)
        };
        draft.take_out(instance, line, &|index, _| {
            let index = index - 1;
            let in_gap = gap > 0 && (gap_begin..gap_begin + gap).contains(&index);
            (begin..begin + whole).contains(&index) && !in_gap
        });
        touched.push(line);
    }
}
