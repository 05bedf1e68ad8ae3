//! Signatures according to Standard Webhooks 1.0 over `id.timestamp.body`: `v1` is HMAC-SHA256 with a shared secret,
//! `v1a` is Ed25519 for endpoints with asymmetric signatures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::randomness::Randomness;

const SECRET_PREFIX: &str = "whsec_";

/// Creates a secret of 32 random bytes.
pub fn new_secret(randomness: &Randomness) -> String {
    format!("{SECRET_PREFIX}{}", STANDARD.encode(randomness.bytes::<32>()))
}

/// Returns a `v1` signature for the `webhook-signature` header; `None` if the secret is malformed.
pub fn sign(secret: &str, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(SECRET_PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// Creates the seed of an Ed25519 key.
pub fn new_signing_key(randomness: &Randomness) -> [u8; 32] {
    randomness.bytes::<32>()
}

/// Returns the public key of a seed in the `whpk_` format that receivers configure.
pub fn public_key(seed: &[u8; 32]) -> String {
    format!(
        "whpk_{}",
        STANDARD.encode(SigningKey::from_bytes(seed).verifying_key().as_bytes())
    )
}

/// Returns a `v1a` signature for the `webhook-signature` header.
pub fn sign_asymmetric(seed: &[u8; 32], id: &str, timestamp: i64, body: &str) -> String {
    let signature = SigningKey::from_bytes(seed).sign(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1a,{}", STANDARD.encode(signature.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_key_verifies_only_the_signed_body() {
        use ed25519_dalek::{Signature, VerifyingKey};
        let seed = new_signing_key(&Randomness::seeded(5));
        let public = public_key(&seed);
        let bytes: [u8; 32] = STANDARD
            .decode(public.strip_prefix("whpk_").expect("value has the prefix"))
            .expect("value is base64")
            .try_into()
            .expect("key has 32 bytes");
        let key = VerifyingKey::from_bytes(&bytes).expect("key is valid");
        let signed = sign_asymmetric(&seed, "evt_1", 1_700_000_000, "{}");
        let signature = STANDARD
            .decode(signed.strip_prefix("v1a,").expect("signature has a version"))
            .expect("value is base64");
        let signature = Signature::from_slice(&signature).expect("signature is valid");
        assert!(key.verify_strict(b"evt_1.1700000000.{}", &signature).is_ok());
        assert!(key.verify_strict(b"evt_1.1700000000.{ }", &signature).is_err());
    }

    /// Test vector of the Standard Webhooks reference libraries.
    #[test]
    fn sign_reference_vector_matches() {
        let signature = sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            "{\"test\": 2432232314}",
        );
        assert_eq!(
            signature.as_deref(),
            Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        );
    }

    #[test]
    fn new_secret_has_32_bytes() {
        let secret = new_secret(&Randomness::seeded(3));
        assert_eq!(
            STANDARD
                .decode(secret.strip_prefix(SECRET_PREFIX).expect("value has the prefix"))
                .expect("value is base64")
                .len(),
            32
        );
    }
}
