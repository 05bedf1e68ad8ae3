//! Tells the operator of a new installation where to create its organization: on standard output, and in a file beside the master
//! key that only its owner can read.

use std::io::Write as _;
use std::path::PathBuf;

use ordinavo_core::Core;
use ordinavo_core::installation::setup;

use crate::config::Config;

const FILE: &str = "setup-address.txt";

fn file(config: &Config) -> PathBuf {
    config.secret_key_file.with_file_name(FILE)
}

/// Prints and writes the address if there is no organization yet; otherwise removes the file.
///
/// # Errors
/// The database is unavailable.
pub async fn announce(core: &Core, config: &Config) -> Result<(), String> {
    let address = setup::address(core)
        .await
        .map_err(|error| crate::api::texts::sentences(&error))?;
    let Some(address) = address else {
        remove(config);
        return Ok(());
    };
    let path = file(config);
    let written = write(&path, &address);
    let mut output = std::io::stdout();
    // A closed standard output is no reason not to serve.
    let _ = writeln!(
        output,
        "\nThere is no organization yet. Create it once at this address, which only you should know:\n\n    {address}\n"
    );
    match written {
        Ok(()) => {
            let _ = writeln!(output, "It is also in {}.\n", path.display());
        }
        // The folder of the key may be read-only, as on Kubernetes.
        Err(error) => tracing::info!(%error, path = %path.display(), "the address of the setup page is not in a file"),
    }
    Ok(())
}

fn write(path: &std::path::Path, address: &str) -> std::io::Result<()> {
    // A file that exists may be readable by others.
    let _ = std::fs::remove_file(path);
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(format!("{address}\n").as_bytes())
}

/// Removes the file, if there is one.
pub fn remove(config: &Config) {
    let _ = std::fs::remove_file(file(config));
}
