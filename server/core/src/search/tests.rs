//! The index has the text of every record, whatever changed it.

use std::collections::BTreeMap;

use domain::search::Kind;
use uuid::Uuid;

use crate::Core;
use crate::conformance::{demo_systems, staff, staff_of};
use crate::db::purpose::SearchIndexing;
use crate::identity::actors::{Actor as _, Staff, TenantId};
use crate::search::{find, find_kind, find_page, index};

/// The tables of the records.
const TABLES: [(Kind, &str); 6] = [
    (Kind::Customer, "SELECT id FROM customer WHERE tenant_id = $1"),
    (Kind::Location, "SELECT id FROM location WHERE tenant_id = $1"),
    (Kind::Contact, "SELECT id FROM contact WHERE tenant_id = $1"),
    (Kind::Job, "SELECT id FROM target WHERE tenant_id = $1"),
    (Kind::Request, "SELECT id FROM request WHERE tenant_id = $1"),
    (Kind::Report, "SELECT id FROM visit_report WHERE tenant_id = $1"),
];
/// Changes of every text that is a part of the index.
const CHANGES: [&str; 16] = [
    "UPDATE customer SET name = name || ' neu', updated_by = 'test' WHERE tenant_id = $1",
    "UPDATE customer SET customer_number = 'N' || customer_number, updated_by = 'test' WHERE tenant_id = $1",
    "UPDATE location SET name = name || ' neu', updated_by = 'test' WHERE tenant_id = $1",
    "UPDATE location SET street = 'Neue Gasse 7', updated_by = 'test' WHERE tenant_id = $1",
    "UPDATE location SET postal_code = '99999', updated_by = 'test' WHERE tenant_id = $1",
    "UPDATE location SET city = 'Neustadt', updated_by = 'test' WHERE tenant_id = $1",
    "UPDATE contact SET display_name = display_name || ' neu', updated_by = 'test' WHERE tenant_id = $1",
    "UPDATE contact SET phone = '+43 1 2345678', updated_by = 'test' WHERE tenant_id = $1",
    "UPDATE contact SET email = 'neu@example.com', updated_by = 'test' WHERE tenant_id = $1",
    "UPDATE external_reference SET external_id = external_id || '-neu' WHERE tenant_id = $1",
    "UPDATE target SET notes = 'Neue Notiz' WHERE tenant_id = $1",
    "UPDATE target SET external_id = 'NEU-' || number WHERE tenant_id = $1 AND external_id IS NOT NULL",
    "UPDATE target SET location_id = NULL WHERE tenant_id = $1",
    "UPDATE request SET description = description || ' neu' WHERE tenant_id = $1",
    "UPDATE request SET location_id = NULL WHERE tenant_id = $1",
    "UPDATE visit_report SET summary = summary || ' neu' WHERE tenant_id = $1",
];

async fn index_all(core: &Core) {
    while index::run_next(core).await.expect("records are indexed") {}
}

/// Returns the stored texts, and those that the records have now.
async fn stored_and_current(core: &Core, tenant: TenantId) -> [BTreeMap<(Kind, Uuid), String>; 2] {
    let mut tx = core
        .store
        .begin_system::<SearchIndexing>()
        .await
        .expect("transaction begins");
    let stored = tx
        .tx
        .fetch_all::<(String, Uuid, String)>(
            "SELECT search_entry.kind, search_entry.record_id, search_text.folded FROM search_entry \
             JOIN search_text ON search_text.rowid = search_entry.id WHERE search_entry.tenant_id = $1",
            (tenant.uuid(),),
        )
        .await
        .expect("entries are read");
    let stored = stored
        .into_iter()
        .map(|(kind, id, text)| ((Kind::from_name(&kind).expect("kind is known"), id), text))
        .collect();
    let mut current = BTreeMap::new();
    for (kind, sql) in TABLES {
        let ids = tx
            .tx
            .fetch_all::<(Uuid,)>(sql, (tenant.uuid(),))
            .await
            .expect("records are read");
        let ids: Vec<Uuid> = ids.into_iter().map(|(id,)| id).collect();
        let documents = tx.documents(tenant, kind, &ids).await.expect("documents are read");
        current.extend(
            documents
                .into_iter()
                .map(|document| ((kind, document.record_id), index::text(document))),
        );
    }
    [stored, current]
}

