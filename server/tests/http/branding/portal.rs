//! Branding and terminology of the portal, range requests for released files, and the portal on its own host.

use crate::portal_access::access::{access_page, browser, send_parts, shown_link};
use crate::portal_access::calendar::create_feed;
use crate::support::forms::hidden;
use crate::support::public::COMPLETE;
use crate::support::{SAME_ORIGIN, World, link, world, world_with, worlds_at};
use chrono::{TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode};
use rstest::rstest;

const PAGE: &str = "/app/settings/portal";

async fn set_terminology(
    world: &World,
    browser: &Client,
    revision: &str,
    terms: &[(&'static str, &'static str)],
) -> String {
    let form = terms.iter().fold(
        Form::new().text("locale", "en").text("revision", revision.to_owned()),
        |form, (name, value)| form.text(*name, *value),
    );
    world.send_multipart(browser, "/app/fn/set-terminology", form).await;
    world.content(browser, &format!("{PAGE}?lang=en")).await
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn terminology_saved_replaces_default_labels_of_tenant(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let admin = world.staff("nordlicht", "admin").await;
    let petra = world.contact("nordlicht", "petra").await;
    let page = world.content(&admin, &format!("{PAGE}?lang=en")).await;
    let revision = hidden(&page, "revision").unwrap();
    let saved = set_terminology(
        &world,
        &admin,
        &revision,
        &[
            ("label.request.submitted", "Received by us"),
            ("explanation.request.submitted", "We have received it."),
            ("label.service.repair", "Mending <b>"),
        ],
    )
    .await;
    assert!(saved.contains("Terminology saved."), "{}", world.engine);
    assert!(saved.contains("Deutsch"), "missing languages are listed");
    let form = world.content(&petra, "/portal/requests/new").await;
    assert!(form.contains("Mending &lt;b&gt;") && !form.contains("Mending <b>"));
    // Another tenant keeps the default texts.
    let other = world.tenant("suedwind").portal[0].clone();
    let other = world.browser("/portal", &other.email, &other.password).await;
    assert!(!world.content(&other, "/portal/requests/new").await.contains("Mending"));
    // A form with an old revision is rejected and overwrites nothing.
    let late = set_terminology(&world, &admin, &revision, &[("label.request.submitted", "Mine")]).await;
    assert!(
        late.contains("This was changed by another user in the meantime.") && late.contains("value=\"Mine\""),
        "{}",
        world.engine
    );
    let page = world.content(&petra, "/portal/requests/new").await;
    assert!(page.contains("Mending"));
    // The same label for two statuses is rejected at its field, and the input is kept.
    let revision = hidden(&world.content(&admin, PAGE).await, "revision").unwrap();
    let refused = set_terminology(&world, &admin, &revision, &[("label.request.planned", "accepted")]).await;
    assert!(refused.contains("Another entry has the same label.") && refused.contains("value=\"accepted\""));
    // The preview shows the new terms and keeps the input in its fields; customers still see the saved terms.
    let tried = [("label.request.planned", "Fixed at last"), ("try", "on")];
    let page = set_terminology(&world, &admin, &revision, &tried).await;
    let parts: Vec<&str> = page.split("id=\"preview\"").collect();
    assert!(
        parts[1].contains("Fixed at last") && parts[0].contains("value=\"Fixed at last\""),
        "{page}"
    );
    assert!(parts[0].contains("Nothing has been saved yet."));
    let page = world.content(&admin, "/app/settings/portal?lang=en").await;
    assert!(
        page.contains("Fixed at last") && page.contains("data-testid=\"draft\""),
        "what was typed is a draft until it is saved: {}",
        world.engine
    );
    let tried = [("label.request.planned", "accepted"), ("try", "on")];
    let refused = set_terminology(&world, &admin, &revision, &tried).await;
    assert!(refused.contains("field-error"), "{refused}");
    set_terminology(&world, &admin, &revision, &[]).await;
    let form = world.content(&petra, "/portal/requests/new").await;
    assert!(
        form.contains(">Repair<") && !form.contains("Mending"),
        "{}",
        world.engine
    );
}

/// A label for every service type and for the first status.
const TERMS: [(&str, &str); 6] = [
    ("label.service.repair", "Mending"),
    ("label.service.maintenance", "Upkeep"),
    ("label.service.inspection", "Looking over"),
    ("label.service.installation", "Setting up"),
    ("label.service.support", "A hand"),
    ("label.request.submitted", "Received by us"),
];

#[tokio::test]
async fn terminology_is_used_on_all_customer_surfaces() {
    for world in worlds_at(Clock::manual(
        Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap(),
    ))
    .await
    {
        let admin = world.staff("nordlicht", "admin").await;
        let petra = world.contact("nordlicht", "petra").await;
        let terms = TERMS[..5].iter().map(|(_, word)| *word);
        let has_one = |text: &str| terms.clone().any(|word| text.contains(word));
        // None of the labels is present before, so that a later match comes from these terms.
        create_feed(&world, &petra, "petra").await;
        let html = world.content(&petra, "/portal/appointments").await;
        let feed = html.split("/portal/feed/").nth(1).unwrap();
        let feed = format!("/portal/feed/{}", feed.split(['<', '"']).next().unwrap());
        let calendar = world.get(&browser(), &feed).await.1;
        assert!(calendar.contains("BEGIN:VEVENT") && !has_one(&calendar), "{calendar}");
        set_terminology(&world, &admin, "0", &TERMS).await;
        let calendar = world.get(&browser(), &feed).await.1;
        assert!(has_one(&calendar), "{} {calendar}", world.engine);
        let form = world.get(&browser(), "/intake/nordlicht-service?lang=en").await.1;
        assert!(
            form.contains("Mending") && !form.contains(">Repair<"),
            "{}",
            world.engine
        );
        let tracking = world.submit(&COMPLETE, &[]).await;
        let page = world.get(&browser(), &format!("{tracking}?lang=en")).await.1;
        assert!(
            page.contains("Mending") && page.contains("Received by us"),
            "{}",
            world.engine
        );
        let mails = world.content(&admin, "/app/settings/mails").await;
        let mail = link(&mails, "/app/settings/mails/mal_").unwrap();
        let mail = world.content(&admin, &mail).await;
        assert!(mail.contains("Mending"), "{} {mail}", world.engine);
        let device = browser();
        let code = world.tenant("nordlicht").terminals[0].pairing_code.clone();
        world.send(&device, "/terminal/pair", &[("code", &code)]).await;
        let terminal = world.get(&device, "/terminal?lang=en").await.1;
        assert!(
            terminal.contains("data-terminal=\"form\"") && has_one(&terminal),
            "{}",
            world.engine
        );
    }
}

/// Returns a PNG that does not compress well.
fn noise(side: u32) -> Vec<u8> {
    let mut seed = 1_u32;
    let mut bytes = Vec::new();
    image::RgbImage::from_fn(side, side, |_, _| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, _] = seed.to_be_bytes();
        image::Rgb([a, b, c])
    })
    .write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png)
    .unwrap();
    bytes
}

