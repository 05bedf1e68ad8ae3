//! Imports from spreadsheets: what the trial shows is what the import does.

use std::time::Duration;

use crate::support::forms::hidden;
use crate::support::{World, world};
use ordinavo_core::Engine;
use reqwest::{Client, Method};
use rstest::rstest;
use scraper::{Html, Selector};

/// Uploads a file for the client `erp` and returns the path of the column mapping.
async fn upload(world: &World, dispatcher: &Client, name: &str, bytes: Vec<u8>) -> String {
    let page = world.content(dispatcher, "/app/imports/upload").await;
    let option = page
        .split("<option")
        .find(|option| option.contains("(erp)"))
        .expect("the client can import");
    let client = option.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
    let file = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
    let form = reqwest::multipart::Form::new()
        .text("client", client.to_owned())
        .part("file", file);
    world.send_multipart(dispatcher, "/app/fn/upload-csv", form).await
}

/// Returns the field of each column as the page has them.
pub(super) fn column_fields(page: &str) -> Vec<String> {
    let html = Html::parse_document(page);
    let select = Selector::parse("select[name='columns[]']").unwrap();
    let chosen = Selector::parse("option[selected]").unwrap();
    html.select(&select)
        .map(|select| {
            let option = select.select(&chosen).next();
            option
                .and_then(|option| option.value().attr("value"))
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

/// Sends the columns with these fields and returns where it leads.
async fn choose(world: &World, dispatcher: &Client, page: &str, fields: &[String]) -> String {
    let mut form: Vec<(String, String)> = ["file", "client", "encoding"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), hidden(page, name)?)))
        .collect();
    for (index, field) in fields.iter().enumerate() {
        form.push((format!("columns[{index}]"), field.clone()));
    }
    let form: Vec<(&str, &str)> = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    world.send(dispatcher, "/app/fn/dry-run-csv", &form).await
}

/// Maps the columns as suggested and returns the finished trial.
async fn trial(world: &World, dispatcher: &Client, columns: &str) -> String {
    let page = world.content(dispatcher, columns).await;
    let job = choose(world, dispatcher, &page, &column_fields(&page)).await;
    wait(world, dispatcher, &job).await
}

