//! Time zones of addresses, and what they are called.

use crate::locale::Locale;

/// Countries with one time zone, or one in which nearly everyone lives. Countries with several, such as the United States, are
/// left out: there, an address needs a zone that is set by hand.
const ZONES: &[(&str, &str)] = &[
    ("AE", "Asia/Dubai"),
    ("AL", "Europe/Tirane"),
    ("AT", "Europe/Vienna"),
    ("BA", "Europe/Sarajevo"),
    ("BE", "Europe/Brussels"),
    ("BG", "Europe/Sofia"),
    ("BH", "Asia/Bahrain"),
    ("CH", "Europe/Zurich"),
    ("CY", "Asia/Nicosia"),
    ("CZ", "Europe/Prague"),
    ("DE", "Europe/Berlin"),
    ("DK", "Europe/Copenhagen"),
    ("DZ", "Africa/Algiers"),
    ("EE", "Europe/Tallinn"),
    ("EG", "Africa/Cairo"),
    ("FI", "Europe/Helsinki"),
    ("FR", "Europe/Paris"),
    ("GB", "Europe/London"),
    ("GR", "Europe/Athens"),
    ("HR", "Europe/Zagreb"),
    ("HU", "Europe/Budapest"),
    ("IE", "Europe/Dublin"),
    ("IL", "Asia/Jerusalem"),
    ("IN", "Asia/Kolkata"),
    ("IQ", "Asia/Baghdad"),
    ("IS", "Atlantic/Reykjavik"),
    ("IT", "Europe/Rome"),
    ("JO", "Asia/Amman"),
    ("JP", "Asia/Tokyo"),
    ("KE", "Africa/Nairobi"),
    ("KR", "Asia/Seoul"),
    ("KW", "Asia/Kuwait"),
    ("LB", "Asia/Beirut"),
    ("LI", "Europe/Vaduz"),
    ("LT", "Europe/Vilnius"),
    ("LU", "Europe/Luxembourg"),
    ("LV", "Europe/Riga"),
    ("LY", "Africa/Tripoli"),
    ("MA", "Africa/Casablanca"),
    ("MT", "Europe/Malta"),
    ("NG", "Africa/Lagos"),
    ("NL", "Europe/Amsterdam"),
    ("NO", "Europe/Oslo"),
    ("OM", "Asia/Muscat"),
    ("PK", "Asia/Karachi"),
    ("PL", "Europe/Warsaw"),
    ("QA", "Asia/Qatar"),
    ("RO", "Europe/Bucharest"),
    ("RS", "Europe/Belgrade"),
    ("SA", "Asia/Riyadh"),
    ("SD", "Africa/Khartoum"),
    ("SE", "Europe/Stockholm"),
    ("SG", "Asia/Singapore"),
    ("SI", "Europe/Ljubljana"),
    ("SK", "Europe/Bratislava"),
    ("SY", "Asia/Damascus"),
    ("TN", "Africa/Tunis"),
    ("TR", "Europe/Istanbul"),
    ("UA", "Europe/Kyiv"),
    ("YE", "Asia/Aden"),
    ("ZA", "Africa/Johannesburg"),
];

