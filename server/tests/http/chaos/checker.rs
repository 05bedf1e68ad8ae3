//! Compares what was acknowledged with the rows in the database, the objects in S3 and what the receiver got. It uses no
//! code of the product except the format of IDs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use domain::ids::{ImportJobId, TargetId};
use ordinavo_core::secrets::{hex, sha256};

use super::cluster::{Cluster, EVENT_TYPES};
use super::load::Acknowledged;
use crate::support::raw::Raw;

struct Checker<'a> {
    cluster: &'a Cluster,
    known: &'a Acknowledged,
    raw: Raw,
    failures: Vec<String>,
}

/// Returns what is wrong.
pub async fn check(cluster: &Cluster, known: &Acknowledged, checkpoint: &Path) -> Vec<String> {
    let mut checker = Checker {
        cluster,
        known,
        raw: Raw::open(&cluster.postgres.as_role("postgres")).await,
        failures: Vec::new(),
    };
    for unexpected in known.unexpected.iter().take(5) {
        checker.failures.push(format!("unexpected answer: {unexpected}"));
    }
    checker.require(known.targets.len() > 20, || {
        "hardly any import was acknowledged".to_owned()
    });
    checker.check_targets().await;
    checker.check_jobs().await;
    checker.check_events().await;
    checker.check_deliveries().await;
    checker.check_files().await;
    checker.check_audit(checkpoint);
    checker.raw.close().await;
    checker.failures
}

