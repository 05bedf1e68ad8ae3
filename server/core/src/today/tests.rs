//! The counters agree with the pages that they lead to.

use chrono::TimeDelta;
use domain::identity::permissions::{ViewImports, ViewOperations, ViewReports};
use domain::visits::reports::ReportStatus;

use uuid::Uuid;

use crate::conformance::{demo_systems, staff};
use crate::identity::actors::Actor as _;
use crate::mapping::review;
use crate::requests::inbox::{self, InboxSelection, RequestFilter};
use crate::today::{OpenWork, SHOWN_ROWS, load, open_work};
use crate::visits::report_review;

#[tokio::test]
async fn counters_agree_with_the_pages_they_lead_to() {
    for (core, book) in demo_systems().await {
        let dispatcher = staff(&core, &book, "dispatcher").await;
        let operations = dispatcher.may::<ViewOperations>().expect("dispatchers view operations");
        let today = load(&core, operations).await.expect("today is read");
        let selection = InboxSelection {
            filter: RequestFilter::default(),
            requests_after: None,
            targets_after: None,
        };
        let inbox = inbox::page(&core, operations, &selection)
            .await
            .expect("inbox is read")
            .inbox;
        let late: Vec<i64> = inbox.late_visits.iter().map(|visit| visit.number).collect();
        assert_eq!(usize::try_from(today.late.count), Ok(late.len()));
        let shown: Vec<i64> = today.late.rows.iter().map(|row| row.number).collect();
        assert!(late.starts_with(&shown), "{late:?} {shown:?}");
        let reports = dispatcher.may::<ViewReports>().expect("dispatchers view reports");
        let (list, submitted) = report_review::list(&core, reports, ReportStatus::Submitted, None)
            .await
            .expect("reports are read");
        let found = today.reports.expect("dispatchers view reports");
        assert_eq!(found.count, submitted);
        assert_eq!(
            found.rows.len(),
            list.rows.len().min(usize::try_from(SHOWN_ROWS).unwrap_or(0))
        );
        let imports = dispatcher.may::<ViewImports>().expect("dispatchers view imports");
        let to_map = review::list(&core, imports, None, false)
            .await
            .expect("mapping review is read");
        let found = today.mapping.expect("dispatchers view imports");
        assert!(!to_map.has_more && usize::try_from(found.count) == Ok(to_map.rows.len()));
        let work = open_work(&core, &dispatcher).await.expect("open work is counted");
        assert_eq!(
            (work.requests, work.reports, work.mapping),
            (today.new_requests.count, submitted, found.count)
        );
        let technician = staff(&core, &book, "technician").await;
        let nothing = open_work(&core, &technician).await.expect("open work is counted");
        assert_eq!(nothing, OpenWork::default(), "technicians have no part in dispatch");
        assert!(today.new_requests.count > 0 && !today.load.is_empty());
        assert!(today.load.iter().all(|row| row.visits > 0 || row.work.is_zero()));
        assert!(staff(&core, &book, "technician").await.may::<ViewOperations>().is_err());
    }
}

#[tokio::test]
async fn offered_times_wait_for_the_customer_until_they_expire() {
    const OFFER: &str = r"
        INSERT INTO slot_offer (tenant_id, id, request_id, target_id, status, zone, expires_at, offered_by, created_at)
        SELECT request.tenant_id, $2, request.id, target.id, 'open', 'UTC', $3, $4, $3
        FROM request
        JOIN target ON target.tenant_id = request.tenant_id
        WHERE request.tenant_id = $1 AND request.asked_at IS NULL
        LIMIT 1
    ";
    const OPTION: &str = r"
        INSERT INTO slot_option (tenant_id, offer_id, position, technician_id, starts_at, ends_at)
        VALUES ($1, $2, 1, $4, $3, $3)
    ";
    const EXPIRE: &str = "UPDATE slot_offer SET expires_at = $2 WHERE tenant_id = $1 AND status = 'open'";
    for (core, book) in demo_systems().await {
        let dispatcher = staff(&core, &book, "dispatcher").await;
        let operations = dispatcher.may::<ViewOperations>().expect("dispatchers view operations");
        let before = load(&core, operations).await.expect("today is read").waiting.count;
        let (tenant, now) = (dispatcher.tenant().uuid(), core.clock.now());
        let arguments = (
            tenant,
            Uuid::from_u128(1),
            now + TimeDelta::hours(1),
            dispatcher.id().uuid(),
        );
        let mut tx = core.store.begin(&dispatcher).await.expect("transaction begins");
        assert_eq!(tx.tx.execute(OFFER, arguments).await.expect("times are offered"), 1);
        assert_eq!(tx.tx.execute(OPTION, arguments).await.expect("a time is offered"), 1);
        tx.commit().await.expect("commits");
        let offered = load(&core, operations).await.expect("today is read").waiting;
        assert_eq!(offered.count, before + 1);
        let mut tx = core.store.begin(&dispatcher).await.expect("transaction begins");
        tx.tx
            .execute(EXPIRE, (tenant, now - TimeDelta::hours(1)))
            .await
            .expect("offer expires");
        tx.commit().await.expect("commits");
        assert_eq!(
            load(&core, operations).await.expect("today is read").waiting.count,
            before
        );
    }
}
