//! Pages, each with the acts of its forms.

pub mod home;
pub mod invitation;
pub mod jobs;
pub mod sign_in;
pub mod trial;

use leptos::prelude::*;
use ordinavo_core::identity::actors::Partner;
use ordinavo_core::{CoreError, CoreResult};

/// The person who looks at a page; the gate before the pages has made sure that there is one.
fn viewer_partner() -> CoreResult<Partner> {
    use_context::<Partner>().ok_or_else(CoreError::not_found)
}
