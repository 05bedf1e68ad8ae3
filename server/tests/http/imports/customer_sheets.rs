//! Customers from a spreadsheet that staff upload: what is shown is what is added, and the same file again adds nothing.

use std::fmt::Write as _;

use ordinavo_core::Engine;
use reqwest::Client;
use rstest::rstest;
use scraper::{Html, Selector};

use crate::exports::export;
use crate::imports::uploads::column_fields;
use crate::support::forms::hidden;
use crate::support::{World, link, world};

/// Uploads a file and returns the path of the page that says what it would add.
pub(crate) async fn upload(world: &World, staff: &Client, bytes: Vec<u8>, name: &str) -> String {
    let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
    let form = reqwest::multipart::Form::new().part("file", part);
    world.send_multipart(staff, "/app/fn/upload-customers", form).await
}

/// Returns the figures of the page: new customers, locations, contacts, rows that exist, and rows that are refused.
pub(crate) fn figures(page: &str) -> Vec<String> {
    let page = Html::parse_document(page);
    let selector = Selector::parse("[data-testid=import-summary] dd").unwrap();
    page.select(&selector).map(|figure| figure.text().collect()).collect()
}

/// Imports the file as the page shows it, and returns the page after it.
async fn import(world: &World, staff: &Client, page: &str) -> String {
    let values = ["file", "encoding", "columns"].map(|name| (name, hidden(page, name).unwrap()));
    let fields: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let back = world.send(staff, "/app/fn/import-customers", &fields).await;
    world.content(staff, &back).await
}

