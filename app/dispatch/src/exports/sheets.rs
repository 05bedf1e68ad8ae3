//! The columns and rows of each list.

use domain::identity::permissions::{ViewOperations, ViewReports};
use domain::ids::CustomerId;
use domain::jobs::filter::JobFilter;
use domain::locale::Locale;
use domain::public_language;
use domain::visits::reports::ReportStatus;
use ordinavo_core::customers::export::{ExportedCustomer, ExportedRow};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::jobs::list;
use ordinavo_core::jobs::model::TargetSummary;
use ordinavo_core::requests::inbox;
use ordinavo_core::requests::model::RequestSummary;
use ordinavo_core::visits::report_review;
use ordinavo_core::{Core, CoreError, CoreResult, customers};
use ui::format;

use super::{Cell, Sheet};
use crate::i18n::by_key;
use crate::requests::filters::InboxQuery;
use crate::shared::service_label;
use crate::t;

fn yes(locale: Locale, value: bool) -> Cell {
    Cell::Text(if value { t!(locale, "yes") } else { t!(locale, "no") })
}

/// The headers are those that the import of customers knows.
pub(super) async fn customers(
    core: &Core,
    staff: &Staff,
    locale: Locale,
    search: &str,
    with_archived: bool,
) -> CoreResult<Sheet> {
    let found = customers::export::export(core, staff.may::<ViewOperations>()?, search, with_archived).await?;
    let headers = vec![
        t!(locale, "customer-number"),
        t!(locale, "customer"),
        t!(locale, "location"),
        t!(locale, "street"),
        t!(locale, "postal-code"),
        t!(locale, "city"),
        t!(locale, "country"),
        t!(locale, "access-notes"),
        t!(locale, "contact"),
        t!(locale, "email"),
        t!(locale, "phone"),
        t!(locale, "export-zone"),
        t!(locale, "export-latitude"),
        t!(locale, "export-longitude"),
        t!(locale, "open-jobs"),
        t!(locale, "archived"),
    ];
    let rows = found
        .iter()
        .flat_map(|customer| customer.rows().into_iter().map(move |row| (customer, row)));
    Ok(Sheet {
        title: t!(locale, "customers-title"),
        headers,
        rows: rows
            .map(|(customer, row)| customer_row(locale, customer, row))
            .collect(),
    })
}

fn customer_row(locale: Locale, customer: &ExportedCustomer, (location, contact): ExportedRow<'_>) -> Vec<Cell> {
    let of_location =
        |text: fn(&customers::export::ExportedLocation) -> Option<String>| -> Cell { location.and_then(text).into() };
    let coordinate = |value: Option<f64>| value.map_or(Cell::Empty, Cell::Decimal);
    vec![
        customer.customer.customer_number.clone().into(),
        customer.customer.name.clone().into(),
        of_location(|location| Some(location.name.clone())),
        of_location(|location| location.street.clone()),
        of_location(|location| location.postal_code.clone()),
        of_location(|location| location.city.clone()),
        of_location(|location| location.country.clone()),
        of_location(|location| location.access_notes.clone()),
        contact.map(|contact| contact.display_name.clone()).into(),
        contact.and_then(|contact| contact.email.clone()).into(),
        contact.and_then(|contact| contact.phone.clone()).into(),
        of_location(|location| Some(location.zone.clone())),
        coordinate(location.and_then(|location| location.latitude)),
        coordinate(location.and_then(|location| location.longitude)),
        Cell::Integer(customer.customer.open_targets),
        yes(locale, customer.customer.is_archived),
    ]
}

pub(super) async fn jobs(
    core: &Core,
    staff: &Staff,
    locale: Locale,
    show: &str,
    search: &str,
    customer: &str,
) -> CoreResult<Sheet> {
    let customer: Option<CustomerId> = match customer {
        "" => None,
        id => Some(id.parse().map_err(|_| CoreError::not_found())?),
    };
    let filter = JobFilter::from_name(show).unwrap_or(JobFilter::All);
    let found = list::export(core, staff.may::<ViewOperations>()?, filter, search, customer).await?;
    Ok(Sheet {
        title: t!(locale, "jobs-title"),
        headers: vec![
            t!(locale, "job"),
            t!(locale, "status"),
            t!(locale, "priority"),
            t!(locale, "service"),
            t!(locale, "description"),
            t!(locale, "customer"),
            t!(locale, "location"),
            t!(locale, "city"),
            t!(locale, "export-start"),
            t!(locale, "export-end"),
            t!(locale, "export-zone"),
            t!(locale, "technician"),
            t!(locale, "external-id"),
            t!(locale, "created-at"),
            t!(locale, "needs-mapping"),
        ],
        rows: found
            .into_iter()
            .map(|job| job_row(locale, staff.zone(), job))
            .collect(),
    })
}

