//! The texts of pages without an account.

ui::app_texts!("public", "../../target/i18n/public");

/// Returns a text of this crate.
#[macro_export]
macro_rules! t {
    ($locale:expr, $id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        i18n_embed_fl::fl!($crate::i18n::loader($locale), $id $(, $name = $value)*)
    };
}
