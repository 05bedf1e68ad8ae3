//! Converts the engine's plan back to technicians, jobs and reasons.

use chrono::{DateTime, TimeDelta, Utc};
use domain::customers::Coordinates;
use routing::{Alternative, Plan, Reason, Relaxation, Skills, Time};

use crate::suggestions::build::BuiltProblem;
use domain::suggestions::{
    AlternativeStop, ExcludedJob, ExclusionReason, Outcome, PlannedRoute, PlannedStop, RuleViolation, Totals,
};

/// Maximum number of alternative technicians per stop.
const MAX_ALTERNATIVES: usize = 6;

impl BuiltProblem {
    fn moment(&self, time: Time) -> DateTime<Utc> {
        self.base + TimeDelta::seconds(i64::from(time))
    }

    /// Adds up travel time, distance and visits of each technician day; the stops are in order.
    fn totals(&self, days: &[Vec<usize>]) -> Totals {
        let mut totals = Totals::default();
        for (technician_day, stops) in self.technician_days.iter().zip(days) {
            if stops.is_empty() {
                continue;
            }
            let places = stops.iter().filter_map(|task| self.tasks[*task].job.point());
            let route: Vec<Coordinates> = technician_day
                .day_endpoints
                .0
                .into_iter()
                .chain(places)
                .chain(technician_day.day_endpoints.1)
                .collect();
            for pair in route.windows(2) {
                totals.travel += self.travel_times.time(pair[0], pair[1]).num_seconds();
                totals.metres += self.travel_times.distance(pair[0], pair[1]) as i64;
            }
            totals.stops += i64::try_from(stops.len()).unwrap_or_default();
        }
        totals
    }

    /// Renders a plan with technicians, jobs and reasons.
    pub(crate) fn render(mut self, plan: &Plan) -> Outcome {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); self.technician_days.len()];
        let mut late_minutes = 0;
        for (index, task) in self.tasks.iter().enumerate() {
            if let Some((technician_day, starts_at, _)) = task.planned {
                before[technician_day].push(index);
                let lateness = task.job.window_end.map_or(TimeDelta::zero(), |end| starts_at - end);
                late_minutes += lateness.num_minutes().max(0);
            }
        }
        for stops in &mut before {
            stops.sort_by_key(|task| self.tasks[*task].planned.map(|(_, starts_at, _)| starts_at));
        }
        let after: Vec<Vec<usize>> = plan
            .routes
            .iter()
            .map(|route| route.stops.iter().map(|stop| stop.visit).collect())
            .collect();
        let routes = self
            .technician_days
            .iter()
            .enumerate()
            .filter_map(|(index, technician_day)| {
                let stops: Vec<PlannedStop> = plan.routes[index]
                    .stops
                    .iter()
                    .map(|stop| self.stop(plan, stop))
                    .collect();
                (!stops.is_empty()).then(|| PlannedRoute {
                    technician: technician_day.technician,
                    name: technician_day.name.clone(),
                    day: technician_day.day,
                    stops,
                })
            });
        let routes = routes.collect();
        let left: Vec<ExcludedJob> = plan.unassigned.iter().map(|visit| self.left(plan, *visit)).collect();
        let mut outcome = Outcome {
            before: self.totals(&before),
            after: self.totals(&after),
            routes,
            left,
            other_days: self.other_days,
            is_estimated: self.is_estimated,
        };
        outcome.before.late = late_minutes;
        outcome.after.late = late_minutes;
        outcome.left.append(&mut self.left);
        outcome
    }

    fn stop(&self, plan: &Plan, stop: &routing::Stop) -> PlannedStop {
        let task = &self.tasks[stop.visit];
        let (begin, end) = match task.planned {
            Some((_, starts_at, ends_at)) => (starts_at, ends_at),
            None => (self.moment(stop.start), self.moment(stop.departure)),
        };
        let is_new = task.planned.is_none();
        let mut others: Vec<AlternativeStop> = if is_new {
            routing::explain_assignment(&self.problem, plan, stop.visit)
                .into_iter()
                .map(|(technician_day, alternative)| self.other(technician_day, alternative))
                .collect()
        } else {
            Vec::new()
        };
        // Feasible alternatives come first, the cheapest at the top.
        others.sort_by_key(|other| (other.costs.is_none(), other.costs, other.name.clone(), other.day));
        others.truncate(MAX_ALTERNATIVES);
        PlannedStop {
            target: task.job.target_id.0,
            number: task.job.number,
            customer: task.job.customer_name.clone(),
            begin,
            end,
            is_new,
            others,
        }
    }

    fn other(&self, technician_day: usize, alternative: Alternative) -> AlternativeStop {
        let technician_day = &self.technician_days[technician_day];
        let (costs, cannot) = match alternative {
            Alternative::Costs(seconds) => (Some(seconds), None),
            Alternative::Cannot(reason) => (None, Some(self.rule(reason))),
        };
        AlternativeStop {
            name: technician_day.name.clone(),
            day: technician_day.day,
            costs,
            cannot,
        }
    }

    fn left(&self, plan: &Plan, visit: usize) -> ExcludedJob {
        let task = &self.tasks[visit];
        let hindrances = routing::explain_unassigned(&self.problem, plan, visit)
            .into_iter()
            .map(|obstacle| {
                let technician_day = &self.technician_days[obstacle.technician];
                ExclusionReason {
                    name: technician_day.name.clone(),
                    day: technician_day.day,
                    rule: self.rule(obstacle.reason),
                    impossible: obstacle.reason.is_impossible(),
                    relaxation: obstacle.relaxation.map(|relaxation| self.relaxation(relaxation)),
                }
            })
            .collect();
        ExcludedJob {
            target: task.job.target_id.0,
            number: task.job.number,
            customer: task.job.customer_name.clone(),
            code: None,
            hindrances,
        }
    }

    fn missing_skills(&self, missing: Skills) -> RuleViolation {
        let numbered = self.skills.iter().enumerate();
        let missing_names = numbered.filter(|(index, _)| missing.0 & (1 << index) != 0);
        RuleViolation {
            code: "skill".to_owned(),
            skills: missing_names.map(|(_, name)| name.clone()).collect(),
            ..RuleViolation::default()
        }
    }

    fn rule(&self, reason: Reason) -> RuleViolation {
        match reason {
            Reason::Skill { missing } => self.missing_skills(missing),
            Reason::Pinned { .. } => rule_by("pinned", 0),
            Reason::Capacity { .. } => rule_by("capacity", 0),
            Reason::Window { late } => rule_by("window", late),
            Reason::Shift { over } => rule_by("shift", over),
            Reason::Break { over } => rule_by("break", over),
            Reason::Kept { over } => rule_by("kept", over),
            Reason::HigherTier { over } => rule_by("higher_priority", over),
            Reason::Full { over } => rule_by("full", over),
        }
    }

    fn relaxation(&self, relaxation: Relaxation) -> RuleViolation {
        match relaxation {
            Relaxation::Skill { missing } => self.missing_skills(missing),
            Relaxation::Unpin => rule_by("pinned", 0),
            Relaxation::Capacity { .. } => rule_by("capacity", 0),
            Relaxation::Window { by } => rule_by("window", by),
            Relaxation::Shift { by } => rule_by("shift", by),
            Relaxation::DropStop { of } => RuleViolation {
                code: "instead".to_owned(),
                job: Some(self.tasks[of].job.number),
                ..RuleViolation::default()
            },
        }
    }
}

fn rule_by(code: &str, by: Time) -> RuleViolation {
    RuleViolation {
        code: code.to_owned(),
        by: i64::from(by),
        ..RuleViolation::default()
    }
}
