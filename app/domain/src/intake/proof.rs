//! Proof of work against automated submissions (Hashcash, Back 2002): the browser finds a number whose hash with the
//! form's ticket starts with zero bits. Cheap for one submission, expensive for many, and independent of third parties.

use sha2::{Digest as _, Sha256};

/// Required number of leading zero bits: about 65,000 hashes, a fraction of a second on a phone.
pub const REQUIRED_ZERO_BITS: u32 = 16;

/// Returns whether a number solves the proof of work for a ticket.
pub fn is_solved(ticket: &str, number: u64) -> bool {
    let digest = Sha256::new()
        .chain_update(ticket.as_bytes())
        .chain_update(number.to_be_bytes())
        .finalize();
    let head = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    head.leading_zeros() >= REQUIRED_ZERO_BITS
}

/// Searches `count` numbers from `start` for a solution.
pub fn search(ticket: &str, start: u64, count: u64) -> Option<u64> {
    (start..start.saturating_add(count)).find(|number| is_solved(ticket, *number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proof_is_valid_for_its_ticket_only() {
        let number = search("ticket-1", 0, 10_000_000).expect("a solution exists");
        assert!(is_solved("ticket-1", number));
        assert!(!is_solved("ticket-2", number) || !is_solved("ticket-3", number));
        assert_eq!(search("ticket-1", number + 1, 0), None);
    }
}
