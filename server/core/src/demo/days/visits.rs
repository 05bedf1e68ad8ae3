//! The visits of a simulated day, and the review and release of their reports.

use std::io::Cursor;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::text::beginning;
use domain::visits::day_entries::WrittenReport;
use domain::visits::reports::PhotoMark;

use super::{PlannedVisit, Progress, SLOTS, at, move_clock};
use crate::demo::DemoSize;
use crate::demo::places::REPORT_TEXTS;
use crate::demo::tenants::DemoWorld;
use crate::randomness::Randomness;
use crate::releases::{ReleaseForm, publish};
use crate::visits::report::{SentPhoto, submit_report};
use crate::visits::report_review;
use crate::visits::{arrive, start_travel};
use crate::{Core, CoreError, CoreResult};

/// Performs the visits of a day up to the present. The first technician has no visit under way, and today at most the first one
/// behind: who tries the product signs in as this technician, who can start travel to any visit.
pub(super) async fn perform_visits(
    core: &Core,
    world: &DemoWorld,
    randomness: &Randomness,
    progress: &mut Progress,
    date: NaiveDate,
    zone: Tz,
    present: DateTime<Utc>,
) -> CoreResult<()> {
    let mut due: Vec<usize> = progress
        .planned
        .iter()
        .enumerate()
        .filter(|(_, planned)| planned.date == date)
        .map(|(index, _)| index)
        .collect();
    due.sort_by_key(|index| progress.planned[*index].slot);
    let is_today = present.with_timezone(&zone).date_naive() == date;
    for index in due {
        let PlannedVisit {
            target,
            technician,
            slot,
            ..
        } = progress.planned[index];
        let starts_at = at(zone, date, u32::try_from(SLOTS[slot].2).unwrap_or(8));
        let is_kept_open = slot > 0 || starts_at + TimeDelta::hours(2) > present;
        if starts_at > present || (is_today && technician == 0 && is_kept_open) {
            continue;
        }
        let by = || world.technicians[technician].may();
        move_clock(core, starts_at - TimeDelta::minutes(25));
        start_travel(core, by()?, target, None).await?;
        if is_today && starts_at + TimeDelta::hours(1) > present {
            continue;
        }
        move_clock(core, starts_at + TimeDelta::minutes(5));
        arrive(core, by()?, target, None).await?;
        if is_today && starts_at + TimeDelta::hours(2) > present {
            continue;
        }
        let found = randomness.index_below(REPORT_TEXTS.len());
        let (summary, notes, follow_up) = REPORT_TEXTS[found];
        move_clock(core, starts_at + TimeDelta::minutes(80));
        let photos = if randomness.index_below(2) == 0 {
            vec![
                sample_photo("before.png", PhotoMark::Before, randomness)?,
                sample_photo("after.png", PhotoMark::After, randomness)?,
            ]
        } else {
            Vec::new()
        };
        let report = WrittenReport {
            completed: found != REPORT_TEXTS.len() - 1,
            summary: summary.to_owned(),
            internal_notes: notes.unwrap_or_default().to_owned(),
            work_minutes: (35 + 5 * randomness.index_below(14)).to_string(),
            billable: randomness.index_below(4) != 0,
            follow_up: follow_up.unwrap_or_default().to_owned(),
            ..WrittenReport::default()
        };
        progress
            .to_approve
            .push((submit_report(core, by()?, target, None, &report, photos).await?, found));
    }
    Ok(())
}

/// Reviews the submitted reports: approves most of them, returns some for correction, and releases most of the approved
/// ones.
pub(super) async fn approve_reports(
    core: &Core,
    world: &DemoWorld,
    randomness: &Randomness,
    progress: &mut Progress,
    size: DemoSize,
    is_today: bool,
) -> CoreResult<()> {
    for (position, (report, found)) in std::mem::take(&mut progress.to_approve).into_iter().enumerate() {
        if is_today && position % 2 == 0 {
            continue;
        }
        if size == DemoSize::Full && randomness.index_below(14) == 0 {
            report_review::return_for_correction(
                core,
                world.manager.may()?,
                report,
                None,
                "Please add the serial number of the part.",
            )
            .await?;
            continue;
        }
        report_review::approve(core, world.manager.may()?, report, None).await?;
        if size == DemoSize::Full && randomness.index_below(5) == 0 {
            continue;
        }
        let page = report_review::page(core, world.manager.may()?, report).await?;
        let (summary, _, follow_up) = REPORT_TEXTS[found];
        let form = ReleaseForm {
            // Customers are told what was done, not only where.
            title: beginning(summary, 60).unwrap_or_default(),
            summary: summary.to_owned(),
            message: "Thank you for your trust. Please call us if anything is unclear.".to_owned(),
            follow_up: follow_up.unwrap_or_default().to_owned(),
            shown_revision: None,
            attachments: page
                .attachments
                .iter()
                .skip(1)
                .map(|file| file.id.to_string())
                .collect(),
        };
        publish(core, world.manager.may()?, report, &form).await?;
    }
    Ok(())
}

/// Renders a small abstract image as a sample photo.
fn sample_photo(name: &str, mark: PhotoMark, randomness: &Randomness) -> CoreResult<SentPhoto> {
    let [red, green, blue, tilt] = randomness.bytes::<4>();
    let image = image::RgbImage::from_fn(480, 320, |x, y| {
        let band = ((x + y * u32::from(tilt % 5)) / 40) % 2;
        let shade = u8::try_from(y / 3).unwrap_or(100) / 2 + if band == 0 { 40 } else { 0 };
        image::Rgb([
            (red / 2).saturating_add(shade),
            (green / 2).saturating_add(shade),
            (blue / 2).saturating_add(shade),
        ])
    });
    let mut bytes = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
        .map_err(|_| CoreError::not_found())?;
    Ok(SentPhoto {
        file_name: name.to_owned(),
        bytes,
        mark: Some(mark),
    })
}
