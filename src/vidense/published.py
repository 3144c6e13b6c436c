"""What papers print for each method, cell by cell, with where it stands. Needs no torch.

Top-1 accuracy in percent on MiniUCF and HMDB51 (16 frames of 112x112), top-5 on Kinetics-400 and Something-Something
V2 (8 of 64x64), each with its printed spread over evaluation networks of one condensed set. All are best values over
checks on the test set, as the papers' shared reference code takes them, under protocol ``published`` unless a note
says otherwise.
"""

from dataclasses import dataclass

__all__ = ["CELLS", "Cell", "cells_of"]

VDSD, PRISM, DFS = "VDSD, CVPR 2024", "PRISM, CVPR 2026", "DFS, ICLR 2026 submission"
TSGF, OPTDISTILL = "TSGF, arXiv 2505.20694", "OptDistill"
SOFT = "soft labels, augmentation and another student: not comparable with hard-label rows"
REGIONS = "the paper says soft labels of regions, its code learns hard ones as the others do"
REGRESSION = "evaluated by AdamW and squared error, which the comparison calls a reference"


@dataclass(frozen=True)
class Cell:
    """One printed number.

    Attributes:
        method: registered name.
        dataset: ``MiniUCF``, ``HMDB51``, ``K400`` or ``SSv2``.
        vpc: videos per class.
        mean: accuracy in percent.
        spread: as printed beside it, in points; None where none is.
        source: the paper that prints it.
        note: how its evaluation differs; empty for protocol ``published``.
        model: evaluation network.
    """

    method: str
    dataset: str
    vpc: int
    mean: float
    spread: float | None
    source: str
    note: str = ""
    model: str = "minic3d"

    @property
    def printed(self) -> str:
        """Mean and spread as they are printed."""
        return f"{self.mean:.1f}" if self.spread is None else f"{self.mean:.1f} ± {self.spread:.1f}"


def _row(method: str, source: str, note: str = "", model: str = "minic3d", /, **datasets: str) -> list[Cell]:
    """Read ``MiniUCF="1: 17.9±0.3, 5: 28.0±0.1"``."""
    found = []
    for dataset, text in datasets.items():
        for entry in text.split(", "):
            vpc, _, value = entry.partition(": ")
            mean, _, spread = value.partition("±")
            printed = float(spread) if spread else None
            found.append(Cell(method, dataset, int(vpc), float(mean), printed, source, note, model))
    return found


