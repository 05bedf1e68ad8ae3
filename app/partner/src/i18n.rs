//! The texts of the partner console.

ui::app_texts!("partner", "../../target/i18n/partner");

/// Returns a text of this crate.
#[macro_export]
macro_rules! t {
    ($locale:expr, $id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        i18n_embed_fl::fl!($crate::i18n::loader($locale), $id $(, $name = $value)*)
    };
}
