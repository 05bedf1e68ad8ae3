//! A source system: how its imports are processed, and the partner users who can view them.

use chrono::{DateTime, Utc};
use domain::fields::FieldCode;
use domain::identity::permissions::ViewIntegrations;
use domain::ids::{PartnerId, SourceSystemId};
use domain::locale::Locale;
use domain::mapping::{DuplicateNamePolicy, ProblemPolicy};
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::model::PartnerSummary;
use ordinavo_core::identity::partner_accounts;
use ordinavo_core::identity::shown_once;
use ordinavo_core::integrations;
use ordinavo_core::integrations::SourceForm;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, Identifier, ProblemNotice};
use ui::drafts::owned;
use ui::flash::SHOWN_ONCE;
use ui::format;
use ui::forms::{CheckField, ErrorSummary, FormState, SelectField, TextArea, TextField};
use ui::i18n::shared;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::integrations::clients::LIST;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

#[component]
pub fn SourcePage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let id: SourceSystemId = request.id("id")?;
        let integrations::SourcePage {
            source,
            partners,
            can_manage,
        } = integrations::source_page(&request.core, staff.may::<ViewIntegrations>()?, id).await?;
        let version = source.version().as_str().to_owned();
        let zone = staff.zone().to_owned();
        let now = request.viewer.now;
        let link = request
            .flash
            .as_ref()
            .and_then(|flash| flash.values.get(SHOWN_ONCE))
            .and_then(|sealed| shown_once::unseal(&request.core, &staff, sealed));
        let invite = FormState::new("partner", locale, request.flash.as_ref());
        let form = FormState::new("source", locale, request.flash.as_ref());
        let policies = choices(
            locale,
            "source-policy",
            ProblemPolicy::ALL.iter().map(|policy| policy.name()),
        );
        let duplicates = choices(
            locale,
            "source-duplicates",
            DuplicateNamePolicy::ALL.iter().map(|policy| policy.name()),
        );
        Ok(view! {
            <Title text=source.key.clone()/>
            <PageBar locale title=source.key parent=Parent::new("/app/integrations", t!(locale, "integrations-title"))/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <section class="card"><h2>{t!(locale, "source-settings")}</h2>
                <form method="post" action=owned("/app/fn/update-source")>
                    <fieldset disabled=!can_manage>
                        <ErrorSummary form=form.clone()/>
                        <input type="hidden" name="source" value=id.to_string()/>
                        <input type="hidden" name="version" value=version/>
                        <CheckField form=form.clone() field="create_customers" label=t!(locale, "source-create-customers") checked=source.create_customers/>
                        <CheckField form=form.clone() field="create_locations" label=t!(locale, "source-create-locations") checked=source.create_locations/>
                        <CheckField form=form.clone() field="create_contacts" label=t!(locale, "source-create-contacts") checked=source.create_contacts/>
                        <CheckField form=form.clone() field="auto_update" label=t!(locale, "source-auto-update") checked=source.auto_update/>
                        <CheckField form=form.clone() field="customer_required" label=t!(locale, "source-customer-required") checked=source.customer_required/>
                        <SelectField form=form.clone() field="problem_policy" label=t!(locale, "source-policy") choices=policies value=source.problem_policy.name()/>
                        <SelectField form=form.clone() field="duplicate_names" label=t!(locale, "source-duplicates") choices=duplicates value=source.duplicate_names.name()/>
                        <TextArea form field="blocked_external_ids" label=t!(locale, "source-blocked-ids") help=t!(locale, "source-blocked-ids-help") value=source.blocked_external_ids.join("\n")/>
                        {can_manage.then(|| view! { <button class="button button-primary" type="submit">{t!(locale, "source-save")}</button> })}
                    </fieldset>
                </form>
            </section>
            <section class="card"><h2>{t!(locale, "partners-title")}</h2><p class="help">{t!(locale, "partners-text")}</p>
                {link.map(|link| view! { <div class="notice notice-warn" role="status"><p><strong>{t!(locale, "partner-link")}</strong></p><p class="breaks"><Identifier text=link locale/></p></div> })}
                <Partners id partners locale zone now can_manage/>
                {can_manage.then(|| view! {
                    <SubmitOnce><form method="post" action=owned("/app/fn/invite-partner")>
                        <ErrorSummary form=invite.clone()/>
                        <input type="hidden" name="source" value=id.to_string()/>
                        <TextField form=invite.clone() field="name" label=t!(locale, "partner-name")/>
                        <TextField form=invite field="email" label=shared::email(locale) kind="email"/>
                        <button class="button" type="submit">{t!(locale, "partner-invite")}</button>
                    </form></SubmitOnce>
                })}
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/integrations">{content}</AppFrame> }
}

/// Returns the names with their labels, whose keys begin with `prefix`.
fn choices(locale: Locale, prefix: &str, names: impl Iterator<Item = &'static str>) -> Vec<(String, String)> {
    names
        .map(|name| (name.to_owned(), by_key(locale, &format!("{prefix}-{name}"))))
        .collect()
}

/// The partner users of a source system.
#[component]
fn Partners(
    id: SourceSystemId,
    partners: Vec<PartnerSummary>,
    locale: Locale,
    zone: String,
    now: DateTime<Utc>,
    can_manage: bool,
) -> impl IntoView {
    if partners.is_empty() {
        return view! { <p class="quiet">{t!(locale, "partners-none")}</p> }.into_any();
    }
    let status = {
        let zone = zone.clone();
        move |line: &PartnerSummary| match line {
            line if line.locked_at.is_some() => (t!(locale, "partner-blocked"), Tone::Neutral),
            line if line.invitation_expires_at.is_some_and(|end| end > now) => {
                let day = line
                    .invitation_expires_at
                    .map(|end| format::date(locale, end, &zone))
                    .unwrap_or_default();
                (t!(locale, "partner-invited", day = day), Tone::Info)
            }
            line if line.has_password => (t!(locale, "partner-active"), Tone::Good),
            _ => (t!(locale, "partner-invitation-expired"), Tone::Warn),
        }
    };
    view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">{t!(locale, "partner-name")}</th><th scope="col">{shared::email(locale)}</th><th scope="col">{t!(locale, "status")}</th><th scope="col">{t!(locale, "partner-last-sign-in")}</th><th scope="col"></th></tr></thead>
            <tbody>{partners.into_iter().map(|line| {
                let (label, tone) = status(&line);
                let is_locked = line.locked_at.is_some();
                let (lock_value, lock_label) = if is_locked { ("", t!(locale, "partner-unblock")) } else { ("on", t!(locale, "partner-block")) };
                let last_sign_in = line.last_sign_in_at.map(|at| format::moment(locale, at, &zone));
                view! {
                    <tr><th scope="row"><bdi>{line.display_name}</bdi></th><td><bdi>{line.email}</bdi></td><td><Chip label tone/></td><td>{last_sign_in}</td>
                        <td>{can_manage.then(|| view! { <div class="row">
                            {(!is_locked).then(|| view! { <form method="post" action=owned("/app/fn/invite-partner-again")><input type="hidden" name="source" value=id.to_string()/><input type="hidden" name="partner" value=line.id.to_string()/><button class="button button-quiet" type="submit">{t!(locale, "partner-invite-again")}</button></form> })}
                            <form method="post" action=owned("/app/fn/block-partner")><input type="hidden" name="source" value=id.to_string()/><input type="hidden" name="partner" value=line.id.to_string()/><input type="hidden" name="locked" value=lock_value/><button class="button button-quiet" type="submit">{lock_label}</button></form>
                        </div> })}</td></tr>
                }
            }).collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}

/// Returns the path of a source system. Text that is not an ID leads to the list.
fn source_path(source: FormId<SourceSystemId>) -> String {
    source
        .ok()
        .map_or_else(|| LIST.to_owned(), |id| format!("{LIST}/sources/{id}"))
}

/// Redirects to the page of a source system, which shows the invitation link once.
fn redirect_with_link(source_path: String, sealed: String) -> Redirect {
    Redirect::to(source_path, "done-partner-invited").with_secret(sealed)
}

/// The form that invites a partner user.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PartnerForm {
    source: FormId<SourceSystemId>,
    name: String,
    email: String,
}

impl ActionForm for PartnerForm {
    const NAME: &'static str = "partner";

    fn back(&self) -> String {
        source_path(self.source)
    }
}

#[server(prefix = "/app/fn", endpoint = "invite-partner")]
pub async fn invite_partner(#[server(flatten)] form: PartnerForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: PartnerForm| {
        let (permit, source) = (staff.may()?, form.source.get()?);
        let link = partner_accounts::invite(&core, permit, source, &form.name, &form.email).await?;
        Ok(redirect_with_link(form.back(), shown_once::seal(&core, &staff, &link)?))
    })
    .await
}

