//! Which of two equal local times is meant, on the day on which the clocks go back.

use domain::locale::Locale;
use leptos::prelude::*;
use ui::forms::{FormState, SelectField};

use crate::t;

/// The question which of two times is meant. It appears where the time of the field `asked` occurs twice, and stays while the
/// form is corrected.
#[component]
pub(crate) fn Occurrence(
    form: FormState,
    asked: &'static str,
    field: &'static str,
    locale: Locale,
    /// What the stored time is, for a form that shows one.
    #[prop(optional)]
    stored: &'static str,
) -> impl IntoView {
    let occurs_twice = form.has_error(asked, "time_occurs_twice");
    let is_shown = occurs_twice || !form.value(field, stored).is_empty();
    let choices = vec![
        ("first".to_owned(), t!(locale, "time-first-occurrence")),
        ("second".to_owned(), t!(locale, "time-second-occurrence")),
    ];
    is_shown.then(
        || view! { <SelectField form field label=t!(locale, "time-occurrence") choices value=stored optional=true/> },
    )
}
