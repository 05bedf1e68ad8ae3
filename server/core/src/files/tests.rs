//! Storing and sweeping on both engines, in memory and in a folder.

#![expect(clippy::disallowed_methods, reason = "the tests run statements of their own")]

use crate::db::purpose::FileWork;
use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::TimeDelta;
use domain::files::{FileOwner, FileScan};
use domain::identity::permissions::PerformVisits;
use domain::problems::Problem;
use futures::StreamExt as _;
use rstest::rstest;
use uuid::Uuid;

use crate::conformance::{demo_systems, staff};
use crate::db::far_future;
use crate::files::model::{BlobKey, NewBlob};
use crate::files::{self, FileStore, clean_photo, worker};
use crate::identity::actors::{Actor as _, Staff};
use crate::visits::entries;
use crate::visits::report::SentPhoto;
use crate::{Core, CoreResult};

/// Systems on both engines with a technician; the storage is that of the test.
async fn systems(storage: Storage) -> Vec<(Core, Staff)> {
    let mut found = Vec::new();
    for (mut core, book) in demo_systems().await {
        if storage == Storage::Folder {
            let name = new_id(&core).simple().to_string();
            let folder = std::env::temp_dir().join("ordinavo-tests").join(name);
            core.files = FileStore::open(&format!("file://{}", folder.display())).expect("folder opens");
        }
        let technician = staff(&core, &book, "technician").await;
        found.push((core, technician));
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Storage {
    Memory,
    Folder,
}

fn new_id(core: &Core) -> Uuid {
    core.randomness.uuid_v7(core.clock.now())
}

fn blob(content: &'static [u8]) -> NewBlob {
    NewBlob {
        digest: crate::secrets::sha256(content),
        media_type: "application/pdf",
        bytes: content.into(),
    }
}

/// Names of the content of the technician's tenant that is in the storage, without what the demo has stored.
async fn stored(core: &Core, technician: &Staff, known: &BTreeSet<String>) -> BTreeSet<String> {
    let keys = core.files.list_before(technician.tenant(), far_future());
    let names: BTreeSet<String> = keys.map(|key| key.expect("storage is listed").name()).collect().await;
    names.difference(known).cloned().collect()
}

async fn usage(core: &Core, technician: &Staff) -> i64 {
    let mut tx = core.store.read(technician).await.expect("transaction begins");
    let rows = tx
        .tx
        .fetch_all::<(i64,)>(
            "SELECT bytes FROM file_usage WHERE tenant_id = $1",
            (technician.tenant().uuid(),),
        )
        .await
        .expect("query succeeds");
    rows.into_iter().map(|(bytes,)| bytes).sum()
}

async fn upload_photo(core: &Core, technician: &Staff, key: Uuid, photo: Vec<u8>) -> CoreResult<()> {
    let permit = technician.may::<PerformVisits>()?;
    let person = technician.id().to_string();
    entries::upload_photo(
        core,
        permit,
        &key.to_string(),
        &person,
        "0",
        SentPhoto {
            file_name: "a.png".to_owned(),
            bytes: photo,
            mark: None,
        },
    )
    .await
}

fn png(shade: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::RgbImage::from_pixel(8, 8, image::Rgb([shade, 120, 90]))
        .write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png)
        .expect("image is encoded");
    bytes
}

#[rstest]
#[case::memory(Storage::Memory)]
#[case::folder(Storage::Folder)]
#[tokio::test]
async fn crash_between_steps_leaves_nothing_after_sweep(#[case] storage: Storage) {
    for (core, technician) in systems(storage).await {
        let known = stored(&core, &technician, &BTreeSet::new()).await;
        let before = usage(&core, &technician).await;
        // After the reservation.
        let origin = new_id(&core);
        let mut tx = core.store.begin(&technician).await.expect("transaction begins");
        let reservation = files::reserve(&mut tx, origin, "nonce").await.expect("reserves");
        assert!(reservation.is_some());
        assert!(
            files::reserve(&mut tx, origin, "nonce")
                .await
                .expect("reserves")
                .is_none()
        );
        // After the register.
        tx.register_blob(FileOwner::Form, FileScan::Exempt, &blob(b"registered"))
            .await
            .expect("registers");
        tx.commit().await.expect("commits");
        // After the bytes.
        files::store(&core, &technician, FileOwner::Form, vec![blob(b"stored")])
            .await
            .expect("stores");
        assert_eq!(stored(&core, &technician, &known).await.len(), 1);

        assert_eq!(
            worker::sweep(&core).await.expect("sweeps"),
            0,
            "it may still be under way"
        );
        core.clock.advance(TimeDelta::minutes(61));
        assert_eq!(worker::sweep(&core).await.expect("sweeps"), 2);
        assert!(stored(&core, &technician, &known).await.is_empty());
        assert_eq!(usage(&core, &technician).await, before);
        let mut tx = core.store.begin(&technician).await.expect("transaction begins");
        let keep = files::keep(&mut tx, [blob(b"stored").digest.as_slice()]).await;
        assert_eq!(
            keep.expect_err("content is gone").problem,
            Problem::TemporarilyUnavailable
        );
        assert!(
            files::reserve(&mut tx, origin, "nonce")
                .await
                .expect("reserves")
                .is_some()
        );
    }
}

#[rstest]
#[case::memory(Storage::Memory)]
#[case::folder(Storage::Folder)]
#[tokio::test]
async fn sweep_interrupted_is_completed_and_never_deletes_later_upload(#[case] storage: Storage) {
    for (core, technician) in systems(storage).await {
        let known = stored(&core, &technician, &BTreeSet::new()).await;
        let store = || files::store(&core, &technician, FileOwner::Form, vec![blob(b"same content")]);
        store().await.expect("stores");
        core.clock.advance(TimeDelta::hours(2));
        let deadlines = worker::deadlines(&core);
        let mut tx = core.store.begin_system::<FileWork>().await.expect("transaction begins");
        let found = tx.unfinished_blobs(deadlines, 10).await.expect("lists");
        let key = tx
            .mark_deleting(&found[0], deadlines)
            .await
            .expect("marks")
            .expect("is unnamed");
        tx.commit().await.expect("commits");
        // The same content is uploaded and named before the sweeper deletes the first.
        store().await.expect("stores");
        let photo = blob(b"same content").digest;
        let mut tx = core.store.begin(&technician).await.expect("transaction begins");
        files::keep(&mut tx, [photo.as_slice()])
            .await
            .expect("content is there");
        tx.commit().await.expect("commits");
        assert_eq!(worker::finish_deletion(&core, &[key]).await.expect("deletes"), 0);
        let content = files::content(&core, &technician, &photo)
            .await
            .expect("content is there");
        assert_eq!(content.as_ref(), b"same content");
        let later = BlobKey {
            tenant: technician.tenant(),
            digest: photo,
            generation: 1,
        };
        assert_eq!(stored(&core, &technician, &known).await, BTreeSet::from([later.name()]));
    }
}

#[rstest]
#[case::memory(Storage::Memory)]
#[case::folder(Storage::Folder)]
#[tokio::test]
async fn named_content_is_never_swept_until_an_hour_after_its_last_row_is_deleted(#[case] storage: Storage) {
    for (core, technician) in systems(storage).await {
        let known = stored(&core, &technician, &BTreeSet::new()).await;
        let key = new_id(&core);
        upload_photo(&core, &technician, key, png(1))
            .await
            .expect("photo is stored");
        core.clock.advance(TimeDelta::days(2));
        assert_eq!(worker::sweep(&core).await.expect("sweeps"), 0);
        assert_eq!(stored(&core, &technician, &known).await.len(), 1);
        let mut tx = core.store.begin(&technician).await.expect("transaction begins");
        tx.tx
            .execute(
                "DELETE FROM day_photo WHERE tenant_id = $1 AND entry_id = $2",
                (technician.tenant().uuid(), key),
            )
            .await
            .expect("row is deleted");
        tx.commit().await.expect("commits");
        core.clock.advance(TimeDelta::days(1));
        assert_eq!(worker::sweep(&core).await.expect("sweeps"), 0);
        assert_eq!(
            stored(&core, &technician, &known).await.len(),
            1,
            "a backup may have copied the row"
        );
        core.clock.advance(TimeDelta::minutes(61));
        assert_eq!(worker::sweep(&core).await.expect("sweeps"), 1);
        assert!(stored(&core, &technician, &known).await.is_empty());
    }
}

/// Content that the sweeper is about to delete is uploaded again at the same time: what is acknowledged is there.
#[tokio::test(flavor = "multi_thread")]
async fn sweep_beside_uploads_deletes_nothing_acknowledged() {
    for (core, technician) in systems(Storage::Memory).await {
        let (core, technician) = (Arc::new(core), Arc::new(technician));
        for _ in 0..5 {
            for shade in 0..12 {
                let photo = clean_photo("a.png", &png(shade)).expect("photo is valid");
                files::store(
                    &core,
                    technician.as_ref(),
                    FileOwner::Visit,
                    vec![NewBlob::from(&photo)],
                )
                .await
                .expect("stores");
            }
            let mut tx = core.store.begin(technician.as_ref()).await.expect("transaction begins");
            tx.tx
                .execute(
                    "DELETE FROM day_photo WHERE tenant_id = $1",
                    (technician.tenant().uuid(),),
                )
                .await
                .expect("rows are deleted");
            tx.commit().await.expect("commits");
            core.clock.advance(TimeDelta::days(2));
            worker::sweep(&core).await.expect("sweeps");
            core.clock.advance(TimeDelta::hours(2));
            let sweeper = tokio::spawn({
                let core = core.clone();
                async move { worker::sweep(&core).await }
            });
            let uploads = (0..12).map(|shade| {
                let (core, technician) = (core.clone(), technician.clone());
                let key = new_id(&core);
                tokio::spawn(async move { (shade, upload_photo(&core, &technician, key, png(shade)).await) })
            });
            let uploads = futures::future::join_all(uploads).await;
            sweeper.await.expect("sweeper ends").expect("sweeps");
            let mut acknowledged = 0;
            for upload in uploads {
                let (shade, outcome) = upload.expect("upload ends");
                if outcome.is_ok() {
                    let digest = clean_photo("a.png", &png(shade)).expect("photo is valid").content_hash;
                    files::content(&core, technician.as_ref(), &digest)
                        .await
                        .expect("acknowledged content is there");
                    acknowledged += 1;
                }
            }
            assert!(acknowledged > 0);
        }
    }
}

#[tokio::test]
async fn content_older_than_register_is_swept_unless_named() {
    for (core, technician) in systems(Storage::Memory).await {
        let known = stored(&core, &technician, &BTreeSet::new()).await;
        assert!(!known.is_empty(), "the demo has files");
        let orphan = BlobKey {
            tenant: technician.tenant(),
            digest: crate::secrets::sha256(b"orphan"),
            generation: 0,
        };
        core.files
            .put(&orphan, b"orphan".as_slice().into())
            .await
            .expect("stores");
        let count_rows = async || {
            let mut tx = core.store.read_system().await.expect("transaction begins");
            tx.tx
                .fetch_one::<(i64,)>("SELECT count(*) FROM blob", ())
                .await
                .expect("query succeeds")
                .0
        };
        let rows = count_rows().await;
        // The state after an upgrade from a version without a register, on which an earlier server still stores files.
        let mut tx = core.store.begin_system::<FileWork>().await.expect("transaction begins");
        tx.tx.execute("DELETE FROM blob", ()).await.expect("rows are deleted");
        tx.tx
            .execute("UPDATE file_sweep SET legacy_before = $1", (far_future(),))
            .await
            .expect("row is updated");
        tx.commit().await.expect("commits");
        assert_eq!(worker::sweep(&core).await.expect("sweeps"), 1);
        assert_eq!(stored(&core, &technician, &BTreeSet::new()).await, known);
        assert_eq!(count_rows().await, rows);
    }
}

#[tokio::test]
async fn file_on_disk_below_free_space_is_rejected() {
    let folder = std::env::temp_dir().join("ordinavo-tests").join("free-space");
    let files = FileStore::open(&format!("file://{}", folder.display())).expect("folder opens");
    assert!(files.ensure_space(1, 0).is_ok());
    let error = files.ensure_space(1, u64::MAX).expect_err("disk is never that large");
    assert_eq!(error.cause, domain::problems::Cause::FileStorageFull);
}
