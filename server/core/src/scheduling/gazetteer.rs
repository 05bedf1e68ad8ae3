//! The names of towns for maps without a tile server: places with at least 15,000 inhabitants, from GeoNames (CC BY 4.0).

use std::sync::LazyLock;

use domain::customers::Coordinates;

/// A town.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Town {
    pub name: &'static str,
    pub at: Coordinates,
    /// Inhabitants, in thousands.
    pub thousands: u32,
}

/// A part of the world between two parallels and two meridians.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub south: f64,
    pub west: f64,
    pub north: f64,
    pub east: f64,
}

impl Area {
    fn contains(&self, at: Coordinates) -> bool {
        (self.south..=self.north).contains(&at.lat) && (self.west..=self.east).contains(&at.lon)
    }
}

/// Each line is name, latitude, longitude and inhabitants in thousands, the largest town first.
static TOWNS: LazyLock<Vec<Town>> =
    LazyLock::new(|| include_str!("gazetteer.tsv").lines().filter_map(parse_line).collect());

fn parse_line(line: &'static str) -> Option<Town> {
    let mut fields = line.split('\t');
    let name = fields.next()?;
    let (lat, lon) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Town {
        name,
        at: Coordinates { lat, lon },
        thousands: fields.next()?.parse().ok()?,
    })
}

/// Returns the towns of an area, the largest first.
pub fn towns_in(area: Area) -> impl Iterator<Item = &'static Town> {
    TOWNS.iter().filter(move |town| area.contains(town.at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_town_and_they_are_in_order() {
        assert_eq!(TOWNS.len(), include_str!("gazetteer.tsv").lines().count());
        assert!(TOWNS.windows(2).all(|pair| pair[0].thousands >= pair[1].thousands));
        assert!(TOWNS.iter().all(|town| !town.name.is_empty() && town.thousands >= 15));
        assert!(
            TOWNS
                .iter()
                .all(|town| town.at.lat.abs() <= 90.0 && town.at.lon.abs() <= 180.0)
        );
    }

    #[test]
    fn towns_of_an_area_begin_with_the_largest() {
        let ruhr = Area {
            south: 51.3,
            west: 6.6,
            north: 51.7,
            east: 7.6,
        };
        let names: Vec<&str> = towns_in(ruhr).take(3).map(|town| town.name).collect();
        assert_eq!(names, ["Essen", "Dortmund", "Duisburg"]);
        let ocean = Area {
            south: -50.0,
            west: -150.0,
            north: -40.0,
            east: -140.0,
        };
        assert_eq!(towns_in(ocean).count(), 0);
    }
}
