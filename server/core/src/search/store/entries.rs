//! Statements for the entries of the search index.

use domain::ids::ImportJobId;
use domain::search::{Kind, Query};
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::bulk::hex;
use crate::db::purpose::SearchIndexing;
use crate::db::transaction::allocate_numbers;
use crate::db::{EngineSql, StoreError, SystemTx, TenantTx};
use crate::identity::actors::{Staff, TenantId};

/// The bits of an entry's ID that tell the entries of a kind and tenant apart: the number of a job or request, so that newer ones
/// come first, otherwise a counter. Those above name the kind and tell tenants apart.
const COUNTER_BITS: u32 = 40;
/// The bits of the number that each tenant gets with its first entry.
const TENANT_BITS: u32 = 20;
/// Held while a tenant gets its number.
const GROUP_LOCK: &str = "search-group";

/// A record whose entry is out of date.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stale {
    pub id: Uuid,
    pub target: Target,
    pub record_id: Uuid,
}

/// What is out of date.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    Record(Kind),
    /// The entries of all records with the name of a customer.
    CustomerName,
    /// The entries of all records with the name and address of a location.
    LocationName,
}

/// The text of a record.
pub(crate) struct EntryText {
    pub record_id: Uuid,
    /// The number of a job or request.
    pub number: Option<i64>,
    pub folded: String,
}

/// An entry that contains the indexed words of a query.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct MatchingEntry {
    pub id: i64,
    pub record_id: Uuid,
    pub folded: String,
}

const SELECT_TENANT_WITH_STALE: &str = "SELECT tenant_id FROM search_stale LIMIT 1";
const SELECT_HAS_STALE: &str =
    "SELECT count(*) FROM (SELECT 1 FROM search_stale WHERE tenant_id = $1 LIMIT 1) AS stale";
const SELECT_STALE: &str = r"
    SELECT id, kind, record_id
    FROM search_stale
    WHERE tenant_id = $1
    LIMIT $2
";
static DELETE_STALE: EngineSql = EngineSql::new(
    r"
    DELETE FROM search_stale
    WHERE tenant_id = $1
      AND id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
",
);
const ENQUEUE_RECORDS_OF_CUSTOMER: &str = r"
    INSERT INTO search_stale (tenant_id, kind, record_id)
    SELECT tenant_id, 'location', id FROM location WHERE tenant_id = $1 AND customer_id = $2
    UNION ALL
    SELECT tenant_id, 'contact', id FROM contact WHERE tenant_id = $1 AND customer_id = $2
    UNION ALL
    SELECT tenant_id, 'request', id FROM request WHERE tenant_id = $1 AND customer_id = $2
    UNION ALL
    SELECT tenant_id, 'job', id FROM target WHERE tenant_id = $1 AND customer_id = $2
";
const ENQUEUE_RECORDS_OF_LOCATION: &str = r"
    INSERT INTO search_stale (tenant_id, kind, record_id)
    SELECT tenant_id, 'request', id FROM request WHERE tenant_id = $1 AND location_id = $2
    UNION ALL
    SELECT tenant_id, 'job', id FROM target WHERE tenant_id = $1 AND location_id = $2
