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

/// Gives a file or folder, with what it contains, to the owner of another one or of the folder above that: root may restore what
/// the service opens afterwards. Users other than root cannot, and need not.
pub fn adopt_owner(path: &Path, like: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;

        let owner = |path: &Path| std::fs::metadata(path).map(|found| (found.uid(), found.gid())).ok();
        let above = like.parent().filter(|folder| !folder.as_os_str().is_empty());
        let Some(wanted) = owner(like).or_else(|| owner(above.unwrap_or(Path::new(".")))) else {
            return;
        };
        if owner(path) == Some(wanted) {
            return;
        }
        let mut left = vec![path.to_owned()];
        while let Some(path) = left.pop() {
            if std::os::unix::fs::lchown(&path, Some(wanted.0), Some(wanted.1)).is_err() {
                return;
            }
            if path.is_dir() && !path.is_symlink() {
                let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
                left.extend(entries.map(|entry| entry.path()));
            }
        }
    }
    #[cfg(not(unix))]
    let _ = (path, like);
}
