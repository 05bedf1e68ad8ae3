//! Branding color of a tenant. All shades are derived from one chosen color and adjusted adjust they meet the contrast
//! requirements of WCAG 2.2 (success criteria 1.4.3 and 1.4.11) in light and dark mode.

use palette::color_difference::Wcag21RelativeContrast as _;
use palette::{FromColor as _, Oklch, Srgb};
use serde::{Deserialize, Serialize};

/// How customers reach the organization, as shown on portal pages and in emails.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OrganisationContact {
    /// Telephone number as typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Email address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Business hours as typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<String>,
    /// Emergency telephone number, available at any time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency: Option<String>,
    /// Web address of the privacy notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub privacy: Option<String>,
    /// Web address of the imprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imprint: Option<String>,
}

impl OrganisationContact {
    /// Returns whether there is no way to reach the organization.
    pub const fn is_empty(&self) -> bool {
        self.phone.is_none() && self.email.is_none() && self.hours.is_none() && self.emergency.is_none()
    }
}

/// Minimum contrast of text with its background.
const MIN_TEXT_CONTRAST: f32 = 4.5;
/// Minimum contrast of lines that carry meaning.
const MIN_LINE_CONTRAST: f32 = 3.0;
/// Lightness and chroma of the portal's backgrounds (`style/tokens.css`), for light and dark mode.
const BACKGROUNDS: [[(f32, f32); 2]; 2] = [[(0.994, 0.002), (0.976, 0.004)], [(0.20, 0.01), (0.17, 0.01)]];
/// Hue of the portal's backgrounds, in degrees.
const BACKGROUND_HUE: f32 = 70.0;

/// An sRGB color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color([u8; 3]);

/// A shade for light and dark mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shade {
    /// Light mode.
    pub light: Color,
    /// Dark mode.
    pub dark: Color,
}

/// All shades used by portal pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shades {
    /// Background of primary buttons.
    pub solid: Shade,
    /// Background of primary buttons on hover.
    pub solid_hover: Shade,
    /// Text on [`Shades::solid`].
    pub on_solid: Shade,
    /// Link text.
    pub text: Shade,
    /// Subtle background behind text.
    pub fill: Shade,
    /// Lines that carry meaning.
    pub line: Shade,
}

impl Color {
    /// The color of organizations that have not chosen one.
    pub const DEFAULT: Self = Self([0x2f, 0x5f, 0x8f]);

    /// Parses `#rrggbb`; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self([channel(0)?, channel(2)?, channel(4)?]))
    }

    /// Formats the color as `#rrggbb`.
    pub fn text(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }

    fn srgb(self) -> Srgb<f32> {
        let [red, green, blue] = self.0;
        Srgb::new(red, green, blue).into_format()
    }

    fn from_oklch(lightness: f32, chroma: f32, hue: f32) -> Self {
        let srgb: Srgb<f32> = Srgb::from_color(Oklch::new(lightness, chroma, hue));
        let byte = |channel: f32| (channel.clamp(0.0, 1.0) * 255.0).round() as u8;
        Self([byte(srgb.red), byte(srgb.green), byte(srgb.blue)])
    }

    /// Returns the contrast ratio of two colors, from 1 to 21.
    pub fn contrast(self, other: Self) -> f32 {
        self.srgb().relative_contrast(other.srgb())
    }

    /// Derives all shades from this color.
    pub fn shades(self) -> Shades {
        let chosen = Oklch::from_color(self.srgb());
        let (hue, chroma) = (chosen.hue.into_degrees(), chosen.chroma);
        let [light_backgrounds, dark_backgrounds] = BACKGROUNDS.map(|backgrounds| {
            backgrounds.map(|(lightness, chroma)| Self::from_oklch(lightness, chroma, BACKGROUND_HUE))
        });
        // Finds the lightness nearest to `start` at which the contrast with every background is sufficient.
        let adjust = |start: f32, step: f32, chroma: f32, min_contrast: f32, backgrounds: &[Self]| {
            let mut lightness = start;
            loop {
                let color = Self::from_oklch(lightness, chroma, hue);
                let is_readable = backgrounds.iter().all(|other| color.contrast(*other) >= min_contrast);
                if is_readable || !(0.0..=1.0).contains(&lightness) {
                    return (lightness, color);
                }
                lightness += step;
            }
        };
        let muted_chroma = chroma.min(0.1);
        let on_solid = Shade {
            light: Self::from_oklch(0.99, chroma.min(0.005), hue),
            dark: Self::from_oklch(0.18, chroma.min(0.03), hue),
        };
        let fill = Shade {
            light: Self::from_oklch(0.95, chroma.min(0.025), hue),
            dark: Self::from_oklch(0.28, chroma.min(0.035), hue),
        };
        let light_backdrops = [light_backgrounds[0], light_backgrounds[1], fill.light];
        let dark_backdrops = [dark_backgrounds[0], dark_backgrounds[1], fill.dark];
        let (solid_light, light) = adjust(chosen.l.min(0.6), -0.01, chroma, MIN_TEXT_CONTRAST, &[on_solid.light]);
        let (solid_dark, dark) = adjust(0.72, 0.01, muted_chroma, MIN_TEXT_CONTRAST, &[on_solid.dark]);
        Shades {
            solid: Shade { light, dark },
            solid_hover: Shade {
                light: Self::from_oklch(solid_light - 0.06, chroma, hue),
                dark: Self::from_oklch(solid_dark + 0.06, muted_chroma, hue),
            },
            on_solid,
            text: Shade {
                light: adjust(chosen.l.min(0.5), -0.01, chroma, MIN_TEXT_CONTRAST, &light_backdrops).1,
                dark: adjust(0.8, 0.01, muted_chroma, MIN_TEXT_CONTRAST, &dark_backdrops).1,
            },
            fill,
            line: Shade {
                light: adjust(chosen.l.min(0.65), -0.01, chroma, MIN_LINE_CONTRAST, &light_backdrops).1,
                dark: adjust(0.55, 0.01, muted_chroma, MIN_LINE_CONTRAST, &dark_backdrops).1,
            },
        }
    }
}

