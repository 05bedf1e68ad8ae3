//! Random days of a technician without a network: whatever was written is afterwards with the technician or with dispatch, once.

use super::{Phone, planned_job, seen};
use crate::scheduling::board::{at, monday, move_page, press, technician};
use crate::support::public::png;
use crate::support::{World, world_at};
use chrono::TimeDelta;
use ordinavo_core::Engine;
use reqwest::{Client, StatusCode};
use rstest::rstest;
use uuid::Uuid;

/// Steps of one sequence, and the sequences.
const STEPS: usize = 45;
const SEEDS: [u64; 3] = [0x5eed_0001, 0x5eed_0002, 0x5eed_0003];

/// A small generator, so that a failure can be repeated from its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % (limit as u64)).unwrap()
    }

    fn key(&mut self) -> String {
        Uuid::from_u128((self.below(usize::MAX) as u128) << 64 | self.below(usize::MAX) as u128).to_string()
    }
}

/// A report as the phone has written it.
struct Written {
    key: String,
    target: String,
    shown: String,
    summary: String,
    photos: usize,
}

struct Sequence<'a> {
    world: &'a World,
    staff: &'a Client,
    phone: &'a Phone<'a>,
    technicians: [String; 2],
    targets: Vec<(String, u32)>,
    random: Random,
    written: Vec<Written>,
    /// Notices to dispatch, by their text.
    notices: Vec<String>,
}

impl Sequence<'_> {
    fn pick(&mut self) -> (String, u32) {
        let at = self.random.below(self.targets.len());
        self.targets[at].clone()
    }

    /// Returns the appointment that a cached page shows: often an old one.
    fn shown(&mut self, hour: u32) -> String {
        let hour = if self.random.below(4) == 0 { 6 } else { hour };
        seen((hour, 0), (hour + 1, 0))
    }

    async fn step(&mut self, name: &str) {
        let (target, hour) = self.pick();
        let (key, shown) = (self.random.key(), self.shown(hour));
        let fields = [("target", target.as_str()), ("step", name), ("seen", shown.as_str())];
        let (status, answer) = self.phone.entry(&key, &fields).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    async fn report(&mut self) {
        let (target, hour) = self.pick();
        let written = Written {
            key: self.random.key(),
            shown: self.shown(hour),
            summary: format!("Work number {} is written.", self.written.len()),
            photos: self.random.below(3),
            target,
        };
        for position in 0..written.photos {
            assert_eq!(
                self.phone.photo(&written.key, &position.to_string(), png()).await,
                StatusCode::OK
            );
        }
        self.send(&written).await;
        self.written.push(written);
    }

    async fn send(&self, written: &Written) {
        let photos = written.photos.to_string();
        let fields = [
            ("target", written.target.as_str()),
            ("step", "report"),
            ("seen", written.shown.as_str()),
            ("photos", photos.as_str()),
            ("summary", written.summary.as_str()),
            ("work_minutes", "20"),
        ];
        let (status, answer) = self.phone.entry(&written.key, &fields).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
    }

    /// The answer was lost, and the phone sends an earlier report again.
    async fn send_again(&mut self) {
        if self.written.is_empty() {
            return;
        }
        let at = self.random.below(self.written.len());
        self.send(&self.written[at]).await;
    }

    async fn notice(&mut self) {
        let (target, _) = self.pick();
        let (key, text) = (self.random.key(), format!("Notice number {}.", self.notices.len()));
        let fields = [
            ("target", target.as_str()),
            ("step", "cannot_do"),
            ("reason", "other"),
            ("text", text.as_str()),
        ];
        for _ in 0..2 {
            let (status, answer) = self.phone.entry(&key, &fields).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
        }
        self.notices.push(text);
    }

    /// Dispatch moves a visit, to another time or to a colleague.
    async fn reschedule(&mut self) {
        let at_index = self.random.below(self.targets.len());
        let hour = 7 + u32::try_from(self.random.below(8)).unwrap();
        let technician = self.technicians[self.random.below(2)].clone();
        let target = self.targets[at_index].0.clone();
        let (status, page) = self
            .world
            .get(self.staff, &move_page(&target, &technician, at(hour, 0)))
            .await;
        if status == StatusCode::OK && page.contains("action=\"/app/fn/move-target") {
            press(self.world, self.staff, &page).await;
            self.targets[at_index].1 = hour;
        }
    }

    async fn cancel(&mut self) {
        let (target, _) = self.pick();
        let fields = [("target", target.as_str()), ("reason", "Not needed.")];
        self.world.send(self.staff, "/app/fn/cancel-target", &fields).await;
    }

    async fn reopen(&mut self) {
        let (target, _) = self.pick();
        self.world
            .send(self.staff, "/app/fn/reopen-target", &[("target", &target)])
            .await;
    }

    /// The technician decides about the conflicts of a visit, without discarding any.
    async fn decide(&mut self) {
        let (target, _) = self.pick();
        let action = ["keep-my-entries", "send-entries-to-dispatch"][self.random.below(2)];
        let page = self.world.content(&self.phone.browser, "/app/day/sync-conflicts").await;
        if let Some(entries) = entries_of(&page, &target, "send-entries-to-dispatch") {
            let fields = [("target", target.as_str()), ("entries", entries.as_str())];
            self.world
                .send(&self.phone.browser, &format!("/app/fn/{action}"), &fields)
                .await;
        }
    }

    /// Dispatch files what it was sent.
    async fn file(&mut self) {
        let (target, _) = self.pick();
        let filing = ["planned_visit", "additional_visit", "note"][self.random.below(3)];
        let page = self.world.content(self.staff, &format!("/app/targets/{target}")).await;
        if let Some(entries) = entries_of(&page, &target, "resolve-sync-conflict") {
            let fields = [
                ("target", target.as_str()),
                ("technician", self.phone.person.as_str()),
                ("entries", entries.as_str()),
                ("filing", filing),
            ];
            self.world
                .send(self.staff, "/app/fn/resolve-sync-conflict", &fields)
                .await;
        }
    }

    async fn run(&mut self) {
        for _ in 0..STEPS {
            self.world.core.clock().advance(TimeDelta::seconds(7));
            match self.random.below(14) {
                0 | 1 => self.step("start_travel").await,
                2 | 3 => self.step("arrive").await,
                4..=6 => self.report().await,
                7 => self.send_again().await,
                8 => self.notice().await,
                9 => self.reschedule().await,
                10 if self.random.below(3) == 0 => self.cancel().await,
                10 => self.reopen().await,
                11 | 12 => self.decide().await,
                _ => self.file().await,
            }
        }
    }

    /// Returns where a text can be read: in a report, in the technician's conflicts, or on the page of the job.
    async fn places(&self, conflicts: &str, written: &Written) -> usize {
        let job_page = self
            .world
            .content(self.staff, &format!("/app/targets/{}", written.target))
            .await;
        let reports = self
            .world
            .texts(&format!(
                "SELECT summary FROM visit_report WHERE summary = '{}'",
                written.summary
            ))
            .await
            .len();
        let readable = |page: &str| page.matches(&written.summary).count();
        // The story of the job shows the reports, which are counted already.
        let beside_story = job_page.split("data-testid=\"job-story\"").next().unwrap_or_default();
        reports + readable(conflicts) + readable(beside_story)
    }

    async fn check(&self, seed: u64) {
        let conflicts = self.world.content(&self.phone.browser, "/app/day/sync-conflicts").await;
        for written in &self.written {
            let places = self.places(&conflicts, written).await;
            assert_eq!(places, 1, "{} {seed:#x} {}", self.world.engine, written.summary);
        }
        // A technician has one visit under way at a time.
        let under_way = "SELECT CAST(count(*) AS TEXT) FROM appointment a JOIN target t ON t.tenant_id = a.tenant_id AND t.id = a.target_id
            WHERE a.status = 'planned' AND t.status IN ('en_route', 'on_site') GROUP BY a.technician_id HAVING count(*) > 1";
        assert!(
            self.world.texts(under_way).await.is_empty(),
            "{} {seed:#x}",
            self.world.engine
        );
        // Each photo of a report is where its text is: with the entry, or with the report.
        let photos = self
            .world
            .texts(
                "SELECT CAST(count(*) AS TEXT) FROM attachment a JOIN visit_report r ON r.tenant_id = a.tenant_id AND r.id = a.visit_report_id WHERE r.summary LIKE 'Work number%'
                UNION ALL SELECT CAST(count(*) AS TEXT) FROM day_photo p JOIN day_entry e ON e.tenant_id = p.tenant_id AND e.id = p.entry_id WHERE e.state IN ('waiting', 'handed_over', 'settled')",
            )
            .await;
        let found: usize = photos.iter().map(|row| row[0].parse::<usize>().unwrap()).sum();
        let expected: usize = self.written.iter().map(|written| written.photos).sum();
        assert_eq!(found, expected, "{} {seed:#x}", self.world.engine);
        let mut pages = String::new();
        for (target, _) in &self.targets {
            pages.push_str(&self.world.content(self.staff, &format!("/app/targets/{target}")).await);
        }
        for text in &self.notices {
            assert_eq!(pages.matches(text).count(), 1, "{} {seed:#x} {text}", self.world.engine);
        }
    }
}

