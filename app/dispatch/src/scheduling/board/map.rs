//! The map view: the day's routes, drawn from coordinates. Background tiles come only from the tile server that the
//! operator has configured.

use domain::customers::Coordinates;
use domain::locale::Locale;
use domain::scheduling::tiles::Tiles;
use leptos::prelude::*;
use ordinavo_core::scheduling::BoardJob;
use ordinavo_core::scheduling::board::{Board, Line, Stop, day_endpoints};
use ui::components::{EmptyState, PriorityMark, TargetChip};
use ui::format;
use ui::icons::Icon;

use crate::scheduling::board::map_background::Background;
use crate::scheduling::board::viewport::{HEIGHT, Point, Viewport, WIDTH};
use crate::scheduling::board::{duration_text, visit_time};
use crate::shared::service_label;
use crate::t;

/// Markers closer than this are drawn as one cluster.
const CLUSTER_DISTANCE: f64 = 24.0;
/// The source of the town names, which its licence asks to be named.
const GAZETTEER_CREDIT: &str = "GeoNames, CC BY 4.0";
/// Number of route colors in the style sheet.
const COLOR_COUNT: usize = 8;

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
    let Some(viewport) = Viewport::fitting(&locations(&board)) else {
        return view! { <EmptyState icon="map-pin" title=t!(locale, "board-no-locations") text=t!(locale, "board-no-locations-text")/> }.into_any();
    };
    let tiles_in_view = tiles
        .as_ref()
        .map(|tiles| viewport.tiles_in_view(tiles))
        .unwrap_or_default();
    let credit = tiles.map(|tiles| tiles.credit).filter(|credit| !credit.is_empty());
    let routes: Vec<Route> = board
        .lines
        .into_iter()
        .enumerate()
        .filter(|(_, line)| !line.stops.is_empty())
        .map(|(index, line)| Route {
            color: index % COLOR_COUNT,
            line,
        })
        .collect();
    let unscheduled = clusters(
        board
            .unscheduled_jobs
            .rows
            .iter()
            .filter_map(|job| unscheduled_marker(job, &viewport, locale))
            .collect(),
    );
    let markers = clusters(
        routes
            .iter()
            .flat_map(|route| route.markers(locale, &viewport, &zone))
            .collect(),
    );
    let has_tiles = !tiles_in_view.is_empty();
    let starts = routes.iter().filter_map(|route| route.start_point(&viewport));
    let marked = markers.iter().chain(&unscheduled).map(|marker| marker.at);
    let taken: Vec<Point> = marked.chain(starts.map(|(at, _)| at)).collect();
    let background = (!has_tiles).then(|| view! { <Background viewport=&viewport markers=&taken locale/> });
    let credit = if has_tiles {
        credit
    } else {
        Some(GAZETTEER_CREDIT.to_owned())
    };
    let (located, unlocated): (Vec<BoardJob>, Vec<BoardJob>) = board
        .unscheduled_jobs
        .rows
        .into_iter()
        .partition(|job| job.point().is_some());
    view! {
        <div class="board-map">
            <div class="map-pane">
                <svg class="map" viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=t!(locale, "board-map-label")>
                    {background}
                    {tiles_in_view.into_iter().map(|(href, at, side)| view! { <image class="map-picture" href=href x=format!("{:.2}", at.x) y=format!("{:.2}", at.y) width=format!("{side:.2}") height=format!("{side:.2}")/> }).collect_view()}
                    {routes.iter().map(|route| view! { <polyline class=format!("way way-{}", route.color) points=route.points(&viewport)/> }).collect_view()}
                    {routes.iter().filter_map(|route| route.start_point(&viewport)).map(|(at, name)| view! { <rect class="map-home" x=format!("{:.1}", at.x - 7.0) y=format!("{:.1}", at.y - 7.0) width="14" height="14" rx="3"><title>{name}</title></rect> }).collect_view()}
                    {unscheduled.into_iter().map(|marker| view! { <MapMarker marker is_unscheduled=true/> }).collect_view()}
                    {markers.into_iter().map(|marker| view! { <MapMarker marker is_unscheduled=false/> }).collect_view()}
                </svg>
                {credit.map(|credit| view! { <p class="map-credit" dir="auto">{credit}</p> })}
            </div>
            <div class="map-legend">
                <h2>{t!(locale, "map-routes")}<span class="count">{routes.len()}</span></h2>
                {routes.into_iter().map(|route| view! { <RouteLegend route locale zone=zone.clone()/> }).collect_view()}
                <h2>{t!(locale, "board-unscheduled")}<span class="count">{located.len()}</span></h2>
                <JobList jobs=located locale/>
                {(!unlocated.is_empty()).then(|| view! { <h2>{t!(locale, "map-not-on-map")}<span class="count">{unlocated.len()}</span></h2> })}
                <JobList jobs=unlocated locale/>
                <p class="row quiet small"><span class="map-key map-key-home" aria-hidden="true"></span>{t!(locale, "board-starting-points")}</p>
            </div>
        </div>
    }
    .into_any()
}

