//! Signatures as the Standard Webhooks 1.0 specification has them, over `id.timestamp.body`: `v1` is HMAC-SHA256 under a shared
//! secret, `v1a` is Ed25519 for endpoints that asked for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::randomness::Randomness;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// A new secret of 32 random bytes.
pub fn new_secret(randomness: &Randomness) -> String {
    format!("{PREFIX}{}", STANDARD.encode(randomness.bytes::<32>()))
}

/// The value of `webhook-signature`; `None` if the secret is not one of ours.
pub fn sign(secret: &str, id: &str, timestamp: i64, body: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix(PREFIX)?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// The seed of a new Ed25519 key.
pub fn new_signing_key(randomness: &Randomness) -> [u8; 32] {
    randomness.bytes::<32>()
}

/// The public half of a key, as receivers configure it.
pub fn public_key(seed: &[u8; 32]) -> String {
    format!(
        "whpk_{}",
        STANDARD.encode(SigningKey::from_bytes(seed).verifying_key().as_bytes())
    )
}

/// A `v1a` signature.
pub fn sign_asymmetric(seed: &[u8; 32], id: &str, timestamp: i64, body: &str) -> String {
    let signature = SigningKey::from_bytes(seed).sign(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1a,{}", STANDARD.encode(signature.to_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_half_verifies_and_another_body_does_not() {
        use ed25519_dalek::{Signature, VerifyingKey};
        let seed = new_signing_key(&Randomness::seeded(5));
        let public = public_key(&seed);
        let bytes: [u8; 32] = STANDARD
            .decode(public.strip_prefix("whpk_").expect("a prefix"))
            .expect("base64")
            .try_into()
            .expect("32 bytes");
        let key = VerifyingKey::from_bytes(&bytes).expect("a key");
        let signed = sign_asymmetric(&seed, "evt_1", 1_700_000_000, "{}");
        let signature = STANDARD
            .decode(signed.strip_prefix("v1a,").expect("a version"))
            .expect("base64");
        let signature = Signature::from_slice(&signature).expect("a signature");
        assert!(key.verify_strict(b"evt_1.1700000000.{}", &signature).is_ok());
        assert!(key.verify_strict(b"evt_1.1700000000.{ }", &signature).is_err());
    }

    /// The worked example of the specification's reference libraries.
    #[test]
    fn signs_like_the_reference_libraries() {
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
    fn secrets_have_32_bytes() {
        let secret = new_secret(&Randomness::seeded(3));
        assert_eq!(
            STANDARD
                .decode(secret.strip_prefix(PREFIX).expect("a prefix"))
                .expect("base64")
                .len(),
            32
        );
    }
}
