//! Public status texts: what customers see instead of internal states.
//!
//! Every function is an exhaustive match, so a missing text does not compile.

use std::borrow::Cow;

use crate::follow_ups::FollowUpStatus;
use crate::jobs::targets::{AppointmentStatus, TargetStatus};
use crate::locale::Locale;
use crate::requests::{RequestStatus, ServiceType};

/// A short label with an explanatory sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicStatus {
    /// Text of the status badge.
    pub label: Cow<'static, str>,
    /// What the status means for the customer.
    pub explanation: Cow<'static, str>,
    /// Color family; never the only carrier of meaning.
    pub tone: Tone,
}

/// Semantic color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// No emphasis.
    Neutral,
    /// In progress.
    Info,
    /// Success.
    Good,
    /// Needs attention.
    Warn,
    /// Failure or rejection.
    Bad,
}

impl Tone {
    /// Returns the name used in style sheets.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Info => "info",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// Public status of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PublicVisit {
    /// The appointment is scheduled.
    Planned,
    /// The technician is traveling to the location.
    OnTheWay,
    /// The technician is on site.
    InProgress,
    /// The work is complete.
    Completed,
    /// The work could not be completed.
    NotCompleted,
    /// A later appointment replaces it.
    Moved,
    /// It will not take place.
    Cancelled,
}

impl PublicVisit {
    /// Every public visit status.
    pub const ALL: [Self; 7] = [
        Self::Planned,
        Self::OnTheWay,
        Self::InProgress,
        Self::Completed,
        Self::NotCompleted,
        Self::Moved,
        Self::Cancelled,
    ];

    /// Returns the name used in terminology keys and API responses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::OnTheWay => "on_the_way",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::NotCompleted => "not_completed",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
        }
    }

    /// Derives the public status from an appointment and its target.
    pub const fn of(appointment: AppointmentStatus, target: TargetStatus) -> Self {
        match appointment {
            AppointmentStatus::Moved => Self::Moved,
            AppointmentStatus::Cancelled => Self::Cancelled,
            // The job may go on with another appointment; this visit is over.
            AppointmentStatus::Done => match target {
                TargetStatus::Completed => Self::Completed,
                TargetStatus::Cancelled => Self::Cancelled,
                _ => Self::NotCompleted,
            },
            AppointmentStatus::Planned => match target {
                TargetStatus::Open | TargetStatus::Scheduled | TargetStatus::Dispatched => Self::Planned,
                TargetStatus::EnRoute => Self::OnTheWay,
                TargetStatus::OnSite => Self::InProgress,
                TargetStatus::Completed => Self::Completed,
                TargetStatus::NotCompleted => Self::NotCompleted,
                TargetStatus::Cancelled => Self::Cancelled,
            },
        }
    }
}

/// A milestone on the portal timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Milestone {
    /// The customer submitted a request.
    RequestSubmitted,
    /// Dispatch accepted the request.
    RequestAccepted,
    /// Dispatch rejected the request.
    RequestRejected,
    /// The request was cancelled.
    RequestCancelled,
    /// An appointment was scheduled.
    AppointmentScheduled,
    /// The appointment was rescheduled.
    AppointmentMoved,
    /// The appointment was cancelled.
    AppointmentCancelled,
    /// The visit was completed.
    VisitCompleted,
    /// A visit report was published.
    ReportShared,
    /// A corrected report replaced an earlier one.
    ReportReplaced,
    /// A follow-up is needed.
    FollowUpRequired,
    /// The follow-up is scheduled.
    FollowUpPlanned,
}

impl Milestone {
    /// Every milestone with its stored name.
    pub const ALL: [(Self, &'static str); 12] = [
        (Self::RequestSubmitted, "request_submitted"),
        (Self::RequestAccepted, "request_accepted"),
        (Self::RequestRejected, "request_rejected"),
        (Self::RequestCancelled, "request_cancelled"),
        (Self::AppointmentScheduled, "appointment_scheduled"),
        (Self::AppointmentMoved, "appointment_moved"),
        (Self::AppointmentCancelled, "appointment_cancelled"),
        (Self::VisitCompleted, "visit_completed"),
        (Self::ReportShared, "report_shared"),
        (Self::ReportReplaced, "report_replaced"),
        (Self::FollowUpRequired, "follow_up_required"),
        (Self::FollowUpPlanned, "follow_up_planned"),
    ];

    /// Returns the stored name.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(milestone, _)| *milestone == self)
            .map_or("", |(_, name)| name)
    }

