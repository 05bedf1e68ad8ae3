//! Map tiles from the operator's tile server: selects the tiles that cover an area and computes their positions.

use std::fmt;
use std::str::FromStr;

/// Maximum number of tiles per map.
const MAX_TILES: u32 = 48;
/// Maximum zoom level.
const MAX_ZOOM: u32 = 19;
/// Side length of a tile image.
const TILE_SIZE_PIXELS: f64 = 256.0;

/// A tile server: URL template with `{z}`, `{x}` and `{y}`, and the attribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tiles {
    template: String,
    origin: String,
    /// Attribution required by the license of the map.
    pub credit: String,
}

/// Error for an invalid tile server setting.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidTileServer(String);

impl fmt::Display for InvalidTileServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} is not a tile URL such as https://tiles.example.org/{{z}}/{{x}}/{{y}}.png, followed by a space and the attribution",
            self.0
        )
    }
}

impl FromStr for Tiles {
    type Err = InvalidTileServer;

    /// Parses `https://host/path/{z}/{x}/{y}.png Attribution`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidTileServer(text.to_owned());
        let (template, credit) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let rest = template
            .strip_prefix("https://")
            .or_else(|| template.strip_prefix("http://"))
            .ok_or_else(invalid)?;
        let host = rest.split('/').next().unwrap_or_default();
        let is_valid_host = !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']'));
        let is_safe = template
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b';'));
        if !is_valid_host
            || !is_safe
            || !["{z}", "{x}", "{y}"]
                .iter()
                .all(|part| rest[host.len()..].contains(part))
        {
            return Err(invalid());
        }
        Ok(Self {
            origin: template[..template.len() - rest.len() + host.len()].to_owned(),
            template: template.to_owned(),
            credit: credit.trim().to_owned(),
        })
    }
}

/// A tile with its position in normalized Web Mercator coordinates: 0 to 1 from the north-west corner, eastward and
/// southward.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// URL of the image.
    pub url: String,
    /// Western edge.
    pub left: f64,
    /// Northern edge.
    pub top: f64,
    /// Side length.
    pub side: f64,
}

impl Tiles {
    /// Returns the origin, for the content security policy.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the tiles that cover an area drawn `pixels` wide, given its north-west corner and size in normalized
    /// coordinates.
    pub fn cover(&self, (left, top): (f64, f64), (width, height): (f64, f64), pixels: f64) -> Vec<Tile> {
        if !(width > 0.0 && height > 0.0 && pixels > 0.0) {
            return Vec::new();
        }
        let ideal_zoom = (pixels / TILE_SIZE_PIXELS / width)
            .log2()
            .round()
            .clamp(0.0, f64::from(MAX_ZOOM)) as u32;
        // A tall, narrow area may exceed the tile limit at the ideal zoom and needs a lower one.
        let (mut zoom, mut found) = (ideal_zoom, None);
        while found.is_none() {
            let count = f64::from(1_u32 << zoom);
            let range = |from: f64, length: f64| {
                let last = (((from + length) * count).ceil() - 1.0).clamp(0.0, count - 1.0) as u32;
                (((from * count).floor().clamp(0.0, count - 1.0) as u32).min(last), last)
            };
            let (columns, rows) = (range(left, width), range(top, height));
            if (columns.1 - columns.0 + 1) * (rows.1 - rows.0 + 1) <= MAX_TILES || zoom == 0 {
                found = Some((columns, rows, count));
            } else {
                zoom -= 1;
            }
        }
        let Some((columns, rows, count)) = found else {
            return Vec::new();
        };
        (rows.0..=rows.1)
            .flat_map(|y| (columns.0..=columns.1).map(move |x| (x, y)))
            .map(|(x, y)| Tile {
                url: self
                    .template
                    .replace("{z}", &zoom.to_string())
                    .replace("{x}", &x.to_string())
                    .replace("{y}", &y.to_string()),
                left: f64::from(x) / count,
                top: f64::from(y) / count,
                side: 1.0 / count,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tiles() -> Tiles {
        "https://tiles.example.org/{z}/{x}/{y}.png © Example Maps"
            .parse()
            .expect("tile URL is valid")
    }

    #[test]
    fn tiles_parse_accepts_valid_urls_only() {
        let tiles = tiles();
        assert_eq!(
            (tiles.origin(), tiles.credit.as_str()),
            ("https://tiles.example.org", "© Example Maps")
        );
        let port: Tiles = "http://127.0.0.1:8080/t/{z}/{x}/{y}"
            .parse()
            .expect("tile URL is valid");
        assert_eq!(port.origin(), "http://127.0.0.1:8080");
        for text in [
            "",
            "tiles.example.org/{z}/{x}/{y}",
            "https://tiles.example.org/{z}/{x}.png",
            "https:///{z}/{x}/{y}",
            "https://{z}.example.org/{x}/{y}",
            "https://a;script-src/{z}/{x}/{y}",
            "javascript:{z}{x}{y}",
        ] {
            assert!(text.parse::<Tiles>().is_err(), "{text}");
        }
    }

    #[test]
    fn cover_town_returns_few_tiles() {
        // The area of Essen, 1,000 pixels width.
        let found = tiles().cover((0.519, 0.333), (0.001, 0.0006), 1000.0);
        assert!((2..=48).contains(&found.len()), "{}", found.len());
        assert!(
            found[0].url.starts_with("https://tiles.example.org/12/"),
            "{}",
            found[0].url
        );
        assert_eq!(tiles().cover((0.0, 0.0), (0.0, 0.0), 1000.0), []);
    }

    proptest! {
        #[test]
        fn cover_any_area_is_complete_and_bounded(left in 0.0..0.9_f64, top in 0.0..0.9_f64, width in 1e-7..0.1_f64, height in 1e-7..0.1_f64, pixels in 100.0..2_000.0_f64) {
            let found = tiles().cover((left, top), (width, height), pixels);
            prop_assert!(!found.is_empty() && found.len() <= 48);
            let epsilon = 1e-12;
            let is_covered = |x: f64, y: f64| found.iter().any(|tile| {
                (tile.left - epsilon..=tile.left + tile.side + epsilon).contains(&x) && (tile.top - epsilon..=tile.top + tile.side + epsilon).contains(&y)
            });
            for (x, y) in [(left, top), (left + width, top), (left, top + height), (left + width, top + height), (left + width / 2.0, top + height / 2.0)] {
                prop_assert!(is_covered(x, y), "{} {}", x, y);
            }
        }
    }
}
