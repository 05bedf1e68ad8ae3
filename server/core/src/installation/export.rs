//! The data of a tenant for another system: rows as JSON, and the content of its files.

use std::io;
use std::io::Write;

use uuid::Uuid;

use crate::db::EXPORTED_TABLES;
use crate::files::stored_files;
use crate::{Core, CoreError, CoreResult};

/// Where an export is written.
pub trait ExportTarget: Send {
    /// Opens the file of a table.
    ///
    /// # Errors
    /// It cannot be written.
    fn table(&mut self, name: &str) -> io::Result<Box<dyn Write + Send>>;
    /// Writes the content of a file, named by its SHA-256.
    ///
    /// # Errors
    /// It cannot be written.
    fn file(&mut self, name: &str, content: &[u8]) -> io::Result<()>;
}

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Tables with the number of their rows.
    pub tables: Vec<(&'static str, u64)>,
    pub files: u64,
}

/// Exports the rows and files of a tenant, without passwords, secrets and sessions.
///
/// # Errors
/// `not_found` for an unknown tenant; the target cannot be written.
pub async fn export_tenant(core: &Core, slug: &str, target: &mut dyn ExportTarget) -> CoreResult<Exported> {
    let mut tx = core.store.read_system().await?;
    let tenant = tx.tenant_by_slug(slug).await?.ok_or_else(CoreError::not_found)?;
    drop(tx);
    let mut tables = Vec::new();
    for name in EXPORTED_TABLES {
        let rows = export_table(core, tenant.uuid(), name, target).await?;
        tables.push((*name, rows));
    }
    let mut files = 0;
    let mut after = Vec::new();
    loop {
        let page = stored_files(core, tenant, &after).await?;
        let Some((last, _)) = page.last() else { break };
        after.clone_from(last);
        for (digest, content) in page {
            let name = crate::secrets::hex(&digest);
            target.file(&name, &content).map_err(CoreError::internal)?;
            files += 1;
        }
    }
    Ok(Exported { tables, files })
}

async fn export_table(core: &Core, tenant: Uuid, name: &'static str, target: &mut dyn ExportTarget) -> CoreResult<u64> {
    let mut file = target.table(name).map_err(CoreError::internal)?;
    let rows = core.store.export_table(name, tenant, &mut *file).await?;
    file.flush().map_err(CoreError::internal)?;
    Ok(rows)
}
