//! Builds what browsers get: the bundles, style sheets and fonts, hashed and compressed, into `target/site/pkg`.
//! `docs/decisions/0004-xtask.md` says why this is not cargo-leptos.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use lightningcss::bundler::{Bundler, FileProvider};
use lightningcss::stylesheet::{MinifyOptions, ParserOptions, PrinterOptions};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The apps with a bundle: name and budget of the compressed WebAssembly in bytes.
const APPS: [(&str, usize); 3] = [("dispatch", 200_000), ("portal", 80_000), ("public", 80_000)];

/// Fonts: npm file and whether every page needs it at once.
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

/// Features that browsers have; `--all-features` would let the optimiser write what Chromium refuses.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-sign-ext",
    "--enable-mutable-globals",
];

type Outcome<T> = Result<T, String>;

fn main() -> ExitCode {
    match assets() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn in_words(path: &Path) -> impl Fn(std::io::Error) -> String + '_ {
    move |error| format!("{}: {error}", path.display())
}

/// Builds everything, beside what is there, and puts it in place at the end.
fn assets() -> Outcome<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("no workspace")?
        .to_owned();
    let work = root.join("target/site/work");
    let site = root.join("target/site/pkg");
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work).map_err(in_words(&work))?;
    compile(&root)?;
    let mut manifest = json!({});
    let mut too_large = Vec::new();
    let fonts = copy_fonts(&root, &work)?;
    for (app, budget) in APPS {
        let (bundle, size) = bundle(&root, &work, app)?;
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
            .filter(|(_, _, now)| *now)
            .map(|(_, file, _)| json!(file))
            .collect(),
    );
    write(
        &work.join("icon.svg"),
        &fs::read(root.join("public/icon.svg")).map_err(in_words(&root))?,
    )?;
    write(&work.join("assets.json"), manifest.to_string().as_bytes())?;
    if !too_large.is_empty() {
        return Err(format!("too large: {}", too_large.join(", ")));
    }
    let _ = fs::remove_dir_all(&site);
    fs::rename(&work, &site).map_err(in_words(&site))
}

/// Compiles the bundles. The variables for a machine without the usual target come from `wasm-target.sh`.
fn compile(root: &Path) -> Outcome<()> {
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

fn run(command: &mut Command) -> Outcome<()> {
    let status = command.status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{command:?} failed"))
    }
}

/// Binds, optimises, hashes and compresses one bundle; the answer is its name and the compressed size.
fn bundle(root: &Path, work: &Path, app: &str) -> Outcome<(String, usize)> {
    let input = root.join(format!(
        "target/wasm32-unknown-unknown/wasm-release/frontend_{app}.wasm"
    ));
    let bound = work.join(format!("{app}-bound"));
    wasm_bindgen_cli_support::Bindgen::new()
        .input_path(&input)
        .web(true)
        .map_err(|error| error.to_string())?
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .out_name(app)
        .generate(&bound)
        .map_err(|error| format!("{app}: {error}"))?;
    let wasm = bound.join(format!("{app}_bg.wasm"));
    let small = bound.join("small.wasm");
    run(Command::new("node")
        .current_dir(root)
        .arg("node_modules/binaryen/bin/wasm-opt")
        .args(["-Oz"])
        .args(WASM_FEATURES)
        .arg(&wasm)
        .arg("-o")
        .arg(&small))?;
    let code = fs::read(&small).map_err(in_words(&small))?;
    let script = fs::read_to_string(bound.join(format!("{app}.js"))).map_err(in_words(&bound))?;
    let name = format!("{app}-{}", hash(&[&code, script.as_bytes()]));
    // The module's own guess at its file's name must follow the hashed one.
    let script = script.replace(&format!("{app}_bg.wasm"), &format!("{name}_bg.wasm"));
    write(&work.join(format!("{name}.js")), script.as_bytes())?;
    let size = write(&work.join(format!("{name}_bg.wasm")), &code)?;
    fs::remove_dir_all(&bound).map_err(in_words(&bound))?;
    Ok((name, size))
}

/// Follows the imports of an app's style sheet, fills in the fonts' names, and makes one small file.
fn style(root: &Path, work: &Path, app: &str, fonts: &[(String, String, bool)]) -> Outcome<String> {
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
    for (name, file, _) in fonts {
        // With the bracket behind it: one name is the beginning of another.
        text = text.replace(&format!("font:{name})"), &format!("/pkg/{file})"));
    }
    let name = format!("{app}-{}.css", hash(&[text.as_bytes()]));
    write(&work.join(&name), text.as_bytes())?;
    Ok(name)
}

/// Copies the fonts; the answer is name, hashed file and whether every page needs it at once.
fn copy_fonts(root: &Path, work: &Path) -> Outcome<Vec<(String, String, bool)>> {
    FONTS
        .into_iter()
        .map(|(name, path, now)| {
            let from: PathBuf = root.join("node_modules").join(path);
            let bytes = fs::read(&from).map_err(in_words(&from))?;
            let file = format!("{name}-{}.woff2", hash(&[&bytes]));
            fs::write(work.join(&file), &bytes).map_err(in_words(work))?;
            Ok((name.to_owned(), file, now))
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

/// Writes a file and its compressed forms; the answer is the size of the brotli one.
fn write(path: &Path, bytes: &[u8]) -> Outcome<usize> {
    fs::write(path, bytes).map_err(in_words(path))?;
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", path.display()));
    let mut small = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &bytes[..], &mut small, &parameters).map_err(in_words(path))?;
    fs::write(beside(".br"), &small).map_err(in_words(path))?;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes).map_err(in_words(path))?;
    fs::write(beside(".gz"), gzip.finish().map_err(in_words(path))?).map_err(in_words(path))?;
    Ok(small.len())
}
