//! Commands for whole tenants.

use std::fs::File;
use std::io;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use domain::locale::Locale;
use ordinavo_core::Core;
use ordinavo_core::identity::{administration, listing};
use ordinavo_core::installation::export;
use ordinavo_core::installation::export::ExportTarget;
use serde_json::{Map, Value, json};

use super::error_message;
use crate::cli::answer::Answer;
use crate::cli::backup::{create_private_folder, remove, with_suffix};
use crate::cli::startup;

/// The commands for whole tenants.
#[derive(Subcommand)]
pub enum TenantCommands {
    /// Create a tenant
    CreateTenant {
        /// Short name: lowercase letters, digits and hyphens
        slug: String,
        /// Display name
        name: String,
        /// IANA time zone
        #[arg(long, default_value = "Europe/Berlin")]
        zone: String,
        /// Language: en, de or ar
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Delete a tenant with everything that belongs to it; back up first
    DeleteTenant {
        /// Slug of the tenant
        tenant: String,
        /// The slug again
        #[arg(long)]
        confirm: String,
    },
    /// List the tenants
    ListTenants,
    /// Write the rows of a tenant as JSON, and its files, to a new folder; without passwords, secrets and sessions
    ExportTenant {
        /// Slug of the tenant
        tenant: String,
        /// Folder to create
        folder: PathBuf,
    },
}

pub async fn answer(command: TenantCommands, core: &Core) -> Result<Answer, String> {
    match command {
        TenantCommands::CreateTenant {
            slug,
            name,
            zone,
            language,
        } => {
            let locale = Locale::from_tag(&language).ok_or("language: must be en, de or ar")?;
            administration::create_tenant(core, &slug, &name, &zone, locale)
                .await
                .map_err(error_message)?;
            Ok(Answer::new(
                format!(
                    "Created tenant {slug}. Next: ordinavo admin create-user {slug} you@example.org \"Your Name\" admin"
                ),
                json!({ "slug": slug }),
            ))
        }
        TenantCommands::DeleteTenant { tenant, confirm } => {
            startup::ensure_may_delete_tenants(core).await?;
            administration::delete_tenant(core, &tenant, &confirm)
                .await
                .map_err(error_message)?;
            Ok(Answer::new(
                format!("Deleted tenant {tenant}. A running worker deletes its files within about a day."),
                json!({ "deleted": tenant }),
            ))
        }
        TenantCommands::ExportTenant { tenant, folder } => export_tenant(core, &tenant, &folder).await,
        TenantCommands::ListTenants => list_tenants(core).await,
    }
}

async fn list_tenants(core: &Core) -> Result<Answer, String> {
    let tenants = listing::tenants(core).await.map_err(error_message)?;
    let text = tenants
        .iter()
        .map(|tenant| {
            format!(
                "{:<24} {} ({} staff, {} portal accounts)\n",
                tenant.slug, tenant.name, tenant.staff, tenant.portal_accounts
            )
        })
        .collect::<String>();
    let rows = tenants.iter().map(|tenant| {
        json!({
            "slug": tenant.slug, "name": tenant.name, "zone": tenant.zone, "language": tenant.locale,
            "isDemo": tenant.is_demo, "staff": tenant.staff, "portalAccounts": tenant.portal_accounts,
        })
    });
    Ok(Answer::new(text, rows.collect()))
}

/// A folder with a file for each table and each content.
struct ExportFolder(PathBuf);

impl ExportTarget for ExportFolder {
    fn table(&mut self, name: &str) -> io::Result<Box<dyn Write + Send>> {
        let file = File::create_new(self.0.join(format!("{name}.ndjson")))?;
        Ok(Box::new(BufWriter::new(file)))
    }

    fn file(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let files = self.0.join("files");
        std::fs::create_dir_all(&files)?;
        std::fs::write(files.join(name), content)
    }
}

/// An export that fails leaves no folder.
async fn export_tenant(core: &Core, tenant: &str, folder: &Path) -> Result<Answer, String> {
    if folder.exists() {
        return Err(format!("{}: already exists; choose a new folder", folder.display()));
    }
    let partial = with_suffix(folder, ".partial");
    create_private_folder(&partial)?;
    let exported = export::export_tenant(core, tenant, &mut ExportFolder(partial.clone())).await;
    let exported = match exported {
        Ok(exported) => exported,
        Err(error) => {
            remove(&partial);
            return Err(error_message(error));
        }
    };
    std::fs::rename(&partial, folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let rows: u64 = exported.tables.iter().map(|(_, rows)| rows).sum();
    let tables: Map<String, Value> = exported
        .tables
        .iter()
        .map(|(name, rows)| ((*name).to_owned(), (*rows).into()))
        .collect();
    Ok(Answer::new(
        format!(
            "Exported {rows} rows and {} files of {tenant} to {}. Protect the folder: it contains personal data.",
            exported.files,
            folder.display()
        ),
        json!({ "folder": folder, "rows": rows, "files": exported.files, "tables": tables }),
    ))
}
