//! Home, links in emails and the access of colleagues.

pub mod colleagues;
pub mod home;
pub mod link;
pub mod offers;