    /// Parses a stored name; `None` for internal timeline entries.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, stored)| *stored == name)
            .map(|(milestone, _)| *milestone)
    }
}

const fn pick(locale: Locale, en: &'static str, de: &'static str, ar: &'static str) -> &'static str {
    match locale {
        Locale::En => en,
        Locale::De => de,
        Locale::Ar => ar,
    }
}

/// Returns the public status of a request.
pub const fn request(status: RequestStatus, locale: Locale) -> PublicStatus {
    let (label, explanation, tone) = match status {
        RequestStatus::Submitted => (
            pick(locale, "Submitted", "Eingereicht", "مقدَّم"),
            pick(
                locale,
                "We received your request and will review it shortly.",
                "Ihre Anfrage ist bei uns eingegangen. Wir prüfen sie in Kürze.",
                "استلمنا طلبك وسنراجعه قريبًا.",
            ),
            Tone::Neutral,
        ),
        RequestStatus::InReview => (
            pick(locale, "In review", "In Prüfung", "قيد المراجعة"),
            pick(
                locale,
                "Our team is reviewing your request.",
                "Unser Team prüft Ihre Anfrage.",
                "يراجع فريقنا طلبك.",
            ),
            Tone::Info,
        ),
        RequestStatus::Accepted => (
            pick(locale, "Accepted", "Angenommen", "مقبول"),
            pick(
                locale,
                "We accepted your request and are arranging an appointment.",
                "Wir haben Ihre Anfrage angenommen und planen einen Termin.",
                "قبلنا طلبك ونعمل على جدولة موعد.",
            ),
            Tone::Info,
        ),
        RequestStatus::Planned => (
            pick(locale, "Planned", "Geplant", "مخطط"),
            pick(
                locale,
                "Your appointment is scheduled.",
                "Ihr Termin ist geplant.",
                "تمت جدولة موعدك.",
            ),
            Tone::Good,
        ),
        RequestStatus::Rejected => (
            pick(locale, "Rejected", "Abgelehnt", "مرفوض"),
            pick(
                locale,
                "We are unable to take on this request. The reason is shown below.",
                "Wir können diese Anfrage leider nicht annehmen. Den Grund finden Sie unten.",
                "لا يمكننا قبول هذا الطلب. تجد السبب أدناه.",
            ),
            Tone::Bad,
        ),
        RequestStatus::Cancelled => (
            pick(locale, "Cancelled", "Storniert", "ملغى"),
            pick(
                locale,
                "This request was withdrawn or cancelled. No further steps will follow.",
                "Diese Anfrage wurde zurückgezogen oder storniert. Es folgen keine weiteren Schritte.",
                "تم سحب هذا الطلب أو إلغاؤه، ولن تتبعه أي خطوات أخرى.",
            ),
            Tone::Neutral,
        ),
    };
    PublicStatus {
        label: Cow::Borrowed(label),
        explanation: Cow::Borrowed(explanation),
        tone,
    }
}

/// Returns the public status of a completed request.
pub const fn request_done(locale: Locale) -> PublicStatus {
    PublicStatus {
        label: Cow::Borrowed(pick(locale, "Done", "Erledigt", "منجز")),
        explanation: Cow::Borrowed(pick(
            locale,
            "The work is done.",
            "Die Arbeiten sind erledigt.",
            "أُنجز العمل.",
        )),
        tone: Tone::Good,
    }
}

/// Returns the public status of a request whose customer asked for another time.
pub const fn change_requested(locale: Locale) -> PublicStatus {
    PublicStatus {
        label: Cow::Borrowed(pick(
            locale,
            "Change requested",
            "Anderer Termin angefragt",
            "طُلب موعد آخر",
        )),
        explanation: Cow::Borrowed(pick(
            locale,
            "Another time was requested. The appointment stays as it is until we have confirmed a new one.",
            "Ein anderer Termin ist angefragt. Der bisherige gilt, bis wir einen neuen bestätigt haben.",
            "طُلب موعد آخر. يبقى الموعد الحالي كما هو حتى نؤكد موعدًا جديدًا.",
        )),
        tone: Tone::Warn,
    }
}

/// Returns the public status of a visit.
pub const fn visit(visit: PublicVisit, locale: Locale) -> PublicStatus {
    let (label, explanation, tone) = match visit {
        PublicVisit::Planned => (
            pick(locale, "Planned", "Geplant", "مخطط"),
            pick(
                locale,
                "Your appointment is scheduled.",
                "Ihr Termin ist geplant.",
                "تمت جدولة موعدك.",
            ),
            Tone::Good,
        ),
        PublicVisit::OnTheWay => (
            pick(locale, "On the way", "Unterwegs", "في الطريق"),
            pick(
                locale,
                "The technician is on the way to you.",
                "Der Techniker ist auf dem Weg zu Ihnen.",
                "الفني في طريقه إليك.",
            ),
            Tone::Info,
        ),
        PublicVisit::InProgress => (
            pick(locale, "In progress", "In Arbeit", "قيد التنفيذ"),
            pick(
                locale,
                "The technician is on site.",
                "Der Techniker ist vor Ort.",
                "الفني في الموقع.",
            ),
            Tone::Info,
        ),
        PublicVisit::Completed => (
            pick(locale, "Completed", "Abgeschlossen", "مكتمل"),
            pick(
                locale,
                "The work is complete.",
                "Die Arbeiten sind abgeschlossen.",
                "اكتمل العمل.",
            ),
            Tone::Good,
        ),
        PublicVisit::NotCompleted => (
            pick(locale, "Not completed", "Nicht abgeschlossen", "غير مكتمل"),
            pick(
                locale,
                "The work could not be completed. We will contact you.",
                "Die Arbeiten konnten nicht abgeschlossen werden. Wir melden uns bei Ihnen.",
                "تعذر إكمال العمل. سنتواصل معك.",
            ),
            Tone::Warn,
        ),
        PublicVisit::Moved => (
            pick(locale, "Moved", "Verschoben", "منقول"),
            pick(
                locale,
                "This appointment was moved. You can find the new time in your appointments.",
                "Dieser Termin wurde verschoben. Den neuen Termin finden Sie unter „Termine“.",
                "تم نقل هذا الموعد. تجد الموعد الجديد ضمن «المواعيد».",
            ),
            Tone::Neutral,
        ),
        PublicVisit::Cancelled => (
            pick(locale, "Cancelled", "Storniert", "ملغى"),
            pick(
                locale,
                "This appointment was cancelled and will not take place.",
                "Dieser Termin wurde storniert und findet nicht statt.",
                "تم إلغاء هذا الموعد ولن تتم الزيارة.",
            ),
            Tone::Neutral,
        ),
    };
    PublicStatus {
        label: Cow::Borrowed(label),
        explanation: Cow::Borrowed(explanation),
        tone,
    }
}

/// Returns the public status of a follow-up; `None` for a dismissed one, which customers do not see.
pub const fn follow_up(status: FollowUpStatus, locale: Locale) -> Option<PublicStatus> {
    let (label, explanation, tone) = match status {
        FollowUpStatus::Required => (
            pick(
                locale,
                "Follow-up required",
                "Folgearbeit erforderlich",
                "متابعة مطلوبة",
            ),
            pick(
                locale,
                "More work is needed. We will arrange an appointment.",
                "Es sind weitere Arbeiten erforderlich. Wir planen dafür einen Termin.",
                "يلزم عمل إضافي، وسنحدد موعدًا له.",
            ),
            Tone::Warn,
        ),
        FollowUpStatus::Planned => (
            pick(locale, "Follow-up planned", "Folgearbeit geplant", "متابعة مخططة"),
            pick(
                locale,
                "The remaining work is scheduled.",
                "Die verbleibenden Arbeiten sind geplant.",
                "تمت جدولة العمل المتبقي.",
            ),
            Tone::Good,
        ),
        FollowUpStatus::Done => (
            pick(locale, "Done", "Erledigt", "منجزة"),
            pick(
                locale,
                "The remaining work is complete.",
                "Die verbleibenden Arbeiten sind abgeschlossen.",
                "اكتمل العمل المتبقي.",
            ),
            Tone::Good,
        ),
        FollowUpStatus::Dismissed => return None,
    };
    Some(PublicStatus {
        label: Cow::Borrowed(label),
        explanation: Cow::Borrowed(explanation),
        tone,
    })
}

/// Returns the public label of a milestone.
pub const fn milestone(milestone: Milestone, locale: Locale) -> &'static str {
    match milestone {
        Milestone::RequestSubmitted => pick(locale, "Request submitted", "Anfrage eingereicht", "تم تقديم الطلب"),
        Milestone::RequestAccepted => pick(locale, "Request accepted", "Anfrage angenommen", "تم قبول الطلب"),
        Milestone::RequestRejected => pick(locale, "Request rejected", "Anfrage abgelehnt", "تم رفض الطلب"),
        Milestone::RequestCancelled => pick(locale, "Request cancelled", "Anfrage storniert", "تم إلغاء الطلب"),
        Milestone::AppointmentScheduled => pick(locale, "Appointment scheduled", "Termin geplant", "تمت جدولة الموعد"),
        Milestone::AppointmentMoved => pick(locale, "Appointment moved", "Termin verschoben", "تم نقل الموعد"),
        Milestone::AppointmentCancelled => pick(locale, "Appointment cancelled", "Termin storniert", "تم إلغاء الموعد"),
        Milestone::VisitCompleted => pick(locale, "Visit completed", "Einsatz abgeschlossen", "اكتملت الزيارة"),
        Milestone::ReportShared => pick(locale, "Report shared", "Bericht veröffentlicht", "تم نشر التقرير"),
        Milestone::ReportReplaced => pick(locale, "Report replaced", "Bericht ersetzt", "تم استبدال التقرير"),
        Milestone::FollowUpRequired => pick(
            locale,
            "Follow-up required",
            "Folgearbeit erforderlich",
            "متابعة مطلوبة",
        ),
        Milestone::FollowUpPlanned => pick(locale, "Follow-up planned", "Folgearbeit geplant", "متابعة مخططة"),
    }
}

