//! The page about events: every type with what it tells, the JSON Schema of its body and an example.

use domain::events::{EventType, example, schema};
use domain::webhooks::DataOption;
use leptos::prelude::*;
use serde_json::Value;
use ui::shell::Assets;

use crate::docs::framed;

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// `/docs/events`.
pub fn events(assets: &Assets) -> impl IntoView + use<> {
    framed(assets, "/docs/events", "Events", || {
        view! {
            <h1>"Events"</h1>
            <p class="lead">"What partners are told of. The same bodies go to webhook endpoints and are read with GET /events; there without data options."</p>
            <div class="table-frame"><table class="table">
                <thead><tr><th scope="col">"Data option"</th><th scope="col">"What it adds"</th><th scope="col">"Scope"</th></tr></thead>
                <tbody>{DataOption::ALL.iter().map(|option| view! {
                    <tr><th scope="row" class="mono">{option.name()}</th><td>{option.meaning()}</td><td class="mono">{option.scope().name()}</td></tr>
                }).collect_view()}</tbody>
            </table></div>
            {EventType::ALL.iter().map(|kind| view! {
                <section id=kind.name()><h2 class="mono">{kind.name()}</h2><p>{kind.meaning()}</p>
                    <details><summary>"Example"</summary><pre class="code" tabindex="0">{pretty(&example(*kind))}</pre></details>
                    <details><summary>"JSON Schema"</summary><pre class="code" tabindex="0">{pretty(&schema(*kind))}</pre></details>
                </section>
            }).collect_view()}
        }
        .into_any()
    })
}
