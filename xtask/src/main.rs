//! Builds the static assets: bundles, style sheets and fonts, hashed and compressed, in `target/site/pkg`.
//! `docs/decisions/0004-xtask.md` explains why cargo-leptos is not used.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::thread;

use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The apps with a bundle: name and size budget of the compressed WebAssembly, in bytes.
const APPS: [(&str, usize); 3] = [("dispatch", 200_000), ("portal", 80_000), ("public", 80_000)];

/// The fonts: name, npm file, and whether pages preload it.
const FONTS: [(&str, &str, bool); 3] = [
    (
        "inter-latin",
        "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
        true,
    ),
    (
        "inter-latin-ext",
        "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2",
        false,
    ),
    (
        "noto-arabic",
        "@fontsource-variable/noto-sans-arabic/files/noto-sans-arabic-arabic-wght-normal.woff2",
        false,
    ),
];

/// WebAssembly features that all browsers support; with `--all-features` the optimizer emits code that Chromium rejects.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-sign-ext",
    "--enable-mutable-globals",
];

type BuildResult<T> = Result<T, String>;

fn main() -> ExitCode {
    match assets() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn with_path(path: &Path) -> impl Fn(std::io::Error) -> String + '_ {
    move |error| format!("{}: {error}", path.display())
}

/// Builds all assets in a temporary folder, which replaces the old assets at the end.
fn assets() -> BuildResult<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("workspace root not found")?
        .to_owned();
    let work = root.join("target/site/work");
    let site = root.join("target/site/pkg");
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work).map_err(with_path(&work))?;
    compile(&root)?;
    let mut manifest = json!({});
    let mut too_large = Vec::new();
    let fonts = copy_fonts(&root, &work)?;
    for ((app, budget), bundle) in APPS.into_iter().zip(bundles(&root, &work)) {
        let (bundle, size) = bundle?;
        let style = style(&root, &work, app, &fonts)?;
        println!("{app:<9} wasm {size:>7} bytes brotli, budget {budget}");
        if size > budget {
            too_large.push(app);
        }
        manifest[app] = json!({ "bundle": bundle, "style": style });
    }
    manifest["fonts"] = Value::Array(
        fonts
            .iter()
            .filter(|(_, _, preload)| *preload)
            .map(|(_, file, _)| json!(file))
            .collect(),
    );
    write(
        &work.join("icon.svg"),
        &fs::read(root.join("public/icon.svg")).map_err(with_path(&root))?,
    )?;
    write(&work.join("assets.json"), manifest.to_string().as_bytes())?;
    if !too_large.is_empty() {
        return Err(format!("bundles exceed their size budget: {}", too_large.join(", ")));
    }
    let _ = fs::remove_dir_all(&site);
    fs::rename(&work, &site).map_err(with_path(&site))
}

/// Compiles the bundles. `tools.sh` sets the variables for machines without the rustup target. One command unifies the features
/// of the apps, so what only some of them need is a crate of its own.
fn compile(root: &Path) -> BuildResult<()> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(root).args([
        "build",
        "--quiet",
        "--profile",
        "wasm-release",
        "--target",
        "wasm32-unknown-unknown",
    ]);
    for (app, _) in APPS {
        cargo.args(["--package", &format!("frontend-{app}")]);
    }
    run(&mut cargo)
}

/// Makes the bundles of all apps at the same time, in their order.
fn bundles(root: &Path, work: &Path) -> Vec<BuildResult<(String, usize)>> {
    thread::scope(|scope| {
        let started: Vec<_> = APPS
            .iter()
            .map(|(app, _)| scope.spawn(move || bundle(root, work, app)))
            .collect();
        started
            .into_iter()
            .map(|bundle| {
                bundle
                    .join()
                    .unwrap_or_else(|_| Err("a bundle could not be made".to_owned()))
            })
            .collect()
    })
}

fn run(command: &mut Command) -> BuildResult<()> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} failed"))
    }
}

/// Rebuilding the control flow between two rounds makes the code two percent smaller. Rust puts nothing below address 1,024.
const OPTIMIZATIONS: [&str; 6] = ["-Oz", "--flatten", "--rereloop", "-Oz", "-Oz", "--low-memory-unused"];

