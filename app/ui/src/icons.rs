//! Icons of the Lucide set, drawn inline so that they take the color of the text.

use leptos::prelude::*;

/// A decorative icon, hidden from screen readers.
#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    let mirrored = matches!(
        name,
        "arrow-right" | "log-out" | "chevron-right" | "chevron-left" | "send" | "truck"
    );
    view! {
        <svg
            class="icon" class:mirrored=mirrored viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor"
            stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" inner_html=paths(name)
        ></svg>
    }
}

/// Returns the SVG paths of an icon, taken from the npm package lucide-static (ISC license).
fn paths(name: &str) -> &'static str {
    match name {
        "search" => include_str!("icons/search.svg.part"),
        "ellipsis" => include_str!("icons/ellipsis.svg.part"),
        "shield" => include_str!("icons/shield.svg.part"),
        "link" => include_str!("icons/link.svg.part"),
        "sun" => include_str!("icons/sun.svg.part"),
        "user" => include_str!("icons/user.svg.part"),
        "clock" => include_str!("icons/clock.svg.part"),
        "inbox" => include_str!("icons/inbox.svg.part"),
        "users" => include_str!("icons/users.svg.part"),
        "calendar" => include_str!("icons/calendar.svg.part"),
        "clipboard" => include_str!("icons/clipboard-list.svg.part"),
        "import" => include_str!("icons/import.svg.part"),
        "plug" => include_str!("icons/plug.svg.part"),
        "settings" => include_str!("icons/settings.svg.part"),
        "log-out" => include_str!("icons/log-out.svg.part"),
        "lock" => include_str!("icons/lock.svg.part"),
        "eye" => include_str!("icons/eye.svg.part"),
        "map-pin" => include_str!("icons/map-pin.svg.part"),
        "phone" => include_str!("icons/phone.svg.part"),
        "navigation" => include_str!("icons/navigation.svg.part"),
        "check" => include_str!("icons/check.svg.part"),
        "alert" => include_str!("icons/triangle-alert.svg.part"),
        "file" => include_str!("icons/file-image.svg.part"),
        "download" => include_str!("icons/download.svg.part"),
        "plus" => include_str!("icons/plus.svg.part"),
        "move" => include_str!("icons/move.svg.part"),
        "board" => include_str!("icons/chart-gantt.svg.part"),
        "arrow-right" => include_str!("icons/arrow-right.svg.part"),
        "chevron-right" => include_str!("icons/chevron-right.svg.part"),
        "home" => include_str!("icons/house.svg.part"),
        "history" => include_str!("icons/history.svg.part"),
        "truck" => include_str!("icons/truck.svg.part"),
        "wrench" => include_str!("icons/wrench.svg.part"),
        "refresh" => include_str!("icons/refresh-cw.svg.part"),
        "list" => include_str!("icons/list-checks.svg.part"),
        "message" => include_str!("icons/message-square.svg.part"),
        "help" => include_str!("icons/circle-help.svg.part"),
        "send" => include_str!("icons/send.svg.part"),
        "x" => include_str!("icons/x.svg.part"),
        "ban" => include_str!("icons/ban.svg.part"),
        "check-check" => include_str!("icons/check-check.svg.part"),
        "flag" => include_str!("icons/flag.svg.part"),
        "chevron-left" => include_str!("icons/chevron-left.svg.part"),
        "chevron-down" => include_str!("icons/chevron-down.svg.part"),
        "mail" => include_str!("icons/mail.svg.part"),
        "file-text" => include_str!("icons/file-text.svg.part"),
        "printer" => include_str!("icons/printer.svg.part"),
        "repeat" => include_str!("icons/repeat.svg.part"),
        "calendar-clock" => include_str!("icons/calendar-clock.svg.part"),
        "calendar-plus" => include_str!("icons/calendar-plus.svg.part"),
        "arrow-left-right" => include_str!("icons/arrow-left-right.svg.part"),
        _ => include_str!("icons/circle.svg.part"),
    }
}
