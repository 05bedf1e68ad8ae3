//! The background of the map: a grid on the ground, the names of towns, and the scale.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::scheduling::gazetteer::{Town, towns_in};
use ui::format;

use crate::scheduling::board::viewport::{BLEED, HEIGHT, Point, Viewport, WIDTH};
use crate::t;

/// Distances of the grid in kilometers, and the smallest one on the drawing.
const DISTANCES: [f64; 11] = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0];
const MIN_DISTANCE: f64 = 80.0;
/// More names than these make the map hard to read.
const MAX_TOWNS: usize = 40;
/// The width of a letter and the height of a name in units of the drawing, to keep names apart.
const LETTER_WIDTH: f64 = 8.0;
const NAME_HEIGHT: f64 = 22.0;

/// A name on the map.
#[derive(Debug, Clone, Copy)]
struct Label {
    town: &'static Town,
    at: Point,
}

impl Label {
    /// Returns half of its width.
    fn reach(&self) -> f64 {
        f64::from(u32::try_from(self.town.name.chars().count()).unwrap_or(0)) * LETTER_WIDTH / 2.0
    }

    fn overlaps(&self, other: &Self) -> bool {
        (self.at.x - other.at.x).abs() < self.reach() + other.reach() && (self.at.y - other.at.y).abs() < NAME_HEIGHT
    }

    /// Returns the class for the size of its name.
    fn class(&self) -> &'static str {
        match self.town.thousands {
            300.. => "town town-large",
            100.. => "town town-medium",
            _ => "town",
        }
    }
}

/// Returns the names that fit, the largest towns first. Markers keep their place.
fn labels(viewport: &Viewport, markers: &[Point]) -> Vec<Label> {
    let mut placed: Vec<Label> = Vec::new();
    for town in towns_in(viewport.area()) {
        let label = Label {
            town,
            at: viewport.point(town.at),
        };
        let is_on_marker = markers.iter().any(|marker| {
            (marker.x - label.at.x).abs() < label.reach() + 14.0 && (marker.y - label.at.y).abs() < NAME_HEIGHT
        });
        if !is_on_marker && !placed.iter().any(|other| other.overlaps(&label)) {
            placed.push(label);
        }
        if placed.len() == MAX_TOWNS {
            break;
        }
    }
    placed
}

/// Grid, towns and scale.
#[component]
pub(super) fn Background<'a>(viewport: &'a Viewport, markers: &'a [Point], locale: Locale) -> impl IntoView + use<> {
    let per_kilometer = 1000.0 / viewport.meters_per_unit();
    let kilometers = DISTANCES
        .into_iter()
        .find(|distance| distance * per_kilometer >= MIN_DISTANCE)
        .unwrap_or(1000.0);
    let distance = kilometers * per_kilometer;
    let (across, along) = viewport.grid(distance);
    let (from, right, bottom) = (-BLEED, WIDTH + BLEED, HEIGHT + BLEED);
    let scale = if kilometers < 1.0 {
        t!(locale, "map-scale-meters", count = format::number(locale, 500))
    } else {
        t!(locale, "map-scale", count = format::number(locale, kilometers as i64))
    };
    let (left, base) = (28.0, HEIGHT - 24.0);
    view! {
        <g class="map-grid" aria-hidden="true">
            {across.into_iter().map(|x| view! { <line x1=format!("{x:.1}") x2=format!("{x:.1}") y1=from y2=bottom/> }).collect_view()}
            {along.into_iter().map(|y| view! { <line x1=from x2=right y1=format!("{y:.1}") y2=format!("{y:.1}")/> }).collect_view()}
        </g>
        <g aria-hidden="true">
            {labels(viewport, markers).into_iter().map(|label| view! { <text class=label.class() x=format!("{:.1}", label.at.x) y=format!("{:.1}", label.at.y) text-anchor="middle">{label.town.name}</text> }).collect_view()}
        </g>
        <g class="map-scale" aria-hidden="true">
            <path d=format!("M{left:.1} {:.1}v8h{distance:.1}v-8", base - 8.0)/>
            <text x=format!("{:.1}", left + distance / 2.0) y=format!("{:.1}", base - 8.0) text-anchor="middle">{scale}</text>
        </g>
    }
}

#[cfg(test)]
mod tests {
    use domain::customers::Coordinates;

    use super::*;

    #[test]
    fn names_keep_apart_from_each_other_and_from_markers() {
        let essen = Coordinates {
            lat: 51.457,
            lon: 7.012,
        };
        let dortmund = Coordinates {
            lat: 51.514,
            lon: 7.468,
        };
        let viewport = Viewport::fitting(&[essen, dortmund]).expect("viewport has points");
        let found = labels(&viewport, &[]);
        let names: Vec<&str> = found.iter().map(|label| label.town.name).collect();
        assert!(
            names.contains(&"Essen") && names.contains(&"Dortmund") && names.contains(&"Bochum"),
            "{names:?}"
        );
        for (at, label) in found.iter().enumerate() {
            assert!(
                found[..at].iter().all(|other| !other.overlaps(label)),
                "{}",
                label.town.name
            );
        }
        let covered = labels(&viewport, &[viewport.point(essen)]);
        assert!(covered.iter().all(|label| label.town.name != "Essen"));
    }
}
