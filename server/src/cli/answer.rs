//! What commands print.

use serde_json::Value;

/// What a command did: a text for people, and the same for programs.
pub struct Answer {
    text: String,
    json: Value,
}

impl Answer {
    pub fn new(text: impl Into<String>, json: Value) -> Self {
        Self {
            text: text.into(),
            json,
        }
    }

    /// Adds what the operator should know besides the result.
    pub fn with_warning(mut self, warning: &str) -> Self {
        self.text = format!("{}\nWarning: {warning}", self.text.trim_end());
        if let Value::Object(json) = &mut self.json {
            json.insert("warning".to_owned(), warning.into());
        }
        self
    }

    /// Prints one of the two. A command without a text prints nothing for people.
    ///
    /// # Errors
    /// Fails if the JSON cannot be written.
    pub fn print(self, as_json: bool) -> Result<(), String> {
        if as_json {
            let json = serde_json::to_string_pretty(&self.json).map_err(|error| error.to_string())?;
            outln!("{json}");
        } else if !self.text.is_empty() {
            outln!("{}", self.text.trim_end());
        }
        Ok(())
    }
}
