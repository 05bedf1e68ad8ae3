//! The page of a webhook endpoint: health, settings, payload preview, deliveries and actions.

use domain::events::EventType;
use domain::ids::{DeliveryId, WebhookEndpointId};
use domain::locale::Locale;
use domain::permissions::{ManageIntegrations, ViewIntegrations};
use domain::public_language::Tone;
use domain::webhooks::{DataOption, DeliveryStatus, EndpointStatus, Ordering};
use leptos::prelude::*;
use ordinavo_core::identity::shown_once;
use ordinavo_core::integrations;
use ordinavo_core::webhooks::deliveries;
use ordinavo_core::webhooks::deliveries::DeliveryFilter;
use ordinavo_core::webhooks::endpoints;
use ordinavo_core::webhooks::model::{DeliveryCount, DeliveryLine, EndpointLine, RecoveryLine};
use ui::components::{Chip, ConfirmAction, EmptyState, Fact, Identifier, Pager, ProblemNotice};
use ui::flash::SHOWN_ONCE;
use ui::format;
use ui::forms::{CheckField, ErrorSummary, FormState, SelectField, TextField};
use ui::islands::SendOnce;
use ui::page::{cursor, page};
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::AppFrame;
use crate::t;
use crate::webhooks::payload::Payload;

pub const fn endpoint_tone(status: EndpointStatus) -> Tone {
    match status {
        EndpointStatus::Active => Tone::Good,
        EndpointStatus::Failing => Tone::Warn,
        EndpointStatus::Disabled => Tone::Bad,
    }
}

pub const fn delivery_tone(status: DeliveryStatus) -> Tone {
    match status {
        DeliveryStatus::Delivered => Tone::Good,
        DeliveryStatus::Pending | DeliveryStatus::InFlight => Tone::Info,
        DeliveryStatus::Held => Tone::Warn,
        DeliveryStatus::Failed => Tone::Bad,
    }
}

