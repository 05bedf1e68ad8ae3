//! The map: the day's ways, drawn from coordinates. It asks nobody for pictures but a server of the operator's, if there is one.

use std::f64::consts::PI;

use domain::customers::Coordinates;
use domain::locale::Locale;
use domain::tiles::{Tile, Tiles};
use leptos::prelude::*;
use ordinavo_core::scheduling::board::{Board, bases};
use ui::icons::Icon;
use ui::parts::Empty;

use crate::scheduling::board::{length, when};
use crate::t;

/// The drawing's size, in its own units.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 640.0;
/// What stays free around it.
const EDGE: f64 = 48.0;
/// Points that are nearer than this are drawn as one with their count.
const NEAR: f64 = 24.0;
/// How many ways are told apart by colour.
const COLOURS: usize = 8;

/// A place on the sheet.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    x: f64,
    y: f64,
}

/// Mercator's plane, as tile servers use it: one unit is the world.
fn plane(place: Coordinates) -> Point {
    let latitude = place.lat.clamp(-85.0, 85.0).to_radians();
    Point {
        x: place.lon / 360.0 + 0.5,
        y: 0.5 - (PI / 4.0 + latitude / 2.0).tan().ln() / (2.0 * PI),
    }
}

/// Fits all places onto the sheet, with the same scale in both directions.
struct Sheet {
    left: f64,
    top: f64,
    scale: f64,
    shift: Point,
}

impl Sheet {
    fn around(places: &[Coordinates]) -> Option<Self> {
        let points: Vec<Point> = places.iter().copied().map(plane).collect();
        let first = points.first()?;
        let (mut left, mut right, mut top, mut bottom) = (first.x, first.x, first.y, first.y);
        for point in &points {
            left = left.min(point.x);
            right = right.max(point.x);
            top = top.min(point.y);
            bottom = bottom.max(point.y);
        }
        // A single place is shown with some kilometres around it.
        let least = 1e-4;
        let (wide, high) = ((right - left).max(least), (bottom - top).max(least));
        let scale = ((WIDTH - 2.0 * EDGE) / wide).min((HEIGHT - 2.0 * EDGE) / high);
        let shift = Point {
            x: (WIDTH - (right - left) * scale) / 2.0,
            y: (HEIGHT - (bottom - top) * scale) / 2.0,
        };
        Some(Self {
            left,
            top,
            scale,
            shift,
        })
    }

    fn point(&self, place: Coordinates) -> Point {
        let point = plane(place);
        Point {
            x: (point.x - self.left) * self.scale + self.shift.x,
            y: (point.y - self.top) * self.scale + self.shift.y,
        }
    }
}

/// A picture behind the ways: its address, place and length.
type Picture = (String, Point, f64);

impl Sheet {
    /// The pictures that cover the sheet.
    fn pictures(&self, tiles: &Tiles) -> Vec<Picture> {
        let corner = (
            self.left - self.shift.x / self.scale,
            self.top - self.shift.y / self.scale,
        );
        let found = tiles.cover(corner, (WIDTH / self.scale, HEIGHT / self.scale), WIDTH);
        let place = |tile: Tile| {
            let at = Point {
                x: (tile.left - corner.0) * self.scale,
                y: (tile.top - corner.1) * self.scale,
            };
            (tile.url, at, tile.side * self.scale)
        };
        found.into_iter().map(place).collect()
    }
}

/// What is drawn at a place.
#[derive(Debug, Clone)]
struct Mark {
    at: Point,
    /// What stands in it: a stop's number, or how many there are.
    text: String,
    /// What it is, for whoever points at it.
    title: String,
    /// The colour of the way; `None` for what waits and for several ways.
    way: Option<usize>,
    count: usize,
}

/// Puts marks that would cover one another into one with their count.
fn clusters(marks: Vec<Mark>) -> Vec<Mark> {
    let mut found: Vec<Mark> = Vec::new();
    for mark in marks {
        let near = found
            .iter_mut()
            .find(|other| (other.at.x - mark.at.x).hypot(other.at.y - mark.at.y) < NEAR);
        match near {
            Some(other) => {
                other.count += mark.count;
                other.text = format!("×{}", other.count);
                other.title = format!("{}\n{}", other.title, mark.title);
                other.way = other.way.filter(|way| mark.way == Some(*way));
            }
            None => found.push(mark),
        }
    }
    found
}

