//! The tracking page of a request for holders of its link. It shows only what they submitted, the public status and
//! messages from dispatch.

use std::sync::Arc;

use domain::branding::OrganisationContact;
use domain::fields::FieldError;
use domain::locale::Locale;
use domain::public::{PublicAppointment, RequestSource};
use domain::public_language::PublicVisit;
use domain::story::StoryFacts;
use domain::terminology::Terminology;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use ordinavo_core::intake::model::FileSummary;
use ordinavo_core::requests::model::{SlotOption, TrackedView};
use ordinavo_core::requests::tracking::Tracking;
use ui::components::{ConfirmAction, Fact, RefusedFiles};
use ui::files::FileLink;
use ui::format;
use ui::format::ZoneNames;
use ui::forms::{ErrorSummary, FormState, TextArea};
use ui::icons::Icon;
use ui::islands::SubmitOnce;
use ui::organisation::ContactLine;
use ui::requests::{AnswerForm, Conversation, DelayNotice, MessageFile, SlotChoice, preferred_windows};
use ui::shell::{self, App, Assets};
use ui::story::{StateChip, Stepper};
use ui::title::Title;
use ui::viewer::Viewer;

use crate::i18n::by_key;
use crate::islands::KeepTyped;
use crate::t;

/// The name of the answer form.
pub const ANSWER: &str = "answer";
/// The forms that ask for another time, for the cancellation, and for other times than those that were offered; each is also the
/// last part of the path of its action.
pub const RESCHEDULE: &str = "reschedule";
pub const CANCEL: &str = "cancel";
pub const DECLINE: &str = "decline";

/// The data of the tracking page.
#[derive(Clone)]
pub struct TrackPage {
    /// The token of the link.
    pub token: String,
    /// The organization's name.
    pub tenant: String,
    /// The organization's terminology.
    pub words: Arc<Terminology>,
    /// The organization's time zone.
    pub zone: String,
    /// How to reach the organization.
    pub contact: OrganisationContact,
    pub tracking: Tracking,
    pub locale: Locale,
    /// The key of the success message.
    pub done: Option<&'static str>,
    /// Files that were left out of what was sent.
    pub refused: Vec<FieldError>,
    /// Typed values and errors of a rejected submission.
    pub form: FormState,
    /// Identifies repeated submissions of the same answer.
    pub nonce: String,
    /// The forms that ask for changes, by name.
    pub wishes: Vec<(&'static str, FormState)>,
    /// The error of a rejected choice of a time.
    pub slot_error: Option<String>,
}

/// `/track/{token}`.
pub fn page(assets: &Assets, page: TrackPage) -> impl IntoView + use<> {
    provide_meta_context();
    let locale = page.locale;
    let title = format!("REQ-{}", page.tracking.request.number);
    shell::document_in(locale, App::Intake, assets, move || {
        let Tracking {
            request,
            visit,
            messages,
            files,
            slots,
            may_withdraw,
            can_request_cancellation,
            can_request_reschedule,
        } = page.tracking;
        let (of_messages, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.message_id.is_some());
        let slot_error = page.slot_error;
        let visit_time = visit.as_ref().map(|visit| (visit.starts_at, visit.zone.as_str()));
        let slot_times = slots.iter().map(|slot| (slot.starts_at, slot.zone.as_str()));
        let zones = ZoneNames::of(&page.zone, visit_time.into_iter().chain(slot_times));
        let is_closed = request.status.has_ended();
        let needs_answer = request.asked_at.is_some();
        let path = TrackPath {
            token: page.token,
            locale,
        };
        let message_files: Vec<MessageFile> = of_messages
            .into_iter()
            .filter_map(|file| path.message_file(file))
            .collect();
        let (form, nonce, zone) = (page.form, page.nonce, page.zone);
        let wish = move |name: &'static str| {
            page.wishes
                .iter()
                .find(|(form, _)| *form == name)
                .map(|(_, form)| form.clone())
        };
        let asked = requested_changes(&request, &zone, locale);
        let (answer_action, answer_nonce) = (path.action("answer"), nonce.clone());
        let begun = visit.as_ref().map(|visit| visit.status);
        view! {
            <Title text=title/>
            <div class="column">
                <Brand tenant=page.tenant languages=Some(path.clone())/>
                <main id="main" tabindex="-1">
                    <KeepTyped/>
                    {page.done.map(|done| view! { <SuccessMessage done request=request.clone() locale/> })}
                    <RefusedFiles locale refused=page.refused/>
                    <RequestHeader request=request.clone() visit=begun words=page.words locale/>
                    {slot_error.clone().filter(|_| slots.is_empty()).map(|error| view! { <p class="notice notice-bad" role="alert">{error}</p> })}
                    {(!slots.is_empty()).then(|| view! { <Slots slots path=path.clone() error=slot_error none=wish(DECLINE) nonce=nonce.clone() locale/> })}
                    {visit.map(|visit| view! { <Appointment visit zones path=path.clone() locale/> })}
                    {asked.into_iter().map(|text| view! { <p class="notice" data-testid="asked">{text}</p> }).collect_view()}
                    {request.rejection_reason.clone().map(|reason| view! { <section class="notice notice-warn"><h2>{t!(locale, "rejection-reason")}</h2><p class="prose" dir="auto">{reason}</p></section> })}
                    {(!messages.is_empty() || !is_closed).then(|| view! {
                        <Conversation messages files=message_files needs_answer zone=zone.clone() zones locale>
                            {(!is_closed).then(|| view! { <AnswerForm action=answer_action form nonce=answer_nonce locale/> })}
                        </Conversation>
                    })}
                    <RequestDetails request files path=path.clone() zone zones locale/>
                    {can_request_reschedule.then(|| view! { <WishForm form=wish(RESCHEDULE) action=path.action(RESCHEDULE) nonce=nonce.clone() texts=WishTexts::reschedule(locale)/> })}
                    {can_request_cancellation.then(|| view! { <WishForm form=wish(CANCEL) action=path.action(CANCEL) nonce=nonce.clone() texts=WishTexts::cancel(locale)/> })}
                    {may_withdraw.then(|| view! {
                        <ConfirmAction label=t!(locale, "withdraw") consequence=t!(locale, "withdraw-consequence")>
                            <form method="post" action=path.action("withdraw")><button class="button button-bad" type="submit">{t!(locale, "withdraw-now")}</button></form>
                        </ConfirmAction>
                    })}
                </main>
                <footer><ContactLine contact=page.contact locale/></footer>
            </div>
        }
    })
}

