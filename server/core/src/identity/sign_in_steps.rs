//! The steps of sign-in in a browser: password, choice of a tenant, two-factor code, open session.

use chrono::TimeDelta;
use domain::problems::Cause;
use secrecy::SecretString;

use crate::identity::admission::{Home, PendingCode, SignInOutcome, SignedIn};
use crate::identity::session_data::{SessionData, TenantChoice};
use crate::identity::sessions::RequestSession;
use crate::identity::{passkeys, sign_in, two_factor};
use crate::{Core, CoreError, CoreResult};

/// How long a tenant can be chosen; after that the password is required again.
const CHOICE_LIFETIME: TimeDelta = TimeDelta::minutes(2);
/// How long a code can be entered; after that sign-in starts over.
const CODE_LIFETIME: TimeDelta = TimeDelta::minutes(5);

/// What follows a step of sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextStep {
    /// The session is open: show the requested page, or the start page.
    Enter { page: Option<String>, home: Home },
    /// A two-factor code is required.
    EnterCode,
    /// There are accounts in several tenants.
    ChooseTenant,
}

fn sign_in_first() -> CoreError {
    CoreError::new(Cause::SignInRequired)
}

/// Signs in with email and password. `page` is shown afterwards if there is only one account.
///
/// # Errors
/// `invalid_credentials` for any mismatch; `rate_limited` while locked, with the seconds in the detail.
pub async fn with_password(
    core: &Core,
    session: &RequestSession,
    email: &str,
    password: SecretString,
    page: Option<String>,
) -> CoreResult<NextStep> {
    let mut accounts = sign_in::sign_in(core, session.realm(), email, password, session.network()).await?;
    if accounts.len() > 1 {
        let data = SessionData::ChoosingTenant {
            until: core.clock.now() + CHOICE_LIFETIME,
            choices: accounts.into_iter().map(TenantChoice::from).collect(),
        };
        session.restart(core, &data).await?;
        return Ok(NextStep::ChooseTenant);
    }
    let account = accounts.pop().ok_or_else(|| CoreError::new(Cause::Internal))?;
    enter(core, session, account, page).await
}

/// Signs in with the answer of a passkey to a challenge of the sign-in page. `page` is shown afterwards.
///
/// # Errors
/// `invalid_credentials` for anything but a new answer of a passkey of this realm.
pub async fn with_passkey(
    core: &Core,
    session: &RequestSession,
    challenge: &str,
    credential: &str,
    page: Option<String>,
) -> CoreResult<NextStep> {
    let account = passkeys::sign_in(core, session.realm(), challenge, credential).await?;
    enter(core, session, account, page).await
}

/// Opens a session of an account that has passed the first factor, or asks for a code.
///
/// # Errors
/// The session cannot be stored.
pub async fn enter(
    core: &Core,
    session: &RequestSession,
    account: SignedIn,
    page: Option<String>,
) -> CoreResult<NextStep> {
    match account.outcome {
        SignInOutcome::Granted(admission) => {
            session.open(core, admission).await?;
            Ok(NextStep::Enter {
                page,
                home: account.home,
            })
        }
        SignInOutcome::NeedsCode(code) => {
            let until = core.clock.now() + CODE_LIFETIME;
            session
                .restart(core, &SessionData::AwaitingCode { until, code, page })
                .await?;
            Ok(NextStep::EnterCode)
        }
    }
}

async fn pending_choices(core: &Core, session: &RequestSession) -> CoreResult<Vec<TenantChoice>> {
    match session.data(core).await? {
        SessionData::ChoosingTenant { until, choices } if core.clock.now() < until => Ok(choices),
        _ => Ok(Vec::new()),
    }
}

/// Returns the names of the tenants that a person can choose from.
///
/// # Errors
/// `not_found` if there is nothing to choose.
pub async fn tenant_choices(core: &Core, session: &RequestSession) -> CoreResult<Vec<String>> {
    let choices = pending_choices(core, session).await?;
    if choices.is_empty() {
        return Err(CoreError::not_found());
    }
    Ok(choices.into_iter().map(|choice| choice.tenant_name).collect())
}

/// Signs in to one of several tenants.
///
/// # Errors
/// `missing_credentials` if there is nothing to choose any more.
pub async fn choose_organization(core: &Core, session: &RequestSession, choice: usize) -> CoreResult<NextStep> {
    let mut choices = pending_choices(core, session).await?;
    if choice >= choices.len() {
        return Err(sign_in_first());
    }
    enter(core, session, choices.swap_remove(choice).into_signed_in(), None).await
}

async fn pending_code(core: &Core, session: &RequestSession) -> CoreResult<Option<(PendingCode, Option<String>)>> {
    match session.data(core).await? {
        SessionData::AwaitingCode { until, code, page } if core.clock.now() < until => Ok(Some((code, page))),
        _ => Ok(None),
    }
}

/// Returns whether the session still needs a two-factor code.
///
/// # Errors
/// The session cannot be read.
pub async fn is_code_pending(core: &Core, session: &RequestSession) -> CoreResult<bool> {
    Ok(pending_code(core, session).await?.is_some())
}

/// Completes sign-in with a two-factor code.
///
/// # Errors
/// Field `code`; `rate_limited`, with the seconds in the detail; `missing_credentials` if sign-in must start over.
pub async fn with_code(core: &Core, session: &RequestSession, code: &str) -> CoreResult<NextStep> {
    let (pending, page) = pending_code(core, session).await?.ok_or_else(sign_in_first)?;
    let account = two_factor::complete(core, session.realm(), &pending, code, session.network()).await?;
    enter(core, session, account, page).await
}
