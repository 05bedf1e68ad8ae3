//! A device with passkeys, in software: creates key pairs and signs challenges as Web Authentication (level 2) demands.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// User present, user verified.
const FLAGS: u8 = 0x05;
/// The data of a new credential follows.
const WITH_CREDENTIAL: u8 = 0x40;

/// A passkey of the device.
#[derive(Clone)]
pub struct Passkey {
    key: SigningKey,
    id: Vec<u8>,
    pub user_handle: String,
    pub is_user_verified: bool,
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn client_data(kind: &str, options: &Value, origin: &str) -> Vec<u8> {
    json!({ "type": kind, "challenge": options["challenge"], "origin": origin, "crossOrigin": false })
        .to_string()
        .into_bytes()
}

fn authenticator_data(relying_party: &str, flags: u8) -> Vec<u8> {
    let mut data = Sha256::digest(relying_party.as_bytes()).to_vec();
    data.push(flags);
    // The counter of devices that do not count.
    data.extend([0; 4]);
    data
}

impl Passkey {
    /// Creates a passkey and returns it with the answer of the browser.
    pub fn create(options: &Value, origin: &str, seed: u8) -> (Self, String) {
        let key = SigningKey::from_slice(&[seed; 32]).expect("scalar is valid");
        let passkey = Self {
            key,
            id: vec![seed; 16],
            user_handle: options["user"]["id"].as_str().expect("user has an ID").to_owned(),
            is_user_verified: true,
        };
        let mut data = authenticator_data(
            options["rp"]["id"].as_str().expect("ID is text"),
            FLAGS | WITH_CREDENTIAL,
        );
        data.extend([0; 16]);
        data.extend(u16::try_from(passkey.id.len()).expect("ID is short").to_be_bytes());
        data.extend(&passkey.id);
        data.extend(passkey.public_key());
        // CBOR: { "fmt": "none", "attStmt": {}, "authData": … }
        let mut attestation = vec![0xa3, 0x63];
        attestation.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
        attestation.push(u8::try_from(data.len()).expect("data is short"));
        attestation.extend(data);
        let answer = json!({
            "id": encode(&passkey.id), "rawId": encode(&passkey.id), "type": "public-key",
            "response": {
                "attestationObject": encode(&attestation),
                "clientDataJSON": encode(&client_data("webauthn.create", options, origin)),
                "transports": ["internal"],
            },
            "clientExtensionResults": { "credProps": { "rk": true } },
        });
        (passkey, answer.to_string())
    }

    /// Returns the public key in the form of COSE: an ES256 key on P-256.
    fn public_key(&self) -> Vec<u8> {
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = (point.x().expect("point has x"), point.y().expect("point has y"));
        let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        key.extend(x);
        key.extend([0x22, 0x58, 0x20]);
        key.extend(y);
        key
    }

    /// Signs a challenge and returns the answer of the browser.
    pub fn answer(&self, options: &Value, origin: &str) -> String {
        let flags = if self.is_user_verified { FLAGS } else { 0x01 };
        let data = authenticator_data(options["rpId"].as_str().expect("ID is text"), flags);
        let client_data = client_data("webauthn.get", options, origin);
        let signed = [data.as_slice(), &Sha256::digest(&client_data)].concat();
        let signature: Signature = self.key.sign(&signed);
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key",
            "response": {
                "authenticatorData": encode(&data),
                "clientDataJSON": encode(&client_data),
                "signature": encode(signature.to_der().as_bytes()),
                "userHandle": self.user_handle,
            },
            "clientExtensionResults": {},
        })
        .to_string()
    }
}
