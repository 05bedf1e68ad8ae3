//! The checksums of a backup, in the form of `sha256sum`: `sha256sum --check SHA256SUMS` compares them, too.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ordinavo_core::secrets::hex;
use sha2::{Digest as _, Sha256};

/// The name of the file.
pub const SUMS: &str = "SHA256SUMS";

/// Writes the checksums of all files of a backup, and returns them by path.
///
/// # Errors
/// Names the file that cannot be read or written.
pub fn write(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let (mut text, mut sums) = (String::new(), BTreeMap::new());
    for path in files(folder)? {
        let digest = digest(&folder.join(&path))?;
        text += &format!("{digest}  {path}\n");
        sums.insert(path, digest);
    }
    let path = folder.join(SUMS);
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(sums)
}

/// Compares the files of a backup with their checksums.
///
/// # Errors
/// Names the first file that is damaged, missing or not part of the backup.
pub fn verify(folder: &Path) -> Result<(), String> {
    let sums = folder.join(SUMS);
    let text = std::fs::read_to_string(&sums).map_err(|_| format!("{}: missing from the backup", sums.display()))?;
    let mut found = files(folder)?;
    for line in text.lines() {
        let Some((expected, path)) = line.split_once("  ") else {
            return Err(format!("{}: is damaged", sums.display()));
        };
        let file = folder.join(path);
        if !found.remove(path) {
            return Err(format!("{}: missing from the backup", file.display()));
        }
        if digest(&file)? != expected {
            return Err(format!("{}: was changed or damaged after the backup", file.display()));
        }
    }
    match found.pop_first() {
        None => Ok(()),
        Some(path) => Err(format!(
            "{}: is not part of the backup; move it elsewhere",
            folder.join(path).display()
        )),
    }
}

/// Returns the paths of all files below a folder but that of the checksums, with slashes.
fn files(folder: &Path) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(relative) = folders.pop() {
        let current = folder.join(&relative);
        let fail = |error: std::io::Error| format!("{}: {error}", current.display());
        for entry in std::fs::read_dir(&current).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let path = relative.join(entry.file_name());
            if entry.file_type().map_err(fail)?.is_dir() {
                folders.push(path);
            } else {
                let parts = path.iter().map(|part| part.to_string_lossy().into_owned());
                found.insert(parts.collect::<Vec<_>>().join("/"));
            }
        }
    }
    found.remove(SUMS);
    found.remove(super::INCOMPLETE);
    Ok(found)
}

fn digest(path: &Path) -> Result<String, String> {
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = File::open(path).map_err(fail)?;
    let (mut digest, mut buffer) = (Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut buffer).map_err(fail)? {
            0 => return Ok(hex(&digest.finalize())),
            length => digest.update(&buffer[..length]),
        }
    }
}
