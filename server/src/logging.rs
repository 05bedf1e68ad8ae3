//! The log: one JSON object per line.

use tracing::Subscriber;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::Config;

/// Initializes logging to standard error, because standard output belongs to the command.
pub fn init(config: &Config) {
    let filter = filter(&config.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = subscriber(filter, std::io::stderr).try_init();
}

/// Parses the setting `log`.
///
/// # Errors
/// A single word must be a level: as the name of a module it would silence everything else.
pub fn filter(text: &str) -> Result<EnvFilter, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let unknown = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .find(|part| !part.contains('=') && !LEVELS.contains(&part.to_lowercase().as_str()));
    let advice = "use error, warn, info, debug or trace, or a level by module such as info,ordinavo=debug";
    let text = if text.trim().is_empty() { "info" } else { text };
    match (unknown, EnvFilter::try_new(text)) {
        (None, Ok(filter)) => Ok(filter),
        (Some(part), _) => Err(format!("setting log: {part} is no level; {advice}")),
        (None, Err(error)) => Err(format!("setting log: {error}; {advice}")),
    }
}

/// Returns a subscriber that writes each line with the spans of the request or job that it belongs to.
pub fn subscriber<W>(filter: EnvFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_env_filter(filter)
        .with_writer(writer)
        .finish()
}
