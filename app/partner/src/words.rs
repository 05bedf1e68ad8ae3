//! The words of the partner console.

use std::sync::LazyLock;

use domain::locale::Locale;
use i18n_embed::fluent::FluentLanguageLoader;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../target/i18n/partner"]
struct Files;

static LOADERS: LazyLock<[FluentLanguageLoader; 3]> = LazyLock::new(|| ui::words::loaders("partner", &Files));

/// The loader of a language for the words of this crate.
pub fn loader(locale: Locale) -> &'static FluentLanguageLoader {
    &LOADERS[locale as usize]
}

/// A text of this crate.
#[macro_export]
macro_rules! t {
    ($locale:expr, $id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        i18n_embed_fl::fl!($crate::words::loader($locale), $id $(, $name = $value)*)
    };
}

/// A text whose key is put together from a stored name; the key itself if there is none.
pub fn by_key(locale: Locale, key: &str) -> String {
    if loader(locale).has(key) {
        loader(locale).get(key)
    } else {
        ui::words::by_key(locale, key)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_language_has_every_word() {
        ui::words::assert_complete(env!("CARGO_MANIFEST_DIR"));
    }
}
