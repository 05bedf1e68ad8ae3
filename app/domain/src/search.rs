//! Search: how text is folded, so that a word is found however it is spelled, and what a query looks for.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Words of a query beyond this number are not looked up in the index; the hits are checked for them.
pub const MAX_INDEXED_WORDS: usize = 4;
/// The shortest word that the index can look up: it consists of groups of three characters.
pub const MIN_INDEXED_CHARS: usize = 3;
/// The maximum length of a query in characters.
pub const MAX_QUERY_CHARS: usize = 200;
/// The maximum length of a folded text in characters.
pub const MAX_TEXT_CHARS: usize = 4000;
/// From this number of digits, a query of digits and separators is one number, such as a phone number.
const MIN_NUMBER_DIGITS: usize = 6;

/// What can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A customer by name, number or external ID.
    Customer,
    /// A location by name, address or external ID.
    Location,
    /// A contact by name, email address, phone number or external ID.
    Contact,
    /// A job by number, external ID, notes, customer or place.
    Job,
    /// A request by number, description, requester, customer or place.
    Request,
    /// A visit report by its summary, job, customer or place.
    Report,
}

impl Kind {
    /// Every kind, in the order of the results.
    pub const ALL: [Self; 6] = [
        Self::Customer,
        Self::Job,
        Self::Request,
        Self::Location,
        Self::Contact,
        Self::Report,
    ];

    /// Returns the name in URLs and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Location => "location",
            Self::Contact => "contact",
            Self::Job => "job",
            Self::Request => "request",
            Self::Report => "report",
        }
    }

    /// Returns the kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns a number that never changes, by which the index is sorted.
    pub const fn number(self) -> i64 {
        match self {
            Self::Customer => 1,
            Self::Location => 2,
            Self::Contact => 3,
            Self::Job => 4,
            Self::Request => 5,
            Self::Report => 6,
        }
    }
}

/// Appends a character without its case, accents and variants.
fn push_folded(folded: &mut String, character: char) {
    match character {
        'ß' | 'ẞ' => folded.push_str("ss"),
        'æ' | 'Æ' | 'œ' | 'Œ' => folded.push(if matches!(character, 'æ' | 'Æ') { 'a' } else { 'o' }),
        'ø' | 'Ø' => folded.push('o'),
        'ł' | 'Ł' => folded.push('l'),
        'đ' | 'Đ' | 'ð' | 'Ð' => folded.push('d'),
        'þ' | 'Þ' => folded.push_str("th"),
        'ı' => folded.push('i'),
        // Alef with hamza, madda or wasla; teh marbuta; alef maksura; waw and yeh with hamza.
        '\u{622}' | '\u{623}' | '\u{625}' | '\u{671}' => folded.push('\u{627}'),
        '\u{629}' => folded.push('\u{647}'),
        '\u{649}' | '\u{626}' | '\u{6cc}' => folded.push('\u{64a}'),
        '\u{624}' => folded.push('\u{648}'),
        '\u{6a9}' => folded.push('\u{643}'),
        // Tatweel only stretches a word.
        '\u{640}' => {}
        '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => {
            let digit = u32::from(character) & 0xf;
            folded.extend(char::from_digit(digit, 10));
        }
        _ if character.is_alphanumeric() => folded.extend(character.to_lowercase()),
        _ => folded.push(' '),
    }
}

/// Folds a text: lowercase, without accents, "ä", "ae" and "a" alike (also "ö" and "ü"), "ß" as "ss", Arabic letters without
/// hamza and vowel signs, any digits as 0 to 9, and single spaces instead of anything else.
pub fn fold(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    // Hamza and madda are combining marks when decomposed, so Arabic letters are folded before.
    let composed = text.nfkc().filter(|character| !is_hidden(*character));
    for character in composed {
        let mut letter = String::new();
        push_folded(&mut letter, character);
        // Without its accent, a letter such as "ǣ" is one that is folded itself.
        for base in letter.nfkd().filter(|character| !is_combining_mark(*character)) {
            push_folded(&mut plain, base);
        }
    }
    let mut folded = String::with_capacity(plain.len());
    for word in plain.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        for character in word.chars() {
            if character != 'e' || !folded.ends_with(['a', 'o', 'u']) {
                folded.push(character);
            }
        }
    }
    folded
}

fn is_hidden(character: char) -> bool {
    is_combining_mark(character) && !('\u{300}'..='\u{36f}').contains(&character)
        || crate::text::is_hidden_character(character) && !character.is_whitespace()
}

/// Collects the folded text of a record for the index.
#[derive(Debug, Clone, Default)]
pub struct IndexText {
    text: String,
}

impl IndexText {
    /// Adds free text, such as a name.
    pub fn add(&mut self, text: &str) {
        self.push(&fold(text));
    }

