//! Folders that only their owner can open: they hold customers' data and keys.

use std::io;
use std::path::Path;

/// Creates a folder with those above it that are missing. Folders that exist keep their permissions.
///
/// # Errors
/// A folder cannot be created.
pub fn create(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
