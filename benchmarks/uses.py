"""The tables of docs/results.md about what condensed sets are good for: made of the committed JSON alone."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.markdown import NOTHING, markdown
from benchmarks.records import Record, Records

__all__ = ["agreement", "motion_kept", "named", "recalls", "robustness"]

GALLERIES = {"in_train": "training videos", "in_test": "test videos", "other_sources": "test videos of other sources"}
FLOW = {"cosine": "+.2f", "end_point_error": ".2f", "magnitude": ".2f", "difference": ".1f"}
BASELINES = {"random_equal_bytes": "random, bytes of {}", "ceiling": "*whole training set*"}


def recalls(records: Records) -> str:
    """Return Recall@1/5/10/20 of every method among each gallery, means over seeds and networks."""
    results: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in _of("retrieval", records):
        method = record["result"]["method"]
        for row in record["result"]["rows"]:
            # What diverged has no embedding to search with; the column of networks shows that some are missing.
            ended = [result for result in row["results"] if not result["diverged"]]
            if row["role"] == "method":
                results[method] += ended
            elif row["role"] == "random_equal_bytes" and method != "random":
                results[BASELINES[row["role"]].format(method)] += ended
            elif row["role"] == "ceiling":
                # The same networks beside every method.
                results[BASELINES["ceiling"]] = ended
    if not results:
        return NOTHING
    trained = {name: of for name, of in results.items() if of}
    shown = sorted(trained.items(), key=lambda item: -_mean([result["recall1"] for result in item[1]]))
    columns = ("trained on", "networks", *(f"R@1 / 5 / 10 / 20 among {title}" for title in GALLERIES.values()))
    rows = [[name, len(of), *(_recall(of, key, "recall") for key in GALLERIES)] for name, of in shown]
    return markdown(columns, [*rows, ["*chance*", "", *(_recall(shown[0][1], key, "chance") for key in GALLERIES)]])


def _recall(results: Sequence[Mapping[str, Any]], gallery: str, key: str) -> str:
    columns = zip(*(result[gallery][key] for result in results), strict=True)
    return " / ".join(f"{100 * _mean(column):.1f}" for column in columns)


def motion_kept(records: Records) -> str:
    """Return how alike the mean optical flow of each class's videos is to that of its real ones."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in _of("flow", records):
        found[record["result"]["method"]].append(record["result"]["mean"])
    if not found:
        return NOTHING
    titles = ("cosine", "end-point error, pixels", "mean flow, pixels", "frame difference, of 255")
    rows = {name: [mean["condensed"] for mean in means] for name, means in found.items()}
    # The same selections and halves beside every method.
    longest = max(found.values(), key=len)
    rows |= {"*random clips*": [mean["random"] for mean in longest]}
    rows |= {"*halves of the real videos*": [mean["halves"] for mean in longest]}
    shown = [[name, len(of), *(_mean_of(of, key, text) for key, text in FLOW.items())] for name, of in rows.items()]
    return markdown(("videos", "seeds", *titles), shown)


def _mean_of(rows: Sequence[Mapping[str, Any]], key: str, text: str) -> str:
    values = [row[key] for row in rows if row[key] is not None]
    return format(_mean(values), text) if values else ""


def robustness(records: Records) -> str:
    """Return DD-Ranking's scores, and the accuracies they are made of, of every method."""
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in _of("fairness", records):
        found[record["result"]["method"]].append(record["result"]["networks"]["minic3d"])
    parts = ("hard", "soft", "soft, mixed")
    accuracy = (f"{part}: set / random" for part in parts)
    columns = ("method", "seeds", *accuracy, "label-robust, hard", "label-robust, soft", "augmentation-robust")
    rows = []
    for name, of in sorted(found.items(), key=lambda item: -_mean([one["label_robust"]["hard"] for one in item[1]])):
        cells = [
            " / ".join(f"{100 * _mean([one['on'][part][own] for one in of]):.1f}" for own in ("condensed", "random"))
            for part in parts
        ]
        scores = [_mean([one["label_robust"][kind] for one in of]) for kind in ("hard", "soft")]
        scores.append(_mean([one["augmentation_robust"] for one in of]))
        rows.append([name, len(of), *cells, *(f"{score:.3f}" for score in scores)])
    return markdown(columns, rows)


def agreement(records: Records) -> str:
    """Return how well sets rank networks and learning rates as the whole training set does."""
    own = [record["result"] for record in _of("proxy", records)]
    if not own:
        return NOTHING
    rows = []
    named = [(one["method"], one, "condensed") for one in own]
    named += [(f"random, bytes of {one['method']}", one, "random") for one in own]
    for name, one, key in named:
        found = one["agreement"][key]
        correlations = ("none" if found[kind] is None else f"{found[kind]:+.2f}" for kind in ("spearman", "kendall"))
        lost, seconds = f"{100 * found['regret']:.1f}", f"{found['seconds']:.0f}"
        rows.append([name, len(one["variants"]), *correlations, lost, seconds])
    rows.append([BASELINES["ceiling"], len(own[0]["variants"]), "", "", "", f"{own[0]['whole_seconds']:.0f}"])
    columns = ("ranked on", "variants", "Spearman", "Kendall", "points lost by its choice", "seconds of training")
    return markdown(columns, rows)


def named(records: Records) -> str:
    """Return the share of each method's videos whose class a teacher names, mean over seeds."""
    found = [record["result"]["methods"] for record in records if record["job"] == "named"]
    if not found:
        return NOTHING
    shares = {name: (len(of), _mean(of)) for name, of in found[0].items()}
    ranked = sorted(shares.items(), key=lambda item: -item[1][1])
    rows = [[name, seeds, f"{100 * share:.0f}"] for name, (seeds, share) in ranked]
    return markdown(("videos", "seeds", "named by the teacher, %"), rows)


def _of(task: str, records: Records) -> list[Record]:
    return [record for record in records if record["job"].startswith(f"{task}-")]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
