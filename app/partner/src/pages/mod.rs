//! The pages of the partner console, each with the actions of its forms.

pub mod dry_run;
pub mod home;
pub mod invitation;
pub mod jobs;
pub mod sign_in;

use leptos::prelude::*;
use ordinavo_core::identity::actors::Partner;
use ordinavo_core::{CoreError, CoreResult};

/// Returns the signed-in partner user; the middleware in front of the pages guarantees one.
fn viewer_partner() -> CoreResult<Partner> {
    use_context::<Partner>().ok_or_else(CoreError::not_found)
}
