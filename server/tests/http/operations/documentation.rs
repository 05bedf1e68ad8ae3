//! The commands of README and documentation work as they are written.

use std::path::{Path, PathBuf};
use std::process::Command;

use ordinavo::cli;
use serde_json::{Deserializer, Value};

use crate::support::client;
use crate::support::installation::Installation;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns the first block of shell commands below a heading or sentence of the README.
fn block_after(text: &str) -> String {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, after) = readme.split_once(text).unwrap();
    let (_, block) = after.split_once("```sh\n").unwrap();
    block.split_once("```").unwrap().0.to_owned()
}

/// Runs commands as typed, with the program of this build, and returns what they print.
fn run(installation: &Installation, commands: &str) -> String {
    let plain = installation.command(&[]);
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c", commands])
        .current_dir(&installation.folder);
    for (name, value) in plain.get_envs() {
        shell.env(name, value.unwrap_or_default());
    }
    let programs = Path::new(plain.get_program()).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let output = shell
        .env("PATH", format!("{}:{path}", programs.display()))
        .output()
        .unwrap();
    let (stdout, stderr) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{stdout}\n{stderr}");
    stdout
}

#[tokio::test]
async fn readme_tour_answers_as_described() {
    let installation = Installation::on_sqlite("readme-tour");
    let accounts = installation.demo();
    let key = accounts["tenants"][0]["clients"][0]["apiKey"].as_str().unwrap();
    let server = installation.start(&client()).await;
    let commands = block_after("## A five-minute tour")
        .replace("KEY=ock_live_…", &format!("KEY={key}"))
        .replace("http://127.0.0.1:3000", &installation.url(""));
    assert!(commands.contains(key), "{commands}");
    let output = run(&installation, &commands);
    let answers: Vec<Value> = Deserializer::from_str(&output)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap();
    let [imported, status, contradiction, unknown, endpoint] = &answers[..] else {
        panic!("{output}")
    };
    assert_eq!(imported["mapping"]["customer"]["rule"], "C6", "{imported}");
    assert_eq!(status["externalId"], "JOB-2026-000918", "{status}");
    assert_eq!(contradiction["mapping"]["customer"]["rule"], "C9", "{contradiction}");
    assert_eq!(unknown["errors"][0]["pointer"], "/colour", "{unknown}");
    assert!(endpoint["secret"].is_string(), "{endpoint}");
    drop(server);
    std::fs::remove_dir_all(&installation.folder).unwrap();
}

#[test]
fn readme_first_steps_work() {
    let installation = Installation::on_sqlite("readme-steps");
    run(&installation, "ordinavo migrate --create");
    let output = run(&installation, &block_after("The first start prints an address"));
    assert!(output.contains("Password for you@example.org: "), "{output}");
    assert_eq!(
        std::fs::read_dir(installation.folder.join("backups")).unwrap().count(),
        1
    );
    std::fs::remove_dir_all(&installation.folder).unwrap();
}

/// Returns the commands of a Markdown file: those in backticks, and the lines of blocks.
fn commands_of(text: &str) -> Vec<String> {
    let mut is_block = false;
    let mut commands = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            is_block = !is_block;
        } else if is_block {
            // Variables may stand in front.
            let is_variable = |word: &&str| word.contains('=');
            let length: usize = line.split_inclusive(' ').take_while(is_variable).map(str::len).sum();
            commands.push(line[length..].to_owned());
        } else {
            commands.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    commands.retain(|command| command.starts_with("ordinavo "));
    commands
}

/// Splits a command into words as a shell does, up to a comment or the next command.
fn words_of(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    // What another command prints is one word.
    let command = command.replace("$(date +%F)", "2026-11-29");
    for (index, part) in command.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
            continue;
        }
        for word in part.split_whitespace() {
            if word.starts_with(['#', '|', ';', '>', '&', '\\']) {
                return words;
            }
            words.push(word.trim_matches(['[', ']']).to_owned());
        }
    }
    // An ellipsis is the value of an option, or stands for more words.
    if words.last().is_some_and(|word| word == "…") && !words[words.len() - 2].starts_with("--") {
        words.pop();
    }
    words
}

#[test]
fn commands_in_documentation_exist() {
    let mut paths = vec![
        root().join("README.md"),
        root().join("CONTRIBUTING.md"),
        root().join("docs/configuration.md"),
    ];
    let operations = std::fs::read_dir(root().join("docs/operations")).unwrap();
    paths.extend(
        operations
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file()),
    );
    let mut count = 0;
    for path in paths {
        for command in commands_of(&std::fs::read_to_string(&path).unwrap()) {
            let words = words_of(&command);
            let checked = cli::check_command(&words);
            assert!(checked.is_ok(), "{}: {command}: {checked:?}", path.display());
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
    for wrong in ["ordinavo admin forget", "ordinavo serve --fast"] {
        assert!(cli::check_command(&words_of(wrong)).is_err(), "{wrong}");
    }
}

/// Returns the source files below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn security_rules_name_tests_and_files_that_exist() {
    let mut files = Vec::new();
    for folder in ["app", "server", "xtask", "bench"] {
        sources(&root().join(folder), &mut files);
    }
    let functions: std::collections::BTreeSet<String> = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .flat_map(|text| {
            let names = text.split("fn ").skip(1);
            let names =
                names.map(|rest| rest.split(|character: char| !character.is_alphanumeric() && character != '_'));
            names
                .filter_map(|mut parts| parts.next().map(str::to_owned))
                .collect::<Vec<_>>()
        })
        .collect();
    let rules = std::fs::read_to_string(root().join("docs/security.md")).unwrap();
    let rows = rules
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| Rule"));
    let mut unknown = Vec::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let [_, asvs, _, test] = cells[..] else {
            panic!("four columns: {row}")
        };
        assert!(asvs.contains('.') && !test.trim().is_empty(), "{row}");
        for name in test.split('`').skip(1).step_by(2) {
            let is_function = name.contains('_') && !name.contains(['/', '.', ' ']);
            let exists = if is_function {
                functions.contains(name)
            } else if name.ends_with(".rs") {
                let folders = ["server/tests/http", "server"];
                folders.iter().any(|folder| root().join(folder).join(name).exists())
            } else if name.starts_with("end2end/") {
                root().join(name).exists()
            } else {
                true
            };
            if !exists {
                unknown.push(name.to_owned());
            }
        }
    }
    assert!(unknown.is_empty(), "tests that do not exist: {unknown:?}");
}
