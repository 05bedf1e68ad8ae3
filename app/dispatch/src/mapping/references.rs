//! The page of an external reference: the records that were imported through it, and how to remove a wrong link.

use domain::identity::permissions::ViewImports;
use domain::mapping::MappingType;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::mapping::model::CreatedRecord;
use ordinavo_core::mapping::review;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::components::{ConfirmAction, Fact, Identifier, ProblemNotice, TargetChip};
use ui::drafts::owned;
use ui::format;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::viewer_staff;
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

/// Returns the path of a reference. Its parts are in the query because an external ID may contain any character.
pub fn link_path(kind: MappingType, source: &str, external_id: &str) -> String {
    let query = format::query([("type", kind.name()), ("source", source), ("id", external_id)]);
    format!("/app/imports/references?{query}")
}

/// Parses the record type of a reference; defaults to customer.
fn parse_kind(name: &str) -> CoreResult<MappingType> {
    if name.is_empty() {
        return Ok(MappingType::Customer);
    }
    MappingType::from_name(name).ok_or_else(CoreError::not_found)
}

/// `/app/imports/references`.
#[component]
pub fn LinkPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let (source, external_id) = (request.query("source"), request.query("id"));
        let kind = parse_kind(&request.query("type"))?;
        let permit = staff.may::<ViewImports>()?;
        let found = review::link(&request.core, permit, kind, &source, &external_id).await?;
        let zone = staff.zone().to_owned();
        let can_undo = found.can_undo;
        let has_no_records = found.affected.is_empty() && found.locations.is_empty() && found.contacts.is_empty();
        let record_name = (kind != MappingType::Customer).then_some(found.link.name);
        let consequence = by_key(locale, &format!("link-undo-{}", kind.name()));
        let (form_source, form_id) = (source.clone(), external_id.clone());
        Ok(view! {
            <Title text=t!(locale, "link-title")/>
            <PageBar locale title=t!(locale, "link-title") parent=Parent::new("/app/imports", t!(locale, "imports-title"))/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <dl class="facts">
                <Fact name=t!(locale, "source")><bdi class="mono">{source}</bdi></Fact>
                <Fact name=t!(locale, "external-id")><Identifier text=external_id locale/></Fact>
                {record_name.map(|name| view! { <Fact name=by_key(locale, kind.name())><bdi>{name}</bdi></Fact> })}
                <Fact name=t!(locale, "customer")><a href=format!("/app/customers/{}", found.link.customer_id)><bdi>{found.link.customer_name}</bdi></a></Fact>
                <Fact name=t!(locale, "link-created-by")><bdi class="mono small">{found.link.created_by}</bdi></Fact>
                <Fact name=t!(locale, "created-at")>{format::moment(locale, found.link.created_at, &zone)}</Fact>
            </dl>
            <h2>{t!(locale, "link-imported-jobs")}</h2>
            {has_no_records.then(|| view! { <p class="quiet">{t!(locale, "link-nothing-imported")}</p> })}
            <ul class="lines">{found.affected.into_iter().map(|target| view! {
                <li><a href=format!("/app/targets/{}", target.id)><bdi class="mono">{format::job_number(target.number)}</bdi></a><TargetChip status=target.status locale/><bdi class="mono small">{target.external_id}</bdi></li>
            }).collect_view()}</ul>
            <CreatedRecords title=t!(locale, "link-created-locations") records=found.locations/>
            <CreatedRecords title=t!(locale, "link-created-contacts") records=found.contacts/>
            {can_undo.then(|| view! {
                <ConfirmAction label=t!(locale, "link-undo") consequence>
                    <form method="post" action=owned("/app/fn/remove-reference")>
                        <input type="hidden" name="kind" value=kind.name()/>
                        <input type="hidden" name="source" value=form_source/><input type="hidden" name="external_id" value=form_id/>
                        <button class="button button-bad" type="submit">{t!(locale, "link-undo")}</button>
                    </form>
                </ConfirmAction>
            })}
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

/// Locations or contacts that imports created under the customer of a reference.
#[component]
fn CreatedRecords(title: String, records: Vec<CreatedRecord>) -> impl IntoView {
    (!records.is_empty()).then(|| {
        view! {
            <h2>{title}</h2>
            <ul class="lines">{records.into_iter().map(|record| view! {
                <li><bdi>{record.name}</bdi><bdi class="mono small">{record.external_id}</bdi></li>
            }).collect_view()}</ul>
        }
    })
}

/// The button that removes a link.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LinkButton {
    kind: String,
    source: String,
    external_id: String,
}

impl ActionForm for LinkButton {
    fn back(&self) -> String {
        link_path(
            parse_kind(&self.kind).unwrap_or(MappingType::Customer),
            &self.source,
            &self.external_id,
        )
    }
}

#[server(prefix = "/app/fn", endpoint = "remove-reference")]
pub async fn undo_link(#[server(flatten)] form: LinkButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: LinkButton| {
        let (permit, kind) = (staff.may()?, parse_kind(&form.kind)?);
        review::undo_link(&core, permit, kind, &form.source, &form.external_id).await?;
        Ok(Redirect::to("/app/imports/mapping", "done-link-removed"))
    })
    .await
}
