//! The documentation of Connect, served by the application: guide, reference generated from the OpenAPI document,
//! scopes, mapping tables, problems and webhooks.

use domain::mapping::table;
use domain::scopes::Scope;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use pulldown_cmark::{Options, Parser, html};
use serde_json::Value;
use ui::shell::{self, App, Assets};
use ui::title::Title;

/// A documentation page written in Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Article {
    Guide,
    Webhooks,
}

impl Article {
    const fn text(self) -> &'static str {
        match self {
            Self::Guide => include_str!("../../../docs/connect/getting-started.md"),
            Self::Webhooks => include_str!("../../../docs/connect/webhooks.md"),
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Guide => "/docs",
            Self::Webhooks => "/docs/webhooks",
        }
    }
}

/// The paths and titles of the pages in navigation order.
const PAGES: [(&str, &str); 7] = [
    ("/docs", "Getting started"),
    ("/docs/reference", "Reference"),
    ("/docs/scopes", "Scopes"),
    ("/docs/mapping", "Mapping"),
    ("/docs/problems", "Problems"),
    ("/docs/events", "Events"),
    ("/docs/webhooks", "Webhooks"),
];

/// Renders the navigation around a documentation page.
pub fn docs_page<F: FnOnce() -> AnyView + Send + 'static>(
    assets: &Assets,
    current: &'static str,
    title: &'static str,
    content: F,
) -> impl IntoView + use<F> {
    provide_meta_context();
    shell::document(App::Public, assets, move || {
        view! {
            <Title text=title/>
            <a class="skip" href="#main">"Skip to content"</a>
            <div class="docs" lang="en" dir="ltr">
                <nav aria-label="Documentation"><p class="brand"><span class="brand-mark" aria-hidden="true"></span>"Ordinavo Connect"</p>
                    <ul>{PAGES.into_iter().map(|(href, name)| {
                        let is_current = (href == current).then_some("page");
                        view! { <li><a href=href aria-current=is_current>{name}</a></li> }
                    }).collect_view()}
                    <li><a href="/api/v1/openapi.json">"OpenAPI 3.1"</a></li></ul>
                </nav>
                <main id="main" tabindex="-1">{content()}</main>
            </div>
        }
    })
}

/// Renders a Markdown page. The text is compiled into the program, so its markup is trusted.
pub fn prose(assets: &Assets, page: Article) -> impl IntoView + use<> {
    let title = match page {
        Article::Guide => "Getting started",
        Article::Webhooks => "Webhooks",
    };
    docs_page(assets, page.path(), title, move || {
        let mut markup = String::new();
        html::push_html(&mut markup, Parser::new_ext(page.text(), Options::ENABLE_TABLES));
        // Wide code scrolls, and scrollable areas must be reachable by keyboard.
        let markup = markup.replace("<pre>", "<pre class=\"code\" tabindex=\"0\">");
        view! { <article class="docs-prose" inner_html=markup></article> }.into_any()
    })
}

/// `/docs/scopes`.
pub fn scopes(assets: &Assets) -> impl IntoView + use<> {
    docs_page(assets, "/docs/scopes", "Scopes", || {
        view! {
            <h1>"Scopes"</h1>
            <p class="lead">"Scopes define what an integration client can do. No scope includes another."</p>
            <div class="table-frame"><table class="table">
                <thead><tr><th scope="col">"Scope"</th><th scope="col">"Description"</th></tr></thead>
                <tbody>{Scope::ALL.iter().map(|scope| view! {
                    <tr><th scope="row" class="mono">{scope.name()}</th><td>{scope.meaning()}</td></tr>
                }).collect_view()}</tbody>
            </table></div>
        }
        .into_any()
    })
}

