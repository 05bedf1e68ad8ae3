//! The working plan of the search.

use crate::instance::Instance;
use crate::plan::Score;
use crate::tour::Tour;

/// The tour index of a visit that is in no tour.
pub const NOWHERE: u32 = u32::MAX;

/// A working plan: the tours, and indices to find visits in them.
#[derive(Debug, Clone)]
pub struct Draft<const STATES: usize> {
    pub tours: Vec<Tour<STATES>>,
    /// The tour of each visit.
    pub tour_of: Vec<u32>,
    /// The position of each visit in its tour.
    pub at: Vec<u32>,
    pub unassigned: Vec<u32>,
    pub score: Score,
}

impl<const STATES: usize> Draft<STATES> {
    /// Returns a plan without assigned visits.
    pub fn empty(instance: &Instance<'_, STATES>) -> Self {
        let technicians = instance.problem.technicians().len();
        let mut score = Score::default();
        for visit in instance.problem.visits() {
            score.add_unassigned(visit);
        }
        Self {
            tours: (0..technicians)
                .map(|technician| Tour::empty(instance, technician))
                .collect(),
            tour_of: vec![NOWHERE; instance.visits],
            at: vec![0; instance.visits],
            unassigned: (0..instance.visits as u32).collect(),
            score,
        }
    }

    /// Recomputes a tour and the score after its points have changed. Returns whether the tour is feasible.
    pub fn update_tour(&mut self, instance: &Instance<'_, STATES>, tour: usize) -> bool {
        let before = self.tours[tour].cost(instance);
        let is_feasible = self.tours[tour].recompute(instance);
        self.score.cost += self.tours[tour].cost(instance) - before;
        self.index_visits(tour);
        is_feasible
    }

    /// Updates the indices of the visits of a tour.
    pub fn index_visits(&mut self, tour: usize) {
        for (at, visit) in self.tours[tour].visits().iter().enumerate() {
            self.tour_of[*visit as usize] = tour as u32;
            self.at[*visit as usize] = at as u32 + 1;
        }
    }

    /// Inserts a visit into a tour after a point. The caller removes it from the unassigned visits.
    pub fn insert_visit(&mut self, instance: &Instance<'_, STATES>, tour: usize, at: usize, visit: u32) {
        self.tours[tour].points.insert(at + 1, visit);
        self.update_tour(instance, tour);
        self.score.remove_unassigned(&instance.problem.visits()[visit as usize]);
    }

    /// Removes the marked visits from a tour. Without the triangle inequality the remaining tour may be infeasible; then all
    /// of its visits are removed.
    pub fn remove_visits(
        &mut self,
        instance: &Instance<'_, STATES>,
        tour: usize,
        is_removed: &dyn Fn(usize, u32) -> bool,
    ) {
        let points = std::mem::take(&mut self.tours[tour].points);
        let last = points.len() - 1;
        let mut remaining = Vec::with_capacity(points.len());
        for (at, point) in points.into_iter().enumerate() {
            if at > 0 && at < last && is_removed(at, point) {
                self.tour_of[point as usize] = NOWHERE;
                self.unassigned.push(point);
                self.score.add_unassigned(&instance.problem.visits()[point as usize]);
            } else {
                remaining.push(point);
            }
        }
        self.tours[tour].points = remaining;
        if !self.update_tour(instance, tour) && !self.tours[tour].is_empty() {
            self.remove_visits(instance, tour, &|_, _| true);
        }
    }

    /// Copies the given tours and the unassigned visits from another plan.
    pub fn restore(&mut self, other: &Self, tours: &[usize]) {
        // A visit may be in a different tour in the other plan, so the old indices are cleared first.
        for visit in &other.unassigned {
            self.tour_of[*visit as usize] = NOWHERE;
        }
        for tour in tours {
            self.tours[*tour].copy_from(&other.tours[*tour]);
        }
        for tour in tours {
            self.index_visits(*tour);
        }
        self.unassigned.clone_from(&other.unassigned);
        self.score = other.score;
    }
}
