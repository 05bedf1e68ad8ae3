//! QR codes as pictures inside a page.

use qrcode::QrCode;
use qrcode::render::svg;

/// A link as an SVG element of at least so many pixels; empty if it is too long for a code.
pub fn picture(link: &str, size: u32) -> String {
    QrCode::new(link.as_bytes())
        .map(|code| {
            code.render::<svg::Color<'_>>()
                .min_dimensions(size, size)
                .quiet_zone(true)
                .build()
        })
        .unwrap_or_default()
        .trim_start_matches("<?xml version=\"1.0\" standalone=\"yes\"?>")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::picture;

    #[test]
    fn a_picture_is_one_element_and_too_long_a_link_is_none() {
        let short = picture("https://example.org/track/abc", 180);
        assert!(short.starts_with("<svg") && short.ends_with("</svg>"));
        assert_eq!(picture(&"x".repeat(10_000), 180), "");
    }
}
