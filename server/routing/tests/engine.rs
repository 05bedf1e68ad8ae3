//! Tests the engine against the independent validator, brute force and instances with a known good plan.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests may panic")]

use std::ops::ControlFlow;

use routing::{
    Alternative, Plan, Problem, Reason, Relaxation, Route, Score, Settings, Skills, Stop, Time, cheapest_insertion,
    check, explain_assignment, explain_unassigned, obstacle, solve,
};
use routing_bench::field::{self, Planted};
use routing_bench::random::{self, Size};

const SMALL: Size = Size {
    technicians: 3,
    visits: 8,
};
const LARGER: Size = Size {
    technicians: 6,
    visits: 30,
};

fn settings(budget: u64, seed: u64) -> Settings {
    Settings {
        budget,
        seed,
        overtime_weight: 2,
    }
}

fn plan(problem: &Problem, budget: u64, seed: u64) -> Plan {
    solve(problem, &settings(budget, seed), &mut |_| ControlFlow::Continue(()))
}

/// Every plan is valid, and every unassigned visit has a reason for each technician.
#[test]
fn solve_random_problems_returns_valid_plans() {
    for seed in 0..100_000 {
        let problem = random::problem(seed, if seed % 4 == 0 { LARGER } else { SMALL });
        let plan = plan(&problem, 300 + seed % 700, seed);
        assert_eq!(check(&problem, &plan), [], "{seed}");
        for visit in &plan.unassigned {
            assert_eq!(
                explain_unassigned(&problem, &plan, *visit).len(),
                problem.technicians().len(),
                "{seed}: visit {visit} could be put in"
            );
        }
    }
}

#[test]
fn solve_same_input_and_seed_returns_same_plan() {
    let day = field::day(7, 6, 60, 20);
    let first = plan(&day.problem, 400_000, 5);
    assert_eq!(first, plan(&day.problem, 400_000, 5));
    assert_ne!(first, plan(&day.problem, 400_000, 6));
}

