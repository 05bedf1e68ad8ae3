//! Emails that were due for long before a mail server was configured wait for a decision.

use chrono::{TimeDelta, TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use ordinavo_core::notifications::held;
use ordinavo_core::notifications::held::HeldDecision;
use ordinavo_core::notifications::outbox;
use rstest::rstest;

use crate::support::{World, world_at};

async fn claimed(world: &World) -> usize {
    let mut count = 0;
    loop {
        let mails = outbox::claim(&world.core).await.unwrap();
        if mails.is_empty() {
            return count;
        }
        count += mails.len();
    }
}

async fn held_count(world: &World, slug: &str) -> i64 {
    let all = held::count_all(&world.core).await.unwrap();
    all.iter().find(|(found, _)| found == slug).unwrap().1.count
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn email_due_for_more_than_a_day_is_held_until_decision(#[case] engine: Engine) {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap());
    let Some(world) = world_at(engine, clock).await else {
        return;
    };
    world
        .sql("UPDATE mail SET status = 'waiting', attempts = 0, claim = NULL, claimed_until = NULL, link_id = NULL")
        .await;
    world.core.clock().advance(TimeDelta::days(2));
    assert_eq!(claimed(&world).await, 0);
    let count = held_count(&world, "nordlicht").await;
    assert!(count > 1);
    let admin = world.staff("nordlicht", "admin").await;
    let page = world.content(&admin, "/app/settings/mails").await;
    assert!(page.contains(&format!("data-held=\"{count}\"")), "{page}");

    // One email, then the others; emails of other tenants stay.
    let mail = crate::support::link(&page, "/app/settings/mails/mal_").unwrap();
    let id = mail.rsplit('/').next().unwrap().to_owned();
    world.send(&admin, "/app/fn/drop-held-mails", &[("mail", &id)]).await;
    assert_eq!(held_count(&world, "nordlicht").await, count - 1);
    // A damaged ID decides about nothing, least of all about every email.
    for damaged in ["", "mal_x", "ALL"] {
        world
            .send(&admin, "/app/fn/send-held-mails", &[("mail", damaged)])
            .await;
        assert_eq!(held_count(&world, "nordlicht").await, count - 1, "{damaged}");
    }
    world.send(&admin, "/app/fn/send-held-mails", &[("mail", "all")]).await;
    assert_eq!(held_count(&world, "nordlicht").await, 0);
    assert_eq!(i64::try_from(claimed(&world).await).unwrap(), count - 1);

    world
        .sql(
            "UPDATE mail SET status = 'waiting', attempts = 0, claim = NULL, claimed_until = NULL, released_at = NULL, \
             next_attempt_at = created_at",
        )
        .await;
    let dropped = held::decide_all(&world.core, "nordlicht", HeldDecision::Drop)
        .await
        .unwrap();
    assert_eq!(i64::try_from(dropped).unwrap(), count);
    assert_eq!(held_count(&world, "nordlicht").await, 0);
    let audited = world
        .texts("SELECT action, actor FROM audit_entry WHERE action LIKE 'mail.%' ORDER BY sequence")
        .await;
    let actions: Vec<&str> = audited.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(actions, ["mail.dropped", "mail.released", "mail.dropped"]);
}
