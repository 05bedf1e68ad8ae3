//! Deleted accounts, in every realm.

use ordinavo_core::Engine;
use ordinavo_core::identity::account_deletion::delete_accounts;
use reqwest::StatusCode;
use rstest::rstest;

use crate::portal_access::access::status;
use crate::support::world;

const EMAIL: &str = "leaves@example.org";

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn deleted_accounts_of_all_realms_lose_address_access_and_grants(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let petra = world.contact("nordlicht", "petra").await;
    let staff = world.staff("nordlicht", "technician").await;
    let tenant = world.tenant("nordlicht");
    let contact = &tenant
        .portal
        .iter()
        .find(|account| account.email.starts_with("petra"))
        .unwrap()
        .email;
    let technician = &tenant.staff("technician").unwrap().email;
    let partner = &tenant.partners[0].email;
    for (table, email) in [
        ("portal_account", contact),
        ("staff_account", technician),
        ("partner_account", partner),
    ] {
        world
            .sql(&format!("UPDATE {table} SET email = '{EMAIL}' WHERE email = '{email}'"))
            .await;
    }
    world
        .sql(&format!("UPDATE mail SET status = 'waiting', recipient = '{EMAIL}'"))
        .await;
    let start = format!(
        "SELECT start_name FROM technician JOIN staff_account AS account ON account.tenant_id = technician.tenant_id \
        AND account.id = technician.staff_id WHERE account.email = '{EMAIL}' AND start_latitude IS NOT NULL"
    );
    assert_eq!(world.texts(&start).await.len(), 1, "{}", world.engine);
    let technician_id = format!("SELECT tenant_id, id FROM staff_account WHERE email = '{EMAIL}'");
    let (tenant_id, staff_id) = world.pairs(&technician_id).await[0];
    let literal = |id: uuid::Uuid| match world.engine {
        "sqlite" => format!("X'{}'", id.simple()),
        _ => format!("'{id}'"),
    };
    world
        .sql(&format!(
            "INSERT INTO technician_absence (tenant_id, id, staff_id, first_day, last_day, kind, created_at) VALUES ({}, {}, {}, \
             '2026-12-01', '2026-12-02', 'sick', '2026-11-30T00:00:00.000000Z')",
            literal(tenant_id),
            literal(staff_id),
            literal(staff_id)
        ))
        .await;
    world
        .sql("UPDATE portal_grant SET offered_name = 'Petra', offered_email = 'typed@example.org'")
        .await;
    assert_eq!(status(&world, &petra, "/portal").await, StatusCode::OK);
    assert!(
        delete_accounts(&world.core, "nordlicht", EMAIL, "other@example.org")
            .await
            .is_err()
    );
    assert!(delete_accounts(&world.core, "unknown", EMAIL, EMAIL).await.is_err());
    assert_eq!(
        delete_accounts(&world.core, "nordlicht", EMAIL, EMAIL).await.unwrap(),
        3
    );

    for table in ["portal_account", "staff_account", "partner_account"] {
        let query = format!("SELECT email FROM {table} WHERE email = '{EMAIL}'");
        assert!(world.texts(&query).await.is_empty(), "{}: {table}", world.engine);
    }
    let open = "SELECT 'open' FROM portal_grant AS g JOIN portal_account AS account ON account.tenant_id = g.tenant_id \
        AND account.id = g.portal_account_id WHERE account.email LIKE '%@deleted.invalid' AND g.revoked_at IS NULL";
    assert!(world.texts(open).await.is_empty(), "{}", world.engine);
    let mails = "SELECT mail.status || mail.recipient FROM mail JOIN tenant ON tenant.id = mail.tenant_id \
        WHERE tenant.slug = 'nordlicht'";
    let mails = world.texts(mails).await;
    assert!(
        !mails.is_empty() && mails.iter().all(|mail| mail[0] == "cancelleddeleted@deleted.invalid"),
        "{mails:?}"
    );
    let places = "SELECT 'left' FROM technician JOIN staff_account AS account ON account.tenant_id = technician.tenant_id \
        AND account.id = technician.staff_id WHERE account.email LIKE '%@deleted.invalid' AND (start_name IS NOT NULL \
        OR start_latitude IS NOT NULL OR end_name IS NOT NULL OR end_latitude IS NOT NULL)";
    assert!(world.texts(places).await.is_empty(), "{}", world.engine);
    let offered = "SELECT 'left' FROM portal_grant AS g JOIN portal_account AS account ON account.tenant_id = g.tenant_id AND \
        account.id = g.portal_account_id WHERE account.email LIKE '%@deleted.invalid' AND (g.offered_name IS NOT NULL OR \
        g.offered_email IS NOT NULL)";
    assert!(world.texts(offered).await.is_empty(), "{}", world.engine);
    let absences = "SELECT 'left' FROM technician_absence AS absence JOIN staff_account AS account \
        ON account.tenant_id = absence.tenant_id AND account.id = absence.staff_id WHERE account.email LIKE '%@deleted.invalid'";
    assert!(world.texts(absences).await.is_empty(), "{}", world.engine);
    assert_eq!(status(&world, &petra, "/portal").await, StatusCode::SEE_OTHER);
    assert_eq!(status(&world, &staff, "/app/day").await, StatusCode::SEE_OTHER);
    assert!(delete_accounts(&world.core, "nordlicht", EMAIL, EMAIL).await.is_err());
}
