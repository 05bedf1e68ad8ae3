//! Signatures as the Standard Webhooks 1.0 specification has them: HMAC-SHA256 over `id.timestamp.body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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

#[cfg(test)]
mod tests {
    use super::*;

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