CELLS: tuple[Cell, ...] = (
    *_row("random", VDSD, MiniUCF="1: 9.9±0.8, 5: 22.9±1.1", HMDB51="1: 4.6±0.5, 5: 6.6±0.7"),
    *_row("random", VDSD, K400="1: 3.0±0.1, 5: 5.6±0.0", SSv2="1: 3.3±0.1, 5: 3.9±0.1"),
    *_row(
        "random",
        PRISM,
        MiniUCF="1: 10.9±0.7, 5: 19.6±0.4, 10: 27.8±1.1",
        HMDB51="1: 3.3±0.1, 5: 6.8±0.7, 10: 9.8±0.4",
        K400="1: 3.0±0.2, 5: 5.5±0.2",
        SSv2="1: 3.1±0.1, 5: 3.6±0.1",
    ),
    *_row("herding", VDSD, MiniUCF="1: 12.7±1.6, 5: 25.8±0.3", HMDB51="1: 3.8±0.2, 5: 8.5±0.4"),
    *_row(
        "herding",
        PRISM,
        MiniUCF="1: 13.2±1.3, 5: 26.3±1.0, 10: 33.7±0.3",
        HMDB51="1: 3.0±0.1, 5: 9.0±0.6, 10: 10.8±0.6",
        K400="1: 3.3±0.1, 5: 6.3±0.2",
        SSv2="1: 2.8±0.1, 5: 3.6±0.1",
    ),
    *_row("kcenter", VDSD, MiniUCF="1: 11.5±0.7, 5: 23.0±1.3", HMDB51="1: 3.1±0.1, 5: 5.2±0.3"),
    *_row(
        "kcenter",
        PRISM,
        MiniUCF="1: 13.9±1.6, 5: 23.2±0.7, 10: 29.1±0.6",
        HMDB51="1: 2.4±0.4, 5: 5.2±0.4, 10: 8.0±0.1",
        K400="1: 3.1±0.1, 5: 6.2±0.2",
        SSv2="1: 2.6±0.2, 5: 4.5±0.1",
    ),
    *_row("static_dc", VDSD, MiniUCF="1: 13.7±1.1, 5: 24.7±0.5", HMDB51="1: 5.1±0.9, 5: 7.8±0.4"),
    *_row("dm", VDSD, MiniUCF="1: 15.3±1.1, 5: 25.7±0.2", HMDB51="1: 6.1±0.2, 5: 8.0±0.2"),
    *_row("dm", VDSD, K400="1: 6.3±0.0, 5: 9.1±0.9", SSv2="1: 3.6±0.0, 5: 4.1±0.0"),
    *_row("dm", PRISM, MiniUCF="10: 30.0±0.6", HMDB51="10: 12.1±0.4"),
    *_row("mtt", VDSD, MiniUCF="1: 19.0±0.1, 5: 28.4±0.7", HMDB51="1: 6.6±0.5, 5: 8.4±0.6"),
    *_row("mtt", VDSD, K400="1: 3.8±0.2, 5: 9.1±0.3", SSv2="1: 3.9±0.1, 5: 6.3±0.3"),
    *_row("frepo", VDSD, REGRESSION, MiniUCF="1: 20.3±0.5, 5: 30.2±1.7", HMDB51="1: 7.2±0.8, 5: 9.6±0.7"),
    *_row("vdsd_dm", VDSD, MiniUCF="1: 17.5±0.1, 5: 27.2±0.4", HMDB51="1: 6.0±0.4, 5: 8.2±0.1"),
    *_row("vdsd_dm", VDSD, K400="1: 6.3±0.2, 5: 7.0±0.1", SSv2="1: 4.0±0.1, 5: 3.8±0.1"),
    *_row("vdsd_mtt", VDSD, MiniUCF="1: 23.3±0.6, 5: 28.3±0.0", HMDB51="1: 6.5±0.1, 5: 8.9±0.6"),
    *_row("vdsd_mtt", VDSD, K400="1: 6.3±0.1, 5: 11.5±0.5", SSv2="1: 5.5±0.1, 5: 8.3±0.1"),
    *_row("vdsd_frepo", VDSD, REGRESSION, MiniUCF="1: 22.0±1.0, 5: 31.2±0.7", HMDB51="1: 8.6±0.5, 5: 10.3±0.6"),
    *_row("idtd", TSGF, MiniUCF="1: 22.5±0.1, 5: 33.3±0.5", HMDB51="1: 9.5±0.3, 5: 16.2±0.9"),
    *_row("idtd", TSGF, K400="1: 6.1±0.1, 5: 12.1±0.2", SSv2="1: 3.9±0.1, 5: 9.5±0.3"),
    *(
        cell
        for name, source in (("prism", PRISM), ("dfs", DFS))
        for cell in _row(
            name,
            source,
            MiniUCF="1: 17.9±0.3, 5: 28.0±0.1, 10: 31.0±0.1",
            HMDB51="1: 7.5±0.3, 5: 10.5±0.4, 10: 12.8±0.2",
            K400="1: 7.1±0.1, 5: 8.1±0.1",
            SSv2="1: 3.9±0.2, 5: 4.1±0.1",
        )
    ),
    *_row("prism", PRISM, MiniUCF="30: 34.4", HMDB51="30: 15.6"),
    *_row("sre2l", TSGF, SOFT, MiniUCF="5: 40.5±0.3"),
    *_row(
        "tsgf",
        TSGF,
        SOFT,
        MiniUCF="1: 39.2±0.7, 5: 54.8±0.5, 10: 60.5±0.6",
        HMDB51="1: 13.9±0.9, 5: 20.2±0.4",
        K400="1: 6.5±0.2, 5: 13.4±0.3",
        SSv2="1: 10.4±0.1, 5: 15.2±0.2",
    ),
    # Networks that the videos were not condensed with (PRISM, table 4; TSGF, table 4).
    *_row("random", VDSD, "", "cnn_gru", MiniUCF="1: 6.2±0.8"),
    *_row("random", VDSD, "", "cnn_lstm", MiniUCF="1: 6.5±0.3"),
    *_row("dm", VDSD, "", "cnn_gru", MiniUCF="1: 9.9±0.7"),
    *_row("dm", VDSD, "", "cnn_lstm", MiniUCF="1: 9.2±0.3"),
    *_row("mtt", VDSD, "", "cnn_gru", MiniUCF="1: 8.4±0.5"),
    *_row("mtt", VDSD, "", "cnn_lstm", MiniUCF="1: 7.3±0.4"),
    *_row("vdsd_dm", VDSD, "", "cnn_gru", MiniUCF="1: 12.0±0.7"),
    *_row("vdsd_dm", VDSD, "", "cnn_lstm", MiniUCF="1: 10.3±0.2"),
    *_row("vdsd_mtt", VDSD, "", "cnn_gru", MiniUCF="1: 14.8±0.1"),
    *_row("vdsd_mtt", VDSD, "", "cnn_lstm", MiniUCF="1: 13.4±0.2"),
    *_row("prism", PRISM, "", "cnn_gru", MiniUCF="1: 18.9±0.8"),
    *_row("prism", PRISM, "", "cnn_lstm", MiniUCF="1: 18.2±1.3"),
    *_row("dfs", DFS, "", "cnn_gru", MiniUCF="1: 18.9±0.8"),
    *_row("dfs", DFS, "", "cnn_lstm", MiniUCF="1: 18.2±1.3"),
    *_row("tsgf", TSGF, SOFT, "cnn_gru", MiniUCF="1: 17.8±0.4"),
    *_row("tsgf", TSGF, SOFT, "cnn_lstm", MiniUCF="1: 16.5±0.3"),
    *_row("optdistill", OPTDISTILL, REGIONS, MiniUCF="1: 18.2±0.8, 5: 31.0±0.4", HMDB51="1: 6.6±0.5, 5: 10.5±0.3"),
)


def cells_of(method: str) -> list[Cell]:
    """Return what is printed for a method, in the order of papers and datasets."""
    return [cell for cell in CELLS if cell.method == method]