#[tokio::test]
async fn index_follows_every_change() {
    for (core, book) in demo_systems().await {
        let tenant = staff(&core, &book, "dispatcher").await.tenant();
        index_all(&core).await;
        let [stored, current] = stored_and_current(&core, tenant).await;
        assert!(stored.len() > 100, "{}", stored.len());
        assert!(stored == current, "the index of the demo is complete");
        for change in CHANGES {
            let mut tx = core
                .store
                .begin_system::<SearchIndexing>()
                .await
                .expect("transaction begins");
            let changed = tx
                .tx
                .execute(change, (tenant.uuid(),))
                .await
                .expect("records are changed");
            tx.commit().await.expect("commits");
            assert!(changed > 0, "{change}");
            index_all(&core).await;
            let [stored, current] = stored_and_current(&core, tenant).await;
            let different = stored.iter().find(|(key, text)| current.get(key) != Some(text));
            assert!(
                different.is_none() && stored.len() == current.len(),
                "{change}: {different:?}"
            );
        }
    }
}

async fn titles(core: &Core, person: &Staff, text: &str) -> Vec<String> {
    let found = find(core, person, text).await.expect("search succeeds");
    let hits = found.groups.into_iter().flat_map(|group| group.hits);
    hits.map(|hit| format!("{}:{}", hit.kind.name(), hit.title.unwrap_or_default()))
        .collect()
}

#[tokio::test]
async fn search_is_limited_to_tenant_and_permissions() {
    for (core, book) in demo_systems().await {
        let dispatcher = staff(&core, &book, "dispatcher").await;
        let technician = staff(&core, &book, "technician").await;
        let auditor = staff(&core, &book, "auditor").await;
        index_all(&core).await;
        let own = titles(&core, &dispatcher, "rhein-ruhr medical").await;
        assert!(
            own.contains(&"customer:Rhein-Ruhr Medical Supply".to_owned()),
            "{own:?}"
        );
        assert_eq!(titles(&core, &auditor, "rhein-ruhr medical").await, own);
        assert!(titles(&core, &technician, "rhein-ruhr medical").await.is_empty());
        let of_kind = find_kind(&core, &technician, "rhein", Kind::Job, None)
            .await
            .expect("search succeeds");
        assert!(of_kind.hits.is_empty());
        // No hit of a tenant is one of another.
        let mut seen = std::collections::HashMap::new();
        for tenant in &book.tenants {
            let person = staff_of(&core, tenant, "dispatcher").await;
            for text in ["straße", "repair", "essen", "gmbh", "example"] {
                for kind in Kind::ALL {
                    let group = find_kind(&core, &person, text, kind, None)
                        .await
                        .expect("search succeeds");
                    for hit in group.hits {
                        let other = seen.insert(hit.id, tenant.slug.clone());
                        assert!(other.is_none_or(|other| other == tenant.slug), "{:?}", hit.title);
                    }
                }
            }
        }
        assert!(!seen.is_empty());
    }
}

#[tokio::test]
async fn pages_of_a_kind_contain_every_hit_once() {
    for (core, book) in demo_systems().await {
        let dispatcher = staff(&core, &book, "dispatcher").await;
        index_all(&core).await;
        let (mut before, mut seen) = (None, Vec::new());
        loop {
            let page = find_page(&core, &dispatcher, "essen", Kind::Job, before, 4)
                .await
                .expect("search succeeds");
            seen.extend(page.hits.iter().map(|hit| hit.number.expect("jobs have numbers")));
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        assert!(seen.len() > 8, "{}", seen.len());
        assert!(
            seen.windows(2).all(|pair| pair[0] > pair[1]),
            "newest first, each once: {seen:?}"
        );
    }
}

#[tokio::test]
async fn two_letters_find_customers_by_their_beginning() {
    for (core, book) in demo_systems().await {
        let dispatcher = staff(&core, &book, "dispatcher").await;
        for (text, name) in [
            ("rh", "customer:Rhein-Ruhr Medical Supply"),
            ("Bü", "customer:Bürohaus Ruhrbogen"),
        ] {
            let found = titles(&core, &dispatcher, text).await;
            assert!(found.contains(&name.to_owned()), "{text}: {found:?}");
        }
    }
}

#[tokio::test]
async fn tenants_have_entries_of_their_own() {
    for (core, _) in demo_systems().await {
        index_all(&core).await;
        let mut tx = core
            .store
            .begin_system::<SearchIndexing>()
            .await
            .expect("transaction begins");
        let (groups, different) = tx
            .tx
            .fetch_one::<(i64, i64)>(
                "SELECT count(*), count(DISTINCT value) FROM counter WHERE name = 'search-group'",
                (),
            )
            .await
            .expect("numbers are read");
        assert!(groups > 1 && groups == different, "{groups} {different}");
    }
}