/// Returns the label of a service type.
pub const fn service_type(service: ServiceType, locale: Locale) -> &'static str {
    match service {
        ServiceType::Repair => pick(locale, "Repair", "Reparatur", "إصلاح"),
        ServiceType::Maintenance => pick(locale, "Maintenance", "Wartung", "صيانة"),
        ServiceType::Inspection => pick(locale, "Inspection", "Inspektion", "فحص"),
        ServiceType::Installation => pick(locale, "Installation", "Installation", "تركيب"),
        ServiceType::Support => pick(locale, "Support", "Support", "دعم"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pins the English labels fixed in the domain documentation and checks that no text is empty.
    #[test]
    fn status_texts_match_documented_labels_and_are_complete() {
        let labels: Vec<_> = RequestStatus::ALL
            .iter()
            .map(|status| request(*status, Locale::En).label)
            .collect();
        assert_eq!(
            labels,
            ["Submitted", "In review", "Accepted", "Planned", "Rejected", "Cancelled"]
        );
        let labels: Vec<_> = PublicVisit::ALL
            .iter()
            .map(|state| visit(*state, Locale::En).label)
            .collect();
        assert_eq!(
            labels,
            [
                "Planned",
                "On the way",
                "In progress",
                "Completed",
                "Not completed",
                "Moved",
                "Cancelled"
            ]
        );
        for locale in Locale::ALL {
            for status in RequestStatus::ALL {
                assert!(!request(*status, locale).explanation.is_empty());
            }
            for (stored, name) in Milestone::ALL {
                assert_eq!(Milestone::from_name(name), Some(stored));
                assert!(!milestone(stored, locale).is_empty());
            }
            for status in FollowUpStatus::ALL {
                assert_eq!(
                    follow_up(*status, locale).is_none(),
                    *status == FollowUpStatus::Dismissed
                );
            }
        }
    }

    /// Customers must be able to distinguish two statuses by label alone.
    #[test]
    fn status_labels_are_unique_in_every_locale() {
        for locale in Locale::ALL {
            let mut labels: Vec<_> = RequestStatus::ALL
                .iter()
                .map(|status| request(*status, locale).label)
                .collect();
            labels.sort_unstable();
            labels.dedup();
            assert_eq!(labels.len(), RequestStatus::ALL.len());
            let mut labels: Vec<_> = PublicVisit::ALL
                .iter()
                .map(|state| visit(*state, locale).label)
                .collect();
            labels.sort_unstable();
            labels.dedup();
            assert_eq!(labels.len(), PublicVisit::ALL.len());
        }
    }
}
