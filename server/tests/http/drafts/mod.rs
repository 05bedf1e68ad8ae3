//! Drafts, and whose form it is: what was typed is never lost, and never sent under another name.

mod items;

use chrono::{TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::{Client, StatusCode};
use rstest::rstest;

use crate::support::public::COMPLETE;
use crate::support::{SAME_ORIGIN, World, world_at};

const TEXT: &str = "The key is with the neighbour, ask for Mrs. Okafor";

fn monday() -> Clock {
    Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap())
}

/// Returns the address that a form on a page is sent to, with the account for which it was rendered.
async fn address(world: &World, browser: &Client, page: &str, action: &str) -> String {
    let html = world.content(browser, page).await;
    let rest = html.split(&format!("action=\"{action}?by=")).nth(1).unwrap();
    format!("{action}?by={}", rest.split('"').next().unwrap())
}

/// Returns the page of a new request.
async fn request_page(world: &World, staff: &Client) -> String {
    let mut fields = COMPLETE.to_vec();
    fields[1] = ("description", "Draft test request");
    world.submit(&fields, &[]).await;
    world.in_inbox(staff, "Draft test request").await
}

async fn notes(world: &World) -> usize {
    let sql = format!("SELECT text FROM internal_note WHERE text = '{TEXT}'");
    world.texts(&sql).await.len()
}

