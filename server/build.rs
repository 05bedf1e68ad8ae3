//! Makes sure that the folder of the built assets exists, so that the server compiles before the bundles were made.

fn main() -> std::io::Result<()> {
    std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/site/pkg"))?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../migrations");
    Ok(())
}
