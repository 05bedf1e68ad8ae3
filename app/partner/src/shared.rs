//! Helpers that several slices of the partner console use.

use leptos::prelude::*;
use ordinavo_core::identity::actors::Partner;
use ordinavo_core::{CoreError, CoreResult};

/// Returns the signed-in partner user; the middleware in front of the pages guarantees one.
pub(crate) fn viewer_partner() -> CoreResult<Partner> {
    use_context::<Partner>().ok_or_else(CoreError::not_found)
}
