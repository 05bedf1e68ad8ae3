use super::*;
use crate::mapping::ProblemPolicy;
use crate::text::CustomerNumber;
use proptest::prelude::*;
use uuid::Uuid;

fn settings() -> MappingSettings {
    MappingSettings {
        may_map: true,
        may_write: true,
        create_gate: true,
        update_gate: true,
        create_customers: true,
        create_locations: true,
        create_contacts: true,
        auto_update: false,
        customer_required: false,
        problem_policy: ProblemPolicy::Review,
        duplicate_names: DuplicateNamePolicy::Warn,
        blocked_external_ids: vec!["DUMMY".into()],
    }
}

fn candidate(number: u128) -> CustomerCandidate {
    CustomerCandidate {
        id: CustomerId::from_uuid(Uuid::from_u128(number)),
        name: "Rhein-Ruhr".into(),
        archived: false,
        linked_as: None,
        is_vouched: true,
    }
}

fn part(external_id: Option<&str>, number: Option<&str>, name: Option<&str>) -> CustomerPart {
    CustomerPart {
        external_id: external_id.map(|id| ExternalId::parse(id).expect("id is valid")),
        customer_number: number.and_then(|number| CustomerNumber::parse(number).expect("number is valid")),
        name: name.map(str::to_owned),
    }
}

/// Name, input, settings, candidates; then expected row, status and codes.
type Case<'a> = (
    &'a str,
    Option<CustomerPart>,
    MappingSettings,
    CustomerCandidates,
    CustomerRule,
    MappingStatus,
    Vec<&'a str>,
);

