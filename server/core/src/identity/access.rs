//! The access of an account: sessions, sign-ins that are not complete, links in emails, calendar feeds and view-as sessions.
//! Each names the epoch of the account in which it began, so that one act ends all of it, also what is just being created.

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use crate::identity::store::access::{EndedAccess, end_access};

/// How long a sign-in with a mailed link stands for the password of an account that has none.
pub const FRESH_SIGN_IN: TimeDelta = TimeDelta::minutes(15);

/// Returns whether a sign-in is recent enough to stand for the password.
pub(crate) fn is_fresh(signed_in_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - signed_in_at <= FRESH_SIGN_IN
}
