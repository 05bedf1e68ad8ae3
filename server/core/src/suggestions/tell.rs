//! From the engine's plan back to people, jobs and reasons.

use chrono::{DateTime, TimeDelta, Utc};
use domain::customers::Coordinates;
use routing::{Alternative, Plan, Reason, Relaxation, Skills, Time};

use crate::suggestions::build::Built;
use domain::suggestions::{Hindrance, LeftOut, Other, Outcome, PlannedRoute, PlannedStop, Rule, Totals};

/// How many other technicians are told of each stop.
const OTHERS: usize = 6;

impl Built {
    fn moment(&self, time: Time) -> DateTime<Utc> {
        self.base + TimeDelta::seconds(i64::from(time))
    }

    /// Travel, metres and visits of days, each in the order of its stops.
    fn totals(&self, days: &[Vec<usize>]) -> Totals {
        let mut totals = Totals::default();
        for (worker, stops) in self.workers.iter().zip(days) {
            if stops.is_empty() {
                continue;
            }
            let places = stops.iter().filter_map(|task| self.tasks[*task].job.point());
            let way: Vec<Coordinates> = worker.bases.0.into_iter().chain(places).chain(worker.bases.1).collect();
            for pair in way.windows(2) {
                totals.travel += self.ways.time(pair[0], pair[1]).num_seconds();
                totals.metres += self.ways.distance(pair[0], pair[1]) as i64;
            }
            totals.stops += i64::try_from(stops.len()).unwrap_or_default();
        }
        totals
    }

    /// Says a plan in people, jobs and reasons.
    pub(crate) fn tell(mut self, plan: &Plan) -> Outcome {
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); self.workers.len()];
        let mut late = 0;
        for (index, task) in self.tasks.iter().enumerate() {
            if let Some((worker, starts_at, _)) = task.planned {
                before[worker].push(index);
                let over = task.job.window_end.map_or(TimeDelta::zero(), |end| starts_at - end);
                late += over.num_minutes().max(0);
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
        let routes = self.workers.iter().enumerate().filter_map(|(index, worker)| {
            let stops: Vec<PlannedStop> = plan.routes[index]
                .stops
                .iter()
                .map(|stop| self.stop(plan, stop))
                .collect();
            (!stops.is_empty()).then(|| PlannedRoute {
                technician: worker.technician,
                name: worker.name.clone(),
                day: worker.day,
                stops,
            })
        });
        let routes = routes.collect();
        let left: Vec<LeftOut> = plan.left_out.iter().map(|visit| self.left(plan, *visit)).collect();
        let mut outcome = Outcome {
            before: self.totals(&before),
            after: self.totals(&after),
            routes,
            left,
            other_days: self.other_days,
            is_estimated: self.is_estimated,
        };
        outcome.before.late = late;
        outcome.after.late = late;
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
        let mut others: Vec<Other> = if is_new {
            routing::why_here(&self.problem, plan, stop.visit)
                .into_iter()
                .map(|(worker, alternative)| self.other(worker, alternative))
                .collect()
        } else {
            Vec::new()
        };
        // Who could do it stands before who could not, the cheapest first.
        others.sort_by_key(|other| (other.costs.is_none(), other.costs, other.name.clone(), other.day));
        others.truncate(OTHERS);
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

    fn other(&self, worker: usize, alternative: Alternative) -> Other {
        let worker = &self.workers[worker];
        let (costs, cannot) = match alternative {
            Alternative::Costs(seconds) => (Some(seconds), None),
            Alternative::Cannot(reason) => (None, Some(self.rule(reason))),
        };
        Other {
            name: worker.name.clone(),
            day: worker.day,
            costs,
            cannot,
        }
    }

    fn left(&self, plan: &Plan, visit: usize) -> LeftOut {
        let task = &self.tasks[visit];
        let hindrances = routing::why_left_out(&self.problem, plan, visit)
            .into_iter()
            .map(|obstacle| {
                let worker = &self.workers[obstacle.technician];
                Hindrance {
                    name: worker.name.clone(),
                    day: worker.day,
                    rule: self.rule(obstacle.reason),
                    impossible: obstacle.reason.is_impossible(),
                    relaxation: obstacle.relaxation.map(|relaxation| self.relaxation(relaxation)),
                }
            })
            .collect();
        LeftOut {
            target: task.job.target_id.0,
            number: task.job.number,
            customer: task.job.customer_name.clone(),
            code: None,
            hindrances,
        }
    }

    fn lacking(&self, missing: Skills) -> Rule {
        let numbered = self.skills.iter().enumerate();
        let lacks = numbered.filter(|(index, _)| missing.0 & (1 << index) != 0);
        Rule {
            code: "skill".to_owned(),
            skills: lacks.map(|(_, name)| name.clone()).collect(),
            ..Rule::default()
        }
    }

    fn rule(&self, reason: Reason) -> Rule {
        match reason {
            Reason::Skill { missing } => self.lacking(missing),
            Reason::Pinned { .. } => timed("pinned", 0),
            Reason::Capacity { .. } => timed("capacity", 0),
            Reason::Window { late } => timed("window", late),
            Reason::Shift { over } => timed("shift", over),
            Reason::Break { over } => timed("break", over),
            Reason::Kept { over } => timed("kept", over),
            Reason::HigherTier { over } => timed("higher_priority", over),
            Reason::Full { over } => timed("full", over),
        }
    }

    fn relaxation(&self, relaxation: Relaxation) -> Rule {
        match relaxation {
            Relaxation::Skill { missing } => self.lacking(missing),
            Relaxation::Unpin => timed("pinned", 0),
            Relaxation::Capacity { .. } => timed("capacity", 0),
            Relaxation::Window { by } => timed("window", by),
            Relaxation::Shift { by } => timed("shift", by),
            Relaxation::Instead { of } => Rule {
                code: "instead".to_owned(),
                job: Some(self.tasks[of].job.number),
                ..Rule::default()
            },
        }
    }
}

fn timed(code: &str, by: Time) -> Rule {
    Rule {
        code: code.to_owned(),
        by: i64::from(by),
        ..Rule::default()
    }
}