    /// Adds an identifier or a phone number, which is also found without its separators.
    pub fn add_number(&mut self, number: &str) {
        let folded = fold(number);
        let compacted = folded.replace(' ', "");
        self.push(&folded);
        if compacted != folded {
            self.push(&compacted);
        }
    }

    fn push(&mut self, folded: &str) {
        if !folded.is_empty() {
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            self.text.push_str(folded);
        }
    }

    /// Returns the text, cut to [`MAX_TEXT_CHARS`].
    pub fn finish(self) -> String {
        self.text.chars().take(MAX_TEXT_CHARS).collect()
    }
}

/// A number of a job or a request, such as `J-12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// `None` if the query has no prefix.
    pub kind: Option<Kind>,
    /// The number itself.
    pub value: i64,
}

/// What a query looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The folded words; all of them have to be in a text.
    words: Vec<String>,
    /// The number of a job or request, if the query is one.
    pub number: Option<Number>,
}

impl Query {
    /// Reads a query; `None` if it contains no letter or digit.
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.trim().chars().take(MAX_QUERY_CHARS).collect();
        let folded = fold(&text);
        if folded.is_empty() {
            return None;
        }
        let digits: String = folded.chars().filter(char::is_ascii_digit).collect();
        let is_number = folded
            .chars()
            .all(|character| character == ' ' || character.is_ascii_digit());
        let words = if is_number && digits.len() >= MIN_NUMBER_DIGITS {
            // National and international forms of a phone number differ in their beginning only.
            vec![digits.trim_start_matches('0').to_owned()]
        } else {
            folded.split(' ').map(str::to_owned).collect()
        };
        Some(Self {
            words,
            number: number(&folded),
        })
    }

    /// Returns the words that the index looks up, the longest first, because they are in the fewest texts.
    pub fn indexed_words(&self) -> Vec<&str> {
        let mut words: Vec<&str> = self
            .words
            .iter()
            .map(String::as_str)
            .filter(|word| word.chars().count() >= MIN_INDEXED_CHARS)
            .collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        words.truncate(MAX_INDEXED_WORDS);
        words
    }

    /// Returns the whole query, folded.
    pub fn text(&self) -> String {
        self.words.join(" ")
    }

    /// Returns whether all words are in a folded text.
    pub fn matches(&self, folded: &str) -> bool {
        self.words.iter().all(|word| folded.contains(word.as_str()))
    }

    /// Returns how well the query fits a title; lower is better.
    pub fn distance(&self, title: &str) -> u8 {
        let (title, text) = (fold(title), self.text());
        if title == text {
            0
        } else if title.starts_with(&text) {
            1
        } else if self.words.iter().all(|word| is_word_start(&title, word)) {
            2
        } else if self.matches(&title) {
            3
        } else {
            4
        }
    }

    /// Returns the parts of a shown text, each with whether it is one of the words.
    pub fn highlight(&self, shown: &str) -> Vec<(String, bool)> {
        let mut parts: Vec<(String, bool)> = Vec::new();
        for (part, is_word) in split_words(shown) {
            let folded = fold(part);
            let hit = self.words.iter().filter(|_| is_word).find_map(|word| {
                let start = folded.starts_with(word.as_str()).then(|| prefix_length(part, word))?;
                (start > 0).then_some(start)
            });
            match hit {
                Some(length) => {
                    parts.push((part[..length].to_owned(), true));
                    if length < part.len() {
                        parts.push((part[length..].to_owned(), false));
                    }
                }
                None => match parts.last_mut() {
                    Some((last, false)) => last.push_str(part),
                    _ => parts.push((part.to_owned(), false)),
                },
            }
        }
        parts
    }
}

fn is_word_start(title: &str, word: &str) -> bool {
    title.starts_with(word) || title.contains(&format!(" {word}"))
}

/// Returns how many bytes of a word have the given folded text.
fn prefix_length(word: &str, folded: &str) -> usize {
    word.char_indices()
        .map(|(at, character)| at + character.len_utf8())
        .find(|end| fold(&word[..*end]).len() >= folded.len())
        .unwrap_or(0)
}

/// Splits a text into words and what is between them, each with whether it is a word.
fn split_words(text: &str) -> Vec<(&str, bool)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_word = first.is_alphanumeric();
        let end = rest
            .find(|character: char| (character.is_alphanumeric() || is_combining_mark(character)) != is_word)
            .unwrap_or(rest.len());
        let end = if end == 0 { first.len_utf8() } else { end };
        parts.push((&rest[..end], is_word));
        rest = &rest[end..];
    }
    parts
}

