//! Requests and their targets.

use crate::conformance::{demo_systems, staff};

/// A target copies the request's data, so a request that changed after it was read must not be linked.
#[tokio::test]
async fn request_target_stale_request_is_not_linked() {
    for (core, book) in demo_systems().await {
        let dispatcher = staff(&core, &book, "dispatcher").await;
        let filter = crate::requests::RequestFilter {
            status: Some(domain::requests::RequestStatus::Submitted),
            ..crate::requests::RequestFilter::default()
        };
        let mut tx = core.store.read(&dispatcher).await.expect("transaction begins");
        let line = tx.requests(&filter, None, 1).await.expect("query succeeds").pop();
        let request = line.expect("demo has a submitted request").id;
        drop(tx);
        let permit = dispatcher.may().expect("role has the permission");
        crate::requests::review::decide(&core, permit, request, crate::requests::review::Decision::Accept, None)
            .await
            .expect("request is accepted");
        let mut tx = core.store.begin(&dispatcher).await.expect("transaction begins");
        let read = tx
            .request_view(request)
            .await
            .expect("request is read")
            .expect("request exists");
        let target = crate::jobs::TargetRecord::open(
            tx.new_id(),
            tx.next_number("target").await.expect("number is allocated"),
        );
        assert!(tx.insert_target(&target).await.expect("row is inserted"));
        let stale = read.updated_at - chrono::TimeDelta::seconds(1);
        assert!(
            !tx.set_request_target(request, target.id.0, stale)
                .await
                .expect("query succeeds")
        );
        assert!(
            tx.set_request_target(request, target.id.0, read.updated_at)
                .await
                .expect("query succeeds")
        );
    }
}
