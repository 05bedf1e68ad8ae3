//! The team: who has an account, with which role, and since when they have not signed in.

use domain::identity::permissions::ManageTeam;
use domain::identity::roles::Role;
use domain::ids::StaffId;
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::shown_once;
use ordinavo_core::identity::team;
use ordinavo_core::identity::team::TeamMember;
use ordinavo_core::requests::hand_over;
use ordinavo_core::requests::hand_over::{OpenWork, TeamWork};
use ordinavo_core::scheduling::model::TechnicianChoice;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{Chip, Identifier, ProblemNotice};
use ui::drafts::owned;
use ui::flash::SHOWN_ONCE;
use ui::format;
use ui::forms::{ErrorSummary, FormState, SelectField, TextField};
use ui::i18n::shared;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::identity::settings_pages::SettingsFrame;
use crate::shared::{DoneNotice, viewer_staff};
use crate::t;

/// The path of the page.
pub const PAGE: &str = "/app/settings/team";

#[component]
pub fn TeamPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let members = team::members(&request.core, staff.may::<ManageTeam>()?).await?;
        let work = hand_over::team_work(&request.core, staff.may::<ManageTeam>()?).await?;
        let sends_mail = request.core.sends_mail();
        let link = request
            .flash
            .as_ref()
            .and_then(|flash| flash.values.get(SHOWN_ONCE))
            .and_then(|sealed| shown_once::unseal(&request.core, &staff, sealed));
        let change = FormState::new(MemberForm::NAME, locale, request.flash.as_ref());
        let invite = FormState::new(InviteForm::NAME, locale, request.flash.as_ref());
        let zone = staff.zone().to_owned();
        Ok(view! {
            <Title text=t!(locale, "team-title")/>
            <h1>{t!(locale, "team-title")}</h1>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            {link.map(|link| view! { <div class="notice notice-warn" role="status" data-testid="team-link"><p><strong>{t!(locale, "team-link")}</strong></p><p class="breaks"><Identifier text=link locale/></p></div> })}
            <ErrorSummary form=change.clone()/>
            <section id=change.id("role") tabindex="-1" aria-label=t!(locale, "team-title")><Members members work locale zone/></section>
            <Invitation form=invite sends_mail locale/>
            <RoleTable locale/>
        }
        .into_any())
    });
    view! { <SettingsFrame current=PAGE>{content}</SettingsFrame> }
}

/// Returns the label of a role.
fn role_label(locale: Locale, role: &str) -> String {
    by_key(locale, &format!("team-role-{role}"))
}

/// Returns the roles with their labels.
fn roles(locale: Locale) -> Vec<(String, String)> {
    Role::ALL
        .iter()
        .map(|role| (role.name().to_owned(), role_label(locale, role.name())))
        .collect()
}

/// Returns what the status of an account says, and how it looks.
fn status(member: &TeamMember, locale: Locale, zone: &str) -> (String, Tone) {
    match (member.locked_at, member.has_password, member.link_expires_at) {
        (Some(_), ..) => (t!(locale, "team-locked"), Tone::Neutral),
        (None, true, _) if member.has_second_factor => (t!(locale, "team-active-two-factor"), Tone::Good),
        (None, true, _) => (t!(locale, "team-active"), Tone::Good),
        (None, false, Some(end)) => {
            let day = format::date(locale, end, zone);
            (t!(locale, "team-invited", day = day), Tone::Info)
        }
        (None, false, None) => (t!(locale, "team-invitation-expired"), Tone::Warn),
    }
}

