//! A preview of the event body with and without each data option. The checkboxes show and hide lines with CSS, without
//! a request and without scripts.

use domain::events::{EventType, example};
use domain::locale::Locale;
use domain::webhooks::DataOption;
use leptos::prelude::*;
use serde_json::Value;

use crate::i18n::by_key;
use crate::t;

/// A line of a body, and the data option that it depends on.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    text: String,
    option: Option<DataOption>,
}

/// Returns the data option that adds a property.
fn option_at(pointer: &str, member: &str) -> Option<DataOption> {
    DataOption::ALL
        .iter()
        .copied()
        .find(|option| option.location().0 == pointer && option.location().1.contains(&member))
}

/// Writes a value line by line. Optional properties come first in their object, so that hiding them keeps the commas
/// valid.
fn append_lines(
    value: &Value,
    pointer: &str,
    indent: usize,
    before: &str,
    after: &str,
    option: Option<DataOption>,
    lines: &mut Vec<Line>,
) {
    let indentation = "  ".repeat(indent);
    let mut push = |text: String| lines.push(Line { text, option });
    match value {
        Value::Object(members) if !members.is_empty() => {
            push(format!("{indentation}{before}{{"));
            let mut sorted: Vec<_> = members
                .iter()
                .map(|(name, value)| (option_at(pointer, name), name, value))
                .collect();
            sorted.sort_by_key(|(option, _, _)| option.is_none());
            let count = sorted.len();
            for (index, (needs, name, value)) in sorted.into_iter().enumerate() {
                let comma = if index + 1 < count { "," } else { "" };
                let member_pointer = format!("{pointer}/{name}");
                append_lines(
                    value,
                    &member_pointer,
                    indent + 1,
                    &format!("\"{name}\": "),
                    comma,
                    option.or(needs),
                    lines,
                );
            }
            lines.push(Line {
                text: format!("{indentation}}}{after}"),
                option,
            });
        }
        other => push(format!("{indentation}{before}{other}{after}")),
    }
}

fn lines(kind: EventType) -> Vec<Line> {
    let mut lines = Vec::new();
    append_lines(&example(kind), "", 0, "", "", None, &mut lines);
    lines
}

/// The preview of a body: event type, a checkbox for each data option, and the JSON.
#[component]
pub fn Payload(locale: Locale, chosen: Vec<String>, types: Vec<String>, kind: String) -> impl IntoView {
    let kind = EventType::from_name(&kind)
        .or_else(|| types.first().and_then(|name| EventType::from_name(name)))
        .unwrap_or(EventType::TargetCreated);
    view! {
        <section class="card payload"><h2>{t!(locale, "payload-title")}</h2><p class="help">{t!(locale, "payload-text")}</p>
            <form method="get" class="search"><label for="payload-type">{t!(locale, "event")}</label>
                <select id="payload-type" name="preview">{EventType::ALL.iter().map(|one| view! { <option value=one.name() selected=*one == kind>{one.name()}</option> }).collect_view()}</select>
                <button class="button" type="submit">{t!(locale, "show")}</button></form>
            <fieldset class="row"><legend>{t!(locale, "endpoint-options")}</legend>{DataOption::ALL.iter().map(|option| {
                let name = option.name();
                let id = format!("payload-{name}");
                view! { <div class="check"><input type="checkbox" id=id.clone() data-option=name checked=chosen.iter().any(|one| one == name)/><label for=id>{by_key(locale, &format!("option-{name}"))}</label></div> }
            }).collect_view()}</fieldset>
            <pre class="code" dir="ltr" tabindex="0">{lines(kind).into_iter().map(|line| {
                let class = line.option.map(|option| format!("only only-{}", option.name()));
                view! { <span class=class>{line.text}"\n"</span> }
            }).collect_view()}</pre>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_hidden_options_are_valid_json() {
        for kind in EventType::ALL {
            for mask in 0..8_usize {
                let is_shown = |option: DataOption| {
                    mask & (1 << DataOption::ALL.iter().position(|one| *one == option).unwrap_or(0)) != 0
                };
                let text: String = lines(*kind)
                    .into_iter()
                    .filter(|line| line.option.is_none_or(is_shown))
                    .map(|line| line.text + "\n")
                    .collect();
                let value: Value =
                    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", kind.name()));
                let hidden_options: Vec<DataOption> = DataOption::ALL
                    .iter()
                    .copied()
                    .filter(|option| !is_shown(*option))
                    .collect();
                let expected = domain::webhooks::reduce(&example(*kind).to_string(), &hidden_options);
                assert_eq!(
                    value,
                    serde_json::from_str::<Value>(&expected).expect("reduced body is JSON")
                );
            }
        }
    }
}