/// A button on a partner user of a source system.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PartnerButton {
    source: FormId<SourceSystemId>,
    partner: FormId<PartnerId>,
    /// Whether to block the user: `on` or empty.
    locked: String,
}

impl ActionForm for PartnerButton {
    fn back(&self) -> String {
        source_path(self.source)
    }
}

#[server(prefix = "/app/fn", endpoint = "invite-partner-again")]
pub async fn invite_partner_again(#[server(flatten)] form: PartnerButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: PartnerButton| {
        let (permit, source, partner) = (staff.may()?, form.source.get()?, form.partner.get()?);
        let link = partner_accounts::renew_invitation(&core, permit, source, partner).await?;
        Ok(redirect_with_link(form.back(), shown_once::seal(&core, &staff, &link)?))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "block-partner")]
pub async fn lock_partner(#[server(flatten)] form: PartnerButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: PartnerButton| {
        let (permit, source, partner) = (staff.may()?, form.source.get()?, form.partner.get()?);
        let lock = !form.locked.is_empty();
        partner_accounts::lock(&core, permit, source, partner, lock).await?;
        let done = if lock {
            "done-partner-blocked"
        } else {
            "done-partner-unblocked"
        };
        Ok(Redirect::to(form.back(), done))
    })
    .await
}

