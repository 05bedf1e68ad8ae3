//! The audit log's chain of hashes.

use serde_json::json;

use crate::Core;
use crate::audit::NewAuditEntry;
use crate::audit::chain::Entry;
use crate::audit::verification;
use crate::audit::verification::{ChainProblem, Checkpoints, Verification};
use crate::conformance::{demo_systems, staff};
use crate::db::EngineSql;
use crate::db::purpose::Administration;
use crate::identity::actors::Actor as _;
use crate::identity::actors::{Staff, TenantId};
use crate::installation::key_rotation;
use crate::installation::key_rotation::{Rotation, Step};
use crate::secrets::Keyring;

static ALLOW_AUDIT_UPDATE: EngineSql = EngineSql::each(
    "DROP TRIGGER IF EXISTS audit_entry_no_update",
    "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only",
);
static ALLOW_AUDIT_REMOVAL: EngineSql = EngineSql::each(
    "DROP TRIGGER IF EXISTS audit_entry_no_delete",
    "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only",
);

/// Runs a statement that the log refuses, as a user with all rights on the database could.
async fn tamper(core: &Core, statement: &'static str, tenant: TenantId) {
    let mut tx = core
        .store
        .begin_system::<Administration>()
        .await
        .expect("transaction begins");
    for trigger in [&ALLOW_AUDIT_UPDATE, &ALLOW_AUDIT_REMOVAL] {
        tx.tx.execute(trigger, ()).await.expect("trigger is disabled");
    }
    tx.tx
        .execute(statement, (tenant.uuid(),))
        .await
        .expect("rows are modified");
    tx.commit().await.expect("transaction commits");
}

async fn verify(core: &Core, auditor: &Staff) -> Verification {
    crate::audit::verify(core, auditor.may().expect("role has the permission"))
        .await
        .expect("query succeeds")
}

#[tokio::test]
async fn audit_chain_modified_row_is_found() {
    for (core, book) in demo_systems().await {
        let auditor = staff(&core, &book, "auditor").await;
        let intact = verify(&core, &auditor).await;
        assert_eq!((intact.problem, intact.keyed_from), (None, 1));
        let mut tx = core
            .store
            .begin_system::<Administration>()
            .await
            .expect("transaction begins");
        let refused = tx
            .tx
            .execute("UPDATE audit_entry SET action = 'x' WHERE sequence = 5", ())
            .await;
        assert!(refused.is_err(), "the log is append-only");
        drop(tx);
        const CHANGE: &str = "UPDATE audit_entry SET action = 'x' WHERE tenant_id = $1 AND sequence = 5";
        tamper(&core, CHANGE, auditor.tenant()).await;
        let found = verify(&core, &auditor).await;
        assert_eq!(found.problem, Some(ChainProblem::Entry { sequence: 5 }));
        assert_eq!(found.verified, 4);
    }
}

#[tokio::test]
async fn audit_chain_last_rows_removed_is_found() {
    for (core, book) in demo_systems().await {
        let auditor = staff(&core, &book, "auditor").await;
        let count = verify(&core, &auditor).await.verified;
        let Checkpoints::Signed(file) = verification::checkpoint(&core).await.expect("checkpoint is signed") else {
            panic!("the chains are intact");
        };
        const REMOVE: &str = "DELETE FROM audit_entry WHERE tenant_id = $1 AND sequence > (SELECT value - 3 FROM \
                              counter WHERE counter.tenant_id = $1 AND name = 'audit')";
        tamper(&core, REMOVE, auditor.tenant()).await;
        let missing = Some(ChainProblem::Missing {
            from: count - 2,
            until: count,
        });
        let found = verify(&core, &auditor).await;
        assert_eq!((found.verified, found.problem), (count - 3, missing));

        // With a changed counter, and without the stored checkpoint, the file still finds it.
        const LOWER: &str = "UPDATE counter SET value = value - 3 WHERE tenant_id = $1 AND name = 'audit'";
        tamper(&core, LOWER, auditor.tenant()).await;
        assert_eq!(verify(&core, &auditor).await.problem, missing);
        tamper(
            &core,
            "DELETE FROM audit_checkpoint WHERE tenant_id = $1",
            auditor.tenant(),
        )
        .await;
        let results = verification::verify_all(&core, Some(&book.tenants[0].slug), &[file])
            .await
            .expect("chain is verified");
        assert_eq!(results[0].verification.problem, missing);
        assert_eq!(results.len(), 1);
    }
}

#[tokio::test]
async fn audit_chain_inserted_row_is_found() {
    for (core, book) in demo_systems().await {
        let auditor = staff(&core, &book, "auditor").await;
        let count = verify(&core, &auditor).await.verified;
        const INSERT: &str = "INSERT INTO audit_entry \
            (tenant_id, sequence, at, actor, action, subject, details, previous_hash, hash, key_id) \
            SELECT tenant_id, sequence + 1, at, actor, 'forged', subject, details, hash, hash, key_id FROM audit_entry \
            WHERE tenant_id = $1 ORDER BY sequence DESC LIMIT 1";
        tamper(&core, INSERT, auditor.tenant()).await;
        let found = verify(&core, &auditor).await;
        assert_eq!(found.problem, Some(ChainProblem::Entry { sequence: count + 1 }));
    }
}

