"""One look for every figure: sizes in millimetres, colours that colour-blind readers tell apart."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

#: Okabe and Ito's palette without yellow (too light for lines) and with grey instead of black.
COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
#: Line styles go with the colours, so that a figure survives a photocopier.
DASHES: Final[tuple[Any, ...]] = (
    "solid",
    (0, (5, 1.6)),
    (0, (1.2, 1.4)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (3, 1)),
    (0, (3, 0.9, 0.9, 0.9, 0.9, 0.9)),
    (0, (2, 2)),
)
INK: Final = "#1A1A1A"
QUIET: Final = "#595959"
FAINT: Final = "#BDBDBD"
GRID: Final = "#E6E6E6"
ALERT: Final = "#9E2A00"

FONT: Final = 7.0
SMALL: Final = 6.5
MM: Final = 25.4
DPI: Final = 300

RC: Final[dict[str, Any]] = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelpad": 2.0,
    "axes.labelsize": FONT,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": FONT,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "lines.linewidth": 1.1,
    "lines.solid_capstyle": "butt",
    "path.simplify": False,
    "pdf.compression": 9,
    "pdf.fonttype": 42,
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "spinemets",
    "text.color": INK,
    "xtick.color": INK,
    "xtick.labelsize": SMALL,
    "xtick.major.pad": 2.0,
    "xtick.major.size": 2.5,
    "xtick.major.width": 0.6,
    "ytick.color": INK,
    "ytick.labelsize": SMALL,
    "ytick.major.pad": 2.0,
    "ytick.major.size": 2.5,
    "ytick.major.width": 0.6,
}


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = FONT, bold: bool = False) -> float:
    """
    Width of a text as it will be printed.

    Parameters
    ----------
    text : str
        One line.
    size : float
        Font size in points.
    bold : bool
        Weight.

    Returns
    -------
    float
        Millimetres.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72 * MM


def line_height(size: float = FONT) -> float:
    """
    Distance from one line of text to the next.

    Parameters
    ----------
    size : float
        Font size in points.

    Returns
    -------
    float
        Millimetres.
    """
    return size * 1.25 / 72 * MM


def luminance(colour: tuple[float, ...]) -> float:
    """
    Relative luminance of a colour (WCAG 2).

    Parameters
    ----------
    colour : tuple of float
        Red, green, blue from 0 to 1.

    Returns
    -------
    float
        0 for black, 1 for white.
    """
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def wrap(text: str, width: float, size: float = FONT, bold: bool = False) -> list[str]:
    """
    Break a text into lines of a printed width.

    Parameters
    ----------
    text : str
        Words.
    width : float
        Millimetres.
    size : float
        Font size in points.
    bold : bool
        Weight.

    Returns
    -------
    list of str
        At least one line; a single word that is too wide stands alone.
    """
    lines: list[str] = []
    for word in text.split(" "):  # a no-break space holds words together
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines or [""]


def fit(text: str, width: float, size: float = SMALL) -> str:
    """
    Shorten a name that is too wide for its column.

    Parameters
    ----------
    text : str
        One line.
    width : float
        Millimetres.
    size : float
        Font size in points.

    Returns
    -------
    str
        The text, or its beginning with an ellipsis.

    Examples
    --------
    >>> fit("Decompression", 100.0)
    'Decompression'
    """
    while text_width(text, size) > width and len(text) > 4:
        text = text.rstrip("…")[:-1].rstrip() + "…"
    return text


def columns(
    width: float, panels: int, left: float, gap: float, most: int
) -> tuple[int, float, float]:
    """
    Divide a page into columns of panels; few panels make a narrower page, not wider panels.

    Parameters
    ----------
    width : float
        Width of the page, millimetres.
    panels : int
        Number of panels.
    left, gap : float
        Room left of the first panel and between panels, millimetres.
    most : int
        Columns on a full page.

    Returns
    -------
    columns : int
        Columns.
    panel : float
        Width of a panel, millimetres.
    width : float
        Width of the page, millimetres.
    """
    full = max(1, min(most, int((width - left + gap) // (34 + gap))))
    panel = (width - left - 4 - (full - 1) * gap) / full
    used = min(full, panels)
    return used, panel, left + used * panel + (used - 1) * gap + 4


class Page:
    """
    A figure laid out in millimetres from its upper left corner.

    Parameters
    ----------
    width, height : float
        Size in print.
    """

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.figure: Any = Figure(figsize=(width / MM, height / MM), dpi=DPI)

    def axes(self, left: float, top: float, width: float, height: float) -> Any:
        """
        Add axes.

        Parameters
        ----------
        left, top, width, height : float
            Place and size of the data area.

        Returns
        -------
        matplotlib.axes.Axes
            Empty axes.
        """
        bottom = self.height - top - height
        box = (
            left / self.width,
            bottom / self.height,
            width / self.width,
            height / self.height,
        )
        return self.figure.add_axes(box)

    def text(self, x: float, y: float, text: str, **style: Any) -> Any:
        """
        Write one line; ``y`` is the middle of the line.

        Parameters
        ----------
        x, y : float
            Millimetres from the upper left corner.
        text : str
            What to write.
        **style : object
            Properties of matplotlib's text; ``va`` is ``center`` unless given.

        Returns
        -------
        matplotlib.text.Text
            The text.
        """
        style = {"va": "center", "ha": "left", "fontsize": FONT} | style
        # A dollar sign in a label is a dollar sign, not mathematics.
        return self.figure.text(
            x / self.width, 1 - y / self.height, text, parse_math=False, **style
        )

    def line(self, x: tuple[float, float], y: tuple[float, float], **style: Any) -> None:
        """
        Draw a line on the page.

        Parameters
        ----------
        x, y : tuple of float
            Ends, millimetres from the upper left corner.
        **style : object
            Properties of matplotlib's line.
        """
        from matplotlib.lines import Line2D

        xs = [v / self.width for v in x]
        ys = [1 - v / self.height for v in y]
        self.figure.add_artist(Line2D(xs, ys, transform=self.figure.transFigure, **style))
