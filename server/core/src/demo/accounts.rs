//! Credentials of the demo accounts. External checks depend on the JSON format.

use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoAccounts {
    pub base_url: String,
    pub tenants: Vec<DemoTenant>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoTenant {
    pub slug: String,
    pub name: String,
    pub staff: Vec<DemoStaff>,
    pub portal: Vec<DemoPortalUser>,
    pub clients: Vec<DemoClient>,
    pub partners: Vec<DemoPartner>,
    pub terminals: Vec<DemoTerminal>,
    pub forms: Vec<DemoForm>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoStaff {
    pub role: String,
    pub email: String,
    pub password: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoPortalUser {
    pub email: String,
    pub password: String,
    pub customer_number: String,
    pub grants: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoClient {
    pub name: String,
    pub source_system: String,
    pub api_key: String,
    pub test_api_key: String,
    pub client_id: String,
    pub client_secret: String,
    pub scopes: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoPartner {
    pub email: String,
    pub password: String,
    pub source_system: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoTerminal {
    pub name: String,
    pub location: String,
    pub pairing_code: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DemoForm {
    pub slug: String,
    pub url: String,
}

impl DemoTenant {
    /// Returns the first staff account with a role.
    pub fn staff(&self, role: &str) -> Option<&DemoStaff> {
        self.staff.iter().find(|account| account.role == role)
    }

    /// Returns a client by name.
    pub fn client(&self, name: &str) -> Option<&DemoClient> {
        self.clients.iter().find(|client| client.name == name)
    }
}
