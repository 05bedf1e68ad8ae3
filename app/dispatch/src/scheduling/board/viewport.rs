//! The geometry of the map: projection, viewport and background tiles.

use std::f64::consts::PI;

use domain::customers::Coordinates;
use domain::scheduling::tiles::{Tile, Tiles};
use ordinavo_core::scheduling::gazetteer::Area;

/// The size of the drawing in SVG units.
pub(super) const WIDTH: f64 = 1000.0;
pub(super) const HEIGHT: f64 = 800.0;
/// How far the background continues outside the drawing, which may be wider or higher than its area on the page.
pub(super) const BLEED: f64 = 600.0;
/// The length of the equator in meters.
const EQUATOR_METERS: f64 = 40_075_017.0;
/// More lines than these are not drawn.
const MAX_LINES: usize = 100;
/// The empty margin around the drawing.
const MARGIN: f64 = 48.0;
/// A point in SVG units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// Projects coordinates with Web Mercator, as tile servers do: the world is one unit wide.
fn project(location: Coordinates) -> Point {
    let latitude = location.lat.clamp(-85.0, 85.0).to_radians();
    Point {
        x: location.lon / 360.0 + 0.5,
        y: 0.5 - (PI / 4.0 + latitude / 2.0).tan().ln() / (2.0 * PI),
    }
}

/// Returns the latitude of a height in the projection.
fn latitude_of(y: f64) -> f64 {
    (2.0 * (PI * (1.0 - 2.0 * y)).exp().atan() - PI / 2.0).to_degrees()
}

/// The viewport that contains all locations, with the same scale in both directions.
pub(super) struct Viewport {
    left: f64,
    top: f64,
    scale: f64,
    shift: Point,
}

impl Viewport {
    pub(super) fn fitting(locations: &[Coordinates]) -> Option<Self> {
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

    pub(super) fn point(&self, location: Coordinates) -> Point {
        let point = project(location);
        Point {
            x: (point.x - self.left) * self.scale + self.shift.x,
            y: (point.y - self.top) * self.scale + self.shift.y,
        }
    }
}

impl Viewport {
    /// Returns the projected position of a point of the drawing.
    fn unproject(&self, x: f64, y: f64) -> (f64, f64) {
        (
            (x - self.shift.x) / self.scale + self.left,
            (y - self.shift.y) / self.scale + self.top,
        )
    }

    /// Returns the area that is drawn, with the background outside.
    pub(super) fn area(&self) -> Area {
        let (west, north) = self.unproject(-BLEED, -BLEED);
        let (east, south) = self.unproject(WIDTH + BLEED, HEIGHT + BLEED);
        Area {
            south: latitude_of(south),
            west: (west - 0.5) * 360.0,
            north: latitude_of(north),
            east: (east - 0.5) * 360.0,
        }
    }

    /// Returns how many meters a unit of the drawing is in its middle.
    pub(super) fn meters_per_unit(&self) -> f64 {
        let (_, middle) = self.unproject(WIDTH / 2.0, HEIGHT / 2.0);
        EQUATOR_METERS * latitude_of(middle).to_radians().cos() / self.scale
    }

    /// Returns the positions of lines with a distance, across and along, in units of the drawing. They belong to the ground: the
    /// same lines are drawn wherever the drawing begins.
    pub(super) fn grid(&self, distance: f64) -> (Vec<f64>, Vec<f64>) {
        let (left, top) = self.unproject(-BLEED, -BLEED);
        let step = distance / self.scale;
        let lines = |start: f64, origin: f64, shift: f64, length: f64| -> Vec<f64> {
            let first = (start / step).ceil() * step;
            (0..)
                .map(|line| (first + step * f64::from(line) - origin) * self.scale + shift)
                .take_while(|at| *at < length + BLEED)
                .take(MAX_LINES)
                .collect()
        };
        (
            lines(left, self.left, self.shift.x, WIDTH),
            lines(top, self.top, self.shift.y, HEIGHT),
        )
    }
}

/// A background tile: its URL, position and side length.
pub(super) type TileImage = (String, Point, f64);

impl Viewport {
    /// Returns the tiles that cover the viewport.
    pub(super) fn tiles_in_view(&self, tiles: &Tiles) -> Vec<TileImage> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lon: f64) -> Coordinates {
        Coordinates { lat, lon }
    }

    #[test]
    fn area_and_meters_belong_to_the_locations() {
        let locations = [at(51.45, 7.01), at(51.51, 7.46)];
        let viewport = Viewport::fitting(&locations).expect("viewport has points");
        let area = viewport.area();
        for location in locations {
            assert!((area.south..area.north).contains(&location.lat) && (area.west..area.east).contains(&location.lon));
        }
        // Essen and Dortmund are 31 km apart.
        let [first, second] = locations.map(|location| viewport.point(location));
        let kilometers = (first.x - second.x).hypot(first.y - second.y) * viewport.meters_per_unit() / 1000.0;
        assert!((30.0..33.0).contains(&kilometers), "{kilometers}");
    }

    #[test]
    fn grid_covers_the_drawing_with_equal_distances() {
        let viewport = Viewport::fitting(&[at(51.45, 7.01), at(51.51, 7.46)]).expect("viewport has points");
        let (across, along) = viewport.grid(80.0);
        for (lines, length) in [(across, WIDTH), (along, HEIGHT)] {
            assert!(lines[0] < 0.0 && lines[lines.len() - 1] > length);
            assert!(lines.windows(2).all(|pair| (pair[1] - pair[0] - 80.0).abs() < 0.01));
        }
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
}
