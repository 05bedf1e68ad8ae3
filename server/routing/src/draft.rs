//! A plan while the search works on it.

use crate::instance::Instance;
use crate::line::Line;
use crate::plan::Score;

/// Where a visit is that is in no route.
pub const NOWHERE: u32 = u32::MAX;

/// A plan in the making.
#[derive(Debug, Clone)]
pub struct Draft<const STATES: usize> {
    pub lines: Vec<Line<STATES>>,
    /// The route of each visit.
    pub line_of: Vec<u32>,
    /// The place of each visit in its route.
    pub at: Vec<u32>,
    pub absent: Vec<u32>,
    pub score: Score,
}

impl<const STATES: usize> Draft<STATES> {
    /// A plan in which nothing is done yet.
    pub fn empty(instance: &Instance<'_, STATES>) -> Self {
        let technicians = instance.problem.technicians().len();
        let mut score = Score::default();
        for visit in instance.problem.visits() {
            score.leave_out(visit);
        }
        Self {
            lines: (0..technicians)
                .map(|technician| Line::empty(instance, technician))
                .collect(),
            line_of: vec![NOWHERE; instance.visits],
            at: vec![0; instance.visits],
            absent: (0..instance.visits as u32).collect(),
            score,
        }
    }

    /// Works a route out anew after its points have changed.
    pub fn settle(&mut self, instance: &Instance<'_, STATES>, line: usize) -> bool {
        let before = self.lines[line].cost(instance);
        let can_be_done = self.lines[line].work_out(instance);
        self.score.cost += self.lines[line].cost(instance) - before;
        self.number(line);
        can_be_done
    }

    /// Notes where the visits of a route are.
    pub fn number(&mut self, line: usize) {
        for (at, visit) in self.lines[line].visits().iter().enumerate() {
            self.line_of[*visit as usize] = line as u32;
            self.at[*visit as usize] = at as u32 + 1;
        }
    }

    /// Puts an absent visit into a route behind a point. It is not taken from the list of absent visits.
    pub fn put_in(&mut self, instance: &Instance<'_, STATES>, line: usize, at: usize, visit: u32) {
        self.lines[line].points.insert(at + 1, visit);
        self.settle(instance, line);
        self.score.take_in(&instance.problem.visits()[visit as usize]);
    }

    /// Takes what is marked out of a route and adds it to the absent. Where a way round is shorter than the straight one the
    /// rest may no longer hold; then it is taken out, too.
    pub fn take_out(&mut self, instance: &Instance<'_, STATES>, line: usize, is_out: &dyn Fn(usize, u32) -> bool) {
        let points = std::mem::take(&mut self.lines[line].points);
        let last = points.len() - 1;
        let mut left = Vec::with_capacity(points.len());
        for (at, point) in points.into_iter().enumerate() {
            if at > 0 && at < last && is_out(at, point) {
                self.line_of[point as usize] = NOWHERE;
                self.absent.push(point);
                self.score.leave_out(&instance.problem.visits()[point as usize]);
            } else {
                left.push(point);
            }
        }
        self.lines[line].points = left;
        if !self.settle(instance, line) && !self.lines[line].is_empty() {
            self.take_out(instance, line, &|_, _| true);
        }
    }

    /// Makes this plan like another one in the routes that are marked, and in what is absent.
    pub fn restore(&mut self, other: &Self, lines: &[usize]) {
        // A visit may stand in another route now: first forget, then number.
        for visit in &other.absent {
            self.line_of[*visit as usize] = NOWHERE;
        }
        for line in lines {
            self.lines[*line].copy_from(&other.lines[*line]);
        }
        for line in lines {
            self.number(*line);
        }
        self.absent.clone_from(&other.absent);
        self.score = other.score;
    }
}
