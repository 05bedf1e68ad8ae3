//! Settings that two administrators change from the same page: the second is told, and nothing is overwritten.

use reqwest::multipart::Form;
use serde_json::json;

use crate::support::forms::hidden;
use crate::support::webhooks::quiet_worlds;
use crate::support::{World, link};

/// The fields of a form without its record and version.
type Fields = &'static [(&'static str, &'static str)];

#[tokio::test]
async fn settings_from_stale_page_are_rejected() {
    let (_, worlds) = quiet_worlds().await;
    for world in worlds {
        check_settings(&world).await;
    }
}

async fn check_settings(world: &World) {
    let admin = world.staff("nordlicht", "admin").await;
    let list = world.content(&admin, "/app/integrations").await;
    let client = link(&list, "/app/integrations/clients/cli_").unwrap();
    let source = link(&list, "/app/integrations/sources/src_").unwrap();
    let created = world
        .endpoint("erp", "http://127.0.0.1:9/hook", &["target.created"], json!({}))
        .await;
    let endpoint = format!("/app/integrations/endpoints/{}", created["id"].as_str().unwrap());
    let cases: [(&str, &str, &str, Fields, Fields); 3] = [
        (
            &client,
            "/app/fn/set-scopes",
            "client",
            &[("scopes[]", "targets.read")],
            &[("scopes[]", "customers.read")],
        ),
        (
            &source,
            "/app/fn/update-source",
            "source",
            &[
                ("problem_policy", "review"),
                ("duplicate_names", "warn"),
                ("create_contacts", "on"),
            ],
            &[
                ("problem_policy", "review"),
                ("duplicate_names", "warn"),
                ("auto_update", "on"),
            ],
        ),
        (
            &endpoint,
            "/app/fn/update-endpoint",
            "endpoint",
            &[
                ("url", "http://127.0.0.1:9/one"),
                ("event_types[]", "target.created"),
                ("ordering", "none"),
            ],
            &[
                ("url", "http://127.0.0.1:9/two"),
                ("event_types[]", "target.created"),
                ("ordering", "none"),
            ],
        ),
    ];
    for (page, action, id_field, first, second) in cases {
        let id = page.rsplit('/').next().unwrap();
        let form = world.content(&admin, page).await;
        let form = form.split(&format!("action=\"{action}")).nth(1).unwrap();
        let version = hidden(form, "version").unwrap();
        let with_version = |fields: &[(&'static str, &'static str)]| {
            let mut all = vec![(id_field, id.to_owned()), ("version", version.clone())];
            all.extend(fields.iter().map(|(name, value)| (*name, (*value).to_owned())));
            all
        };
        let mut outcomes = Vec::new();
        for fields in [first, second] {
            let fields = with_version(fields);
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            world.send(&admin, action, &fields).await;
            let shown = world.content(&admin, page).await;
            outcomes.push(shown.contains("data-code=\"concurrent_modification\""));
        }
        assert_eq!(outcomes, [false, true], "{action}");
    }
    check_organization_settings(world, &admin).await;
    let forms = world.content(&admin, "/app/settings/forms").await;
    let page = link(&forms, "/app/settings/forms/frm_").unwrap();
    let version = hidden(&world.content(&admin, &page).await, "version").unwrap();
    let mut outcomes = Vec::new();
    for name in ["First", "Second"] {
        let form = Form::new()
            .text("id", page.rsplit('/').next().unwrap().to_owned())
            .text("version", version.clone())
            .text("name", name)
            .text("mode_email", "required")
            .text("title_en", "Request a visit")
            .text("service_repair", "on");
        world.send_multipart(&admin, "/app/fn/update-form", form).await;
        let shown = world.content(&admin, &page).await;
        outcomes.push(shown.contains("data-code=\"concurrent_modification\""));
    }
    assert_eq!(outcomes, [false, true], "update-form");
}

/// Settings of the organization itself: what was typed stays, beside what is saved now.
async fn check_organization_settings(world: &World, admin: &reqwest::Client) {
    let cases: [(&str, &str, Fields, Fields, &str); 3] = [
        (
            "/app/settings/portal",
            "/app/fn/set-portal-contact",
            &[("phone", "+49 201 111")],
            &[("phone", "+49 201 222")],
            "+49 201 111",
        ),
        (
            "/app/settings/portal",
            "/app/fn/set-portal-colour",
            &[("colour", "#115533")],
            &[("colour", "#331155")],
            "#115533",
        ),
        (
            "/app/settings/two-factor",
            "/app/fn/set-two-factor-roles",
            &[("auditor", "on")],
            &[("manager", "on")],
            "saved-value",
        ),
    ];
    for (page, action, first, second, saved) in cases {
        let form = world.content(admin, page).await;
        let form = form.split(&format!("action=\"{action}")).nth(1).unwrap();
        let version = hidden(form, "version").unwrap();
        let mut outcomes = Vec::new();
        for fields in [first, second] {
            let fields = [&[("version", version.as_str())], fields].concat();
            world.send(admin, action, &fields).await;
            let shown = world.content(admin, page).await;
            let is_refused = shown.contains("data-code=\"concurrent_modification\"");
            assert!(!is_refused || shown.contains(saved), "{action}");
            assert!(
                !shown.contains("data-testid=\"unsent\""),
                "{action}: its form is on the page"
            );
            if is_refused && action.ends_with("roles") {
                // What was typed: one role, beside the one that is saved now.
                assert_eq!(shown.matches(" checked").count(), 1, "{shown}");
                assert_eq!(shown.matches("saved-value\"").count(), 2, "{shown}");
            }
            outcomes.push(is_refused);
        }
        assert_eq!(outcomes, [false, true], "{action}");
    }
}
