//! The engine against the independent checker, against brute force, and against days whose good plan is known.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may fail loudly")]

use std::ops::ControlFlow;

use routing::{
    Alternative, Plan, Problem, Reason, Relaxation, Route, Score, Settings, Skills, Stop, Time, cheapest_place, check,
    obstacle, solve, why_here, why_left_out,
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

/// No plan breaks a rule, however odd the problem and however short the search; what is left out fits nowhere, and for
/// each technician there is a reason.
#[test]
fn a_hundred_thousand_random_problems() {
    for seed in 0..100_000 {
        let problem = random::problem(seed, if seed % 4 == 0 { LARGER } else { SMALL });
        let plan = plan(&problem, 300 + seed % 700, seed);
        assert_eq!(check(&problem, &plan), [], "{seed}");
        for visit in &plan.left_out {
            assert_eq!(
                why_left_out(&problem, &plan, *visit).len(),
                problem.technicians().len(),
                "{seed}: visit {visit} could be put in"
            );
        }
    }
}

#[test]
fn the_same_input_and_seed_give_the_same_plan() {
    let day = field::day(7, 6, 60, 20);
    let first = plan(&day.problem, 400_000, 5);
    assert_eq!(first, plan(&day.problem, 400_000, 5));
    assert_ne!(first, plan(&day.problem, 400_000, 6));
}

#[test]
fn a_search_that_is_ended_answers_with_what_it_has() {
    let day = field::day(7, 6, 60, 20);
    let mut told = Vec::new();
    let plan = solve(&day.problem, &settings(10_000_000, 1), &mut |progress| {
        told.push(*progress);
        if told.len() == 5 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!(check(&day.problem, &plan), []);
    assert_eq!(told.len(), 5);
    assert!(
        told.windows(2)
            .all(|pair| pair[0].done <= pair[1].done && pair[0].best >= pair[1].best)
    );
}

/// The best score of all plans, by trying each order of each set of visits for each technician.
fn brute_force(problem: &Problem, overtime_weight: i64) -> Score {
    let visits = problem.visits().len();
    let all = 1_usize << visits;
    // For each technician the least cost of each set of visits.
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
            left_out: (0..visits).filter(|visit| set & (1 << visit) == 0).collect(),
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
        if let Some((cost, goes_on)) = walk(problem, technician, order, weight) {
            if let Some(cost) = cost {
                let set = order.iter().fold(0, |set, visit| set | 1 << visit);
                let entry: &mut Option<i64> = &mut costs[set];
                *entry = Some(entry.map_or(cost, |known| known.min(cost)));
            }
            if goes_on {
                try_orders(problem, technician, order, weight, costs);
            }
        }
        order.pop();
    }
}

fn may(problem: &Problem, technician: usize, visit: usize) -> bool {
    let (who, what) = (&problem.technicians()[technician], &problem.visits()[visit]);
    what.skills.0 & !who.skills.0 == 0 && what.pinned.is_none_or(|pinned| pinned == technician)
}

/// Every way of taking the breaks of an order. The cost if it holds, and whether more visits may follow.
fn walk(problem: &Problem, technician: usize, order: &[usize], weight: i64) -> Option<(Option<i64>, bool)> {
    let who = &problem.technicians()[technician];
    let load: u32 = order.iter().map(|visit| problem.visits()[*visit].demand).sum();
    if load > who.capacity {
        return None;
    }
    let mut homes = Vec::new();
    let mut is_alive = false;
    step(
        problem,
        technician,
        order,
        who.start,
        who.from,
        0,
        &mut homes,
        &mut is_alive,
    );
    let mut travel = 0;
    let mut at = who.start;
    for visit in order {
        let place = problem.visits()[*visit].place;
        travel += i64::from(problem.travel().time(at, place));
        at = place;
    }
    travel += i64::from(problem.travel().time(at, who.end));
    let cost = homes
        .into_iter()
        .min()
        .map(|home: Time| travel + weight * i64::from((home - who.until).max(0)));
    is_alive.then_some((cost, true))
}

#[expect(clippy::too_many_arguments, reason = "the state of a recursion")]
fn step(
    problem: &Problem,
    technician: usize,
    rest: &[usize],
    at: usize,
    now: Time,
    taken: usize,
    homes: &mut Vec<Time>,
    is_alive: &mut bool,
) {
    let who = &problem.technicians()[technician];
    let take = |now: Time, taken: usize| {
        let rule = who.breaks.get(taken)?;
        let begin = now.max(rule.window.from);
        (begin <= rule.window.until).then_some((begin + rule.duration, taken + 1))
    };
    let mut leaves = vec![(now, taken)];
    while let Some(next) = take(leaves[leaves.len() - 1].0, leaves[leaves.len() - 1].1) {
        leaves.push(next);
    }
    for (leave, taken) in leaves {
        let Some((visit, others)) = rest.split_first() else {
            *is_alive = true;
            let home = leave + problem.travel().time(at, who.end);
            let is_free = who.breaks[taken..].iter().all(|rule| home <= rule.window.until);
            if is_free && home <= who.until + who.overtime {
                homes.push(home);
            }
            continue;
        };
        let what = &problem.visits()[*visit];
        let mut arrivals = vec![(leave + problem.travel().time(at, what.place), taken)];
        while let Some(next) = take(arrivals[arrivals.len() - 1].0, arrivals[arrivals.len() - 1].1) {
            arrivals.push(next);
        }
        for (ready, taken) in arrivals {
            if let Some(window) = what.windows.iter().find(|window| ready <= window.until) {
                let done = ready.max(window.from) + what.service;
                step(problem, technician, others, what.place, done, taken, homes, is_alive);
            }
        }
    }
}

#[test]
fn small_problems_are_solved_as_well_as_by_brute_force() {
    let mut left_out = 0;
    for seed in 0..400 {
        let problem = random::problem(1_000_000 + seed, SMALL);
        let plan = plan(&problem, 60_000, seed);
        let score = plan.score(&problem, 2);
        assert_eq!(score, brute_force(&problem, 2), "{seed}: {plan:?}");
        left_out += plan.left_out.len();
    }
    assert!(left_out > 300, "many of them have too much work");
}

#[test]
fn field_days_are_done_at_least_as_well_as_by_their_hidden_plan() {
    for day in field::set() {
        let problem = &day.problem;
        let plan = plan(problem, 1_500_000, 1);
        assert_eq!(check(problem, &plan), [], "{}", day.name);
        let mut hidden = Plan {
            routes: vec![Route::default(); problem.technicians().len()],
            left_out: Vec::new(),
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
        hidden.left_out = (0..problem.visits().len())
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
fn planted_visits_are_left_out_for_the_planted_reason() {
    for day in field::set() {
        let problem = &day.problem;
        let plan = plan(problem, 200_000, 1);
        for (visit, planted) in &day.planted {
            assert!(plan.left_out.contains(visit), "{}", day.name);
            let obstacles = why_left_out(problem, &plan, *visit);
            assert_eq!(obstacles.len(), problem.technicians().len());
            for obstacle in obstacles {
                let is_it = match (planted, obstacle.reason) {
                    (Planted::Skill | Planted::PinAndSkill, Reason::Skill { missing }) => !missing.is_empty(),
                    (Planted::Shift, Reason::Shift { over }) => over >= 30 * 60,
                    (Planted::Window, Reason::Window { late }) => late > 0,
                    (Planted::Capacity, Reason::Capacity { over }) => over == 1,
                    _ => false,
                };
                assert!(
                    is_it && obstacle.reason.is_impossible(),
                    "{}: {planted:?} {obstacle:?}",
                    day.name
                );
            }
        }
        // What else is left out is possible for somebody, or truly not.
        for visit in &plan.left_out {
            let obstacles = why_left_out(problem, &plan, *visit);
            assert!(!obstacles.is_empty(), "{}: {visit} could be put in", day.name);
        }
    }
}

/// Each relaxation, made true, admits the visit: the plan with it in place passes the checker.
#[test]
fn every_relaxation_would_do() {
    let mut kinds = [0; 6];
    for seed in 0..3_000 {
        let problem = random::problem(2_000_000 + seed, LARGER);
        let plan = plan(&problem, 2_000, seed);
        for visit in &plan.left_out {
            for found in why_left_out(&problem, &plan, *visit) {
                let Some(relaxation) = found.relaxation else {
                    continue;
                };
                let mut people = problem.technicians().to_vec();
                let mut work = problem.visits().to_vec();
                let mut plan = plan.clone();
                let (who, what) = (&mut people[found.technician], &mut work[*visit]);
                match relaxation {
                    Relaxation::Skill { missing } => {
                        kinds[0] += 1;
                        who.skills = Skills(who.skills.0 | missing.0);
                    }
                    Relaxation::Unpin => {
                        kinds[1] += 1;
                        what.pinned = None;
                    }
                    Relaxation::Capacity { by } => {
                        kinds[2] += 1;
                        who.capacity += by;
                    }
                    Relaxation::Window { by } => {
                        kinds[3] += 1;
                        what.windows.last_mut().unwrap().until += by;
                    }
                    Relaxation::Shift { by } => {
                        kinds[4] += 1;
                        who.until += by;
                    }
                    Relaxation::Instead { of } => {
                        kinds[5] += 1;
                        plan.routes[found.technician].stops.retain(|stop| stop.visit != of);
                    }
                }
                let relaxed = Problem::new(people, work, problem.travel().clone()).unwrap();
                let still = obstacle(&relaxed, &plan, found.technician, *visit);
                assert_eq!(still, None, "{seed}: {visit} {found:?}");
            }
        }
    }
    assert!(kinds.iter().all(|count| *count > 20), "{kinds:?}");
}

#[test]
fn why_a_visit_is_where_it_is() {
    let day = field::day(3, 5, 40, 20);
    let plan = plan(&day.problem, 500_000, 1);
    let stop = plan.routes.iter().flat_map(|route| &route.stops).next().unwrap();
    let others = why_here(&day.problem, &plan, stop.visit);
    assert_eq!(others.len(), 4);
    // What somebody else would cost is what putting it there costs, less what it saves here.
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
        let cheapest = cheapest_place(&day.problem, &left, stop.visit, 2).unwrap();
        for (technician, alternative) in why_here(&day.problem, &plan, stop.visit) {
            if let Alternative::Costs(more) = alternative {
                compared += 1;
                assert!(more + saved >= cheapest.added, "{technician}");
            }
        }
    }
    assert!(compared > 10, "{compared}");
}