impl Checker<'_> {
    fn require(&mut self, condition: bool, failure: impl FnOnce() -> String) {
        if !condition {
            self.failures.push(failure());
        }
    }

    /// Every acknowledged import is there once, with the acknowledged ID, and no other target is there.
    async fn check_targets(&mut self) {
        let rows = self
            .raw
            .texts("SELECT external_id, id::text, status FROM target WHERE external_id LIKE 'CHAOS-%'")
            .await;
        let mut found = BTreeMap::<&str, Vec<(&str, &str)>>::new();
        for row in &rows {
            found.entry(&row[0]).or_default().push((&row[1], &row[2]));
        }
        for (external_id, targets) in &found {
            let count = targets.len();
            self.require(count == 1, || format!("{external_id} is there {count} times"));
            let was_sent = self.known.sent.contains(*external_id);
            self.require(was_sent, || format!("{external_id} was never sent"));
        }
        for (external_id, target) in &self.known.targets {
            let id: TargetId = target.parse().unwrap();
            let there = found.get(external_id.as_str());
            let is_same = there.is_some_and(|targets| targets[0].0 == id.uuid().to_string());
            self.require(is_same, || {
                format!("{external_id} was acknowledged as {target} and is {there:?}")
            });
            let is_cancelled = there.is_some_and(|targets| targets[0].1 == "cancelled");
            let was_acknowledged = self.known.cancelled.contains(target);
            self.require(is_cancelled || !was_acknowledged, || {
                format!("{external_id} is not cancelled")
            });
        }
    }

    /// Every acknowledged batch is a completed job, and the counts of every job are the sums of its items.
    async fn check_jobs(&mut self) {
        let rows = self
            .raw
            .texts(
                "SELECT j.id::text, j.status, \
                   concat_ws(',', j.item_count, j.created_count, j.updated_count, j.unchanged_count, j.skipped_count, j.failed_count), \
                   concat_ws(',', count(i.id), count(*) FILTER (WHERE i.outcome = 'created'), \
                     count(*) FILTER (WHERE i.outcome = 'updated'), count(*) FILTER (WHERE i.outcome = 'unchanged'), \
                     count(*) FILTER (WHERE i.outcome = 'skipped'), count(*) FILTER (WHERE i.outcome = 'failed')) \
                 FROM import_job AS j LEFT JOIN import_item AS i ON i.tenant_id = j.tenant_id AND i.job_id = j.id \
                 WHERE NOT j.dry_run GROUP BY j.tenant_id, j.id",
            )
            .await;
        let mut found = BTreeMap::new();
        for row in &rows {
            self.require(row[2] == row[3], || {
                format!("job {} counts {} and has {}", row[0], row[2], row[3])
            });
            found.insert(row[0].as_str(), row[1].as_str());
        }
        let query = "SELECT count(DISTINCT job_id)::text FROM import_item WHERE external_id LIKE 'CHAOS-B%'";
        let jobs: usize = self.raw.texts(query).await[0][0].parse().unwrap();
        let batches = self.known.batches;
        self.require(jobs <= batches, || {
            format!("{batches} batches were sent, and {jobs} jobs are there")
        });
        for (job, items) in &self.known.jobs {
            let id: ImportJobId = job.parse().unwrap();
            let status = found.get(id.uuid().to_string().as_str()).copied();
            self.require(status == Some("completed"), || format!("job {job} is {status:?}"));
            let list = items.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(",");
            let query = format!("SELECT count(*)::text FROM target WHERE external_id IN ({list})");
            let count = self.raw.texts(&query).await[0][0].clone();
            self.require(count == items.len().to_string(), || {
                format!("job {job}: {count} of its items are there")
            });
        }
    }

    /// One event for each change: created targets, updates and cancellations.
    async fn check_events(&mut self) {
        for (change, query) in [
            (
                "created",
                "SELECT t.external_id, count(e.id)::text FROM target AS t LEFT JOIN event AS e \
                 ON e.tenant_id = t.tenant_id AND e.target_id = t.id AND e.type = 'target.created' \
                 WHERE t.external_id LIKE 'CHAOS-%' GROUP BY t.external_id HAVING count(e.id) <> 1",
            ),
            (
                "cancelled",
                "SELECT t.external_id, count(e.id)::text FROM target AS t LEFT JOIN event AS e \
                 ON e.tenant_id = t.tenant_id AND e.target_id = t.id AND e.type = 'target.cancelled' \
                 WHERE t.external_id LIKE 'CHAOS-%' GROUP BY t.external_id, t.status \
                 HAVING count(e.id) <> CASE WHEN t.status = 'cancelled' THEN 1 ELSE 0 END",
            ),
            (
                "updated",
                "SELECT t.external_id, count(e.id)::text FROM target AS t LEFT JOIN event AS e \
                 ON e.tenant_id = t.tenant_id AND e.target_id = t.id AND e.type = 'target.updated' \
                 WHERE t.external_id LIKE 'CHAOS-%' GROUP BY t.external_id, t.notes \
                 HAVING count(e.id) <> CASE WHEN t.notes = 'second' THEN 1 ELSE 0 END",
            ),
        ] {
            for row in self.raw.texts(query).await {
                self.failures
                    .push(format!("{} has {} events of kind {change}", row[0], row[1]));
            }
        }
        let updated = self
            .raw
            .texts("SELECT external_id FROM target WHERE notes = 'second'")
            .await;
        let updated: BTreeSet<&str> = updated.iter().map(|row| row[0].as_str()).collect();
        for external_id in &self.known.updated {
            let is_there = updated.contains(external_id.as_str());
            self.require(is_there, || format!("the update of {external_id} is lost"));
        }
    }

    /// Every event was delivered at least once, always with the same ID and data.
    async fn check_deliveries(&mut self) {
        let types = EVENT_TYPES.map(|name| format!("'{name}'")).join(",");
        let query = format!(
            "SELECT e.id::text, t.external_id, d.status FROM event AS e \
             JOIN target AS t ON t.tenant_id = e.tenant_id AND t.id = e.target_id \
             LEFT JOIN webhook_delivery AS d ON d.tenant_id = e.tenant_id AND d.event_id = e.id \
             WHERE e.type IN ({types}) AND t.external_id LIKE 'CHAOS-%'"
        );
        let mut received = BTreeMap::<(String, String), BTreeSet<String>>::new();
        let mut count = 0_usize;
        for one in self.cluster.receiver.received() {
            let body = one.json();
            let external_id = body["data"]["target"]["externalId"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            received
                .entry((external_id, one.kind()))
                .or_default()
                .insert(one.header("webhook-id"));
            count += 1;
        }
        let events = self
            .raw
            .texts(&query.replace(
                "SELECT e.id::text, t.external_id, d.status",
                "SELECT e.type, t.external_id, coalesce(d.status, 'no delivery')",
            ))
            .await;
        println!("{} events, {count} deliveries received", events.len());
        for row in &events {
            let key = (row[1].clone(), row[0].clone());
            self.require(row[2] == "delivered", || {
                format!("{} of {} is {}", row[0], row[1], row[2])
            });
            let ids = received.get(&key).map_or(0, BTreeSet::len);
            self.require(ids == 1, || {
                format!("{} of {} was received with {ids} IDs", row[0], row[1])
            });
        }
        self.require(count >= events.len(), || "fewer deliveries than events".to_owned());
    }

    /// Every file that a row names is in the bucket with that content, and every object has a row.
    async fn check_files(&mut self) {
        let rows = self
            .raw
            .texts(
                "SELECT replace(tenant_id::text, '-', ''), encode(content_hash, 'hex') FROM attachment \
                 UNION SELECT replace(tenant_id::text, '-', ''), encode(content_hash, 'hex') FROM request_attachment",
            )
            .await;
        let objects = self.cluster.s3.objects();
        let mut named = BTreeSet::new();
        for row in &rows {
            let key = format!("kept/{}/{}", row[0], row[1]);
            let is_there = objects.get(&key).is_some_and(|content| hex(&sha256(content)) == row[1]);
            self.require(is_there, || format!("the file {key} is missing"));
            named.insert(key);
        }
        let hashes: BTreeSet<&str> = rows.iter().map(|row| row[1].as_str()).collect();
        for hash in &self.known.files {
            let is_there = hashes.contains(hash.as_str());
            self.require(is_there, || format!("the acknowledged file {hash} has no row"));
        }
        // One request for each form, acknowledged or not.
        let query =
            "SELECT encode(content_hash, 'hex'), count(DISTINCT request_id)::text FROM request_attachment GROUP BY 1";
        for row in self.raw.texts(query).await {
            let is_single = row[1] == "1" || !self.known.sent_files.contains(&row[0]);
            self.require(is_single, || {
                format!("the form with the file {} became {} requests", row[0], row[1])
            });
        }
        let orphans: Vec<&String> = objects
            .keys()
            .filter(|key| !named.contains(*key) && !key.ends_with("doctor-check"))
            .collect();
        println!("{} files, {} objects that no file names", rows.len(), orphans.len());
        // What an interrupted upload leaves has a row of its own until the sweeper removes both.
        let blobs = self
            .raw
            .texts("SELECT replace(tenant_id::text, '-', ''), encode(digest, 'hex'), state FROM blob")
            .await;
        let of = |row: &[String]| format!("kept/{}/{}", row[0], row[1]);
        for row in blobs.iter().filter(|row| row[2] == "stored") {
            // A content that was stored again has the number of its generation in the name.
            let key = of(row);
            let is_there = objects.keys().any(|object| object.split('-').next() == Some(&key));
            self.require(is_there, || format!("the stored content {key} has no object"));
        }
        let blobs: BTreeSet<String> = blobs.iter().map(|row| of(row)).collect();
        for key in orphans {
            let (base, _) = key.split_once('-').unwrap_or((key, ""));
            let is_known = blobs.contains(base);
            self.require(is_known, || format!("the object {key} has no row"));
        }
    }

    /// The audit log is an unbroken chain from before the faults, and nothing else of the installation is wrong.
    fn check_audit(&mut self, checkpoint: &Path) {
        let checkpoint = checkpoint.to_str().unwrap();
        let (status, output) = self
            .cluster
            .installation
            .run(&["audit", "verify", "--checkpoint", checkpoint]);
        self.require(status.success(), || format!("audit verify: {output}"));
        let output = self.cluster.installation.command(&["doctor"]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        self.require(output.status.success(), || format!("doctor: {text}"));
    }
}
