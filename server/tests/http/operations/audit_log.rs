//! The audit log is verified on the page and by command, and checkpoints are compared.

use ordinavo_core::Engine;
use rstest::rstest;
use serde_json::Value;

use crate::support::installation::Installation;
use crate::support::{SAME_ORIGIN, world};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn audit_page_verification_names_result(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let browser = world.staff("nordlicht", "auditor").await;
    let verify = async || {
        let answer = browser
            .post(format!("{}/app/fn/verify-audit", world.url))
            .header("accept", "text/html")
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .send()
            .await
            .unwrap();
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        world.get(&browser, location.split('#').next().unwrap()).await.1
    };
    assert!(verify().await.contains("data-code=\"intact\""));
    // The result is shown once, and a link does not verify.
    assert!(
        !world
            .get(&browser, "/app/settings/audit?verify=1")
            .await
            .1
            .contains("data-code=\"intact\"")
    );
    world
        .sql(match engine {
            Engine::Sqlite => "DROP TRIGGER audit_entry_no_update",
            Engine::Postgres => "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only",
        })
        .await;
    world
        .sql("UPDATE audit_entry SET subject = 'x' WHERE sequence = 3")
        .await;
    assert!(verify().await.contains("data-code=\"entry\""));
}

#[rstest]
#[case::sqlite(Some(Installation::on_sqlite("audit-log")))]
#[case::postgres(Installation::on_postgres("audit-log-postgres"))]
fn audit_commands_compare_with_checkpoint(#[case] installation: Option<Installation>) {
    let Some(installation) = installation else { return };
    installation.demo();
    let file = installation.folder.join("checkpoint.json");
    let file = file.to_str().unwrap();
    let (status, output) = installation.run(&["audit", "checkpoint", file]);
    assert!(status.success(), "{output}");
    assert!(
        !installation.run(&["audit", "checkpoint", file]).0.success(),
        "the file exists"
    );
    let (_, stdout) = installation.run(&["audit", "checkpoint"]);
    assert_eq!(serde_json::from_str::<Value>(&stdout).unwrap()["version"], 1);

    let verify = |file: &str| installation.run(&["audit", "verify", "--json", "--checkpoint", file]);
    let (status, output) = verify(file);
    assert!(status.success(), "{output}");
    let results: Value = serde_json::from_str(&output).unwrap();
    // An empty chain has no state to sign.
    let has_entries = |result: &&Value| result["verified"] != 0;
    for result in results.as_array().unwrap().iter().filter(has_entries) {
        assert_eq!(result["checkpoint"]["sequence"], result["verified"], "{result}");
    }

    // A checkpoint of another state, or one that was edited, does not agree.
    let mut forged: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    forged["chains"][0]["hash"] = "00".repeat(32).into();
    let forged_file = installation.folder.join("forged.json");
    std::fs::write(&forged_file, forged.to_string()).unwrap();
    let (status, output) = verify(forged_file.to_str().unwrap());
    assert!(!status.success());
    assert!(
        output.contains("\"checkpoint\"") && output.contains("\"code\""),
        "{output}"
    );

    // The log continues across a replaced master key.
    assert!(installation.run(&["admin", "rotate-master-key"]).0.success());
    let (status, output) = verify(file);
    assert!(status.success(), "{output}");
    std::fs::remove_dir_all(&installation.folder).unwrap();
}
