//! Classification rules of the demo.

use domain::intake::classification::{Conditions, Outcome};
use domain::requests::Priority;

use crate::classification;
use crate::commit::finish;
use crate::identity::actors::TenantId;
use crate::identity::authentication;
use crate::{Core, CoreResult};

fn to_owned_list(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

/// Creates and activates rules for urgent requests and for regions by postal code.
pub(crate) async fn create_rules(core: &Core, tenant: TenantId) -> CoreResult<()> {
    let system = authentication::system(tenant, "demo");
    let by_words = |name: &'static str, words: &[&str], priority: Priority| {
        let conditions = Conditions {
            words: to_owned_list(words),
            ..Conditions::default()
        };
        let outcome = Outcome {
            use_case: Some(name.to_owned()),
            priority: Some(priority),
            ..Outcome::default()
        };
        (name, conditions, outcome)
    };
    let by_code = |name: &'static str, code: &str| {
        let conditions = Conditions {
            postal_codes: to_owned_list(&[code]),
            ..Conditions::default()
        };
        let outcome = Outcome {
            region: Some(name.to_owned()),
            ..Outcome::default()
        };
        (name, conditions, outcome)
    };
    let rules = [
        by_words(
            "People enclosed",
            &["trapped", "stuck inside", "eingeschlossen", "عالق"],
            Priority::Urgent,
        ),
        by_words(
            "Cold chain",
            &["*kühl", "cold room", "fridge", "*تبريد"],
            Priority::High,
        ),
        by_code("Dortmund", "44"),
        by_code("Essen", "45"),
        by_code("Duisburg", "47"),
    ];
    let mut tx = core.store.begin(&system).await?;
    for (name, conditions, outcome) in rules {
        let id = classification::save_in(&mut tx, None, name, conditions, outcome).await?;
        tx.set_rule_tried(id).await?;
        tx.set_rule_active(id, true).await?;
    }
    finish(core, tx).await
}