#[test]
fn solve_stopped_returns_best_plan_so_far() {
    let day = field::day(7, 6, 60, 20);
    let mut reports = Vec::new();
    let plan = solve(&day.problem, &settings(10_000_000, 1), &mut |progress| {
        reports.push(*progress);
        if reports.len() == 5 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!(check(&day.problem, &plan), []);
    assert_eq!(reports.len(), 5);
    assert!(
        reports
            .windows(2)
            .all(|pair| pair[0].done <= pair[1].done && pair[0].best >= pair[1].best)
    );
}

/// Returns the best possible score, by trying each order of each set of visits for each technician.
fn brute_force(problem: &Problem, overtime_weight: i64) -> Score {
    let visits = problem.visits().len();
    let all = 1_usize << visits;
    // The lowest cost of each set of visits, for each technician.
    let costs: Vec<Vec<Option<i64>>> = (0..problem.technicians().len())
        .map(|technician| {
            let mut costs = vec![None; all];
            costs[0] = Some(0);
            try_orders(problem, technician, &mut Vec::new(), overtime_weight, &mut costs);
            costs
        })
        .collect();
    let mut best: Vec<Option<i64>> = vec![None; all];
    best[0] = Some(0);
    for costs in &costs {
        let mut next = vec![None; all];
        for (set, cost) in best.iter().enumerate().filter_map(|(set, cost)| Some((set, (*cost)?))) {
            let rest = (all - 1) ^ set;
            let mut more = rest;
            loop {
                if let Some(added) = costs[more] {
                    let entry: &mut Option<i64> = &mut next[set | more];
                    *entry = Some(entry.map_or(cost + added, |known| known.min(cost + added)));
                }
                if more == 0 {
                    break;
                }
                more = (more - 1) & rest;
            }
        }
        best = next;
    }
    let scores = best.iter().enumerate().filter_map(|(set, cost)| {
        let plan = Plan {
            routes: vec![Route::default(); problem.technicians().len()],
            unassigned: (0..visits).filter(|visit| set & (1 << visit) == 0).collect(),
        };
        Some(Score {
            cost: (*cost)?,
            ..plan.score(problem, 0)
        })
    });
    scores.min().unwrap()
}

fn try_orders(problem: &Problem, technician: usize, order: &mut Vec<usize>, weight: i64, costs: &mut [Option<i64>]) {
    for visit in 0..problem.visits().len() {
        if order.contains(&visit) || !may(problem, technician, visit) {
            continue;
        }
        order.push(visit);
        if let Some((cost, may_extend)) = walk(problem, technician, order, weight) {
            if let Some(cost) = cost {
                let set = order.iter().fold(0, |set, visit| set | 1 << visit);
                let entry: &mut Option<i64> = &mut costs[set];
                *entry = Some(entry.map_or(cost, |known| known.min(cost)));
            }
            if may_extend {
                try_orders(problem, technician, order, weight, costs);
            }
        }
        order.pop();
    }
}

fn may(problem: &Problem, technician: usize, visit: usize) -> bool {
    let (tech, job) = (&problem.technicians()[technician], &problem.visits()[visit]);
    job.skills.0 & !tech.skills.0 == 0 && job.pinned.is_none_or(|pinned| pinned == technician)
}

/// Tries all ways to take the breaks of an order. Returns the cost if it is feasible, and whether it may be extended.
fn walk(problem: &Problem, technician: usize, order: &[usize], weight: i64) -> Option<(Option<i64>, bool)> {
    let tech = &problem.technicians()[technician];
    let load: u32 = order.iter().map(|visit| problem.visits()[*visit].demand).sum();
    if load > tech.capacity {
        return None;
    }
    let mut homes = Vec::new();
    let mut is_extendable = false;
    step(
        problem,
        technician,
        order,
        tech.start,
        tech.from,
        0,
        &mut homes,
        &mut is_extendable,
    );
    let mut travel = 0;
    let mut at = tech.start;
    for visit in order {
        let location = problem.visits()[*visit].location;
        travel += i64::from(problem.travel().time(at, location));
        at = location;
    }
    travel += i64::from(problem.travel().time(at, tech.end));
    let cost = homes
        .into_iter()
        .min()
        .map(|home: Time| travel + weight * i64::from((home - tech.until).max(0)));
    is_extendable.then_some((cost, true))
}

#[expect(clippy::too_many_arguments, reason = "the state of the recursion")]
fn step(
    problem: &Problem,
    technician: usize,
    rest: &[usize],
    at: usize,
    now: Time,
    taken: usize,
    homes: &mut Vec<Time>,
    is_extendable: &mut bool,
) {
    let tech = &problem.technicians()[technician];
    let take_break = |now: Time, taken: usize| {
        let rule = tech.breaks.get(taken)?;
        let begin = now.max(rule.window.from);
        (begin <= rule.window.until).then_some((begin + rule.duration, taken + 1))
    };
    let mut departures = vec![(now, taken)];
    while let Some(next) = take_break(departures[departures.len() - 1].0, departures[departures.len() - 1].1) {
        departures.push(next);
    }
    for (leave, taken) in departures {
        let Some((visit, others)) = rest.split_first() else {
            *is_extendable = true;
            let home = leave + problem.travel().time(at, tech.end);
            let skipped_breaks_are_not_due = tech.breaks[taken..].iter().all(|rule| home <= rule.window.until);
            if skipped_breaks_are_not_due && home <= tech.until + tech.overtime {
                homes.push(home);
            }
            continue;
        };
        let job = &problem.visits()[*visit];
        let mut arrivals = vec![(leave + problem.travel().time(at, job.location), taken)];
        while let Some(next) = take_break(arrivals[arrivals.len() - 1].0, arrivals[arrivals.len() - 1].1) {
            arrivals.push(next);
        }
        for (ready, taken) in arrivals {
            if let Some(window) = job.windows.iter().find(|window| ready <= window.until) {
                let done = ready.max(window.from) + job.service;
                step(
                    problem,
                    technician,
                    others,
                    job.location,
                    done,
                    taken,
                    homes,
                    is_extendable,
                );
            }
        }
    }
}

#[test]
fn solve_small_problems_matches_brute_force() {
    let mut left_out = 0;
    for seed in 0..400 {
        let problem = random::problem(1_000_000 + seed, SMALL);
        let plan = plan(&problem, 60_000, seed);
        let score = plan.score(&problem, 2);
        assert_eq!(score, brute_force(&problem, 2), "{seed}: {plan:?}");
        left_out += plan.unassigned.len();
    }
    assert!(left_out > 300, "many of the problems have too many visits");
}

#[test]
fn solve_field_days_is_at_least_as_good_as_hidden_plan() {
    for day in field::set() {
        let problem = &day.problem;
        let plan = plan(problem, 1_500_000, 1);
        assert_eq!(check(problem, &plan), [], "{}", day.name);
        let mut hidden = Plan {
            routes: vec![Route::default(); problem.technicians().len()],
            unassigned: Vec::new(),
        };
        for (technician, order) in day.hidden.iter().enumerate() {
            let walked = walk(problem, technician, order, 0);
            assert!(
                order.is_empty() || walked.is_some_and(|(cost, _)| cost.is_some()),
                "{}: {technician}",
                day.name
            );
        }
        let done: Vec<usize> = day.hidden.concat();
        hidden.unassigned = (0..problem.visits().len())
            .filter(|visit| !done.contains(visit))
            .collect();
        for (route, order) in hidden.routes.iter_mut().zip(&day.hidden) {
            route.stops = order
                .iter()
                .map(|visit| Stop {
                    visit: *visit,
                    arrival: 0,
                    start: 0,
                    departure: 0,
                })
                .collect();
        }
        let (ours, theirs) = (plan.score(problem, 0), hidden.score(problem, 0));
        assert!(ours <= theirs, "{}: {ours:?} {theirs:?}", day.name);
    }
}

#[test]
fn why_left_out_infeasible_visit_returns_expected_reason() {
    for day in field::set() {
        let problem = &day.problem;
        let plan = plan(problem, 200_000, 1);
        for (visit, planted) in &day.planted {
            assert!(plan.unassigned.contains(visit), "{}", day.name);
            let obstacles = explain_unassigned(problem, &plan, *visit);
            assert_eq!(obstacles.len(), problem.technicians().len());
            for obstacle in obstacles {
                let is_expected = match (planted, obstacle.reason) {
                    (Planted::Skill | Planted::PinAndSkill, Reason::Skill { missing }) => !missing.is_empty(),
                    (Planted::Shift, Reason::Shift { over }) => over >= 30 * 60,
                    (Planted::Window, Reason::Window { late }) => late > 0,
                    (Planted::Capacity, Reason::Capacity { over }) => over == 1,
                    _ => false,
                };
                assert!(
                    is_expected && obstacle.reason.is_impossible(),
                    "{}: {planted:?} {obstacle:?}",
                    day.name
                );
            }
        }
        // All other unassigned visits have a reason, too.
        for visit in &plan.unassigned {
            let obstacles = explain_unassigned(problem, &plan, *visit);
            assert!(!obstacles.is_empty(), "{}: {visit} could be put in", day.name);
        }
    }
}

/// After each suggested relaxation, the visit fits.
#[test]
fn why_left_out_relaxation_makes_visit_feasible() {
    let mut kinds = [0; 6];
    for seed in 0..3_000 {
        let problem = random::problem(2_000_000 + seed, LARGER);
        let plan = plan(&problem, 2_000, seed);
        for visit in &plan.unassigned {
            for found in explain_unassigned(&problem, &plan, *visit) {
                let Some(relaxation) = found.relaxation else {
                    continue;
                };
                let mut technicians = problem.technicians().to_vec();
                let mut visits = problem.visits().to_vec();
                let mut plan = plan.clone();
                let (tech, job) = (&mut technicians[found.technician], &mut visits[*visit]);
                match relaxation {
                    Relaxation::Skill { missing } => {
                        kinds[0] += 1;
                        tech.skills = Skills(tech.skills.0 | missing.0);
                    }
                    Relaxation::Unpin => {
                        kinds[1] += 1;
                        job.pinned = None;
                    }
                    Relaxation::Capacity { by } => {
                        kinds[2] += 1;
                        tech.capacity += by;
                    }
                    Relaxation::Window { by } => {
                        kinds[3] += 1;
                        job.windows.last_mut().unwrap().until += by;
                    }
                    Relaxation::Shift { by } => {
                        kinds[4] += 1;
                        tech.until += by;
                    }
                    Relaxation::DropStop { of } => {
                        kinds[5] += 1;
                        plan.routes[found.technician].stops.retain(|stop| stop.visit != of);
                    }
                }
                let relaxed = Problem::new(technicians, visits, problem.travel().clone()).unwrap();
                let remaining = obstacle(&relaxed, &plan, found.technician, *visit);
                assert_eq!(remaining, None, "{seed}: {visit} {found:?}");
            }
        }
    }
    assert!(kinds.iter().all(|count| *count > 20), "{kinds:?}");
}

#[test]
fn why_here_alternatives_cost_at_least_cheapest_insertion() {
    let day = field::day(3, 5, 40, 20);
    let plan = plan(&day.problem, 500_000, 1);
    let stop = plan.routes.iter().flat_map(|route| &route.stops).next().unwrap();
    let others = explain_assignment(&day.problem, &plan, stop.visit);
    assert_eq!(others.len(), 4);
    // The cost of an alternative is the cost of the insertion minus the travel saved by the removal.
    let without = |plan: &Plan, visit: usize| {
        let mut plan = plan.clone();
        for route in &mut plan.routes {
            route.stops.retain(|stop| stop.visit != visit);
        }
        plan
    };
    let mut compared = 0;
    for stop in plan.routes.iter().flat_map(|route| &route.stops) {
        let left = without(&plan, stop.visit);
        let saved = plan.travel(&day.problem) - left.travel(&day.problem);
        let cheapest = cheapest_insertion(&day.problem, &left, stop.visit, 2).unwrap();
        for (technician, alternative) in explain_assignment(&day.problem, &plan, stop.visit) {
            if let Alternative::Costs(more) = alternative {
                compared += 1;
                assert!(more + saved >= cheapest.added, "{technician}");
            }
        }
    }
    assert!(compared > 10, "{compared}");
}
