//! `ordinavo docs`: the pages for operators, for machines that have the program only.

use serde_json::json;

use super::answer::Answer;

/// The pages by name.
const PAGES: [(&str, &str); 13] = [
    ("configuration", include_str!("../../../docs/configuration.md")),
    ("audit", include_str!("../../../docs/operations/audit.md")),
    (
        "backup-and-restore",
        include_str!("../../../docs/operations/backup-and-restore.md"),
    ),
    (
        "high-availability",
        include_str!("../../../docs/operations/high-availability.md"),
    ),
    ("install", include_str!("../../../docs/operations/install.md")),
    ("keys", include_str!("../../../docs/operations/keys.md")),
    ("monitoring", include_str!("../../../docs/operations/monitoring.md")),
    (
        "postgresql-roles",
        include_str!("../../../docs/operations/postgresql-roles.md"),
    ),
    ("retention", include_str!("../../../docs/operations/retention.md")),
    ("sizing", include_str!("../../../docs/operations/sizing.md")),
    (
        "tenants-and-accounts",
        include_str!("../../../docs/operations/tenants-and-accounts.md"),
    ),
    ("upgrade", include_str!("../../../docs/operations/upgrade.md")),
    ("security", include_str!("../../../docs/security.md")),
];

/// Returns a page, or the list of pages.
///
/// # Errors
/// There is no such page; the message names those that exist.
pub fn answer(name: Option<&str>) -> Result<Answer, String> {
    let names = || PAGES.map(|(name, _)| name);
    let Some(name) = name else {
        return Ok(Answer::new(names().join("\n"), json!(names())));
    };
    PAGES
        .iter()
        .find(|(page, _)| *page == name)
        .map(|(page, text)| Answer::new(*text, json!({ "page": page, "text": text })))
        .ok_or_else(|| format!("there is no page {name}; choose one of: {}", names().join(", ")))
}
