//! Pictures of a map from an operator's own tile server: which ones cover a piece of the world, and where each of them is.

use std::fmt;
use std::str::FromStr;

/// The most pictures of one map.
const MOST: u32 = 48;
/// The deepest zoom that is asked for.
const DEEPEST: u32 = 19;
/// How many pixels a picture has at each side.
const SIDE: f64 = 256.0;

/// An address of pictures, with `{z}`, `{x}` and `{y}` in it, and whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tiles {
    template: String,
    origin: String,
    /// Whose the map is, as its licence wants it said.
    pub credit: String,
}

/// A text that is no address of pictures.
#[derive(Debug, PartialEq, Eq)]
pub struct NoTiles(String);

impl fmt::Display for NoTiles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} is not an address such as https://tiles.example.org/{{z}}/{{x}}/{{y}}.png, with whose map it is behind a blank",
            self.0
        )
    }
}

impl FromStr for Tiles {
    type Err = NoTiles;

    /// Reads `https://host/path/{z}/{x}/{y}.png Whose map it is`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NoTiles(text.to_owned());
        let (template, credit) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        let rest = template
            .strip_prefix("https://")
            .or_else(|| template.strip_prefix("http://"))
            .ok_or_else(wrong)?;
        let host = rest.split('/').next().unwrap_or_default();
        let is_host = !host.is_empty()
            && host
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']'));
        let is_plain = template
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b';'));
        if !is_host
            || !is_plain
            || !["{z}", "{x}", "{y}"]
                .iter()
                .all(|part| rest[host.len()..].contains(part))
        {
            return Err(wrong());
        }
        Ok(Self {
            origin: template[..template.len() - rest.len() + host.len()].to_owned(),
            template: template.to_owned(),
            credit: credit.trim().to_owned(),
        })
    }
}

/// A picture and where it is, in parts of the world from its north-west corner: 0 to 1 eastwards and southwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Tile {
    /// Its address.
    pub url: String,
    /// Its western edge.
    pub left: f64,
    /// Its northern edge.
    pub top: f64,
    /// Its length.
    pub side: f64,
}

impl Tiles {
    /// Where they come from, for the policy that says what a page may load.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The pictures that cover a piece of the world that is drawn some pixels wide: western and northern edge, width and
    /// height in parts of the world.
    pub fn cover(&self, (left, top): (f64, f64), (wide, high): (f64, f64), pixels: f64) -> Vec<Tile> {
        if !(wide > 0.0 && high > 0.0 && pixels > 0.0) {
            return Vec::new();
        }
        let wanted = (pixels / SIDE / wide).log2().round().clamp(0.0, f64::from(DEEPEST)) as u32;
        // Wide pieces have few pictures by themselves; a narrow and high one may need a zoom less.
        let (mut zoom, mut found) = (wanted, None);
        while found.is_none() {
            let count = f64::from(1_u32 << zoom);
            let numbers = |from: f64, length: f64| {
                let last = (((from + length) * count).ceil() - 1.0).clamp(0.0, count - 1.0) as u32;
                (((from * count).floor().clamp(0.0, count - 1.0) as u32).min(last), last)
            };
            let (across, down) = (numbers(left, wide), numbers(top, high));
            if (across.1 - across.0 + 1) * (down.1 - down.0 + 1) <= MOST || zoom == 0 {
                found = Some((across, down, count));
            } else {
                zoom -= 1;
            }
        }
        let Some((across, down, count)) = found else {
            return Vec::new();
        };
        (down.0..=down.1)
            .flat_map(|y| (across.0..=across.1).map(move |x| (x, y)))
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
        "https://tiles.example.org/{z}/{x}/{y}.png © Somebody"
            .parse()
            .expect("tiles")
    }

    #[test]
    fn addresses() {
        let tiles = tiles();
        assert_eq!(
            (tiles.origin(), tiles.credit.as_str()),
            ("https://tiles.example.org", "© Somebody")
        );
        let port: Tiles = "http://127.0.0.1:8080/t/{z}/{x}/{y}".parse().expect("tiles");
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
    fn a_town_is_covered() {
        // Essen and around, a thousand pixels wide.
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
        fn every_piece_is_covered_by_few_pictures(left in 0.0..0.9_f64, top in 0.0..0.9_f64, wide in 1e-7..0.1_f64, high in 1e-7..0.1_f64, pixels in 100.0..2_000.0_f64) {
            let found = tiles().cover((left, top), (wide, high), pixels);
            prop_assert!(!found.is_empty() && found.len() <= 48);
            let edge = 1e-12;
            let holds = |x: f64, y: f64| found.iter().any(|tile| {
                (tile.left - edge..=tile.left + tile.side + edge).contains(&x) && (tile.top - edge..=tile.top + tile.side + edge).contains(&y)
            });
            for (x, y) in [(left, top), (left + wide, top), (left, top + high), (left + wide, top + high), (left + wide / 2.0, top + high / 2.0)] {
                prop_assert!(holds(x, y), "{} {}", x, y);
            }
        }
    }
}
