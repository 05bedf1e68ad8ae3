//! The list of customers.

use domain::identity::permissions::{ManageCustomers, ViewOperations};
use domain::ids::CustomerId;
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::customers;
use ordinavo_core::customers::model::CustomerSummary;
use ui::components::{Chip, EmptyState, Pager};
use ui::format;
use ui::icons::Icon;
use ui::page::page;
use ui::title::Title;

use crate::exports::{ExportMenu, List};
use crate::imports::customer_sheet;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar};
use crate::t;

#[component]
pub fn CustomersPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let search = request.query("q");
        let archived = request.query("archived");
        let with_archived = archived == "1";
        let (after_name, after_id) = (request.query("name"), request.query("after").parse::<CustomerId>().ok());
        let found = customers::list(
            &request.core,
            staff.may::<ViewOperations>()?,
            &search,
            with_archived,
            after_id.map(|id| (after_name.as_str(), id)),
        )
        .await?;
        let page_href = |name: &str, id: &str| {
            format!(
                "/app/customers?{}",
                format::query([
                    ("q", search.as_str()),
                    ("archived", archived.as_str()),
                    ("name", name),
                    ("after", id)
                ])
            )
        };
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| page_href(&row.name, &row.id.to_string()));
        let start = |archived: &str| {
            format!(
                "/app/customers?{}",
                format::query([("q", search.as_str()), ("archived", archived)])
            )
        };
        let first = after_id.map(|_| start(&archived));
        let (other, other_label) = if with_archived {
            (start(""), t!(locale, "customers-hide-archived"))
        } else {
            (start("1"), t!(locale, "customers-show-archived"))
        };
        let filters = vec![("q", search.clone()), ("archived", archived.clone())];
        let new_href = staff
            .has::<ManageCustomers>()
            .then(|| format!("/app/customers/new?{}", format::query([("new_name", &search)])));
        Ok(view! {
            <Title text=t!(locale, "customers-title")/>
            <PageBar locale title=t!(locale, "customers-title")>
                <ExportMenu list=List::Customers filters locale/>
                {new_href.is_some().then(|| view! { <a class="button" href=customer_sheet::PAGE><Icon name="import"/>{t!(locale, "customer-import")}</a> })}
                {new_href.map(|href| view! { <a class="button button-primary" href=href><Icon name="plus"/>{t!(locale, "customer-new")}</a> })}
            </PageBar>
            <DoneNotice locale flash=request.flash.clone()/>
            <form class="search" method="get" action="/app/customers" role="search">
                <label for="customers-q">{t!(locale, "search")}</label>
                <input id="customers-q" name="q" type="search" value=search.clone()/>
                <button class="button" type="submit">{t!(locale, "search-now")}</button>
            </form>
            <Customers rows=found.rows is_searched=!search.is_empty() locale/>
            <Pager locale next first/>
            <p><a class="quiet" href=other>{other_label}</a></p>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/customers">{content}</AppFrame> }
}

#[component]
fn Customers(rows: Vec<CustomerSummary>, is_searched: bool, locale: Locale) -> impl IntoView {
    if rows.is_empty() {
        let (title, text) = if is_searched {
            (t!(locale, "customers-empty"), t!(locale, "customers-empty-text"))
        } else {
            (t!(locale, "customers-none"), t!(locale, "customers-none-text"))
        };
        return view! { <EmptyState icon="users" title text/> }.into_any();
    }
    view! {
        <div class="table-frame"><table class="table rows stackable">
            <thead><tr>
                <th scope="col">{t!(locale, "name")}</th><th scope="col">{t!(locale, "number")}</th>
                <th scope="col" class="right">{t!(locale, "locations")}</th><th scope="col" class="right">{t!(locale, "open-jobs")}</th>
            </tr></thead>
            <tbody>
                {rows.into_iter().map(|row| view! {
                    <tr>
                        <th scope="row"><a href=format!("/app/customers/{}", row.id)><bdi>{row.name}</bdi></a>
                            {row.is_archived.then(|| view! { " "<Chip label=t!(locale, "archived") tone=Tone::Neutral/> })}</th>
                        <td><bdi class="mono">{row.customer_number}</bdi></td>
                        <td class="right">{row.locations}</td><td class="right">{row.open_targets}</td>
                    </tr>
                }).collect_view()}
            </tbody>
        </table></div>
    }
    .into_any()
}
