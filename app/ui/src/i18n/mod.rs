//! Texts in three languages. Keys are checked at compile time against the English file; a test compares the other
//! languages.

use std::sync::LazyLock;

use domain::locale::Locale;
use i18n_embed::LanguageLoader as _;
use i18n_embed::fluent::FluentLanguageLoader;
use rust_embed::RustEmbed;

pub mod errors;

#[derive(RustEmbed)]
#[folder = "../../target/i18n/ui"]
struct Files;

static LOADERS: LazyLock<[FluentLanguageLoader; 3]> = LazyLock::new(|| loaders("ui", &Files));

/// Returns the loader of a language for the texts of this crate.
pub fn loader(locale: Locale) -> &'static FluentLanguageLoader {
    &LOADERS[locale as usize]
}

/// Creates one loader for each language from a crate's own files.
///
/// # Panics
/// On first use if a file is missing or not valid.
pub fn loaders<F: i18n_embed::I18nAssets>(domain: &str, files: &F) -> [FluentLanguageLoader; 3] {
    Locale::ALL.map(|locale| {
        let language = |tag: &str| {
            tag.parse::<unic_langid::LanguageIdentifier>()
                .expect("language tag is valid")
        };
        let loader = FluentLanguageLoader::new(domain, language("en"));
        loader
            .load_languages(files, &[language(locale.tag()), language("en")])
            .expect("text files of the language are valid");
        // Isolation marks are needed in mixed-direction text; elsewhere they end up in copied text.
        loader.set_use_isolating(locale == Locale::Ar);
        loader
    })
}

/// Returns a text of this crate.
#[macro_export]
macro_rules! word {
    ($locale:expr, $id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        i18n_embed_fl::fl!($crate::i18n::loader($locale), $id $(, $name = $value)*)
    };
}

/// Shared texts that the apps use directly; their keys are checked at compile time here.
pub mod shared {
    use domain::locale::Locale;

    macro_rules! shared {
        ($($(#[$doc:meta])* $name:ident = $id:literal;)*) => { $($(#[$doc])* pub fn $name(locale: Locale) -> String { word!(locale, $id) })* };
    }
    shared! {
        email = "email";
        forgot_password = "forgot-password";
        security = "security-title";
        security_intro = "security-intro";
        password = "password";
        sign_in = "sign-in";
        sign_out = "sign-out";
        language = "language";
        skip_to_content = "skip-to-content";
        request_id = "request-id";
        back = "back";
        form_not_readable = "form-not-readable";
    }
}

/// Returns a text whose key is built from a stored name, such as `target-open`; the key itself if there is none.
pub fn by_key(locale: Locale, key: &str) -> String {
    if loader(locale).has(key) {
        loader(locale).get(key)
    } else {
        key.to_owned()
    }
}

/// Returns the label of a field in the error summary.
pub fn field(locale: Locale, pointer: &str) -> Option<String> {
    let key = format!("field-{pointer}");
    loader(locale).has(&key).then(|| loader(locale).get(&key))
}

/// Compares the texts of a crate in the three languages; for tests.
///
/// # Panics
/// If a language lacks a file or key, has an extra one, or uses other arguments than English.
pub fn assert_complete(package: &str) {
    let english = texts(package, "en");
    assert!(!english.is_empty());
    for locale in ["de", "ar"] {
        assert_eq!(english, texts(package, locale), "{package}: {locale}");
    }
}

/// Returns the file, key and sorted arguments of every text of a language.
fn texts(package: &str, locale: &str) -> std::collections::BTreeSet<(String, String, Vec<String>)> {
    let folder = std::fs::read_dir(format!("{package}/i18n/{locale}")).expect("text folder exists");
    let mut texts = std::collections::BTreeSet::new();
    for file in folder.map(|entry| entry.expect("folder entry is readable").path()) {
        let name = file
            .file_name()
            .expect("file has a name")
            .to_string_lossy()
            .into_owned();
        let content = std::fs::read_to_string(&file).expect("text file is UTF-8");
        let starts_message = |line: &&str| !line.starts_with([' ', '#', '}', '*', '[']) && line.contains(" =");
        let mut lines = content.lines().peekable();
        while let Some(line) = lines.next() {
            if !starts_message(&line) {
                continue;
            }
            let key = line.split(" =").next().unwrap_or_default().to_owned();
            let mut text = line.to_owned();
            while let Some(continuation) = lines.next_if(|line| !starts_message(line)) {
                text.push_str(continuation);
            }
            let mut arguments: Vec<String> = text
                .split("{ $")
                .skip(1)
                .map(|part| {
                    part.chars()
                        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                        .collect()
                })
                .collect();
            arguments.sort();
            arguments.dedup();
            texts.insert((name.clone(), key, arguments));
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_complete_in_every_language() {
        assert_complete(env!("CARGO_MANIFEST_DIR"));
    }

    #[test]
    fn arabic_has_all_six_plural_forms() {
        let texts: Vec<_> = [0, 1, 2, 3, 11, 100]
            .map(|count| word!(Locale::Ar, "errors-title", count = count))
            .to_vec();
        for (index, text) in texts.iter().enumerate() {
            assert!(!texts[..index].contains(text), "{text}");
        }
    }
}