/// `/docs/mapping`.
pub fn mapping(assets: &Assets) -> impl IntoView + use<> {
    docs_page(assets, "/docs/mapping", "Mapping", || {
        let groups = [
            ("C", "Customer"),
            ("L", "Location (after the customer)"),
            ("K", "Contact"),
            ("T", "Job (when it is sent again)"),
        ];
        view! {
            <h1>"Mapping"</h1>
            <p class="lead">"Mapping never picks one of several matches, never merges records, and never creates a record when a match is ambiguous. The reason for every result is stored. Rules are evaluated in order; the first matching rule applies."</p>
            <p>"External IDs are compared byte by byte after Unicode NFC normalization and are case-sensitive. Customer numbers are trimmed and compared in upper case. Names, email addresses, phone numbers and street addresses never identify a record."</p>
            <p>"After a match, fields that were sent with different values are updated if the source system may update records. Otherwise the record stays unchanged and the item reports "<code>"auto_update_disabled"</code>" or "<code>"scope_missing_customers_write"</code>"."</p>
            {groups.into_iter().map(|(letter, name)| view! {
                <section><h2>{name}</h2>
                    <div class="table-frame"><table class="table">
                        <thead><tr><th scope="col">"Rule"</th><th scope="col">"Input"</th><th scope="col">"Result"</th><th scope="col">"Codes"</th></tr></thead>
                        <tbody>{table::ROWS.iter().filter(|row| row.rule.starts_with(letter)).map(|row| view! {
                            <tr id=row.rule><th scope="row" class="mono">{row.rule}</th><td>{row.input}</td><td>{row.result}</td><td class="mono small">{row.codes.iter().map(|code| view! { <div>{*code}</div> }).collect_view()}</td></tr>
                        }).collect_view()}</tbody>
                    </table></div>
                </section>
            }).collect_view()}
            <section><h2>"Codes"</h2>
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">"Code"</th><th scope="col">"Description"</th></tr></thead>
                    <tbody>{table::codes().iter().map(|(code, meaning)| view! { <tr><th scope="row" class="mono small">{*code}</th><td>{*meaning}</td></tr> }).collect_view()}</tbody>
                </table></div>
            </section>
        }
        .into_any()
    })
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// Renders text with the parts between backticks as code.
fn with_code(text: &str) -> impl IntoView + use<> {
    text.split('`')
        .enumerate()
        .map(|(index, part)| {
            let part = part.to_owned();
            if index % 2 == 1 {
                view! { <code class="mono">{part}</code> }.into_any()
            } else {
                part.into_any()
            }
        })
        .collect_view()
}

/// Describes the type of a schema, or names the schema that it refers to.
fn type_label(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return name.to_owned();
    }
    for combination in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[combination].as_array() {
            let type_labels: Vec<String> = parts
                .iter()
                .map(type_label)
                .filter(|type_label| type_label != "null")
                .collect();
            return type_labels.join(" or ");
        }
    }
    if let Some(names) = schema["enum"].as_array() {
        return names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ");
    }
    let type_name = match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .filter(|name| *name != "null")
            .collect::<Vec<_>>()
            .join(" or "),
        _ => "any".to_owned(),
    };
    match type_name.as_str() {
        "array" => format!("list of {}", type_label(&schema["items"])),
        "string" if schema["format"] == "date-time" => "timestamp".to_owned(),
        _ => type_name,
    }
}

/// Renders a table row for a parameter or property.
fn member_row(name: String, schema: &Value, required: bool, description: String) -> impl IntoView + use<> {
    let constraints: Vec<String> = [
        ("minLength", "at least"),
        ("maxLength", "at most"),
        ("minimum", "from"),
        ("maximum", "to"),
        ("maxItems", "at most"),
    ]
    .into_iter()
    .filter_map(|(member, bound_label)| Some(format!("{bound_label} {}", schema.get(member)?)))
    .collect();
    let type_label = type_label(schema);
    view! {
        <tr><th scope="row" class="mono">{name}{required.then_some(" *")}</th><td class="small">{type_label}" "<span class="quiet">{constraints.join(", ")}</span></td><td>{with_code(&description)}</td></tr>
    }
}

