//! QR codes as inline SVG.

use qrcode::QrCode;
use qrcode::render::svg;

/// Renders a link as an SVG element of at least `size` pixels; empty if the link is too long for a QR code.
pub fn render_svg(link: &str, size: u32) -> String {
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
    use super::render_svg;

    #[test]
    fn picture_link_too_long_returns_empty() {
        let short = render_svg("https://example.org/track/abc", 180);
        assert!(short.starts_with("<svg") && short.ends_with("</svg>"));
        assert_eq!(render_svg(&"x".repeat(10_000), 180), "");
    }
}