/// The form that changes how imports of a source system are processed. Its checkboxes send `on` or nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceSettingsForm {
    source: FormId<SourceSystemId>,
    /// The version that the page shows.
    version: Option<String>,
    create_customers: Option<String>,
    create_locations: Option<String>,
    create_contacts: Option<String>,
    auto_update: Option<String>,
    customer_required: Option<String>,
    problem_policy: String,
    duplicate_names: String,
    /// One external ID per line.
    blocked_external_ids: String,
}

impl ActionForm for SourceSettingsForm {
    const NAME: &'static str = "source";

    fn back(&self) -> String {
        source_path(self.source)
    }
}

#[server(prefix = "/app/fn", endpoint = "update-source")]
pub async fn update_source(#[server(flatten)] form: SourceSettingsForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: SourceSettingsForm| {
        let (permit, id) = (staff.may()?, form.source.get()?);
        let settings = SourceForm {
            create_customers: form.create_customers.is_some(),
            create_locations: form.create_locations.is_some(),
            create_contacts: form.create_contacts.is_some(),
            auto_update: form.auto_update.is_some(),
            customer_required: form.customer_required.is_some(),
            problem_policy: ProblemPolicy::from_name(&form.problem_policy)
                .ok_or_else(|| CoreError::field("problem_policy", FieldCode::Required))?,
            duplicate_names: DuplicateNamePolicy::from_name(&form.duplicate_names)
                .ok_or_else(|| CoreError::field("duplicate_names", FieldCode::Required))?,
            blocked_external_ids: integrations::blocked_external_ids(&form.blocked_external_ids)?,
        };
        integrations::update_source(&core, permit, id, form.version.as_deref(), &settings).await?;
        Ok(Redirect::to(form.back(), "done-saved"))
    })
    .await
}
