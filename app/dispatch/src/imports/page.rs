//! Imports: jobs, and their items with the stored mapping decision.

use domain::identity::permissions::ViewImports;
use domain::ids::ImportJobId;
use domain::imports::results::FieldChange;
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::imports::jobs;
use ordinavo_core::imports::jobs::ItemFilter;
use ordinavo_core::imports::model::ImportItemView;
use serde_json::Value;
use ui::components::{Chip, ConfirmAction, EmptyState, Fact, Identifier, Pager, ProblemNotice};
use ui::drafts::owned;
use ui::format;
use ui::imports::{ImportJobChip, ImportJobCounts, ImportJobKind, ItemFilters, OutcomeChip, code_label};
use ui::islands::SubmitOnce;
use ui::page::{cursor, page};
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

/// What an item says about one of its fields, or about the whole.
struct ItemNote {
    code: String,
    /// The label of the field, as at the columns of a spreadsheet.
    field: Option<String>,
}

fn notes(notes: &Value, locale: Locale) -> Vec<ItemNote> {
    let field = |note: &Value| {
        // Entries of a list are named like the list.
        let parts = note["pointer"].as_str()?.strip_prefix('/')?.split('/');
        let names: Vec<&str> = parts.filter(|part| part.parse::<usize>().is_err()).collect();
        let key = format!("field-{}", names.join("_"));
        Some(by_key(locale, &key)).filter(|label| *label != key)
    };
    notes
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|note| {
            Some(ItemNote {
                code: note["code"].as_str()?.to_owned(),
                field: field(note),
            })
        })
        .collect()
}

/// Errors or warnings, each with its field, its meaning and its name in the API.
#[component]
fn ItemNotes(notes: Vec<ItemNote>, locale: Locale) -> impl IntoView {
    notes
        .into_iter()
        .map(|note| {
            let (label, name) = (code_label(locale, &note.code), note.code.clone());
            let text = match note.field {
                Some(field) => t!(locale, "item-note", field = field, note = label),
                None => label,
            };
            view! { <span class="code-line" data-testid="code" data-code=name>{text}" "<bdi class="mono small quiet">{note.code}</bdi></span> }
        })
        .collect_view()
}

