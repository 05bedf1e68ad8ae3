//! The part of an app's module `i18n` that is the same in every app.

/// Embeds the joined texts of an app and defines `loader` and `by_key` for them, with the test that compares the three
/// languages. The folder is the one that `i18n_build.rs` writes for the crate.
///
/// The app itself defines its macro `t!`: `i18n_embed_fl::fl!` checks keys against the `i18n.toml` of the crate that
/// contains the call.
#[macro_export]
macro_rules! app_texts {
    ($domain:literal, $folder:tt) => {
        #[derive(rust_embed::RustEmbed)]
        #[folder = $folder]
        struct Files;

        static LOADERS: std::sync::LazyLock<[i18n_embed::fluent::FluentLanguageLoader; 3]> =
            std::sync::LazyLock::new(|| $crate::i18n::loaders($domain, &Files));

        /// Returns the loader of a language for the texts of this crate.
        pub fn loader(locale: domain::locale::Locale) -> &'static i18n_embed::fluent::FluentLanguageLoader {
            &LOADERS[locale as usize]
        }

        /// Returns a text whose key is built from a stored name; the key itself if there is none.
        pub fn by_key(locale: domain::locale::Locale, key: &str) -> String {
            if loader(locale).has(key) {
                loader(locale).get(key)
            } else {
                $crate::i18n::by_key(locale, key)
            }
        }

        #[cfg(test)]
        mod tests {
            #[test]
            fn texts_are_complete_in_every_language() {
                $crate::i18n::assert_complete(env!("CARGO_MANIFEST_DIR"));
            }
        }
    };
}
