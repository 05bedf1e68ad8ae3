//! Terminals: set up by an administrator, paired by a code on site, and the pages that they show.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{FormId, LocationId, TerminalId};
use domain::intake::terminal::{is_token, pairing_code, read_pairing_code, receipt_code};
use domain::permissions::ManageIntake;
use domain::problems::Problem;
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Actor as _, Administrator, Permit, TenantId, Terminal};
use crate::identity::authentication;
use crate::intake;
use crate::intake::model::TerminalView;
use crate::secrets::{Place, fingerprint};
use crate::{Core, CoreError, CoreResult};

/// How long a pairing code can be used.
pub const CODE_LIVES: TimeDelta = TimeDelta::hours(24);
/// How long a receipt can be looked at on the terminal.
pub const RECEIPT_LIVES: TimeDelta = TimeDelta::seconds(90);
/// How many terminals an organisation may have.
pub const MOST_TERMINALS: usize = 500;
/// How many receipts a device may take ahead for times without a connection.
pub const MOST_SLIPS: usize = 40;
/// How exactly the last sign of life is known.
const SEEN_EVERY: TimeDelta = TimeDelta::seconds(60);

fn place<'a>(tenant: TenantId, id: TerminalId) -> Place<'a> {
    Place {
        tenant: tenant.uuid(),
        kind: "terminal.pairing_code",
        row: id.uuid(),
    }
}

/// A terminal with the code that pairs it, as long as there is one.
#[derive(Debug, Clone)]
pub struct TerminalPage {
    /// The terminal.
    pub terminal: TerminalView,
    /// The code, and until when it can be used.
    pub code: Option<(String, DateTime<Utc>)>,
}

/// The terminals, by name, each with its code.
///
/// # Errors
/// The database does not answer.
pub async fn list(core: &Core, by: Permit<'_, ManageIntake>) -> CoreResult<Vec<TerminalPage>> {
    let tenant = by.staff().tenant();
    let now = core.clock.now();
    let found = core.store.read(by.staff()).await?.terminals().await?;
    Ok(found
        .into_iter()
        .map(|terminal| {
            let closed = terminal.pairing_code.clone();
            let code = closed
                .zip(terminal.pairing_expires_at.filter(|until| *until > now))
                // A code from before a change of the master key is gone; a new one is one click away.
                .and_then(|(closed, until)| {
                    let bytes = core.keyring.open_value(&closed, &place(tenant, terminal.id.0)).ok()?;
                    Some((String::from_utf8(bytes).ok()?, until))
                });
            TerminalPage { terminal, code }
        })
        .collect())
}

/// Sets a terminal up, with a code that pairs its device.
///
/// # Errors
/// Field `name`, `location` or `form`.
pub async fn create(
    core: &Core,
    by: Permit<'_, ManageIntake>,
    name: &str,
    location: &str,
    form: &str,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let mut wrong = Form::default();
    let location = location.parse::<LocationId>().ok();
    let known = match location {
        Some(id) => tx.is_place(id).await?,
        None => false,
    };
    if !known {
        wrong.wrong("location", "required", "Choose a location.");
    }
    let form = form.parse::<FormId>().ok();
    let known = match form {
        Some(id) => tx.form(id).await?.is_some_and(|form| form.closed_at.is_none()),
        None => false,
    };
    if !known {
        wrong.wrong("form", "required", "Choose a form that is open.");
    }
    let name = wrong.text("name", 80, text::line(name, 80));
    if tx.terminals().await?.len() >= MOST_TERMINALS {
        wrong.wrong(
            "name",
            "too_many",
            format!("At most {MOST_TERMINALS} terminals are allowed."),
        );
    }
    wrong.finish()?;
    let (Some(name), Some(location), Some(form)) = (name, location, form) else {
        return Err(CoreError::new(Problem::ValidationFailed, "The input is not valid."));
    };
    make(core, &mut tx, &name, location, form).await?;
    finish(core, tx).await
}

/// Like [`create`], in a transaction and with what is known to exist, as the demo does too. The answer is the code.
pub(crate) async fn make<A: Administrator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    name: &str,
    location: LocationId,
    form: FormId,
) -> CoreResult<String> {
    let id: TerminalId = tx.new_id();
    tx.insert_terminal(id, name, location, form).await?;
    tx.audit("terminal.created", id, json!({ "location": location, "form": form }));
    new_code(core, tx, id).await
}

