//! Reads the texts of constants from the crate's source: string literals, `concat!`, and macros that expand to them. The
//! constants are private to the stores, so a test cannot name them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::db::Engine;
use crate::db::dialect::{for_postgres, for_sqlite};

/// A text in the source.
pub(super) struct SourceText {
    /// Relative to `src`.
    pub file: String,
    /// The name of the constant; `inline` for a text in a function.
    pub name: String,
    pub text: String,
    /// The engine of the text, if it is one of an `EngineSql`.
    pub engine: Option<Engine>,
    /// Whether the text is written for its engine instead of being translated.
    pub is_own: bool,
}

/// A token of the language, with brackets as trees.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Text(String),
    Word(String),
    Mark(char),
    Group(char, Vec<Token>),
}

/// A rule of a macro: its pattern and its expansion.
type Rule = (Vec<Token>, Vec<Token>);

#[derive(Default)]
struct Definitions {
    macros: HashMap<String, Vec<Rule>>,
    constants: HashMap<String, Vec<Token>>,
}

/// Returns the texts of all constants and functions, without those of tests.
pub(super) fn read_sources() -> Vec<SourceText> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    list_files(&root, &mut paths);
    let files: Vec<(String, Vec<Token>)> = paths
        .iter()
        .map(|path| {
            let source = std::fs::read_to_string(path).expect("source file is readable");
            let characters: Vec<char> = source.chars().collect();
            let file = path
                .strip_prefix(&root)
                .expect("file is below src")
                .display()
                .to_string();
            (
                file,
                Lexer {
                    characters: &characters,
                    position: 0,
                }
                .tokens(),
            )
        })
        .collect();
    let mut everywhere = Definitions::default();
    for (_, tokens) in &files {
        everywhere.define(tokens);
    }
    let mut texts = Vec::new();
    for (file, tokens) in &files {
        let mut here = Definitions::default();
        here.define(tokens);
        here.define_expansions(tokens, &everywhere);
        Reader {
            file,
            here: &here,
            everywhere: &everywhere,
            texts: &mut texts,
        }
        .walk(tokens);
    }
    texts
}