/// Unscheduled jobs, as links.
#[component]
fn JobList(jobs: Vec<BoardJob>, locale: Locale) -> impl IntoView {
    view! {
        <ul class="map-jobs">{jobs.into_iter().map(|job| {
            let href = format!("/app/targets/{}", job.target_id);
            view! { <li><a href=href><span class="map-key map-key-waits" aria-hidden="true"></span><span><strong><bdi>{job.customer_name.unwrap_or_else(|| format::job_number(job.number))}</bdi></strong><br/><span class="quiet small">{service_label(locale, job.service_type.as_deref())}{job.city.map(|city| view! { " · "<bdi>{city}</bdi> })}</span></span><PriorityMark priority=job.priority locale/></a></li> }
        }).collect_view()}</ul>
    }
}

/// Returns every location that the map must show.
fn locations(board: &Board) -> Vec<Coordinates> {
    let mut locations = Vec::new();
    for line in &board.lines {
        if !line.stops.is_empty() {
            let (start, end) = day_endpoints(&line.technician);
            locations.extend(start.into_iter().chain(end));
        }
        locations.extend(line.stops.iter().filter_map(|stop| stop.visit.job.point()));
    }
    locations.extend(board.unscheduled_jobs.rows.iter().filter_map(|job| job.point()));
    locations
}

/// A technician's day on the map.
struct Route {
    color: usize,
    line: Line,
}

impl Route {
    /// Returns the points of the line from start to end, in the syntax of SVG.
    fn points(&self, viewport: &Viewport) -> String {
        let (start, end) = day_endpoints(&self.line.technician);
        let stops = self.line.stops.iter().filter_map(|stop| stop.visit.job.point());
        let points: Vec<String> = start
            .into_iter()
            .chain(stops)
            .chain(end)
            .map(|location| viewport.point(location))
            .map(|point| format!("{:.1},{:.1}", point.x, point.y))
            .collect();
        points.join(" ")
    }

    /// Returns where the day starts, with the technician's name.
    fn start_point(&self, viewport: &Viewport) -> Option<(Point, String)> {
        let (start, _) = day_endpoints(&self.line.technician);
        Some((viewport.point(start?), self.line.technician.display_name.clone()))
    }

    fn markers(&self, locale: Locale, viewport: &Viewport, zone: &str) -> Vec<Marker> {
        let stops = self.line.stops.iter().enumerate();
        stops
            .filter_map(|(number, stop)| {
                let location = stop.visit.job.point()?;
                let title = format!(
                    "{} · {} · J-{} · {}",
                    self.line.technician.display_name,
                    visit_time(locale, &stop.visit, zone),
                    stop.visit.job.number,
                    stop.visit.job.customer_name.clone().unwrap_or_default(),
                );
                Some(Marker {
                    at: viewport.point(location),
                    text: (number + 1).to_string(),
                    title,
                    route: Some(self.color),
                    count: 1,
                })
            })
            .collect()
    }
}

fn unscheduled_marker(job: &BoardJob, viewport: &Viewport, locale: Locale) -> Option<Marker> {
    let location = job.point()?;
    Some(Marker {
        at: viewport.point(location),
        text: String::new(),
        title: format!(
            "{} · J-{} · {}",
            t!(locale, "board-unscheduled"),
            job.number,
            job.customer_name.clone().unwrap_or_default()
        ),
        route: None,
        count: 1,
    })
}

/// The key of a route's color, its load and its stops.
#[component]
fn RouteLegend(route: Route, locale: Locale, zone: String) -> impl IntoView {
    let Route { color, line } = route;
    let travel = t!(
        locale,
        "board-load",
        stops = line.stops.len(),
        travel = duration_text(locale, line.travel)
    );
    let initials = format::initials(&line.technician.display_name);
    view! {
        <details class="map-route" open=true><summary><span class=format!("avatar avatar-small avatar-person map-person way-{color}") aria-hidden="true">{initials}</span><strong><bdi>{line.technician.display_name}</bdi></strong><span class="quiet small">{travel}</span></summary>
            <ol>{line.stops.into_iter().enumerate().map(|(at, stop)| view! { <LegendStop stop number=at + 1 color locale zone=zone.clone()/> }).collect_view()}</ol></details>
    }
}

#[component]
fn LegendStop(stop: Stop, number: usize, color: usize, locale: Locale, zone: String) -> impl IntoView {
    let href = format!("/app/targets/{}", stop.visit.job.target_id);
    let missing_coordinates = stop.visit.job.point().is_none().then(
        || view! { <span class="stop-warning small"><Icon name="alert"/>{t!(locale, "board-no-coordinates")}</span> },
    );
    view! {
        <li><a href=href><span class=format!("map-number way-{color}") aria-hidden="true">{number}</span>
            <span><strong><bdi>{stop.visit.job.customer_name.clone().unwrap_or_else(|| format::job_number(stop.visit.job.number))}</bdi></strong><br/><span class="quiet small"><bdi>{visit_time(locale, &stop.visit, &zone)}</bdi></span>{missing_coordinates}</span>
            <TargetChip status=stop.visit.job.status locale/></a></li>
    }
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