/// One case for each row of mapping table C.
#[test]
fn every_customer_row_decides_as_documented() {
    use CustomerRule as R;
    use MappingStatus as S;
    let a = candidate(1);
    let b = candidate(2);
    let archived = CustomerCandidate {
        archived: true,
        ..candidate(3)
    };
    let linked = CustomerCandidate {
        linked_as: Some("OTHER".into()),
        ..candidate(4)
    };
    let unvouched = CustomerCandidate {
        is_vouched: false,
        ..candidate(1)
    };
    let none = CustomerCandidates::default();
    let reference = |candidate: &CustomerCandidate, numbers: &[&CustomerCandidate]| CustomerCandidates {
        by_reference: Some(candidate.clone()),
        by_number: numbers.iter().map(|candidate| (*candidate).clone()).collect(),
        ..CustomerCandidates::default()
    };
    let numbers = |numbers: &[&CustomerCandidate]| CustomerCandidates {
        by_number: numbers.iter().map(|candidate| (*candidate).clone()).collect(),
        ..CustomerCandidates::default()
    };
    let full = part(Some("E"), Some("N"), Some("Rhein-Ruhr"));
    let off = |change: fn(&mut MappingSettings)| {
        let mut settings = settings();
        change(&mut settings);
        settings
    };
    let same_name = CustomerCandidates {
        same_name_exists: true,
        ..none.clone()
    };
    let cases: Vec<Case<'_>> = vec![
        ("C1", None, settings(), none.clone(), R::C1, S::Skipped, vec![]),
        (
            "C2",
            Some(full.clone()),
            off(|s| s.may_map = false),
            reference(&a, &[&a]),
            R::C2,
            S::Skipped,
            vec!["scope_missing_customers_map"],
        ),
        (
            "C3",
            Some(part(Some("n/a"), Some("N"), None)),
            settings(),
            numbers(&[&b]),
            R::C19,
            S::Mapped,
            vec!["external_id_blocked_value", "external_id_missing"],
        ),
        (
            "C4",
            Some(full.clone()),
            settings(),
            CustomerCandidates {
                merged: true,
                ..reference(&a, &[&a])
            },
            R::C6,
            S::Mapped,
            vec!["customer_merged"],
        ),
        (
            "C5",
            Some(full.clone()),
            settings(),
            reference(&archived, &[]),
            R::C5,
            S::Failed,
            vec!["customer_inactive"],
        ),
        (
            "C6 with number",
            Some(full.clone()),
            settings(),
            reference(&a, &[&a]),
            R::C6,
            S::Mapped,
            vec![],
        ),
        (
            "C6 without number",
            Some(part(Some("E"), None, None)),
            settings(),
            reference(&a, &[]),
            R::C6,
            S::Mapped,
            vec![],
        ),
        (
            "C7",
            Some(full.clone()),
            settings(),
            reference(&a, &[]),
            R::C7,
            S::Mapped,
            vec!["customer_number_unknown"],
        ),
        (
            "C8",
            Some(full.clone()),
            settings(),
            reference(&a, &[&a, &b]),
            R::C8,
            S::Mapped,
            vec!["customer_number_ambiguous"],
        ),
        (
            "C9",
            Some(full.clone()),
            settings(),
            reference(&a, &[&b]),
            R::C9,
            S::Failed,
            vec!["customer_identifier_conflict"],
        ),
        (
            "C9 several",
            Some(full.clone()),
            settings(),
            reference(&a, &[&b, &linked]),
            R::C9,
            S::Failed,
            vec!["customer_identifier_conflict"],
        ),
        (
            "C10",
            Some(full.clone()),
            settings(),
            numbers(&[&b]),
            R::C10,
            S::Mapped,
            vec!["link_created"],
        ),
        (
            "C10 other name",
            Some(part(Some("E"), Some("N"), Some("Else"))),
            settings(),
            numbers(&[&b]),
            R::C10,
            S::Mapped,
            vec!["link_created", "customer_name_mismatch"],
        ),
        (
            "C10 other name, updates enabled",
            Some(part(Some("E"), Some("N"), Some("Else"))),
            off(|s| s.auto_update = true),
            numbers(&[&b]),
            R::C10,
            S::Mapped,
            vec!["link_created", "customer_name_mismatch"],
        ),
        (
            "C6 after C10 with another name",
            Some(part(Some("E"), None, Some("Else"))),
            off(|s| s.auto_update = true),
            reference(&unvouched, &[]),
            R::C6,
            S::Mapped,
            vec!["customer_name_mismatch"],
        ),
        (
            "C19 other name, updates enabled",
            Some(part(None, Some("N"), Some("Else"))),
            off(|s| s.auto_update = true),
            numbers(&[&b]),
            R::C19,
            S::Mapped,
            vec!["external_id_missing", "customer_name_mismatch"],
        ),
        (
            "C3 None",
            Some(part(Some("None"), Some("N"), None)),
            settings(),
            numbers(&[&b]),
            R::C19,
            S::Mapped,
            vec!["external_id_blocked_value", "external_id_missing"],
        ),
        (
            "C3 of this source",
            Some(part(Some("dummy"), Some("N"), None)),
            settings(),
            numbers(&[&b]),
            R::C19,
            S::Mapped,
            vec!["external_id_blocked_value", "external_id_missing"],
        ),
        (
            "C11",
            Some(full.clone()),
            settings(),
            numbers(&[&linked]),
            R::C11,
            S::Failed,
            vec!["customer_already_linked"],
        ),
        (
            "C12",
            Some(full.clone()),
            settings(),
            numbers(&[&archived]),
            R::C12,
            S::Failed,
            vec!["customer_inactive"],
        ),
        (
            "C13",
            Some(full.clone()),
            settings(),
            numbers(&[&a, &b]),
            R::C13,
            S::Skipped,
            vec!["customer_number_ambiguous"],
        ),
        (
            "C14",
            Some(full.clone()),
            off(|s| s.create_gate = false),
            none.clone(),
            R::C14,
            S::Skipped,
            vec!["feature_not_enabled"],
        ),
        (
            "C15",
            Some(full.clone()),
            off(|s| s.create_customers = false),
            none.clone(),
            R::C15,
            S::Skipped,
            vec!["auto_create_disabled"],
        ),
        (
            "C16",
            Some(full.clone()),
            off(|s| s.may_write = false),
            none.clone(),
            R::C16,
            S::Skipped,
            vec!["scope_missing_customers_write"],
        ),
        (
            "C17",
            Some(part(Some("E"), Some("N"), None)),
            settings(),
            none.clone(),
            R::C17,
            S::Failed,
            vec!["customer_name_required"],
        ),
        (
            "C18",
            Some(part(Some("E"), None, Some("New"))),
            settings(),
            none.clone(),
            R::C18,
            S::Created,
            vec![],
        ),
        (
            "C18 number",
            Some(full.clone()),
            settings(),
            none.clone(),
            R::C18,
            S::Created,
            vec!["customer_number_ignored"],
        ),
        (
            "C18 block",
            Some(full.clone()),
            off(|s| s.duplicate_names = DuplicateNamePolicy::Block),
            same_name,
            R::C18,
            S::Skipped,
            vec!["customer_number_ignored", "possible_duplicate_name"],
        ),
        (
            "C19",
            Some(part(None, Some("N"), None)),
            settings(),
            numbers(&[&b]),
            R::C19,
            S::Mapped,
            vec!["external_id_missing"],
        ),
        (
            "C20",
            Some(part(None, Some("N"), Some("New"))),
            settings(),
            none.clone(),
            R::C20,
            S::Skipped,
            vec!["external_id_required_for_create"],
        ),
        (
            "C21",
            Some(part(None, None, Some("Rhein-Ruhr"))),
            settings(),
            none,
            R::C21,
            S::Skipped,
            vec!["name_only_not_matchable"],
        ),
    ];
    for (name, part, settings, found, rule, status, codes) in cases {
        let decision = decide(part.as_ref(), &settings, &found);
        assert_eq!((decision.rule, decision.status), (rule, status), "{name}");
        assert_eq!(
            decision.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(),
            codes,
            "{name}"
        );
        assert_eq!(
            decision.status.is_resolved(),
            decision.step != CustomerStep::None,
            "{name}"
        );
    }
}