fn list_files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("source directory exists") {
        let path = entry.expect("directory entry is readable").path();
        if path.is_dir() {
            if !path.ends_with("conformance") {
                list_files(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

struct Lexer<'a> {
    characters: &'a [char],
    position: usize,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> char {
        self.characters.get(self.position + ahead).copied().unwrap_or('\0')
    }

    /// Reads tokens up to the end of the file or a closing bracket.
    fn tokens(&mut self) -> Vec<Token> {
        let mut tokens = Vec::new();
        while self.position < self.characters.len() {
            match self.peek(0) {
                ' ' | '\n' | '\t' | '\r' => self.position += 1,
                '/' if self.peek(1) == '/' => {
                    while !matches!(self.peek(0), '\n' | '\0') {
                        self.position += 1;
                    }
                }
                open @ ('(' | '[' | '{') => {
                    self.position += 1;
                    tokens.push(Token::Group(open, self.tokens()));
                }
                ')' | ']' | '}' => {
                    self.position += 1;
                    break;
                }
                '"' => tokens.push(Token::Text(self.string())),
                'r' | 'b' if self.raw_string_hashes().is_some() => tokens.push(Token::Text(self.raw_string())),
                'b' if self.peek(1) == '"' => {
                    self.position += 1;
                    tokens.push(Token::Text(self.string()));
                }
                '\'' => self.skip_character_or_lifetime(),
                first if first.is_alphanumeric() || first == '_' => {
                    let start = self.position;
                    while self.peek(0).is_alphanumeric() || self.peek(0) == '_' {
                        self.position += 1;
                    }
                    tokens.push(Token::Word(self.characters[start..self.position].iter().collect()));
                }
                mark => {
                    self.position += 1;
                    tokens.push(Token::Mark(mark));
                }
            }
        }
        tokens
    }

    fn skip_character_or_lifetime(&mut self) {
        if self.peek(1) == '\\' {
            self.position += 3;
            while self.peek(0) != '\'' {
                self.position += 1;
            }
            self.position += 1;
        } else if self.peek(2) == '\'' {
            self.position += 3;
        } else {
            self.position += 1;
        }
    }

    fn string(&mut self) -> String {
        let mut text = String::new();
        self.position += 1;
        loop {
            let character = self.peek(0);
            self.position += 1;
            match character {
                '"' | '\0' => return text,
                '\\' => {
                    let escaped = self.peek(0);
                    self.position += 1;
                    match escaped {
                        '\n' => {
                            while self.peek(0).is_whitespace() {
                                self.position += 1;
                            }
                        }
                        'n' => text.push('\n'),
                        other => text.push(other),
                    }
                }
                other => text.push(other),
            }
        }
    }

    /// Returns the length of the prefix and the number of hashes if a raw string starts here.
    fn raw_string_hashes(&self) -> Option<(usize, usize)> {
        let prefix = if self.peek(0) == 'b' { 2 } else { 1 };
        if self.peek(prefix - 1) != 'r' {
            return None;
        }
        let mut hashes = 0;
        while self.peek(prefix + hashes) == '#' {
            hashes += 1;
        }
        (self.peek(prefix + hashes) == '"').then_some((prefix, hashes))
    }

    fn raw_string(&mut self) -> String {
        let (prefix, hashes) = self.raw_string_hashes().expect("a raw string starts here");
        self.position += prefix + hashes + 1;
        let start = self.position;
        while !(self.peek(0) == '"' && (1..=hashes).all(|hash| self.peek(hash) == '#')) {
            self.position += 1;
        }
        let text = self.characters[start..self.position].iter().collect();
        self.position += hashes + 1;
        text
    }
}

/// Splits at the commas of this level.
fn arguments(tokens: &[Token]) -> Vec<&[Token]> {
    tokens
        .split(|token| *token == Token::Mark(','))
        .filter(|argument| !argument.is_empty())
        .collect()
}

/// Matches the arguments of a macro call and returns what its variables stand for. Repetitions never match.
fn match_pattern<'t>(mut pattern: &[Token], mut input: &'t [Token]) -> Option<HashMap<String, &'t [Token]>> {
    let mut variables = HashMap::new();
    loop {
        match (pattern, input) {
            ([], []) => return Some(variables),
            // A comma after the last argument.
            ([], [Token::Mark(',')]) => return Some(variables),
            (
                [
                    Token::Mark('$'),
                    Token::Word(name),
                    Token::Mark(':'),
                    Token::Word(kind),
                    rest @ ..,
                ],
                [_, ..],
            ) => {
                let length = if matches!(kind.as_str(), "expr" | "ty") {
                    input
                        .iter()
                        .position(|token| *token == Token::Mark(','))
                        .unwrap_or(input.len())
                } else {
                    1
                };
                variables.insert(name.clone(), &input[..length]);
                (pattern, input) = (rest, &input[length..]);
            }
            ([expected, pattern_rest @ ..], [found, input_rest @ ..]) if expected == found => {
                (pattern, input) = (pattern_rest, input_rest);
            }
            _ => return None,
        }
    }
}

fn substitute(tokens: &[Token], variables: &HashMap<String, &[Token]>) -> Vec<Token> {
    let mut result = Vec::new();
    let mut rest = tokens;
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (Token::Mark('$'), [Token::Word(name), after @ ..]) if variables.contains_key(name) => {
                result.extend_from_slice(variables[name]);
                rest = after;
            }
            (Token::Group(open, inner), _) => result.push(Token::Group(*open, substitute(inner, variables))),
            _ => result.push(first.clone()),
        }
    }
    result
}