#[component]
fn Members(members: Vec<TeamMember>, work: TeamWork, locale: Locale, zone: String) -> impl IntoView {
    view! {
        <ul class="lines lines-tall team">{members.into_iter().map(|member| {
            let (label, tone) = status(&member, locale, &zone);
            let last_sign_in = member.last_sign_in_at.map(|at| format::moment(locale, at, &zone));
            let open = work.of.get(&member.id).copied().unwrap_or_default();
            let reviewers = work.reviewers.clone();
            let last_sign_in = last_sign_in.map_or_else(|| t!(locale, "team-never"), |at| t!(locale, "team-last-sign-in", at = at));
            view! {
                <li data-testid="team-member">
                    <p><strong><bdi>{member.display_name.clone()}</bdi></strong><br/><span class="quiet"><bdi>{member.email.clone()}</bdi></span></p>
                    <p>{role_label(locale, &member.role)}</p>
                    <p><Chip label tone/><br/><span class="quiet">{last_sign_in}</span></p>
                    <details class="weighty">
                        <summary class="button button-quiet" aria-label=t!(locale, "team-manage-person", name = member.display_name.clone())>{t!(locale, "team-manage")}</summary>
                        <div class="weighty-body"><HandOver member=member.clone() open reviewers locale/><Actions member locale/></div>
                    </details>
                </li>
            }
        }).collect_view()}</ul>
    }
}

/// What an administrator can do with an account.
#[component]
fn Actions(member: TeamMember, locale: Locale) -> impl IntoView {
    let (id, name) = (member.id, member.display_name.clone());
    let is_locked = member.locked_at.is_some();
    let role_id = format!("role-{id}");
    if is_locked {
        return view! { <LockButton id=id.to_string() locked="" label=t!(locale, "team-unlock")/> }.into_any();
    }
    view! {
        <form method="post" action=owned("/app/fn/set-member-role")>
            <input type="hidden" name="member" value=id.to_string()/>
            <input type="hidden" name="shown" value=member.role.clone()/>
            <div class="field"><label for=role_id.clone()>{t!(locale, "team-role-of", name = name.clone())}</label>
                <select id=role_id name="role">{roles(locale).into_iter().map(|(value, label)| {
                    let selected = value == member.role;
                    view! { <option value=value selected=selected>{label}</option> }
                }).collect_view()}</select>
                <p class="help">{t!(locale, "team-change-role-text")}</p>
            </div>
            <button class="button" type="submit">{t!(locale, "team-save-role")}</button>
        </form>
        <form method="post" action=owned("/app/fn/renew-member-link")>
            <p class="help">{t!(locale, "team-new-link-text")}</p>
            <input type="hidden" name="member" value=id.to_string()/>
            <button class="button" type="submit">{t!(locale, "team-new-link")}</button>
        </form>
        <p class="help">{t!(locale, "team-lock-text", name = name)}</p>
        <LockButton id=id.to_string() locked="on" label=t!(locale, "team-lock")/>
    }
    .into_any()
}

/// The open work of a person, and the form that gives it to a colleague.
#[component]
fn HandOver(member: TeamMember, open: OpenWork, reviewers: Vec<TechnicianChoice>, locale: Locale) -> impl IntoView {
    let id = format!("to-{}", member.id);
    let choices: Vec<_> = reviewers
        .into_iter()
        .filter(|reviewer| reviewer.id != member.id)
        .collect();
    let requests = (open.requests > 0 && !choices.is_empty()).then(|| view! {
        <form method="post" action=owned("/app/fn/hand-over-work")>
            <input type="hidden" name="member" value=member.id.to_string()/>
            <div class="field"><label for=id.clone()>{t!(locale, "team-hand-over-to")}</label>
                <select id=id name="to" required><option value=""></option>{choices.into_iter().map(|reviewer| view! { <option value=reviewer.id.to_string()>{reviewer.display_name}</option> }).collect_view()}</select></div>
            <button class="button" type="submit">{t!(locale, "team-hand-over")}</button>
        </form>
    });
    let counts = [
        (open.requests > 0).then(|| t!(locale, "team-open-requests", count = open.requests)),
        (open.visits > 0).then(|| t!(locale, "team-open-visits", count = open.visits)),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    (!counts.is_empty()).then(|| view! {
        <section data-testid="open-work"><h3>{t!(locale, "team-hand-over-title")}</h3>
            <p>{format::list(locale, &counts)}</p>
            {requests}
            {(open.visits > 0).then(|| view! { <p class="help"><a href="/app/board">{t!(locale, "team-visits-board")}</a></p> })}
        </section>
    })
}

#[component]
fn LockButton(id: String, locked: &'static str, #[prop(into)] label: String) -> impl IntoView {
    view! {
        <form method="post" action=owned("/app/fn/lock-member")>
            <input type="hidden" name="member" value=id/>
            <input type="hidden" name="locked" value=locked/>
            <button class="button" type="submit">{label}</button>
        </form>
    }
}

#[component]
fn Invitation(form: FormState, sends_mail: bool, locale: Locale) -> impl IntoView {
    view! {
        <section class="card"><h2>{t!(locale, "team-invite-title")}</h2>
            <p class="help">{t!(locale, "team-invite-text")}{sends_mail.then(|| format!(" {}", t!(locale, "team-invite-mailed")))}</p>
            <SubmitOnce><form method="post" action=owned("/app/fn/invite-member")>
                <ErrorSummary form=form.clone()/>
                <TextField form=form.clone() field="name" label=t!(locale, "team-name") max_length=200/>
                <TextField form=form.clone() field="email" label=shared::email(locale) kind="email" max_length=254/>
                <SelectField form field="role" label=t!(locale, "team-role") choices=roles(locale)/>
                <button class="button button-primary" type="submit">{t!(locale, "team-invite")}</button>
            </form></SubmitOnce>
        </section>
    }
}

/// What each role may do.
#[component]
fn RoleTable(locale: Locale) -> impl IntoView {
    view! {
        <section class="card"><h2>{t!(locale, "team-roles-title")}</h2>
            <dl class="facts">{Role::ALL.iter().map(|role| view! {
                <div class="fact"><dt>{role_label(locale, role.name())}</dt><dd>{by_key(locale, &format!("team-role-{}-text", role.name()))}</dd></div>
            }).collect_view()}</dl>
        </section>
    }
}

/// The form that invites a colleague.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct InviteForm {
    name: String,
    email: String,
    role: String,
}

