"""Every series name that the programs can expose, from their own registries."""

SUFFIXES = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("", "_count", "_sum"),
}


def series_names(listing):
    """Return the names in a metrics listing (`name type {labels} help`)."""
    names = {}
    for line in listing.splitlines():
        name, kind, rest = line.split(" ", 2)
        labels = set(rest[1 : rest.index("}")].split(",")) - {""}
        if kind == "histogram":
            names |= {name + end: labels | {"le"} for end in SUFFIXES[kind]}
        else:
            names[name] = labels
    return names


def of_replayd():
    """Return {series name: labels} of replayd."""
    from replayd.telemetry.metrics import listing

    return series_names(listing())


def of_collector():
    """Return {series name: labels} of the relay and of its sampling process."""
    from fakes.collector_families import families

    found = {}
    for family in families():
        labels = set(family.labels) | ({"le"} if family.bounds else set())
        for end in SUFFIXES.get(family.kind, ("",)):
            found[family.name + end] = labels
    return found
