"""The stuff that seeded records are made of."""

from __future__ import annotations

FIRST_NAMES = (
    "Amelia", "Björn", "Chloé", "Dariusz", "Elena", "Farid", "Grace", "Håkon", "Inés", "Jürgen",
    "Keiko", "Łukasz", "María", "Nikos", "Oluwaseun", "Priya", "Quentin", "Renée", "Søren",
    "Tomás", "Uma", "Václav", "Wei", "Ximena", "Yusuf", "Zoë", "陽子", "Олена", "José",
    "Anne-Marie", "Michael",
)  # fmt: skip
LAST_NAMES = (
    "Andersson", "Bauer", "Çelik", "D'Angelo", "Eriksen", "Fernández", "García", "Haddad",
    "Ivanova", "Jones", "Kowalski", "Lefèvre", "Müller", "Nguyễn", "O'Brien", "Popescu",
    "Quispe", "Rossi", "Schröder", "Tanaka", "Ünal", "van der Berg", "Wójcik", "Xu", "Yamamoto",
    "Zhang", "Šimić", "Αγγέλου", "Smith", "Okafor", "de la Cruz", "Novák", "Patel", "Björnsdóttir",
    "Silva", "Weiß", "King",
)  # fmt: skip
COMPANY_WORDS = (
    "Acme", "Alpine", "Atlas", "Aurora", "Baltic", "Beacon", "Boréal", "Cascade", "Cedar",
    "Cobalt", "Copper", "Delta", "Ember", "Évasion", "Falcon", "Fjord", "Granite", "Harbour",
    "Helvetia", "Indigo", "Juniper", "Kestrel", "Lumen", "Maple", "Meridian", "Nordlicht",
    "Northwind", "Olive", "Orion", "Peak", "Quartz", "Río", "Saffron", "Sierra", "Summit",
    "Tundra", "Umbra", "Vertex", "Willow", "Zenith", "Öresund",
)  # fmt: skip
COMPANY_KINDS = (
    "Logistics", "Foods", "Energy", "Textiles", "Robotics", "Media", "Software", "Pharma",
    "Motors", "Timber", "Paper", "Optics", "Finance", "Travel", "Design", "Ceramics", "Marine",
    "Labs", "Partners",
)  # fmt: skip
COMPANY_FORMS = (
    "Inc.",
    "GmbH",
    "Ltd",
    "S.A.",
    "AB",
    "B.V.",
    "株式会社",
    "& Co",
    "LLC",
    "S.p.A.",
    "AG",
)
CITIES = (
    ("Berlin", "BE", "10115", "Germany"),
    ("San Francisco", "CA", "94105", "United States"),
    ("Malmö", "M", "211 22", "Sweden"),
    ("São Paulo", "SP", "01310-100", "Brazil"),
    ("Kraków", "MA", "30-001", "Poland"),
    ("東京", "13", "100-0001", "Japan"),
    ("London", "LND", "SW1A 1AA", "United Kingdom"),
    ("Zürich", "ZH", "8001", "Switzerland"),
    ("New York", "NY", "10001", "United States"),
    ("Αθήνα", "I", "105 57", "Greece"),
    ("Montréal", "QC", "H2Y 1C6", "Canada"),
)
STREETS = (
    "12 Market Street", "Hauptstraße 7", "1 Infinite Loop", "Rue de l'Église 44",
    "Calle Mayor 3", "Kungsgatan 18\n2 tr", "77 Queen's Road", "ul. Długa 5", "Via Roma 101",
)  # fmt: skip
TITLES = (
    "Buyer", "Chief Executive Officer", "Head of Purchasing", "Engineer", "VP, Operations",
    "Accountant", "Office Manager", "Director (Sales & Marketing)",
)  # fmt: skip
DEPARTMENTS = ("Sales", "Engineering", "Finance", "Purchasing", "Legal", "Support", "R&D")
SUBJECTS = (
    "The pump leaks", "Delivery is late", "How do I change my password?", "Wrong item in the box",
    'Label says "fragile", it was not', "Invoice 4711 charged twice", "Motor overheats at 40 °C",
)  # fmt: skip
SENTENCES = (
    "Met at the fair and asked for an offer.",
    "Long-standing customer; prefers to be called.",
    "Wants the contract in two languages,\nwith all prices net.",
    "Has a budget of 50 % for this year \N{EM DASH} decides in June.",
    'Said: "only if it\'s blue", so send samples.',
)
