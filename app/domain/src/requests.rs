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
        Planned -> Cancelled,
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

impl Priority {
    /// Its place in every order: the most urgent is 0.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Urgent => 0,
            Self::High => 1,
            Self::Normal => 2,
            Self::Low => 3,
        }
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

impl RequestStatus {
    /// Whether nobody has decided yet.
    pub const fn is_undecided(self) -> bool {
        matches!(self, Self::Submitted | Self::InReview)
    }

    /// Whether it waits for dispatch, as long as it is no job: to be decided, or to be converted. So long its requester may
    /// withdraw it.
    pub const fn is_waiting(self) -> bool {
        self.is_undecided() || matches!(self, Self::Accepted)
    }

    /// Whether its requester may take it back: as long as dispatch has not made a job of it.
    pub const fn may_be_withdrawn(self, is_job: bool) -> bool {
        !is_job && self.is_waiting()
    }

    /// Whether its requester may ask to cancel it: it is a job, and nobody has set out for it.
    pub const fn may_be_asked_to_cancel(self, job_has_not_begun: bool) -> bool {
        job_has_not_begun && !self.has_ended()
    }

    /// Whether it came to nothing; then nobody writes about it any more.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Rejected | Self::Cancelled)
    }
}

#[cfg(test)]
mod tests {
    use super::RequestStatus;
    use crate::lifecycle::Lifecycle as _;

    #[test]
    fn what_waits_can_be_withdrawn_and_what_has_ended_goes_nowhere() {
        for status in RequestStatus::ALL {
            // What is planned ends with its job only, which dispatch cancels.
            assert_eq!(
                status.is_waiting() || *status == RequestStatus::Planned,
                status.next().contains(&RequestStatus::Cancelled),
                "{status:?}"
            );
            assert_eq!(
                status.is_undecided(),
                status.next().contains(&RequestStatus::Rejected),
                "{status:?}"
            );
            assert!(!status.has_ended() || status.next().is_empty(), "{status:?}");
        }
    }
}
