"""Evaluation: what a condensed dataset is worth, measured beside random selection and the whole dataset."""

from vidense.evaluation.record import EvaluationRecord
from vidense.evaluation.run import evaluate_run
from vidense.evaluation.spec import EvalSpec, eval_spec

__all__ = ["EvalSpec", "EvaluationRecord", "eval_spec", "evaluate_run"]