proptest! {
    /// For arbitrary candidates and settings: ambiguity never creates or links a record, every linked record was
    /// found by an identifier, and nothing is linked without the scope.
    #[test]
    fn decide_never_links_or_creates_on_ambiguity(reference in proptest::option::of(0_u128..3), numbers in proptest::collection::btree_set(0_u128..3, 0..3), has_external: bool, has_number: bool, has_name: bool, flags in 0_u16..512, archived in 0_u128..5, vouched in 0_u128..5) {
        let found_candidate = |number: u128| CustomerCandidate { archived: number == archived, is_vouched: number != vouched, ..candidate(number) };
        let settings = MappingSettings {
            may_map: flags & 1 != 0, may_write: flags & 2 != 0, create_gate: flags & 4 != 0, update_gate: flags & 8 != 0,
            create_customers: flags & 16 != 0, auto_update: flags & 32 != 0, ..settings()
        };
        let part = part(has_external.then_some("E"), has_number.then_some("N"), has_name.then_some("Name"));
        let found = CustomerCandidates {
            by_reference: reference.filter(|_| has_external).map(found_candidate),
            by_number: if has_number { numbers.iter().copied().map(found_candidate).collect() } else { Vec::new() },
            ..CustomerCandidates::default()
        };
        let decision = decide(Some(&part), &settings, &found);
        match &decision.step {
            CustomerStep::None => {}
            CustomerStep::Link { id, name, .. } => {
                prop_assert!(settings.may_map);
                let known = found.by_reference.iter().chain(&found.by_number).find(|candidate| candidate.id == *id).expect("linked record is a candidate");
                prop_assert!(!known.archived);
                if let Some(reference) = &found.by_reference {
                    prop_assert_eq!(reference.id, *id);
                } else {
                    prop_assert_eq!(found.by_number.len(), 1);
                }
                if *name == NameStep::Update {
                    prop_assert!(settings.may_write && settings.auto_update && settings.update_gate);
                    prop_assert!(found.by_reference.is_some() && known.is_vouched, "an external id vouches for the record");
                }
            }
            CustomerStep::Create { .. } => {
                prop_assert!(settings.may_map && settings.may_write && settings.create_gate && settings.create_customers);
                prop_assert!(found.by_reference.is_none() && found.by_number.is_empty() && has_external && has_name);
            }
        }
    }
}