async fn counts(world: &World) -> [usize; 3] {
    let mut counts = [0; 3];
    for (count, table) in counts.iter_mut().zip(["customer", "location", "contact"]) {
        let found = world
            .texts(&format!("SELECT CAST(count(*) AS TEXT) FROM {table}"))
            .await;
        *count = found[0][0].parse().unwrap();
    }
    counts
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn thousand_customers_as_excel_writes_them_are_added_once(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let mut text = "Kunden-Nr.;Firma;Straße;PLZ;Ort;Ansprechpartner;E-Mail;Telefon\r\n".to_owned();
    for number in 0..1_000 {
        let _ = write!(
            text,
            "X-{number};Gebäude {number} GmbH & Co. KG;Hauptstraße {number};0{:04};Köln;Jörg Weiß;kontakt{number}@kunde.example;0221 55{number:04}\r\n",
            number
        );
    }
    // Excel in Germany writes Windows-1252.
    let (bytes, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
    let before = counts(&world).await;
    let path = upload(&world, &staff, bytes.into_owned(), "kunden.csv").await;
    let page = world.content(&staff, &path).await;
    assert_eq!(figures(&page), ["1,000", "1,000", "1,000", "0", "0"]);
    assert_eq!(counts(&world).await, before, "a preview adds nothing");
    let after = import(&world, &staff, &page).await;
    assert!(after.contains("data-done=\"done-customers-imported\""));
    let added = Html::parse_document(&after);
    let added = added
        .select(&Selector::parse("[data-testid=import-added]").unwrap())
        .next()
        .unwrap();
    assert_eq!(added.text().collect::<String>().matches("1,000").count(), 3);
    assert_eq!(counts(&world).await, before.map(|count| count + 1_000));
    assert_eq!(figures(&after), ["0", "0", "0", "1,000", "0"]);
    let name = world
        .texts("SELECT customer.name, location.street, location.postal_code, contact.display_name FROM customer JOIN location ON location.customer_id = customer.id JOIN contact ON contact.customer_id = customer.id WHERE customer.customer_number = 'X-7'")
        .await;
    assert_eq!(
        name,
        [["Gebäude 7 GmbH & Co. KG", "Hauptstraße 7", "00007", "Jörg Weiß"]]
    );
    // The same file again adds nothing, also if it is sent once more.
    let path = upload(&world, &staff, bytes_of(&text), "again.csv").await;
    let page = world.content(&staff, &path).await;
    assert!(page.contains("data-testid=\"import-nothing\""), "{:?}", figures(&page));
    // The search knows the new customers.
    let list = world.content(&staff, "/app/customers?q=X-999").await;
    assert!(link(&list, "/app/customers/cus_").is_some());
}

fn bytes_of(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1252.encode(text).0.into_owned()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn rows_that_could_mean_another_customer_are_refused_with_their_line(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let known = world.content(&staff, "/app/customers?q=RRM-001").await;
    let customer = link(&known, "/app/customers/cus_").unwrap();
    let text = "number,name,street,city,email,phone\n\
        RRM-001,Rhein-Ruhr Medical Renamed,Neue Gasse 1,Essen,,\n\
        ,Rhein-Ruhr Medical Supply,Fremde Gasse 2,Essen,,\n\
        N-1,Neu GmbH,Gasse 3,Wien,not an address,\n\
        N-2,Auch neu,Gasse 4,Wien,,4.9E+11\n\
        N-3,Gut,Gasse 5,Wien,a@gut.example,1,2\n\
        N-4,Ganz neu,Gasse 6,Wien,b@neu.example,\n";
    let path = upload(&world, &staff, text.as_bytes().to_vec(), "kunden.csv").await;
    let page = world.content(&staff, &path).await;
    assert_eq!(figures(&page), ["1", "2", "1", "0", "4"]);
    for code in [
        "same_name",
        "invalid_email",
        "number_shortened",
        "too_many_cells",
        "kept_name",
    ] {
        assert!(page.contains(&format!("data-code=\"{code}\"")), "{code}");
    }
    // The rows that are refused are a file with the reasons, which can be corrected and uploaded as it is.
    let values = ["file", "encoding", "columns"].map(|name| (name, hidden(&page, name).unwrap()));
    let mut fields: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push(("format", "csv"));
    let (status, _, file) = export(&world, &staff, "refused-rows", &fields).await;
    assert_eq!(status, reqwest::StatusCode::OK);
    let file = String::from_utf8(file).unwrap();
    assert_eq!(file.lines().count(), 5, "{file}");
    assert!(file.contains("4.9E+11") && !file.contains("Ganz neu"), "{file}");
    let corrected = file.replace("not an address", "neu@neu.example");
    let path = upload(&world, &staff, corrected.into_bytes(), "corrected.csv").await;
    assert_eq!(figures(&world.content(&staff, &path).await), ["1", "1", "1", "0", "3"]);
    let auditor = world.staff("nordlicht", "auditor").await;
    let (status, ..) = export(&world, &auditor, "refused-rows", &fields).await;
    assert_eq!(status, reqwest::StatusCode::FORBIDDEN);
    let other = world.staff("suedwind", "dispatcher").await;
    let (status, ..) = export(&world, &other, "refused-rows", &fields).await;
    assert_eq!(status, reqwest::StatusCode::NOT_FOUND);
    import(&world, &staff, &page).await;
    // The customer is not renamed, and has the new location.
    let page = world.content(&staff, &customer).await;
    assert!(page.contains("Neue Gasse 1") && !page.contains("Renamed") && !page.contains("Fremde Gasse 2"));
    let added = world
        .texts("SELECT name FROM customer WHERE customer_number LIKE 'N-%'")
        .await;
    assert_eq!(added, [["Ganz neu"]]);
    // Another organization sees nothing of the file.
    let other = world.staff("suedwind", "dispatcher").await;
    let (status, _) = world.get(&other, path.split('?').next().unwrap()).await;
    assert_eq!(status, reqwest::StatusCode::NOT_FOUND);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn columns_can_be_chosen_and_a_wrong_choice_is_explained(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "manager").await;
    let text = "Spalte A;Spalte B\nEins;Wien\nZwei;Graz\n";
    let path = upload(&world, &staff, text.as_bytes().to_vec(), "x.csv").await;
    let page = world.content(&staff, &path).await;
    assert!(page.contains("data-testid=\"import-nothing\""));
    let file = path.rsplit('/').next().unwrap();
    let choose = async |first: &str, second: &str| {
        let fields = [("file", file), ("columns[0]", first), ("columns[1]", second)];
        let back = world.send(&staff, "/app/fn/choose-customer-columns", &fields).await;
        world.content(&staff, &back).await
    };
    assert_eq!(figures(&choose("name", "city").await), ["2", "2", "0", "0", "0"]);
    for (first, second, code) in [("name", "name", "column_twice"), ("city", "street", "required")] {
        let page = choose(first, second).await;
        assert!(page.contains(&format!("data-code=\"{code}\"")), "{first} {second}");
        // The choice is kept, so that it can be corrected.
        assert_eq!(column_fields(&page), [first, second]);
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn number_of_a_merged_customer_is_not_given_to_a_new_one(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let text = b"number,name,street\nM-1,Doppelbau,Gasse 1\nM-2,Doppelbau,Gasse 2\n".to_vec();
    let path = upload(&world, &staff, text, "kunden.csv").await;
    import(&world, &staff, &world.content(&staff, &path).await).await;
    world
        .sql("UPDATE customer SET merged_into = (SELECT id FROM customer WHERE customer_number = 'M-1') WHERE customer_number = 'M-2'")
        .await;
    let before = counts(&world).await;
    // The name is that of the other customer, which is the only one now.
    let text = b"number,name,street\nM-2,Doppelbau,Gasse 3\n,Doppelbau,Gasse 1\n".to_vec();
    let path = upload(&world, &staff, text, "kunden.csv").await;
    let page = world.content(&staff, &path).await;
    assert_eq!(figures(&page), ["0", "0", "0", "1", "1"]);
    assert!(page.contains("data-code=\"inactive\""));
    assert_eq!(counts(&world).await, before);
}
