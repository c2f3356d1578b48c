"""What the evaluation found beside discrimination and calibration, each part with a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from spinemets.reporting.cells import Shown, count, estimate, number
from spinemets.reporting.score_cells import caveats

if TYPE_CHECKING:
    import pandas as pd

Names = dict[str, str]
OWN: Final = "own"
#: Thresholds of which net benefit is printed; the table holds all.
THRESHOLDS: Final = ("0.30", "0.50", "0.70")
ALL: Final = {"treat_all": "Change for all", "treat_none": "Change for none"}
LEGACY: Final = {
    "legacy_worst_band_dead": "worst band, dead",
    "legacy_best_band_alive": "best band, alive",
    "legacy_predictive_accuracy": "survival where the band says",
    "nri_events": "NRI, events",
    "nri_nonevents": "NRI, non-events",
    "nri": "NRI",
    "idi": "IDI",
}
WIDTHS: Final = {
    "harrell_c": "Harrell’s C",
    "auc": "AUC",
    "oe_ratio": "O:E",
    "calibration_slope": "slope",
    "standardised_net_benefit": "standardised net benefit",
    "riley": "O:E, slope and C of a yes-or-no outcome",
}


@dataclass(frozen=True)
class Part:
    """
    A part of the section on performance.

    Parameters
    ----------
    heading, sentence : str
        What it is, and how to read it.
    table : Shown
        Its table.
    """

    heading: str
    sentence: str
    table: Shown


def parts(found: dict[str, pd.DataFrame], names: Names) -> list[Part]:
    """
    Parts of the evaluation in the order in which they are printed.

    Parameters
    ----------
    found : dict of str to pandas.DataFrame
        Released tables.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    list of Part
        Optimism, utility, updated table, transport, outcomes beside death, legacy columns,
        precision.
    """
    return [
        Part(
            "Optimism",
            "A risk that was fitted to these patients looks better in them than it will elsewhere. "
            "Of scores and risks that come from elsewhere there is none: nothing was fitted.",
            optimism(found["optimism"], names),
        ),
        Part(
            "Clinical utility",
            "Net benefit counts true positives less false positives at the odds of the threshold "
            "probability of death, per patient; risks from elsewhere and risks fitted here are not "
            "compared with each other.",
            utility(found["decision_curves"], names),
        ),
        Part(
            "This centre’s updated table",
            "Risks from elsewhere, adapted to this cohort: its baseline alone, baseline and slope, "
            "or every risk anew. Take the simplest one that calibrates (table recalibration).",
            updated(found["updated_risks"], names),
        ),
        Part(
            "Transport",
            "How the scores do from centre to centre, what a further centre may expect, and which "
            "part of a difference to the reference cohort is other patients (case mix) and which "
            "is the score separating differently (validity).",
            transport(found["transport"], names),
        ),
        Part(
            "Outcomes beside death",
            "Whether a score orders patients by local failure, skeletal events, reoperation; death "
            "is a competing event. Most scores were made for survival and need not.",
            other_outcomes(found["other_outcomes"], names),
        ),
        Part(
            "Columns that papers print",
            "For comparison with older papers; proper measures of a score stand above.",
            legacy(found["legacy"], names),
        ),
        Part(
            "Precision, and the size of the next validation",
            "Known before any score is looked at: fewer than 100 events are too few, fewer than "
            "200 are not many.",
            precision(found["precision"]),
        ),
    ]


def _label(row: Any, names: Names) -> str:
    score = str(row["score"])
    return names.get(score, score) + (f", {row['variant']}" if row["variant"] else "")


def _source(text: Any) -> str:
    return str(text).replace("_", "-").replace("+", " and ")


def optimism(table: pd.DataFrame, names: Names) -> Shown:
    """
    Brier score and IPA of fitted risks as they look and as they can be expected.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``optimism``.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per score and horizon that something was fitted for.
    """
    columns = {"apparent_brier": "Brier, apparent", "corrected_brier": "corrected",
               "e632_plus_brier": ".632+", "cross_validated_brier": "cross-validated",
               "apparent_ipa": "IPA, apparent", "corrected_ipa": "corrected",
               "e632_plus_ipa": ".632+", "cross_validated_ipa": "cross-validated"}  # fmt: skip
    kept = table[table["measure"].isin(list(columns))]
    rows = []
    for _, part in kept.groupby(["score", "variant", "horizon"], sort=False):
        first = part.iloc[0]
        cells = {str(row["measure"]): _plain(row) for _, row in part.iterrows()}
        rows.append([_label(first, names), str(first["horizon"]), count(first["n"]),
                     count(first["events"]), *(cells.get(m, "") for m in columns)])  # fmt: skip
    fixed = table[table["measure"].eq("optimism_harrell_c")]
    who = ", ".join(dict.fromkeys(_label(row, names) for _, row in fixed.iterrows()))
    notes = [f"Harrell’s C of {who}: none, nothing was fitted."] if who else []
    resamples = [m for m in kept["method"] if "resamples" in m]
    notes += [f"Corrected: {resamples[0].partition(';')[0]}."] if resamples else []
    head = ["Score", "Horizon", "n", "Deaths by the horizon", *columns.values()]
    return Shown("Optimism of risks fitted to this cohort", head, rows, notes + caveats(kept))


def _plain(row: Any) -> str:
    decimals = 3 if str(row["measure"]).endswith("brier") else 2
    return number(row["estimate"], decimals) or str(row["note"]) or "not released"


def utility(table: pd.DataFrame, names: Names) -> Shown:
    """
    Net benefit at three thresholds, of the first comparison set that has some.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``decision_curves``.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per horizon, kind of risk and score, with changing for all.
    """
    kept = table[table["measure"].eq("net_benefit") & table["estimate"].notna()]
    kept = kept[kept["threshold"].isin(list(THRESHOLDS)) & kept["score"].ne("treat_none")]
    sets = [s for s in dict.fromkeys(kept["set"]) if s != OWN]
    chosen = sets[0] if sets else OWN
    kept = kept[kept["set"].eq(chosen)]
    rows = []
    keys = ["horizon", "source", "score", "variant", "other"]
    for _, part in kept.groupby(keys, sort=False):
        first = part.iloc[0]
        label = ALL.get(str(first["score"])) or _label(first, names)
        if first["other"]:
            label += f" (patients of {names.get(str(first['other']), first['other'])})"
        at = {str(row["threshold"]): estimate(row) for _, row in part.iterrows()}
        decision = str(first["decision"]).replace("_", " ")
        rows.append([label, str(first["horizon"]), decision, _source(first["source"]),
                     count(first["n"]), count(first["events"]),
                     *(at.get(t, "") for t in THRESHOLDS)])  # fmt: skip
    head = ["Score", "Horizon", "Decision", "Risk", "n", "Deaths by the horizon",
            *(f"Threshold {t}" for t in THRESHOLDS)]  # fmt: skip
    where = "each score’s own patients" if chosen == OWN else f"set “{chosen}”"
    return Shown(f"Net benefit, {where}", head, rows, caveats(kept))


def updated(table: pd.DataFrame, names: Names) -> Shown:
    """
    This centre's updated table.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``updated_risks``.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per score, horizon and risk; the three updates side by side.
    """
    methods = {"baseline": "Baseline", "slope": "Baseline and slope", "levels": "Each anew"}
    rows = []
    for _, part in table.groupby(["score", "variant", "horizon", "source", "level"], sort=False):
        first = part.iloc[0]
        cells = {str(row["update"]): _updated(row) for _, row in part.iterrows()}
        rows.append([_label(first, names), str(first["horizon"]), str(first["band"]),
                     f"{first['level']} ({_source(first['source'])})" if first["level"] else "",
                     count(first["n"]), count(first["events"]),
                     *(cells.get(m, "") for m in methods)])  # fmt: skip
    notes = [n for n in dict.fromkeys(table["note"]) if n]
    head = ["Score", "Horizon", "Band", "Risk from elsewhere", "n", "Deaths by the horizon",
            *methods.values()]  # fmt: skip
    return Shown("Risk of death, adapted to this cohort", head, rows, [f"{n}." for n in notes])


def _updated(row: Any) -> str:
    value = number(row["updated"], 2)
    if not value:
        return str(row["note"]) or "not released"
    return f"{value} ({number(row['lower'], 2) or '–'} to {number(row['upper'], 2) or '–'})"


def transport(table: pd.DataFrame, names: Names) -> Shown:
    """
    Pooled values, prediction intervals, and the parts of a difference to a reference cohort.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``transport``.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per score and measure.
    """
    words = {
        "pooled_harrell_c": "Harrell’s C, centres pooled",
        "new_centre_harrell_c": "Harrell’s C, a further centre",
        "pooled_oe_ratio": "O:E, centres pooled",
        "new_centre_oe_ratio": "O:E, a further centre",
        "harrell_c_reference": "Harrell’s C in the reference cohort",
        "harrell_c_difference": "Difference of C to the reference",
        "harrell_c_case_mix": "of which case mix",
        "harrell_c_validity": "of which validity",
    }
    kept = table[table["measure"].isin(list(words))]
    rows = [
        [_label(row, names) or "All scores", words[str(row["measure"])], str(row["horizon"]),
         estimate(row), *(count(row[c]) if row["method"] else "" for c in ("n", "events"))]
        for row in kept.to_dict("records")
    ]  # fmt: skip
    head = ["Score", "Measure", "Horizon", "Estimate", "n", "Deaths"]
    return Shown("Between centres and cohorts", head, rows, caveats(kept))


def other_outcomes(table: pd.DataFrame, names: Names) -> Shown:
    """
    Concordance of every score with the outcomes beside death.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``other_outcomes``.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per outcome and score, each on its own patients.
    """
    own = table[table["set"].eq(OWN)]
    horizons = list(dict.fromkeys(h for h in own["horizon"] if h))
    rows = []
    for _, part in own.groupby(["outcome", "score", "variant"], sort=False):
        first = part.iloc[0]
        cells = {(str(r["measure"]), str(r["horizon"])): estimate(r) for _, r in part.iterrows()}
        rows.append([str(first["outcome"]).replace("_", " ").capitalize(),
                     _label(first, names) or "All scores", count(first["n"]),
                     count(first["events"]), cells.get(("harrell_c", ""), ""),
                     *(cells.get(("auc", h), "") for h in horizons)])  # fmt: skip
    head = [
        "Outcome",
        "Score",
        "n",
        "Events",
        "C, cause-specific",
        *(f"AUC, {h}" for h in horizons),
    ]
    return Shown("Scores and outcomes beside death", head, rows, caveats(own))


def legacy(table: pd.DataFrame, names: Names) -> Shown:
    """
    Columns that papers print.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``legacy``.
    names : dict of str to str
        Score id to short name.

    Returns
    -------
    Shown
        One line per score and measure.
    """
    kept = table[table["measure"].isin(list(LEGACY))]
    rows = []
    for row in kept.to_dict("records"):
        what = LEGACY[str(row["measure"])]
        if row["other"]:
            what += f", over {names.get(str(row['other']), row['other'])}"
        band = str(row["stratum"]) if row["stratum"] != "all" else ""
        rows.append([_label(row, names), what, band, str(row["horizon"]), estimate(row),
                     count(row["n"]), count(row["events"])])  # fmt: skip
    head = ["Score", "Column", "Band", "Horizon", "Share", "n", "Deaths by the horizon"]
    return Shown("Columns that papers print", head, rows)


def precision(table: pd.DataFrame) -> Shown:
    """
    Events, expected interval widths and planned sizes by horizon.

    Parameters
    ----------
    table : pandas.DataFrame
        Released table ``precision``.

    Returns
    -------
    Shown
        One line per horizon and measure that a width is expected of.
    """
    rows, how = [], dict[str, None]()
    for horizon, part in table.groupby("horizon", sort=False):
        cells = {str(row["measure"]): row for row in part.to_dict("records")}
        for measure, word in WIDTHS.items():
            width, size = (cells.get(f"{w}_{measure}") for w in ("expected_width", "planned_n"))
            if width is None and size is None:
                continue
            counts = [_count(cells.get(c)) for c in ("events", "nonevents")]
            rows.append([str(horizon), word, *counts, _width(width), _size(size)])
            for what, row in (("expected width", width), ("patients planned", size)):
                if row is not None and row["method"]:
                    how[f"{word}, {what}: {row['method']}."] = None
    head = ["Horizon", "95 % interval of", "Deaths by the horizon", "Alive then", "Expected width",
            "Patients planned"]  # fmt: skip
    notes = [f"{n}." for n in dict.fromkeys(table["note"]) if n]
    return Shown("Expected interval widths and planned sizes", head, rows, [*how, *notes])


def _count(row: Any) -> str:
    return "" if row is None else count(row["estimate"])


def _width(row: Any) -> str:
    return "" if row is None else number(row["estimate"], 2) or str(row["note"])


def _size(row: Any) -> str:
    return "" if row is None else number(row["estimate"]) or str(row["note"])
