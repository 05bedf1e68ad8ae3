//! Proof of work: a browser finds a number whose hash with the form's ticket begins with zero bits. It costs a person
//! nothing and a flood a lot, and it needs nobody else's service (after Hashcash, Back 2002).

use sha2::{Digest as _, Sha256};

/// How many zero bits are asked for: about 65,000 hashes, a fraction of a second on a phone.
pub const BITS: u32 = 16;

/// Whether a number proves the work for a ticket.
pub fn is_solved(ticket: &str, number: u64) -> bool {
    let digest = Sha256::new()
        .chain_update(ticket.as_bytes())
        .chain_update(number.to_be_bytes())
        .finalize();
    let head = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    head.leading_zeros() >= BITS
}

/// Looks for the number in `count` tries from `start` on.
pub fn search(ticket: &str, start: u64, count: u64) -> Option<u64> {
    (start..start.saturating_add(count)).find(|number| is_solved(ticket, *number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_for_one_ticket() {
        let number = search("ticket-1", 0, 10_000_000).expect("there is one");
        assert!(is_solved("ticket-1", number));
        assert!(!is_solved("ticket-2", number) || !is_solved("ticket-3", number));
        assert_eq!(search("ticket-1", number + 1, 0), None);
    }
}
