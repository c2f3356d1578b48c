"""
Write what is derived from the settings model: ``config/config.yaml``, the JSON schemas and the
tables of ``config/README.md``.

``python -m spinemets.settings_docs`` writes them; ``--check`` only says which are out of step.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from spinemets.settings import Cohort, Settings, Simulated
from spinemets.settings_base import Model
from spinemets.stages._common import parser

BEGIN: Final = "<!-- generated: python -m spinemets.settings_docs -->"
END: Final = "<!-- end of generated part -->"
WIDTH: Final = 100


def _unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return value.model_dump(mode="json")
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return value


def _yaml(value: Any) -> str:
    text = yaml.safe_dump(_plain(value), default_flow_style=True, sort_keys=False, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")


def config_yaml() -> str:
    """
    Give ``config/config.yaml`` with every key, its default, unit and meaning.

    Returns
    -------
    str
        YAML text.
    """
    lines = [
        "# Settings of the study, each with its default. Written by `python -m"
        " spinemets.settings_docs`;",
        "# edit the values freely, a key that you delete takes its default again.",
        "# yaml-language-server: $schema=../workflow/schemas/config.schema.json",
    ]
    for name, field in Settings.model_fields.items():
        if name == "cohorts":
            continue
        lines += ["", f"# {field.description}"]
        if isinstance(field.default, Model):
            lines.append(f"{name}:")
            for key, inner in type(field.default).model_fields.items():
                unit = f" [{_unit(inner)}]" if _unit(inner) else ""
                lines.append(f"  # {inner.description}{unit}")
                lines.append(f"  {key}: {_yaml(inner.default)}")
        else:
            lines.append(f"{name}: {_yaml(field.default)}")
    return "\n".join(lines) + "\n"


def _table(model: type[Model], prefix: str = "") -> list[str]:
    rows = ["| key | takes | default | unit | meaning |", "| --- | --- | --- | --- | --- |"]
    schema = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        required = field.default is PydanticUndefined
        default = "required" if required else f"`{_yaml(field.default)}`"
        takes = _takes(schema[name])
        cells = [f"`{prefix}{name}`", takes, default, _unit(field), str(field.description)]
        rows.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return rows


def _takes(entry: dict[str, Any]) -> str:
    if "enum" in entry:
        return ", ".join(f"`{v}`" for v in entry["enum"])
    if "anyOf" in entry:
        return " or ".join(_takes(e) for e in entry["anyOf"] if e.get("type") != "null")
    if "$ref" in entry:
        return "see below"
    if entry.get("type") == "array":
        return f"list of {_takes(entry['items'])}"
    bounds = [f"{sign} {entry[k]:g}" for k, sign in _BOUNDS.items() if k in entry]
    return str(entry.get("type", "mapping")) + (f" {' and '.join(bounds)}" if bounds else "")


_BOUNDS: Final = {
    "minimum": ">=",
    "exclusiveMinimum": ">",
    "maximum": "<=",
    "exclusiveMaximum": "<",
}


def readme_tables() -> str:
    """
    Give the generated part of ``config/README.md``.

    Returns
    -------
    str
        Markdown tables, one per section.
    """
    parts = ["### `config/cohorts.yaml`: a list `cohorts`, each entry with", "", *_table(Cohort)]
    parts += ["", "`simulate` takes", "", *_table(Simulated), "", "### `config/config.yaml`"]
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, Model):
            parts += ["", f"`{name}`: {field.description}", ""]
            parts += _table(type(field.default), f"{name}.")
    from spinemets.settings import ComparisonSet

    parts += ["", "An entry of `evaluation.comparison_sets`", "", *_table(ComparisonSet)]
    return "\n".join(parts)


def files(root: Path) -> dict[Path, str]:
    """
    Every derived file and what it must hold.

    Parameters
    ----------
    root : Path
        Root of the checkout.

    Returns
    -------
    dict of Path to str
        Content by path.
    """
    readme = root / "config" / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[-1]
    schema = json.dumps(Settings.model_json_schema(), indent=1, sort_keys=True) + "\n"
    return {
        root / "config" / "config.yaml": config_yaml(),
        root / "workflow" / "schemas" / "config.schema.json": schema,
        readme: f"{before}{BEGIN}\n\n{readme_tables()}\n\n{END}{after}",
    }


def main(argv: Sequence[str] | None = None) -> int:
    """
    Write the derived files, or check them.

    Parameters
    ----------
    argv : sequence of str, optional
        Command-line arguments.

    Returns
    -------
    int
        0 when in step (after writing always), 1 when ``--check`` finds one that isn't.
    """
    options = parser(__doc__)
    options.add_argument("--root", type=Path, default=Path(), help="root of the checkout")
    options.add_argument("--check", action="store_true", help="write nothing, only compare")
    args = options.parse_args(argv)
    stale = 0
    for path, content in files(args.root).items():
        if path.is_file() and path.read_text(encoding="utf-8") == content:
            continue
        stale = 1
        if args.check:
            sys.stderr.write(f"{path} is out of step with spinemets.settings\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    return stale if args.check else 0


if __name__ == "__main__":
    raise SystemExit(main())
