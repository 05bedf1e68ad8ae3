//! The map view: the day's routes, drawn from coordinates. Background tiles come only from the tile server that the
//! operator has configured.

use std::f64::consts::PI;

use domain::customers::Coordinates;
use domain::locale::Locale;
use domain::tiles::{Tile, Tiles};
use leptos::prelude::*;
use ordinavo_core::scheduling::board::{Board, day_endpoints};
use ui::components::EmptyState;
use ui::icons::Icon;

use crate::scheduling::board::{duration_text, visit_time};
use crate::t;

/// The size of the drawing in SVG units.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 640.0;
/// The empty margin around the drawing.
const MARGIN: f64 = 48.0;
/// Markers closer than this are drawn as one cluster.
const CLUSTER_DISTANCE: f64 = 24.0;
/// Number of route colors in the style sheet.
const COLOR_COUNT: usize = 8;

/// A point in SVG units.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    x: f64,
    y: f64,
}

/// Projects coordinates with Web Mercator, as tile servers do: the world is one unit wide.
fn project(location: Coordinates) -> Point {
    let latitude = location.lat.clamp(-85.0, 85.0).to_radians();
    Point {
        x: location.lon / 360.0 + 0.5,
        y: 0.5 - (PI / 4.0 + latitude / 2.0).tan().ln() / (2.0 * PI),
    }
}

/// The viewport that contains all locations, with the same scale in both directions.
struct Viewport {
    left: f64,
    top: f64,
    scale: f64,
    shift: Point,
}