/// The names of cities that German and Arabic spell differently than the IANA database, by its zone.
const CITIES: &[(&str, &str, &str)] = &[
    ("Africa/Algiers", "Algier", "الجزائر"),
    ("Africa/Cairo", "Kairo", "القاهرة"),
    ("Africa/Casablanca", "Casablanca", "الدار البيضاء"),
    ("Africa/Johannesburg", "Johannesburg", "جوهانسبرغ"),
    ("Africa/Khartoum", "Khartum", "الخرطوم"),
    ("Africa/Lagos", "Lagos", "لاغوس"),
    ("Africa/Nairobi", "Nairobi", "نيروبي"),
    ("Africa/Tripoli", "Tripolis", "طرابلس"),
    ("Africa/Tunis", "Tunis", "تونس"),
    ("America/Chicago", "Chicago", "شيكاغو"),
    ("America/Denver", "Denver", "دنفر"),
    ("America/Los_Angeles", "Los Angeles", "لوس أنجلوس"),
    ("America/New_York", "New York", "نيويورك"),
    ("America/Sao_Paulo", "São Paulo", "ساو باولو"),
    ("America/Toronto", "Toronto", "تورونتو"),
    ("Asia/Aden", "Aden", "عدن"),
    ("Asia/Amman", "Amman", "عمّان"),
    ("Asia/Baghdad", "Bagdad", "بغداد"),
    ("Asia/Bahrain", "Bahrain", "البحرين"),
    ("Asia/Beirut", "Beirut", "بيروت"),
    ("Asia/Damascus", "Damaskus", "دمشق"),
    ("Asia/Dubai", "Dubai", "دبي"),
    ("Asia/Jerusalem", "Jerusalem", "القدس"),
    ("Asia/Karachi", "Karatschi", "كراتشي"),
    ("Asia/Kolkata", "Kolkata", "كولكاتا"),
    ("Asia/Kuwait", "Kuwait", "الكويت"),
    ("Asia/Muscat", "Maskat", "مسقط"),
    ("Asia/Nicosia", "Nikosia", "نيقوسيا"),
    ("Asia/Qatar", "Katar", "قطر"),
    ("Asia/Riyadh", "Riad", "الرياض"),
    ("Asia/Seoul", "Seoul", "سول"),
    ("Asia/Shanghai", "Schanghai", "شنغهاي"),
    ("Asia/Singapore", "Singapur", "سنغافورة"),
    ("Asia/Tokyo", "Tokio", "طوكيو"),
    ("Atlantic/Reykjavik", "Reykjavík", "ريكيافيك"),
    ("Australia/Sydney", "Sydney", "سيدني"),
    ("Europe/Amsterdam", "Amsterdam", "أمستردام"),
    ("Europe/Athens", "Athen", "أثينا"),
    ("Europe/Belgrade", "Belgrad", "بلغراد"),
    ("Europe/Berlin", "Berlin", "برلين"),
    ("Europe/Bratislava", "Bratislava", "براتيسلافا"),
    ("Europe/Brussels", "Brüssel", "بروكسل"),
    ("Europe/Bucharest", "Bukarest", "بوخارست"),
    ("Europe/Budapest", "Budapest", "بودابست"),
    ("Europe/Copenhagen", "Kopenhagen", "كوبنهاغن"),
    ("Europe/Dublin", "Dublin", "دبلن"),
    ("Europe/Helsinki", "Helsinki", "هلسنكي"),
    ("Europe/Istanbul", "Istanbul", "إسطنبول"),
    ("Europe/Kyiv", "Kyjiw", "كييف"),
    ("Europe/Lisbon", "Lissabon", "لشبونة"),
    ("Europe/Ljubljana", "Ljubljana", "ليوبليانا"),
    ("Europe/London", "London", "لندن"),
    ("Europe/Luxembourg", "Luxemburg", "لوكسمبورغ"),
    ("Europe/Madrid", "Madrid", "مدريد"),
    ("Europe/Malta", "Malta", "مالطا"),
    ("Europe/Moscow", "Moskau", "موسكو"),
    ("Europe/Oslo", "Oslo", "أوسلو"),
    ("Europe/Paris", "Paris", "باريس"),
    ("Europe/Prague", "Prag", "براغ"),
    ("Europe/Riga", "Riga", "ريغا"),
    ("Europe/Rome", "Rom", "روما"),
    ("Europe/Sarajevo", "Sarajevo", "سراييفو"),
    ("Europe/Sofia", "Sofia", "صوفيا"),
    ("Europe/Stockholm", "Stockholm", "ستوكهولم"),
    ("Europe/Tallinn", "Tallinn", "تالين"),
    ("Europe/Tirane", "Tirana", "تيرانا"),
    ("Europe/Vaduz", "Vaduz", "فادوتس"),
    ("Europe/Vienna", "Wien", "فيينا"),
    ("Europe/Vilnius", "Vilnius", "فيلنيوس"),
    ("Europe/Warsaw", "Warschau", "وارسو"),
    ("Europe/Zagreb", "Zagreb", "زغرب"),
    ("Europe/Zurich", "Zürich", "زيورخ"),
];

/// Returns the IANA time zone of a country (ISO 3166-1), unless it has several.
pub fn of_country(country: &str) -> Option<&'static str> {
    ZONES
        .iter()
        .find(|(code, _)| code.eq_ignore_ascii_case(country))
        .map(|(_, zone)| *zone)
}

/// Returns the time zone that is probable for a language, as the first choice on a form.
pub const fn probable(locale: Locale) -> &'static str {
    match locale {
        Locale::De => "Europe/Berlin",
        Locale::En => "Europe/London",
        Locale::Ar => "Asia/Riyadh",
    }
}

/// Returns the name of a time zone in words, such as `Dubai time`.
pub fn name(zone: &str, locale: Locale) -> String {
    let Some((_, last)) = zone.rsplit_once('/').filter(|_| !zone.starts_with("Etc/")) else {
        return zone.to_owned();
    };
    let known = CITIES.iter().find(|(known, _, _)| *known == zone);
    let plain = || last.replace('_', " ");
    match locale {
        Locale::En => format!("{} time", plain()),
        Locale::De => format!(
            "Ortszeit {}",
            known.map_or_else(plain, |(_, city, _)| (*city).to_owned())
        ),
        Locale::Ar => format!("توقيت {}", known.map_or_else(plain, |(_, _, city)| (*city).to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_of_country_is_known_for_countries_with_one_zone() {
        assert_eq!(of_country("AE"), Some("Asia/Dubai"));
        assert_eq!(of_country("de"), Some("Europe/Berlin"));
        assert_eq!(of_country("US"), None);
        assert_eq!(of_country(""), None);
    }

    #[test]
    fn zone_of_each_country_has_a_name_in_each_language() {
        for (_, zone) in ZONES {
            assert!(CITIES.iter().any(|(known, _, _)| known == zone), "{zone}");
        }
    }

    #[test]
    fn name_of_zone_is_in_words_of_the_language() {
        for (zone, names) in [
            ("Asia/Dubai", ["Dubai time", "Ortszeit Dubai", "توقيت دبي"]),
            ("Europe/Zurich", ["Zurich time", "Ortszeit Zürich", "توقيت زيورخ"]),
            (
                "America/New_York",
                ["New York time", "Ortszeit New York", "توقيت نيويورك"],
            ),
            (
                "America/Argentina/Salta",
                ["Salta time", "Ortszeit Salta", "توقيت Salta"],
            ),
            ("UTC", ["UTC", "UTC", "UTC"]),
            ("Etc/GMT+3", ["Etc/GMT+3", "Etc/GMT+3", "Etc/GMT+3"]),
        ] {
            assert_eq!(
                Locale::ALL.map(|locale| name(zone, locale)),
                names.map(str::to_owned),
                "{zone}"
            );
        }
    }
}
