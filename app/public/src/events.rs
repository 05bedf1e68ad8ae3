//! The page about events: every type with its description, the JSON Schema of its body and an example.

use domain::events::{EventType, example, schema};
use domain::webhooks::DataOption;
use leptos::prelude::*;
use serde_json::Value;
use ui::shell::Assets;

use crate::docs::docs_page;

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// `/docs/events`.
pub fn events(assets: &Assets) -> impl IntoView + use<> {
    docs_page(assets, "/docs/events", "Events", || {
        view! {
            <h1>"Events"</h1>
            <p class="lead">"Events notify partners about changes. Webhook endpoints and GET /events receive the same bodies, but GET /events does not support data options."</p>
            <div class="table-frame"><table class="table">
                <thead><tr><th scope="col">"Data option"</th><th scope="col">"Description"</th><th scope="col">"Scope"</th></tr></thead>
                <tbody>{DataOption::ALL.iter().map(|option| view! {
                    <tr><th scope="row" class="mono">{option.name()}</th><td>{option.meaning()}</td><td class="mono">{option.scope().name()}</td></tr>
                }).collect_view()}</tbody>
            </table></div>
            {EventType::ALL.iter().map(|event_type| view! {
                <section id=event_type.name()><h2 class="mono">{event_type.name()}</h2><p>{event_type.meaning()}</p>
                    <details><summary>"Example"</summary><pre class="code" tabindex="0">{pretty(&example(*event_type))}</pre></details>
                    <details><summary>"JSON Schema"</summary><pre class="code" tabindex="0">{pretty(&schema(*event_type))}</pre></details>
                </section>
            }).collect_view()}
        }
        .into_any()
    })
}