pub fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::RgbaImage::from_pixel(width, height, image::Rgba([120, 30, 90, 128]))
        .write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png)
        .unwrap();
    bytes
}

/// Sends a form of the logo with the version that the page shows.
async fn send_logo(world: &World, admin: &Client, form: Form) {
    let page = world.content(admin, PAGE).await;
    let shown = page.split("action=\"/app/fn/set-portal-logo").nth(1).unwrap();
    let form = form.text("version", hidden(shown, "version").unwrap());
    world.send_multipart(admin, "/app/fn/set-portal-logo", form).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn branding_with_logo_and_color_is_shown_and_validated(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let admin = world.staff("nordlicht", "admin").await;
    let petra = world.contact("nordlicht", "petra").await;
    let logo = |bytes| Form::new().part("logo", Part::bytes(bytes).file_name("logo.png"));
    send_logo(&world, &admin, logo(picture(900, 300))).await;
    world
        .send_shown(&admin, PAGE, "/app/fn/set-portal-colour", &[("colour", "#FFEE00")])
        .await;
    let html = world.get(&petra, "/portal").await.1;
    let sheet = html
        .split("href=\"")
        .find(|rest| rest.starts_with("/portal/branding/"))
        .unwrap();
    let sheet = sheet.split('"').next().unwrap();
    let image = html
        .split("src=\"")
        .find(|rest| rest.starts_with("/portal/branding/"))
        .unwrap();
    let image = image.split('"').next().unwrap();
    // Style sheet and logo are public: they contain no customer data.
    let answer = browser().get(format!("{}{image}", world.url)).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert!(!answer.headers().contains_key("set-cookie"), "the logo is cacheable");
    assert!(
        answer.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    let decoded = image::load_from_memory(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!((decoded.width(), decoded.height()), (360, 120), "{}", world.engine);
    assert!(decoded.to_rgba8().get_pixel(5, 5).0[3] < 255, "transparency is kept");
    let (status, css) = world.get(&browser(), sheet).await;
    assert_eq!(status, StatusCode::OK);
    assert!(css.starts_with(":root{--accent-solid:light-dark(#"), "{css}");
    assert!(!css.contains("#ffee00"), "the contrast is too low");
    for path in [
        "/portal/branding/nothing/style.css",
        "/portal/branding/nothing/logo.png",
    ] {
        assert_eq!(world.get(&browser(), path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    // Before sign-in, the address selects the tenant, and the browser remembers it.
    let stranger = browser();
    let sign_in = async || world.get(&stranger, "/portal/sign-in").await.1;
    assert!(!sign_in().await.contains("/portal/branding/"), "{}", world.engine);
    let asked = world.get(&stranger, "/portal/sign-in?at=nordlicht").await.1;
    assert!(
        asked.contains("/portal/branding/") && asked.contains("Nordlicht"),
        "{asked}"
    );
    assert!(sign_in().await.contains("/portal/branding/"), "{}", world.engine);
    let unknown = world.get(&browser(), "/portal/sign-in?at=nobody").await.1;
    assert!(!unknown.contains("/portal/branding/") && !unknown.contains("Nordlicht"));
    // An invitation selects the tenant too and is shown in the language chosen for it.
    let page = access_page(&world).await;
    let guest = [
        ("customer", page.split('/').nth(3).unwrap()),
        ("reason", "Runs the site"),
        ("name", "Guest"),
        ("email", "guest@example.org"),
        ("whole", "on"),
        ("may_submit", "on"),
        ("locale", "ar"),
    ];
    send_parts(&world, &admin, "/app/fn/invite-contact", &guest).await;
    let path = shown_link(&world.content(&admin, &page).await).unwrap();
    let invited = browser();
    let invitation = world.get(&invited, &path).await.1;
    assert!(
        invitation.contains("/portal/branding/") && invitation.contains("dir=\"rtl\""),
        "{invitation}"
    );
    assert!(
        world
            .get(&invited, "/portal/sign-in")
            .await
            .1
            .contains("/portal/branding/")
    );
    // The portal of another tenant does not use it.
    let other = world.tenant("suedwind").portal[0].clone();
    let other = world.browser("/portal", &other.email, &other.password).await;
    assert!(!world.get(&other, "/portal").await.1.contains("/portal/branding/"));
    // The documented size limit is exact.
    let large = noise(700);
    assert!((1_000_000..2 * 1024 * 1024).contains(&large.len()));
    send_logo(&world, &admin, logo(large)).await;
    assert!(
        !world.content(&admin, PAGE).await.contains("field-error"),
        "{}",
        world.engine
    );
    let too_large = noise(900);
    assert!((2 * 1024 * 1024..3_000_000).contains(&too_large.len()));
    send_logo(&world, &admin, logo(too_large)).await;
    assert!(
        world.content(&admin, PAGE).await.contains("field-error"),
        "{}",
        world.engine
    );
    let html = world.get(&petra, "/portal").await.1;
    let sheet = html
        .split("href=\"")
        .find(|rest| rest.starts_with("/portal/branding/"))
        .unwrap();
    let sheet = sheet.split('"').next().unwrap();
    // A file that is not an image is rejected, and the previous logo stays.
    for bytes in [b"<svg onload=alert(1)>".to_vec(), Vec::new(), vec![0; 100]] {
        send_logo(&world, &admin, logo(bytes)).await;
        assert!(
            world.content(&admin, PAGE).await.contains("field-error"),
            "{}",
            world.engine
        );
    }
    for colour in ["red", "#12345", "#123456;}body{display:none", "url(x)"] {
        world
            .send_shown(&admin, PAGE, "/app/fn/set-portal-colour", &[("colour", colour)])
            .await;
        assert!(world.content(&admin, PAGE).await.contains("field-error"), "{colour}");
    }
    assert!(
        world.get(&petra, "/portal").await.1.contains(sheet),
        "the branding changed"
    );
    // A page that shows an older logo does not remove the new one.
    let stale = Form::new().text("none", "on").text("version", "0000000000000000");
    world.send_multipart(&admin, "/app/fn/set-portal-logo", stale).await;
    assert!(
        world
            .content(&admin, PAGE)
            .await
            .contains("data-code=\"concurrent_modification\""),
        "{}",
        world.engine
    );
    send_logo(&world, &admin, Form::new().text("none", "on")).await;
    world
        .send_shown(&admin, PAGE, "/app/fn/set-portal-colour", &[("none", "on")])
        .await;
    assert!(!world.get(&petra, "/portal").await.1.contains("/portal/branding/"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn released_file_with_range_returns_partial_content(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let petra = world.contact("nordlicht", "petra").await;
    let tenant = "(SELECT id FROM tenant WHERE slug = 'nordlicht')";
    let files = world
        .pairs(&format!(
            "SELECT x.attachment_id, x.attachment_id FROM released_attachment x JOIN portal_release p ON p.tenant_id = x.tenant_id AND p.id = x.release_id WHERE x.tenant_id = {tenant} AND p.status = 'published'"
        ))
        .await;
    let mut found = None;
    for (id, _) in files {
        let path = format!(
            "{}/portal/files/{}",
            world.url,
            domain::ids::AttachmentId::from_uuid(id)
        );
        let answer = petra.get(&path).send().await.unwrap();
        if answer.status() == StatusCode::OK {
            found = Some((path, answer));
            break;
        }
    }
    let (path, whole) = found.unwrap();
    assert_eq!(whole.headers()["accept-ranges"], "bytes");
    let etag = whole.headers()["etag"].to_str().unwrap().to_owned();
    let whole = whole.bytes().await.unwrap();
    let ask = async |range: &str, known: &str| {
        petra
            .get(&path)
            .header("range", range)
            .header("if-range", known)
            .send()
            .await
            .unwrap()
    };
    let part = ask("bytes=10-19", &etag).await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT, "{}", world.engine);
    assert_eq!(
        part.headers()["content-range"],
        format!("bytes 10-19/{}", whole.len()).as_str()
    );
    assert!(
        part.headers()["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    assert_eq!(part.bytes().await.unwrap(), whole.slice(10..20));
    let changed = ask("bytes=10-19", "\"another\"").await;
    assert_eq!(
        (changed.status(), changed.bytes().await.unwrap()),
        (StatusCode::OK, whole.clone())
    );
    let beyond = ask(&format!("bytes={}-", whole.len()), &etag).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    // After the grant is revoked, not a single byte is served.
    world
        .sql("UPDATE portal_grant SET revoked_at = valid_from WHERE revoked_at IS NULL")
        .await;
    assert_eq!(ask("bytes=0-0", &etag).await.status(), StatusCode::NOT_FOUND);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn portal_host_serves_portal_only(#[case] engine: Engine) {
    let set = |config: &mut ordinavo::config::Config| {
        config.public_url = "https://service.example".to_owned();
        config.portal_host = "portal.example".to_owned();
    };
    let Some(world) = world_with(engine, Clock::system(), set).await else {
        return;
    };
    let client = browser();
    let ask = async |host: &str, path: &str| {
        let answer = client
            .get(format!("{}{path}", world.url))
            .header("host", host)
            .header("accept", "text/html")
            .send()
            .await
            .unwrap();
        let to = answer
            .headers()
            .get("location")
            .map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), to.unwrap_or_default())
    };
    assert_eq!(ask("portal.example", "/").await, (303, "/portal".to_owned()));
    assert_eq!(ask("portal.example", "/portal/sign-in").await.0, 200);
    for path in [
        "/app",
        "/app/sign-in",
        "/partner",
        "/docs",
        "/api/v1/targets",
        "/metrics",
        "/intake/x",
    ] {
        assert_eq!(ask("portal.example", path).await, (404, String::new()), "{path}");
    }
    assert_eq!(
        ask("service.example", "/portal/requests?before=x").await,
        (307, "https://portal.example/portal/requests?before=x".to_owned())
    );
    assert_eq!(ask("service.example", "/app/sign-in").await.0, 200);
    // Staff who set the logo can see it. Only their forms may target the portal host.
    assert_eq!(
        ask("service.example", "/portal/branding/none/logo.png").await,
        (404, String::new())
    );
    let policy = async |path: &str, cookie: &str| {
        let answer = client
            .get(format!("{}{path}", world.url))
            .header("host", "service.example")
            .header("cookie", cookie)
            .header("accept", "text/html")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.headers()["content-security-policy"].to_str().unwrap().to_owned()
    };
    let staff = world.tenant("nordlicht").staff("admin").unwrap().clone();
    let answer = client
        .post(format!("{}/app/fn/sign-in", world.url))
        .header("host", "service.example")
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .header("accept", "text/html")
        .form(&[("email", &staff.email), ("password", &staff.password)])
        .send()
        .await
        .unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap();
    let signed_in = policy("/app/inbox", cookie).await;
    assert!(
        signed_in.contains("form-action service.example/app/") && signed_in.ends_with("/app/ https://portal.example"),
        "{signed_in}"
    );
    let stranger = policy("/app/sign-in", "").await;
    assert!(
        stranger.contains("form-action service.example/app/") && stranger.ends_with("/app/"),
        "{stranger}"
    );
    // The portal does not accept forms on the other host, and its cookie is bound to its own host.
    let account = world.tenant("nordlicht").portal[0].clone();
    let sign_in = async |host: &str| {
        client
            .post(format!("{}/portal/fn/sign-in", world.url))
            .header("host", host)
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .header("accept", "text/html")
            .form(&[("email", &account.email), ("password", &account.password)])
            .send()
            .await
            .unwrap()
    };
    assert_eq!(sign_in("service.example").await.status(), StatusCode::NOT_FOUND);
    let answer = sign_in("portal.example").await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{}", world.engine);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-ordinavo_portal="), "{cookie}");
    assert!(
        cookie.contains("Path=/;") && cookie.contains("Secure") && !cookie.contains("Domain"),
        "{cookie}"
    );
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn portal_rate_limit_exceeded_returns_429(#[case] engine: Engine) {
    let set = |config: &mut ordinavo::config::Config| {
        config.portal_rate_address = "1/1000".to_owned();
        config.portal_rate_account = "1/5".to_owned();
    };
    let Some(world) = world_with(engine, Clock::system(), set).await else {
        return;
    };
    let petra = world.contact("nordlicht", "petra").await;
    let pages = (0..40).map(|_| petra.get(format!("{}/portal/timeline", world.url)).send());
    let refused = futures::future::join_all(pages)
        .await
        .into_iter()
        .map(Result::unwrap)
        .find(|answer| answer.status() == StatusCode::TOO_MANY_REQUESTS);
    let refused = refused.unwrap();
    assert!(
        refused.headers()["retry-after"]
            .to_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
            >= 1
    );
    // Other users are not affected.
    let other = world.tenant("suedwind").portal[0].clone();
    let other = world.browser("/portal", &other.email, &other.password).await;
    assert_eq!(world.get(&other, "/portal").await.0, StatusCode::OK);
    assert_eq!(
        world
            .get(&world.staff("nordlicht", "admin").await, "/app/inbox")
            .await
            .0,
        StatusCode::OK
    );
    assert!(link(&world.get(&other, "/portal").await.1, "/portal/").is_some());
}