#[component]
pub fn NewEndpointPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        staff.may::<ManageIntegrations>()?;
        let found = integrations::overview(&request.core, staff.may::<ViewIntegrations>()?).await?;
        let form = FormState::new("endpoint", locale, request.flash.as_ref());
        let choices = found
            .clients
            .into_iter()
            .filter(|client| client.revoked_at.is_none())
            .map(|client| {
                (
                    client.id.to_string(),
                    format!("{} ({})", client.name, client.source_key),
                )
            })
            .collect::<Vec<_>>();
        Ok(view! {
            <Title text=t!(locale, "endpoint-new")/>
            <p><a href="/app/integrations">{t!(locale, "integrations-title")}</a></p>
            <h1>{t!(locale, "endpoint-new")}</h1>
            <section class="card"><SendOnce><form method="post" action="/app/fn/create-endpoint">
                <ErrorSummary form=form.clone()/>
                <SelectField form=form.clone() field="client" label=t!(locale, "client") choices help=t!(locale, "endpoint-client-help")/>
                <EndpointFields form=form.clone() locale endpoint=None/>
                <CheckField form=form.clone() field="asymmetric" label=t!(locale, "endpoint-asymmetric") help=t!(locale, "endpoint-asymmetric-help")/>
                <button class="button button-primary" type="submit">{t!(locale, "endpoint-create")}</button>
            </form></SendOnce></section>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/integrations">{content}</AppFrame> }
}

/// The fields that the forms for creating and updating an endpoint share.
#[component]
fn EndpointFields(form: FormState, locale: Locale, endpoint: Option<EndpointLine>) -> impl IntoView {
    let stored = |names: &Option<EndpointLine>, pick: fn(&EndpointLine) -> &Vec<String>| {
        names.as_ref().map(pick).cloned().unwrap_or_default()
    };
    let list = |field: &str, stored: Vec<String>| -> Vec<String> {
        form.value(field, &stored.join(" "))
            .split(' ')
            .map(str::to_owned)
            .collect()
    };
    let types = list("eventTypes", stored(&endpoint, |line| &line.event_types.0));
    let options = list("dataOptions", stored(&endpoint, |line| &line.data_options.0));
    let ordering = endpoint.as_ref().map_or(Ordering::None, |line| line.ordering);
    let orderings = Ordering::ALL
        .iter()
        .map(|ordering| {
            (
                ordering.name().to_owned(),
                by_key(locale, &format!("ordering-{}", ordering.name())),
            )
        })
        .collect::<Vec<_>>();
    let url = endpoint.as_ref().map(|line| line.url.clone()).unwrap_or_default();
    let description = endpoint.and_then(|line| line.description).unwrap_or_default();
    view! {
        <TextField form=form.clone() field="url" label="URL" kind="url" value=url help=t!(locale, "endpoint-url-help")/>
        <TextField form=form.clone() field="description" label=t!(locale, "endpoint-description") value=description optional=true/>
        <fieldset class="columns" id=format!("{}-eventTypes", form.name)><legend>{t!(locale, "endpoint-events")}</legend>
            {EventType::ALL.iter().filter(|kind| **kind != EventType::WebhookTest).map(|kind| {
                let name = kind.name();
                let id = format!("{}-type-{name}", form.name);
                view! { <div class="check"><input type="checkbox" id=id.clone() name="event_types[]" value=name checked=types.iter().any(|chosen| chosen == name)/><label for=id><bdi class="mono" dir="ltr">{name}</bdi></label></div> }
            }).collect_view()}
        </fieldset>
        <fieldset><legend>{t!(locale, "endpoint-options")}</legend><p class="help">{t!(locale, "endpoint-options-help")}</p>
            {DataOption::ALL.iter().map(|option| {
                let name = option.name();
                let id = format!("{}-option-{name}", form.name);
                view! { <div class="check"><input type="checkbox" id=id.clone() name="data_options[]" value=name checked=options.iter().any(|chosen| chosen == name)/>
                    <label for=id><bdi class="mono" dir="ltr">{name}</bdi>" "<span class="quiet">{by_key(locale, &format!("option-{name}"))}" "<bdi class="mono" dir="ltr">{option.scope().name()}</bdi></span></label></div> }
            }).collect_view()}
        </fieldset>
        <SelectField form=form field="ordering" label=t!(locale, "endpoint-ordering") choices=orderings value=ordering.name() help=t!(locale, "endpoint-ordering-help")/>
    }
}

/// `/app/integrations/endpoints/{id}`.
#[component]
pub fn EndpointPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<ViewIntegrations>()?;
        let id: WebhookEndpointId = request.id("id")?;
        let (endpoint, recoveries) = endpoints::get(&request.core, permit, id).await?;
        let filter = DeliveryFilter {
            status: DeliveryStatus::from_name(&request.query("status")),
            event_type: EventType::from_name(&request.query("type")).map(|kind| kind.name().to_owned()),
            ..DeliveryFilter::default()
        };
        let before = request.cursor::<DeliveryId>("after");
        let found = deliveries::page(&request.core, permit, id, &filter, before).await?;
        let zone = staff.zone().to_owned();
        let may_manage = staff.has::<ManageIntegrations>();
        let secret = request
            .flash
            .as_ref()
            .and_then(|flash| flash.values.get(SHOWN_ONCE))
            .and_then(|sealed| shown_once::unseal(&request.core, &staff, sealed));
        let base_path = format!("/app/integrations/endpoints/{id}");
        let page_href = |status: &str, kind: &str, after: Option<String>| {
            let mut parts = Vec::new();
            for (name, value) in [
                ("status", status.to_owned()),
                ("type", kind.to_owned()),
                ("after", after.unwrap_or_default()),
            ] {
                if !value.is_empty() {
                    parts.push(format!("{name}={value}"));
                }
            }
            if parts.is_empty() {
                base_path.clone()
            } else {
                format!("{base_path}?{}", parts.join("&"))
            }
        };
        let (status, kind) = (
            filter.status.map(|status| status.name()).unwrap_or_default(),
            filter.event_type.clone().unwrap_or_default(),
        );
        let next = found
            .page
            .rows
            .last()
            .filter(|_| found.page.has_more)
            .map(|row| page_href(status, &kind, Some(cursor(row.created_at, row.id))));
        let first = before.is_some().then(|| page_href(status, &kind, None));
        let all_count: i64 = found.counts.iter().map(|count| count.deliveries).sum();
        let count_of = |counts: &[DeliveryCount], status: DeliveryStatus| {
            counts
                .iter()
                .find(|count| count.status == status)
                .map_or(0, |count| count.deliveries)
        };
        let tabs = std::iter::once((String::new(), t!(locale, "all"), all_count))
            .chain(DeliveryStatus::ALL.iter().map(|delivery_status| {
                let label = by_key(locale, &format!("delivery-{}", delivery_status.name()));
                (
                    delivery_status.name().to_owned(),
                    label,
                    count_of(&found.counts, *delivery_status),
                )
            }))
            .map(|(name, label, count)| {
                let current = (name == status).then_some("page");
                view! { <a href=page_href(&name, &kind, None) aria-current=current>{label}<span class="count">{count}</span></a> }
            })
            .collect_view();
        let label = by_key(locale, &format!("endpoint-{}", endpoint.status.name()));
        let is_disabled = endpoint.status == EndpointStatus::Disabled;
        let reason = endpoint.disabled_reason.clone().filter(|_| is_disabled);
        let moment = |at| format::moment(locale, at, &zone);
        let success = endpoint.last_success_at.map_or_else(|| t!(locale, "never"), moment);
        let (previous_secret_until, disabled_at) =
            (endpoint.rotating_until.map(moment), endpoint.disabled_at.map(moment));
        let (client_path, client_name, source_key, version) = (
            format!("/app/integrations/clients/{}", endpoint.client_id),
            endpoint.client_name.clone(),
            endpoint.source_key.clone(),
            endpoint.api_version.clone(),
        );
        let ordering = by_key(locale, &format!("ordering-{}", endpoint.ordering.name()));
        let form = FormState::new("endpoint", locale, request.flash.as_ref());
        Ok(view! {
            <Title text=t!(locale, "endpoints")/>
            <p><a href="/app/integrations">{t!(locale, "integrations-title")}</a></p>
            <header class="title-row"><h1 class="breaks"><bdi class="mono" dir="ltr">{endpoint.url.clone()}</bdi></h1><Chip label tone=endpoint_tone(endpoint.status)/></header>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            {secret.map(|secret| view! {
                <section class="notice notice-warn" role="status"><p><strong>{t!(locale, "client-shown-once")}</strong></p><p class="breaks"><Identifier text=secret locale/></p></section>
            })}
            {reason.map(|reason| view! { <p class="notice notice-bad">{by_key(locale, &format!("disabled-{reason}"))}" "{disabled_at}</p> })}
            {(endpoint.status == EndpointStatus::Failing).then(|| view! { <p class="notice notice-warn">{t!(locale, "endpoint-failing-text")}</p> })}
            <dl class="facts">
                <Fact name=t!(locale, "client")><a class="mono" href=client_path><bdi>{client_name}</bdi></a></Fact>
                <Fact name=t!(locale, "source")><bdi class="mono">{source_key}</bdi></Fact>
                <Fact name=t!(locale, "endpoint-failures")>{endpoint.failures_in_a_row}</Fact>
                <Fact name=t!(locale, "endpoint-last-success")>{success}</Fact>
                <Fact name=t!(locale, "endpoint-ordering")>{ordering}</Fact>
                <Fact name=t!(locale, "endpoint-version")><bdi class="mono">{version}</bdi></Fact>
                <Fact name="id"><Identifier text=id.to_string() locale/></Fact>
                {previous_secret_until.map(|until| view! { <Fact name=t!(locale, "endpoint-previous-secret-until")>{until}</Fact> })}
                {endpoint.public_key.clone().map(|key| view! { <Fact name=t!(locale, "endpoint-public-key")><Identifier text=key locale/></Fact> })}
            </dl>
            <Health locale hours=found.hours/>
            {may_manage.then(|| view! { <EndpointActions locale endpoint=endpoint.clone() form zone=zone.clone()/> })}
            <Payload locale chosen=endpoint.data_options.0.clone() types=endpoint.event_types.0.clone() kind=request.query("preview")/>
            <Recoveries locale recoveries zone=zone.clone()/>
            <section><h2>{t!(locale, "deliveries")}</h2>
                <nav class="tabs" aria-label=t!(locale, "deliveries")>{tabs}</nav>
                <form method="get" class="search"><label for="delivery-type">{t!(locale, "event")}</label>
                    <input type="hidden" name="status" value=status/>
                    <select id="delivery-type" name="type"><option value="">{t!(locale, "all")}</option>
                        {EventType::ALL.iter().map(|event_type| view! { <option value=event_type.name() selected=event_type.name() == kind>{event_type.name()}</option> }).collect_view()}
                    </select><button class="button" type="submit">{t!(locale, "show")}</button></form>
                <Deliveries locale rows=found.page.rows zone=zone.clone()/>
                <Pager locale next first/>
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/integrations">{content}</AppFrame> }
}

/// Deliveries of the last 24 hours as bars: delivered and failed per hour, with the totals as text for screen readers.
#[component]
fn Health(locale: Locale, hours: [(i64, i64); 24]) -> impl IntoView {
    let max_count = hours
        .iter()
        .map(|(arrived, failed)| arrived + failed)
        .max()
        .unwrap_or(0)
        .max(1);
    let (arrived, failed) = hours
        .iter()
        .fold((0, 0), |(a, f), (arrived, failed)| (a + arrived, f + failed));
    let height = |count: i64| count * 40 / max_count;
    view! {
        <section><h2>{t!(locale, "endpoint-last-24-hours")}</h2>
            <p class="quiet">{t!(locale, "endpoint-last-24-hours-text", arrived = arrived, failed = failed)}</p>
            <svg class="spark" viewBox="0 0 240 44" role="img" aria-label=t!(locale, "endpoint-last-24-hours-text", arrived = arrived, failed = failed)>
                {hours.iter().enumerate().map(|(index, (arrived, failed))| {
                    let (good, bad) = (height(*arrived), height(*failed));
                    let x = index * 10 + 1;
                    view! {
                        <rect class="spark-base" x=x y=43 width=8 height=1></rect>
                        <rect class="spark-good" x=x y=42 - good width=8 height=good></rect>
                        <rect class="spark-bad" x=x y=42 - good - bad width=8 height=bad></rect>
                    }
                }).collect_view()}
            </svg>
        </section>
    }
}

/// The actions on an endpoint, each with its consequence.
#[component]
fn EndpointActions(locale: Locale, endpoint: EndpointLine, form: FormState, zone: String) -> impl IntoView {
    let id = endpoint.id.to_string();
    let is_disabled = endpoint.status == EndpointStatus::Disabled;
    let is_form_open = form.was_rejected();
    let hidden_fields = || {
        let id = id.clone();
        view! { <input type="hidden" name="endpoint" value=id/> }
    };
    let range_action = |action: &'static str, label: String, text: String, form: FormState| {
        let (fields, zone, submit_label, open) = (hidden_fields(), zone.clone(), label.clone(), form.was_rejected());
        view! {
            <ConfirmAction label consequence=text open>
                <form method="post" action=format!("/app/fn/{action}")>{fields}<ErrorSummary form=form.clone()/>
                    <div class="pair"><TextField form=form.clone() field="since" label=t!(locale, "since") kind="datetime-local"/>
                    <TextField form=form field="until" label=t!(locale, "until") kind="datetime-local" optional=true/></div>
                    <p class="help"><bdi>{zone}</bdi></p>
                    <button class="button button-primary" type="submit">{submit_label}</button></form>
            </ConfirmAction>
        }
    };
    let (test_fields, enable_fields, rotate_fields, update_fields, disable_fields, delete_fields) = (
        hidden_fields(),
        hidden_fields(),
        hidden_fields(),
        hidden_fields(),
        hidden_fields(),
        hidden_fields(),
    );
    let recover_form = FormState::new("recover", locale, use_context::<ui::flash::Flash>().as_ref());
    let replay_form = FormState::new("replay-range", locale, use_context::<ui::flash::Flash>().as_ref());
    view! {
        <div class="actions">
            {(!is_disabled).then(|| view! { <SendOnce><form method="post" action="/app/fn/test-endpoint">{test_fields}<button class="button" type="submit">{t!(locale, "endpoint-test")}</button></form></SendOnce> })}
            {is_disabled.then(|| view! { <form method="post" action="/app/fn/enable-endpoint">{enable_fields}<button class="button button-primary" type="submit">{t!(locale, "endpoint-enable")}</button></form> })}
            {(!is_disabled).then(|| range_action("recover-endpoint", t!(locale, "endpoint-recover"), t!(locale, "endpoint-recover-text"), recover_form))}
            {(!is_disabled).then(|| range_action("replay-range", t!(locale, "endpoint-replay"), t!(locale, "endpoint-replay-text"), replay_form))}
            <ConfirmAction label=t!(locale, "endpoint-rotate") consequence=t!(locale, "endpoint-rotate-text")>
                <form method="post" action="/app/fn/rotate-endpoint">{rotate_fields}
                    <fieldset><legend>{t!(locale, "endpoint-grace")}</legend>{[("0", "grace-none"), ("86400", "grace-day"), ("604800", "grace-week")].into_iter().map(|(seconds, label)| {
                        let field = format!("grace-{seconds}");
                        view! { <div class="check"><input type="radio" id=field.clone() name="grace" value=seconds checked=seconds == "86400"/><label for=field>{by_key(locale, label)}</label></div> }
                    }).collect_view()}</fieldset>
                    <button class="button button-primary" type="submit">{t!(locale, "endpoint-rotate")}</button></form>
            </ConfirmAction>
            <details class="weighty" open=is_form_open><summary class="button">{t!(locale, "endpoint-edit")}</summary><div class="weighty-body">
                <form method="post" action="/app/fn/update-endpoint">{update_fields}<ErrorSummary form=form.clone()/>
                    <EndpointFields form locale endpoint=Some(endpoint)/>
                    <button class="button button-primary" type="submit">{t!(locale, "save")}</button></form>
            </div></details>
            {(!is_disabled).then(|| view! { <ConfirmAction label=t!(locale, "endpoint-disable") consequence=t!(locale, "endpoint-disable-text")>
                <form method="post" action="/app/fn/disable-endpoint">{disable_fields}<button class="button button-bad" type="submit">{t!(locale, "endpoint-disable")}</button></form></ConfirmAction> })}
            <ConfirmAction label=t!(locale, "endpoint-delete") consequence=t!(locale, "endpoint-delete-text")>
                <form method="post" action="/app/fn/delete-endpoint">{delete_fields}<button class="button button-bad" type="submit">{t!(locale, "endpoint-delete")}</button></form></ConfirmAction>
        </div>
    }
}

/// Recoveries and their progress.
#[component]
fn Recoveries(locale: Locale, recoveries: Vec<RecoveryLine>, zone: String) -> impl IntoView {
    (!recoveries.is_empty()).then(|| view! {
        <section><h2>{t!(locale, "recoveries")}</h2>
            <ul class="lines">{recoveries.into_iter().map(|recovery| {
                let range_text = format!("{} – {}", format::moment(locale, recovery.since, &zone), format::moment(locale, recovery.until, &zone));
                let created = recovery.deliveries - recovery.waiting;
                let label = t!(locale, "recovery-progress", made = created, total = recovery.deliveries, arrived = recovery.delivered);
                view! { <li><span>{range_text}</span><span class="progress-line"><progress max=recovery.deliveries.max(1) value=created aria-label=label.clone()></progress><span class="quiet">{label}</span></span></li> }
            }).collect_view()}</ul>
        </section>
    })
}

/// Deliveries; each row links to its delivery.
#[component]
fn Deliveries(locale: Locale, rows: Vec<DeliveryLine>, zone: String) -> impl IntoView {
    if rows.is_empty() {
        return view! { <EmptyState title=t!(locale, "nothing-yet") text=t!(locale, "nothing-yet-text")/> }.into_any();
    }
    view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">{t!(locale, "event")}</th><th scope="col">{t!(locale, "status")}</th><th scope="col" class="right">{t!(locale, "attempts")}</th><th scope="col">{t!(locale, "response")}</th><th scope="col">{t!(locale, "time")}</th><th scope="col">{t!(locale, "next-attempt")}</th></tr></thead>
            <tbody>{rows.into_iter().map(|row| {
                let has_next_attempt = row.status == DeliveryStatus::Pending && row.attempts > 0;
                let response = row.last_status.map(|status| format!("HTTP {status}"));
                let failure = row.last_failure.as_deref().map(|name| by_key(locale, &format!("failure-{name}")));
                view! {
                    <tr><th scope="row"><a class="mono" href=format!("/app/integrations/deliveries/{}", row.id)><bdi dir="ltr">{row.event_type}</bdi></a></th>
                        <td><Chip label=by_key(locale, &format!("delivery-{}", row.status.name())) tone=delivery_tone(row.status)/></td>
                        <td class="right">{row.attempts}</td><td><bdi>{response}</bdi>" "<span class="quiet">{failure}</span></td>
                        <td>{format::moment(locale, row.created_at, &zone)}</td><td>{has_next_attempt.then(|| format::moment(locale, row.next_attempt_at, &zone))}</td></tr>
                }
            }).collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}
