//! The texts of the customer portal.

ui::app_texts!("portal", "../../target/i18n/portal");

/// Returns a text of this crate.
#[macro_export]
macro_rules! t {
    ($locale:expr, $id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        i18n_embed_fl::fl!($crate::i18n::loader($locale), $id $(, $name = $value)*)
    };
}
