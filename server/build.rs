//! Creates the folder of the built assets, which `rust-embed` requires even before the bundles are built.

fn main() -> std::io::Result<()> {
    std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/site/pkg"))?;
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../migrations");
    Ok(())
}