";
static ENQUEUE_REPORTS_OF_JOBS: EngineSql = EngineSql::new(
    r"
    INSERT INTO search_stale (tenant_id, kind, record_id)
    SELECT tenant_id, 'report', id
    FROM visit_report
    WHERE tenant_id = $1
      AND target_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
",
);
static SELECT_ENTRY_IDS: EngineSql = EngineSql::new(
    r"
    SELECT record_id, id
    FROM search_entry
    WHERE tenant_id = $1
      AND kind = $3
      AND record_id = ANY (ARRAY(SELECT jsonb_array_elements_text($2)::UUID))
",
);
static INSERT_ENTRIES: EngineSql = EngineSql::new(
    r"
    INSERT INTO search_entry (tenant_id, id, kind, record_id)
    SELECT $1, input.id, $3, input.record_id
    FROM jsonb_to_recordset($2) AS input (id BIGINT, record_id UUID)
    WHERE input.id IS NOT NULL
",
);
// SQLite cannot update a row of a text index that may be missing.
static DELETE_TEXTS: EngineSql = EngineSql::new(
    r"
    DELETE FROM search_text
    WHERE rowid IN (SELECT input.id FROM jsonb_to_recordset($1) AS input (id BIGINT))
",
);
static INSERT_TEXTS: EngineSql = EngineSql::new(
    r"
    INSERT INTO search_text (rowid, folded)
    SELECT input.id, input.folded
    FROM jsonb_to_recordset($1) AS input (id BIGINT, folded TEXT)
    WHERE input.id IS NOT NULL
",
);
const SELECT_GROUP: &str = "SELECT value FROM counter WHERE tenant_id = $1 AND name = 'search-group'";
const INSERT_GROUP: &str = r"
    INSERT INTO counter (tenant_id, name, value)
    SELECT $1, 'search-group', coalesce(max(value), 0) + 1
    FROM counter
    WHERE name = 'search-group'
    RETURNING value
";
const SELECT_IMPORT: &str = "SELECT count(*) FROM import_job WHERE tenant_id = $1 AND id = $2";

/// Defines a statement that finds the entries with all of the given words, the newest first. The order of a `CROSS JOIN` is that in
/// which SQLite reads the tables; otherwise it would look up the words anew for each entry.
macro_rules! select_matching {
    ($words:literal) => {
        concat!(
            r"
                SELECT search_entry.id, search_entry.record_id, search_text.folded
                FROM search_text
                CROSS JOIN search_entry
                WHERE search_entry.id = search_text.rowid AND search_entry.tenant_id = $1
                  AND search_text.rowid BETWEEN $2 AND $3 AND
            ",
            $words,
            " ORDER BY search_text.rowid DESC LIMIT $4"
        )
    };
}
const SELECT_WITH_ONE_WORD: &str = select_matching!("search_text.folded LIKE $5");
const SELECT_WITH_TWO_WORDS: &str = select_matching!("search_text.folded LIKE $5 AND search_text.folded LIKE $6");
const SELECT_WITH_THREE_WORDS: &str =
    select_matching!("search_text.folded LIKE $5 AND search_text.folded LIKE $6 AND search_text.folded LIKE $7");
const SELECT_WITH_FOUR_WORDS: &str = select_matching!(
    "search_text.folded LIKE $5 AND search_text.folded LIKE $6 AND search_text.folded LIKE $7 AND search_text.folded LIKE $8"
);

/// Returns the first and the last ID that entries of a kind can have. IDs are grouped by kind and tenant, so that the index of
/// the text is read for one kind only and newest first. `group` is the number of the tenant.
fn entry_ids(group: i64, kind: Kind) -> (i64, i64) {
    let first = (kind.number() << (COUNTER_BITS + TENANT_BITS)) | (group << COUNTER_BITS);
    (first, first | ((1 << COUNTER_BITS) - 1))
}

impl<P> SystemTx<'_, P> {
    pub(crate) async fn tenant_with_stale_entries(&mut self) -> Result<Option<TenantId>, StoreError> {
        let row = self.tx.fetch_optional::<(Uuid,)>(SELECT_TENANT_WITH_STALE, ()).await?;
        Ok(row.map(|(tenant,)| TenantId::from_uuid(tenant)))
    }

    pub(crate) async fn has_stale_entries(&mut self, tenant: TenantId) -> Result<bool, StoreError> {
        let (count,) = self.tx.fetch_one::<(i64,)>(SELECT_HAS_STALE, (tenant.uuid(),)).await?;
        Ok(count > 0)
    }
}

