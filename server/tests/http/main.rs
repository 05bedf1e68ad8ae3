//! Everything over real HTTP, on both databases. One program for all of it: each one would link the whole server again,
//! half a gigabyte and ten seconds at a time.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may fail loudly")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests call the server like anybody else, make databases and look at the clock"
)]

mod own_requests;
mod route_api;
mod suggestions;
mod support;

mod api;
mod board;
mod calendar;
mod classification;
mod connect;
mod connect_records;
mod coverage;
mod crash;
mod crash_webhooks;
mod desk;
mod document;
mod files;
mod full_disk;
mod guide;
mod hard_cases;
mod inbox;
mod intake;
mod mails;
mod mapping_rows;
mod markup;
mod my_day;
mod operations;
mod partner;
mod planned_jobs;
mod portal_access;
mod portal_look;
mod portal_open;
mod portal_seen;
mod portal_walls;
mod portal_words;
mod release_panel;
mod roads;
mod second_step;
mod sign_in;
mod slots;
mod technicians;
mod terminal;
mod webhook_endpoints;
mod webhooks;
