use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn number(text: &str) -> Option<CustomerNumber> {
    CustomerNumber::parse(text).expect("the test has valid numbers")
}

fn text(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

/// A row of number, name, street, contact and email; empty texts are absent.
fn row(line: usize, [customer, name, street, contact, email]: [&str; 5]) -> SheetRow {
    let has_contact = !contact.is_empty() || !email.is_empty();
    SheetRow {
        line,
        number: number(customer),
        name: text(name),
        location: text(street).map(|street| SheetLocation {
            address: Address {
                street: Some(street),
                ..Address::default()
            },
            ..SheetLocation::default()
        }),
        contact: has_contact.then(|| SheetContact {
            name: text(contact),
            email: text(email),
            phone: None,
        }),
    }
}

fn rows<const N: usize>(cells: [[&str; 5]; N]) -> Vec<SheetRow> {
    cells
        .into_iter()
        .enumerate()
        .map(|(at, cells)| row(at + 2, cells))
        .collect()
}

/// Returns the customers as they are after a plan was carried out.
fn apply(plan: &SheetPlan, known: &[KnownCustomer]) -> Vec<KnownCustomer> {
    let mut next = 1_000_u128;
    let mut id = || {
        next += 1;
        Uuid::from_u128(next)
    };
    let mut all = known.to_vec();
    for planned in &plan.customers {
        let at = match planned.known {
            Some(known) => all.iter().position(|customer| customer.id == known).expect("it exists"),
            None => {
                all.push(KnownCustomer {
                    id: CustomerId::from_uuid(id()),
                    number: planned.number.clone(),
                    name: planned.name.clone(),
                    is_archived: false,
                    is_merged: false,
                    locations: Vec::new(),
                    contacts: Vec::new(),
                });
                all.len() - 1
            }
        };
        for location in &planned.locations {
            all[at].locations.push(KnownLocation {
                id: LocationId::from_uuid(id()),
                name: location.name.clone(),
                address: location.address.clone(),
            });
        }
        for contact in &planned.contacts {
            all[at].contacts.push(KnownContact {
                id: ContactId::from_uuid(id()),
                name: contact.name.clone(),
                email: contact.email.clone(),
                phone: contact.phone.clone(),
            });
        }
    }
    all
}

fn known_customer(id: u128, customer: &str, name: &str, street: &str, is_archived: bool) -> KnownCustomer {
    KnownCustomer {
        id: CustomerId::from_uuid(Uuid::from_u128(id)),
        number: number(customer),
        name: name.to_owned(),
        is_archived,
        is_merged: false,
        locations: text(street)
            .into_iter()
            .map(|street| KnownLocation {
                id: LocationId::from_uuid(Uuid::from_u128(id + 500)),
                name: street.clone(),
                address: Address {
                    street: Some(street),
                    ..Address::default()
                },
            })
            .collect(),
        contacts: Vec::new(),
    }
}

#[test]
fn rows_of_one_number_are_one_customer_with_its_locations_and_contacts() {
    let plan = plan(
        &rows([
            ["K-1", "Nordbau", "Gasse 1", "Eva Klein", "eva@nord.example"],
            ["k-1", "nordbau", "Gasse 2", "Eva Klein", "eva@nord.example"],
            ["K-1", "", "Gasse 2", "Jan Weiß", ""],
            ["", "Café Süd", "Ring 3", "", "post@sued.example"],
        ]),
        &[],
    );
    let [first, second] = plan.customers.as_slice() else {
        panic!("{plan:?}")
    };
    let streets: Vec<&str> = first.locations.iter().map(|location| location.name.as_str()).collect();
    assert_eq!(streets, ["Gasse 1", "Gasse 2"]);
    let contacts: Vec<(&str, _)> = first
        .contacts
        .iter()
        .map(|it| (it.name.as_str(), it.location))
        .collect();
    assert_eq!(
        contacts,
        [
            ("Eva Klein", Some(RecordRef::New(0))),
            ("Jan Weiß", Some(RecordRef::New(1)))
        ]
    );
    // Without a name, the contact has that of the customer.
    assert_eq!(second.contacts[0].name, "Café Süd");
    assert!(
        plan.rows
            .iter()
            .all(|row| matches!(row, RowPlan::Imported { kept, .. } if kept.is_empty()))
    );
}

#[test]
fn rows_are_refused_where_only_a_number_could_tell() {
    let known = [
        known_customer(1, "K-1", "Nordbau", "Gasse 1", false),
        known_customer(2, "", "Müller", "Weg 1", false),
        known_customer(3, "K-3", "Altbau", "", true),
        known_customer(4, "K-4", "Doppelhaus", "", false),
        known_customer(5, "K-5", "Doppelhaus", "", false),
        KnownCustomer {
            is_merged: true,
            ..known_customer(6, "K-6", "Müller", "", false)
        },
    ];
    let same = |number: Option<&str>| {
        Some(Refusal::SameName {
            number: number.map(str::to_owned),
        })
    };
    for (cells, expected) in [
        // A known number is enough; another name does not rename.
        (["K-1", "", "Gasse 9", "", ""], None),
        (["K-1", "Nordbau Neu", "", "", ""], None),
        (["", "", "Gasse 1", "", ""], Some(Refusal::NameRequired)),
        (["K-9", "", "Gasse 1", "", ""], Some(Refusal::NameRequired)),
        (["K-3", "Altbau", "", "", ""], Some(Refusal::Inactive)),
        (["", "Altbau", "", "", ""], Some(Refusal::Inactive)),
        // The same name at a known location, or without one, is that customer; at another one it could be another customer.
        (["", "müller", "Weg 1", "", ""], None),
        (["", "Müller", "", "Jan", ""], None),
        (["", "Müller", "Weg 2", "", ""], same(None)),
        (["K-7", "Müller", "Weg 1", "", ""], same(None)),
        // The number of a customer that was merged is not given to a new one; its name is that of the other one.
        (["K-6", "Müller", "Weg 1", "", ""], Some(Refusal::Inactive)),
        // Different numbers are different customers.
        (["K-8", "Nordbau", "", "", ""], None),
        (["", "Doppelhaus", "", "", ""], same(Some("K-4"))),
    ] {
        let plan = plan(&rows([cells]), &known);
        let refusal = match &plan.rows[0] {
            RowPlan::Refused(refusal) => Some(refusal.clone()),
            RowPlan::Imported { .. } => None,
        };
        assert_eq!(refusal, expected, "{cells:?}");
    }
    let in_file = plan(&rows([["A", "One", "", "", ""], ["A", "Two", "", "", ""]]), &[]);
    assert_eq!(
        in_file.rows[1],
        RowPlan::Refused(Refusal::NumberOfOtherName { name: "One".to_owned() })
    );
}

#[test]
fn values_that_differ_are_kept_and_named() {
    let mut known = known_customer(1, "K-1", "Nordbau", "Gasse 1", false);
    known.contacts.push(KnownContact {
        id: ContactId::from_uuid(Uuid::from_u128(9)),
        name: "Eva Klein".to_owned(),
        email: Some("eva@nord.example".to_owned()),
        phone: None,
    });
    let mut sheet = row(2, ["K-1", "Nordbau Neu", "Gasse 1", "Eva Groß", "eva@nord.example"]);
    sheet.location.as_mut().expect("the row has a location").address.city = Some("Wien".to_owned());
    let plan = plan(&[sheet], &[known]);
    assert!(plan.customers.is_empty());
    let kept = vec![Kept::CustomerName, Kept::Location, Kept::Contact];
    assert!(
        matches!(&plan.rows[0], RowPlan::Imported { adds, kept: found, .. } if adds.is_nothing() && *found == kept)
    );
}

prop_compose! {
    fn any_row()(
        customer in prop::sample::select(vec!["", "K-1", "k-1", "K-2", "K-3"]),
        name in prop::sample::select(vec!["", "Nordbau", "nordbau", "Müller", "Café Süd"]),
        street in prop::sample::select(vec!["", "Gasse 1", "gasse  1", "Weg 2"]),
        contact in prop::sample::select(vec!["", "Eva Klein", "Jan Weiß"]),
        email in prop::sample::select(vec!["", "a@nord.example", "b@nord.example"]),
    ) -> [&'static str; 5] {
        [customer, name, street, contact, email]
    }
}

proptest! {
    #[test]
    fn the_same_rows_again_add_nothing(cells in prop::collection::vec(any_row(), 0..12)) {
        let sheet: Vec<SheetRow> = cells.into_iter().enumerate().map(|(at, cells)| row(at + 2, cells)).collect();
        let first = plan(&sheet, &[]);
        let known = apply(&first, &[]);
        let again = plan(&sheet, &known);
        prop_assert!(again.customers.is_empty(), "{again:?}");
        // Nothing that was imported is refused the second time.
        for (before, after) in first.rows.iter().zip(&again.rows) {
            if matches!(before, RowPlan::Imported { .. }) {
                prop_assert!(matches!(after, RowPlan::Imported { .. }), "{before:?} {after:?}");
            }
        }
    }

    #[test]
    fn existing_records_are_never_changed_and_numbers_stay_unique(
        first in prop::collection::vec(any_row(), 0..8),
        second in prop::collection::vec(any_row(), 0..8),
    ) {
        let sheet = |cells: Vec<[&'static str; 5]>| -> Vec<SheetRow> {
            cells.into_iter().enumerate().map(|(at, cells)| row(at + 2, cells)).collect()
        };
        let known = apply(&plan(&sheet(first), &[]), &[]);
        let all = apply(&plan(&sheet(second), &known), &known);
        for (before, after) in known.iter().zip(&all) {
            prop_assert_eq!((&before.number, &before.name), (&after.number, &after.name));
            prop_assert_eq!(&before.locations[..], &after.locations[..before.locations.len()]);
            prop_assert_eq!(&before.contacts[..], &after.contacts[..before.contacts.len()]);
        }
        let mut numbers: Vec<String> = all.iter().filter_map(|it| it.number.as_ref()).map(CustomerNumber::for_comparison).collect();
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        prop_assert_eq!(numbers.len(), count);
    }
}
