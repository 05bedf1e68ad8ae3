//! The counters agree with the pages that they lead to.

use domain::identity::permissions::{ViewImports, ViewOperations, ViewReports};
use domain::visits::reports::ReportStatus;

use crate::conformance::{demo_systems, staff};
use crate::mapping::review;
use crate::requests::inbox::{self, InboxSelection, RequestFilter};
use crate::today::{SHOWN_ROWS, load};
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
        assert!(today.new_requests.count > 0 && !today.load.is_empty());
        assert!(today.load.iter().all(|row| row.visits > 0 || row.work.is_zero()));
        assert!(staff(&core, &book, "technician").await.may::<ViewOperations>().is_err());
    }
}
