"""The chart's README: every value with its default and meaning, from values and schema.

`make chart` writes it. A value's meaning is its `description` in values.schema.json,
where editors show it too.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

_HEAD = """# snaptrace

{description}

Kubernetes {kubernetes}. Installation, step by step: docs/install.md of the source.
Shapes of the collector: docs/shapes.md.

```sh
helm install snaptrace oci://REGISTRY/charts/snaptrace \\
  --namespace snaptrace --create-namespace --set image.repository=REGISTRY/snaptrace
helm test snaptrace --namespace snaptrace
```

`helm test` sends a span through the collector and waits for it on the other side.

## Workers and NATS

Workers (`workers.enabled`) need a NATS with JetStream, by its address in
`workers.nats.url`. The chart installs none; docs/workers.md has values for the NATS
project's own chart beside this one, with TLS and a login.

## Upgrading

The chart's version is that of the programs. Stored data of older versions stays
readable; what a new version asks of the operator stands in docs/upgrade.md. `helm
upgrade` restarts the collectors one by one, and each seals its windows before it ends.

## Values

Settings of the programs stand under `collector.config` and `replayd.config`, word for
word as in docs/config.md.

| Value | Default | Meaning |
|---|---|---|
"""


class Row(NamedTuple):
    """One value of the chart."""

    key: str
    default: Any
    meaning: str


def rows(
    values: dict[str, Any], schema: dict[str, Any], definitions: dict[str, Any]
) -> Iterator[Row]:
    """Yield every value that can be set, in the order of values.yaml.

    A mapping whose keys the schema does not name is a value itself.

    Raises:
        KeyError: The schema does not know a value, or does not describe it.
    """
    for key, default in values.items():
        of = _resolved(schema["properties"][key], definitions)
        if isinstance(default, dict) and default and of.get("properties"):
            for row in rows(default, of, definitions):
                yield row._replace(key=f"{key}.{row.key}")
        else:
            yield Row(key, default, of["description"])


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    named = definitions[schema["$ref"].rpartition("/")[2]]
    return {**named, **{k: v for k, v in schema.items() if k != "$ref"}}


def text(chart: Path) -> str:
    """Render the README of the chart in this folder."""
    about = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    values = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))
    schema = json.loads((chart / "values.schema.json").read_text(encoding="utf-8"))
    head = _HEAD.format(
        description=about["description"],
        kubernetes=about["kubeVersion"].removesuffix("-0").replace(">=", "from "),
    )
    found = rows(values, schema, schema.get("definitions", schema.get("$defs", {})))
    return head + "".join(
        f"| `{row.key}` | `{json.dumps(row.default, ensure_ascii=False)}` | "
        f"{' '.join(row.meaning.split()).replace('|', chr(92) + '|')} |\n"
        for row in found
    )
