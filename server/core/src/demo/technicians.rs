//! How the demo's technicians work: early and late weeks, breaks, somebody away, and homes around Essen.

use chrono::{DateTime, TimeDelta, Utc};

use crate::demo::tenants::DemoWorld;
use crate::scheduling::technicians;
use crate::scheduling::technicians::WorkingHoursInput;
use crate::{Core, CoreResult};

/// Name and degrees of where each one's day begins, and when the shift begins and ends.
const HOMES: [(&str, &str, &str, &str); 8] = [
    ("Depot Essen", "51.4560, 7.0123", "07:30", "17:00"),
    ("Depot Essen", "51.4560, 7.0123", "08:00", "17:30"),
    ("Duisburg, Dellviertel", "51.4290, 6.7630", "07:00", "17:00"),
    ("Dortmund, Kreuzviertel", "51.5050, 7.4560", "07:30", "17:00"),
    ("Depot Essen", "51.4560, 7.0123", "08:00", "18:00"),
    ("Oberhausen, Sterkrade", "51.5230, 6.8490", "07:30", "17:00"),
    ("Bochum, Ehrenfeld", "51.4730, 7.2120", "08:00", "17:00"),
    ("Depot Essen", "51.4560, 7.0123", "07:00", "17:00"),
];

/// Sets all of them up.
pub(crate) async fn set_up(core: &Core, world: &DemoWorld, present: DateTime<Utc>) -> CoreResult<()> {
    let known = technicians::list(core, world.manager.may()?).await?;
    for (index, technician) in world.technicians.iter().enumerate() {
        let (name, degrees, from, until) = HOMES[index % HOMES.len()];
        let skills = known
            .iter()
            .find(|page| page.technician.id.0 == technician.id())
            .map(|page| page.technician.skills.0.join(", "))
            .unwrap_or_default();
        let shift = || (from.to_owned(), until.to_owned());
        let free = || (String::new(), String::new());
        // One of them works on Saturdays and not on Mondays.
        let is_odd = index == 4;
        let days = std::array::from_fn(|day| match day {
            0 if is_odd => free(),
            0..=4 => shift(),
            5 if is_odd => shift(),
            _ => free(),
        });
        let text = str::to_owned;
        let input = WorkingHoursInput {
            skills,
            zone: technician.zone().to_owned(),
            days,
            rests: [(text("11:30"), text("13:30"), text("30")), Default::default()],
            start: (text(name), text(degrees)),
            end: Default::default(),
            revision: 0,
        };
        technicians::set_working_hours(core, world.manager.may()?, technician.id(), &input).await?;
    }
    if let Some(away) = world.technicians.get(6) {
        let today = present.date_naive();
        let (first, last) = (today + TimeDelta::days(9), today + TimeDelta::days(13));
        let (first, last) = (first.to_string(), last.to_string());
        technicians::add_absence(core, world.manager.may()?, away.id(), &first, &last, "vacation").await?;
    }
    Ok(())
}