fn job_row(locale: Locale, own_zone: &str, job: TargetSummary) -> Vec<Cell> {
    let zone = job.appointment_zone.clone().unwrap_or_else(|| own_zone.to_owned());
    let moment = |at: Option<_>| at.map_or(Cell::Empty, |at| Cell::Moment(at, zone.clone()));
    vec![
        Cell::Text(format::job_number(job.number)),
        Cell::Text(ui::i18n::by_key(locale, &format!("target-{}", job.status.name()))),
        Cell::Text(by_key(locale, &format!("priority-{}", job.priority.name()))),
        Cell::Text(service_label(locale, job.service_type.as_deref())),
        job.notes.clone().into(),
        job.customer_name.clone().into(),
        job.location_name.clone().into(),
        job.location_city.clone().into(),
        moment(job.starts_at),
        moment(job.ends_at),
        job.starts_at.map(|_| zone.clone()).into(),
        job.technician.clone().into(),
        job.external_id.clone().into(),
        Cell::Moment(job.created_at, own_zone.to_owned()),
        yes(locale, job.needs_mapping),
    ]
}

pub(super) async fn requests(
    core: &Core,
    staff: &Staff,
    locale: Locale,
    field: impl Fn(&str) -> String + Send,
) -> CoreResult<Sheet> {
    let filter = InboxQuery::of(field).filter(staff);
    let found = inbox::export(core, staff.may::<ViewOperations>()?, &filter).await?;
    Ok(Sheet {
        title: t!(locale, "export-requests"),
        headers: vec![
            t!(locale, "request"),
            t!(locale, "status"),
            t!(locale, "priority"),
            t!(locale, "service"),
            t!(locale, "channel"),
            t!(locale, "description"),
            t!(locale, "customer"),
            t!(locale, "location"),
            t!(locale, "export-requester"),
            t!(locale, "email"),
            t!(locale, "phone"),
            t!(locale, "region"),
            t!(locale, "export-assignee"),
            t!(locale, "submitted"),
        ],
        rows: found
            .into_iter()
            .map(|request| request_row(locale, staff.zone(), request))
            .collect(),
    })
}

fn request_row(locale: Locale, zone: &str, request: RequestSummary) -> Vec<Cell> {
    let requester = request.requester.as_ref();
    vec![
        Cell::Text(format!("REQ-{}", request.number)),
        Cell::Text(public_language::request(request.status, locale).label.into_owned()),
        Cell::Text(by_key(locale, &format!("priority-{}", request.priority.name()))),
        Cell::Text(service_label(locale, Some(request.service_type.name()))),
        Cell::Text(by_key(locale, &format!("channel-{}", request.channel.name()))),
        request.description.clone().into(),
        request.customer_name.clone().into(),
        request.location_name.clone().into(),
        requester.and_then(|requester| requester.name.clone()).into(),
        requester.and_then(|requester| requester.email.clone()).into(),
        requester.and_then(|requester| requester.phone.clone()).into(),
        request.region.clone().into(),
        request.assignee_name.clone().into(),
        Cell::Moment(request.submitted_at, zone.to_owned()),
    ]
}

pub(super) async fn reports(core: &Core, staff: &Staff, locale: Locale, status: ReportStatus) -> CoreResult<Sheet> {
    let found = report_review::export(core, staff.may::<ViewReports>()?, status).await?;
    let zone = staff.zone();
    let rows = found.into_iter().map(|report| {
        vec![
            Cell::Text(format::job_number(report.number)),
            Cell::Text(by_key(locale, &format!("report-{}", report.status.name()))),
            Cell::Text(report.summary),
            report.customer_name.into(),
            report.location_name.into(),
            Cell::Text(report.technician),
            yes(locale, report.billable),
            report.released_revision.map_or(Cell::Empty, Cell::Integer),
            Cell::Moment(report.submitted_at, zone.to_owned()),
        ]
    });
    Ok(Sheet {
        title: t!(locale, "reports-title"),
        headers: vec![
            t!(locale, "job"),
            t!(locale, "status"),
            t!(locale, "export-summary"),
            t!(locale, "customer"),
            t!(locale, "location"),
            t!(locale, "technician"),
            t!(locale, "billable"),
            t!(locale, "export-revision"),
            t!(locale, "submitted"),
        ],
        rows: rows.collect(),
    })
}