/// Waits until an import has ended and returns its path.
async fn wait(world: &World, dispatcher: &Client, path: &str) -> String {
    for _ in 0..200 {
        let page = world.content(dispatcher, path).await;
        if !page.contains("role=\"status\"") {
            return path.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} has not ended");
}

/// Returns the changed fields of a page with their old and new values.
fn changes(page: &str) -> Vec<(String, String, String, bool)> {
    let html = Html::parse_document(page);
    let row = Selector::parse("tr[data-field]").unwrap();
    let cell = Selector::parse("td").unwrap();
    html.select(&row)
        .map(|row| {
            let values: Vec<String> = row
                .select(&cell)
                .map(|cell| cell.text().collect::<String>().trim().to_owned())
                .collect();
            let is_rename = row.value().attr("data-testid") == Some("change-rename");
            let field = row.value().attr("data-field").unwrap_or_default().to_owned();
            (field, values[0].clone(), values[1].clone(), is_rename)
        })
        .collect()
}

fn texts(page: &str, test_id: &str) -> Vec<String> {
    let html = Html::parse_document(page);
    let selector = Selector::parse(&format!("[data-testid='{test_id}']")).unwrap();
    html.select(&selector)
        .map(|node| node.text().collect::<String>())
        .collect()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn trial_shows_old_and_new_values_and_the_import_does_the_same(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let text = "Auftrag;Kunde-Id;Kunde;Von;Bis\nTRIAL-1;CUST-10042;Rhein-Ruhr Neu;24.11.31 09:00;24.11.31 11:00\nTRIAL-2;CUST-10042;Rhein;Ruhr GmbH;24.11.31;x;y\n";
    let columns = upload(&world, &dispatcher, "jobs.csv", text.as_bytes().to_vec()).await;
    let page = world.content(&dispatcher, &columns).await;
    assert_eq!(texts(&page, "upload-counts").len(), 1);
    assert!(texts(&page, "upload-shifted")[0].contains('3'), "line 3 is shifted");
    let path = trial(&world, &dispatcher, &columns).await;
    let page = world.content(&dispatcher, &path).await;
    let shown = changes(&page);
    let rename = shown
        .iter()
        .find(|(.., is_rename)| *is_rename)
        .expect("the rename stands out");
    assert_eq!(
        (rename.0.as_str(), rename.1.as_str(), rename.2.as_str()),
        ("customer.name", "Rhein-Ruhr Medical Supply", "Rhein-Ruhr Neu")
    );
    let window = shown
        .iter()
        .find(|(field, ..)| field == "job.timeWindow")
        .expect("the window is shown");
    assert!(window.2.contains("2031-11-24 09:00"), "{window:?}");
    assert_eq!(texts(&page, "item-line"), ["2", "3"]);
    assert!(page.contains("/app/fn/import-dry-run"));
    let lines = async || {
        world
            .texts("SELECT external_id, outcome, CAST(line AS TEXT), CAST(warnings AS TEXT), CAST(errors AS TEXT) FROM import_item WHERE line IS NOT NULL ORDER BY created_at, position")
            .await
    };
    let trial_lines = lines().await;
    let customer = world.customer("CUST-10042").await;
    let name = async || {
        let path = format!("/api/v1/customers/{customer}");
        world.call("erp", Method::GET, &path, None).await.1["name"].clone()
    };
    assert_eq!(name().await, "Rhein-Ruhr Medical Supply", "a trial writes nothing");
    let job = hidden(&page, "job").unwrap();
    let run = world
        .send(&dispatcher, "/app/fn/import-dry-run", &[("job", &job)])
        .await;
    let run = wait(&world, &dispatcher, &run).await;
    assert_eq!(name().await, "Rhein-Ruhr Neu", "{}", world.engine);
    let page = world.content(&dispatcher, &run).await;
    assert_eq!(changes(&page), shown, "the import does what the trial has shown");
    let all = lines().await;
    assert_eq!(all.len(), 4, "{all:?}");
    assert_eq!(all[2..], trial_lines[..], "the same outcome, line and notes");
    assert!(
        all[3][4].contains("too_many_cells"),
        "the shifted line is not imported: {all:?}"
    );
    let (_, missing) = world
        .call("erp", Method::GET, "/api/v1/targets/by-external-id/TRIAL-2", None)
        .await;
    assert_eq!(missing["code"], "not_found");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn encoding_is_shown_for_confirmation_and_broken_files_are_refused(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let mut bytes = b"Auftrag;Kunde\nENC-1;M".to_vec();
    bytes.push(0xfc);
    bytes.extend(b"ller\n");
    let columns = upload(&world, &dispatcher, "ansi.csv", bytes).await;
    let page = world.content(&dispatcher, &columns).await;
    assert!(
        page.contains("value=\"windows-1252\" selected") && page.contains("Müller"),
        "{page}"
    );
    let page = world
        .content(&dispatcher, &format!("{columns}&encoding=windows-1251"))
        .await;
    assert!(page.contains("value=\"windows-1251\" selected") && !page.contains("Müller"));
    let open = "Auftrag;Notiz\nQ-1;a\nQ-2;\"b\nQ-3;c\n";
    let back = upload(&world, &dispatcher, "quote.csv", open.as_bytes().to_vec()).await;
    assert_eq!(back, "/app/imports/upload", "the form is shown again");
    let page = world.content(&dispatcher, &back).await;
    assert!(page.contains("field-error") && page.contains('3'), "the line is named");
}

/// Returns a page in a language.
async fn in_language(world: &World, dispatcher: &Client, path: &str, language: &str) -> String {
    let answer = dispatcher
        .get(format!("{}{path}", world.url))
        .header("accept", "text/html")
        .header("accept-language", language)
        .send();
    answer.await.unwrap().text().await.unwrap()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn refused_lines_say_why_in_the_language_of_the_reader(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let long = "x".repeat(400);
    let rows = [
        "R-1;CUST-10042;24.11.31 09:00;24.11.31 11:00;;;surplus".to_owned(),
        "R-2;CUST-10042;soon;24.11.31 11:00;;".to_owned(),
        ";CUST-10042;24.11.31 09:00;24.11.31 11:00;;".to_owned(),
        "None;CUST-10042;24.11.31 09:00;24.11.31 11:00;;".to_owned(),
        "R-5;#N/A;24.11.31 09:00;24.11.31 11:00;;".to_owned(),
        "R-6;CUST-10042;24.11.31 11:00;24.11.31 09:00;;".to_owned(),
        "R-7;CUST-10042;24.11.31 09:00;24.11.31 11:00;an hour;".to_owned(),
        format!("{long};CUST-10042;24.11.31 09:00;24.11.31 11:00;;"),
        "R-9;CUST-10042;24.11.31 09:00;24.11.31 11:00;;juggling".to_owned(),
    ];
    let text = format!("Auftrag;Kunde-Id;Von;Bis;Dauer;Leistung\n{}\n", rows.join("\n"));
    let columns = upload(&world, &dispatcher, "jobs.csv", text.into_bytes()).await;
    let path = trial(&world, &dispatcher, &columns).await;
    let lines = world
        .texts("SELECT CAST(line AS TEXT), CAST(errors AS TEXT) FROM import_item WHERE line IS NOT NULL ORDER BY line")
        .await;
    assert_eq!(lines.len(), rows.len(), "{lines:?}");
    let mut sentences = Vec::new();
    for language in ["en", "de", "ar"] {
        let page = in_language(&world, &dispatcher, &path, language).await;
        let html = Html::parse_document(&page);
        let selector = Selector::parse("[data-testid='code']").unwrap();
        let found: Vec<(String, String)> = html
            .select(&selector)
            .map(|node| {
                let code = node.value().attr("data-code").unwrap_or_default().to_owned();
                let text = node.text().collect::<String>();
                let sentence = text.strip_suffix(code.as_str()).unwrap_or(&text).trim().to_owned();
                (code, sentence)
            })
            .collect();
        // The field is named, not only what is wrong.
        assert!(
            found
                .iter()
                .any(|(code, text)| code == "validation_failed" && text.contains(": ")),
            "{found:?}"
        );
        assert!(found.len() >= rows.len(), "{language}: {found:?} {lines:?}");
        for (code, sentence) in &found {
            let is_sentence = sentence.split_whitespace().count() > 1 && !sentence.contains('{');
            assert!(
                is_sentence && !sentence.contains(code.as_str()),
                "{language} {code}: {sentence}"
            );
        }
        sentences.push(found);
    }
    for (index, (code, sentence)) in sentences[0].iter().enumerate() {
        let others = [&sentences[1][index], &sentences[2][index]];
        assert!(
            others.iter().all(|(other, text)| other == code && text != sentence),
            "{code}: {sentence} {others:?}"
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn columns_that_are_refused_stay_as_they_were_chosen(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    let text = b"Auftrag;Kunde-Id;Kunde\nTRIAL-1;CUST-10042;Rhein-Ruhr\n".to_vec();
    let columns = upload(&world, &dispatcher, "jobs.csv", text).await;
    let page = world.content(&dispatcher, &columns).await;
    let guessed = column_fields(&page);
    // The same field twice, and a column that is ignored now.
    let chosen = vec![guessed[0].clone(), guessed[0].clone(), String::new()];
    let back = choose(&world, &dispatcher, &page, &chosen).await;
    let again = world.content(&dispatcher, &back).await;
    assert!(again.contains("data-code=\"column_twice\""), "{again}");
    assert_eq!(column_fields(&again), chosen);
}
