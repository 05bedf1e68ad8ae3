//! The settings of the organization.

use ordinavo_core::Engine;
use rstest::rstest;

use crate::support::forms::hidden;
use crate::support::world;

const PAGE: &str = "/app/settings/organization";

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn organization_is_renamed_for_its_sandbox_too_and_old_forms_are_refused(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let admin = world.staff("nordlicht", "admin").await;
    let version = hidden(&world.content(&admin, PAGE).await, "version").unwrap();
    for (field, value, code) in [
        ("name", " ", "required"),
        ("zone", "Gulf Time", "invalid_zone"),
        ("locale", "fr", "validation_failed"),
    ] {
        let mut fields = vec![
            ("version", version.as_str()),
            ("name", "Typed and kept"),
            ("zone", "Asia/Dubai"),
            ("locale", "ar"),
        ];
        fields.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
        world.send(&admin, "/app/fn/set-organization", &fields).await;
        let html = world.content(&admin, PAGE).await;
        assert!(html.contains(&format!("data-code=\"{code}\"")), "{field}: {html}");
        assert!(field == "name" || html.contains("Typed and kept"), "{field}: {html}");
    }
    let fields = [
        ("version", version.as_str()),
        ("name", "Nordlicht Süd"),
        ("zone", "Asia/Dubai"),
        ("locale", "ar"),
    ];
    assert_eq!(world.send(&admin, "/app/fn/set-organization", &fields).await, PAGE);
    let stored = world
        .texts("SELECT name, zone, locale, CASE WHEN shows_technician THEN 'yes' ELSE 'no' END FROM tenant WHERE slug LIKE 'nordlicht%'")
        .await;
    assert!(!stored.is_empty());
    for row in stored {
        assert_eq!(row, ["Nordlicht Süd", "Asia/Dubai", "ar", "no"], "{}", world.engine);
    }
    assert_eq!(
        world
            .texts("SELECT slug FROM tenant WHERE name = 'Nordlicht Süd' AND slug LIKE 'suedwind%'")
            .await,
        Vec::<Vec<String>>::new()
    );
    let (_, page) = world.get(&admin, "/app/inbox").await;
    assert!(page.contains("Nordlicht Süd"), "the frame names the organization");
    // The form is that of before the change.
    world.send(&admin, "/app/fn/set-organization", &fields).await;
    let html = world.content(&admin, PAGE).await;
    assert!(html.contains("data-code=\"concurrent_modification\""), "{html}");
}