async fn sign_out(world: &World, browser: &Client) {
    world.send(browser, "/app/fn/sign-out", &[("anyway", "yes")]).await;
    let (status, _) = world.get(browser, "/app/inbox").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_sent_after_sign_out_is_restored_after_sign_in(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let browser = world.staff("nordlicht", "dispatcher").await;
    let page = request_page(&world, &browser).await;
    let action = address(&world, &browser, &page, "/app/fn/add-note").await;
    let id = page.rsplit('/').next().unwrap();
    sign_out(&world, &browser).await;
    let fields = [("request", id), ("note", TEXT)];
    let to = world.send(&browser, &action, &fields).await;
    assert!(to.starts_with("/app/sign-in?next=%2Fapp%2Finbox%2F"), "{to}");
    let (_, sign_in) = world.get(&browser, &to).await;
    assert!(sign_in.contains("data-testid=\"kept\""), "{sign_in}");
    assert_eq!(notes(&world).await, 0, "nothing is done without a session");
    // An address without an account leads to sign-in as before.
    let bare = world.send(&browser, "/app/fn/add-note", &fields).await;
    assert_eq!(bare, "/app/sign-in");
    let again = world.staff("nordlicht", "dispatcher").await;
    let html = world.content(&again, &page).await;
    assert!(html.contains(TEXT) && html.contains("data-testid=\"draft\""), "{html}");
    // Once it is sent, the draft is gone.
    let action = address(&world, &again, &page, "/app/fn/add-note").await;
    world.send(&again, &action, &fields).await;
    assert_eq!(notes(&world).await, 1);
    world.content(&again, &page).await;
    let html = world.content(&again, &page).await;
    assert!(!html.contains("data-testid=\"draft\""), "{html}");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn form_of_other_person_changes_nothing_and_is_kept_for_its_owner(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let manager = world.staff("nordlicht", "manager").await;
    let page = request_page(&world, &dispatcher).await;
    let action = address(&world, &dispatcher, &page, "/app/fn/add-note").await;
    let id = page.rsplit('/').next().unwrap();
    let fields = [("request", id), ("note", TEXT)];
    // The manager has signed in meanwhile in the same browser, and sends the dispatcher's form.
    world.send(&manager, &action, &fields).await;
    assert_eq!(notes(&world).await, 0);
    let html = world.content(&manager, &page).await;
    assert!(html.contains("data-code=\"concurrent_modification\""), "{html}");
    assert!(!html.contains(TEXT), "the manager does not get the text: {html}");
    assert!(world.content(&dispatcher, &page).await.contains(TEXT));
    // A token that was not issued by this server belongs to no account.
    let (start, end) = action.split_at(action.len() - 4);
    let forged = format!("{start}{}", if end == "AAAA" { "BBBB" } else { "AAAA" });
    world.send(&manager, &forged, &fields).await;
    assert_eq!(notes(&world).await, 0);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn text_kept_while_typing_is_restored_until_discarded(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let browser = world.staff("nordlicht", "dispatcher").await;
    let page = request_page(&world, &browser).await;
    let action = address(&world, &browser, &page, "/app/fn/add-note").await;
    let account = action.split("?by=").nth(1).unwrap();
    let keep = async |account: &str, values: &str| {
        let answer = crate::support::client()
            .post(format!("{}/app/fn/save-draft?by={account}", world.url))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .form(&[("page", page.as_str()), ("form", "note"), ("values", values)])
            .send()
            .await
            .unwrap();
        answer.status()
    };
    // The session may have ended: the token of the form is enough, and nothing else is.
    assert_eq!(keep(account, "note=Half+a+sente").await, StatusCode::OK);
    assert_eq!(keep("", "note=Forged").await, StatusCode::UNAUTHORIZED);
    let html = world.content(&browser, &page).await;
    assert!(html.contains("Half a sente") && !html.contains("Forged"), "{html}");
    // It is there again after every reload, and for no other account.
    assert!(world.content(&browser, &page).await.contains("Half a sente"));
    let manager = world.staff("nordlicht", "manager").await;
    assert!(!world.content(&manager, &page).await.contains("Half a sente"));
    // The lists mark what the reader has begun to write.
    let marks = async |browser: &Client| {
        world
            .content(browser, "/app/inbox")
            .await
            .matches("data-draft=")
            .count()
    };
    assert_eq!((marks(&browser).await, marks(&manager).await), (1, 0));
    let draft = format!("note {page}");
    let back = world
        .send(&browser, "/app/fn/discard-draft", &[("draft", &draft)])
        .await;
    assert_eq!(back, page);
    assert!(!world.content(&browser, &page).await.contains("Half a sente"));
    // Emptying the field discards the draft, too.
    keep(account, "note=Again").await;
    keep(account, "note=").await;
    assert!(world.texts("SELECT form FROM draft").await.is_empty());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn rejected_form_keeps_text_after_reload(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let petra = world.contact("nordlicht", "petra").await;
    let page = "/portal/profile";
    let action = address(&world, &petra, page, "/portal/fn/change-email").await;
    world
        .send(&petra, &action, &[("email", "petra@"), ("password", "secret")])
        .await;
    for visit in ["first", "second"] {
        let html = world.content(&petra, page).await;
        assert!(html.contains("value=\"petra@\""), "{visit}: {html}");
        assert!(!html.contains("secret"), "{visit}: {html}");
    }
    let kept = world.texts("SELECT CAST(fields AS TEXT) FROM draft").await;
    assert!(
        !kept.is_empty() && kept.iter().all(|row| !row[0].contains("secret")),
        "{kept:?}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn text_whose_form_is_gone_is_shown_until_it_is_discarded(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let manager = world.staff("nordlicht", "manager").await;
    let page = request_page(&world, &dispatcher).await;
    let id = page.rsplit('/').next().unwrap();
    let html = world.content(&dispatcher, &page).await;
    let reject = html.split("action=\"/app/fn/reject-request").nth(1).unwrap();
    let form = reject.split("data-form=\"").nth(1).unwrap().split('"').next().unwrap();
    let save = address(&world, &dispatcher, &page, "/app/fn/reject-request").await;
    let save = save.replace("reject-request", "save-draft");
    let values = reqwest::Url::parse_with_params("http://x/", [("reason", TEXT)]).unwrap();
    let fields = [
        ("page", page.as_str()),
        ("form", form),
        ("values", values.query().unwrap()),
    ];
    let answer = dispatcher
        .post(format!("{}{save}", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1);
    assert!(answer.form(&fields).send().await.unwrap().status().is_success());
    let shown = async |browser: &Client| {
        let html = world.content(browser, &page).await;
        let unsent = html.split("data-testid=\"unsent\"").nth(1).map(str::to_owned);
        assert_eq!(html.matches(TEXT).count(), usize::from(html.contains(TEXT)), "{html}");
        unsent.is_some_and(|rest| rest.contains(TEXT))
    };
    assert!(!shown(&dispatcher).await, "the form shows its text itself");
    // A colleague decides meanwhile, and the form is gone.
    let fields = [("request", id), ("reason", "Out of our area")];
    world.send(&manager, "/app/fn/reject-request", &fields).await;
    assert!(shown(&dispatcher).await, "{}", world.engine);
    assert!(!shown(&manager).await, "it belongs to its author");
    // The same for a rejected submission, whose draft also has what the page adds. A single word is a text.
    let fields = [("request", id), ("reason", "duplicate"), ("view", "?assigned=me")];
    world.send(&dispatcher, "/app/fn/reject-request", &fields).await;
    let html = world.content(&dispatcher, &page).await;
    let unsent = html.split("data-testid=\"unsent\"").nth(1).unwrap();
    let unsent = unsent.split("</section>").next().unwrap();
    assert!(
        unsent.contains("duplicate") && !unsent.contains("assigned=me"),
        "{unsent}"
    );
    let discard = [("draft", format!("{form} {page}"))];
    let discard: Vec<(&str, &str)> = discard.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(world.send(&dispatcher, "/app/fn/discard-draft", &discard).await, page);
    let html = world.content(&dispatcher, &page).await;
    assert!(!html.contains("data-testid=\"unsent\""), "{}", world.engine);
}
