//! The public status language: what a customer reads instead of an internal state.
//!
//! Every function is one exhaustive match, so a missing entry does not compile.

use std::borrow::Cow;

use crate::follow_ups::FollowUpStatus;
use crate::locale::Locale;
use crate::requests::{RequestStatus, ServiceType};
use crate::targets::{AppointmentStatus, TargetStatus};

/// A label of one or two words and a sentence that explains it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicStatus {
    /// The word on the chip.
    pub label: Cow<'static, str>,
    /// What it means for the customer.
    pub explanation: Cow<'static, str>,
    /// The colour family; never the only carrier of the meaning.
    pub tone: Tone,
}

/// The meaning of a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Neutral,
    /// Under way.
    Info,
    /// Went well.
    Good,
    /// Wants attention.
    Warn,
    /// Went wrong or ended.
    Bad,
}

impl Tone {
    /// The name in style sheets.
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

/// What the customer sees of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PublicVisit {
    /// A date is agreed.
    Planned,
    /// The technician is coming.
    OnTheWay,
    /// The technician is there.
    InProgress,
    /// Done.
    Completed,
    /// Could not be done.
    NotCompleted,
    /// There is a newer date.
    Moved,
    /// Will not take place.
    Cancelled,
}

impl PublicVisit {
    /// Every public state of a visit.
    pub const ALL: [Self; 7] = [
        Self::Planned,
        Self::OnTheWay,
        Self::InProgress,
        Self::Completed,
        Self::NotCompleted,
        Self::Moved,
        Self::Cancelled,
    ];

    /// The name in addresses of words and in answers.
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

