//! Requests: a need that came from outside and waits for a decision.

crate::lifecycle! {
    /// Where a request stands.
    RequestStatus {
        /// Arrived, nobody has looked at it.
        Submitted = "submitted",
        /// Somebody is looking at it.
        InReview = "in_review",
        /// It will be done; a date is being found.
        Accepted = "accepted",
        /// Its target has an appointment.
        Planned = "planned",
        /// It will not be done; the customer was told why.
        Rejected = "rejected",
        /// The customer or dispatch withdrew it.
        Cancelled = "cancelled",
    }
    steps {
        Submitted -> InReview,
        InReview -> Accepted,
        Accepted -> Planned,
        Submitted -> Rejected,
        InReview -> Rejected,
        Submitted -> Cancelled,
        InReview -> Cancelled,
        Accepted -> Cancelled,
    }
}

crate::stored_names! {
    /// The way by which a request came in.
    Channel {
        /// The Connect API.
        Api = "api",
        /// A public web form.
        WebForm = "web_form",
        /// The customer portal.
        Portal = "portal",
        /// A terminal on site.
        Terminal = "terminal",
        /// Somebody of the staff, for a caller.
        Staff = "staff",
    }
}

crate::stored_names! {
    /// How urgent something is.
    Priority {
        /// Whenever it suits.
        Low = "low",
        /// In the usual time.
        Normal = "normal",
        /// Before the rest.
        High = "high",
        /// Today if at all possible.
        Urgent = "urgent",
    }
}

crate::stored_names! {
    /// The kind of service that a customer can ask for.
    ServiceType {
        /// Something is broken.
        Repair = "repair",
        /// Regular upkeep.
        Maintenance = "maintenance",
        /// A check with a result on paper.
        Inspection = "inspection",
        /// Something new is put in place.
        Installation = "installation",
        /// A question, help or advice.
        Support = "support",
    }
}

impl Channel {
    /// Whether a person says whose a request is. A portal user's customer comes from the grant, a client's from its
    /// mapping; nobody may move those to somebody else.
    pub const fn takes_customer_from_people(self) -> bool {
        matches!(self, Self::WebForm | Self::Staff | Self::Terminal)
    }
}
