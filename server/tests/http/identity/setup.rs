//! The setup page of a new installation, on the real binary with an empty database.

use std::os::unix::fs::PermissionsExt as _;

use ordinavo_core::Engine;
use reqwest::{Client, StatusCode};
use rstest::rstest;

use crate::support::SAME_ORIGIN;
use crate::support::installation::Installation;

const FORM: [(&str, &str); 7] = [
    ("organisation", "Müller & Söhne"),
    ("short_name", ""),
    ("locale", "de"),
    ("zone", "Europe/Berlin"),
    ("name", "Mona Müller"),
    ("email", "mona@example.org"),
    ("password", "five slow green tramways"),
];

fn form(changed: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let value = |name: &str, value: &'static str| {
        let other = changed.iter().find(|(changed, _)| *changed == name);
        other.map_or(value, |(_, value)| *value)
    };
    FORM.iter().map(|(name, text)| (*name, value(name, text))).collect()
}

async fn send(browser: &Client, url: &str, form: &[(&str, &str)]) -> (StatusCode, String, String) {
    let answer = browser
        .post(url)
        .header("accept", "text/html")
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(form)
        .send()
        .await
        .unwrap();
    let (status, at) = (answer.status(), answer.url().path().to_owned());
    (status, at, answer.text().await.unwrap())
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn first_organization_is_created_once_in_the_browser(#[case] engine: Engine) {
    let installation = match engine {
        Engine::Sqlite => Installation::on_sqlite("setup"),
        Engine::Postgres => match Installation::on_postgres("setup-p") {
            Some(installation) => installation,
            None => return,
        },
    };
    let client = crate::support::client();
    let server = installation.start(&client).await;
    let file = installation.folder.join("setup-address.txt");
    let address = std::fs::read_to_string(&file).unwrap().trim().to_owned();
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "readable by its owner only");
    let (base, code) = address.rsplit_once('/').unwrap();
    assert_eq!(base, installation.url("/setup"));
    let browser = || crate::support::client_builder().cookie_store(true).build().unwrap();
    let wrong = format!("{base}/{}", code.replace(|letter: char| letter.is_ascii_digit(), "e"));
    for other in [wrong.as_str(), &format!("{base}/%00"), &address[..address.len() - 1]] {
        assert_eq!(client.get(other).send().await.unwrap().status(), StatusCode::NOT_FOUND);
        assert_eq!(send(&browser(), other, &form(&[])).await.0, StatusCode::NOT_FOUND);
    }
    // Another site cannot send the form.
    let foreign = client
        .post(&address)
        .header("sec-fetch-site", "cross-site")
        .form(&FORM)
        .send()
        .await;
    assert_eq!(foreign.unwrap().status(), StatusCode::FORBIDDEN);

    for language in ["en", "de", "ar"] {
        let page = client.get(format!("{address}?lang={language}")).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
        assert!(
            page.text()
                .await
                .unwrap()
                .contains(&format!("<html lang=\"{language}\""))
        );
    }
    for (changed, code) in [
        (("organisation", " "), "required"),
        (("organisation", "\u{202e}x"), "invalid_character"),
        (("short_name", "Not a slug"), "invalid_slug"),
        (("zone", "Mars/Base"), "invalid_zone"),
        (("locale", "xx"), "validation_failed"),
        (("email", "mona"), "invalid_email"),
        (("password", "short"), "password_too_short"),
        (("name", ""), "required"),
    ] {
        let (status, _, page) = send(&browser(), &address, &form(&[changed])).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{changed:?}");
        assert!(page.contains(&format!("data-code=\"{code}\"")), "{changed:?} {code}");
        let kept = if changed.0 == "email" {
            "Mona Müller"
        } else {
            "mona@example.org"
        };
        assert!(page.contains(kept), "{changed:?}");
        assert!(!page.contains("five slow"), "a password is not sent back");
    }
    // A name without a letter of ASCII needs a name for addresses.
    let (_, _, page) = send(&browser(), &address, &form(&[("organisation", "شركة التبريد")])).await;
    assert!(page.contains("data-code=\"required\""));
    // Text with NUL and a second server change nothing.
    let nul = send(&browser(), &address, &form(&[("organisation", "a\0b")])).await;
    assert_eq!(nul.0, StatusCode::UNPROCESSABLE_ENTITY);
    let second = installation.another_server();
    let second_process = second.start(&client).await;
    let at_second = format!("{}/{code}", second.url("/setup"));
    assert_eq!(
        client.get(&at_second).send().await.unwrap().status(),
        StatusCode::OK,
        "the code is the same"
    );

    // Of several at once, one creates the organization.
    let browsers: Vec<Client> = (0..4).map(|_| browser()).collect();
    let sent = browsers.iter().enumerate().map(|(number, browser)| {
        let address = if number % 2 == 0 { &address } else { &at_second };
        async move { (number, send(browser, address, &form(&[])).await) }
    });
    let answers = futures::future::join_all(sent).await;
    let created: Vec<_> = answers
        .iter()
        .filter(|(_, answer)| answer.0 == StatusCode::OK)
        .collect();
    assert_eq!(created.len(), 1, "{answers:?}");
    let (number, (_, at, page)) = created[0];
    assert_eq!(at, "/app/sign-in");
    assert!(page.contains("data-done=\"done-organization-created\""));
    assert!(
        page.contains(&format!("value=\"{}\"", FORM[5].1)),
        "the address is filled in"
    );
    let others = answers.iter().filter(|(_, answer)| answer.0 == StatusCode::NOT_FOUND);
    assert_eq!(others.count(), 3);

    // The administrator signs in, and the address is void, also for a server that starts later.
    let credentials = [("email", FORM[5].1), ("password", FORM[6].1)];
    let (status, at, _) = send(&browsers[*number], &installation.url("/app/fn/sign-in"), &credentials).await;
    assert_eq!(status, StatusCode::OK);
    assert!(at.starts_with("/app") && at != "/app/sign-in", "{at}");
    let settings = browsers[*number]
        .get(installation.url("/app/settings"))
        .send()
        .await
        .unwrap();
    assert_eq!(settings.status(), StatusCode::OK, "an administrator");
    for address in [&address, &at_second] {
        assert_eq!(
            client.get(address).send().await.unwrap().status(),
            StatusCode::NOT_FOUND
        );
    }
    assert!(!file.exists());
    drop((server, second_process));
    let (_, tenants) = installation.run(&["admin", "list-tenants", "--json"]);
    assert!(tenants.contains("\"mueller-soehne\""), "{tenants}");
    let (status, verified) = installation.run(&["audit", "verify"]);
    assert!(status.success(), "{verified}");
    // Not even if the organization is deleted.
    let (status, output) = installation.run(&[
        "admin",
        "delete-tenant",
        "mueller-soehne",
        "--confirm",
        "mueller-soehne",
    ]);
    assert!(status.success(), "{output}");
    let _server = installation.start(&client).await;
    assert_eq!(
        client.get(&address).send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    assert!(!file.exists());
    std::fs::remove_dir_all(&installation.folder).unwrap();
}
