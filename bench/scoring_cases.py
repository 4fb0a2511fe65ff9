"""Scoring cases from templates: a question, a recorded, same and worse answers."""

import json
import random

from snaptrace.snapshot.model import ToolCall

PLACES = {
    "en": "North South East West Harbour Valley".split(),  # noqa: SIM905
    "de": "Lager Werk Hafen Büro Filiale Depot".split(),  # noqa: SIM905
    "fr": "Gare Port Usine Bureau Dépôt Jardin".split(),  # noqa: SIM905
    "es": "Norte Puerto Fábrica Oficina Jardín Sala".split(),  # noqa: SIM905
}


READ = {
    "en": "Read the chart.",
    "de": "Lies das Diagramm vor.",
    "fr": "Quelles valeurs montre ce graphique ?",
    "es": "¿Qué valores muestra este gráfico?",
}


THINGS = {
    "en": "lamp chair table shelf clock mirror carpet".split(),  # noqa: SIM905
    "de": "Lampe Stuhl Tisch Regal Uhr Spiegel Teppich".split(),  # noqa: SIM905
}


SPOKEN = {
    "en": (
        "please move the {0} from {1} to {2} before {3} o'clock",
        ("before", "after"),
    ),
    "de": (
        "bitte bring den Korb mit {0} nicht vor {3} von {1} nach {2}",
        ("nicht ", ""),
    ),
}


def grouped(value: int, language: str) -> str:
    """Return a number in the notation of a language."""
    mark = {"en": ",", "de": ".", "fr": "\u202f", "es": "."}[language]
    return f"{value:,}".replace(",", mark)


def charts(rng: random.Random, language: str) -> dict:
    """Return a chart, its rows in other layouts, and rows misread."""
    names = rng.sample(PLACES[language], 4)
    rows = {name: rng.randrange(10_000, 99_000) for name in names}
    lines = [f"{n}: {grouped(v, language)}" for n, v in rows.items()]
    wrong, swapped = dict(rows), dict(rows)
    wrong[names[1]] += 10 ** rng.randrange(1, 4)
    swapped[names[0]], swapped[names[2]] = rows[names[2]], rows[names[0]]
    table = "| | |\n|---|---|\n" + "\n".join(f"| {n} | {v} |" for n, v in rows.items())
    return {
        "question": READ[language],
        "modality": "image",
        "recorded": "\n".join(lines),
        "same": [table, json.dumps(rows), "\n".join(reversed(lines))],
        "worse": [
            "\n".join(f"{n}: {v}" for n, v in wrong.items()),
            "\n".join(f"{n}: {v}" for n, v in swapped.items()),
            "\n".join(lines[1:]),
            "\n".join([*lines[:3], f"Overseas: {rows[names[3]]}"]),
        ],
    }


def amounts(rng: random.Random, language: str) -> dict:
    """Return an amount with its unit, converted and mistaken."""
    value = rng.randrange(1_100, 9_900)
    ask = {"en": "How much was sold?", "de": "Wie viel wurde verkauft?"}[language]
    told = {"en": f"It was {value} kg.", "de": f"Es waren {value} kg."}[language]
    digits = str(value)
    turned = digits[0] + digits[2] + digits[1] + digits[3]
    return {
        "question": ask,
        "recorded": f"{grouped(value, language)} kg",
        "same": [told, f"{value * 1000} g", f"12 + 3 = 15.\n\nAnswer: {value} kg"],
        "worse": [
            f"{value} lb",
            f"{value * 10} kg",
            f"-{value} kg",
            *([f"{turned} kg"] if turned != digits else []),
        ],
    }


def choices(rng: random.Random, language: str) -> dict:
    """Return lettered options, chosen in several ways."""
    texts = rng.sample(THINGS[language], 4)
    listed = "\n".join(f"{mark}) {t}" for mark, t in zip("ABCD", texts, strict=True))
    right, other = rng.sample("ABCD", 2)
    lead = {"en": "The answer is", "de": "Die Antwort ist"}[language]
    return {
        "question": f"?\n{listed}",
        "recorded": right,
        "same": [
            f"{lead} {right}.",
            f"({right})",
            f"**{right}**",
            f"{other} is wrong. {lead} {right}.",
        ],
        "worse": [other, f"{lead} {other}.", f"{right} or {other}"],
    }


def classes(rng: random.Random, language: str) -> dict:
    """Return a classification, denied and doubled."""
    labels = {
        "en": ["urgent", "normal", "low"],
        "de": ["dringend", "normal", "niedrig"],
    }[language]
    right, other = rng.sample(labels, 2)
    ask = {"en": "Classify as {}, {} or {}.", "de": "Ordne ein als {}, {} oder {}."}[
        language
    ]
    deny = {"en": f"This is not {right}.", "de": f"Das ist nicht {right}."}[language]
    return {
        "question": ask.format(*labels) + f"\n\n{rng.randrange(99)}",
        "recorded": right,
        "same": [
            right.upper(),
            f'"{right}"',
            f"Label: {right}",
            json.dumps({"label": right}),
        ],
        "worse": [other, deny, f"{right}, {other}"],
    }


