"""Models that answer without sense, and suites of recordings to try them on.

Each row: what was asked, what was recorded, the same words with wrong facts, and the
right answer in another language. The texts are this project's own.
"""

from fakes.provider import completion
from fakes.stored_calls import image_call, text_call
from fakes.suite_runs import KEY, NOW

PICTURE = b"\x89PNG\r\n\x1a\n" + b"a chart"
CHARTS = [
    (
        "Read every value of chart 1.",
        "Forest: 593\nBridge: 615\nTemple: 901",
        "Forest: 539\nBridge: 651\nTemple: 910",
        "Wald: 593\nBrücke: 615\nTempel: 901",
    ),
    (
        "Read every value of chart 2.",
        "North: 4210, South: 3100, East: 875",
        "North: 4120, South: 3010, East: 785",
        "Norden: 4210, Süden: 3100, Osten: 875",
    ),
    (
        "Which month of chart 3 had the most sales, and how many?",
        "March had the most sales: 1,204 units.",
        "March had the most sales: 1,402 units.",
        "Im März war der Absatz mit 1.204 Stück am höchsten.",
    ),
]
TEXTS = [
    (
        "What is the total of order 17?",
        "The total of order 17 is 42.50 euros.",
        "The total of order 17 is 45.20 euros.",
        "Der Gesamtbetrag der Bestellung 17 beläuft sich auf 42,50 Euro.",
    ),
    (
        "Can a parcel still be returned after 20 days?",
        "Yes, it can still be returned: the limit is 30 days after delivery.",
        "No, it cannot be returned any more: the limit is 14 days after delivery.",
        "Ja, eine Rückgabe ist noch möglich: Die Frist endet 30 Tage nach Zustellung.",
    ),
    (
        "Summarise what happened to the shipment.",
        (
            "The shipment left Hamburg on 3 May, was held by customs in Oslo "
            "for two days and reached the customer on 9 May without damage."
        ),
        (
            "The shipment left Hamburg on 8 May, was held by customs in Oslo "
            "for six days and reached the customer on 19 May without damage."
        ),
        (
            "Die Sendung verließ Hamburg am 3. Mai, lag zwei Tage beim Zoll in "
            "Oslo und kam am 9. Mai unbeschädigt beim Kunden an."
        ),
    ),
    (
        'Return the invoice as JSON with the fields "number", "total" and "currency".',
        '{"number": "AX-4711", "total": 118.9, "currency": "EUR"}',
        '{"number": "AX-4717", "total": 181.9, "currency": "EUR"}',
        '{"Nummer": "AX-4711", "Summe": 118.9, "Währung": "EUR"}',
    ),
    (
        "Why does the boiler switch off at night?",
        (
            "The boiler switches off at night because its timer is set to "
            "economy mode, which lowers the flow temperature between 22:00 and "
            "06:00."
        ),
        (
            "The boiler switches off at night because its timer is set to "
            "holiday mode, which lowers the flow temperature between 20:00 and "
            "09:00."
        ),
        (
            "Der Kessel schaltet nachts ab, weil seine Zeitschaltung im "
            "Sparbetrieb steht und die Vorlauftemperatur zwischen 22 und 6 Uhr "
            "absenkt."
        ),
    ),
]


def pinned_calls(rows, *, pictures):
    """Return one recorded call a row."""
    calls = []
    for number, (question, recorded, *_) in enumerate(rows):
        if not pictures:
            body = {
                "model": "assistant-7",
                "messages": [{"role": "user", "content": question}],
            }
            calls.append(text_call(number, at_ns=NOW, answer=recorded, body=body))
            continue
        call = image_call(number, PICTURE, KEY, at_ns=NOW, answer=recorded)
        call.request.body["messages"][0]["content"][0]["text"] = question
        calls.append(call)
    return calls


def question_of(body):
    """Return what a request asks."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else content[0]["text"]


def constant(text, **more):
    """Return a model that always says the same."""
    return lambda _body: completion(text, **more)


def looked_up(rows, choose):
    """Return a model that answers by the row of the question."""
    places = {row[0]: place for place, row in enumerate(rows)}
    return lambda body: completion(choose(rows, places[question_of(body)]))


def stubs(rows):
    """Return senseless models by name."""
    return {
        "the chart is lovely": constant("Forest: 1. The chart is lovely."),
        "empty": constant(""),
        "blank": constant("  \n "),
        "punctuation": constant("..."),
        "ok": constant("OK"),
        "yes": constant("Yes."),
        "no": constant("No."),
        "a number": constant("42"),
        "empty JSON": constant("{}"),
        "a refusal": constant("I'm sorry, but I can't help with that."),
        "no idea": constant("I don't know."),
        "a promise": constant("Sure! Let me look into that for you."),
        "a question back": constant("Could you please provide more details?"),
        "filler": constant("Lorem ipsum dolor sit amet, consectetur adipiscing elit."),
        "gibberish": constant("asdf qwer zxcv uiop hjkl bnm " * 4),
        "a loop": constant("the the the the the the the the " * 20),
        "an error": constant("Internal server error: upstream timed out"),
        "a torn end": constant("The answer to this is that the", finish="length"),
        "tool call": constant(
            "",
            tool_calls=[
                {
                    "id": "1",
                    "type": "function",
                    "function": {"name": "search", "arguments": "{}"},
                }
            ],
        ),
        "echo": lambda body: completion(question_of(body)),
        "the first recording": constant(rows[0][1]),
        "another recording": looked_up(rows, lambda r, n: r[(n + 1) % len(r)][1]),
        "wrong facts": looked_up(rows, lambda r, n: r[n][2]),
        "another language": looked_up(rows, lambda r, n: r[n][3]),
        "half": looked_up(rows, lambda r, n: r[n][1][: len(r[n][1]) // 2]),
        "every recording": constant("\n".join(row[1] for row in rows)),
        "reversed": looked_up(rows, lambda r, n: r[n][1][::-1]),
    }
