//! The partner console: what became of the imports of one source system. It reads; the one thing that it starts is a dry run.
//! It has no bundle, since nothing in it needs a script.
#![recursion_limit = "512"]
#![cfg(feature = "ssr")]
#![allow(
    missing_docs,
    reason = "what a component shows stands above it; the fields that macros make of its properties cannot carry a comment"
)]

pub mod app;
mod pages;
mod shell;
pub mod words;
