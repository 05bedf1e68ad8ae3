//! The Ordinavo server: configuration, web apps, Connect API, worker and command-line interface.

#![recursion_limit = "512"]

pub mod api;
pub mod assets;
pub mod authn;
pub mod branding;
pub mod calendar;
pub mod cli;
pub mod config;
pub mod connections;
pub mod cookies;
mod exports;
pub mod files;
#[cfg(test)]
mod fuzz;
pub mod health;
pub mod hosts;
mod http_layers;
pub mod live;
pub mod logging;
pub mod mailer;
pub mod metrics;
pub mod oauth;
pub mod offline_app;
mod open_files;
pub mod ops;
pub mod pages;
pub mod portal_limits;
pub mod public_limits;
pub mod public_pages;
mod redirect;
pub mod scripts;
pub mod serve;
mod setup_address;
mod spool;
pub mod worker;
