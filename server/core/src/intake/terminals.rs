//! Terminals: administration, pairing by code, presence and receipts.

use chrono::{DateTime, TimeDelta, Utc};
use domain::fields::FieldCode;
use domain::identity::permissions::{ManageIntake, ViewOperations};
use domain::ids::{FormId, LocationId, TerminalId};
use domain::intake::terminal::{is_token, pairing_code, read_pairing_code, receipt_code};
use domain::problems::Cause;
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Actor as _, Administrator, Permit, TenantId, Terminal};
use crate::identity::authentication;
use crate::intake;
use crate::intake::SealedToken;
use crate::intake::model::{FormSummary, TerminalView};
use crate::requests::CustomerSearch;
use crate::requests::customer_assignment::{self, Choices};
use crate::secrets::{AssociatedData, sha256};
use crate::{Core, CoreError, CoreResult};

/// How long a pairing code is valid.
pub const PAIRING_CODE_TTL: TimeDelta = TimeDelta::hours(24);
/// The purpose of the key that hashes pairing codes: they are too short for a digest that anybody can compute.
const CODE_PURPOSE: &str = "pairing-code";
/// How long a terminal can display a receipt.
pub const RECEIPT_TTL: TimeDelta = TimeDelta::seconds(90);
/// Maximum number of terminals of an organization.
pub const MAX_TERMINALS: usize = 500;
/// Maximum number of offline receipts that a device can request at once.
pub const MAX_OFFLINE_RECEIPTS: usize = 40;
/// Minimum interval between updates of the last seen time.
const LAST_SEEN_INTERVAL: TimeDelta = TimeDelta::seconds(60);

fn place<'a>(tenant: TenantId, id: TerminalId) -> AssociatedData<'a> {
    AssociatedData {
        tenant: tenant.uuid(),
        kind: "terminal.pairing_code",
        row: id.uuid(),
    }
}

/// A terminal with its pairing code.
#[derive(Debug, Clone)]
pub struct TerminalPage {
    pub terminal: TerminalView,
    /// The pairing code and its expiry, while it is valid.
    pub code: Option<(String, DateTime<Utc>)>,
}

/// Lists the terminals with their pairing codes, sorted by name.
pub async fn list(core: &Core, by: Permit<'_, ManageIntake>) -> CoreResult<Vec<TerminalPage>> {
    let tenant = by.staff().tenant();
    let now = core.clock.now();
    let found = core.store.read(by.staff()).await?.terminals().await?;
    Ok(found
        .into_iter()
        .map(|terminal| {
            let sealed = terminal.pairing_code.clone();
            let code = sealed
                .zip(terminal.pairing_expires_at.filter(|until| *until > now))
                // A code sealed with a removed master key is omitted; the user can create a new one.
                .and_then(|(sealed, until)| {
                    let bytes = core.keyring.unseal(&sealed, &place(tenant, terminal.id)).ok()?;
                    Some((String::from_utf8(bytes).ok()?, until))
                });
            TerminalPage { terminal, code }
        })
        .collect())
}

/// What a new terminal can be set up with.
#[derive(Debug, Clone)]
pub struct NewTerminalPage {
    /// The customers to choose from, or the locations of the chosen one.
    pub customers: Choices,
    /// The open forms, sorted by name.
    pub forms: Vec<FormSummary>,
}

/// Returns what a new terminal can be set up with.
pub async fn new_page(
    core: &Core,
    by: Permit<'_, ManageIntake>,
    _: Permit<'_, ViewOperations>,
    search: &CustomerSearch,
) -> CoreResult<NewTerminalPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let mut forms = tx.forms().await?;
    forms.retain(FormSummary::is_open);
    Ok(NewTerminalPage {
        customers: customer_assignment::load_choices(&mut tx, &search.text, search.chosen).await?,
        forms,
    })
}

/// Creates a terminal with a pairing code.
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
    let mut input = Form::default();
    let location = location.parse::<LocationId>().ok();
    let exists = match location {
        Some(id) => tx.is_active_location(id).await?,
        None => false,
    };
    if !exists {
        input.add_error("location", FieldCode::Required);
    }
    let form = form.parse::<FormId>().ok();
    let is_open = match form {
        Some(id) => tx.form(id).await?.is_some_and(|form| form.is_open()),
        None => false,
    };
    if !is_open {
        input.add_error("form", FieldCode::Required);
    }
    let name = input.text("name", 80, text::line(name, 80));
    if tx.terminals().await?.len() >= MAX_TERMINALS {
        input.add_error("name", FieldCode::TooMany { max: MAX_TERMINALS });
    }
    input.finish()?;
    let (Some(name), Some(location), Some(form)) = (name, location, form) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    create_in(core, &mut tx, &name, location, form).await?;
    finish(core, tx).await
}

