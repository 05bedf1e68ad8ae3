//! What a body looks like, with and without each data option: the boxes show and hide its lines without a request, and
//! without script.

use domain::events::{EventType, example};
use domain::locale::Locale;
use domain::webhooks::DataOption;
use leptos::prelude::*;
use serde_json::Value;

use crate::t;
use crate::words::by_key;

/// A line of a body, and the option that it needs.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    text: String,
    option: Option<DataOption>,
}

/// The option that puts a member there.
fn option_at(pointer: &str, member: &str) -> Option<DataOption> {
    DataOption::ALL
        .iter()
        .copied()
        .find(|option| option.place().0 == pointer && option.place().1.contains(&member))
}

/// Writes a value line by line. Optional members come first in their object, so that hiding them leaves the commas right.
fn write(
    value: &Value,
    pointer: &str,
    indent: usize,
    before: &str,
    after: &str,
    option: Option<DataOption>,
    lines: &mut Vec<Line>,
) {
    let space = "  ".repeat(indent);
    let mut push = |text: String| lines.push(Line { text, option });
    match value {
        Value::Object(members) if !members.is_empty() => {
            push(format!("{space}{before}{{"));
            let mut sorted: Vec<_> = members
                .iter()
                .map(|(name, value)| (option_at(pointer, name), name, value))
                .collect();
            sorted.sort_by_key(|(option, _, _)| option.is_none());
            let count = sorted.len();
            for (index, (needs, name, value)) in sorted.into_iter().enumerate() {
                let comma = if index + 1 < count { "," } else { "" };
                let deeper = format!("{pointer}/{name}");
                write(
                    value,
                    &deeper,
                    indent + 1,
                    &format!("\"{name}\": "),
                    comma,
                    option.or(needs),
                    lines,
                );
            }
            lines.push(Line {
                text: format!("{space}}}{after}"),
                option,
            });
        }
        other => push(format!("{space}{before}{other}{after}")),
    }
}

fn lines(kind: EventType) -> Vec<Line> {
    let mut lines = Vec::new();
    write(&example(kind), "", 0, "", "", None, &mut lines);
    lines
}

/// The preview of a body: an event type to choose, a box for each option, and what would be sent.
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
    fn whatever_is_hidden_the_rest_is_json() {
        for kind in EventType::ALL {
            for mask in 0..8_usize {
                let on = |option: DataOption| {
                    mask & (1 << DataOption::ALL.iter().position(|one| *one == option).unwrap_or(0)) != 0
                };
                let text: String = lines(*kind)
                    .into_iter()
                    .filter(|line| line.option.is_none_or(on))
                    .map(|line| line.text + "\n")
                    .collect();
                let value: Value =
                    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", kind.name()));
                let gone: Vec<DataOption> = DataOption::ALL.iter().copied().filter(|option| !on(*option)).collect();
                let expected = domain::webhooks::reduce(&example(*kind).to_string(), &gone);
                assert_eq!(value, serde_json::from_str::<Value>(&expected).expect("JSON"));
            }
        }
    }
}
