//! The front door, the pages about problems, and what stands where nothing is.

use domain::problems::Problem;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use ui::shell::{self, App, Assets, locale};
use ui::title::Title;

use domain::locale::Locale;

/// Words of the front door; three short lines in three languages.
fn words(locale: Locale) -> (&'static str, &'static str, &'static str) {
    match locale {
        Locale::En => (
            "Field operations, from the request to the report.",
            "I belong to the team",
            "I am a customer",
        ),
        Locale::De => (
            "Außeneinsätze, von der Anfrage bis zum Bericht.",
            "Ich gehöre zum Team",
            "Ich bin Kundin oder Kunde",
        ),
        Locale::Ar => ("العمليات الميدانية، من الطلب إلى التقرير.", "أنا من الفريق", "أنا عميل"),
    }
}

/// `/`: the two doors.
pub fn front_door(assets: &Assets) -> impl IntoView + use<> {
    provide_meta_context();
    let (line, team, customer) = words(locale());
    shell::document(App::Public, assets, move || {
        view! {
            <Title text="Ordinavo"/>
            <main class="door" id="main">
                <div class="card">
                    <h1 class="brand"><span class="brand-mark" aria-hidden="true"></span>"Ordinavo"</h1>
                    <p class="lead">{line}</p>
                    <p class="row"><a class="button button-primary" href="/app">{team}</a><a class="button" href="/portal">{customer}</a></p>
                    <p><a href="/docs">"Ordinavo Connect: API"</a></p>
                </div>
            </main>
        }
    })
}

/// `/docs/problems`: the catalogue.
pub fn problem_list(assets: &Assets) -> impl IntoView + use<> {
    crate::docs::framed(assets, "/docs/problems", "Problems", || {
        view! {
            <h1>"Problems"</h1>
            <p class="lead">"Every error of the API has a code that never changes its meaning. Its type leads here."</p>
            <div class="table-frame"><table class="table">
                <thead><tr><th scope="col">"Status"</th><th scope="col">"Code"</th><th scope="col">"Meaning"</th></tr></thead>
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
    crate::docs::framed(assets, "/docs/problems", problem.code(), move || {
        view! {
            <h1 class="mono">{problem.code()}</h1>
            <p class="lead">{problem.title()}</p>
            <dl class="facts"><ui::parts::Fact name="HTTP status">{problem.status()}</ui::parts::Fact></dl>
            <h2>"What to do"</h2>
            <p>{problem.advice()}</p>
            <p><a href="/docs/problems">"All problems"</a></p>
        }
        .into_any()
    })
}

/// What is said to somebody who tries to change the portal while looking through another person's eyes.
pub fn only_a_look(assets: &Assets) -> impl IntoView + use<> {
    provide_meta_context();
    let locale = locale();
    let (title, text, back) = match locale {
        Locale::En => (
            "You are only looking",
            "You see the portal as this person sees it. Nothing was changed and nothing was sent.",
            "Back to the portal",
        ),
        Locale::De => (
            "Sie sehen nur zu",
            "Sie sehen das Portal, wie diese Person es sieht. Nichts wurde geändert und nichts gesendet.",
            "Zurück zum Portal",
        ),
        Locale::Ar => (
            "أنت تشاهد فقط",
            "أنت ترى البوابة كما يراها هذا الشخص. لم يتغيّر شيء ولم يُرسل شيء.",
            "العودة إلى البوابة",
        ),
    };
    shell::document(App::Public, assets, move || {
        view! {
            <Title text=title/>
            <main class="door" id="main">
                <div class="card">
                    <h1>{title}</h1>
                    <p>{text}</p>
                    <p><a class="button button-primary" href="/portal">{back}</a></p>
                </div>
            </main>
        }
    })
}

/// What stands where nothing is.
pub fn nothing_here(assets: &Assets) -> impl IntoView + use<> {
    provide_meta_context();
    let locale = locale();
    shell::document(App::Public, assets, move || {
        view! {
            <Title text="Ordinavo"/>
            <main class="door" id="main">
                <div class="card">
                    <h1>{ui::words::error(locale, "not_found", "There is nothing here.")}</h1>
                    <p><a class="button" href="/">"Ordinavo"</a></p>
                </div>
            </main>
        }
    })
}