impl SystemTx<'_, SearchIndexing> {
    pub(crate) async fn lock_search_index(&mut self, tenant: TenantId) -> Result<(), StoreError> {
        self.tx.lock_name(&format!("{}:search-index", tenant.uuid())).await
    }

    pub(crate) async fn stale_entries(&mut self, tenant: TenantId, limit: i64) -> Result<Vec<Stale>, StoreError> {
        let rows = self
            .tx
            .fetch_all::<(Uuid, String, Uuid)>(SELECT_STALE, (tenant.uuid(), limit))
            .await?;
        rows.into_iter()
            .map(|(id, kind, record_id)| {
                let target = match kind.as_str() {
                    "customer_name" => Target::CustomerName,
                    "location_name" => Target::LocationName,
                    kind => Target::Record(
                        Kind::from_name(kind).ok_or_else(|| StoreError::Broken(format!("kind of entry: {kind}")))?,
                    ),
                };
                Ok(Stale { id, target, record_id })
            })
            .collect()
    }

    pub(crate) async fn delete_stale_entries(&mut self, tenant: TenantId, stale: &[Stale]) -> Result<(), StoreError> {
        let ids: Vec<String> = stale.iter().map(|stale| hex(stale.id)).collect();
        self.tx
            .execute(&DELETE_STALE, (tenant.uuid(), Json(ids)))
            .await
            .map(drop)
    }

    pub(crate) async fn enqueue_records_of_customer(
        &mut self,
        tenant: TenantId,
        customer: Uuid,
    ) -> Result<(), StoreError> {
        let arguments = (tenant.uuid(), customer);
        self.tx.execute(ENQUEUE_RECORDS_OF_CUSTOMER, arguments).await.map(drop)
    }

    pub(crate) async fn enqueue_records_of_location(
        &mut self,
        tenant: TenantId,
        location: Uuid,
    ) -> Result<(), StoreError> {
        let arguments = (tenant.uuid(), location);
        self.tx.execute(ENQUEUE_RECORDS_OF_LOCATION, arguments).await.map(drop)
    }

    pub(crate) async fn enqueue_reports_of_jobs(&mut self, tenant: TenantId, jobs: &[Uuid]) -> Result<(), StoreError> {
        let jobs = Json(jobs.iter().copied().map(hex).collect::<Vec<_>>());
        let arguments = (tenant.uuid(), jobs);
        self.tx.execute(&ENQUEUE_REPORTS_OF_JOBS, arguments).await.map(drop)
    }

    /// Returns the number of a tenant, by which its entries are apart from those of others.
    async fn search_group(&mut self, tenant: TenantId) -> Result<i64, StoreError> {
        let known = self.tx.fetch_optional::<(i64,)>(SELECT_GROUP, (tenant.uuid(),)).await?;
        if let Some((group,)) = known {
            return Ok(group);
        }
        self.tx.lock_name(GROUP_LOCK).await?;
        let (group,) = self.tx.fetch_one::<(i64,)>(INSERT_GROUP, (tenant.uuid(),)).await?;
        Ok(group)
    }

    /// Writes the texts of records of a kind, each with the number of the record if it has one; entries are created where there are
    /// none yet.
    pub(crate) async fn write_entries(
        &mut self,
        tenant: TenantId,
        kind: Kind,
        texts: &[EntryText],
    ) -> Result<(), StoreError> {
        let ids = Json(texts.iter().map(|text| hex(text.record_id)).collect::<Vec<_>>());
        let known: std::collections::HashMap<Uuid, i64> = self
            .tx
            .fetch_all::<(Uuid, i64)>(&SELECT_ENTRY_IDS, (tenant.uuid(), ids, kind.name()))
            .await?
            .into_iter()
            .collect();
        let is_counted = |text: &&EntryText| text.number.is_none() && !known.contains_key(&text.record_id);
        let counted = i64::try_from(texts.iter().filter(is_counted).count()).unwrap_or(i64::MAX);
        let mut next = if counted == 0 {
            0
        } else {
            allocate_numbers(&mut self.tx, tenant, "search", counted).await? - counted
        };
        let (first_id, _) = entry_ids(self.search_group(tenant).await?, kind);
        let (mut entries, mut rows) = (Vec::new(), Vec::new());
        for text in texts {
            let id = known.get(&text.record_id).copied().unwrap_or_else(|| {
                let within = text.number.unwrap_or_else(|| {
                    next += 1;
                    next
                });
                let id = first_id + within;
                entries.push(serde_json::json!({"id": id, "record_id": hex(text.record_id)}));
                id
            });
            rows.push(serde_json::json!({"id": id, "folded": text.folded}));
        }
        if !entries.is_empty() {
            self.tx
                .execute(&INSERT_ENTRIES, (tenant.uuid(), Json(entries), kind.name()))
                .await?;
        }
        let rows = Json(rows);
        self.tx.execute(&DELETE_TEXTS, (rows.clone(),)).await?;
        self.tx.execute(&INSERT_TEXTS, (rows,)).await.map(drop)
    }
}

