//! Words in three languages. Keys are checked at compile time against the English file; a test holds the others equal.

use std::sync::LazyLock;

use domain::locale::Locale;
use i18n_embed::LanguageLoader as _;
use i18n_embed::fluent::FluentLanguageLoader;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../target/i18n/ui"]
struct Files;

static LOADERS: LazyLock<[FluentLanguageLoader; 3]> = LazyLock::new(|| loaders("ui", &Files));

/// The loader of a language for the words of this crate.
pub fn loader(locale: Locale) -> &'static FluentLanguageLoader {
    &LOADERS[locale as usize]
}

/// One loader for each language from a crate's own files.
///
/// # Panics
/// At the first use if a file is missing or not valid, which the tests of each crate notice.
pub fn loaders<F: i18n_embed::I18nAssets>(domain: &str, files: &F) -> [FluentLanguageLoader; 3] {
    Locale::ALL.map(|locale| {
        let language = |tag: &str| tag.parse::<unic_langid::LanguageIdentifier>().expect("a language tag");
        let loader = FluentLanguageLoader::new(domain, language("en"));
        loader
            .load_languages(files, &[language(locale.tag()), language("en")])
            .expect("the words of a language");
        // Isolation marks help where directions mix; elsewhere they only disturb those who copy.
        loader.set_use_isolating(locale == Locale::Ar);
        loader
    })
}

/// A text of this crate.
#[macro_export]
macro_rules! word {
    ($locale:expr, $id:literal $(, $name:ident = $value:expr)* $(,)?) => {
        i18n_embed_fl::fl!($crate::words::loader($locale), $id $(, $name = $value)*)
    };
}

/// The shared words that apps use themselves; in here their keys are checked at compile time.
pub mod shared {
    use domain::locale::Locale;

    macro_rules! shared {
        ($($(#[$doc:meta])* $name:ident = $id:literal;)*) => { $($(#[$doc])* pub fn $name(locale: Locale) -> String { word!(locale, $id) })* };
    }
    shared! {
        email = "email";
        password = "password";
        sign_in = "sign-in";
        sign_out = "sign-out";
        language = "language";
        skip_to_content = "skip-to-content";
        request_id = "request-id";
        back = "back";
    }
}

/// A text whose key is put together from a stored name, such as `target-open`; the key itself if there is none.
pub fn by_key(locale: Locale, key: &str) -> String {
    if loader(locale).has(key) {
        loader(locale).get(key)
    } else {
        key.to_owned()
    }
}

/// The sentence for an error code, with its detail where the sentence has a place for it.
pub fn error(locale: Locale, code: &str, detail: &str) -> String {
    let key = format!("error-{code}");
    let key = if loader(locale).has(&key) {
        key
    } else {
        "error-other".to_owned()
    };
    // Details are English; the number in one is the same in every language.
    let number: String = detail
        .chars()
        .skip_while(|letter| !letter.is_ascii_digit())
        .take_while(|letter| letter.is_ascii_digit() || *letter == ',')
        .collect();
    let arguments = [("detail", detail), ("number", number.trim_end_matches(','))];
    loader(locale).get_args(&key, std::collections::HashMap::from(arguments))
}

/// A mistake as a list of mistakes has it: with the name of its field, where that is known.
pub fn mistake(locale: Locale, pointer: &str, code: &str, detail: &str) -> String {
    let field = field(locale, pointer).map(|field| format!("{field}: "));
    format!("{}{}", field.unwrap_or_default(), error(locale, code, detail))
}

/// What a field is called in the list of mistakes, where many fields could have the same mistake.
pub fn field(locale: Locale, pointer: &str) -> Option<String> {
    let key = format!("field-{pointer}");
    loader(locale).has(&key).then(|| loader(locale).get(&key))
}

/// Compares the texts of a crate in the three languages; for tests.
///
/// # Panics
/// A language lacks a file or key, has one too many, or uses other arguments than English.
pub fn assert_complete(package: &str) {
    let english = texts(package, "en");
    assert!(!english.is_empty());
    for locale in ["de", "ar"] {
        assert_eq!(english, texts(package, locale), "{package}: {locale}");
    }
}

/// File, key and sorted arguments of every text of a language.
fn texts(package: &str, locale: &str) -> std::collections::BTreeSet<(String, String, Vec<String>)> {
    let folder = std::fs::read_dir(format!("{package}/i18n/{locale}")).expect("a folder of texts");
    let mut texts = std::collections::BTreeSet::new();
    for file in folder.map(|entry| entry.expect("a file of texts").path()) {
        let name = file.file_name().expect("has a name").to_string_lossy().into_owned();
        let content = std::fs::read_to_string(&file).expect("UTF-8");
        let starts_a_text = |line: &&str| !line.starts_with([' ', '#', '}', '*', '[']) && line.contains(" =");
        let mut lines = content.lines().peekable();
        while let Some(line) = lines.next() {
            if !starts_a_text(&line) {
                continue;
            }
            let key = line.split(" =").next().unwrap_or_default().to_owned();
            let mut text = line.to_owned();
            while let Some(more) = lines.next_if(|line| !starts_a_text(line)) {
                text.push_str(more);
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
    fn every_language_has_every_word() {
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

    #[test]
    fn unknown_errors_still_say_something() {
        assert_eq!(error(Locale::En, "never_heard_of", "The sentence."), "The sentence.");
        assert_eq!(error(Locale::De, "required", ""), "Hier fehlt eine Angabe.");
    }
}
