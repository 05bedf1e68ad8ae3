//! Imports from a CSV file: choose it, match its columns, see what would happen, import.

use domain::ids::{ClientId, ImportJobId};
use domain::permissions::ResolveMappings;
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::imports::csv;
use ordinavo_core::imports::csv::FIELDS;
use ordinavo_core::integrations;
use ordinavo_core::{Core, CoreError};
use ui::acts::{Next, Sent, act};
use ui::forms::{ErrorSummary, FileField, FormState, SelectField};
use ui::islands::SendOnce;
use ui::load::page;
use ui::parts::ProblemNotice;
use ui::title::Title;

use crate::shared::viewer_staff;
use crate::shell::Framed;
use crate::t;
use crate::words::by_key;

/// `/app/imports/upload`.
#[component]
pub fn UploadPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let names = integrations::importers(&request.core, staff.may::<ResolveMappings>()?).await?;
        let options: Vec<(String, String)> = names
            .into_iter()
            .map(|client| {
                (
                    client.id.to_string(),
                    format!("{} ({})", client.name, client.source_key),
                )
            })
            .collect();
        let form = FormState::new("upload", locale, request.flash.as_ref());
        Ok(view! {
            <Title text=t!(locale, "upload-title")/>
            <p><a href="/app/imports">{t!(locale, "imports-title")}</a></p>
            <h1>{t!(locale, "upload-title")}</h1>
            <p class="lead">{t!(locale, "upload-intro")}</p>
            <section class="card">
                <SendOnce><form method="post" action="/app/fn/upload-csv" enctype="multipart/form-data">
                    <ErrorSummary form=form.clone()/>
                    <SelectField form=form.clone() field="client" label=t!(locale, "upload-client") help=t!(locale, "upload-client-help") choices=options/>
                    <FileField form field="file" label=t!(locale, "upload-file") help=t!(locale, "upload-file-help") accept=".csv,text/csv"/>
                    <button class="button button-primary" type="submit">{t!(locale, "upload-map-columns")}</button>
                </form></SendOnce>
            </section>
        }
        .into_any())
    });
    view! { <Framed current="/app/imports">{content}</Framed> }
}

/// `/app/imports/upload/{file}`: which column is what.
#[component]
pub fn ColumnsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let file: String = request.id("file")?;
        let client = request.query("client");
        let columns = csv::columns(&request.core, staff.may::<ResolveMappings>()?, &file).await?;
        Ok(view! {
            <Title text=t!(locale, "upload-columns")/>
            <p><a href="/app/imports/upload">{t!(locale, "upload-title")}</a></p>
            <h1>{t!(locale, "upload-columns")}</h1>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <SendOnce><form method="post" action="/app/fn/try-csv">
                <input type="hidden" name="file" value=file/><input type="hidden" name="client" value=client/>
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">{t!(locale, "upload-file")}</th><th scope="col">{t!(locale, "upload-example")}</th><th scope="col">{t!(locale, "upload-columns")}</th></tr></thead>
                    <tbody>{columns.into_iter().enumerate().map(|(index, column)| {
                        let id = format!("column-{index}");
                        view! {
                            <tr><th scope="row"><label for=id.clone()><bdi>{column.header}</bdi></label></th><td class="quiet"><bdi>{column.examples.join(" · ")}</bdi></td>
                                <td><select id=id name="columns[]">
                                    <option value="">{t!(locale, "upload-ignore")}</option>
                                    {FIELDS.into_iter().map(|field| view! { <option value=field selected=column.guess == Some(field)>{by_key(locale, &format!("field-{field}"))}</option> }).collect_view()}
                                </select></td></tr>
                        }
                    }).collect_view()}</tbody>
                </table></div>
                <button class="button button-primary" type="submit">{t!(locale, "upload-dry-run")}</button>
            </form></SendOnce>
        }
        .into_any())
    });
    view! { <Framed current="/app/imports">{content}</Framed> }
}

#[server(prefix = "/app/fn", endpoint = "upload-csv", input = MultipartFormData)]
pub async fn upload_csv(data: MultipartData) -> Result<(), ServerFnError> {
    let (mut client, mut bytes, mut broken) = (String::new(), Vec::new(), false);
    if let Some(mut form) = data.into_inner() {
        while let Ok(Some(field)) = form.next_field().await.inspect_err(|_| broken = true) {
            let name = field.name().unwrap_or_default().to_owned();
            let Ok(content) = field.bytes().await else {
                broken = true;
                break;
            };
            match name.as_str() {
                "client" => client = String::from_utf8_lossy(&content).into_owned(),
                "file" => bytes = content.to_vec(),
                _ => {}
            }
        }
    }
    let sent = Sent {
        form: "upload",
        values: &[("client", &client)],
        back: "/app/imports/upload".to_owned(),
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may::<ResolveMappings>()?;
        if broken {
            return Err(CoreError::field(
                "file",
                "file_too_large",
                "The upload did not arrive whole.",
            ));
        }
        let client: ClientId = client
            .parse()
            .map_err(|_| CoreError::field("client", "required", "Choose a client."))?;
        let file = csv::keep(&core, permit, bytes).await?;
        Ok(Next {
            to: format!("/app/imports/upload/{file}?client={client}"),
            done: None,
            shown_once: None,
            undo: None,
        })
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "try-csv")]
pub async fn try_csv(
    #[server(default)] file: String,
    #[server(default)] client: String,
    #[server(default)] columns: Vec<String>,
) -> Result<(), ServerFnError> {
    let sent = Sent {
        form: "",
        values: &[],
        back: format!("/app/imports/upload/{file}?client={client}"),
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may::<ResolveMappings>()?;
        let client: ClientId = client.parse().map_err(|_| CoreError::not_found())?;
        let job = csv::try_out(&core, permit, &file, client, &columns).await?;
        Ok(Next {
            to: format!("/app/imports/{job}"),
            done: None,
            shown_once: None,
            undo: None,
        })
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "import-tried")]
pub async fn import_tried(#[server(default)] job: String) -> Result<(), ServerFnError> {
    let sent = Sent {
        form: "",
        values: &[],
        back: format!("/app/imports/{job}"),
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may::<ResolveMappings>()?;
        let tried: ImportJobId = job.parse().map_err(|_| CoreError::not_found())?;
        let real = csv::import_tried(&core, permit, tried).await?;
        Ok(Next {
            to: format!("/app/imports/{real}"),
            done: None,
            shown_once: None,
            undo: None,
        })
    })
    .await
}
