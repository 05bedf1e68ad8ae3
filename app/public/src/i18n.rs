//! The texts of pages without an account.

use std::sync::LazyLock;

use domain::locale::Locale;
use i18n_embed::fluent::FluentLanguageLoader;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../target/i18n/public"]
struct Files;

static LOADERS: LazyLock<[FluentLanguageLoader; 3]> = LazyLock::new(|| ui::i18n::loaders("public", &Files));

/// Returns the loader of a language for the texts of this crate.
pub fn loader(locale: Locale) -> &'static FluentLanguageLoader {
    &LOADERS[locale as usize]
}

/// Returns a text of this crate.
#[macro_export]
macro_rules! t {
    ($locale:expr, $id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        i18n_embed_fl::fl!($crate::i18n::loader($locale), $id $(, $name = $value)*)
    };
}

/// Returns a text whose key is built from a stored name; the key itself if there is none.
pub fn by_key(locale: Locale, key: &str) -> String {
    if loader(locale).has(key) {
        loader(locale).get(key)
    } else {
        ui::i18n::by_key(locale, key)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn texts_are_complete_in_every_language() {
        ui::i18n::assert_complete(env!("CARGO_MANIFEST_DIR"));
    }
}