/// Generates bindings for one bundle, optimizes, hashes and compresses it. Returns its name and compressed size.
fn bundle(root: &Path, work: &Path, app: &str) -> BuildResult<(String, usize)> {
    let input = root.join(format!(
        "target/wasm32-unknown-unknown/wasm-release/frontend_{app}.wasm"
    ));
    let bindings = work.join(format!("{app}-bound"));
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(&input)
        .web(true)
        .map_err(|error| error.to_string())?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .out_name(app)
        .generate(&bindings)
        .map_err(|error| format!("{app}: {error}"))?;
    let wasm = bindings.join(format!("{app}_bg.wasm"));
    let optimized = bindings.join("small.wasm");
    run(Command::new("node")
        .current_dir(root)
        .arg("node_modules/binaryen/bin/wasm-opt")
        .args(OPTIMIZATIONS)
        .args(WASM_FEATURES)
        .arg(&wasm)
        .arg("-o")
        .arg(&optimized))?;
    let code = fs::read(&optimized).map_err(with_path(&optimized))?;
    let script = fs::read_to_string(bindings.join(format!("{app}.js"))).map_err(with_path(&bindings))?;
    let name = format!("{app}-{}", hash(&[&code, script.as_bytes()]));
    // The script refers to the WebAssembly file by name, which must be the hashed one.
    let script = script.replace(&format!("{app}_bg.wasm"), &format!("{name}_bg.wasm"));
    write(&work.join(format!("{name}.js")), script.as_bytes())?;
    let size = write(&work.join(format!("{name}_bg.wasm")), &code)?;
    fs::remove_dir_all(&bindings).map_err(with_path(&bindings))?;
    Ok((name, size))
}

/// Bundles the imports of a style sheet, inserts the font names and minifies it. Returns the hashed name.
fn style(root: &Path, work: &Path, app: &str, fonts: &[(String, String, bool)]) -> BuildResult<String> {
    let files = FileProvider::new();
    let entry = root.join(format!("style/{app}.css"));
    let mut sheet = Bundler::new(&files, None, ParserOptions::default())
        .bundle(&entry)
        .map_err(|error| format!("{app}: {error}"))?;
    sheet
        .minify(MinifyOptions::default())
        .map_err(|error| format!("{app}: {error}"))?;
    let mut text = sheet
        .to_css(PrinterOptions {
            minify: true,
            ..PrinterOptions::default()
        })
        .map_err(|error| format!("{app}: {error}"))?
        .code;
    if app == "dispatch" {
        // Behind the layers of the sheet, whose order the first mention decides.
        text.push_str(&domain::scheduling::board_grid::style_sheet());
    }
    for (name, file, _) in fonts {
        // Includes the closing bracket, because one name is a prefix of another.
        text = text.replace(&format!("font:{name})"), &format!("/pkg/{file})"));
    }
    let name = format!("{app}-{}.css", hash(&[text.as_bytes()]));
    write(&work.join(&name), text.as_bytes())?;
    Ok(name)
}

/// Copies the fonts. Returns name, hashed file name, and whether pages preload it.
fn copy_fonts(root: &Path, work: &Path) -> BuildResult<Vec<(String, String, bool)>> {
    FONTS
        .into_iter()
        .map(|(name, path, preload)| {
            let from: PathBuf = root.join("node_modules").join(path);
            let bytes = fs::read(&from).map_err(with_path(&from))?;
            let file = format!("{name}-{}.woff2", hash(&[&bytes]));
            fs::write(work.join(&file), &bytes).map_err(with_path(work))?;
            Ok((name.to_owned(), file, preload))
        })
        .collect()
}

fn hash(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher
        .finalize()
        .iter()
        .take(5)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Writes a file and its compressed forms. Returns the size of the Brotli form.
fn write(path: &Path, bytes: &[u8]) -> BuildResult<usize> {
    fs::write(path, bytes).map_err(with_path(path))?;
    let with_suffix = |suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters).map_err(with_path(path))?;
    fs::write(with_suffix(".br"), &compressed).map_err(with_path(path))?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).map_err(with_path(path))?;
    fs::write(with_suffix(".gz"), gzip.finish().map_err(with_path(path))?).map_err(with_path(path))?;
    Ok(compressed.len())
}