impl Viewport {
    fn fitting(locations: &[Coordinates]) -> Option<Self> {
        let points: Vec<Point> = locations.iter().copied().map(project).collect();
        let first = points.first()?;
        let (mut left, mut right, mut top, mut bottom) = (first.x, first.x, first.y, first.y);
        for point in &points {
            left = left.min(point.x);
            right = right.max(point.x);
            top = top.min(point.y);
            bottom = bottom.max(point.y);
        }
        // A single location is shown with its surroundings.
        let min_extent = 1e-4;
        let (width, height) = ((right - left).max(min_extent), (bottom - top).max(min_extent));
        let scale = ((WIDTH - 2.0 * MARGIN) / width).min((HEIGHT - 2.0 * MARGIN) / height);
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

    fn point(&self, location: Coordinates) -> Point {
        let point = project(location);
        Point {
            x: (point.x - self.left) * self.scale + self.shift.x,
            y: (point.y - self.top) * self.scale + self.shift.y,
        }
    }
}

/// A background tile: its URL, position and side length.
type TileImage = (String, Point, f64);

impl Viewport {
    /// Returns the tiles that cover the viewport.
    fn tiles_in_view(&self, tiles: &Tiles) -> Vec<TileImage> {
        let corner = (
            self.left - self.shift.x / self.scale,
            self.top - self.shift.y / self.scale,
        );
        let tiles = tiles.cover(corner, (WIDTH / self.scale, HEIGHT / self.scale), WIDTH);
        let tile_image = |tile: Tile| {
            let at = Point {
                x: (tile.left - corner.0) * self.scale,
                y: (tile.top - corner.1) * self.scale,
            };
            (tile.url, at, tile.side * self.scale)
        };
        tiles.into_iter().map(tile_image).collect()
    }
}

/// What is drawn at a location.
#[derive(Debug, Clone)]
struct Marker {
    at: Point,
    /// The text inside: the number of a stop, or the size of a cluster.
    text: String,
    /// The tooltip.
    title: String,
    /// The color of the route; `None` for unscheduled jobs and for clusters of several routes.
    route: Option<usize>,
    count: usize,
}

/// Combines markers that would overlap into clusters.
fn clusters(markers: Vec<Marker>) -> Vec<Marker> {
    let mut clustered: Vec<Marker> = Vec::new();
    for marker in markers {
        let neighbor = clustered
            .iter_mut()
            .find(|other| (other.at.x - marker.at.x).hypot(other.at.y - marker.at.y) < CLUSTER_DISTANCE);
        match neighbor {
            Some(other) => {
                other.count += marker.count;
                other.text = format!("×{}", other.count);
                other.title = format!("{}\n{}", other.title, marker.title);
                other.route = other.route.filter(|route| marker.route == Some(*route));
            }
            None => clustered.push(marker),
        }
    }
    clustered
}

#[component]
pub fn Map(board: Board, locale: Locale, zone: String, tiles: Option<Tiles>) -> impl IntoView {
    let mut locations: Vec<Coordinates> = Vec::new();
    for line in &board.lines {
        if !line.stops.is_empty() {
            let (start, end) = day_endpoints(&line.technician);
            locations.extend(start.into_iter().chain(end));
        }
        locations.extend(line.stops.iter().filter_map(|stop| stop.visit.job.point()));
    }
    locations.extend(board.unscheduled_jobs.rows.iter().filter_map(|job| job.point()));
    let Some(viewport) = Viewport::fitting(&locations) else {
        return view! { <EmptyState icon="map-pin" title=t!(locale, "board-no-locations") text=t!(locale, "board-no-locations-text")/> }.into_any();
    };
    let tiles_in_view = tiles
        .as_ref()
        .map(|tiles| viewport.tiles_in_view(tiles))
        .unwrap_or_default();
    let credit = tiles.map(|tiles| tiles.credit).filter(|credit| !credit.is_empty());
    let (mut routes, mut start_points, mut markers) = (Vec::new(), Vec::new(), Vec::new());
    for (index, line) in board.lines.iter().enumerate() {
        if line.stops.is_empty() {
            continue;
        }
        let color = index % COLOR_COUNT;
        let (start, end) = day_endpoints(&line.technician);
        let stops = line.stops.iter().filter_map(|stop| stop.visit.job.point());
        let route: Vec<String> = start
            .into_iter()
            .chain(stops)
            .chain(end)
            .map(|location| viewport.point(location))
            .map(|point| format!("{:.1},{:.1}", point.x, point.y))
            .collect();
        routes.push((color, route.join(" ")));
        start_points.extend(start.map(|location| (viewport.point(location), line.technician.display_name.clone())));
        for (number, stop) in line.stops.iter().enumerate() {
            let Some(location) = stop.visit.job.point() else {
                continue;
            };
            let title = format!(
                "{} · {} · TGT-{} · {}",
                line.technician.display_name,
                visit_time(&stop.visit, &zone),
                stop.visit.job.number,
                stop.visit.job.customer_name.clone().unwrap_or_default(),
            );
            markers.push(Marker {
                at: viewport.point(location),
                text: (number + 1).to_string(),
                title,
                route: Some(color),
                count: 1,
            });
        }
    }
    let unscheduled: Vec<Marker> = board
        .unscheduled_jobs
        .rows
        .iter()
        .filter_map(|job| {
            let location = job.point()?;
            Some(Marker {
                at: viewport.point(location),
                text: String::new(),
                title: format!(
                    "{} · TGT-{} · {}",
                    t!(locale, "board-unscheduled"),
                    job.number,
                    job.customer_name.clone().unwrap_or_default()
                ),
                route: None,
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
                {tiles_in_view.into_iter().map(|(href, at, side)| view! { <image class="map-picture" href=href x=format!("{:.2}", at.x) y=format!("{:.2}", at.y) width=format!("{side:.2}") height=format!("{side:.2}")/> }).collect_view()}
                {routes.into_iter().map(|(color, points)| view! { <polyline class=format!("way way-{color}") points=points/> }).collect_view()}
                {start_points.into_iter().map(|(at, name)| view! { <rect class="map-home" x=format!("{:.1}", at.x - 7.0) y=format!("{:.1}", at.y - 7.0) width="14" height="14"><title>{name}</title></rect> }).collect_view()}
                {clusters(unscheduled).into_iter().map(|marker| view! { <MapMarker marker is_unscheduled=true/> }).collect_view()}
                {clusters(markers).into_iter().map(|marker| view! { <MapMarker marker is_unscheduled=false/> }).collect_view()}
            </svg>
            <div class="map-legend">
                {legend.into_iter().map(|(index, line)| {
                    let travel = t!(locale, "board-load", stops = line.stops.len(), travel = duration_text(locale, line.travel));
                    view! {
                        <section><h2 class="row"><span class=format!("map-key way-{}", index % COLOR_COUNT) aria-hidden="true"></span><bdi>{line.technician.display_name.clone()}</bdi></h2>
                            <p class="quiet">{travel}</p>
                            <ol>{line.stops.into_iter().map(|stop| {
                                let href = format!("/app/targets/{}", stop.visit.job.target_id);
                                let missing_coordinates = stop.visit.job.point().is_none().then(|| view! { " "<span class="stop-warning"><Icon name="alert"/>{t!(locale, "board-no-coordinates")}</span> });
                                view! { <li><a href=href><bdi>{visit_time(&stop.visit, &zone)}</bdi>" "<bdi>{stop.visit.job.customer_name.clone()}</bdi></a>{missing_coordinates}</li> }
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
fn MapMarker(marker: Marker, is_unscheduled: bool) -> impl IntoView {
    let radius = if marker.count > 1 {
        17.0
    } else if is_unscheduled {
        7.0
    } else {
        13.0
    };
    let class = match (is_unscheduled, marker.route) {
        (true, _) => "map-mark map-waits".to_owned(),
        (false, Some(route)) => format!("map-mark way-{route}"),
        (false, None) => "map-mark map-several".to_owned(),
    };
    view! {
        <g class=class><title>{marker.title}</title>
            <circle cx=format!("{:.1}", marker.at.x) cy=format!("{:.1}", marker.at.y) r=radius.to_string()></circle>
            {(!marker.text.is_empty()).then(|| view! { <text x=format!("{:.1}", marker.at.x) y=format!("{:.1}", marker.at.y) text-anchor="middle" dominant-baseline="central">{marker.text}</text> })}
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
    fn viewport_fitting_contains_all_points_north_up() {
        let locations = [at(51.45, 7.01), at(51.51, 7.46), at(51.43, 6.76), at(51.2, 7.0)];
        let viewport = Viewport::fitting(&locations).expect("viewport has points");
        let points: Vec<Point> = locations.iter().map(|location| viewport.point(*location)).collect();
        for point in &points {
            assert!(
                (0.0..=WIDTH).contains(&point.x) && (0.0..=HEIGHT).contains(&point.y),
                "{point:?}"
            );
        }
        assert!(points[1].y < points[3].y, "north is above");
        assert!(points[2].x < points[1].x, "west is left");
        assert!(Viewport::fitting(&[]).is_none());
        let alone = Viewport::fitting(&[at(51.0, 7.0)])
            .expect("viewport has points")
            .point(at(51.0, 7.0));
        assert!((alone.x - WIDTH / 2.0).abs() < 1.0 && (alone.y - HEIGHT / 2.0).abs() < 1.0);
    }

    #[test]
    fn tile_covers_location_drawn_on_it() {
        let tiles: Tiles = "https://tiles.example.org/{z}/{x}/{y}.png"
            .parse()
            .expect("tile URL template is valid");
        let locations = [at(51.45, 7.01), at(51.22, 6.77), at(51.51, 7.46)];
        let viewport = Viewport::fitting(&locations).expect("viewport has points");
        let tiles_in_view = viewport.tiles_in_view(&tiles);
        assert!((4..=48).contains(&tiles_in_view.len()), "{}", tiles_in_view.len());
        let covers = |x: f64, y: f64| {
            tiles_in_view.iter().any(|(_, corner, side)| {
                (corner.x..=corner.x + side).contains(&x) && (corner.y..=corner.y + side).contains(&y)
            })
        };
        for (x, y) in [(0.0, 0.0), (WIDTH, 0.0), (0.0, HEIGHT), (WIDTH, HEIGHT)] {
            assert!(covers(x, y), "{x} {y}");
        }
        // The tile that contains a location must lie where the location is drawn.
        let zoom: u32 = tiles_in_view[0]
            .0
            .split('/')
            .nth(3)
            .and_then(|zoom| zoom.parse().ok())
            .expect("tile URL contains the zoom");
        let count = f64::from(1_u32 << zoom);
        let world = project(locations[0]);
        let url = format!(
            "https://tiles.example.org/{zoom}/{}/{}.png",
            (world.x * count).floor(),
            (world.y * count).floor()
        );
        let (_, corner, side) = tiles_in_view
            .iter()
            .find(|(address, ..)| *address == url)
            .expect("tile of the location is in view");
        let drawn = viewport.point(locations[0]);
        assert!((corner.x..=corner.x + side).contains(&drawn.x) && (corner.y..=corner.y + side).contains(&drawn.y));
    }

    #[test]
    fn clusters_close_markers_are_counted() {
        let marker = |x: f64, route| Marker {
            at: Point { x, y: 0.0 },
            text: "1".to_owned(),
            title: "one".to_owned(),
            route,
            count: 1,
        };
        let clustered = clusters(vec![
            marker(0.0, Some(1)),
            marker(5.0, Some(1)),
            marker(100.0, Some(2)),
            marker(3.0, Some(2)),
        ]);
        assert_eq!(clustered.len(), 2);
        assert_eq!(
            (clustered[0].text.as_str(), clustered[0].count, clustered[0].route),
            ("×3", 3, None)
        );
        assert_eq!(clustered[1].route, Some(2));
    }
}