/// Creates a terminal within a transaction from validated input and returns its pairing code; also used by the demo
/// data.
pub(crate) async fn create_in<A: Administrator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    name: &str,
    location: LocationId,
    form: FormId,
) -> CoreResult<String> {
    let id: TerminalId = tx.new_id();
    tx.insert_terminal(id, name, location, form).await?;
    tx.audit("terminal.created", id, json!({ "location": location, "form": form }));
    create_code(core, tx, id).await
}

async fn create_code<A: Administrator>(core: &Core, tx: &mut TenantTx<'_, A>, id: TerminalId) -> CoreResult<String> {
    let code = pairing_code(core.randomness.bytes::<5>());
    let sealed = SealedToken {
        hash: core.keyring.mac(CODE_PURPOSE, code.as_bytes()),
        ..intake::seal_token(core, &place(TenantId::from_uuid(tx.tenant()), id), &code)?
    };
    if !tx
        .set_pairing_code(id, &sealed, core.clock.now() + PAIRING_CODE_TTL)
        .await?
    {
        return Err(CoreError::not_found());
    }
    tx.audit("terminal.code_made", id, json!({}));
    Ok(code)
}

/// Creates a new pairing code. A paired device stays paired until another one uses the code.
pub async fn renew_code(core: &Core, by: Permit<'_, ManageIntake>, id: TerminalId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    create_code(core, &mut tx, id).await?;
    finish(core, tx).await
}

/// Revokes the device token and the pairing code, effective with the next request.
pub async fn unpair(core: &Core, by: Permit<'_, ManageIntake>, id: TerminalId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.unpair_terminal(id).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("terminal.unpaired", id, json!({}));
    finish(core, tx).await
}

/// Deletes a terminal. Its requests are kept.
pub async fn delete(core: &Core, by: Permit<'_, ManageIntake>, id: TerminalId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let terminal = tx.terminal(id).await?.ok_or_else(CoreError::not_found)?;
    tx.delete_terminal(id).await?;
    tx.audit("terminal.deleted", id, json!({ "name": terminal.name }));
    finish(core, tx).await
}

/// Pairs a device by code and returns its device token.
///
/// # Errors
/// Field `code` if it is unknown, used or expired.
pub async fn pair(core: &Core, code: &str) -> CoreResult<String> {
    let invalid = || CoreError::field("code", FieldCode::WrongPairingCode);
    let code = read_pairing_code(code).ok_or_else(invalid)?;
    let code_hash = core.keyring.mac(CODE_PURPOSE, code.as_bytes());
    let (tenant, id) = core
        .store
        .read_system()
        .await?
        .terminal_by_code(&code_hash)
        .await?
        .ok_or_else(invalid)?;
    let token = core.randomness.token();
    let system = authentication::system(tenant, "terminal");
    let mut tx = core.store.begin(&system).await?;
    if !tx.pair_terminal(id, &code_hash, &sha256(token.as_bytes())).await? {
        return Err(invalid());
    }
    tx.audit("terminal.paired", id, json!({}));
    finish(core, tx).await?;
    Ok(token)
}

/// Updates the terminal's last seen time, at most once a minute.
pub async fn record_seen(core: &Core, by: &Terminal) -> CoreResult<()> {
    let now = core.clock.now();
    if by.last_seen_at().is_some_and(|at| now - at < LAST_SEEN_INTERVAL) {
        return Ok(());
    }
    let mut tx = core.store.begin(by).await?;
    tx.set_terminal_seen().await?;
    tx.commit().await?;
    Ok(())
}

/// A receipt created in advance: a device fetches some, so that it can issue them while it is offline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineReceipt {
    /// The token of the tracking link.
    pub token: String,
    /// The code on the receipt, derived from the token.
    pub code: String,
}

/// Generates offline receipts. They are not stored until they are used.
pub fn offline_receipts(core: &Core, _by: &Terminal, count: usize) -> Vec<OfflineReceipt> {
    (0..count.min(MAX_OFFLINE_RECEIPTS))
        .map(|_| {
            let token = intake::generate_token(core);
            OfflineReceipt {
                code: code_of(&token),
                token,
            }
        })
        .collect()
}

/// Derives the receipt code of a token.
pub fn code_of(token: &str) -> String {
    receipt_code(&sha256(token.as_bytes()))
}

/// Returns the receipt code of a token that this terminal issued within [`RECEIPT_TTL`]; `None` for any other token.
pub async fn receipt(core: &Core, by: &Terminal, token: &str) -> CoreResult<Option<String>> {
    if !is_token(token) {
        return Ok(None);
    }
    let since = core.clock.now() - RECEIPT_TTL;
    let mut tx = core.store.read(by).await?;
    Ok(tx.receipt(&sha256(token.as_bytes()), since).await?)
}