def documents(rng: random.Random, language: str) -> dict:
    """Return a nested document with one leaf wrong."""
    value = {
        "number": f"RE-{rng.randrange(10_000, 99_999)}",
        "paid": rng.random() < 0.5,
        "lines": [
            {"item": item, "price": rng.randrange(2, 90)}
            for item in rng.sample(THINGS[language], 3)
        ],
    }
    wrongs = [json.loads(json.dumps(value)) for _ in range(4)]
    wrongs[0]["number"] = value["number"][:-1] + str(
        (int(value["number"][-1]) + 1) % 10
    )
    wrongs[1]["paid"] = not value["paid"]
    wrongs[2]["lines"][1]["price"] += 1
    del wrongs[3]["lines"][2]
    return {
        "question": "JSON",
        "recorded": json.dumps(value),
        "same": [
            json.dumps(value, indent=2),
            "```json5\n" + json.dumps(dict(reversed(value.items()))) + "\n```",
        ],
        "worse": [*map(json.dumps, wrongs), json.dumps(value)[:-9]],
    }


def calls(rng: random.Random, language: str) -> dict:
    """Return a tool call with one argument wrong."""
    arguments = {
        "city": rng.choice(PLACES[language]),
        "day": f"2026-03-{rng.randrange(10, 28)}",
    }
    wrong = [
        {**arguments, "day": "2026-04-01"},
        {**arguments, "city": "Elsewhere"},
        {"city": arguments["city"]},
    ]
    same = [
        dict(reversed(arguments.items())),
        {**arguments, "city": arguments["city"].lower()},
    ]

    def call(value: dict) -> tuple[ToolCall, ...]:
        return (ToolCall(name="weather", arguments=json.dumps(value), id="a"),)

    return {
        "question": "?",
        "recorded": call(arguments),
        "same": [call(value) for value in same],
        "worse": [*(call(value) for value in wrong), "Done!"],
    }


def lists(rng: random.Random, language: str) -> dict:
    """Return a list with an item lost, invented or wrong."""
    items = rng.sample(THINGS[language], 5)
    four, other = items[:4], items[4]
    return {
        "question": {
            "en": "Which things are named?",
            "de": "Welche Dinge werden genannt?",
        }[language],
        "recorded": ", ".join(four),
        "same": ["- " + "\n- ".join(reversed(four)), json.dumps(four), "; ".join(four)],
        "worse": [", ".join(four[:3]), ", ".join(items), ", ".join([*four[:3], other])],
    }


def speech(rng: random.Random, language: str) -> dict:
    """Return spoken words with one of them misheard."""
    pattern, (word, instead) = SPOKEN[language]
    a, b = rng.sample(PLACES[language], 2)
    hour = rng.randrange(3, 12)
    said = pattern.format(rng.choice(THINGS[language]), a, b, hour)
    return {
        "question": "Transcribe.",
        "modality": "audio",
        "recorded": said,
        "same": [said.upper(), f'"{said}"', f"um, {said}"],
        "worse": [
            said.replace(word, instead, 1),
            said.replace(a, "Nowhere"),
            said + " thanks for watching everyone",
        ],
    }


def sums(rng: random.Random, language: str) -> dict:
    """Return a word problem with and without its working."""
    a, b = rng.randrange(12, 60), rng.randrange(3, 9)
    right = a * b
    ask = {
        "en": f"{b} boxes hold {a} pens each. How many pens?",
        "de": f"{b} Kisten mit je {a} Stiften: wie viele Stifte?",
    }[language]
    return {
        "question": ask,
        "recorded": f"{b} * {a} = {right}.\n#### {right}",
        "same": [
            str(right),
            f"$\\boxed{{{right}}}$",
            f"{b} * {a} = {right}. **{right}**",
        ],
        "worse": [
            str(right + 1),
            f"{b} * {a} = {right}. The answer is {right - 10}.",
            f"-{right}",
        ],
    }


def answers_yes_no(rng: random.Random, language: str) -> dict:
    """Return a yes or no that is reversed without saying so."""
    thing = rng.choice(THINGS[language])
    ask, yes, other, no, implied = {
        "en": (
            f"Is the {thing} still available?",
            "Yes.",
            f"The {thing} is available.",
            f"The {thing} is not available.",
            f"The {thing} is sold out.",
        ),
        "de": (
            f"Ist {thing} noch verfügbar?",
            "Ja.",
            f"{thing} ist verfügbar.",
            f"{thing} ist nicht verfügbar.",
            f"{thing} ist ausverkauft.",
        ),
    }[language]
    return {
        "question": ask,
        "recorded": other,
        "same": [yes, other.upper()],
        "worse": [no, implied, "Nein." if language == "de" else "No."],
    }


TASKS = {
    "chart": (charts, ("en", "de", "fr", "es")),
    "amount": (amounts, ("en", "de")),
    "options": (choices, ("en", "de")),
    "classes": (classes, ("en", "de")),
    "document": (documents, ("en", "de")),
    "tool_call": (calls, ("en", "de", "fr", "es")),
    "list": (lists, ("en", "de")),
    "speech": (speech, ("en", "de")),
    "sum": (sums, ("en", "de")),
    "yes_no": (answers_yes_no, ("en", "de")),
}
