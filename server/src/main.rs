//! The `ordinavo` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    ordinavo::cli::run()
}
