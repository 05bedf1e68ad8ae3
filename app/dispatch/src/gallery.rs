//! `/app/parts` in development builds: every shared component in every state and in both text directions.

use std::collections::BTreeMap;

use domain::fields::{FieldCode, FieldError};
use domain::jobs::targets::TargetStatus;
use domain::locale::Locale;
use domain::public_language::{self, PublicVisit, Tone};
use domain::requests::{Priority, RequestStatus};
use domain::visits::reports::ReportStatus;
use leptos::prelude::*;
use ordinavo_core::CoreError;
use ui::components::{
    Chip, ConfirmAction, CustomerVisibleBox, EmptyState, Fact, Identifier, InternalBox, Pager, PriorityMark,
    ReportChip, StatusChip, SuccessNotice, TargetChip,
};
use ui::flash::Flash;
use ui::forms::{CheckField, ErrorSummary, FormState, PhotoField, SelectField, TextArea, TextField};
use ui::icons::Icon;
use ui::page::page;
use ui::title::Title;

use crate::shell::AppFrame;

/// The component gallery; release builds respond with `not_found`.
#[component]
pub fn GalleryPage() -> impl IntoView {
    let content = page(|_| async {
        if !cfg!(debug_assertions) {
            return Err(CoreError::not_found());
        }
        Ok(view! {
            <Title text="Components"/>
            <h1>"Components"</h1>
            <div class="columns">
                <div dir="ltr" lang="en"><Gallery locale=Locale::En prefix="left"/></div>
                <div dir="rtl" lang="ar"><Gallery locale=Locale::Ar prefix="right"/></div>
            </div>
        }
        .into_any())
    });
    view! { <AppFrame current="">{content}</AppFrame> }
}

#[component]
fn Gallery(locale: Locale, prefix: &'static str) -> impl IntoView {
    let rejected = Flash {
        form: prefix.to_owned(),
        values: BTreeMap::from([("text".to_owned(), "<b>restored & escaped</b>".to_owned())]),
        errors: vec![
            FieldError::new("name", FieldCode::Required),
            FieldError::new("text", FieldCode::TooLong { max: 500 }),
        ],
        cause: None,
        done: None,
    };
    let empty_form = FormState::new(
        if prefix == "left" { "left-clean" } else { "right-clean" },
        locale,
        None,
    );
    let form = FormState::new(prefix, locale, Some(&rejected));
    let choices = vec![("a".to_owned(), "A".to_owned()), ("b".to_owned(), "B".to_owned())];
    view! {
        <section class="card"><h2>"Chips"</h2>
            <p class="row">{RequestStatus::ALL.iter().map(|status| view! { <StatusChip status=public_language::request(*status, locale)/> }).collect_view()}</p>
            <p class="row">{PublicVisit::ALL.iter().map(|visit| view! { <StatusChip status=public_language::visit(*visit, locale)/> }).collect_view()}</p>
            <p class="row">{TargetStatus::ALL.iter().map(|status| view! { <TargetChip status=*status locale/> }).collect_view()}</p>
            <p class="row">{ReportStatus::ALL.iter().map(|status| view! { <ReportChip status=*status locale/> }).collect_view()}</p>
            <p class="row">{Priority::ALL.iter().map(|priority| view! { <PriorityMark priority=*priority locale/> }).collect_view()}</p>
            <p class="row">{[Tone::Neutral, Tone::Info, Tone::Good, Tone::Warn, Tone::Bad].map(|tone| view! { <Chip label=tone.name() tone/> })}</p>
        </section>
        <section class="card"><h2>"Buttons"</h2>
            <p class="row"><button class="button button-primary" type="button">"Primary"</button><button class="button" type="button">"Plain"</button><button class="button button-bad" type="button">"Bad"</button><button class="button button-quiet" type="button"><Icon name="log-out"/>"Quiet"</button><button class="button" type="button" disabled=true>"Disabled"</button></p>
            <ConfirmAction label="Confirmation" consequence="What will happen, and who will see it."><button class="button button-bad" type="button">"Confirm"</button></ConfirmAction>
        </section>
        <section class="card"><h2>"Form"</h2><TextField form=empty_form.clone() field="name" label="Name" help="Help"/><SelectField form=empty_form.clone() field="choice" label="Choice" choices/><CheckField form=empty_form.clone() field="check" label="Check" help="Help"/><PhotoField form=empty_form field="photo" label="Photo"/></section>
        <section class="card"><h2>"Form with errors"</h2><ErrorSummary form=form.clone()/><TextField form=form.clone() field="name" label="Name"/><TextArea form field="text" label="Text"/></section>
        <section class="card"><h2>"Boxes"</h2><InternalBox locale><p>"Internal"</p></InternalBox><CustomerVisibleBox locale><p>"Visible to customer"</p></CustomerVisibleBox><SuccessNotice text="Done"/><p class="notice notice-warn">"Warning"</p><p class="notice notice-bad">"Bad"</p></section>
        <section class="card"><h2>"Lists"</h2><EmptyState title="No entries" text="What will appear, and what to do."/><dl class="facts"><Fact name="Name">"Value"</Fact><Fact name="ID"><Identifier text="tgt_01k" locale/></Fact></dl><Pager locale next=Some("#".to_owned()) first=Some("#".to_owned())/></section>
    }
}
