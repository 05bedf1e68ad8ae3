//! The parts that all apps share: shell, fields, chips, lists, words, formatting. Pages are rendered on the server;
//! the browser's bundle holds the islands only.

#![recursion_limit = "512"]
#![allow(
    missing_docs,
    reason = "what a component shows stands above it; the fields that the macro makes of its properties cannot carry a comment"
)]

#[cfg(feature = "ssr")]
pub mod access;
#[cfg(feature = "ssr")]
pub mod acts;
#[cfg(feature = "ssr")]
pub mod calendar;
#[cfg(feature = "ssr")]
pub mod door;
pub mod islands;

#[cfg(feature = "ssr")]
pub mod escape;
#[cfg(feature = "ssr")]
pub mod flash;
#[cfg(feature = "ssr")]
pub mod format;
#[cfg(feature = "ssr")]
pub mod forms;
#[cfg(feature = "ssr")]
pub mod icons;
#[cfg(feature = "ssr")]
pub mod imports;
#[cfg(feature = "ssr")]
pub mod load;
#[cfg(feature = "ssr")]
pub mod mails;
#[cfg(feature = "ssr")]
pub mod parts;
#[cfg(feature = "ssr")]
pub mod qr;
#[cfg(feature = "ssr")]
pub mod report;
#[cfg(feature = "ssr")]
pub mod shell;
#[cfg(feature = "ssr")]
pub mod title;
#[cfg(feature = "ssr")]
pub mod uploads;
#[cfg(feature = "ssr")]
pub mod viewer;
#[cfg(feature = "ssr")]
pub mod words;