impl TenantTx<'_, Staff> {
    /// Returns the entries of a kind with all indexed words of a query, the newest first.
    pub(crate) async fn matching_entries(
        &mut self,
        kind: Kind,
        query: &Query,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<MatchingEntry>, StoreError> {
        let tenant = self.tenant();
        let Some((group,)) = self.tx.fetch_optional::<(i64,)>(SELECT_GROUP, (tenant,)).await? else {
            return Ok(Vec::new());
        };
        let (first, last) = entry_ids(group, kind);
        let last = before.map_or(last, |before| last.min(before.saturating_sub(1)));
        let patterns: Vec<String> = query.indexed_words().iter().map(|word| format!("%{word}%")).collect();
        let tx = &mut self.tx;
        // A plan for any word would read the whole kind for a rare one, or all hits of a frequent one.
        tx.plan_for_values().await?;
        match patterns.as_slice() {
            [] => Ok(Vec::new()),
            [one] => {
                tx.fetch_all(SELECT_WITH_ONE_WORD, (tenant, first, last, limit, one))
                    .await
            }
            [one, two] => {
                let arguments = (tenant, first, last, limit, one, two);
                tx.fetch_all(SELECT_WITH_TWO_WORDS, arguments).await
            }
            [one, two, three] => {
                let arguments = (tenant, first, last, limit, one, two, three);
                tx.fetch_all(SELECT_WITH_THREE_WORDS, arguments).await
            }
            [one, two, three, four, ..] => {
                let arguments = (tenant, first, last, limit, one, two, three, four);
                tx.fetch_all(SELECT_WITH_FOUR_WORDS, arguments).await
            }
        }
    }

    pub(crate) async fn import_exists(&mut self, import: ImportJobId) -> Result<bool, StoreError> {
        let arguments = (self.tenant(), import.uuid());
        let (count,) = self.tx.fetch_one::<(i64,)>(SELECT_IMPORT, arguments).await?;
        Ok(count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::conformance::new_stores;
    use crate::db::Engine;

    const EXPLAIN: &str = concat!(
        "EXPLAIN QUERY PLAN ",
        select_matching!("search_text.folded LIKE $5 AND search_text.folded LIKE $6")
    );

    #[tokio::test]
    async fn sqlite_looks_up_words_once_and_newest_first() {
        for store in new_stores(&Clock::system()).await {
            if store.engine() != Engine::Sqlite {
                continue;
            }
            let mut tx = store.begin_reading().await.expect("transaction begins");
            let arguments = (Uuid::nil(), 1, 2, 3, "%essen%", "%heizung%");
            let plan = tx.fetch_all::<(i64, i64, i64, String)>(EXPLAIN, arguments).await;
            let steps: Vec<String> = plan.expect("plan is read").into_iter().map(|row| row.3).collect();
            assert!(
                steps[0].starts_with("SCAN search_text VIRTUAL TABLE INDEX"),
                "{steps:?}"
            );
            assert!(steps.iter().all(|step| !step.contains("TEMP B-TREE")), "{steps:?}");
        }
    }

    #[test]
    fn entry_ids_of_kinds_and_tenants_do_not_overlap() {
        let last_group = (1 << TENANT_BITS) - 1;
        let mut ranges: Vec<(i64, i64)> = [1, 2, last_group]
            .into_iter()
            .flat_map(|group| Kind::ALL.into_iter().map(move |kind| entry_ids(group, kind)))
            .collect();
        ranges.sort_unstable();
        assert!(
            ranges.iter().all(|(first, last)| 0 < *first && first < last),
            "{ranges:?}"
        );
        assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0), "{ranges:?}");
    }
}