/// The day's map.
#[component]
pub fn Map(board: Board, locale: Locale, zone: String, tiles: Option<Tiles>) -> impl IntoView {
    let mut places: Vec<Coordinates> = Vec::new();
    for line in &board.lines {
        if !line.stops.is_empty() {
            let (start, end) = bases(&line.technician);
            places.extend(start.into_iter().chain(end));
        }
        places.extend(line.stops.iter().filter_map(|stop| stop.visit.job.point()));
    }
    places.extend(board.pool.rows.iter().filter_map(|job| job.point()));
    let Some(sheet) = Sheet::around(&places) else {
        return view! { <Empty icon="map-pin" title=t!(locale, "board-no-locations") text=t!(locale, "board-no-locations-text")/> }.into_any();
    };
    let pictures = tiles.as_ref().map(|tiles| sheet.pictures(tiles)).unwrap_or_default();
    let credit = tiles.map(|tiles| tiles.credit).filter(|credit| !credit.is_empty());
    let (mut ways, mut homes, mut marks) = (Vec::new(), Vec::new(), Vec::new());
    for (index, line) in board.lines.iter().enumerate() {
        if line.stops.is_empty() {
            continue;
        }
        let colour = index % COLOURS;
        let (start, end) = bases(&line.technician);
        let stops = line.stops.iter().filter_map(|stop| stop.visit.job.point());
        let way: Vec<String> = start
            .into_iter()
            .chain(stops)
            .chain(end)
            .map(|place| sheet.point(place))
            .map(|point| format!("{:.1},{:.1}", point.x, point.y))
            .collect();
        ways.push((colour, way.join(" ")));
        homes.extend(start.map(|place| (sheet.point(place), line.technician.display_name.clone())));
        for (number, stop) in line.stops.iter().enumerate() {
            let Some(place) = stop.visit.job.point() else {
                continue;
            };
            let title = format!(
                "{} · {} · TGT-{} · {}",
                line.technician.display_name,
                when(&stop.visit, &zone),
                stop.visit.job.number,
                stop.visit.job.customer_name.clone().unwrap_or_default(),
            );
            marks.push(Mark {
                at: sheet.point(place),
                text: (number + 1).to_string(),
                title,
                way: Some(colour),
                count: 1,
            });
        }
    }
    let waiting: Vec<Mark> = board
        .pool
        .rows
        .iter()
        .filter_map(|job| {
            let place = job.point()?;
            Some(Mark {
                at: sheet.point(place),
                text: String::new(),
                title: format!(
                    "{} · TGT-{} · {}",
                    t!(locale, "board-unscheduled"),
                    job.number,
                    job.customer_name.clone().unwrap_or_default()
                ),
                way: None,
                count: 1,
            })
        })
        .collect();
    let legend: Vec<_> = board
        .lines
        .into_iter()
        .enumerate()
        .filter(|(_, line)| !line.stops.is_empty())
        .collect();
    view! {
        <div class="board-map">
            <svg class="map" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=t!(locale, "board-map-label")>
                {pictures.into_iter().map(|(href, at, side)| view! { <image class="map-picture" href=href x=format!("{:.2}", at.x) y=format!("{:.2}", at.y) width=format!("{side:.2}") height=format!("{side:.2}")/> }).collect_view()}
                {ways.into_iter().map(|(colour, points)| view! { <polyline class=format!("way way-{colour}") points=points/> }).collect_view()}
                {homes.into_iter().map(|(at, name)| view! { <rect class="map-home" x=format!("{:.1}", at.x - 7.0) y=format!("{:.1}", at.y - 7.0) width="14" height="14"><title>{name}</title></rect> }).collect_view()}
                {clusters(waiting).into_iter().map(|mark| view! { <MapMark mark waits=true/> }).collect_view()}
                {clusters(marks).into_iter().map(|mark| view! { <MapMark mark waits=false/> }).collect_view()}
            </svg>
            <div class="map-legend">
                {legend.into_iter().map(|(index, line)| {
                    let travel = t!(locale, "board-load", stops = line.stops.len(), travel = length(locale, line.travel));
                    view! {
                        <section><h2 class="row"><span class=format!("map-key way-{}", index % COLOURS) aria-hidden="true"></span><bdi>{line.technician.display_name.clone()}</bdi></h2>
                            <p class="quiet">{travel}</p>
                            <ol>{line.stops.into_iter().map(|stop| {
                                let href = format!("/app/targets/{}", stop.visit.job.target_id);
                                let unplaced = stop.visit.job.point().is_none().then(|| view! { " "<span class="stop-warning"><Icon name="alert"/>{t!(locale, "board-no-coordinates")}</span> });
                                view! { <li><a href=href><bdi>{when(&stop.visit, &zone)}</bdi>" "<bdi>{stop.visit.job.customer_name.clone()}</bdi></a>{unplaced}</li> }
                            }).collect_view()}</ol></section>
                    }
                }).collect_view()}
                <p class="row"><span class="map-key map-key-waits" aria-hidden="true"></span>{t!(locale, "board-unscheduled")}</p>
                <p class="row"><span class="map-key map-key-home" aria-hidden="true"></span>{t!(locale, "board-starting-points")}</p>
                {credit.map(|credit| view! { <p class="quiet" dir="auto">{credit}</p> })}
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn MapMark(mark: Mark, waits: bool) -> impl IntoView {
    let radius = if mark.count > 1 {
        17.0
    } else if waits {
        7.0
    } else {
        13.0
    };
    let class = match (waits, mark.way) {
        (true, _) => "map-mark map-waits".to_owned(),
        (false, Some(way)) => format!("map-mark way-{way}"),
        (false, None) => "map-mark map-several".to_owned(),
    };
    view! {
        <g class=class><title>{mark.title}</title>
            <circle cx=format!("{:.1}", mark.at.x) cy=format!("{:.1}", mark.at.y) r=radius.to_string()></circle>
            {(!mark.text.is_empty()).then(|| view! { <text x=format!("{:.1}", mark.at.x) y=format!("{:.1}", mark.at.y) text-anchor="middle" dominant-baseline="central">{mark.text}</text> })}
        </g>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lon: f64) -> Coordinates {
        Coordinates { lat, lon }
    }

    #[test]
    fn everything_lies_on_the_sheet_with_north_above() {
        let places = [at(51.45, 7.01), at(51.51, 7.46), at(51.43, 6.76), at(51.2, 7.0)];
        let sheet = Sheet::around(&places).expect("a sheet");
        let points: Vec<Point> = places.iter().map(|place| sheet.point(*place)).collect();
        for point in &points {
            assert!(
                (0.0..=WIDTH).contains(&point.x) && (0.0..=HEIGHT).contains(&point.y),
                "{point:?}"
            );
        }
        assert!(points[1].y < points[3].y, "north is above");
        assert!(points[2].x < points[1].x, "west is left");
        assert!(Sheet::around(&[]).is_none());
        let alone = Sheet::around(&[at(51.0, 7.0)]).expect("a sheet").point(at(51.0, 7.0));
        assert!((alone.x - WIDTH / 2.0).abs() < 1.0 && (alone.y - HEIGHT / 2.0).abs() < 1.0);
    }

    #[test]
    fn pictures_lie_under_the_places_that_they_show() {
        let tiles: Tiles = "https://tiles.example.org/{z}/{x}/{y}.png".parse().expect("tiles");
        let places = [at(51.45, 7.01), at(51.22, 6.77), at(51.51, 7.46)];
        let sheet = Sheet::around(&places).expect("a sheet");
        let pictures = sheet.pictures(&tiles);
        assert!((4..=48).contains(&pictures.len()), "{}", pictures.len());
        let covers = |x: f64, y: f64| {
            pictures.iter().any(|(_, corner, side)| {
                (corner.x..=corner.x + side).contains(&x) && (corner.y..=corner.y + side).contains(&y)
            })
        };
        for (x, y) in [(0.0, 0.0), (WIDTH, 0.0), (0.0, HEIGHT), (WIDTH, HEIGHT)] {
            assert!(covers(x, y), "{x} {y}");
        }
        // The picture that a tile server has of a place is where the place is drawn.
        let zoom: u32 = pictures[0]
            .0
            .split('/')
            .nth(3)
            .and_then(|zoom| zoom.parse().ok())
            .expect("a zoom");
        let count = f64::from(1_u32 << zoom);
        let world = plane(places[0]);
        let url = format!(
            "https://tiles.example.org/{zoom}/{}/{}.png",
            (world.x * count).floor(),
            (world.y * count).floor()
        );
        let (_, corner, side) = pictures
            .iter()
            .find(|(address, ..)| *address == url)
            .expect("its picture");
        let drawn = sheet.point(places[0]);
        assert!((corner.x..=corner.x + side).contains(&drawn.x) && (corner.y..=corner.y + side).contains(&drawn.y));
    }

    #[test]
    fn marks_on_one_spot_are_counted_and_not_hidden() {
        let mark = |x: f64, way| Mark {
            at: Point { x, y: 0.0 },
            text: "1".to_owned(),
            title: "one".to_owned(),
            way,
            count: 1,
        };
        let found = clusters(vec![
            mark(0.0, Some(1)),
            mark(5.0, Some(1)),
            mark(100.0, Some(2)),
            mark(3.0, Some(2)),
        ]);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].text.as_str(), found[0].count, found[0].way), ("×3", 3, None));
        assert_eq!(found[1].way, Some(2));
    }
}
