//! Names and places of the demo data: invented companies and people, true places.

/// District, postal code, city, latitude, longitude.
pub(super) const PLACES: [(&str, &str, &str, f64, f64); 40] = [
    ("Mitte", "45127", "Essen", 51.4556, 7.0116),
    ("Rüttenscheid", "45130", "Essen", 51.4340, 7.0050),
    ("Steele", "45276", "Essen", 51.4500, 7.0760),
    ("Altenessen", "45326", "Essen", 51.4860, 7.0060),
    ("Borbeck", "45355", "Essen", 51.4790, 6.9490),
    ("Kettwig", "45219", "Essen", 51.3620, 6.9400),
    ("Werden", "45239", "Essen", 51.3890, 7.0030),
    ("Kray", "45307", "Essen", 51.4650, 7.0790),
    ("Katernberg", "45327", "Essen", 51.4960, 7.0430),
    ("Holsterhausen", "45147", "Essen", 51.4460, 6.9890),
    ("Frohnhausen", "45145", "Essen", 51.4500, 6.9640),
    ("Bergerhausen", "45136", "Essen", 51.4330, 7.0330),
    ("Kupferdreh", "45257", "Essen", 51.3890, 7.0820),
    ("Mitte", "47051", "Duisburg", 51.4344, 6.7623),
    ("Ruhrort", "47119", "Duisburg", 51.4560, 6.7330),
    ("Hamborn", "47166", "Duisburg", 51.4890, 6.7640),
    ("Meiderich", "47137", "Duisburg", 51.4660, 6.7740),
    ("Marxloh", "47169", "Duisburg", 51.5060, 6.7700),
    ("Walsum", "47178", "Duisburg", 51.5370, 6.7270),
    ("Rheinhausen", "47226", "Duisburg", 51.4040, 6.7120),
    ("Homberg", "47198", "Duisburg", 51.4540, 6.6950),
    ("Buchholz", "47249", "Duisburg", 51.3830, 6.7610),
    ("Neudorf", "47057", "Duisburg", 51.4260, 6.7830),
    ("Großenbaum", "47269", "Duisburg", 51.3690, 6.7740),
    ("Mitte", "44135", "Dortmund", 51.5139, 7.4653),
    ("Hörde", "44263", "Dortmund", 51.4900, 7.5030),
    ("Aplerbeck", "44287", "Dortmund", 51.4930, 7.5590),
    ("Brackel", "44309", "Dortmund", 51.5270, 7.5490),
    ("Scharnhorst", "44328", "Dortmund", 51.5500, 7.5340),
    ("Eving", "44339", "Dortmund", 51.5530, 7.4680),
    ("Huckarde", "44369", "Dortmund", 51.5380, 7.4060),
    ("Mengede", "44359", "Dortmund", 51.5710, 7.3800),
    ("Lütgendortmund", "44388", "Dortmund", 51.5010, 7.3480),
    ("Hombruch", "44225", "Dortmund", 51.4720, 7.4410),
    ("Wambel", "44143", "Dortmund", 51.5200, 7.5240),
    ("Styrum", "45476", "Mülheim", 51.4480, 6.8650),
    ("Sterkrade", "46145", "Oberhausen", 51.5190, 6.8510),
    ("Mitte", "44787", "Bochum", 51.4818, 7.2162),
    ("Buer", "45894", "Gelsenkirchen", 51.5770, 7.0520),
    ("Wanne", "44649", "Herne", 51.5310, 7.1620),
];

pub(super) const STREETS: [&str; 24] = [
    "Kettwiger Straße", "Bahnhofstraße", "Hafenstraße", "Zechenring", "Am Förderturm", "Industriestraße", "Gartenweg", "Lindenallee", "Schützenstraße", "Marktplatz",
    "Kaiserstraße", "Alte Poststraße", "Ruhrallee", "Friedrichstraße", "Hüttenweg", "Kanalstraße", "Westfalendamm", "Rosastraße", "Parkstraße", "Bergmannweg",
    "Am Stadtgarten", "Kirchstraße", "Gildehofstraße", "Hellweg",
];

