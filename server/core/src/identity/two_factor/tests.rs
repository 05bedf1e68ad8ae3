//! The secrets of two-factor authentication and the master key.

use uuid::Uuid;

use super::{secret_context, start_setup};
use crate::conformance::demo_systems;
use crate::identity::account::{AccountHolder as _, AccountKey};
use crate::identity::authentication;
use crate::identity::sessions::Realm;
use crate::installation::key_rotation;
use crate::installation::key_rotation::Step;
use crate::secrets::Keyring;

#[tokio::test]
async fn rotate_master_key_reseals_pending_secret() {
    for (core, book) in demo_systems().await {
        let account = &book.tenants[0].portal[0];
        let session = crate::identity::demo::sign_in(&core, Realm::Portal, &account.email, &account.password).await;
        let contact = authentication::contact(&core, session)
            .await
            .expect("session is read")
            .expect("session belongs to a portal user");
        start_setup(&core, &contact, &account.password.clone().into())
            .await
            .expect("setup starts");
        let key = contact.account();
        let stored = async || {
            let mut tx = core.store.read_system().await.expect("transaction begins");
            let factor = tx.own_factor(key).await.expect("factor is read");
            factor.pending.expect("secret is pending")
        };
        let before = stored().await;
        let plaintext = core
            .keyring
            .unseal(&before, &secret_context(key))
            .expect("secret is unsealed");
        let path = std::env::temp_dir().join(format!("ordinavo-key-{}", contact.id()));
        core.keyring
            .current()
            .write(&path, &core.randomness)
            .expect("key file is written");
        for step in [Step::Reseal, Step::Finish] {
            key_rotation::rotate(&core, &path, step).await.expect("key is rotated");
        }
        let ring = Keyring::open(&path).expect("key file is read");
        std::fs::remove_file(&path).expect("key file is removed");
        let after = stored().await;
        assert!(
            ring.unseal(&before, &secret_context(key)).is_err(),
            "the old key was removed"
        );
        assert_eq!(
            ring.unseal(&after, &secret_context(key)).expect("secret is unsealed"),
            plaintext
        );
        for other in [
            AccountKey { id: Uuid::nil(), ..key },
            AccountKey {
                realm: Realm::Staff,
                ..key
            },
        ] {
            assert!(ring.unseal(&after, &secret_context(other)).is_err());
        }
    }
}
