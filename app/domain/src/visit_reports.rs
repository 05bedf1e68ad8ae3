//! Visit reports and their release to the portal. Approved does not mean visible.

crate::lifecycle! {
    /// Where a visit report stands.
    ReportStatus {
        /// Being written.
        Draft = "draft",
        /// Handed in.
        Submitted = "submitted",
        /// Checked and accepted.
        Approved = "approved",
        /// Sent back to the technician.
        Returned = "returned",
    }
    steps {
        Draft -> Submitted,
        Submitted -> Approved,
        Submitted -> Returned,
        Returned -> Submitted,
    }
}

crate::lifecycle! {
    /// Where one revision of a portal release stands. A report without a revision was never released.
    ReleaseStatus {
        /// The customer sees it.
        Published = "published",
        /// A later revision took its place.
        Replaced = "replaced",
        /// Taken back.
        Withdrawn = "withdrawn",
    }
    steps {
        Published -> Replaced,
        Published -> Withdrawn,
    }
}
