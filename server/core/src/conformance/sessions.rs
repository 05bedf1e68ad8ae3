//! Sign-in and sessions.

use domain::network::Network;

use crate::conformance::{demo_systems, staff};
use crate::db::purpose::SignIn;
use crate::identity::sessions::SessionId;
use crate::identity::{Realm, authentication, demo as demo_actors, sign_in};

#[tokio::test]
async fn session_other_realm_or_idle_is_not_valid() {
    for (core, book) in demo_systems().await {
        let member = staff(&core, &book, "dispatcher").await;
        let id = SessionId(7);
        let row = demo_actors::session_row(&core, &member, id);
        let mut tx = core.store.begin_system::<SignIn>().await.expect("transaction begins");
        assert!(tx.insert_session(Realm::Staff, &row).await.expect("row is inserted"));
        assert!(
            !tx.insert_session(Realm::Staff, &row).await.expect("query succeeds"),
            "an existing session is not overwritten"
        );
        tx.commit().await.expect("transaction commits");
        assert!(
            authentication::staff(&core, id)
                .await
                .expect("query succeeds")
                .is_some()
        );
        assert!(
            authentication::contact(&core, id)
                .await
                .expect("query succeeds")
                .is_none()
        );
        core.clock.advance(authentication::IDLE_TIMEOUT);
        assert!(
            authentication::staff(&core, id)
                .await
                .expect("query succeeds")
                .is_none(),
            "an idle session expires"
        );
    }
}

#[tokio::test]
async fn sign_in_wrong_or_unknown_same_error_and_throttled() {
    for (core, book) in demo_systems().await {
        let account = book.tenants[0].staff("manager").expect("demo has a manager").clone();
        let attempt = async |email: &str, password: &str| {
            sign_in::sign_in(&core, Realm::Staff, email, password.to_owned().into(), Network::UNKNOWN).await
        };
        let wrong = attempt(&account.email, "not the password")
            .await
            .expect_err("wrong password is rejected");
        let unknown = attempt("nobody@nordlicht.example", "not the password")
            .await
            .expect_err("unknown address is rejected");
        assert_eq!(wrong, unknown);
        let locked = attempt(&account.email, &account.password)
            .await
            .expect_err("attempts are locked");
        assert_eq!(locked.problem, domain::problems::Problem::RateLimited);
        core.clock.advance(chrono::TimeDelta::seconds(2));
        assert!(
            attempt(&account.email, &account.password).await.is_ok(),
            "the lock expires"
        );
        // Staff credentials are not valid in the portal.
        assert!(
            sign_in::sign_in(
                &core,
                Realm::Portal,
                &account.email,
                account.password.clone().into(),
                Network::UNKNOWN
            )
            .await
            .is_err()
        );
    }
}