#[component]
pub fn ImportsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<ViewImports>()?;
        let jobs::ImportsPage {
            jobs: found,
            unresolved_count,
            can_upload,
        } = jobs::list_for_staff(&request.core, permit, request.cursor("before")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/app/imports?before={}", cursor(row.created_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/app/imports".to_owned());
        let empty = found.rows.is_empty();
        let now = request.viewer.now;
        Ok(view! {
            <Title text=t!(locale, "imports-title")/>
            <PageBar locale title=t!(locale, "imports-title")>
                <a class="button" href="/app/imports/mapping">{t!(locale, "mapping-review-title")}<span class="count">{unresolved_count}</span></a>
                {can_upload.then(|| view! { <a class="button" href="/app/imports/upload">{t!(locale, "upload-title")}</a> })}
            </PageBar>
            <DoneNotice locale flash=request.flash.clone()/>
            {empty.then(|| view! { <EmptyState icon="import" title=t!(locale, "imports-empty") text=t!(locale, "imports-empty-text")/> })}
            {(!empty).then(|| view! {
                <div class="table-frame"><table class="table stackable">
                    <thead><tr><th scope="col">{t!(locale, "time")}</th><th scope="col">{t!(locale, "client")}</th><th scope="col">{by_key(locale, "job-kind")}</th><th scope="col">{t!(locale, "status")}</th><th scope="col">{by_key(locale, "job-counts")}</th></tr></thead>
                    <tbody>{found.rows.into_iter().map(|row| view! {
                        <tr><th scope="row"><a href=format!("/app/imports/{}", row.id)>{format::age(locale, row.created_at, now)}</a></th>
                            <td><bdi class="mono">{row.client_name.clone()}</bdi></td>
                            <td><ImportJobKind job=row.clone() locale/></td>
                            <td><ImportJobChip status=row.status locale/></td>
                            <td><ImportJobCounts job=row locale/></td></tr>
                    }).collect_view()}</tbody>
                </table></div>
            })}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/imports">{content}</AppFrame> }
}

#[component]
pub fn ImportPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: ImportJobId = request.id("id")?;
        let query_filter = |name: &str| Some(request.query(name)).filter(|text| !text.is_empty());
        let filter = ItemFilter {
            status: query_filter("status"),
            warning_code: query_filter("code"),
        };
        let after = request.query("after").parse().unwrap_or(-1);
        let jobs::ImportJobPage { job, items, can_import } =
            jobs::page_for_staff(&request.core, staff.may::<ViewImports>()?, id, after, &filter).await?;
        let zone = staff.zone().to_owned();
        let page_href = |after: i64| {
            let part = |name: &str, value: &Option<String>| {
                value
                    .as_ref()
                    .map_or_else(String::new, |value| format!("&{name}={value}"))
            };
            format!(
                "/app/imports/{id}?after={after}{}{}",
                part("status", &filter.status),
                part("code", &filter.warning_code)
            )
        };
        let next = items
            .rows
            .last()
            .filter(|_| items.has_more)
            .map(|row| page_href(row.position));
        let first = (after >= 0).then(|| page_href(-1));
        let empty = items.rows.is_empty();
        let (for_kind, for_counts, retried_from) = (job.clone(), job.clone(), job.retried_from);
        let is_running = job.status.is_active();
        let (status, code) = (
            filter.status.clone().unwrap_or_default(),
            filter.warning_code.clone().unwrap_or_default(),
        );
        Ok(view! {
            <Title text=t!(locale, "imports-title")/>
            <PageBar locale title=format::moment(locale, job.created_at, &zone) parent=Parent::new("/app/imports", t!(locale, "imports-title")) is_trail=true/>
            <header class="title-row"><h1>{format::moment(locale, job.created_at, &zone)}</h1><ImportJobChip status=job.status locale/></header>
            <DoneNotice locale flash=request.flash.clone()/>
            {is_running.then(|| view! { <p class="notice" role="status">{t!(locale, "job-running")}" "<a href=page_href(-1)>{t!(locale, "job-refresh")}</a></p> })}
            <dl class="facts">
                <Fact name="id"><Identifier text=job.id.to_string() locale/></Fact>
                <Fact name=t!(locale, "client")><bdi class="mono">{job.client_name.clone()}</bdi></Fact>
                <Fact name=t!(locale, "source")><bdi class="mono">{job.source_key.clone()}</bdi></Fact>
                <Fact name=by_key(locale, "job-kind")><ImportJobKind job=for_kind locale/></Fact>
                <Fact name=by_key(locale, "job-counts")><ImportJobCounts job=for_counts locale/></Fact>
                {retried_from.map(|from| view! { <Fact name=t!(locale, "job-original")><a href=format!("/app/imports/{from}")>{t!(locale, "job-original-view")}</a></Fact> })}
            </dl>
            {can_import.then(|| view! {
                <ConfirmAction label=t!(locale, "upload-import") consequence=t!(locale, "upload-import-text")>
                    <SubmitOnce><form method="post" action=owned("/app/fn/import-dry-run")><input type="hidden" name="job" value=id.to_string()/><button class="button button-primary" type="submit">{t!(locale, "upload-import")}</button></form></SubmitOnce>
                </ConfirmAction>
            })}
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <ItemFilters action=format!("/app/imports/{id}") locale status code/>
            {empty.then(|| view! { <EmptyState icon="import" title=t!(locale, "items-empty") text=t!(locale, "items-empty-text")/> })}
            {items.rows.into_iter().map(|item| view! { <ItemCard item locale zone=zone.clone() with_changes=true/> }).collect_view()}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/imports">{content}</AppFrame> }
}

/// Returns the description of a mapping rule with its ID.
pub fn rule_label(locale: Locale, rule: &str) -> String {
    let key = format!("rule-{rule}");
    let label = by_key(locale, &key);
    if label == key {
        rule.to_owned()
    } else {
        format!("{label} ({rule})")
    }
}

/// The rules and candidates of a mapping decision.
#[component]
fn DecisionSummary(decision: Value, locale: Locale) -> impl IntoView {
    let lines: Vec<String> = ["customer", "location", "contact", "target"]
        .into_iter()
        .filter_map(|part| decision[part]["rule"].as_str())
        .filter(|rule| !matches!(*rule, "L0" | "K0"))
        .map(|rule| rule_label(locale, rule))
        .collect();
    let candidates = &decision["customer"]["candidates"];
    let candidate_name = |candidate: &Value| {
        Some((
            candidate["id"].as_str()?.to_owned(),
            candidate["name"].as_str()?.to_owned(),
        ))
    };
    let by_reference = candidate_name(&candidates["byReference"]);
    let by_number: Vec<_> = candidates["byNumber"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(candidate_name)
        .collect();
    // A location or contact is linked to the page of its customer.
    let part = |part: &str| {
        let found = &decision[part]["candidates"]["byReference"];
        Some((
            found["customer"].as_str()?.to_owned(),
            found["name"].as_str()?.to_owned(),
        ))
    };
    let (location, contact) = (part("location"), part("contact"));
    let link = |(id, name): (String, String)| view! { <a href=format!("/app/customers/{id}")><bdi>{name}</bdi></a>" " };
    view! {
        <ul class="decision">{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}
            {by_reference.map(|found| view! { <li class="quiet">{t!(locale, "found-by-reference")}" "{link(found)}</li> })}
            {location.map(|found| view! { <li class="quiet">{t!(locale, "found-location")}" "{link(found)}</li> })}
            {contact.map(|found| view! { <li class="quiet">{t!(locale, "found-contact")}" "{link(found)}</li> })}
            {(!by_number.is_empty()).then(|| view! { <li class="quiet">{t!(locale, "found-by-number")}" "{by_number.into_iter().map(link).collect_view()}</li> })}
        </ul>
    }
}

/// The fields that an import changes, with their values before and after. Names of existing records stand out.
#[component]
fn Changes(changes: Vec<FieldChange>, locale: Locale) -> impl IntoView {
    if changes.is_empty() {
        return ().into_any();
    }
    let row = move |change: FieldChange| {
        let is_rename = change.is_rename();
        let record = by_key(locale, &change.record);
        let field = by_key(locale, &format!("changed-{}", change.field));
        let none = || t!(locale, "proposal-none");
        view! {
            <tr class:rename=is_rename data-testid=if is_rename { "change-rename" } else { "change" } data-field=format!("{}.{}", change.record, change.field)>
                <th scope="row">{record}": "{field}
                    {change.is_proposed.then(|| view! { " "<Chip label=t!(locale, "change-proposed") tone=Tone::Warn/> })}
                    {is_rename.then(|| view! { " "<Chip label=t!(locale, "change-rename") tone=Tone::Bad/> })}</th>
                <td class="quiet"><bdi>{change.old.unwrap_or_else(none)}</bdi></td><td><bdi>{change.new.unwrap_or_else(none)}</bdi></td>
            </tr>
        }
    };
    view! {
        <div class="table-frame"><table class="table stackable">
            <thead><tr><th scope="col">{t!(locale, "change-field")}</th><th scope="col">{t!(locale, "change-old")}</th><th scope="col">{t!(locale, "change-new")}</th></tr></thead>
            <tbody>{changes.into_iter().map(row).collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}

/// An import item with its mapping decision.
#[component]
pub fn ItemCard(
    item: ImportItemView,
    locale: Locale,
    zone: String,
    /// Whether to list the fields that the import changes.
    #[prop(optional)]
    with_changes: bool,
) -> impl IntoView {
    let warnings = notes(&item.warnings, locale);
    let errors = notes(&item.errors, locale);
    let parts = [
        ("customer", t!(locale, "customer")),
        ("location", t!(locale, "location")),
        ("contact", t!(locale, "contact")),
    ];
    let mut decision = item.decision.clone();
    if let Some(members) = decision.as_object_mut() {
        // They are listed in a table of their own.
        members.remove("changes");
    }
    let decision = serde_json::to_string_pretty(&decision).unwrap_or_default();
    let decision_value = item.decision.clone();
    let changes: Vec<FieldChange> = serde_json::from_value(item.decision["changes"].clone()).unwrap_or_default();
    let outcome = item.outcome;
    let mapping = item.mapping.clone();
    view! {
        <article class="card">
            <header class="title-row"><h3><Identifier text=item.external_id locale/></h3>{outcome.map(|outcome| view! { <OutcomeChip outcome locale/> })}{outcome.is_none().then(|| view! { <Chip label=by_key(locale, &format!("item-{}", item.status.name())) tone=Tone::Neutral/> })}</header>
            <dl class="facts">
                <Fact name=t!(locale, "client")><bdi class="mono">{item.client_name}</bdi></Fact>
                <Fact name=t!(locale, "source")><bdi class="mono">{item.source_key}</bdi></Fact>
                {item.line.map(|line| view! { <Fact name=t!(locale, "item-line")><bdi data-testid="item-line">{line}</bdi></Fact> })}
                <Fact name=t!(locale, "time")>{format::moment(locale, item.created_at, &zone)}</Fact>
                {parts.into_iter().map(|(part, name)| {
                    let entry = mapping[part].clone();
                    let label = by_key(locale, &format!("mapping-{}", entry["status"].as_str().unwrap_or("skipped")));
                    let rule = entry["rule"].as_str().unwrap_or_default().to_owned();
                    view! { <Fact name>{label}" "<bdi class="mono">{rule}</bdi></Fact> }
                }).collect_view()}
                {item.target_id.map(|target| view! { <Fact name=t!(locale, "job")><a href=format!("/app/targets/{target}")>{t!(locale, "open-job")}</a></Fact> })}
                {(!warnings.is_empty()).then(|| view! { <Fact name=t!(locale, "warnings")><ItemNotes notes=warnings locale/></Fact> })}
                {(!errors.is_empty()).then(|| view! { <Fact name=t!(locale, "errors")><ItemNotes notes=errors locale/></Fact> })}
            </dl>
            {with_changes.then(|| view! { <Changes changes locale/> })}
            <DecisionSummary decision=decision_value locale/>
            <details><summary>{t!(locale, "mapping-decision")}</summary><pre class="code" dir="ltr" tabindex="0">{decision}</pre></details>
        </article>
    }
}
