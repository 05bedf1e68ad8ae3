//! Working hours, breaks, start locations and an absence of the demo technicians.

use chrono::{DateTime, TimeDelta, Utc};

use crate::demo::tenants::DemoWorld;
use crate::scheduling::technicians;
use crate::scheduling::technicians::WorkingHoursInput;
use crate::{Core, CoreResult};

/// Name and coordinates of each technician's start location, and the start and end of the shift.
const BASES: [(&str, &str, &str, &str); 8] = [
    ("Depot Essen", "51.4560, 7.0123", "07:30", "17:00"),
    ("Depot Essen", "51.4560, 7.0123", "08:00", "17:30"),
    ("Duisburg, Dellviertel", "51.4290, 6.7630", "07:00", "17:00"),
    ("Dortmund, Kreuzviertel", "51.5050, 7.4560", "07:30", "17:00"),
    ("Depot Essen", "51.4560, 7.0123", "08:00", "18:00"),
    ("Oberhausen, Sterkrade", "51.5230, 6.8490", "07:30", "17:00"),
    ("Bochum, Ehrenfeld", "51.4730, 7.2120", "08:00", "17:00"),
    ("Depot Essen", "51.4560, 7.0123", "07:00", "17:00"),
];

/// Sets the working hours of all technicians.
pub(crate) async fn set_working_hours(core: &Core, world: &DemoWorld, present: DateTime<Utc>) -> CoreResult<()> {
    let known = technicians::list(core, world.manager.may()?).await?;
    for (index, technician) in world.technicians.iter().enumerate() {
        let (name, coordinates, from, until) = BASES[index % BASES.len()];
        let skills = known
            .iter()
            .find(|page| page.technician.id.0 == technician.id())
            .map(|page| page.technician.skills.0.join(", "))
            .unwrap_or_default();
        let shift = || (from.to_owned(), until.to_owned());
        let day_off = || (String::new(), String::new());
        // One technician works on Saturdays instead of Mondays.
        let works_saturdays = index == 4;
        let days = std::array::from_fn(|day| match day {
            0 if works_saturdays => day_off(),
            0..=4 => shift(),
            5 if works_saturdays => shift(),
            _ => day_off(),
        });
        let text = str::to_owned;
        let input = WorkingHoursInput {
            skills,
            zone: technician.zone().to_owned(),
            days,
            rests: [(text("11:30"), text("13:30"), text("30")), Default::default()],
            start: (text(name), text(coordinates)),
            end: Default::default(),
            revision: 0,
        };
        technicians::set_working_hours(core, world.manager.may()?, technician.id(), &input).await?;
    }
    if let Some(absent) = world.technicians.get(6) {
        let today = present.date_naive();
        let (first, last) = (today + TimeDelta::days(9), today + TimeDelta::days(13));
        let (first, last) = (first.to_string(), last.to_string());
        technicians::add_absence(core, world.manager.may()?, absent.id(), &first, &last, "vacation").await?;
    }
    Ok(())
}
