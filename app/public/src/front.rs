//! The start page, the pages about API problems, and error pages outside the apps.

use domain::problems::Problem;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use ui::shell::{self, App, Assets, locale};
use ui::title::Title;

use crate::t;

/// `/`: leads to the staff app or the customer portal.
pub fn start_page(assets: &Assets) -> impl IntoView + use<> {
    provide_meta_context();
    let locale = locale();
    shell::document(App::Public, assets, move || {
        view! {
            <Title text="Ordinavo"/>
            <main class="door" id="main">
                <div class="card">
                    <h1 class="brand"><span class="brand-mark" aria-hidden="true"></span>"Ordinavo"</h1>
                    <p class="lead">{t!(locale, "start-text")}</p>
                    <p class="row"><a class="button button-primary" href="/app">{t!(locale, "start-staff")}</a><a class="button" href="/portal">{t!(locale, "start-portal")}</a></p>
                    <p><a href="/docs">"Ordinavo Connect API"</a></p>
                </div>
            </main>
        }
    })
}

/// `/docs/problems`: the list of all problems.
pub fn problems_page(assets: &Assets) -> impl IntoView + use<> {
    crate::docs::docs_page(assets, "/docs/problems", "Problems", || {
        view! {
            <h1>"Problems"</h1>
            <p class="lead">"Every API error has a stable code. The type of an error links to its page in this list."</p>
            <div class="table-frame"><table class="table">
                <thead><tr><th scope="col">"Status"</th><th scope="col">"Code"</th><th scope="col">"Description"</th></tr></thead>
                <tbody>{Problem::ALL.iter().map(|problem| view! {
                    <tr><td>{problem.status()}</td><th scope="row"><a class="mono" href=format!("/docs/problems/{}", problem.code())>{problem.code()}</a></th><td>{problem.title()}</td></tr>
                }).collect_view()}</tbody>
            </table></div>
        }
        .into_any()
    })
}

/// `/docs/problems/{code}`.
pub fn problem_page(assets: &Assets, problem: Problem) -> impl IntoView + use<> {
    crate::docs::docs_page(assets, "/docs/problems", problem.code(), move || {
        view! {
            <h1 class="mono">{problem.code()}</h1>
            <p class="lead">{problem.title()}</p>
            <dl class="facts"><ui::components::Fact name="HTTP status">{problem.status()}</ui::components::Fact></dl>
            <h2>"What to do"</h2>
            <p>{problem.advice()}</p>
            <p><a href="/docs/problems">"All problems"</a></p>
        }
        .into_any()
    })
}

/// The page shown when a view-as session tries to change something in the portal.
pub fn view_as_read_only(assets: &Assets) -> impl IntoView + use<> {
    provide_meta_context();
    let locale = locale();
    shell::document(App::Public, assets, move || {
        view! {
            <Title text=t!(locale, "view-as-read-only")/>
            <main class="door" id="main">
                <div class="card">
                    <h1>{t!(locale, "view-as-read-only")}</h1>
                    <p>{t!(locale, "view-as-read-only-text")}</p>
                    <p><a class="button button-primary" href="/portal">{t!(locale, "back-to-portal")}</a></p>
                </div>
            </main>
        }
    })
}

/// The page for a path that does not exist.
pub fn not_found_page(assets: &Assets) -> impl IntoView + use<> {
    provide_meta_context();
    let locale = locale();
    shell::document(App::Public, assets, move || {
        view! {
            <Title text="Ordinavo"/>
            <main class="door" id="main">
                <div class="card">
                    <h1>{ui::i18n::by_key(locale, "not-found-title")}</h1>
                    <p><a class="button" href="/">"Ordinavo"</a></p>
                </div>
            </main>
        }
    })
}
