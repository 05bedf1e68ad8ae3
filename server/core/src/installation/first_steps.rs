//! The first steps of a new organization: what is done already, and what comes next.

use domain::identity::permissions::ManageOrganization;
use serde_json::json;

use crate::commit::finish;
use crate::identity::actors::Permit;
use crate::{Core, CoreResult};

/// What an organization has already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct FirstSteps {
    /// An account beside that of the first administrator.
    pub has_team: bool,
    /// A technician whose working hours were set.
    pub has_hours: bool,
    pub has_customer: bool,
    /// A job with an appointment.
    pub has_appointment: bool,
    /// A way in for customers: a portal user, a public form or a terminal.
    pub has_way_in: bool,
    /// Whether the list is hidden, as it is for demo data.
    pub is_hidden: bool,
}

impl FirstSteps {
    /// Returns whether each step is done, in the order of the list. The organization itself exists.
    pub const fn done(self) -> [bool; 6] {
        [
            true,
            self.has_team,
            self.has_hours,
            self.has_customer,
            self.has_appointment,
            self.has_way_in,
        ]
    }

    /// Returns whether the list is the home page of administrators.
    pub fn is_home(self) -> bool {
        !self.is_hidden && self.done().contains(&false)
    }
}

/// Returns what is done.
///
/// # Errors
/// The database is unavailable.
pub async fn load(core: &Core, by: Permit<'_, ManageOrganization>) -> CoreResult<FirstSteps> {
    Ok(core.store.read(by.staff()).await?.first_steps().await?)
}

/// Hides the list, or shows it again.
///
/// # Errors
/// The database is unavailable.
pub async fn hide(core: &Core, by: Permit<'_, ManageOrganization>, is_hidden: bool) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.hide_first_steps(is_hidden).await?;
    tx.audit(
        "organization.first_steps",
        "organization",
        json!({ "hidden": is_hidden }),
    );
    finish(core, tx).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_is_the_home_page_until_it_is_done_or_hidden() {
        let done = FirstSteps {
            has_team: true,
            has_hours: true,
            has_customer: true,
            has_appointment: true,
            has_way_in: true,
            is_hidden: false,
        };
        assert!(!done.is_home());
        for open in [
            FirstSteps {
                has_team: false,
                ..done
            },
            FirstSteps {
                has_hours: false,
                ..done
            },
            FirstSteps {
                has_customer: false,
                ..done
            },
            FirstSteps {
                has_appointment: false,
                ..done
            },
            FirstSteps {
                has_way_in: false,
                ..done
            },
        ] {
            assert!(open.is_home(), "{open:?}");
            assert!(
                !FirstSteps {
                    is_hidden: true,
                    ..open
                }
                .is_home(),
                "{open:?}"
            );
        }
    }
}