fn schema_table(schema: &Value) -> AnyView {
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Some(members) = schema["properties"].as_object() else {
        return view! { <p class="mono small">{type_label(schema)}</p> }.into_any();
    };
    view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">"Property"</th><th scope="col">"Type"</th><th scope="col">"Description"</th></tr></thead>
            <tbody>{members.iter().map(|(name, member)| member_row(name.clone(), member, required.contains(&name.as_str()), text(member, "description").to_owned())).collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}

/// `/docs/reference`: every operation and every schema of the OpenAPI document.
pub fn reference(assets: &Assets, document: Value) -> impl IntoView + use<> {
    docs_page(assets, "/docs/reference", "Reference", move || {
        let mut operations = Vec::new();
        for (path, methods) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                operations.push((
                    text(&operation["tags"], "0").to_owned(),
                    path.clone(),
                    method.to_uppercase(),
                    operation.clone(),
                ));
            }
        }
        let tags: Vec<(String, String)> = document["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|tag| (text(tag, "name").to_owned(), text(tag, "description").to_owned()))
            .collect();
        let schemas: Vec<(String, Value)> = document["components"]["schemas"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), schema.clone()))
            .collect();
        view! {
            <h1>"Reference"</h1>
            <p class="lead">{with_code(text(&document["info"], "description"))}</p>
            {tags.into_iter().map(|(tag, description)| {
                let tag_operations: Vec<_> = operations.iter().filter(|(_, _, _, operation)| operation["tags"][0] == tag.as_str()).cloned().collect();
                view! {
                    <section><h2 id=tag.clone()>{tag.clone()}</h2><p class="quiet">{description}</p>
                        {tag_operations.into_iter().map(|(_, path, method, operation)| operation_card(&path, &method, &operation)).collect_view()}
                    </section>
                }
            }).collect_view()}
            <section><h2 id="schemas">"Schemas"</h2>
                {schemas.into_iter().map(|(name, schema)| view! {
                    <details class="card" id=name.clone()><summary class="mono">{name.clone()}</summary><p>{with_code(text(&schema, "description"))}</p>{schema_table(&schema)}</details>
                }).collect_view()}
            </section>
        }
        .into_any()
    })
}

fn operation_card(path: &str, method: &str, operation: &Value) -> impl IntoView + use<> {
    let id = text(operation, "operationId").to_owned();
    let parameters: Vec<Value> = operation["parameters"].as_array().cloned().unwrap_or_default();
    let scopes: Vec<String> = operation["security"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|scheme| scheme["oauth2"].as_array())
        .map(|names| names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" and "))
        .collect();
    let body = operation["requestBody"]["content"]["application/json"]["schema"].clone();
    let responses: Vec<(String, String, String)> = operation["responses"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(status, response)| {
            let schema = response["content"]
                .as_object()
                .and_then(|media_types| media_types.values().next());
            (
                status.clone(),
                text(response, "description").to_owned(),
                schema.map(|content| type_label(&content["schema"])).unwrap_or_default(),
            )
        })
        .collect();
    view! {
        <article class="card operation" id=id>
            <h3><span class="mono method">{method.to_owned()}</span>" "<span class="mono">{path.to_owned()}</span></h3>
            <p><strong>{text(operation, "summary").to_owned()}</strong>" "{with_code(text(operation, "description"))}</p>
            <p class="quiet">"Scope: "<span class="mono small">{scopes.join(" or ")}</span></p>
            {(!parameters.is_empty()).then(|| view! {
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">"Parameter"</th><th scope="col">"Type"</th><th scope="col">"Description"</th></tr></thead>
                    <tbody>{parameters.iter().map(|parameter| {
                        let name = format!("{} ({})", text(parameter, "name"), text(parameter, "in"));
                        member_row(name, &parameter["schema"], parameter["required"] == true, text(parameter, "description").to_owned())
                    }).collect_view()}</tbody>
                </table></div>
            })}
            {(!body.is_null()).then(|| view! { <p>"Body: "<a class="mono" href=format!("#{}", type_label(&body))>{type_label(&body)}</a></p> })}
            <ul class="plain">{responses.into_iter().map(|(status, description, schema)| view! {
                <li><span class="mono">{status}</span>" "{with_code(&description)}" "{(!schema.is_empty()).then(|| view! { <a class="mono small" href=format!("#{schema}")>{schema.clone()}</a> })}</li>
            }).collect_view()}</ul>
        </article>
    }
}