impl Definitions {
    /// Adds the constants that macros define.
    fn define_expansions(&mut self, tokens: &[Token], everywhere: &Self) {
        for (index, token) in tokens.iter().enumerate() {
            if let (Token::Word(name), [Token::Mark('!'), Token::Group(_, input), ..]) = (token, &tokens[index + 1..])
                && let Some(expansion) = expand(&[self, everywhere], name, input)
            {
                self.define(&expansion);
            }
        }
    }

    fn define(&mut self, tokens: &[Token]) {
        let mut rest = tokens;
        while let [first, after @ ..] = rest {
            rest = after;
            match rest_of_definition(first, after) {
                Definition::Macro(name, body) => {
                    let rules = body
                        .split(|token| *token == Token::Mark(';'))
                        .filter_map(|rule| match rule {
                            [Token::Group(_, pattern), .., Token::Group(_, expansion)] => {
                                Some((pattern.clone(), expansion.clone()))
                            }
                            _ => None,
                        })
                        .collect();
                    self.macros.insert(name.to_owned(), rules);
                    rest = &after[3..];
                }
                Definition::Constant { name, value, .. } => {
                    self.constants.insert(name.to_owned(), value.to_vec());
                }
                Definition::Other => {
                    if let Token::Group(_, inner) = first {
                        self.define(inner);
                    }
                }
            }
        }
    }
}

fn expand(definitions: &[&Definitions], name: &str, input: &[Token]) -> Option<Vec<Token>> {
    let rules = definitions
        .iter()
        .find_map(|definitions| definitions.macros.get(name))?;
    rules.iter().find_map(|(pattern, expansion)| {
        match_pattern(pattern, input).map(|variables| substitute(expansion, &variables))
    })
}

enum Definition<'t> {
    Macro(&'t str, &'t [Token]),
    Constant {
        name: &'t str,
        is_text: bool,
        value: &'t [Token],
        /// The tokens after the constant.
        rest: &'t [Token],
    },
    Other,
}

fn rest_of_definition<'t>(first: &Token, after: &'t [Token]) -> Definition<'t> {
    match (first, after) {
        (Token::Word(word), [Token::Mark('!'), Token::Word(name), Token::Group(_, body), ..])
            if word == "macro_rules" =>
        {
            Definition::Macro(name, body)
        }
        (Token::Word(word), [Token::Word(name), Token::Mark(':'), rest @ ..])
            if matches!(word.as_str(), "const" | "static") =>
        {
            let end = rest
                .iter()
                .position(|token| *token == Token::Mark(';'))
                .unwrap_or(rest.len());
            let start = rest[..end].iter().position(|token| *token == Token::Mark('='));
            start.map_or(Definition::Other, |start| Definition::Constant {
                name,
                is_text: matches!(
                    &rest[..start],
                    [Token::Mark('&'), Token::Word(kind)] if kind == "str"
                ),
                value: &rest[start + 1..end],
                rest: &rest[end..],
            })
        }
        _ => Definition::Other,
    }
}

struct Reader<'a> {
    file: &'a str,
    here: &'a Definitions,
    everywhere: &'a Definitions,
    texts: &'a mut Vec<SourceText>,
}

