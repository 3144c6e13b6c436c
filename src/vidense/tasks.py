"""What a condensed dataset can be evaluated for: what is measured, what it is called, where it is written."""

from dataclasses import dataclass

__all__ = ["TASKS", "EvalTask"]


@dataclass(frozen=True)
class EvalTask:
    """One kind of evaluation.

    Attributes:
        metric: key of the figure, in [0, 1], that rows are ranked by.
        title: that figure as a column of a table of percentages.
        file: of the results, in the folder of a run.
    """

    metric: str
    title: str
    file: str


TASKS = {
    "classify": EvalTask("top1", "top-1 %", "evaluation.json"),
    "retrieve": EvalTask("recall1", "recall@1 %", "retrieval.json"),
}