impl ActionForm for InviteForm {
    const NAME: &'static str = "team-invite";

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "invite-member")]
pub async fn invite_member(#[server(flatten)] form: InviteForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: InviteForm| {
        let link = team::invite(&core, staff.may()?, &form.name, &form.email, &form.role).await?;
        let sealed = shown_once::seal(&core, &staff, &link)?;
        let done = if core.sends_mail() {
            "done-member-invited"
        } else {
            "done-member-link"
        };
        Ok(Redirect::to(PAGE, done).with_secret(sealed))
    })
    .await
}

/// Shows the link once, on the page after the action.
fn with_link(sealed: String) -> Redirect {
    Redirect::to(PAGE, "done-member-link").with_secret(sealed)
}

/// An action on an account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberForm {
    member: FormId<StaffId>,
    /// The role to set.
    role: String,
    /// The role that the page shows.
    shown: String,
    /// Whether to lock the account: `on` or empty.
    locked: String,
    /// Who gets the open requests; empty if nobody was chosen.
    to: String,
}

impl ActionForm for MemberForm {
    const NAME: &'static str = "team-member";

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "set-member-role")]
pub async fn set_member_role(#[server(flatten)] form: MemberForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: MemberForm| {
        let permit = staff.may()?;
        team::set_role(&core, permit, form.member.get()?, &form.shown, &form.role).await?;
        Ok(Redirect::to(PAGE, "done-member-role"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "renew-member-link")]
pub async fn renew_member_link(#[server(flatten)] form: MemberForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: MemberForm| {
        let link = team::renew_link(&core, staff.may()?, form.member.get()?).await?;
        Ok(with_link(shown_once::seal(&core, &staff, &link)?))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "lock-member")]
pub async fn lock_member(#[server(flatten)] form: MemberForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: MemberForm| {
        let (permit, is_locked) = (staff.may()?, !form.locked.is_empty());
        team::lock(&core, permit, form.member.get()?, is_locked).await?;
        let done = if is_locked {
            "done-member-locked"
        } else {
            "done-member-unlocked"
        };
        Ok(Redirect::to(PAGE, done))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "hand-over-work")]
pub async fn hand_over_work(#[server(flatten)] form: MemberForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: MemberForm| {
        let permit = staff.may()?;
        hand_over::hand_over(&core, permit, form.member.get()?, form.to.parse().ok()).await?;
        Ok(Redirect::to(PAGE, "done-work-handed-over"))
    })
    .await
}
