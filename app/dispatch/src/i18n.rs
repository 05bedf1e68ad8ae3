//! The texts of the staff app.

use domain::locale::Locale;

ui::app_texts!("dispatch", "../../target/i18n/dispatch");

/// Returns a text of this crate.
#[macro_export]
macro_rules! t {
    ($locale:expr, $id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        i18n_embed_fl::fl!($crate::i18n::loader($locale), $id $(, $name = $value)*)
    };
}

/// Returns the title of the technician's day page.
pub fn my_day(locale: Locale) -> String {
    t!(locale, "day-title")
}
