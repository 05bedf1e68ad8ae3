//! Public forms of the demo, and requests that were submitted through them and by phone.

use chrono::TimeDelta;
use domain::ids::RequestId;
use domain::intake::form::{FieldMode, FormField, FormSettings, FormTexts};
use domain::intake::submission::RawSubmission;
use domain::intake::{DayPart, proof};
use domain::locale::Locale;
use domain::requests::ServiceType;

use crate::commit::finish;
use crate::demo::accounts::{DemoForm, DemoTenant};
use crate::identity::actors::{Staff, TenantId};
use crate::identity::authentication;
use crate::intake::by_staff::{CallForm, create_for_caller};
use crate::intake::forms;
use crate::intake::web_form::{Envelope, new_ticket, submit_form};
use crate::randomness::Randomness;
use crate::requests::conversation;
use crate::requests::review;
use crate::requests::review::Decision;
use crate::{Core, CoreError, CoreResult};

/// Submitted values: name, organisation, email, phone, street, postal code, city, service type, description, language.
const SUBMISSIONS: [[&str; 10]; 8] = [
    [
        "Mona Haddad",
        "Praxis am Rathaus",
        "mona.haddad@praxis-rathaus.example",
        "+49 201 5550711",
        "Rathausplatz 4",
        "45127",
        "Essen",
        "repair",
        "The lift to the practice stops between two floors. Nobody is inside; we have switched it off.",
        "en",
    ],
    [
        "Jörg Peters",
        "Bäckerei Peters",
        "info@baeckerei-peters.example",
        "",
        "Steeler Straße 210",
        "45138",
        "Essen",
        "repair",
        "Der Kühlraum hält die Temperatur nicht, seit heute Morgen 9 Grad. Die Ware ist ausgelagert.",
        "de",
    ],
    [
        "Elif Yılmaz",
        "",
        "elif.yilmaz@post.example",
        "+49 203 5550319",
        "Königstraße 22",
        "47051",
        "Duisburg",
        "support",
        "Wie stelle ich die Zeitschaltuhr der Lüftung auf Winterzeit um?",
        "de",
    ],
    [
        "Anna Weber",
        "Rhein-Ruhr Medical Supply",
        "anna.weber@rhein-ruhr-medical.example",
        "+49 201 5550144",
        "Altendorfer Straße 120",
        "45143",
        "Essen",
        "inspection",
        "The yearly check of the cold store is due. Mornings suit us best.",
        "en",
    ],
    [
        "خالد منصور",
        "مطعم النخيل",
        "khaled@palm-restaurant.example",
        "+49 231 5550620",
        "Münsterstraße 55",
        "44145",
        "Dortmund",
        "repair",
        "جهاز التكييف في صالة الطعام لا يعمل منذ الأمس.",
        "ar",
    ],
    [
        "Sabine Krüger",
        "Kita Sonnenschein",
        "leitung@kita-sonnenschein.example",
        "+49 231 5550871",
        "Hohe Straße 9",
        "44139",
        "Dortmund",
        "maintenance",
        "Die Heizung klopft. Bitte nicht zwischen 12 und 14 Uhr, dann schlafen die Kinder.",
        "de",
    ],
    [
        "Peter Lang",
        "Lang Logistik",
        "p.lang@lang-logistik.example",
        "",
        "Ruhrorter Straße 187",
        "47119",
        "Duisburg",
        "installation",
        "We need a second charging point for the forklifts in hall 3.",
        "en",
    ],
    [
        "Nadia Brandt",
        "",
        "nadia.brandt@post.example",
        "+49 201 5550288",
        "Rüttenscheider Straße 64",
        "45130",
        "Essen",
        "repair",
        "Wasser läuft aus dem Boiler im Keller, der Haupthahn ist zu.",
        "de",
    ],
];

const FORM_TEXTS: [(&str, &str, &str, &str); 3] = [
    (
        "en",
        "How can we help?",
        "Tell us what is wrong and where. We answer within one working day.",
        "Thank you. Keep this page: here you see how your request goes on.",
    ),
    (
        "de",
        "Wie können wir helfen?",
        "Sagen Sie uns, was fehlt und wo. Wir antworten innerhalb eines Werktags.",
        "Vielen Dank. Merken Sie sich diese Seite: Hier sehen Sie, wie es weitergeht.",
    ),
    (
        "ar",
        "كيف يمكننا مساعدتك؟",
        "أخبرنا بما حدث وأين. نرد خلال يوم عمل واحد.",
        "شكرًا لك. احتفظ بهذه الصفحة: هنا ترى سير طلبك.",
    ),
];

