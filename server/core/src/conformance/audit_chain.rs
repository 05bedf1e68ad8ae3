//! The audit log's chain of hashes.

use serde_json::json;

use crate::Core;
use crate::audit::NewAuditEntry;
use crate::conformance::{demo_systems, staff};
use crate::db::EngineSql;
use crate::db::purpose::Administration;
use crate::identity::actors::Actor as _;
use crate::identity::actors::TenantId;

static ALLOW_AUDIT_UPDATE: EngineSql = EngineSql::each(
    "DROP TRIGGER audit_entry_no_update",
    "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only",
);

#[tokio::test]
async fn audit_chain_modified_row_verify_returns_its_sequence() {
    for (core, book) in demo_systems().await {
        let auditor = staff(&core, &book, "auditor").await;
        let verify = async || {
            crate::audit::verify(&core, auditor.may().expect("role has the permission"))
                .await
                .expect("query succeeds")
        };
        assert_eq!(verify().await, None);
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
        let mut tx = core
            .store
            .begin_system::<Administration>()
            .await
            .expect("transaction begins");
        tx.tx
            .execute(&ALLOW_AUDIT_UPDATE, ())
            .await
            .expect("trigger is disabled");
        tx.tx
            .execute(
                "UPDATE audit_entry SET action = 'x' WHERE tenant_id = $1 AND sequence = 5",
                (auditor.tenant().uuid(),),
            )
            .await
            .expect("row is modified");
        tx.commit().await.expect("transaction commits");
        assert_eq!(verify().await, Some(5));
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
        assert_eq!(
            crate::audit::verify(&core, auditor.may().expect("role has the permission"))
                .await
                .expect("query succeeds"),
            None
        );
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
    crate::audit::write(&mut tx.tx, tenant, core.clock.now(), vec![entry(1), entry(2)])
        .await
        .expect("audit rows are written");
    tx.commit().await.expect("transaction commits");
}
