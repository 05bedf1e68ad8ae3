//! Stored files.

crate::stored_names! {
    /// The kind of record that a file was stored for.
    FileOwner {
        /// A request from a public form, without an account.
        Form = "form",
        /// A request of a portal user.
        Portal = "portal",
        /// A message of staff to a requester.
        Staff = "staff",
        /// A visit report.
        Visit = "visit",
        /// An upload of jobs, which no record names; it is deleted after a day.
        Import = "import",
    }
}

crate::stored_names! {
    /// Whether a file was checked for malware.
    FileScan {
        /// Stored while no scanner was configured.
        Exempt = "exempt",
        /// Waits to be checked, and cannot be downloaded.
        Unchecked = "unchecked",
        /// Nothing was found.
        Clean = "clean",
        /// Malware was found; the file cannot be downloaded.
        Infected = "infected",
    }
}

impl FileScan {
    /// Returns whether the file can be downloaded.
    pub const fn is_available(self) -> bool {
        matches!(self, Self::Exempt | Self::Clean)
    }
}