/// Creates the public forms of a tenant.
pub(crate) async fn create_forms(core: &Core, tenant: TenantId, entry: &mut DemoTenant) -> CoreResult<()> {
    let slug = format!("{}-service", entry.slug);
    let system = authentication::system(tenant, "demo");
    let settings = FormSettings {
        texts: FORM_TEXTS
            .iter()
            .map(|(tag, title, intro, thanks)| {
                let texts = FormTexts {
                    title: (*title).to_owned(),
                    intro: (*intro).to_owned(),
                    thanks: (*thanks).to_owned(),
                };
                ((*tag).to_owned(), texts)
            })
            .collect(),
        hosts: vec![format!("https://www.{}.example", entry.slug)],
        ..FormSettings::default()
    };
    let mut tx = core.store.begin(&system).await?;
    forms::create_in(&mut tx, &slug, "Service request", settings).await?;
    let fault_form = FormSettings {
        fields: [
            (FormField::Phone, FieldMode::Required),
            (FormField::Files, FieldMode::Optional),
        ]
        .into(),
        service_types: vec![ServiceType::Repair, ServiceType::Support],
        texts: [(
            "en".to_owned(),
            FormTexts {
                title: "Report a fault".to_owned(),
                ..FormTexts::default()
            },
        )]
        .into(),
        hosts: Vec::new(),
    };
    forms::create_in(
        &mut tx,
        &format!("{}-fault", entry.slug),
        "Short fault report",
        fault_form,
    )
    .await?;
    finish(core, tx).await?;
    entry.forms.push(DemoForm {
        url: format!("/intake/{slug}"),
        slug,
    });
    Ok(())
}

/// Submits the requests of one day from people without an account. Requests older than one day are decided.
pub(crate) async fn submit_web_requests(
    core: &Core,
    dispatcher: &Staff,
    form: &str,
    randomness: &Randomness,
    age: i64,
) -> CoreResult<()> {
    let (visitor, settings) = authentication::form_visitor(core, form)
        .await?
        .ok_or_else(CoreError::not_found)?;
    let count = if age == 0 { 3 } else { 1 };
    for _ in 0..count {
        let [
            name,
            organisation,
            email,
            phone,
            street,
            postal_code,
            city,
            service,
            description,
            language,
        ] = SUBMISSIONS[randomness.index_below(SUBMISSIONS.len())];
        let day = core.clock.now().date_naive() + TimeDelta::days(2);
        let submission = RawSubmission {
            service_type: service.to_owned(),
            description: description.to_owned(),
            name: name.to_owned(),
            organisation: organisation.to_owned(),
            email: email.to_owned(),
            phone: phone.to_owned(),
            street: street.to_owned(),
            postal_code: postal_code.to_owned(),
            city: city.to_owned(),
            windows: vec![(day.format("%Y-%m-%d").to_string(), DayPart::Morning.name().to_owned())],
            urgent: randomness.index_below(4) == 0,
        };
        let ticket = new_ticket(core, &visitor);
        let proof = proof::search(&ticket, 0, u64::from(u32::MAX))
            .unwrap_or_default()
            .to_string();
        core.clock.advance(TimeDelta::seconds(40));
        let envelope = Envelope {
            ticket,
            proof,
            ..Envelope::default()
        };
        let locale = Locale::from_tag(language).unwrap_or_default();
        let receipt = submit_form(core, &visitor, &settings, &submission, Vec::new(), &envelope, locale)
            .await?
            .value;
        if age > 1 {
            decide(core, dispatcher, receipt.id, randomness).await?;
        }
    }
    if age == 0 {
        let call = CallForm {
            service_type: ServiceType::Repair.name().to_owned(),
            priority: "high".to_owned(),
            description: "Caller reports a burst pipe below the reception desk; water is turned off.".to_owned(),
            name: "Frau Lindner, Hotel Ruhrblick".to_owned(),
            phone: "+49 201 5550900".to_owned(),
            locale: "de".to_owned(),
            nonce: core.randomness.token(),
            ..CallForm::default()
        };
        let receipt = create_for_caller(core, dispatcher.may()?, &call).await?;
        conversation::add_note(
            core,
            dispatcher.may()?,
            receipt.id,
            "Calls back at 14:00 if she hears nothing.",
        )
        .await?;
    }
    Ok(())
}

async fn decide(core: &Core, dispatcher: &Staff, id: RequestId, randomness: &Randomness) -> CoreResult<()> {
    let decision = match randomness.index_below(3) {
        0 => Decision::Accept,
        _ => Decision::Reject(
            "We do not serve this address, unfortunately. The chamber of crafts keeps a list of firms near you."
                .to_owned(),
        ),
    };
    review::decide(core, dispatcher.may()?, id, decision, None)
        .await
        .map(drop)
}