/// Anybody with the source code can compute a chain without a key.
#[tokio::test]
async fn audit_chain_recomputed_without_key_is_found() {
    for (core, book) in demo_systems().await {
        let auditor = staff(&core, &book, "auditor").await;
        recompute_without_key(&core, auditor.tenant(), Some("forged")).await;
        let found = verify(&core, &auditor).await;
        assert_eq!(found.problem, Some(ChainProblem::Entry { sequence: 1 }));
    }
}

#[tokio::test]
async fn audit_chain_of_earlier_version_is_adopted_once() {
    for (core, book) in demo_systems().await {
        let auditor = staff(&core, &book, "auditor").await;
        let count = verify(&core, &auditor).await.verified;
        recompute_without_key(&core, auditor.tenant(), None).await;
        crate::installation::bind_key(&core.store, &core.keyring.current())
            .await
            .expect("database is bound");
        assert_eq!(
            verification::adopt_chains(&core).await.expect("chains are read"),
            Some(1)
        );
        let found = verify(&core, &auditor).await;
        assert_eq!((found.problem, found.keyed_from), (None, count + 1));
        assert_eq!(found.verified, count + 1);

        // Not again: it would declare forged entries to be old.
        recompute_without_key(&core, auditor.tenant(), Some("forged")).await;
        assert_eq!(verification::adopt_chains(&core).await.expect("chains are read"), None);
        let found = verify(&core, &auditor).await;
        assert_eq!(found.problem, Some(ChainProblem::Entry { sequence: count + 1 }));
    }
}

/// Replaces the chain by one that needs no key; the action of the second entry is changed.
async fn recompute_without_key(core: &Core, tenant: TenantId, action: Option<&str>) {
    tamper(
        core,
        "UPDATE audit_entry SET key_id = NULL WHERE tenant_id = $1",
        tenant,
    )
    .await;
    let mut tx = core
        .store
        .begin_system::<Administration>()
        .await
        .expect("transaction begins");
    let rows = crate::audit::entries_after(&mut tx.tx, tenant, 0, i64::MAX)
        .await
        .expect("entries are read");
    let mut previous = vec![0; 32];
    for mut row in rows {
        row.previous_hash = previous;
        if let Some(action) = action.filter(|_| row.sequence == 2) {
            action.clone_into(&mut row.action);
        }
        let hash = Entry::from(&row).plain_hash();
        tx.tx
            .execute(
                "UPDATE audit_entry SET action = $3, previous_hash = $4, hash = $5 WHERE tenant_id = $1 AND sequence = $2",
                (tenant.uuid(), row.sequence, row.action, row.previous_hash, hash.clone()),
            )
            .await
            .expect("row is modified");
        previous = hash;
    }
    tx.commit().await.expect("transaction commits");
}

#[tokio::test]
async fn audit_chain_verified_after_key_rotation() {
    for (core, book) in demo_systems().await {
        let auditor = staff(&core, &book, "auditor").await;
        let path = std::env::temp_dir().join(format!("ordinavo-audit-key-{}", auditor.tenant().uuid()));
        core.keyring
            .current()
            .write(&path, &core.randomness)
            .expect("key file is written");
        crate::installation::bind_key(&core.store, &core.keyring.current())
            .await
            .expect("database is bound");
        for step in [Step::Reseal, Step::Finish] {
            let done = key_rotation::rotate(&core, &path, step).await.expect("key is rotated");
            assert!(matches!(done, Rotation::Resealed(_)), "{done:?}");
        }
        let ring = Keyring::open(&path).expect("key file is read");
        std::fs::remove_file(&path).expect("key file is removed");
        let restarted = Core::new(
            core.store.clone(),
            core.clock.clone(),
            core.randomness.clone(),
            ring,
            core.files.clone(),
            crate::Settings::default(),
        );
        write_audit(&restarted, auditor.tenant(), 1).await;
        assert_eq!(verify(&restarted, &auditor).await.problem, None);
    }
}

#[tokio::test]
async fn audit_chain_concurrent_writers_is_valid() {
    for (core, book) in demo_systems().await {
        let auditor = staff(&core, &book, "auditor").await;
        let writers = (0..12).map(|number| {
            let (core, tenant) = (core.clone(), auditor.tenant());
            tokio::spawn(async move { write_audit(&core, tenant, number).await })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("task finishes");
        }
        assert_eq!(verify(&core, &auditor).await.problem, None);
    }
}

async fn write_audit(core: &Core, tenant: TenantId, number: i64) {
    let mut tx = core
        .store
        .begin_system::<Administration>()
        .await
        .expect("transaction begins");
    let entry = |part| NewAuditEntry {
        actor: "test".to_owned(),
        action: "test.written",
        subject: format!("{number}.{part}"),
        details: json!({ "z": 1, "a": [number] }),
    };
    crate::audit::write(
        &mut tx.tx,
        &core.store,
        tenant,
        core.clock.now(),
        vec![entry(1), entry(2)],
    )
    .await
    .expect("audit rows are written");
    tx.commit().await.expect("transaction commits");
}
