//! A tenant's colour in the portal: one colour is chosen, and every shade that a page needs is made of it, corrected until
//! it can be read (WCAG 2.2, success criteria 1.4.3 and 1.4.11), on light and on dark paper.

use palette::color_difference::Wcag21RelativeContrast as _;
use palette::{FromColor as _, Oklch, Srgb};

/// The least contrast of a text with what is behind it.
const LEAST_TEXT: f32 = 4.5;
/// The least contrast of a line that carries a meaning.
const LEAST_LINE: f32 = 3.0;
/// Lightness and chroma of the portal's paper and surface (`style/tokens.css`), light and dark.
const PAPERS: [[(f32, f32); 2]; 2] = [[(0.994, 0.002), (0.976, 0.004)], [(0.20, 0.01), (0.17, 0.01)]];
/// Their hue.
const PAPER_HUE: f32 = 70.0;

/// A colour as people choose it: `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// A shade on light and on dark paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shade {
    /// On light paper.
    pub light: Colour,
    /// On dark paper.
    pub dark: Colour,
}

/// Every shade that the portal's pages use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shades {
    /// Areas of buttons.
    pub solid: Shade,
    /// The same under the pointer.
    pub solid_hover: Shade,
    /// Text on [`Shades::solid`].
    pub on_solid: Shade,
    /// Links.
    pub text: Shade,
    /// Quiet areas behind texts.
    pub fill: Shade,
    /// Lines that carry a meaning.
    pub line: Shade,
}

impl Colour {
    /// Reads `#rrggbb`; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self([part(0)?, part(2)?, part(4)?]))
    }

    /// `#rrggbb`.
    pub fn text(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    fn srgb(self) -> Srgb<f32> {
        let [red, green, blue] = self.0;
        Srgb::new(red, green, blue).into_format()
    }

    fn of(lightness: f32, chroma: f32, hue: f32) -> Self {
        let srgb: Srgb<f32> = Srgb::from_color(Oklch::new(lightness, chroma, hue));
        let byte = |part: f32| (part.clamp(0.0, 1.0) * 255.0).round() as u8;
        Self([byte(srgb.red), byte(srgb.green), byte(srgb.blue)])
    }

    /// The contrast of two colours, 1 to 21.
    pub fn contrast(self, other: Self) -> f32 {
        self.srgb().relative_contrast(other.srgb())
    }

    /// The shades of this colour.
    pub fn shades(self) -> Shades {
        let chosen = Oklch::from_color(self.srgb());
        let (hue, chroma) = (chosen.hue.into_degrees(), chosen.chroma);
        let [light_papers, dark_papers] =
            PAPERS.map(|papers| papers.map(|(lightness, chroma)| Self::of(lightness, chroma, PAPER_HUE)));
        // The nearest lightness at which a colour stands out enough from everything it stands on.
        let until = |start: f32, step: f32, chroma: f32, least: f32, behind: &[Self]| {
            let mut lightness = start;
            loop {
                let colour = Self::of(lightness, chroma, hue);
                let stands_out = behind.iter().all(|other| colour.contrast(*other) >= least);
                if stands_out || !(0.0..=1.0).contains(&lightness) {
                    return (lightness, colour);
                }
                lightness += step;
            }
        };
        let quiet = chroma.min(0.1);
        let on_solid = Shade {
            light: Self::of(0.99, chroma.min(0.005), hue),
            dark: Self::of(0.18, chroma.min(0.03), hue),
        };
        let fill = Shade {
            light: Self::of(0.95, chroma.min(0.025), hue),
            dark: Self::of(0.28, chroma.min(0.035), hue),
        };
        let light_behind = [light_papers[0], light_papers[1], fill.light];
        let dark_behind = [dark_papers[0], dark_papers[1], fill.dark];
        let (solid_light, light) = until(chosen.l.min(0.6), -0.01, chroma, LEAST_TEXT, &[on_solid.light]);
        let (solid_dark, dark) = until(0.72, 0.01, quiet, LEAST_TEXT, &[on_solid.dark]);
        Shades {
            solid: Shade { light, dark },
            solid_hover: Shade {
                light: Self::of(solid_light - 0.06, chroma, hue),
                dark: Self::of(solid_dark + 0.06, quiet, hue),
            },
            on_solid,
            text: Shade {
                light: until(chosen.l.min(0.5), -0.01, chroma, LEAST_TEXT, &light_behind).1,
                dark: until(0.8, 0.01, quiet, LEAST_TEXT, &dark_behind).1,
            },
            fill,
            line: Shade {
                light: until(chosen.l.min(0.65), -0.01, chroma, LEAST_LINE, &light_behind).1,
                dark: until(0.55, 0.01, quiet, LEAST_LINE, &dark_behind).1,
            },
        }
    }
}

impl Shades {
    /// The style sheet that puts these shades in place of the built-in ones.
    pub fn style_sheet(&self) -> String {
        let names = [
            ("solid", self.solid),
            ("solid-hover", self.solid_hover),
            ("on-solid", self.on_solid),
            ("text", self.text),
            ("fill", self.fill),
            ("line", self.line),
        ];
        let lines = names.map(|(name, shade)| {
            format!(
                "--accent-{name}:light-dark({},{})",
                shade.light.text(),
                shade.dark.text()
            )
        });
        format!(":root{{{}}}\n", lines.join(";"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_six_digits_are_a_colour() {
        assert_eq!(Colour::read("#0A7f00").map(Colour::text).as_deref(), Some("#0a7f00"));
        for text in [
            "", "#", "red", "0a7f00", "#0a7f0", "#0a7f000", "#0a7f0g", "#é7f00", "#+1+1+1",
        ] {
            assert_eq!(Colour::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_colour_that_can_be_read_stays_as_it_was_chosen() {
        let chosen = Colour::read("#7a1f5c").expect("a colour");
        assert_eq!(chosen.shades().solid.light, chosen);
    }

    proptest! {
        /// Whatever is chosen, even white, black or lemon: every text and every line can be read.
        #[test]
        fn everything_can_be_read(red: u8, green: u8, blue: u8) {
            let shades = Colour([red, green, blue]).shades();
            let pick = |shade: Shade| [shade.light, shade.dark];
            for (index, papers) in [[(0.994, 0.002), (0.976, 0.004)], [(0.20, 0.01), (0.17, 0.01)]].into_iter().enumerate() {
                let [text, fill, line, solid, hover, on_solid] =
                    [shades.text, shades.fill, shades.line, shades.solid, shades.solid_hover, shades.on_solid].map(|shade| pick(shade)[index]);
                for (lightness, chroma) in papers {
                    let paper = Colour::of(lightness, chroma, 70.0);
                    prop_assert!(text.contrast(paper) >= 4.5, "{text:?} on {paper:?}");
                    prop_assert!(line.contrast(paper) >= 3.0, "{line:?} on {paper:?}");
                }
                prop_assert!(text.contrast(fill) >= 4.5, "{text:?} on {fill:?}");
                prop_assert!(line.contrast(fill) >= 3.0, "{line:?} on {fill:?}");
                prop_assert!(on_solid.contrast(solid) >= 4.5, "{on_solid:?} on {solid:?}");
                prop_assert!(on_solid.contrast(hover) >= 4.5, "{on_solid:?} on {hover:?}");
            }
        }
    }
}
