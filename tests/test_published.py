"""What we call printed is what the papers print: every cell against a second transcription of their tables."""

import pytest

from vidense.published import CELLS, DFS, OPTDISTILL, PRISM, TSGF, VDSD

# Typed from the tables once more, and not from CELLS. A row is a method and who prints it; what follows are mean and
# spread by videos per class, a dash where nothing is printed.
SMALL = """
                 MiniUCF 1    MiniUCF 5    MiniUCF 10   HMDB51 1     HMDB51 5     HMDB51 10
random     VDSD  9.9 0.8      22.9 1.1     -            4.6 0.5      6.6 0.7      -
random     PRISM 10.9 0.7     19.6 0.4     27.8 1.1     3.3 0.1      6.8 0.7      9.8 0.4
herding    VDSD  12.7 1.6     25.8 0.3     -            3.8 0.2      8.5 0.4      -
herding    PRISM 13.2 1.3     26.3 1.0     33.7 0.3     3.0 0.1      9.0 0.6      10.8 0.6
kcenter    VDSD  11.5 0.7     23.0 1.3     -            3.1 0.1      5.2 0.3      -
kcenter    PRISM 13.9 1.6     23.2 0.7     29.1 0.6     2.4 0.4      5.2 0.4      8.0 0.1
static_dc  VDSD  13.7 1.1     24.7 0.5     -            5.1 0.9      7.8 0.4      -
dm         VDSD  15.3 1.1     25.7 0.2     -            6.1 0.2      8.0 0.2      -
dm         PRISM -            -            30.0 0.6     -            -            12.1 0.4
mtt        VDSD  19.0 0.1     28.4 0.7     -            6.6 0.5      8.4 0.6      -
frepo      VDSD  20.3 0.5     30.2 1.7     -            7.2 0.8      9.6 0.7      -
vdsd_dm    VDSD  17.5 0.1     27.2 0.4     -            6.0 0.4      8.2 0.1      -
vdsd_mtt   VDSD  23.3 0.6     28.3 0.0     -            6.5 0.1      8.9 0.6      -
vdsd_frepo VDSD  22.0 1.0     31.2 0.7     -            8.6 0.5      10.3 0.6     -
idtd       TSGF  22.5 0.1     33.3 0.5     -            9.5 0.3      16.2 0.9     -
prism      PRISM 17.9 0.3     28.0 0.1     31.0 0.1     7.5 0.3      10.5 0.4     12.8 0.2
dfs        DFS   17.9 0.3     28.0 0.1     31.0 0.1     7.5 0.3      10.5 0.4     12.8 0.2
optdistill OPT   18.2 0.8     31.0 0.4     -            6.6 0.5      10.5 0.3     -
tsgf       TSGF  39.2 0.7     54.8 0.5     60.5 0.6     13.9 0.9     20.2 0.4     -
sre2l      TSGF  -            40.5 0.3     -            -            -            -
"""
LARGE = """
                 K400 1       K400 5       SSv2 1       SSv2 5
random     VDSD  3.0 0.1      5.6 0.0      3.3 0.1      3.9 0.1
random     PRISM 3.0 0.2      5.5 0.2      3.1 0.1      3.6 0.1
herding    PRISM 3.3 0.1      6.3 0.2      2.8 0.1      3.6 0.1
kcenter    PRISM 3.1 0.1      6.2 0.2      2.6 0.2      4.5 0.1
dm         VDSD  6.3 0.0      9.1 0.9      3.6 0.0      4.1 0.0
mtt        VDSD  3.8 0.2      9.1 0.3      3.9 0.1      6.3 0.3
vdsd_dm    VDSD  6.3 0.2      7.0 0.1      4.0 0.1      3.8 0.1
vdsd_mtt   VDSD  6.3 0.1      11.5 0.5     5.5 0.1      8.3 0.1
idtd       TSGF  6.1 0.1      12.1 0.2     3.9 0.1      9.5 0.3
prism      PRISM 7.1 0.1      8.1 0.1      3.9 0.2      4.1 0.1
dfs        DFS   7.1 0.1      8.1 0.1      3.9 0.2      4.1 0.1
tsgf       TSGF  6.5 0.2      13.4 0.3     10.4 0.1     15.2 0.2
"""
# MiniUCF, 1 video per class.
UNSEEN = """
                 cnn_gru 1    cnn_lstm 1
random     VDSD  6.2 0.8      6.5 0.3
dm         VDSD  9.9 0.7      9.2 0.3
mtt        VDSD  8.4 0.5      7.3 0.4
vdsd_dm    VDSD  12.0 0.7     10.3 0.2
vdsd_mtt   VDSD  14.8 0.1     13.4 0.2
prism      PRISM 18.9 0.8     18.2 1.3
dfs        DFS   18.9 0.8     18.2 1.3
tsgf       TSGF  17.8 0.4     16.5 0.3
"""
# In PRISM's text, without a spread.
ONLY_MEANS = {
    ("prism", PRISM, "MiniUCF", 30): (34.4, None),
    ("prism", PRISM, "HMDB51", 30): (15.6, None),
}
SOURCES = {"VDSD": VDSD, "PRISM": PRISM, "DFS": DFS, "TSGF": TSGF, "OPT": OPTDISTILL}


def read(table: str) -> dict[tuple[str, str, str, int], tuple[float, float | None]]:
    """Return mean and spread by method, source, heading of the column, and videos per class."""
    heading, *rows = table.strip("\n").splitlines()
    names = heading.split()
    columns = list(zip(names[::2], map(int, names[1::2]), strict=True))
    found: dict[tuple[str, str, str, int], tuple[float, float | None]] = {}
    for row in rows:
        method, source, *values = row.split()
        numbers = iter(values)
        for name, vpc in columns:
            if (mean := next(numbers)) != "-":
                found[method, SOURCES[source], name, vpc] = (float(mean), float(next(numbers)))
        assert next(numbers, None) is None, row
    return found


@pytest.mark.parametrize(
    ("expected", "datasets"),
    [(read(SMALL) | ONLY_MEANS, ("MiniUCF", "HMDB51")), (read(LARGE), ("K400", "SSv2"))],
    ids=["small", "large"],
)
def test_every_number_and_no_other_is_what_the_tables_print(expected, datasets):
    found = {
        (cell.method, cell.source, cell.dataset, cell.vpc): (cell.mean, cell.spread)
        for cell in CELLS
        if cell.dataset in datasets and cell.model == "minic3d"
    }
    assert found == expected


def test_numbers_of_unseen_networks_are_what_the_tables_print():
    others = [cell for cell in CELLS if cell.model != "minic3d"]
    found = {(cell.method, cell.source, cell.model, cell.vpc): (cell.mean, cell.spread) for cell in others}
    assert found == read(UNSEEN) and {cell.dataset for cell in others} == {"MiniUCF"}


def test_no_cell_is_there_twice():
    keys = [(cell.method, cell.source, cell.dataset, cell.vpc, cell.model) for cell in CELLS]
    assert len(set(keys)) == len(keys)