impl Shades {
    /// Renders the style sheet that overrides the default shades.
    pub fn style_sheet(&self) -> String {
        let names = [
            ("solid", self.solid),
            ("solid-hover", self.solid_hover),
            ("on-solid", self.on_solid),
            ("text", self.text),
            ("fill", self.fill),
            ("line", self.line),
        ];
        let declarations = names.map(|(name, shade)| {
            format!(
                "--accent-{name}:light-dark({},{})",
                shade.light.text(),
                shade.dark.text()
            )
        });
        format!(":root{{{}}}\n", declarations.join(";"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn read_accepts_six_hex_digits_only() {
        assert_eq!(Color::read("#0A7f00").map(Color::text).as_deref(), Some("#0a7f00"));
        for text in [
            "", "#", "red", "0a7f00", "#0a7f0", "#0a7f000", "#0a7f0g", "#é7f00", "#+1+1+1",
        ] {
            assert_eq!(Color::read(text), None, "{text}");
        }
    }

    #[test]
    fn readable_color_is_not_adjusted() {
        let chosen = Color::read("#7a1f5c").expect("color is valid");
        assert_eq!(chosen.shades().solid.light, chosen);
    }

    proptest! {
        /// Every text and line is readable for any chosen color, including white and black.
        #[test]
        fn shades_of_any_color_meet_contrast(red: u8, green: u8, blue: u8) {
            let shades = Color([red, green, blue]).shades();
            let pick = |shade: Shade| [shade.light, shade.dark];
            for (index, backgrounds) in [[(0.994, 0.002), (0.976, 0.004)], [(0.20, 0.01), (0.17, 0.01)]].into_iter().enumerate() {
                let [text, fill, line, solid, hover, on_solid] =
                    [shades.text, shades.fill, shades.line, shades.solid, shades.solid_hover, shades.on_solid].map(|shade| pick(shade)[index]);
                for (lightness, chroma) in backgrounds {
                    let background = Color::from_oklch(lightness, chroma, 70.0);
                    prop_assert!(text.contrast(background) >= 4.5, "{text:?} on {background:?}");
                    prop_assert!(line.contrast(background) >= 3.0, "{line:?} on {background:?}");
                }
                prop_assert!(text.contrast(fill) >= 4.5, "{text:?} on {fill:?}");
                prop_assert!(line.contrast(fill) >= 3.0, "{line:?} on {fill:?}");
                prop_assert!(on_solid.contrast(solid) >= 4.5, "{on_solid:?} on {solid:?}");
                prop_assert!(on_solid.contrast(hover) >= 4.5, "{on_solid:?} on {hover:?}");
            }
        }
    }
}