pub(super) const COMPANIES: [&str; 44] = [
    "Apotheke am Markt", "Autohaus Brenner", "Bäckerei Kornfeld", "Berufskolleg Zollverein", "Brauhaus Alte Mühle", "Bürohaus Ruhrbogen", "Café Lichtblick", "Druckerei Sommerfeld",
    "Elektro Vossberg", "Fahrradhaus Kettenblatt", "Fitnesspark Emscher", "Forum Kulturwerk", "Gärtnerei Blütenreich", "Gesamtschule Nordpark", "Hausverwaltung Lohmann",
    "Hotel Zum Anker", "Immobilien Westkontor", "Kanzlei Hartwig und Söhne", "Kindergarten Regenbogen", "Klinik am Stadtwald", "Kühlhaus Hafen Nord", "Labor Dr. Feldmann",
    "Logistik Rheinbogen", "Maschinenbau Thielen", "Möbelhaus Wohnraum", "Museum der Arbeit", "Musikschule Taktvoll", "Optik Klarblick", "Pflegeheim Haus Abendsonne",
    "Polsterei Sandmann", "Praxis Dr. Okonkwo", "Rechenzentrum Ruhr", "Reinigung Blitzblank", "Sanitätshaus Vital", "Schreinerei Eichbaum", "Schwimmverein Neptun",
    "Spedition Kampmann", "Stahlhandel Grothe", "Steuerbüro Arslan", "Supermarkt Frischpunkt", "Tanzschule Drehmoment", "Tierklinik Rheinaue", "Verlag Morgenblatt", "Wohnungsgenossenschaft Glückauf",
];

pub(super) const FIRST_NAMES: [&str; 32] = [
    "Anna", "Mehmet", "Claudia", "Jonas", "Fatma", "Peter", "Sabine", "Lukas", "Olga", "Thomas", "Aylin", "Martin", "Birgit", "Dirk", "Nadia", "Sven", "Petra", "Karim", "Ulrike", "Jan",
    "Elif", "Holger", "Monika", "Tarek", "Silke", "Georg", "Irina", "Rainer", "Leyla", "Frank", "Heike", "Pawel",
];

pub(super) const LAST_NAMES: [&str; 32] = [
    "Schneider", "Yılmaz", "Kowalski", "Becker", "Hoffmann", "Demir", "Krüger", "Nowak", "Schulte", "Petrov", "Lange", "Öztürk", "Winter", "Brandt", "Haddad", "Vogel", "Keller", "Aydın",
    "Lindner", "Sommer", "Franke", "Mansour", "Böhm", "Seidel", "Kaya", "Engel", "Ivanova", "Pohl", "Horn", "Çelik", "Busch", "Wolff",
];

/// What a customer asks for: service type, words.
pub(super) const NEEDS: [(&str, &str); 16] = [
    ("repair", "The heating in the office stays cold since this morning."),
    ("repair", "The sliding door at the entrance does not close any more."),
    ("maintenance", "Yearly service of the ventilation, please outside opening hours."),
    ("inspection", "The fire doors are due for their inspection."),
    ("repair", "Water drips from the ceiling in the store room."),
    ("installation", "We need two more emergency lights in the stairwell."),
    ("maintenance", "Filter change of the air conditioning on the second floor."),
    ("support", "The alarm panel shows code 17; what does it mean?"),
    ("repair", "The lift stops between the floors from time to time."),
    ("inspection", "Electrical inspection of the kitchen appliances."),
    ("repair", "The cold room does not go below eight degrees."),
    ("installation", "New access readers for the side entrance."),
    ("maintenance", "Service of the emergency generator with test run."),
    ("repair", "One of the charging points shows a fault."),
    ("inspection", "Legionella sampling in the shower block."),
    ("support", "Please show the new caretaker how the boiler is operated."),
];

/// What a technician writes: summary, internal note, follow-up.
pub(super) const FINDINGS: [(&str, Option<&str>, Option<&str>); 8] = [
    ("Pump replaced, system vented and test run for 30 minutes. Pressure is stable.", Some("The old pump was mounted upside down. Mention it to sales before the contract renewal."), None),
    ("Sensor cleaned and adjusted. The door closes reliably again.", None, Some("The drive belt is worn and should be replaced within three months.")),
    ("All filters changed, flow measured and entered in the log book.", Some("The caretaker was not there, keys are with the porter."), None),
    ("Inspection done, two minor findings corrected on the spot.", None, None),
    ("Leak found at a pipe joint and sealed. The ceiling must dry before it is painted.", Some("Someone else did the joint in the first place, not us."), Some("Check the ceiling for moisture in two weeks.")),
    ("Controller reset and updated. The fault did not come back during an hour of operation.", None, None),
    ("Defective ballast replaced, all emergency lights tested.", Some("Two lights belong to the neighbour, did not touch them."), None),
    ("Could not reach the fault on site; the compressor needs a part that has to be ordered.", Some("Ask purchasing for the part, customer is impatient."), Some("Install the new compressor part as soon as it arrives.")),
];
