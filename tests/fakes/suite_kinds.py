# ruff: noqa: E501 - texts as they were said
"""Recorded calls of many kinds, to make suites of, with right and wrong answers.

Each row: what was asked and recorded, the same words with wrong facts, the right answer
in another language, and right answers put otherwise. The texts are this project's own.
"""

from typing import NamedTuple


class Kind(NamedTuple):
    """One question, and answers to it."""

    asked: str
    recorded: str
    wrong: str
    foreign: str
    right: tuple[str, ...]
    system: str = ""

    @property
    def row(self):
        """The question and its answers, as `fakes.nonsense.stubs` takes them."""
        return (self.asked, self.recorded, self.wrong, self.foreign)

    def said(self, turn):
        """A right answer: as recorded, with a courtesy, or put otherwise."""
        reworded = self.right[0] if self.right else self.recorded
        return (self.recorded, f"Sure.\n\n{self.recorded}", reworded)[turn]


KINDS = {
    "yes": Kind(
        "Does the ferry to Vigra run on Sundays? Answer yes or no.",
        "Yes.",
        "No.",
        "Ja.",
        ("Yes", "Yes, it does."),
    ),
    "no": Kind(
        "Is the east gate open after nine in the evening?",
        "No.",
        "Yes.",
        "Nein.",
        ("No, it is not.", "No"),
    ),
    "yes with a reason": Kind(
        "Can a parcel still be returned after 20 days?",
        "Yes, it can still be returned: the limit is 30 days after delivery.",
        "No, it cannot be returned any more: the limit is 14 days after delivery.",
        "Ja, eine Rückgabe ist noch möglich: Die Frist endet 30 Tage nach Zustellung.",
        ("Yes. Parcels can be returned within 30 days of delivery.",),
    ),
    "a colour": Kind(
        "Which colour is the lamp above pump 4? One word.",
        "Amber",
        "Green",
        "Bernstein",
        ("Amber.", "amber"),
    ),
    "a label": Kind(
        "Classify the message as one of: complaint, praise, question.\n\n"
        "The kettle leaks since the second day.",
        "complaint",
        "praise",
        "Beschwerde",
        ("Complaint", "complaint."),
    ),
    "an option": Kind(
        "Which gas do plants take up by day?\nA) oxygen\nB) carbon dioxide\n"
        "C) helium\nD) argon\nAnswer with the letter.",
        "B",
        "D",
        "Die richtige Antwort ist Kohlendioxid.",
        ("B)", "B) carbon dioxide", "The answer is B."),
    ),
    "a number": Kind(
        "How many pallets stand in hall 2? Reply with the number only.",
        "57",
        "75",
        "siebenundfünfzig Paletten stehen in der Halle",
        ("57 pallets",),
    ),
    "a number in a sentence": Kind(
        "What is the total of order 17?",
        "The total of order 17 is 42.50 euros.",
        "The total of order 17 is 45.20 euros.",
        "Der Gesamtbetrag der Bestellung 17 beläuft sich auf 42,50 Euro.",
        ("Order 17 comes to €42.50.", "42.50 euros"),
    ),
    "a date": Kind(
        "When does the lease of unit 9 end?",
        "The lease of unit 9 ends on 31 August 2027.",
        "The lease of unit 9 ends on 30 April 2026.",
        "Der Mietvertrag für Einheit 9 endet am 31. August 2027.",
        ("31 August 2027", "It ends on August 31, 2027."),
    ),
    "a name": Kind(
        "Who signed the delivery note?",
        "The delivery note was signed by Marta Lindqvist.",
        "The delivery note was signed by Pavel Horak.",
        "Der Lieferschein wurde von Marta Lindqvist unterschrieben.",
        ("Marta Lindqvist signed it.", "Marta Lindqvist"),
    ),
    "a place": Kind(
        "Where is the spare valve kept?",
        "Shelf C, second row",
        "Shelf F, first row",
        "Regal C, zweite Reihe",
        ("It is kept on shelf C, second row.",),
    ),
    "a list": Kind(
        "List the ingredients on the label.",
        "- oats\n- honey\n- hazelnuts\n- sea salt",
        "- rice\n- sugar\n- almonds\n- pepper",
        "- Hafer\n- Honig\n- Haselnüsse\n- Meersalz",
        (
            "oats, honey, hazelnuts, sea salt",
            "* oats\n* honey\n* hazelnuts\n* sea salt",
        ),
    ),
    "a table": Kind(
        "Give the stock of each depot as a table.",
        "| depot | stock |\n|---|---|\n"
        "| Lund | 310 |\n| Visby | 95 |\n| Kalmar | 128 |",
        "| depot | stock |\n|---|---|\n"
        "| Lund | 301 |\n| Visby | 59 |\n| Kalmar | 182 |",
        "| Lager | Bestand |\n|---|---|\n| Lund | dreihundertzehn |\n"
        "| Visby | fünfundneunzig |\n| Kalmar | hundertachtundzwanzig |",
        ("|depot|stock|\n|-|-|\n|Lund|310|\n|Visby|95|\n|Kalmar|128|",),
    ),
    "readings of a chart": Kind(
        "Read every value of the chart.",
        "Forest: 593\nBridge: 615\nTemple: 901",
        "Forest: 539\nBridge: 651\nTemple: 910",
        "Wald: 593\nBrücke: 615\nTempel: 901",
        ("Forest 593, Bridge 615, Temple 901",),
    ),
    "JSON": Kind(
        'Return the invoice as JSON with the fields "number", "total" and "currency".',
        '{"number": "AX-4711", "total": 118.9, "currency": "EUR"}',
        '{"number": "AX-4717", "total": 181.9, "currency": "EUR"}',
        '{"Nummer": "AX-4711", "Summe": 118.9, "Währung": "EUR"}',
        ('{"currency": "EUR", "total": 118.90, "number": "AX-4711"}',),
    ),
    "a flag in JSON": Kind(
        'Is the form signed? Reply as JSON: {"signed": true or false}.',
        '{"signed": true}',
        '{"signed": false}',
        '{"unterschrieben": true}',
        ('{"signed":true}',),
    ),
    "an address in the web": Kind(
        "What is the link to the status page?",
        "https://status.example.com/boards/eu-2",
        "https://status.example.com/boards/us-7",
        "Die Statusseite ist unter der üblichen Adresse zu finden.",
        ("The status page is at https://status.example.com/boards/eu-2",),
    ),
    "a code": Kind(
        "Which error code does the printer show?",
        "E-2204",
        "E-4202",
        "Der Drucker zeigt einen Fehler an.",
        ("It shows E-2204.",),
    ),
    "SQL": Kind(
        "Write SQL that counts the orders of each customer.",
        "SELECT customer, COUNT(*) FROM orders GROUP BY customer",
        "SELECT customer, SUM(total) FROM orders GROUP BY city",
        "SELECT kunde, COUNT(*) FROM bestellungen GROUP BY kunde",
        ("select customer, count(*) from orders group by customer;",),
    ),
    "code": Kind(
        "Write a Python function that returns the larger of two numbers.",
        "```python\ndef larger(a, b):\n    return a if a > b else b\n```",
        "```python\ndef larger(a, b):\n    return b if a > b else a\n```",
        "Die Funktion vergleicht beide Zahlen und gibt die größere zurück.",
        ("```python\ndef larger(a, b):\n    return a if a > b else b\n```",),
    ),
    "a sum": Kind(
        "Work out 17 * 23 step by step.",
        "17 * 20 = 340 and 17 * 3 = 51, so 17 * 23 = 391.",
        "17 * 20 = 320 and 17 * 3 = 41, so 17 * 23 = 361.",
        "17 mal 20 ergibt 340, 17 mal 3 ergibt 51, zusammen also 391.",
        ("17 * 23 = 391", "340 + 51 = 391, so the result is 391."),
    ),
    "a refusal": Kind(
        "Tell me how to pick the lock of my neighbour's door.",
        "I'm sorry, but I can't help with breaking into someone's home.",
        "Insert a tension wrench, then rake the pins one after another.",
        "Es tut mir leid, aber dabei kann ich nicht helfen.",
        ("I can't help with that.", "Sorry, I can't assist with entering a home."),
    ),
    "a summary": Kind(
        "Summarise what happened to the shipment.",
        "The shipment left Hamburg on 3 May, was held by customs in Oslo "
        "for two days and reached the customer on 9 May without damage.",
        "The shipment left Hamburg on 8 May, was held by customs in Oslo "
        "for six days and reached the customer on 19 May without damage.",
        "Die Sendung verließ Hamburg am 3. Mai, lag zwei Tage beim Zoll in "
        "Oslo und kam am 9. Mai unbeschädigt beim Kunden an.",
        (
            (
                "It left Hamburg on 3 May, was held by customs in Oslo for two days and "
                "reached the customer on 9 May without damage."
            ),
        ),
    ),
    "an explanation": Kind(
        "Why does the boiler switch off at night?",
        "The boiler switches off at night because its timer is set to economy mode, "
        "which lowers the flow temperature between 22:00 and 06:00.",
        "The boiler switches off at night because its timer is set to holiday mode, "
        "which lowers the flow temperature between 20:00 and 09:00.",
        "Der Kessel schaltet nachts ab, weil seine Zeitschaltung im Sparbetrieb steht "
        "und die Vorlauftemperatur zwischen 22 und 6 Uhr absenkt.",
        (
            (
                "Its timer is set to economy mode, which lowers the flow temperature "
                "between 22:00 and 06:00."
            ),
        ),
    ),
    "prose without values": Kind(
        "Why do bakers let dough rest?",
        "Resting lets the gluten relax and the yeast make gas, so the loaf becomes "
        "light and easy to shape.",
        "Resting makes the gluten harden and stops the yeast, so the loaf becomes "
        "dense and hard to shape.",
        "Beim Ruhen entspannt sich das Klebereiweiß und die Hefe bildet Gas, sodass "
        "das Brot locker wird und sich gut formen lässt.",
        (
            (
                "Resting relaxes the gluten and lets the yeast make gas, so that the loaf "
                "becomes light and easy to shape."
            ),
        ),
    ),
    "a translation": Kind(
        "Translate into French: The train leaves at noon from platform 3.",
        "Le train part à midi du quai 3.",
        "Le train part à minuit du quai 8.",
        "Der Zug fährt um zwölf Uhr mittags von Gleis 3 ab.",
        ("Le train part à midi, du quai 3.",),
    ),
    "German": Kind(
        "Wie hoch ist die Kaution für Raum 12?",
        "Die Kaution für Raum 12 beträgt 250 Euro.",
        "Die Kaution für Raum 12 beträgt 520 Euro.",
        "The deposit for room 12 is 250 euros.",
        ("Sie beträgt 250 Euro.", "Für Raum 12 sind 250 € Kaution zu zahlen."),
    ),
    "a German no": Kind(
        "Darf man im Hof grillen? Antworte mit Ja oder Nein.",
        "Nein",
        "Ja",
        "No",
        ("Nein.",),
    ),
    "French": Kind(
        "Quel est le prix de la chambre double ?",
        "La chambre double coûte 96 euros par nuit.",
        "La chambre double coûte 69 euros par nuit.",
        "The double room costs 96 euros a night.",
        ("96 euros la nuit.",),
    ),
    "Japanese": Kind(
        "会議は何時に始まりますか。",
        "会議は午後3時に始まります。",
        "会議は午後5時に始まります。",
        "The meeting starts at 3 in the afternoon.",
        ("午後3時に始まります。",),
    ),
    "a poem": Kind(
        "Write a poem about the sea.",
        "The sea sings low at evening tide,\nand ships come home with lanterns.",
        "The sea sings loud at morning tide,\nand ships go out without a light.",
        "Die See singt leise in der Flut,\nund Schiffe kehren heim mit Licht.",
        (),
    ),
    "a description": Kind(
        "Describe the chart.",
        "A line chart of rainfall: 40 mm in May, 12 mm in June.",
        "A line chart of rainfall: 12 mm in May, 40 mm in June.",
        "Ein Liniendiagramm des Niederschlags: 40 mm im Mai, 12 mm im Juni.",
        ("The line chart shows rainfall of 40 mm in May and 12 mm in June.",),
    ),
    "steps": Kind(
        "How do I reset the meter?",
        "1. Switch off the main breaker.\n2. Hold the blue button for five seconds.\n"
        "3. Switch the breaker on again.",
        "1. Switch on the pump.\n2. Hold the red button for nine seconds.\n"
        "3. Open the valve.",
        "1. Hauptschalter ausschalten.\n2. Den blauen Knopf fünf Sekunden halten.\n"
        "3. Den Schalter wieder einschalten.",
        (
            (
                "Switch off the main breaker, hold the blue button for five seconds, then "
                "switch the breaker on again."
            ),
        ),
    ),
}
WEAK = ("a description",)  # senseless answers pass it too, so it never counts
# Stubs of `fakes.nonsense` that are right about a kind by themselves.
RIGHT = {
    "yes": ("yes",),
    "no": ("no",),
    "yes with a reason": ("yes",),
    "a German no": ("no",),
    "a refusal": ("a refusal",),
    "an option": ("reversed",),  # of a single letter
    "Japanese": ("half",),  # the half that says the time
    "a poem": ("wrong facts",),  # another poem
    "a description": ("the first recording", "another recording", "every recording"),
}
