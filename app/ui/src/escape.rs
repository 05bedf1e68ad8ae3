//! HTML escaping for the few places where Leptos writes text unescaped.

/// Escapes text for element content and quoted attribute values.
pub fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn html_markup_is_escaped() {
        assert_eq!(
            html("</title><i id=x> \"a\" & 'b'"),
            "&lt;/title&gt;&lt;i id=x&gt; &quot;a&quot; &amp; &#39;b&#39;"
        );
    }
}