    /// The public state of an appointment and its target.
    pub const fn of(appointment: AppointmentStatus, target: TargetStatus) -> Self {
        match appointment {
            AppointmentStatus::Moved => Self::Moved,
            AppointmentStatus::Cancelled => Self::Cancelled,
            AppointmentStatus::Planned | AppointmentStatus::Done => match target {
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

/// A milestone on the portal's timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Milestone {
    /// The customer asked for something.
    RequestSubmitted,
    /// Dispatch will do it.
    RequestAccepted,
    /// Dispatch will not do it.
    RequestRejected,
    /// It was withdrawn.
    RequestCancelled,
    /// A date was agreed.
    AppointmentScheduled,
    /// The date changed.
    AppointmentMoved,
    /// The date was called off.
    AppointmentCancelled,
    /// The technician was there and did it.
    VisitCompleted,
    /// A report was published.
    ReportShared,
    /// A corrected report took its place.
    ReportReplaced,
    /// More work is needed.
    FollowUpRequired,
    /// More work is planned.
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

    /// The stored name.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(milestone, _)| *milestone == self)
            .map_or("", |(_, name)| name)
    }

    /// Reads a stored name; `None` for an entry that customers never see.
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

/// The public words for a request.
pub const fn request(status: RequestStatus, locale: Locale) -> PublicStatus {
    let (label, explanation, tone) = match status {
        RequestStatus::Submitted => (
            pick(locale, "Submitted", "Eingereicht", "تم الإرسال"),
            pick(
                locale,
                "We have received your request and will look at it soon.",
                "Wir haben Ihre Anfrage erhalten und sehen sie uns bald an.",
                "استلمنا طلبك وسنراجعه قريبًا.",
            ),
            Tone::Neutral,
        ),
        RequestStatus::InReview => (
            pick(locale, "In review", "In Prüfung", "قيد المراجعة"),
            pick(
                locale,
                "Our team is checking what is needed.",
                "Unser Team prüft, was gebraucht wird.",
                "يتحقق فريقنا مما يلزم.",
            ),
            Tone::Info,
        ),
        RequestStatus::Accepted => (
            pick(locale, "Accepted", "Angenommen", "مقبول"),
            pick(
                locale,
                "We will do this and are looking for a date.",
                "Wir übernehmen das und suchen einen Termin.",
                "سننفذ ذلك ونبحث عن موعد.",
            ),
            Tone::Info,
        ),
        RequestStatus::Planned => (
            pick(locale, "Planned", "Geplant", "مُجدوَل"),
            pick(
                locale,
                "A date is fixed. You find it under appointments.",
                "Ein Termin steht fest. Sie finden ihn unter Termine.",
                "تم تحديد موعد، وتجده ضمن المواعيد.",
            ),
            Tone::Good,
        ),
        RequestStatus::Rejected => (
            pick(locale, "Rejected", "Abgelehnt", "مرفوض"),
            pick(
                locale,
                "We cannot do this. The reason is given below.",
                "Wir können das nicht übernehmen. Der Grund steht unten.",
                "لا يمكننا تنفيذ ذلك، والسبب مذكور أدناه.",
            ),
            Tone::Bad,
        ),
        RequestStatus::Cancelled => (
            pick(locale, "Cancelled", "Storniert", "مُلغى"),
            pick(
                locale,
                "This request was withdrawn or cancelled. Nothing more will happen.",
                "Diese Anfrage wurde zurückgezogen oder storniert. Es geschieht nichts weiter.",
                "تم سحب هذا الطلب أو إلغاؤه. لن يحدث شيء آخر.",
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

/// The public words for a visit.
pub const fn visit(visit: PublicVisit, locale: Locale) -> PublicStatus {
    let (label, explanation, tone) = match visit {
        PublicVisit::Planned => (
            pick(locale, "Planned", "Geplant", "مُجدوَل"),
            pick(locale, "The date is fixed.", "Der Termin steht fest.", "الموعد محدد."),
            Tone::Info,
        ),
        PublicVisit::OnTheWay => (
            pick(locale, "On the way", "Unterwegs", "في الطريق"),
            pick(
                locale,
                "The technician is on the way to you.",
                "Die Technikerin oder der Techniker ist unterwegs zu Ihnen.",
                "الفني في طريقه إليك.",
            ),
            Tone::Info,
        ),
        PublicVisit::InProgress => (
            pick(locale, "In progress", "In Arbeit", "قيد التنفيذ"),
            pick(
                locale,
                "The technician is on site.",
                "Die Technikerin oder der Techniker ist vor Ort.",
                "الفني في الموقع.",
            ),
            Tone::Info,
        ),
        PublicVisit::Completed => (
            pick(locale, "Completed", "Abgeschlossen", "مكتمل"),
            pick(locale, "The work is done.", "Die Arbeit ist erledigt.", "اكتمل العمل."),
            Tone::Good,
        ),
        PublicVisit::NotCompleted => (
            pick(locale, "Not completed", "Nicht abgeschlossen", "غير مكتمل"),
            pick(
                locale,
                "The work could not be finished. We will contact you.",
                "Die Arbeit konnte nicht beendet werden. Wir melden uns.",
                "تعذر إنهاء العمل، وسنتواصل معك.",
            ),
            Tone::Warn,
        ),
        PublicVisit::Moved => (
            pick(locale, "Moved", "Verschoben", "تم نقله"),
            pick(
                locale,
                "This date no longer holds. Your appointments show what holds now.",
                "Dieser Termin gilt nicht mehr. Ihre Termine zeigen, was jetzt gilt.",
                "لم يعد هذا الموعد قائمًا. تعرض مواعيدكم ما هو قائم الآن.",
            ),
            Tone::Neutral,
        ),
        PublicVisit::Cancelled => (
            pick(locale, "Cancelled", "Abgesagt", "مُلغى"),
            pick(
                locale,
                "This visit will not take place.",
                "Dieser Besuch findet nicht statt.",
                "لن تتم هذه الزيارة.",
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

/// The public words for a follow-up; a dismissed one is not shown at all.
pub const fn follow_up(status: FollowUpStatus, locale: Locale) -> Option<PublicStatus> {
    let (label, explanation, tone) = match status {
        FollowUpStatus::Required => (
            pick(locale, "Follow-up required", "Folgetermin nötig", "متابعة مطلوبة"),
            pick(
                locale,
                "More work is needed. We will plan it.",
                "Es ist noch etwas zu tun. Wir planen es ein.",
                "يلزم عمل إضافي وسنخطط له.",
            ),
            Tone::Warn,
        ),
        FollowUpStatus::Planned => (
            pick(locale, "Follow-up planned", "Folgetermin geplant", "متابعة مجدولة"),
            pick(
                locale,
                "The remaining work is planned.",
                "Die restliche Arbeit ist geplant.",
                "العمل المتبقي مجدول.",
            ),
            Tone::Info,
        ),
        FollowUpStatus::Done => (
            pick(locale, "Done", "Erledigt", "تم"),
            pick(
                locale,
                "The remaining work is done.",
                "Die restliche Arbeit ist erledigt.",
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

/// The public words for a milestone.
pub const fn milestone(milestone: Milestone, locale: Locale) -> &'static str {
    match milestone {
        Milestone::RequestSubmitted => pick(locale, "Request submitted", "Anfrage eingereicht", "تم إرسال الطلب"),
        Milestone::RequestAccepted => pick(locale, "Request accepted", "Anfrage angenommen", "تم قبول الطلب"),
        Milestone::RequestRejected => pick(locale, "Request rejected", "Anfrage abgelehnt", "تم رفض الطلب"),
        Milestone::RequestCancelled => pick(locale, "Request cancelled", "Anfrage storniert", "تم إلغاء الطلب"),
        Milestone::AppointmentScheduled => pick(locale, "Appointment scheduled", "Termin vereinbart", "تم تحديد موعد"),
        Milestone::AppointmentMoved => pick(locale, "Appointment moved", "Termin verschoben", "تم نقل الموعد"),
        Milestone::AppointmentCancelled => pick(locale, "Appointment cancelled", "Termin abgesagt", "تم إلغاء الموعد"),
        Milestone::VisitCompleted => pick(locale, "Visit completed", "Besuch abgeschlossen", "اكتملت الزيارة"),
        Milestone::ReportShared => pick(locale, "Report shared", "Bericht freigegeben", "تمت مشاركة التقرير"),
        Milestone::ReportReplaced => pick(locale, "Report replaced", "Bericht ersetzt", "تم استبدال التقرير"),
        Milestone::FollowUpRequired => pick(locale, "Follow-up required", "Folgetermin nötig", "متابعة مطلوبة"),
        Milestone::FollowUpPlanned => pick(locale, "Follow-up planned", "Folgetermin geplant", "متابعة مجدولة"),
    }
}

/// The name of a service type.
pub const fn service_type(service: ServiceType, locale: Locale) -> &'static str {
    match service {
        ServiceType::Repair => pick(locale, "Repair", "Reparatur", "إصلاح"),
        ServiceType::Maintenance => pick(locale, "Maintenance", "Wartung", "صيانة"),
        ServiceType::Inspection => pick(locale, "Inspection", "Prüfung", "فحص"),
        ServiceType::Installation => pick(locale, "Installation", "Installation", "تركيب"),
        ServiceType::Support => pick(locale, "Support", "Unterstützung", "دعم"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The labels that the domain page fixes, in English, and no empty text in any language.
    #[test]
    fn dictionary_is_complete_and_as_written() {
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

    /// A customer must be able to tell two states apart by their word alone.
    #[test]
    fn labels_are_unambiguous() {
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
