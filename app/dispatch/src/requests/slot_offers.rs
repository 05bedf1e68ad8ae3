//! Offering two or three appointment times for a job, of which the customer chooses one.

use domain::fields::ScheduleConflict;
use domain::ids::TargetId;
use domain::intake::mails::MailTopic;
use domain::locale::Locale;
use domain::public_language::Tone;
use domain::scheduling::consent::AcceptedConflicts;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::notifications::reach::Reach;
use ordinavo_core::requests::model::SlotOption;
use ordinavo_core::requests::slot_offers;
use ordinavo_core::requests::slot_offers::{OptionForm, VALIDITY_HOURS, is_acceptable};
use ordinavo_core::scheduling::model::TechnicianChoice;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, ConfirmAction, CustomerVisibleBox};
use ui::drafts::owned;
use ui::format;
use ui::forms::{CheckField, ErrorSummary, FormState, SelectField, TextField};
use ui::islands::SubmitOnce;

use crate::jobs::actions::target_path;
use crate::notifications::reach::ReachLines;
use crate::scheduling::occurrence::Occurrence;
use crate::t;

const FIELDS: [[&str; 5]; 3] = [
    ["technician_1", "date_1", "start_1", "end_1", "occurrence_1"],
    ["technician_2", "date_2", "start_2", "end_2", "occurrence_2"],
    ["technician_3", "date_3", "start_3", "end_3", "occurrence_3"],
];

/// The open offer, and the form that sends a new one.
#[component]
pub fn OfferCard(
    id: TargetId,
    locale: Locale,
    form: FormState,
    offered: Vec<SlotOption>,
    technicians: Vec<TechnicianChoice>,
    reach: Option<Reach>,
    zone: String,
) -> impl IntoView {
    let reach_zone = zone.clone();
    let choices: Vec<(String, String)> = technicians
        .into_iter()
        .map(|technician| (technician.id.to_string(), technician.display_name))
        .collect();
    let hours: Vec<(String, String)> = VALIDITY_HOURS
        .iter()
        .map(|hours| (hours.to_string(), t!(locale, "offer-hours", hours = hours.to_string())))
        .collect();
    let expires = offered
        .first()
        .map(|option| format::moment(locale, option.expires_at, &option.zone));
    let open = form.has_typed_values();
    let rows = form.clone();
    let conflicts: Vec<ScheduleConflict> = FIELDS
        .iter()
        .flat_map(|[technician, ..]| form.schedule_conflicts(technician))
        .filter(is_acceptable)
        .collect();
    let accepted = (!conflicts.is_empty()).then(|| AcceptedConflicts::to_form(&conflicts));
    let consent = form.clone();
    view! {
        <section class="card" aria-labelledby="offer"><h2 id="offer">{t!(locale, "offer-title")}</h2>
            {expires.map(|expires| view! {
                <CustomerVisibleBox locale>
                    <p>{t!(locale, "offer-open", until = expires)}</p>
                    <ul class="plain">{offered.into_iter().map(|option| view! {
                        <li>{format::date(locale, option.starts_at, &option.zone)}" "{format::span(option.starts_at, option.ends_at, &option.zone)}" "{option.is_gone.then(|| view! { <Chip label=t!(locale, "offer-unavailable") tone=Tone::Warn/> })}</li>
                    }).collect_view()}</ul>
                </CustomerVisibleBox>
            })}
            <ReachLines reach topic=MailTopic::Offers locale zone=reach_zone/>
            <ConfirmAction label=t!(locale, "offer-times") consequence=t!(locale, "offer-consequence") open=open>
                <SubmitOnce>
                <form method="post" action=owned("/app/fn/offer-slots")>
                    <ErrorSummary form=form.clone()/>
                    <input type="hidden" name="target" value=id.to_string()/>
                    {FIELDS.iter().enumerate().map(|(index, [technician, date, start, end, occurrence])| view! {
                        <fieldset class="group"><legend>{t!(locale, "offer-option", number = (index + 1))}</legend>
                            <SelectField form=rows.clone() field=technician label=t!(locale, "technician") choices=choices.clone() optional={index > 1}/>
                            <TextField form=rows.clone() field=date kind="date" label=t!(locale, "date") optional={index > 1}/>
                            <div class="pair"><TextField form=rows.clone() field=start kind="time" label=t!(locale, "start") value="09:00"/><TextField form=rows.clone() field=end kind="time" label=t!(locale, "end") value="11:00"/></div>
                            <Occurrence form=rows.clone() asked=date field=occurrence locale/>
                        </fieldset>
                    }).collect_view()}
                    <p class="help">{t!(locale, "zone-help", zone = format::zone_name(locale, &zone))}</p>
                    {accepted.map(|accepted| view! { <CheckField form=consent field="overlap" label=t!(locale, "offer-anyway") value=accepted/> })}
                    <SelectField form field="hours" label=t!(locale, "offer-valid-for") choices=hours value="24"/>
                    <button class="button button-primary" type="submit">{t!(locale, "offer-send")}</button>
                </form>
                </SubmitOnce>
            </ConfirmAction>
        </section>
    }
}

/// The form that offers times.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OfferForm {
    target: FormId<TargetId>,
    technician_1: String,
    date_1: String,
    start_1: String,
    end_1: String,
    occurrence_1: String,
    technician_2: String,
    date_2: String,
    start_2: String,
    end_2: String,
    occurrence_2: String,
    technician_3: String,
    date_3: String,
    start_3: String,
    end_3: String,
    occurrence_3: String,
    hours: String,
    /// The conflicts that the form shows and the dispatcher accepts; absent unless ticked.
    overlap: Option<String>,
}

impl ActionForm for OfferForm {
    const NAME: &'static str = "offer";
    /// The conflicts may differ after an error, so they must be accepted again.
    const TRANSIENT_FIELDS: &'static [&'static str] = &["overlap"];

    fn back(&self) -> String {
        target_path(self.target)
    }
}

#[server(prefix = "/app/fn", endpoint = "offer-slots")]
pub async fn offer_slots(#[server(flatten)] form: OfferForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: OfferForm| {
        let (permit, id, back) = (staff.may()?, form.target.get()?, form.back());
        let options = [
            (
                form.technician_1,
                form.date_1,
                form.start_1,
                form.end_1,
                form.occurrence_1,
            ),
            (
                form.technician_2,
                form.date_2,
                form.start_2,
                form.end_2,
                form.occurrence_2,
            ),
            (
                form.technician_3,
                form.date_3,
                form.start_3,
                form.end_3,
                form.occurrence_3,
            ),
        ]
        .map(|(technician, date, start, end, occurrence)| OptionForm {
            technician,
            date,
            start,
            end,
            occurrence,
        });
        let accepted = AcceptedConflicts::from_form(form.overlap.as_deref());
        slot_offers::offer(&core, permit, id, &options, &form.hours, &accepted).await?;
        Ok(Redirect::to(back, "done-offered"))
    })
    .await
}
