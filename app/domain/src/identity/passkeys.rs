//! Limits of passkeys.

/// Maximum length of a passkey's name, in characters.
pub const MAX_NAME_CHARS: usize = 60;
/// Maximum number of passkeys of an account.
pub const MAX_PASSKEYS: usize = 20;