/// Reads `J-12`, `TGT-12`, `REQ-12`, `12`.
fn number(folded: &str) -> Option<Number> {
    let (prefix, digits) = folded.split_at(folded.find(|character: char| character.is_ascii_digit())?);
    let kind = match prefix.trim() {
        "" => None,
        "j" | "tgt" => Some(Kind::Job),
        "req" => Some(Kind::Request),
        _ => return None,
    };
    let value = digits.parse().ok()?;
    Some(Number { kind, value })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fold_spellings_of_a_word_are_equal() {
        for spellings in [
            &["Müller", "muller", "MUELLER", "mu\u{308}ller"][..],
            &["Straße", "strasse", "STRASSE"],
            &["Łódź", "lodz"],
            &["Çelik", "celik", "CELİK"],
            &["Café", "cafe", "cafe\u{301}"],
            &["Ǣther", "æther", "aether", "ather"],
            &["Ǿre", "øre", "ore"],
            &["مدرسة", "مدرسه", "مَدْرَسَة", "مـدرسة"],
            &["أحمد", "احمد", "إحمد"],
            &["فى", "في"],
            &["٤٥١٢٧", "45127", "４５１２７"],
            &["Rhein-Ruhr", "rhein ruhr", "  Rhein\u{a0}Ruhr "],
        ] {
            for spelling in spellings {
                assert_eq!(fold(spelling), fold(spellings[0]), "{spelling}");
            }
        }
    }

    #[test]
    fn phone_number_is_found_in_any_grouping() {
        let mut text = IndexText::default();
        text.add_number("+49 201 5550-118");
        let text = text.finish();
        for query in [
            "+49 201 5550 118",
            "0201 5550118",
            "0201/5550-118",
            "5550118",
            "2015550",
            "0049 201 5550118",
        ] {
            let query = Query::parse(query).expect("query is not empty");
            assert!(query.matches(&text), "{query:?} in {text}");
        }
        assert!(!Query::parse("5550119").expect("query is not empty").matches(&text));
    }

    #[test]
    fn identifier_is_found_whole_and_in_part() {
        let mut text = IndexText::default();
        text.add_number("JOB-2026-000145");
        let text = text.finish();
        for query in ["JOB-2026-000145", "job 2026 000145", "2026-000145", "000145", "job2026"] {
            assert!(
                Query::parse(query).expect("query is not empty").matches(&text),
                "{query}"
            );
        }
    }

    #[test]
    fn query_number_and_prefix() {
        for (text, expected) in [
            ("J-12", Some((Some(Kind::Job), 12))),
            ("tgt12", Some((Some(Kind::Job), 12))),
            ("REQ 7", Some((Some(Kind::Request), 7))),
            ("12", Some((None, 12))),
            ("LIST-7", None),
            ("JOB-2026-1", None),
            ("12 a", None),
            ("99999999999999999999", None),
        ] {
            let number = Query::parse(text).expect("query is not empty").number;
            assert_eq!(number.map(|number| (number.kind, number.value)), expected, "{text}");
        }
        assert_eq!(Query::parse(" -- "), None);
    }

    #[test]
    fn indexed_words_are_the_longest() {
        let query = Query::parse("ab Kettwiger Str 45127 Essen Germany").expect("query is not empty");
        assert_eq!(query.indexed_words(), ["kettwiger", "germany", "45127", "essen"]);
    }

    #[test]
    fn distance_prefers_the_beginning() {
        let query = Query::parse("rhein").expect("query is not empty");
        let distances: Vec<u8> = ["Rhein", "Rheinaue", "Logistik Rheinbogen", "Niederrhein", "Essen"]
            .into_iter()
            .map(|title| query.distance(title))
            .collect();
        assert_eq!(distances, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn highlight_marks_the_typed_part() {
        let query = Query::parse("mueller str").expect("query is not empty");
        assert_eq!(
            query.highlight("Müllers Straße 7"),
            [
                ("Müller".to_owned(), true),
                ("s ".to_owned(), false),
                ("Str".to_owned(), true),
                ("aße 7".to_owned(), false)
            ]
        );
    }

    #[test]
    fn kind_names_and_numbers_are_unique() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
            assert_eq!(
                Kind::ALL.iter().filter(|other| other.number() == kind.number()).count(),
                1
            );
            assert!((1..8).contains(&kind.number()));
        }
    }

    proptest! {
        #[test]
        fn fold_is_stable(text in "\\PC{0,40}") {
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded.clone());
            prop_assert_eq!(fold(&text.to_uppercase()).is_empty(), folded.is_empty());
        }

        #[test]
        fn highlight_loses_nothing(text in "\\PC{0,40}", query in "\\PC{1,12}") {
            if let Some(query) = Query::parse(&query) {
                let joined: String = query.highlight(&text).into_iter().map(|(part, _)| part).collect();
                prop_assert_eq!(joined, text);
            }
        }

        #[test]
        fn text_is_found_by_itself(text in "[a-zA-ZäöüßÄÖÜéÇ0-9 .-]{1,40}") {
            if let Some(query) = Query::parse(&text) {
                let mut index = IndexText::default();
                index.add_number(&text);
                prop_assert!(query.matches(&index.finish()));
            }
        }
    }
}