impl Reader<'_> {
    fn add(&mut self, name: &str, text: String, engine: Option<Engine>, is_own: bool) {
        self.texts.push(SourceText {
            file: self.file.to_owned(),
            name: name.to_owned(),
            text,
            engine,
            is_own,
        });
    }

    /// Collects the texts of `EngineSql::new` or `EngineSql::each`.
    fn add_for_engines(&mut self, name: &str, constructor: &str, input: &[Token]) {
        let texts: Vec<Option<String>> = arguments(input).into_iter().map(|text| self.evaluate(text)).collect();
        let is_own = constructor == "each";
        let (sqlite, postgres) = match texts.as_slice() {
            [Some(postgres)] => (for_sqlite(postgres), for_postgres(postgres)),
            [Some(sqlite), Some(postgres)] => (sqlite.clone(), for_postgres(postgres)),
            _ => panic!("{}: the texts of {name} cannot be read", self.file),
        };
        self.add(name, sqlite, Some(Engine::Sqlite), is_own);
        self.add(name, postgres, Some(Engine::Postgres), is_own);
    }

    /// Collects the texts of constants, and of expressions in functions.
    fn walk(&mut self, tokens: &[Token]) {
        let mut rest = tokens;
        while let [first, after @ ..] = rest {
            rest = after;
            match rest_of_definition(first, after) {
                Definition::Macro(..) => rest = &after[3..],
                Definition::Constant {
                    name,
                    is_text,
                    value,
                    rest: next,
                } => {
                    assert!(
                        !is_text
                            || self.evaluate(value).is_some()
                            || matches!(value, [Token::Word(name), ..] if name == "include_str"),
                        "{}: the value of {name} cannot be read",
                        self.file
                    );
                    self.constant(name, value);
                    rest = next;
                }
                Definition::Other => match (first, after) {
                    (Token::Word(name), [Token::Mark('!'), Token::Group(_, input), next @ ..]) => {
                        if let Some(text) = self.evaluate(&rest_from(tokens, rest)[..3]) {
                            self.add("inline", text, None, false);
                        } else if let Some(expansion) = self.expand(name, input) {
                            self.walk(&expansion);
                        } else {
                            self.walk(input);
                        }
                        rest = next;
                    }
                    (Token::Text(text), _) => self.add("inline", text.clone(), None, false),
                    (Token::Group(_, inner), _) => self.walk(inner),
                    _ => {}
                },
            }
        }
    }

    /// Collects a text, the texts of an `EngineSql`, or those of an array.
    fn constant(&mut self, name: &str, value: &[Token]) {
        if let Some(text) = self.evaluate(value) {
            self.add(name, text, None, false);
            return;
        }
        match value {
            [Token::Mark('&'), rest @ ..] => self.constant(name, rest),
            [
                Token::Word(kind),
                Token::Mark(':'),
                Token::Mark(':'),
                Token::Word(constructor),
                Token::Group('(', input),
            ] if kind == "EngineSql" => self.add_for_engines(name, constructor, input),
            [Token::Group('[', elements)] => {
                for element in arguments(elements) {
                    self.constant(name, element);
                }
            }
            [Token::Word(macro_name), Token::Mark('!'), Token::Group(_, input)] => {
                if let Some(expansion) = self.expand(macro_name, input) {
                    self.constant(name, &expansion);
                }
            }
            _ => {}
        }
    }

    fn expand(&self, name: &str, input: &[Token]) -> Option<Vec<Token>> {
        expand(&[self.here, self.everywhere], name, input)
    }

    /// Returns the value of an expression that is a text.
    fn evaluate(&self, expression: &[Token]) -> Option<String> {
        match expression {
            [Token::Text(text)] => Some(text.clone()),
            [Token::Word(number)] if number.chars().all(|digit| digit.is_ascii_digit()) => Some(number.clone()),
            [Token::Word(name)] => {
                let value = self
                    .here
                    .constants
                    .get(name)
                    .or_else(|| self.everywhere.constants.get(name))?;
                self.evaluate(value)
            }
            [Token::Word(_), Token::Mark(':'), Token::Mark(':'), rest @ ..] => self.evaluate(rest),
            [Token::Word(name), Token::Mark('!'), Token::Group(_, input)] => {
                if name == "concat" || name == "concatcp" {
                    return arguments(input).into_iter().map(|part| self.evaluate(part)).collect();
                }
                self.evaluate(&self.expand(name, input)?)
            }
            _ => None,
        }
    }
}

/// Returns the tokens from one before `rest`.
fn rest_from<'t>(tokens: &'t [Token], rest: &[Token]) -> &'t [Token] {
    &tokens[tokens.len() - rest.len() - 1..]
}
