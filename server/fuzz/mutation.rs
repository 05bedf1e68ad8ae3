//! Inputs for the fuzz targets: valid ones with random edits, and random bytes. Included by the unit tests of two crates.
//! `PROPTEST_CASES` sets the number of inputs for each target; `make fuzz` raises it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Texts at which parsers of text formats have failed before.
const TOKENS: [&str; 32] = [
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\\ud800",
    "\0",
    "\r\n",
    "\n",
    "\r",
    "\t",
    "\u{feff}",
    "\u{202e}",
    "\u{85}",
    "é",
    "日本",
    "{",
    "}",
    "[",
    "]",
    ",",
    ";",
    ":",
    ".",
    "-",
    "-1",
    "1e400",
    "9223372036854775808",
    "null",
    "true",
    "%00",
    "--",
    "=",
];

/// One change of an input.
#[derive(Debug, Clone)]
enum Edit {
    Flip(Index, u8),
    Insert(Index, Vec<u8>),
    Delete(Index, usize),
    Repeat(Index, usize, usize),
}

impl Edit {
    fn apply(&self, input: &mut Vec<u8>) {
        let at = |index: &Index, input: &[u8]| index.index(input.len() + 1);
        match self {
            Self::Flip(index, bit) => {
                let at = at(index, input);
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << (bit % 8);
                }
            }
            Self::Insert(index, bytes) => {
                let at = at(index, input);
                input.splice(at..at, bytes.iter().copied());
            }
            Self::Delete(index, count) => {
                let at = at(index, input);
                let end = input.len().min(at + count);
                input.drain(at..end);
            }
            Self::Repeat(index, count, times) => {
                let at = at(index, input);
                let part = input[at..input.len().min(at + count)].repeat(*times);
                input.splice(at..at, part);
            }
        }
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let token = select(&TOKENS[..]).prop_map(|token| token.as_bytes().to_vec());
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(index, bit)| Edit::Flip(index, bit)),
        (any::<Index>(), prop_oneof![token, vec(any::<u8>(), 1..8)])
            .prop_map(|(index, bytes)| Edit::Insert(index, bytes)),
        (any::<Index>(), 1..40_usize).prop_map(|(index, count)| Edit::Delete(index, count)),
        (any::<Index>(), 1..60_usize, 1..40_usize).prop_map(|(index, count, times)| Edit::Repeat(index, count, times)),
    ]
}

/// Returns valid inputs with up to eight edits, and sometimes random bytes.
pub fn bytes(seeds: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let edited = (select(seeds), vec(edit(), 0..8)).prop_map(|(seed, edits)| {
        let mut input = seed.as_bytes().to_vec();
        for edit in edits {
            edit.apply(&mut input);
        }
        input
    });
    prop_oneof![9 => edited, 1 => vec(any::<u8>(), 0..400)]
}

/// Like [`bytes`], as text.
pub fn text(seeds: &'static [&'static str]) -> impl Strategy<Value = String> {
    bytes(seeds).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
