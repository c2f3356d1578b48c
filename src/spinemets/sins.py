"""Points of the SINS items, apart from groupings: a simulated cohort needs nothing else of them."""

from __future__ import annotations

from typing import Final

#: Points of the SINS items (Fisher 2010); a test compares them with the score's file.
SINS_POINTS: Final[dict[str, dict[str, int]]] = {
    "sins_location": {"junctional": 3, "mobile": 2, "semi_rigid": 1, "rigid": 0},
    "sins_pain": {"mechanical": 3, "occasional": 1, "none": 0},
    "sins_bone_lesion": {"lytic": 2, "mixed": 1, "blastic": 0},
    "sins_alignment": {"subluxation": 4, "deformity": 2, "normal": 0},
    "sins_collapse": {"over_50": 3, "under_50": 2, "body_over_50_involved": 1, "none": 0},
    "sins_posterolateral": {"bilateral": 3, "unilateral": 1, "none": 0},
}
