//! A whole installation under faults: three servers and two workers on PostgreSQL and an S3 service, with mixed load. What
//! was acknowledged is compared with what is there afterwards. `make chaos` runs it.

mod checker;
mod cluster;
mod load;

use std::time::{Duration, Instant};

use ordinavo_core::randomness::Randomness;

use self::cluster::Cluster;
use self::load::Load;
use crate::support::receiver::Reply;
use crate::support::s3::Mode;

/// Reads a number from the environment. The prefix is the one that the configuration ignores.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(format!("ORDINAVO_TEST_CHAOS_{name}"))
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    KillServer,
    StopServer,
    KillWorker,
    /// The clock of a running server or worker jumps by two minutes, and back after some seconds. What is due meanwhile is late by
    /// as much as the clock was ahead.
    JumpClock,
    RestartDatabase,
    /// The disk of the database is full for some seconds.
    FullDisk,
    FilesHang,
    FilesFail,
    SlowReceiver,
    /// A process that does not run for some seconds, as on a machine that swaps.
    PauseWorker,
}

const FAULTS: [Fault; 10] = [
    Fault::KillServer,
    Fault::StopServer,
    Fault::KillWorker,
    Fault::JumpClock,
    Fault::RestartDatabase,
    Fault::FullDisk,
    Fault::FilesHang,
    Fault::FilesFail,
    Fault::SlowReceiver,
    Fault::PauseWorker,
];

async fn cause(fault: Fault, cluster: &mut Cluster, random: &Randomness) {
    let seconds = |count| tokio::time::sleep(Duration::from_secs(count));
    match fault {
        Fault::KillServer => cluster.kill_server(random.index_below(cluster.server_count())).await,
        Fault::StopServer => cluster.stop_server(random.index_below(cluster.server_count())).await,
        Fault::KillWorker => cluster.kill_worker(random.index_below(cluster.worker_count())),
        Fault::JumpClock => {
            let jump = ["+120s", "-120s"][random.index_below(2)];
            let process = random.index_below(cluster.server_count() + cluster.worker_count());
            cluster.set_clock(process, jump);
            seconds(5).await;
            cluster.set_clock(process, "+0s");
        }
        Fault::RestartDatabase => cluster.postgres.restart().await,
        Fault::FullDisk => {
            cluster.postgres.fill_disk();
            seconds(4).await;
            cluster.postgres.free_disk();
            // Without space for its log, PostgreSQL ends.
            cluster.postgres.restart().await;
        }
        Fault::FilesHang | Fault::FilesFail => {
            let mode = if matches!(fault, Fault::FilesHang) {
                Mode::Hangs
            } else {
                Mode::Fails
            };
            cluster.s3.set(mode);
            seconds(4).await;
            cluster.s3.set(Mode::Normal);
        }
        Fault::SlowReceiver => {
            let hanging = Reply {
                hangs: true,
                ..Reply::status(204)
            };
            cluster.receiver.usually(move |_| hanging.clone());
            seconds(3).await;
            cluster.receiver.usually(|_| Reply::status(204));
            cluster.receiver.release();
        }
        Fault::PauseWorker => {
            let worker = random.index_below(cluster.worker_count());
            cluster.signal_worker(worker, "STOP");
            seconds(5).await;
            cluster.signal_worker(worker, "CONT");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "takes minutes; make chaos runs it"]
async fn installation_under_faults_loses_and_repeats_nothing() {
    let seed = setting("SEED", std::process::id().into());
    let duration = Duration::from_secs(setting("SECONDS", 120));
    println!("seed {seed}, {duration:?}");
    let random = Randomness::seeded(seed);
    let mut cluster = Cluster::start().await;
    let faults: Vec<Fault> = FAULTS.into_iter().filter(|fault| cluster.can_cause(*fault)).collect();
    // Each kind happens, in an order that differs from run to run.
    let mut next = faults.clone();
    for index in (1..next.len()).rev() {
        next.swap(index, random.index_below(index + 1));
    }
    let checkpoint = cluster.sign_checkpoint();
    let load = Load::start(&cluster).await;
    let started = Instant::now();
    let mut counts = std::collections::BTreeMap::<String, usize>::new();
    while started.elapsed() < duration || !next.is_empty() {
        let fault = next.pop().unwrap_or_else(|| faults[random.index_below(faults.len())]);
        *counts.entry(format!("{fault:?}")).or_default() += 1;
        cause(fault, &mut cluster, &random).await;
        tokio::time::sleep(Duration::from_millis(500 + 2_000 * random.index_below(2) as u64)).await;
    }
    println!("faults: {counts:?}");
    let acknowledged = load.stop().await;
    println!("acknowledged: {acknowledged}");
    cluster.heal().await;
    cluster.settle(Duration::from_secs(240)).await;
    let failures = checker::check(&cluster, &acknowledged, &checkpoint).await;
    for line in cluster.internal_errors() {
        println!("{line}");
    }
    cluster.end().await;
    assert!(failures.is_empty(), "seed {seed}:\n{}", failures.join("\n"));
}