/// Says when another time or a cancellation was requested.
fn requested_changes(request: &TrackedView, zone: &str, locale: Locale) -> Vec<String> {
    let moment = |at| format::moment(locale, at, zone);
    let reschedule = request
        .reschedule_requested_at
        .map(|at| t!(locale, "reschedule-requested", moment = moment(at)));
    let cancellation = request
        .cancellation_requested_at
        .map(|at| t!(locale, "cancellation-requested", moment = moment(at)));
    [reschedule, cancellation].into_iter().flatten().collect()
}

/// The paths of a tracking link.
#[derive(Clone)]
struct TrackPath {
    token: String,
    locale: Locale,
}

impl TrackPath {
    /// Returns the page in a language.
    fn page(&self, locale: Locale) -> String {
        format!("/track/{}?lang={}", self.token, locale.tag())
    }

    fn action(&self, name: &str) -> String {
        format!("/track/{}/{name}?lang={}", self.token, self.locale.tag())
    }

    fn file(&self, file: &FileSummary) -> String {
        format!("/track/{}/files/{}", self.token, file.id)
    }

    /// Returns a file that came with a message.
    fn message_file(&self, file: FileSummary) -> Option<MessageFile> {
        Some(MessageFile {
            message: file.message_id?,
            href: Some(self.file(&file)),
            name: file.file_name,
            size_bytes: file.size_bytes,
            scan: file.scan,
        })
    }

    fn calendar(&self) -> String {
        self.action("appointment.ics")
    }
}

/// The texts of a form in which the requester asks for a change.
struct WishTexts {
    label: String,
    consequence: String,
    wish: String,
    send: String,
    is_bad: bool,
}

impl WishTexts {
    fn reschedule(locale: Locale) -> Self {
        Self {
            label: t!(locale, "request-reschedule"),
            consequence: t!(locale, "request-reschedule-consequence"),
            wish: t!(locale, "request-reschedule-wish"),
            send: t!(locale, "request-reschedule-now"),
            is_bad: false,
        }
    }

    fn cancel(locale: Locale) -> Self {
        Self {
            label: t!(locale, "request-cancellation"),
            consequence: t!(locale, "request-cancellation-consequence"),
            wish: t!(locale, "request-cancellation-reason"),
            send: t!(locale, "request-cancellation-now"),
            is_bad: true,
        }
    }

    fn decline(locale: Locale) -> Self {
        Self {
            label: t!(locale, "slots-none"),
            consequence: t!(locale, "slots-none-consequence"),
            wish: t!(locale, "slots-none-wish"),
            send: t!(locale, "slots-none-now"),
            is_bad: false,
        }
    }
}

