//! Webhook endpoints and deliveries.

pub mod actions;
pub(crate) mod broken;
pub mod deliveries;
pub(crate) mod delivery_list;
pub(crate) mod endpoint_actions;
pub mod endpoint_form;
pub mod endpoints;
pub mod payload;
