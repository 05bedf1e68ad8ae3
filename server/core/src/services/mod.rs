//! Use cases. Each exists once; server functions, REST handlers, the worker and the command line call it.

pub mod administration;
pub mod api_use;
pub mod audit;
pub mod authn;
pub mod billing;
pub mod board;
pub mod cancellation;
pub mod classification;
pub mod client_requests;
pub mod clients;
pub mod conversation;
pub mod customers;
pub mod demo;
pub mod follow_ups;
pub mod forms;
pub mod idempotency;
pub mod imports;
pub mod inbox;
pub mod intake;
pub mod live;
pub mod mails;
pub mod mapping_desk;
pub mod mappings;
pub mod matching;
pub mod oauth;
pub mod partner;
pub mod partner_accounts;
pub mod planning;
pub mod portal;
pub mod portal_access;
pub mod portal_look;
pub mod proposals;
pub mod records;
pub mod releases;
pub mod reports;
pub mod requests;
pub mod results;
pub mod sessions;
pub mod shown_once;
pub mod sign_in;
pub mod slots;
pub mod staff;
pub mod suggestions;
pub mod targets;
pub mod technicians;
pub mod terminals;
pub mod tracking;
pub mod triage;
pub mod visits;
pub mod webhooks;

use domain::fields::FieldError;
use domain::text::TextError;

use crate::actors::Actor;
use crate::store::TenantTx;
use crate::{Core, CoreError, CoreResult};

/// How many rows a page of a list has.
pub const PAGE: i64 = 50;

/// Commits and wakes the worker if the change wrote deliveries.
async fn finish<A: Actor>(core: &Core, tx: TenantTx<'_, A>) -> CoreResult<()> {
    let tenant = tx.tenant();
    if tx.commit().await? {
        core.wake_worker.notify_one();
    }
    // Nobody listens when no page is open.
    let _ = core.changes.send(tenant);
    Ok(())
}

/// A page of a list and, if there is more, its last row's place for the next page.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether more rows follow.
    pub has_more: bool,
}

impl<T> Page<T> {
    /// Cuts a result that was asked for with one row more than a page has.
    fn cut(mut rows: Vec<T>, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or_default();
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows, has_more }
    }
}

/// Collects what is wrong with the fields of a form.
#[derive(Default)]
struct Form(Vec<FieldError>);

impl Form {
    fn text<T>(&mut self, name: &str, most: usize, parsed: Result<T, TextError>) -> Option<T> {
        parsed
            .map_err(|error| self.0.push(FieldError::text(name, error, most)))
            .ok()
    }

    fn wrong(&mut self, name: &str, code: &str, detail: impl Into<String>) {
        self.0.push(FieldError::new(name, code, detail));
    }

    fn finish(self) -> CoreResult<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(CoreError::invalid(self.0))
        }
    }
}