/// Returns the entries that a button of a page decides about, for one job.
fn entries_of(page: &str, target: &str, action: &str) -> Option<String> {
    let forms = page.split("<form").filter(|form| form.contains(action));
    let mut of_job = forms.filter(|form| crate::support::forms::hidden(form, "target").as_deref() == Some(target));
    crate::support::forms::hidden(of_job.next()?, "entries")
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn random_offline_days_lose_and_double_nothing(#[case] engine: Engine) {
    for seed in SEEDS {
        let Some(world) = world_at(engine, monday()).await else {
            return;
        };
        let staff = world.staff("nordlicht", "dispatcher").await;
        let phone = Phone::of(&world, world.staff("nordlicht", "technician").await).await;
        let mut targets = Vec::new();
        for (number, hour) in (1..=4).zip([8, 10, 12, 14]) {
            let target = planned_job(&world, &staff, &format!("RANDOM-{number}"), hour).await;
            targets.push((target, hour));
        }
        let mut sequence = Sequence {
            world: &world,
            staff: &staff,
            phone: &phone,
            technicians: [
                technician(&world, "Tom Becker").await,
                technician(&world, "Aylin").await,
            ],
            targets,
            random: Random(seed),
            written: Vec::new(),
            notices: Vec::new(),
        };
        sequence.run().await;
        assert!(sequence.written.len() > 3, "{seed:#x}");
        sequence.check(seed).await;
    }
}