/// A form in which the requester asks for a change and says why, or what would suit.
#[component]
fn WishForm(
    form: Option<FormState>,
    action: String,
    nonce: String,
    texts: WishTexts,
    /// The offer that is declined.
    #[prop(optional, into)]
    offer: Option<String>,
) -> impl IntoView {
    let form = form?;
    let class = if texts.is_bad {
        "button button-bad"
    } else {
        "button button-primary"
    };
    Some(view! {
        <ConfirmAction label=texts.label consequence=texts.consequence open=form.has_typed_values()>
            <SubmitOnce>
            <form method="post" action=action>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="nonce" value=nonce/>
                {offer.map(|offer| view! { <input type="hidden" name="offer" value=offer/> })}
                <TextArea form field="answer" label=texts.wish rows=3/>
                <button class=class type="submit">{texts.send}</button>
            </form>
            </SubmitOnce>
        </ConfirmAction>
    })
}

/// The line with the organization's name above the page.
#[component]
fn Brand(
    tenant: String,
    /// The page whose languages can be chosen.
    #[prop(optional_no_strip)]
    languages: Option<TrackPath>,
) -> impl IntoView {
    view! {
        <header class="top-line"><p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{tenant}</bdi></p>
            {languages.map(|path| view! {
                <nav class="languages" aria-label=ui::i18n::shared::language(path.locale)>{Locale::ALL.into_iter().map(|other| {
                    let is_current = (other == path.locale).then_some("true");
                    view! { <a class="button button-quiet" href=path.page(other) lang=other.tag() hreflang=other.tag() aria-current=is_current>{other.own_name()}</a> }
                }).collect_view()}</nav>
            })}
        </header>
    }
}

/// The success message; after the submission also the form's own text of thanks.
#[component]
fn SuccessMessage(done: &'static str, request: TrackedView, locale: Locale) -> impl IntoView {
    let thanks = request
        .form_settings
        .as_ref()
        .map(|settings| settings.texts(locale).thanks)
        .filter(|text| !text.is_empty() && done == "done-request-submitted");
    view! { <div class="notice notice-good" role="status" data-done=done.to_owned()><div><p><strong>{by_key(locale, done)}</strong></p>{thanks.map(|text| view! { <p class="prose" dir="auto">{text}</p> })}</div></div> }
}

/// The service, the status with its explanation, and the progress while the request is open.
#[component]
fn RequestHeader(
    request: TrackedView,
    /// The state of the visit, if the requester sees the appointment.
    visit: Option<PublicVisit>,
    words: Arc<Terminology>,
    locale: Locale,
) -> impl IntoView {
    use PublicVisit::{Completed, InProgress, NotCompleted, OnTheWay};
    let is_closed = request.status.has_ended();
    // What happens on site says more than that it is planned.
    let begun = visit.filter(|visit| matches!(visit, OnTheWay | InProgress | Completed | NotCompleted) && !is_closed);
    let service = words.service_type(request.service_type, locale);
    let now = use_context::<Viewer>().map(|viewer| viewer.now).unwrap_or_default();
    let facts = StoryFacts {
        status: request.status,
        visit: begun,
        completed_at: (begun == Some(Completed)).then_some(now),
        // The page shows no reports.
        sees_reports: false,
        has_report: false,
        is_change_requested: request.reschedule_requested_at.is_some() && visit == Some(PublicVisit::Planned),
    };
    let (state, story) = (facts.state(now), facts.story(now));
    let explanation = words.request_state(state, locale).explanation.into_owned();
    view! {
        <header class="title-row"><h1>{service}" "<bdi class="mono quiet">{format!("REQ-{}", request.number)}</bdi></h1><span data-visit=begun.map(PublicVisit::name)><StateChip state words=words.clone() locale/></span></header>
        <p class="lead">{explanation}</p>
        {(!is_closed).then(|| view! { <Stepper story state words locale/> })}
    }
}

/// The appointment: when, where and by whom.
#[component]
fn Appointment(visit: PublicAppointment, zones: ZoneNames, path: TrackPath, locale: Locale) -> impl IntoView {
    let when = format!(
        "{} {}",
        format::date(locale, visit.starts_at, &visit.zone),
        zones.with(
            locale,
            format::span(visit.starts_at, visit.ends_at, &visit.zone),
            &visit.zone
        )
    );
    let is_ahead = visit.status == PublicVisit::Planned;
    let delay = visit.delay_ahead();
    view! {
        <section class="card" data-testid="appointment"><h2>{t!(locale, "appointment")}</h2>
            <p class="when"><strong><bdi>{when}</bdi></strong></p>
            <DelayNotice minutes=delay locale/>
            <dl class="facts">
                {(!visit.location.is_empty() || !visit.address.is_empty()).then(|| view! { <Fact name=t!(locale, "location")><div><bdi>{visit.location}</bdi></div><div><bdi>{visit.address}</bdi></div></Fact> })}
                {visit.technician.map(|name| view! { <Fact name=t!(locale, "technician")><bdi>{name}</bdi></Fact> })}
            </dl>
            {is_ahead.then(|| view! { <p><a class="button" href=path.calendar() download=true><Icon name="calendar"/>{t!(locale, "calendar-file")}</a></p> })}
        </section>
    }
}