async fn new_code<A: Administrator>(core: &Core, tx: &mut TenantTx<'_, A>, id: TerminalId) -> CoreResult<String> {
    let code = pairing_code(core.randomness.bytes::<5>());
    let closed = intake::close_token(core, &place(TenantId::from_uuid(tx.tenant()), id), &code)?;
    if !tx.set_pairing_code(id, &closed, core.clock.now() + CODE_LIVES).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("terminal.code_made", id, json!({}));
    Ok(code)
}

/// Makes a new code. A device that is paired stays so until another one uses the code.
///
/// # Errors
/// `not_found`.
pub async fn renew_code(core: &Core, by: Permit<'_, ManageIntake>, id: TerminalId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    new_code(core, &mut tx, id).await?;
    finish(core, tx).await
}

/// Ends the device's token and any open code: its very next request is refused.
///
/// # Errors
/// `not_found`.
pub async fn unpair(core: &Core, by: Permit<'_, ManageIntake>, id: TerminalId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.unpair_terminal(id).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("terminal.unpaired", id, json!({}));
    finish(core, tx).await
}

/// Takes a terminal away. Requests that came by it stay.
///
/// # Errors
/// `not_found`.
pub async fn delete(core: &Core, by: Permit<'_, ManageIntake>, id: TerminalId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let terminal = tx.terminal(id).await?.ok_or_else(CoreError::not_found)?;
    tx.delete_terminal(id).await?;
    tx.audit("terminal.deleted", id, json!({ "name": terminal.name }));
    finish(core, tx).await
}

/// Pairs the device that shows a code. The answer is its token.
///
/// # Errors
/// Field `code`: it was never made, was used, or is too old.
pub async fn pair(core: &Core, code: &str) -> CoreResult<String> {
    let wrong = || {
        CoreError::field(
            "code",
            "wrong_pairing_code",
            "This code does not work; ask for a new one.",
        )
    };
    let code_hash = fingerprint(read_pairing_code(code).ok_or_else(wrong)?.as_bytes());
    let (tenant, id) = core
        .store
        .read_system()
        .await?
        .terminal_by_code(&code_hash)
        .await?
        .ok_or_else(wrong)?;
    let token = core.randomness.token();
    let system = authentication::system(tenant, "terminal");
    let mut tx = core.store.begin(&system).await?;
    if !tx.pair_terminal(id, &code_hash, &fingerprint(token.as_bytes())).await? {
        return Err(wrong());
    }
    tx.audit("terminal.paired", id, json!({}));
    finish(core, tx).await?;
    Ok(token)
}

/// Notes that a terminal gave a sign of life, if that is news.
///
/// # Errors
/// The database does not answer.
pub async fn seen(core: &Core, by: &Terminal) -> CoreResult<()> {
    let now = core.clock.now();
    if by.last_seen_at.is_some_and(|at| now - at < SEEN_EVERY) {
        return Ok(());
    }
    let mut tx = core.store.begin(by).await?;
    tx.set_terminal_seen().await?;
    tx.commit().await?;
    Ok(())
}

/// A receipt that is made before anybody has asked for something: a tracking token and the code that is made of it. A
/// device takes some ahead, so that it can give one out without a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// The token of the tracking link.
    pub token: String,
    /// The code on the receipt.
    pub code: String,
}

/// New slips. Nothing is kept of them.
pub fn slips(core: &Core, _by: &Terminal, count: usize) -> Vec<Slip> {
    (0..count.min(MOST_SLIPS))
        .map(|_| {
            let token = intake::fresh_token(core);
            Slip {
                code: code_of(&token),
                token,
            }
        })
        .collect()
}

/// The code on the receipt of a token.
pub fn code_of(token: &str) -> String {
    receipt_code(&fingerprint(token.as_bytes()))
}

/// The code of a receipt that this terminal has just given; `None` for any other token, and once it is over.
///
/// # Errors
/// The database does not answer.
pub async fn receipt(core: &Core, by: &Terminal, token: &str) -> CoreResult<Option<String>> {
    if !is_token(token) {
        return Ok(None);
    }
    let since = core.clock.now() - RECEIPT_LIVES;
    let mut tx = core.store.read(by).await?;
    Ok(tx.receipt(&fingerprint(token.as_bytes()), since).await?)
}
