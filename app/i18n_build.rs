//! Joins the texts of a crate, one file for each slice and language, into the one file for each language that Fluent's
//! compile-time check and loader read.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=i18n");
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let name = env::var("CARGO_PKG_NAME").expect("set by cargo");
    let joined = package.join("../../target/i18n").join(&name);
    for language in fs::read_dir(package.join("i18n"))? {
        let language = language?.path();
        let folder = joined.join(language.file_name().unwrap_or_default());
        fs::create_dir_all(&folder)?;
        write_if_changed(&folder.join(format!("{name}.ftl")), &join(&language)?)?;
    }
    Ok(())
}

fn join(language: &Path) -> io::Result<String> {
    let mut files: Vec<PathBuf> = fs::read_dir(language)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    files.sort();
    files.iter().map(fs::read_to_string).collect()
}

/// Writes a file only if its content changed, so that Cargo does not rebuild what depends on it.
fn write_if_changed(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|current| current == text) {
        return Ok(());
    }
    fs::write(path, text)
}