/// What the requester submitted.
#[component]
fn RequestDetails(
    request: TrackedView,
    files: Vec<FileSummary>,
    path: TrackPath,
    zone: String,
    zones: ZoneNames,
    locale: Locale,
) -> impl IntoView {
    let location = request.place.map(|place| {
        format::address_line(
            place.street.as_deref(),
            place.postal_code.as_deref(),
            place.city.as_deref(),
        )
    });
    let windows = preferred_windows(locale, &request.preferred_windows);
    // Who has the link is the requester, unless another person wrote the request down.
    let source = RequestSource::of(request.channel, true);
    let heading = match source {
        RequestSource::Call => t!(locale, "request-from-call"),
        RequestSource::System => t!(locale, "request-from-system"),
        _ => t!(locale, "your-request"),
    };
    view! {
        <section class="card"><h2 data-source=source.name()>{heading}</h2>
            <p class="prose" dir="auto">{request.description}</p>
            <dl class="facts">
                <Fact name=t!(locale, "submitted-at")>{zones.with(locale, format::moment(locale, request.submitted_at, &zone), &zone)}</Fact>
                {location.filter(|location| !location.is_empty()).map(|location| view! { <Fact name=t!(locale, "location")><bdi>{location}</bdi></Fact> })}
                {(!windows.is_empty()).then(|| view! { <Fact name=t!(locale, "preferred-dates")>{windows.into_iter().map(|window| view! { <div>{window}</div> }).collect_view()}</Fact> })}
                {(!files.is_empty()).then(|| view! { <Fact name=t!(locale, "files")><ul class="files">{files.into_iter().map(|file| { let href = path.file(&file); view! { <li><FileLink locale scan=file.scan href name=file.file_name size_bytes=file.size_bytes is_download=true/></li> } }).collect_view()}</ul></Fact> })}
            </dl>
        </section>
    }
}

/// `/track/{token}/no-mails`: asks for confirmation of the unsubscription, and confirms it.
pub fn unsubscribe(
    assets: &Assets,
    locale: Locale,
    token: String,
    tenant: String,
    done: bool,
) -> impl IntoView + use<> {
    provide_meta_context();
    shell::document_in(locale, App::Intake, assets, move || {
        let action = format!("/track/{token}/no-mails?lang={}", locale.tag());
        let back = format!("/track/{token}?lang={}", locale.tag());
        view! {
            <Title text=t!(locale, "unsubscribe-title")/>
            <div class="column">
                <Brand tenant languages=None/>
                <main id="main" tabindex="-1"><h1>{t!(locale, "unsubscribe-title")}</h1>
                    {if done {
                        view! { <p class="notice notice-good" role="status">{t!(locale, "unsubscribe-done")}</p> }.into_any()
                    } else {
                        view! { <p class="lead">{t!(locale, "unsubscribe-text")}</p><form method="post" action=action><button class="button button-primary" type="submit">{t!(locale, "unsubscribe-now")}</button></form> }.into_any()
                    }}
                    <p><a href=back>{t!(locale, "back-to-request")}</a></p>
                </main>
            </div>
        }
    })
}

/// Offered times; a time that is no longer available is disabled.
#[component]
fn Slots(
    slots: Vec<SlotOption>,
    path: TrackPath,
    error: Option<String>,
    /// The form that declines all of them.
    none: Option<FormState>,
    nonce: String,
    locale: Locale,
) -> impl IntoView {
    let offer = slots.first().map(|slot| slot.offer_id.to_string());
    let expires = slots
        .first()
        .map(|slot| format::moment(locale, slot.expires_at, &slot.zone))
        .unwrap_or_default();
    let zone = slots.first().map(|slot| slot.zone.clone()).unwrap_or_default();
    let action = path.action("choose");
    view! {
        <section class="card slots" aria-labelledby="slots"><h2 id="slots">{t!(locale, "slots-title")}</h2>
            {error.map(|error| view! { <p class="notice notice-bad" role="alert">{error}</p> })}
            <p>{t!(locale, "slots-text", until = expires)}</p>
            <SlotChoice slots action locale/>
            <p class="help">{t!(locale, "slots-zone", zone = format::zone_name(locale, &zone))}</p>
            <WishForm form=none action=path.action(DECLINE) nonce texts=WishTexts::decline(locale) offer=offer.unwrap_or_default()/>
        </section>
    }
}
